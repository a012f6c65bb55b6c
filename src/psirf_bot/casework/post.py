"""Messages to be sent: written in the same transaction as what they tell of, and sent by the courier after it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col, select

from psirf_bot.cards.model import Card
from psirf_bot.casework import addresses
from psirf_bot.casework.addresses import URGENT, Purpose, lane_of
from psirf_bot.casework.work import Work
from psirf_bot.store.direct import Prepared, literal, table_of
from psirf_bot.store.tables import Identity, Outbox, Posted

PUT_OFF = "waits for a better moment"
"""What is said of a message that could have gone, had it not come to its reader at a wrong moment."""
_outbox = table_of(Outbox)


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
    address = addresses.last_seen(work, person_id)
    if address is None:
        return False
    platform, where = address
    if key is None or not was_written(work, key):
        write(work, platform, where, card=card, person_id=person_id, about=about, urgent=urgent, key=key, due_at=at)
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
    address = addresses.last_seen(work, person_id)
    if address is None:
        return False
    platform, where = address
    if not was_written(work, key):
        write(
            work, platform, where, subject=subject, person_id=person_id, about=about, urgent=urgent, key=key, due_at=at
        )
    return True


def page(work: Work, person_id: str, subject: str, earlier: str, *, key: str, about: str) -> bool:
    """Send somebody an urgent living card, once for its `key`; False when the bot cannot reach them anywhere.

    It goes where they were last seen. Where one whose subject begins with `earlier` has still to go, that one shows the
    newest when it goes, and this one goes to their other platform.
    """
    places = addresses.private(work, person_id)
    waits = col(Outbox.state).in_(("due", "sending", "uncertain"))
    work.session.flush()
    such = select(Outbox.lane).where(waits, col(Outbox.subject).startswith(earlier, autoescape=True))
    stuck = set(work.session.exec(such))
    free = ((platform, where) for platform, where in places if lane_of(platform, where) + URGENT not in stuck)
    if (place := next(free, None)) and not was_written(work, key):
        write(work, *place, subject=subject, person_id=person_id, about=about, urgent=True, key=key)
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


def key_of(work: Work, *what: object) -> str:
    """The key of a message that must be written once only: opaque, and the same for the same thing.

    What was written under a key of before keeps that one, so that nothing comes twice when the keys change.
    """
    key, *before = (
        each.seal("message", *map(str, what))[:32] for each in (work.setting.audit_key, *work.setting.old_keys)
    )
    return next((old for old in before if was_written(work, old)), key)


def to_channel(work: Work, purpose: Purpose, card: Card, *, about: str | None = None, urgent: bool = False) -> bool:
    """Post a new message in the channels of a purpose; False when none has been set."""
    channels = addresses.channels(work, purpose)
    for channel in channels:
        write(work, channel.platform, channel.address, card=card, about=about, urgent=urgent)
    return bool(channels)


def living(work: Work, purpose: Purpose, subject: str, *, about: str | None = None, urgent: bool = False) -> bool:
    """Hang a living card in the channels of a purpose. It is rendered when it is sent. False when none has been set."""
    channels = addresses.channels(work, purpose)
    for channel in channels:
        living_at(work, channel.platform, channel.address, subject, about=about, urgent=urgent)
    return bool(channels)


def living_once(work: Work, purpose: Purpose, subject: str, at: datetime | None = None) -> bool:
    """Hang a living card in the channels of a purpose, once for each, at `at`. False when none has been set."""
    channels = addresses.channels(work, purpose)
    for channel in channels:
        key = key_of(work, subject, channel.platform, lane_of(channel.platform, channel.address))
        if not was_written(work, key):
            write(work, channel.platform, channel.address, subject=subject, key=key, due_at=at)
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
        write(work, platform, address, subject=subject, about=about, urgent=urgent)


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


def refresh_homes(work: Work, person_ids: Iterable[str | None]) -> None:
    """Bring the pages of these people up to date, if they have ever opened them."""
    theirs = select(Identity).where(col(Identity.person_id).in_(set(filter(None, person_ids))))
    refresh(work, *(addresses.home_of(i.platform, i.team, i.user) for i in work.session.exec(theirs)))


def to_address(work: Work, platform: str, address: Mapping[str, str], card: Card, *, about: str | None = None) -> None:
    """Post in a place that is known by its address alone."""
    write(work, platform, address, card=card, about=about)


def write(
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
    """Write a message into the outbox: a `card`, or a living card by its `subject`. A `message` is edited."""
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
