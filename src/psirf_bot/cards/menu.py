"""The cards of words: help with what this person can do, refusals, and words that were not understood."""

from collections.abc import Iterable, Iterator, Sequence

from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words
from psirf_bot.cards.people_to_ring import danger_words
from psirf_bot.domain.trust import Trust

OFFERS = (
    ("report", "Report what happened", "Report"),
    ("my reports", "See what you reported", "My reports"),
    ("overdue", "See what waits for you", "What waits for me"),
    ("support", "Find somebody to talk to, or ask for it", "Support for me"),
    ("deputy", "Say who stands in for you", "My deputy"),
    ("hours", "Say when you work", "My hours"),
)
"""What everybody can do: the word, what it is for, and its button."""


def help_card(
    trust: Trust,
    words: Sequence[tuple[str, str]],
    buttons: tuple[Button, ...],
    *,
    unknown: bool = False,
    meant: str = "",
) -> Card:
    """What this person can do here, as buttons, and the words that do the same. `meant`: a word they may have meant."""
    lead = "I did not understand that. " if unknown else ""
    lead += f"Did you mean “{meant}”? " if meant else ""
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


def home_card(trust: Trust, buttons: tuple[Button, ...], waits: Card, mine: Card) -> Card:
    """A person's own page: what to do when something happened, what waits for them, and what they reported."""
    lists = ((Words(text=card.title, style="heading"), *_under_a_heading(card.body)) for card in (waits, mine))
    return Card(
        title="Did something happen, or nearly happen?",
        preview="Your own page.",
        body=(danger_words(trust), Buttons(buttons=buttons), *(part for parts in lists for part in parts)),
    )


def _under_a_heading(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts of a list, whose own headings would stand level with the one above them."""
    for part in parts:
        if isinstance(part, Words) and part.style == "heading":
            label, _, value = part.text.rpartition(": ")
            yield Facts(facts=(Fact(label=label, value=value),)) if label else Words(text=value)
        else:
            yield part


def welcome(words: Sequence[tuple[str, str]]) -> Card:
    """What the bot says in a channel or a group that it was added to."""
    return Card(
        title="Hello, I help with patient safety",
        preview="The patient safety bot was added here.",
        body=(
            Words(
                text="I help staff report what happened and look after the people involved. Nobody reads this chat "
                "live: if anyone is in danger now, ring for help."
            ),
            Words(text="Reports are made with me in a private chat. Here, mention me and write:"),
            Facts(facts=tuple(Fact(label=word, value=meaning) for word, meaning in words)),
        ),
    )


def refusal(words: str, *buttons: Button) -> Card:
    """Not done, why, and what to do next."""
    return Card(
        title="I could not do that", preview="There is a message for you.", body=(Words(text=words),), buttons=buttons
    )
