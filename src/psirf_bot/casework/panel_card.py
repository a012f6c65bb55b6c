"""The living card of a panel in its channel: who has voted and who has not, not how."""

from psirf_bot.cards.model import Card
from psirf_bot.casework.work import Work


def render(work: Work, which: str) -> Card | None:
    """The card of the panel with this id."""
    return None
