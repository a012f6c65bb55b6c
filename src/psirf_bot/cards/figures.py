"""The card of the figures: three months, beside the three before them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from psirf_bot.cards.model import Card, Fact, Facts, Part, Words
from psirf_bot.domain.control_chart import Usual

KINDS = {"incident": "Incidents", "near-miss": "Near misses", "risk": "Risks and concerns", "good-care": "Good care"}
HARM = {"fatal": "Incidents in which a patient died", "severe": "With severe harm", "moderate": "With moderate harm"}
NOTE = (
    "In brackets: the three months before. A duty counts where it was due, and as in time when it was noted by its "
    "day; one that is still open was not. Where a number is small somebody may be recognised, so please think before "
    "you pass it on."
)
MONTHLY = "Month by month, and what is usual by chance alone"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, and what it was before; nothing where only today counts."""

    label: str
    value: str
    before: str = ""

    def fact(self) -> Fact:
        return Fact(label=self.label, value=f"{self.value} ({self.before})" if self.before else self.value)


def month_words(month: date, seen: Usual) -> str:
    """The last month beside what is usual."""
    out = f": {seen.stands_out}" if seen.stands_out else ""
    usual = f"{seen.low} to {seen.high} are" if seen.low < seen.high else f"{seen.low} is"
    return f"{seen.last} in {month:%B}{out}. {usual} usual."


def figures_card(first: date, last: date, groups: Sequence[tuple[str, Sequence[Line]]]) -> Card:
    """Each group under its heading; where there is nothing in it, nothing is shown."""
    body: list[Part] = [Words(text=NOTE, style="subtle")]
    for title, lines in groups:
        if lines:
            body += [Words(text=title, style="heading"), Facts(facts=tuple(line.fact() for line in lines))]
    months = (
        f"{first:%B} {first.year} to {last:%B} {last.year}"
        if first.year != last.year
        else f"{first:%B} to {last:%B %Y}"
    )
    return Card(title=f"Figures, {months}", preview="The figures are here.", body=tuple(body))
