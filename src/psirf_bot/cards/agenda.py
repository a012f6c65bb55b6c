"""The weekly panel's agenda in its channel: each case with where it has got to. It names no person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from psirf_bot.cards.answers import moment
from psirf_bot.cards.model import Card, Fact, Facts, Words

PRINCIPLES = (
    "What helps us learn: improvement comes first, blame hides what happened, look ahead, work together, make it safe "
    "to speak, and stay curious. (Policy 5.1.)"
)
"""The six principles of oversight (D01)."""


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """A case on the agenda. `about`: its kind of event and service; empty where only its reference is shown."""

    reference: str
    about: str
    standing: str

    def fact(self) -> Fact:
        return Fact(label=f"{self.reference}: {self.about}" if self.about else self.reference, value=self.standing)


def agenda_card(meets_on: date, closes: str, lines: Sequence[AgendaLine]) -> Card:
    """The one post of the agenda; each case has a message, and so a thread, of its own below it. `closes`: 17:00."""
    day = moment(meets_on.isoformat())
    cases = "One case" if len(lines) == 1 else f"{len(lines)} cases"
    return Card(
        title=f"The weekly panel: {day}",
        preview="There is news for the panel.",
        body=(
            Words(text=f"{cases}. The panel meets on {day}; voting closes then, at {closes}, unless a case says more."),
            Facts(facts=tuple(line.fact() for line in lines)),
            Words(text=PRINCIPLES, style="subtle"),
            Words(
                text="Each case has a message of its own below: please talk about it in its thread. I keep none of "
                "what is said there, but it can still be asked for, so please name nobody who was involved.",
                style="subtle",
            ),
        ),
    )
