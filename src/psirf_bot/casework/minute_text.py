"""A minute as headings, paragraphs and tables, whatever it is written to; and as plain words, to be pasted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from psirf_bot.cards.answers import instant

DRAFT = "Draft, not approved"
NO_PATIENT = "No patient is named in this minute."


@dataclass(frozen=True, slots=True)
class Line:
    """A label and what stands for it."""

    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header; `name` says what they are to whoever cannot see them."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    parts: tuple[str | Line | Table, ...]


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute, or the draft of one. `made_at` is local."""

    trust: str
    reference: str
    approved: bool
    sections: tuple[Section, ...]
    made_at: datetime

    @property
    def title(self) -> str:
        return f"Minute of the panel on {self.reference}"

    @property
    def made(self) -> str:
        return f"Generated {instant(self.made_at)}."


def plain(minute: Minute) -> str:
    """The minute as plain words, to be pasted."""
    opening = [minute.title, minute.trust, *([] if minute.approved else [DRAFT])]
    sections = (
        "\n".join([section.heading.upper(), *(line for part in section.parts for line in _lines(part))])
        for section in minute.sections
    )
    return "\n\n".join(["\n".join(opening), *sections, f"{NO_PATIENT} {minute.made}"])


def _lines(part: str | Line | Table) -> Iterator[str]:
    match part:
        case Table():
            yield f"{part.name} ({'; '.join(part.header).lower()}):"
            yield from (f"- {'; '.join(filter(None, row))}" for row in part.rows)
        case Line(label, words):
            yield f"{label}: {words}"
        case _:
            yield part
