"""The card of who outside has to know of a case: who is still to be told, who was, and why others need not be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psirf_bot.cards.model import Button, Card, Fact, Facts, Part, Words

Stands = Literal["open", "told", "not needed", "where grave"]
HEADINGS: dict[Stands, str] = {
    "open": "Still to do",
    "told": "Told",
    "not needed": "Not needed",
    "where grave": "Only where the harm was significant",
}
NONE_OPEN = "Everybody who has to know is dealt with. Thank you."
ELSEWHERE = "I tell nobody outside myself. Please tell them in the way that each asks for, and note it here."


@dataclass(frozen=True, slots=True)
class BodyShown:
    """One body outside: how it stands, in words, and why it is on the list. `why`: words typed by somebody."""

    name: str
    stands: Stands
    words: str
    why: str = ""


def notifications_card(
    reference: str, bodies: Sequence[BodyShown], rows: Sequence[tuple[Button, ...]], note: str = ""
) -> Card:
    """The list for the quality team, in private."""
    body: list[Part] = [Words(text=reference, style="subtle")]
    body += [Words(text=note)] if note else []
    body.append(Words(text=ELSEWHERE if any(b.stands == "open" for b in bodies) else NONE_OPEN))
    for stands, heading in HEADINGS.items():
        if theirs := [b for b in bodies if b.stands == stands]:
            body.append(Words(text=heading, style="heading"))
            body.append(Facts(facts=tuple(_fact(b) for b in theirs)))
    return Card(
        title="Notifications",
        preview="Your page is ready.",
        body=tuple(body),
        buttons=tuple(button for row in rows for button in row),
    )


def _fact(body: BodyShown) -> Fact:
    return Fact(label=body.name, value=" ".join(filter(None, (body.why, body.words))), typed=bool(body.why))
