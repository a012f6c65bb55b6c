"""Cards shown in place of a message: the edit that puts the same card into the message follows at once."""

import asyncio

from psirf_bot.adapters.teams import answers
from psirf_bot.adapters.teams.answers import Json
from psirf_bot.cards.model import Card

KEPT = 5.0  # seconds; an edit that comes later is rendered anew

Place = tuple[str, str]
"""The conversation and the message."""


class InPlace:
    """Renders a card once, for the answer and for the edit; nothing of it is kept for longer than that takes."""

    def __init__(self) -> None:
        self._shown: dict[Place, tuple[Card, Json | None, asyncio.TimerHandle]] = {}

    def first(self, place: Place, card: Card) -> Json | None:
        """The card as the answer shows it; None when Teams would not take it."""
        self._taken(place)
        rendered = answers.rendered(card)
        lapses = asyncio.get_running_loop().call_later(KEPT, self._shown.pop, place, None)
        self._shown[place] = card, rendered, lapses
        return rendered

    def again(self, place: Place, card: Card) -> Json | None:
        """The card as the message is to show it; it need not be the one that the answer showed."""
        first, rendered = self._taken(place)
        return rendered if first == card else answers.rendered(card)

    def _taken(self, place: Place) -> tuple[Card | None, Json | None]:
        """Take out what was shown there last, and stop its timer, which would take out the next one."""
        card, rendered, lapses = self._shown.pop(place, (None, None, None))
        if lapses:
            lapses.cancel()
        return card, rendered
