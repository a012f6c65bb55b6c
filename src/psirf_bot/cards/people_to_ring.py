"""The fixed, reviewed card of people to ring: before anything else for somebody in danger or distress."""

from psirf_bot.cards.model import Card, Fact, Facts, Part, Words
from psirf_bot.domain.trust import Trust

NOT_LIVE = "Nobody reads this chat live."


def danger_words(trust: Trust) -> Words:
    """The line that opens every report: whom to ring now."""
    return Words(
        text=f"If anyone is in danger now, ring 999 or the {lower_first(trust.urgent.words)} "
        f"on {trust.urgent.phone}. {NOT_LIVE}",
        style="warning",
    )


def people_to_ring(trust: Trust) -> Card:
    """Shown for words of distress or danger."""
    return Card(
        title="Please ring someone now",
        preview="Please ring someone now. The numbers are in this message.",
        body=ring_parts(trust),
    )


def numbers(trust: Trust) -> str:
    """Whom to ring in one line, where there is no room for a card or it may not arrive."""
    return f"You can ring now: {', '.join(f'{ring.label} {ring.phone}' for ring in trust.ring)}."


def with_people_to_ring(trust: Trust, card: Card) -> Card:
    """The card with the people to ring above everything else on it."""
    return card.model_copy(update={"body": (*ring_parts(trust), *card.body)})


def ring_parts(trust: Trust) -> tuple[Part, ...]:
    contacts = tuple(Fact(label=f"{c.label} ({c.when})", value=c.phone) for c in trust.ring)
    support = tuple(
        Fact(label=s.label, value=", ".join(filter(None, (s.phone, s.email, s.hours)))) for s in trust.support
    )
    return (
        Words(text=f"{NOT_LIVE} If you or someone else is in danger, or you are struggling, please ring:"),
        Facts(facts=contacts),
        *((Words(text="Support for staff", style="heading"), Facts(facts=support)) if support else ()),
    )


def lower_first(words: str) -> str:
    return words[:1].lower() + words[1:] if words[1:2].islower() else words
