"""Messages to be sent: written in the same transaction as what they tell of, and sent by the courier after it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import bindparam, exists, or_
from sqlmodel import col, select

from psirf_bot.cards.model import Card
from psirf_bot.casework.errand import LEASE, Errand
from psirf_bot.casework.inbound import Place, Platform
from psirf_bot.casework.work import Work
from psirf_bot.store.direct import Prepared, inserting, literal, table_of
from psirf_bot.store.tables import Channel, Identity, Outbox, Person, Posted

PASSING = "passing"
"""What an edit is about that only repeats what somebody has been shown: it goes at once or not at all, because later
it would cost them what they have typed since."""
CARRIED = "carried"
"""The same of one that was on its way when its turn was committed."""
PUT_OFF = "waits for a better moment"
"""What is said of a message that could have gone, had it not come to its reader at a wrong moment."""
SEALED = "sealed"
"""What an answer is about that is kept nowhere: it goes at once, or else only word that it did not."""

_outbox = table_of(Outbox)


_UNSENT = (
    exists()
    .where(_outbox.c.lane == bindparam("lane"), _outbox.c.state.in_(map(literal, ("due", "sending", "uncertain"))))
    .where(or_(_outbox.c.state != literal("sending"), _outbox.c.about.is_distinct_from(literal(CARRIED))))
)
_AWAITED = Prepared(sa.select(_UNSENT.label("anything")))
_ON_ITS_WAY = (
    "key", "lane", "platform", "address", "person_id", "message", "about", "may_repeat", "state", "due_at", "attempts",
    "token", "lease_until", "first_tried_at", "created_at",
)  # fmt: skip
_CARRY = Prepared(inserting(Outbox, *_ON_ITS_WAY).returning(_outbox.c.id, _outbox.c.key))
_STATE = Prepared(sa.select(_outbox.c.state).where(_outbox.c.key == bindparam("key")))
_SHOWS_SOON = Prepared(
    sa.select(_outbox.c.id)
    .where(_outbox.c.subject == bindparam("subject"), _outbox.c.lane == bindparam("lane"))
    .where(_outbox.c.state == literal("due"))
    .with_for_update()
)
_SUBJECTS: Any = bindparam("subjects", expanding=True)
_HANGING = select(Posted.subject, Posted.lane, Posted.message).where(col(Posted.subject).in_(_SUBJECTS))
_PLACES = ("subject", "platform", "address", "lane")
_posted = table_of(Posted)
_HUNG = sa.select(*(_posted.c[name] for name in _PLACES)).where(_posted.c.subject.in_(_SUBJECTS))
_ON_THE_WAY = sa.select(*(_outbox.c[name] for name in _PLACES)).where(
    _outbox.c.subject.in_(_SUBJECTS), _outbox.c.state.in_(("due", "sending", "uncertain"))
)
Purpose = Literal["quality", "panel", "leads"]
URGENT = ":urgent"
"""The end of a lane's name in which messages go that do not wait behind others."""


def to_person(
    work: Work,
    person_id: str,
    card: Card,
    *,
    about: str | None = None,
    urgent: bool = False,
    at: datetime | None = None,
    key: str | None = None,
) -> bool:
    """Send somebody a private message, where they were last seen; False when the bot cannot reach them anywhere.

    `about` names what has to be looked after if it turns out that the message cannot be delivered. What is urgent does
    not wait behind other messages. `at`: not before then. `key`: a second one with the same is not sent.
    """
    address = _private_address(work, person_id)
    if address is None:
        return False
    platform, where = address
    if key is None or not was_written(work, key):
        _add(work, platform, where, card=card, person_id=person_id, about=about, urgent=urgent, key=key, due_at=at)
    return True


