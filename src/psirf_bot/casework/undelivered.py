"""What must be done when a message could not be delivered: each matter is taken up by the capability it belongs to."""

from collections.abc import Callable, Mapping

from psirf_bot.casework import danger, people, setting_up, support
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Outbox

TAKEN_UP_BY: Mapping[str, Callable[[Work, str], None]] = {
    "support": support.undelivered,
    "danger": danger.undelivered,
    "channel": setting_up.undelivered,
}


def shut_out(work: Work, row: Outbox) -> None:
    """Nothing can be posted there any more: a person is reached elsewhere from now on, a channel has to be set anew."""
    if row.person_id:
        people.cannot_be_reached(work, row.person_id, row.platform, row.address)
    else:
        setting_up.lost(work, row.platform, row.address)


def take_up(work: Work, about: str) -> None:
    """`about` is the kind of the matter and which one it is, as it was given to `post`."""
    kind, _, which = about.partition(":")
    if kind in TAKEN_UP_BY:
        TAKEN_UP_BY[kind](work, which)
