"""A minute as headings, paragraphs and tables: as JSON, to be kept; and as plain words, to be pasted."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psirf_bot.cards.answers import instant

DRAFT = "Draft, not approved"
NO_PATIENT = "No patient is named in this minute."


@dataclass(frozen=True, slots=True)
class Line:
    """A label and what stands for it."""

    label: str
    words: str

    @property
    def opening(self) -> str:
        """The label as it stands before the words; a question has its mark already."""
        return self.label if self.label.endswith("?") else f"{self.label}:"


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
    """A minute as it was approved, or the draft of one. `made_at` is local.

    `after`: what came after its approval, which is no part of what was approved.
    """

    trust: str
    reference: str
    approved: bool
    sections: tuple[Section, ...]
    made_at: datetime
    after: Section | None = None

    @property
    def title(self) -> str:
        return f"Minute of the panel on {self.reference}"

    @property
    def made(self) -> str:
        return f"{'Approved' if self.approved else 'Generated'} {instant(self.made_at)}."


# Kept


def as_json(minute: Minute) -> dict[str, Any]:
    """What is kept of an approved minute: everything in it but what came after."""
    sections = [asdict(section) for section in minute.sections]
    return {
        "trust": minute.trust,
        "reference": minute.reference,
        "sections": sections,
        "made_at": minute.made_at.isoformat(),
    }


def of_json(kept: Mapping[str, Any], after: Section | None = None) -> Minute:
    """The approved minute that was kept."""
    sections = tuple(
        Section(each["heading"], tuple(_part(part) for part in each["parts"])) for each in kept["sections"]
    )
    return Minute(kept["trust"], kept["reference"], True, sections, datetime.fromisoformat(kept["made_at"]), after)


def _part(kept: str | Mapping[str, Any]) -> str | Line | Table:
    match kept:
        case {"label": label, "words": words}:
            return Line(label, words)
        case {"name": name, "header": header, "rows": rows}:
            return Table(name, tuple(header), tuple(tuple(row) for row in rows))
        case _:
            return str(kept)


# In words


def plain(minute: Minute) -> str:
    """The minute as plain words, to be pasted."""
    opening = [minute.title, minute.trust, *([] if minute.approved else [DRAFT])]
    sections = map(_section, minute.sections)
    after = [_section(minute.after)] if minute.after else []
    return "\n\n".join(["\n".join(opening), *sections, f"{NO_PATIENT} {minute.made}", *after])


def _section(section: Section) -> str:
    return "\n".join([section.heading.upper(), *(line for part in section.parts for line in _lines(part))])


def _lines(part: str | Line | Table) -> Iterator[str]:
    match part:
        case Table():
            yield f"{part.name} ({'; '.join(part.header).lower()}):"
            yield from (f"- {'; '.join(filter(None, row))}" for row in part.rows)
        case Line():
            yield f"{part.opening} {part.words}"
        case _:
            yield part