def living_to_person(
    work: Work,
    person_id: str,
    subject: str,
    *,
    key: str,
    at: datetime | None = None,
    about: str | None = None,
    urgent: bool = False,
) -> bool:
    """Send somebody a living card of their own, once: a second one with the same `key` is not sent.

    It is rendered when it is sent, at `at` or as soon as may be. False when the bot cannot reach them anywhere.
    """
    address = _private_address(work, person_id)
    if address is None:
        return False
    platform, where = address
    if not was_written(work, key):
        _add(
            work, platform, where, subject=subject, person_id=person_id, about=about, urgent=urgent, key=key, due_at=at
        )
    return True


def page(work: Work, person_id: str, subject: str, earlier: str, *, key: str, about: str) -> bool:
    """Send somebody an urgent living card, once for its `key`; False when the bot cannot reach them anywhere.

    It goes where they were last seen. Where one whose subject begins with `earlier` has still to go, that one shows the
    newest when it goes, and this one goes to their other platform.
    """
    places = _private_addresses(work, person_id)
    waits = col(Outbox.state).in_(("due", "sending", "uncertain"))
    work.session.flush()
    such = select(Outbox.lane).where(waits, col(Outbox.subject).startswith(earlier, autoescape=True))
    stuck = set(work.session.exec(such))
    free = ((platform, where) for platform, where in places if lane_of(platform, where) + URGENT not in stuck)
    if (place := next(free, None)) and not was_written(work, key):
        _add(work, *place, subject=subject, person_id=person_id, about=about, urgent=True, key=key)
    return bool(places)


def was_written(work: Work, key: str) -> bool:
    """Whether a message with this key is, or was, in the outbox."""
    return state_of(work, key) is not None


def state_of(work: Work, key: str) -> str | None:
    """How far the message with this key has got; None when there is none."""
    work.session.flush()
    found = _STATE.first(work.session, key=key)
    return found.state if found else None


def is_posted(work: Work, subject: str) -> bool:
    """Whether a living card hangs anywhere."""
    return bool(hanging(work, subject))


def hanging(work: Work, subject: str) -> Mapping[str, str]:
    """Where a living card hung when this was first asked: the message by the conversation's lane."""
    if ("hanging", subject) not in work.memo:
        look_up_hanging(work, [subject])
    found: Mapping[str, str] = work.memo["hanging", subject]
    return found


def look_up_hanging(work: Work, subjects: Collection[str]) -> None:
    """Look up for many living cards at once where they hang."""
    found: dict[str, dict[str, str]] = {subject: {} for subject in subjects}
    for subject, lane, message in work.session.connection().execute(_HANGING, {"subjects": list(found)}):
        found[subject][lane] = message
    work.memo.update({("hanging", subject): lanes for subject, lanes in found.items()})


def can_be_reached(work: Work, person_id: str) -> bool:
    """Whether the bot knows where to write to somebody."""
    return _private_address(work, person_id) is not None


def key_of(work: Work, *what: object) -> str:
    """The key of a message that must be written once only: opaque, and the same for the same thing.

    What was written under a key of before keeps that one, so that nothing comes twice when the keys change.
    """
    key, *before = (
        each.seal("message", *map(str, what))[:32] for each in (work.setting.audit_key, *work.setting.old_keys)
    )
    return next((old for old in before if was_written(work, old)), key)


def has_chat_with(work: Work, person_id: str) -> bool:
    """Whether messages to somebody go to a chat that is known to be there."""
    where = _private_address(work, person_id)
    return where is not None and (where[0] != "teams" or "conversation" in where[1])


def to_channel(work: Work, purpose: Purpose, card: Card, *, about: str | None = None, urgent: bool = False) -> bool:
    """Post a new message in the channels of a purpose; False when none has been set."""
    channels = _channels(work, purpose)
    for channel in channels:
        _add(work, channel.platform, channel.address, card=card, about=about, urgent=urgent)
    return bool(channels)


