"""The panel is opened for a case, with its members, papers and closing day; the weekly agenda (policy §12.3)."""

from collections.abc import Callable

from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work


def agenda(work: Work, which: str) -> Card | None:
    """The weekly agenda's living card."""
    return None


VERBS: dict[str, Callable[[Work, Press], Reply]] = {}
