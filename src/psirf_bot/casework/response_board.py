"""The living card of each learning response in the leads' channel: stage, next date, who owes what."""

from psirf_bot.cards.model import Card
from psirf_bot.casework.work import Work


def render(work: Work, which: str) -> Card | None:
    """The card of the case with this id."""
    return None
