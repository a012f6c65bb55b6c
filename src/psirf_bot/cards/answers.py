"""Answers as people read them back."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import TypedDict

from psirf_bot.cards.model import Fact, Facts, Part, Words
from psirf_bot.dialogs.flow import Page
from psirf_bot.dialogs.questions import Choice, Day, Json, Moment, People, Question, Text

Names = Callable[[str], str]


def shown(question: Question, value: Json, names: Names) -> str:
    """An answer in words: the label of a choice, a date in full, people by name."""
    if value is None:
        return ""
    values = value if isinstance(value, list) else [str(value)]
    match question:
        case Choice():
            return "; ".join(question.options.get(v, v) for v in values)
        case People():
            return ", ".join(names(v) for v in values)
        case Moment() | Day():
            return moment(str(value))
        case _:
            return str(value)


def moment(value: str) -> str:
    """2026-11-20T14:30 as "Friday 20 November 2026, 14:30"; a day alone as a day."""
    day, _, clock = value.partition("T")
    at = date.fromisoformat(day)
    return f"{at:%A} {at.day} {at:%B %Y}" + (f", {clock}" if clock else "")


def instant(at: datetime) -> str:
    """A local time as "20 November 2026, 14:30"."""
    return f"{at.day} {at:%B %Y, %H:%M}"


def page_parts(page: Page, answers: Mapping[str, Json], names: Names) -> tuple[Part, ...]:
    """A page's answers, to be checked: short ones as a table, long ones as paragraphs, those left out not at all."""
    facts: list[Fact] = []
    long: list[Part] = []
    for question in page.questions:
        value = shown(question, answers.get(page.prefix + question.id), names)
        if not value:
            continue
        if isinstance(question, Text) and question.long:
            long += [Words(text=question.label, style="subtle"), Words(text=value, typed=True)]
        else:
            facts.append(Fact(label=question.label, value=value, typed=isinstance(question, Text | People)))
    return ((Facts(facts=tuple(facts)),) if facts else ()) + tuple(long)


class Reading(TypedDict):
    """One answer as it was shown when it was confirmed: a later change of the flow or its words changes no record."""

    page: str
    label: str
    shown: str
    long: bool


def readings(pages: Iterable[Page], answers: Mapping[str, Json], names: Names) -> dict[str, Reading]:
    """How each answer on these pages reads, by its key."""
    return {
        page.prefix + q.id: Reading(
            page=page.title,
            label=q.label,
            shown=shown(q, answers.get(page.prefix + q.id), names),
            long=isinstance(q, Text) and q.long,
        )
        for page in pages
        for q in page.questions
    }


def reading_parts(read: Iterable[Reading]) -> tuple[Part, ...]:
    """Confirmed answers under the headings of their pages; those left out are not shown."""
    parts: list[Part] = []
    for title, group in groupby((r for r in read if r["shown"]), key=lambda r: r["page"]):
        answers = list(group)
        short = tuple(Fact(label=r["label"], value=r["shown"], typed=True) for r in answers if not r["long"])
        parts.append(Words(text=title, style="heading"))
        parts += [Facts(facts=short)] if short else []
        for r in answers:
            parts += [Words(text=r["label"], style="subtle"), Words(text=r["shown"], typed=True)] if r["long"] else []
    return tuple(parts)
