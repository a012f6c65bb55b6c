"""What people who lead or oversee learning responses have learned, and whether that is enough (policy §4, C01 to C08).

Which values apply on a day is configuration with dates, because the national standards change (C11).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from psirf_bot.domain.setting_types import Frozen, Words

Course = Literal["level-1", "level-2", "learning", "engagement", "oversight"]
COURSES: dict[Course, str] = {
    "level-1": "Patient safety syllabus, level 1",
    "level-2": "Patient safety syllabus, level 2",
    "learning": "Learning from incidents, in days",
    "engagement": "Involving those affected, in hours",
    "oversight": "Oversight of learning responses, in days",
}


class Standard(Frozen):
    """What is asked from a day on. Lengths are in days, those of engagement in hours."""

    since: date = date(2022, 8, 1)
    learning_days: Annotated[float, Field(ge=0)] = 2
    engagement_hours: Annotated[float, Field(ge=0)] = 6
    oversight_days: Annotated[float, Field(ge=0)] = 1
    responses_a_year: Annotated[int, Field(ge=0)] = 2
    source: Words = "policy §4; the national standard of May 2024 may ask for something else of those who oversee"


class TrainingSettings(Frozen):
    """The standards by the day from which each holds."""

    standards: Annotated[tuple[Standard, ...], Field(min_length=1)] = (Standard(),)

    def on(self, day: date) -> Standard:
        """The standard that holds on this day; the earliest before that."""
        ordered = sorted(self.standards, key=lambda standard: standard.since)
        return next((standard for standard in reversed(ordered) if standard.since <= day), ordered[0])


@dataclass(frozen=True, slots=True)
class Learned:
    """One course somebody did, on which day, and how long it was: days, or hours of engagement."""

    course: Course
    on: date
    amount: float = 0


def lacking_to_lead(learned: Iterable[Learned], standard: Standard) -> tuple[str, ...]:
    """What somebody still lacks to lead a learning response, in words (C01, C03, C06)."""
    done = list(learned)
    return (
        *(COURSES[level] for level in ("level-1", "level-2") if not _has(done, level)),
        *_short(done, "learning", standard.learning_days, "days of training in learning from incidents"),
        *_short(done, "engagement", standard.engagement_hours, "hours of training in involving those affected"),
    )


def lacking_to_oversee(learned: Iterable[Learned], standard: Standard) -> tuple[str, ...]:
    """What somebody still lacks to oversee learning responses, as a chair does (C08)."""
    done = list(learned)
    return (
        *_short(done, "learning", standard.learning_days, "days of training in learning from incidents"),
        *_short(done, "oversight", standard.oversight_days, "days of training in oversight"),
    )


def _has(done: Sequence[Learned], course: Course) -> bool:
    return any(each.course == course for each in done)


def _short(done: Sequence[Learned], course: Course, wanted: float, words: str) -> tuple[str, ...]:
    have = sum(each.amount for each in done if each.course == course)
    return (f"{wanted:g} {words} ({have:g} so far)",) if have < wanted else ()
