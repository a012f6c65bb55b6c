"""What must be done when a message could not be delivered: each matter is taken up by the capability it belongs to."""

from collections.abc import Callable, Mapping

from psirf_bot.casework import danger, setting_up, support
from psirf_bot.casework.work import Work

TAKEN_UP_BY: Mapping[str, Callable[[Work, str], None]] = {
    "support": support.undelivered,
    "danger": danger.undelivered,
    "channel": setting_up.undelivered,
}


def take_up(work: Work, about: str) -> None:
    """`about` is the kind of the matter and which one it is, as it was given to `post`."""
    kind, _, which = about.partition(":")
    if kind in TAKEN_UP_BY:
        TAKEN_UP_BY[kind](work, which)