def living(work: Work, purpose: Purpose, subject: str, *, about: str | None = None, urgent: bool = False) -> bool:
    """Hang a living card in the channels of a purpose. It is rendered when it is sent. False when none has been set."""
    channels = _channels(work, purpose)
    for channel in channels:
        living_at(work, channel.platform, channel.address, subject, about=about, urgent=urgent)
    return bool(channels)


def living_once(work: Work, purpose: Purpose, subject: str, at: datetime | None = None) -> bool:
    """Hang a living card in the channels of a purpose, once for each, at `at`. False when none has been set."""
    channels = _channels(work, purpose)
    for channel in channels:
        key = key_of(work, subject, channel.platform, lane_of(channel.platform, channel.address))
        if not was_written(work, key):
            _add(work, channel.platform, channel.address, subject=subject, key=key, due_at=at)
    return bool(channels)


def living_at(
    work: Work,
    platform: str,
    address: Mapping[str, str],
    subject: str,
    *,
    about: str | None = None,
    urgent: bool = False,
) -> None:
    """Show a living card at one address, or bring it up to date. One that still waits shows the newest state anyway."""
    lane = lane_of(platform, address) + (URGENT if urgent else "")
    work.session.flush()
    if not _SHOWS_SOON.first(work.session, subject=subject, lane=lane):
        _add(work, platform, address, subject=subject, about=about, urgent=urgent)


def take_the_place(work: Work, subject: str, earlier: Collection[str], *, put_off: bool = False) -> None:
    """What still waits of earlier living cards goes with this one, which counts as waiting since they did.

    `put_off`: they could have gone. What hangs already is left to itself.
    """
    gone = [one for one in earlier if one != subject and not is_posted(work, one)]
    waiting = select(Outbox).where(col(Outbox.subject).in_(gone), Outbox.state == "due")
    before = work.session.exec(waiting.with_for_update(skip_locked=True)).all()
    for row in work.session.exec(select(Outbox).where(Outbox.subject == subject, Outbox.state == "due")).all():
        row.created_at = min((row.created_at, *(old.created_at for old in before)))
        row.error = PUT_OFF if put_off else next((old.error for old in before if old.error), row.error)
        work.session.add(row)
    for old in before:
        old.state = "sent"
        work.session.add(old)
    work.session.flush()


def living_on_the_way(work: Work, lane: str) -> list[str]:
    """The subjects of the living cards that were to go to a conversation and have not arrived there."""
    waiting = select(Outbox.subject).where(
        Outbox.lane == lane, col(Outbox.subject).is_not(None), Outbox.state != "sent"
    )
    return list(dict.fromkeys(subject for subject in work.session.exec(waiting) if subject))


def is_still_to_go(work: Work, about: str) -> bool:
    """Whether a message about this waits; the one that is being sent, or has just failed, is none."""
    work.session.flush()
    waiting = select(Outbox.id).where(Outbox.about == about, col(Outbox.state).in_(("due", "uncertain")))
    return work.session.exec(waiting.limit(1)).first() is not None


def refresh(work: Work, *subjects: str) -> None:
    """Bring living cards up to date wherever they hang, or may hang soon."""
    work.session.flush()
    # In this order: one that arrives between the two is then found hanging.
    for asked in (_ON_THE_WAY, _HUNG):
        found = work.session.connection().execute(asked, {"subjects": subjects}).all()
        for subject, platform, address, lane in found:
            living_at(work, platform, address, subject, urgent=lane.endswith(URGENT))


def home_of(platform: str, team: str, user: str) -> str:
    """The subject of somebody's own page of the bot. It is theirs whose identity this is when it is shown."""
    return f"home:{platform}:{team}:{user}"


def refresh_homes(work: Work, person_ids: Iterable[str | None]) -> None:
    """Bring the pages of these people up to date, if they have ever opened them."""
    theirs = select(Identity).where(col(Identity.person_id).in_(set(filter(None, person_ids))))
    refresh(work, *(home_of(i.platform, i.team, i.user) for i in work.session.exec(theirs)))


