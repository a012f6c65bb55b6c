"""Cases whose minimum is a PSII and that have none: the list that the regulator asks for (B11)."""

from collections.abc import Callable

from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.domain.authority import Member


def show(work: Work, by: Member) -> Card:
    """The gaps, for whoever oversees the responses."""
    raise NotImplementedError


VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
