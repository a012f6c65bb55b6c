"""The cards of words: help with what this person can do, refusals, and words that were not understood."""

from collections.abc import Sequence

from psirf_bot.cards.model import Button, Card, Fact, Facts, Words
from psirf_bot.cards.people_to_ring import danger_words
from psirf_bot.domain.trust import Trust


def help_card(
    trust: Trust, words: Sequence[tuple[str, str]], buttons: tuple[Button, ...], *, unknown: bool = False
) -> Card:
    """What this person can do here, as buttons, and the words that do the same."""
    lead = "I did not understand that. " if unknown else ""
    return Card(
        title="What I can help with",
        preview="Here is what I can help with.",
        body=(
            danger_words(trust),
            Words(
                text=f"{lead}I help you report what happened and look after the people involved. You can press or type:"
            ),
            Facts(facts=tuple(Fact(label=word, value=meaning) for word, meaning in words)),
            Words(text="Please never type anything that identifies a patient.", style="subtle"),
        ),
        buttons=buttons,
    )


def refusal(words: str, *buttons: Button) -> Card:
    """Not done, why, and what to do next."""
    return Card(
        title="I could not do that", preview="There is a message for you.", body=(Words(text=words),), buttons=buttons
    )
