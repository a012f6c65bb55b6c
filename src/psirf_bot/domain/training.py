"""What people who lead or oversee learning responses have learned, and whether that is enough (policy §4, C01 to C08).

Which values apply on a day is configuration with dates, because the national standards change (C11). What people have
learned comes from a file, training.csv.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from psirf_bot.domain.mistakes import Mistake, quoted, suggest
from psirf_bot.domain.setting_types import Frozen, Words, wrong
from psirf_bot.domain.sheet import Sheet

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


def _days_all_different(standards: tuple[Standard, ...]) -> tuple[Standard, ...]:
    if len({standard.since for standard in standards}) < len(standards):
        raise wrong("has two that hold from the same day", "Give each its own since, or keep one of them.")
    return standards


class TrainingSettings(Frozen):
    """The standards by the day from which each holds."""

    standards: Annotated[tuple[Standard, ...], Field(min_length=1), AfterValidator(_days_all_different)] = (Standard(),)

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
    words = words.replace("s of", " of", 1) if wanted == 1 else words
    return (f"{wanted:g} {words} ({have:g} so far)",) if have < wanted else ()


# The file

COLUMNS = ("email", "course", "date", "amount")
IN: dict[Course, str] = {"learning": "days", "engagement": "hours", "oversight": "days"}
"""What the length of a course is given in. The levels of the syllabus have none."""
LONGEST = 100
"""Days, or hours, of one course: more is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One line of training.csv. `amount`: days, or hours of engagement; 0 for a level. None takes the row back."""

    email: str
    course: Course
    on: date
    amount: float | None


def read_training(
    text: str, today: date, known: Collection[str], name: str = "training.csv"
) -> tuple[list[TrainingRow], list[Mistake]]:
    """Read training.csv. While there is a mistake, use none of the rows. `known`: the addresses on the people list."""
    register = _Register(Sheet(name, COLUMNS, "Add it."), today, known)
    for cell in register.sheet.rows(text):
        register.take(cell)
    return register.rows, register.sheet.mistakes


@dataclass(slots=True)
class _Register:
    """A training.csv being read: the rows so far, and where each course of a person stands."""

    sheet: Sheet
    today: date
    known: Collection[str]
    rows: list[TrainingRow] = field(default_factory=list)
    first: dict[tuple[str, Course, date], int] = field(default_factory=dict)

    def take(self, cell: dict[str, str]) -> None:
        before = len(self.sheet.mistakes)
        email, course, on = self._email(cell["email"].lower()), self._course(cell["course"]), self._day(cell["date"])
        amount = self._amount(course, cell["amount"]) if course else None
        if course is None or on is None or len(self.sheet.mistakes) > before:
            return
        earlier = self.first.setdefault((email, course, on), self.sheet.line)
        if earlier != self.sheet.line:
            self.sheet.mistake(
                f"this course on this day is already on line {earlier}", "Keep one line, with the whole length."
            )
        self.rows.append(TrainingRow(email, course, on, amount))

    def _email(self, email: str) -> str:
        if not email:
            self.sheet.mistake("email is missing", "Give the address that stands in people.csv.")
        elif email not in self.known:
            near = get_close_matches(email[:60], self.known, n=1, cutoff=0.85)
            remedy = f'Did you mean "{near[0]}"?' if near else "Correct the address, or import people.csv first."
            self.sheet.mistake(f"{quoted(email)} is not on the people list", remedy)
        return email

    def _course(self, cell: str) -> Course | None:
        typed = cell.lower().replace(" ", "-")
        course = next((course for course in COURSES if course == typed), None)
        if course is None:
            found = f"unknown course {quoted(cell)}" if cell else "course is missing"
            self.sheet.mistake(found, suggest(typed, COURSES))
        return course

    def _day(self, cell: str) -> date | None:
        on = _date(cell)
        if on is None:
            found = f"{quoted(cell)} is not a date" if cell else "date is missing"
            self.sheet.mistake(found, "Write it like 2026-03-31 or 31/03/2026.")
        elif on > self.today:
            self.sheet.mistake(f"{quoted(cell)} is still to come", "Import it once the course has been done.")
        return on

    def _amount(self, course: Course, cell: str) -> float | None:
        """Days or hours; None for a nought, which takes the row back."""
        typed = re.fullmatch(r"(\d{1,4}(?:\.\d{1,2})?) ?(days?|hours?)?", cell.lower(), re.ASCII)
        number = float(typed[1]) if typed else None
        if number == 0:
            return None
        if course not in IN:
            if cell:
                self.sheet.mistake(f"{course} has no length, but amount is {quoted(cell)}", "Leave amount blank.")
            return 0
        unit = IN[course]
        if typed is None or number is None:
            found = f"amount {quoted(cell)} is not a number" if cell else "amount is missing"
            self.sheet.mistake(found, f"Give the {unit} it took, like 2 or 1.5.")
        elif typed[2] and typed[2].rstrip("s") != unit.rstrip("s"):
            self.sheet.mistake(
                f"{course} is counted in {unit}, but amount is {quoted(cell)}", f"Give the {unit} it took."
            )
        elif number > LONGEST:
            self.sheet.mistake(f"amount {quoted(cell)} is more than {LONGEST} {unit}", f"Give the {unit} it took.")
        return number


def _date(cell: str) -> date | None:
    """2026-03-31, or 31/03/2026 as it is written here."""
    for written in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(cell, written).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return None