def to_address(work: Work, platform: str, address: Mapping[str, str], card: Card, *, about: str | None = None) -> None:
    """Post in a place that is known by its address alone."""
    _add(work, platform, address, card=card, about=about)


def answer(
    work: Work,
    platform: Platform,
    place: Place,
    card: Card,
    *,
    person_id: str,
    replaces: bool,
    passing: bool = False,
    sealed: bool = False,
) -> None:
    """Answer in a message of its own: in place of the card pressed, or as a new message there."""
    message = place.message if replaces else None
    if passing and message is None:
        return
    address = {**place.address, **place.thread}
    if passing and message and not _is_awaited(work, lane_of(platform, address)):
        work.errands.append(_on_its_way(work, platform, address, card, person_id, message))
        return
    about = PASSING if passing else SEALED if sealed else None
    _add(work, platform, address, card=card, person_id=person_id, message=message, about=about)


def _is_awaited(work: Work, lane: str) -> bool:
    """Whether anything of this conversation has to go first. The courier lets no edit cross one that it carries."""
    work.session.flush()
    found: bool = _AWAITED.first(work.session, lane=lane).anything
    return found


def _on_its_way(
    work: Work, platform: str, address: Mapping[str, str], card: Card, person_id: str, message: str
) -> Errand:
    """Write a passing edit as one that is being sent. Its card need not be kept: it goes at once or never."""
    written = _CARRY.first(
        work.session,
        key=work.new_id(),
        lane=lane_of(platform, address),
        platform=platform,
        address=dict(address),
        person_id=person_id,
        message=message,
        about=CARRIED,
        may_repeat=False,
        state="sending",
        due_at=work.now,
        attempts=1,
        token=1,
        lease_until=work.now + LEASE,
        first_tried_at=work.now,
        created_at=work.now,
    )
    return Errand(written.id, 1, written.key, platform, address, card, message)


def lane_of(platform: str, address: Mapping[str, str]) -> str:
    """The name of a conversation: messages to the same one go one after another."""
    kinds = ("conversation", "channel", "user", "home")
    kind = next((kind for kind in kinds if address.get(kind)), "")
    return f"{platform}:{'home:' if kind == 'home' else ''}{address.get(kind, '?')}"


def _private_address(work: Work, person_id: str) -> tuple[str, Mapping[str, str]] | None:
    """Where they were last seen; nowhere, once they have left."""
    return next(iter(_private_addresses(work, person_id)), None)


def _private_addresses(work: Work, person_id: str) -> list[tuple[str, Mapping[str, str]]]:
    """Everywhere that they can be written to, first where they were last seen."""
    theirs = select(Identity).join(Person, col(Identity.person_id) == Person.id).where(col(Person.active))
    theirs = theirs.where(Identity.person_id == person_id)
    identities = work.session.exec(theirs.order_by(col(Identity.seen_at).desc().nulls_last()))
    return [(i.platform, i.address) for i in identities if i.address]


def _channels(work: Work, purpose: Purpose) -> list[Channel]:
    return list(work.session.exec(select(Channel).where(Channel.purpose == purpose).order_by(Channel.platform)))


def _add(
    work: Work,
    platform: str,
    address: Mapping[str, str],
    *,
    card: Card | None = None,
    subject: str | None = None,
    person_id: str | None = None,
    message: str | None = None,
    about: str | None = None,
    urgent: bool = False,
    key: str | None = None,
    due_at: datetime | None = None,
) -> None:
    row = Outbox(
        key=key or work.new_id(),
        lane=lane_of(platform, address) + (URGENT if urgent else ""),
        platform=platform,
        address=dict(address),
        subject=subject,
        person_id=person_id,
        card=card.model_dump(mode="json") if card else None,
        message=message,
        about=about,
        due_at=due_at or work.now,
        created_at=work.now,
    )
    work.session.add(row)
    work.outgoing.append(row)
