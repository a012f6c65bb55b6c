"""Answers to what somebody pressed or typed: where each belongs, and whether it is a message of its own or an edit."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import bindparam, exists, or_

from psirf_bot.cards.model import Card, Words
from psirf_bot.casework import addresses, post
from psirf_bot.casework.errand import LEASE, Errand
from psirf_bot.casework.inbound import Inbound, Place, Platform, Pressed, Reply
from psirf_bot.casework.screening import IN_A_FORM
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.store.direct import Prepared, inserting, literal, table_of
from psirf_bot.store.tables import Outbox

PASSING = "passing"
"""What an edit is about that only repeats what somebody has been shown: it goes at once or not at all, because later
it would cost them what they have typed since."""
CARRIED = "carried"
"""The same of one that was on its way when its turn was committed."""
CANNOT_WRITE = "I cannot write to you in a private chat yet. Please add me there, so that you hear what comes of this."
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


def sent_where_it_belongs(work: Work, by: Member, inbound: Inbound, reply: Reply) -> Reply:
    """Put the answer in the outbox where the response cannot carry it, or where it must also be there later."""
    place, card = inbound.place, reply.card
    if card is None:
        return reply
    pressed = isinstance(inbound.what, Pressed)
    if not place.private and not (pressed and place.inline):
        return _in_private(work, by, reply, pressed=pressed)
    wrong = [f"{i.label} {i.error}" for i in card.inputs() if i.error]
    passing = place.passing and not reply.keep
    if place.inline and not reply.keep and (wrong or not place.passing):
        return reply
    if wrong and pressed and not place.inline:
        # The words stand in the form that was sent, and in no new one.
        problems = " ".join(wrong).replace(IN_A_FORM, "Please take it out.")
        said = f"{reply.notice} {problems} Your words are still in the form above.".strip()
        return Reply(notice=said, sealed=reply.sealed)
    if place.private and place.address:
        answer(
            work,
            inbound.actor.platform,
            place,
            card,
            person_id=by.id,
            replaces=reply.replaces and pressed and not wrong,
            passing=passing,
            sealed=reply.sealed,
        )
    elif not post.to_person(work, by.id, card, about=SEALED if reply.sealed else None):
        card = card.model_copy(update={"body": (*card.body, Words(text=CANNOT_WRITE, style="warning"))})
    return reply.model_copy(update={"card": card if place.inline else None})


def _in_private(work: Work, by: Member, reply: Reply, *, pressed: bool) -> Reply:
    """What somebody asks where others read along is answered in private; whom to ring is said on the spot as well."""
    again = "press this again" if pressed else "type that there"
    about = SEALED if reply.sealed else None
    if reply.card is None or not post.to_person(work, by.id, reply.card, about=about):
        sent = f"Please open a private chat with me, then {again}."
    elif addresses.has_chat_with(work, by.id):
        sent = "I have sent you a private message."
    else:
        sent = f"I am sending you a private message. If nothing comes, please add me to your apps, then {again}."
    return Reply(notice=f"{reply.notice} {sent}".strip())


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
    if passing and message and not _is_awaited(work, addresses.lane_of(platform, address)):
        work.errands.append(_on_its_way(work, platform, address, card, person_id, message))
        return
    about = PASSING if passing else SEALED if sealed else None
    post.write(work, platform, address, card=card, person_id=person_id, message=message, about=about)


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
        lane=addresses.lane_of(platform, address),
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
