"""Questions as inputs of a card, with what was answered before and what is wrong now."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from psirf_bot.cards.model import (
    Card,
    ChoiceInput,
    ClockInput,
    DayInput,
    Input,
    MomentInput,
    NumberInput,
    Option,
    Part,
    PeopleInput,
    TextInput,
)
from psirf_bot.dialogs.questions import Choice, Choices, Clock, Day, Moment, Number, People, Question, Text


def as_input(question: Question, key: str, value: object = None, error: str = "", *, now: datetime) -> Input:
    """The input that asks this question, holding `value` (an answer, or what was typed)."""
    common: dict[str, Any] = {
        "id": key, "label": question.label, "hint": question.hint, "required": not question.optional,
        "conditional": question.conditional, "error": error,
    }  # fmt: skip
    match question:
        case Text():
            made: Input = TextInput(**common, multiline=question.long, max_length=question.max_length)
        case Choice():
            options, several = _options(tuple(question.options.items())), isinstance(question, Choices)
            made = ChoiceInput(**common, options=options, several=several)
        case Moment():
            made = MomentInput(**common, latest=now.date().isoformat())
        case Day():
            made = DayInput(**common)
        case Clock():
            made = ClockInput(**common)
        case Number():
            made = NumberInput(**common, least=question.least, most=question.most)
        case People():
            made = PeopleInput(**common, most=question.most)
        case _:
            raise TypeError(f"no input for {type(question).__name__}")
    return made if value is None else holding(made, value)


@lru_cache(maxsize=256)
def _options(labels: tuple[tuple[str, str], ...]) -> tuple[Option, ...]:
    """The options with these values and labels: the flows have few sets of them, and show them all day long."""
    return tuple(Option(value=value, label=label) for value, label in labels)


def with_people(input: Input, shown: Mapping[str, str], on_slack: Mapping[str, str]) -> Input:
    """The same input with these people in it: what is shown for each with their id, and the Slack user ids by id."""
    users = {name: on_slack[who] for name, who in shown.items() if who in on_slack}
    return input.model_copy(update={"value": tuple(shown), "on_slack": users})


def holding(input: Input, value: object) -> Input:
    """The same input with this value in it; a value of the wrong shape for it is shown as words or left out."""
    match input:
        case ChoiceInput():
            picked = tuple(str(v) for v in value) if isinstance(value, list | tuple) else (str(value),)
            known = {option.value for option in input.options}
            return input.model_copy(update={"value": tuple(v for v in picked if v in known)})
        case MomentInput():
            if isinstance(value, Mapping):
                day, clock = str(value.get("date") or ""), str(value.get("time") or "")
            else:
                day, _, clock = str(value or "").partition("T")
            return input.model_copy(update={"day": day, "clock": clock})
        case NumberInput():
            return input.model_copy(update={"value": _whole(value)})
        case PeopleInput():
            names = value if isinstance(value, list | tuple) else _words(value).split(",")
            return input.model_copy(update={"value": tuple(words for n in names if (words := _words(n).strip()))})
        case _:
            return input.model_copy(update={"value": _words(value)})


def refilled(card: Card, given: Mapping[str, object]) -> Card:
    """The card with what the person had typed put back into its inputs: a refusal never costs them their words."""

    def refill(part: Part) -> Part:
        if isinstance(part, Input) and given.get(part.id) is not None:
            return holding(part, given[part.id])
        return part

    return card.model_copy(update={"body": tuple(refill(part) for part in card.body)})


def _whole(value: object) -> int | None:
    """A number, also one that came back as text, as the platforms' number inputs give it."""
    try:
        return int(value) if isinstance(value, int | str) and not isinstance(value, bool) else None
    except ValueError:
        return None


def _words(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""
