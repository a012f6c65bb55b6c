"""Inputs in a Slack modal: how each is asked, and what it held when the modal was sent."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from psirf_bot.cards import check, plain
from psirf_bot.cards.adaptive import joined
from psirf_bot.cards.model import (
    ChoiceInput,
    ClockInput,
    DayInput,
    Input,
    MomentInput,
    NumberInput,
    PeopleInput,
    TextInput,
)
from psirf_bot.cards.slack_objects import (
    TEXT,
    bold,
    context,
    plain_text,
    rich,
    text_run,
    with_values,
)

Json = dict[str, Any]

LABEL = 75  # characters of a button or an option
_PICKED, _TYPED = ".picked", ".typed"
_REDRAWN = re.compile(r"#[0-9a-f]{8}$")
_OPEN_CHOICES = 5
_CHECKBOXES = 10
_NOT_ON_SLACK = "Or by name, if they are not on Slack"


def given(state_values: Mapping[str, Mapping[str, Json]]) -> dict[str, object]:
    """What the inputs held, from a view's or message's `state.values`; of people, the names that were typed."""
    sent = {block: _held(values["value"]) for block, values in state_values.items() if "value" in values}
    return joined({_REDRAWN.sub("", b).removesuffix(_TYPED): v for b, v in sent.items() if not b.endswith(_PICKED)})


def picked(state_values: Mapping[str, Mapping[str, Json]]) -> dict[str, list[str]]:
    """The user ids that were picked from Slack's own list, by input id."""
    sent = {block: _held(values["value"]) for block, values in state_values.items() if block.endswith(_PICKED)}
    return {
        block.removesuffix(_PICKED): [user for user in ids if isinstance(user, str)]
        for block, ids in sent.items()
        if isinstance(ids, list)
    }


def blocks(part: Input, validates: bool) -> Iterator[Json]:
    """The input and, below it, what is wrong with it: above, it would read as part of the question before."""
    yield from _fields(part, validates)
    if part.error:
        marker = plain.marker(part.error)
        runs = [bold(marker), text_run(part.error)] if marker else [text_run(part.error)]
        yield rich({"type": "rich_text_quote", "elements": runs}) | {"block_id": f"{part.id}.error"}


def _fields(part: Input, validates: bool) -> Iterator[Json]:
    optional = not (part.required and validates)
    if isinstance(part, MomentInput):
        date = with_values({"type": "datepicker"}, initial_date=check.a_day(part.day))
        time = with_values({"type": "timepicker"}, initial_time=check.a_clock(part.clock))
        yield _field(f"{part.id}.date", part.label, date, part.hint, optional)
        yield _field(f"{part.id}.time", plain.TIME_IF_KNOWN, time, "", optional=True)
    elif isinstance(part, PeopleInput):
        users = [part.on_slack[name] for name in part.value if name in part.on_slack]
        names = ", ".join(name for name in part.value if name not in part.on_slack)[:TEXT]
        picker = {"type": "multi_users_select", "max_selected_items": part.most}
        typed = {"type": "plain_text_input", "max_length": TEXT}
        # Either will do, so Slack can ask for neither; the answer is checked when it comes.
        yield _field(part.id + _PICKED, part.label, with_values(picker, initial_users=users), "", optional=True)
        yield _field(part.id + _TYPED, _NOT_ON_SLACK, with_values(typed, initial_value=names), part.hint, optional=True)
    elif isinstance(part, ChoiceInput) and not part.options:
        yield context(f"{part.label}: there is nothing to choose from.")
    else:
        yield _field(part.id, part.label, _element(part), part.hint, optional)


def _field(id: str, label: str, element: Json, hint: str, optional: bool) -> Json:
    block = {
        "type": "input",
        "block_id": id,
        "label": plain_text(label, 2000),
        "element": {"action_id": "value", **element},
        "optional": optional,
    }
    return with_values(block, hint=plain_text(hint, 2000) if hint else None)


def _element(part: Input) -> Json:
    """The element of an input. A limit never shuts out the value already there, which would trap people."""
    match part:
        case TextInput():
            value = part.value[:TEXT]
            most = min(TEXT, max(part.max_length, len(value), 1))
            text = {"type": "plain_text_input", "multiline": part.multiline, "max_length": most}
            return with_values(text, initial_value=value)
        case NumberInput():
            values = [part.value] if part.value is not None else []
            bounds = {"min_value": str(min((part.least, *values))), "max_value": str(max((part.most, *values)))}
            number = {"type": "number_input", "is_decimal_allowed": False, **bounds}
            return with_values(number, initial_value="".join(map(str, values)))
        case ChoiceInput():
            return _choice(part)
        case DayInput():
            return with_values({"type": "datepicker"}, initial_date=check.a_day(part.value))
        case ClockInput():
            return with_values({"type": "timepicker"}, initial_time=check.a_clock(part.value))
        case MomentInput() | PeopleInput():
            raise TypeError("it is two inputs")


def _choice(part: ChoiceInput) -> Json:
    options = [{"text": plain_text(option.label, LABEL), "value": option.value} for option in part.options]
    chosen = [option for option in options if option["value"] in part.value]
    if part.several:
        kind = "checkboxes" if len(options) <= _CHECKBOXES else "multi_static_select"
        return with_values({"type": kind, "options": options}, initial_options=chosen)
    kind = "radio_buttons" if len(options) <= _OPEN_CHOICES else "static_select"
    return with_values({"type": kind, "options": options}, initial_option=chosen[0] if chosen else None)


def _held(element: Json) -> object:
    """The value in one element of the state; None when it is empty."""
    match element:
        case {"selected_users": list(users)}:
            return users or None
        case {"selected_options": list(options)}:
            return [option["value"] for option in options] or None
        case {"selected_option": option}:
            return option and option["value"]
        case {"selected_date": value} | {"selected_time": value} | {"value": value}:
            return None if value == "" else value
    return None
