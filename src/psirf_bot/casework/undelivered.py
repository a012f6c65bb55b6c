"""What must be done when a message could not be delivered: each matter is taken up by the capability it belongs to."""

from collections.abc import Callable, Mapping

from psirf_bot.cards.model import Card
from psirf_bot.casework import addresses, answering, danger, identities, post, setting_up, support
from psirf_bot.casework.errand import NOT_CONFIGURED
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Outbox

TAKEN_UP_BY: Mapping[str, Callable[[Work, str], None]] = {
    "support": support.undelivered,
    "danger": danger.undelivered,
    "channel": setting_up.undelivered,
}


def arrived(work: Work, about: str) -> None:
    """A message was delivered that something depends on."""
    kind, _, which = about.partition(":")
    if kind == "channel":
        setting_up.arrived(work, which)


def shut_out(work: Work, row: Outbox) -> bool:
    """Nothing can be posted there any more: a channel has to be set anew, a person may be reached elsewhere.

    Whether the message goes there now.
    """
    if row.person_id is None:
        given_up = (row.error or "").endswith(NOT_CONFIGURED)
        setting_up.lost(work, row.platform, row.address, given_up=given_up)
        return False
    identities.cannot_be_reached(work, row.person_id, row.platform, row.address)
    if row.subject and not row.subject.startswith("home:"):
        key = post.key_of(work, row.key, "elsewhere", row.platform)
        urgent = row.lane.endswith(addresses.URGENT)
        return post.living_to_person(work, row.person_id, row.subject, key=key, about=row.about, urgent=urgent)
    if row.card is None or row.about in {answering.PASSING, answering.SEALED}:
        return False
    return post.to_person(
        work, row.person_id, Card.model_validate(row.card), about=row.about, urgent=row.lane.endswith(":urgent")
    )


def take_up(work: Work, about: str) -> None:
    """`about` is the kind of the matter and which one it is, as it was given to `post`."""
    kind, _, which = about.partition(":")
    if kind in TAKEN_UP_BY:
        TAKEN_UP_BY[kind](work, which)
