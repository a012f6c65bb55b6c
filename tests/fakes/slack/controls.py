"""Inputs as a person meets them: what can be entered, and how Slack reports it in `state.values`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from .blocks import Blocks, Json, all_elements, text_of

PLEASE_COMPLETE = "Please complete this required field."
Typed = dict[tuple[str, str], Json]  # by block_id and action_id


class CannotDo(AssertionError):
    """Slack gives a person no way to do this: there is no such button, field or option."""


@dataclass(frozen=True)
class Control:
    """Under which names an element keeps its value and takes its first one."""

    key: str
    initial: str

    @property
    def many(self) -> bool:
        return self.key.endswith("s")


CONTROLS = {
    "plain_text_input": Control("value", "initial_value"),
    "number_input": Control("value", "initial_value"),
    "email_text_input": Control("value", "initial_value"),
    "url_text_input": Control("value", "initial_value"),
    "static_select": Control("selected_option", "initial_option"),
    "multi_static_select": Control("selected_options", "initial_options"),
    "external_select": Control("selected_option", "initial_option"),
    "multi_external_select": Control("selected_options", "initial_options"),
    "radio_buttons": Control("selected_option", "initial_option"),
    "checkboxes": Control("selected_options", "initial_options"),
    "users_select": Control("selected_user", "initial_user"),
    "multi_users_select": Control("selected_users", "initial_users"),
    "conversations_select": Control("selected_conversation", "initial_conversation"),
    "multi_conversations_select": Control("selected_conversations", "initial_conversations"),
    "channels_select": Control("selected_channel", "initial_channel"),
    "multi_channels_select": Control("selected_channels", "initial_channels"),
    "datepicker": Control("selected_date", "initial_date"),
    "timepicker": Control("selected_time", "initial_time"),
    "datetimepicker": Control("selected_date_time", "initial_date_time"),
}


def state_of(blocks: Blocks, typed: Typed) -> Json:
    """`state.values`: every input of these blocks, the untouched ones with their initial value."""
    values: dict[str, Json] = {}
    for block, element in all_elements(blocks):
        if element["type"] in CONTROLS:
            where = (block["block_id"], element["action_id"])
            values.setdefault(where[0], {})[where[1]] = typed.get(where) or untouched(element)
    return values


def untouched(element: Json) -> Json:
    """An input's state before anybody touched it."""
    control = CONTROLS[element["type"]]
    return {"type": element["type"], control.key: element.get(control.initial, [] if control.many else None)}


def entered(element: Json, value: Any, offered: list[Json], look_up: Callable[[str, str], str]) -> Json:
    """An input's state after a person entered this; `look_up(kind, name)` finds people and places."""
    kind, control = element["type"], CONTROLS[element["type"]]
    chosen: Any
    if value is None or value == "":
        chosen = [] if control.many else None
    elif control.many:
        chosen = [_single(kind, item, offered, look_up) for item in ([value] if isinstance(value, str) else value)]
        if len(chosen) > element.get("max_selected_items", len(chosen)):
            raise CannotDo(f"no more than {element['max_selected_items']} can be chosen here")
    else:
        chosen = _single(kind, value, offered, look_up)
    return {"type": kind, control.key: chosen}


def objection(block: Json, state: Json) -> str | None:
    """What Slack itself says under an input before it sends anything to the bot."""
    element = block["element"]
    value = state[CONTROLS[element["type"]].key]
    if value in (None, "", []):
        return None if block.get("optional") else PLEASE_COMPLETE
    check = _CHECKS.get(element["type"])
    return check(element, str(value)) if check else None


def _single(kind: str, value: Any, offered: list[Json], look_up: Callable[[str, str], str]) -> Any:
    if kind.endswith(("static_select", "external_select", "radio_buttons", "checkboxes")):
        return _option(str(value), offered)
    for place in ("users", "conversations", "channels"):
        if kind.endswith(f"{place}_select"):
            return look_up(place, str(value))
    if kind == "datepicker":
        return date.fromisoformat(str(value)).isoformat()
    if kind == "timepicker":
        return time.fromisoformat(str(value)).strftime("%H:%M")
    return int(value) if kind == "datetimepicker" else str(value)


def _option(name: str, offered: list[Json]) -> Json:
    for found in (
        [option for option in offered if text_of(option["text"]) == name],
        [option for option in offered if option["value"] == name],
    ):
        if found:
            return found[0]
    raise CannotDo(f"{name!r} is not on offer: {[text_of(option['text']) for option in offered]}")


def _text(element: Json, value: str) -> str | None:
    if len(value) < element.get("min_length", 0):
        return f"This entry needs to be at least {element['min_length']} characters long."
    if len(value) > element.get("max_length", 3000):
        return f"This entry must be at most {element.get('max_length', 3000)} characters long."
    return None


def _number(element: Json, value: str) -> str | None:
    pattern = r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+"
    if not re.fullmatch(pattern, value):
        return "Please enter a valid number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None


def _email(element: Json, value: str) -> str | None:
    return None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) else "Please enter a valid email address."


def _url(element: Json, value: str) -> str | None:
    return None if re.match(r"https?://\S+$", value) else "Please enter a valid URL."


_CHECKS: dict[str, Callable[[Json, str], str | None]] = {
    "plain_text_input": _text,
    "number_input": _number,
    "email_text_input": _email,
    "url_text_input": _url,
}
