"""Answers as people read them back."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from psirf_bot.cards.model import Fact, Facts, Part, Words
from psirf_bot.dialogs.flow import Flow, Page
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


def wording(flow: Flow[Any], keys: Mapping[str, Json]) -> dict[str, str]:
    """The label each answer was given under, so that a later change of words changes no record."""
    found = {key: flow.question(key) for key in keys}
    return {key: question.label for key, question in found.items() if question}
