"""Filling in a card's inputs as the Teams client lets a person do it."""

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

from . import cards
from .world import Json


class ClientRefused(Exception):
    """The client does not let the person do this: nothing reached the bot."""


def fill_in(card: Json, pressed: cards.Found, typed: Mapping[str, object]) -> dict[str, str]:
    """What travels with a pressed action: its inputs by id, always strings, those left empty not at all.

    `typed` names inputs by id or by label and choices by title or by value.
    """
    by_id = _resolve(card, typed)
    sent = {}
    for found in cards.associated_inputs(card, pressed):
        value = _value(found.node, by_id)
        _check(found.node, value)
        if value:
            sent[str(found.node["id"])] = value
    return sent


def _resolve(card: Json, typed: Mapping[str, object]) -> dict[str, object]:
    fields = cards.inputs(card)
    by_id = {}
    for name, value in typed.items():
        named = [f for f in fields if f.node["id"] == name] or [f for f in fields if f.node.get("label") == name]
        if not named or not named[0].visible:
            shown = ", ".join(str(f.node.get("label") or f.node["id"]) for f in fields if f.visible)
            raise ClientRefused(f"There is no field {name!r} on the card, only: {shown or 'none'}")
        by_id[named[0].node["id"]] = value
    return by_id


def _value(field: Json, typed: Mapping[str, object]) -> str:
    """The field as its renderer holds it: a string, empty when nothing was entered."""
    value = typed.get(field["id"], field.get("value", ""))
    if field["type"] == "Input.Toggle":
        on, off = str(field.get("valueOn", "true")), str(field.get("valueOff", "false"))
        return (on if value else off) if isinstance(value, bool) else str(value or off)
    if field["type"] == "Input.ChoiceSet":
        picked = value if isinstance(value, list) else [value]
        if field.get("isMultiSelect") and isinstance(value, str):
            picked = value.split(",")
        return ",".join(_choice(field, str(pick)) for pick in picked if pick not in ("", None))
    return "" if value is None else str(value)


def _choice(field: Json, pick: str) -> str:
    for choice in field.get("choices") or []:
        if pick in (choice["value"], choice["title"]):
            return str(choice["value"])
    raise ClientRefused(f"{pick!r} is not among the choices of {_name(field)!r}")


def _check(field: Json, value: str) -> None:
    """Stop what the renderer would mark red."""
    required_toggle = field["type"] == "Input.Toggle" and value != str(field.get("valueOn", "true"))
    if field.get("isRequired") and (not value or required_toggle):
        raise ClientRefused(f"{_name(field)!r} is required: {field.get('errorMessage', '')}")
    if value and not _CHECKS.get(field["type"], _anything)(field, value):
        raise ClientRefused(f"{_name(field)!r} does not take {value!r}: {field.get('errorMessage', '')}")


def _name(field: Json) -> str:
    return str(field.get("label") or field["id"])


def _anything(_field: Json, _value: str) -> bool:
    return True


def _text(field: Json, value: str) -> bool:
    fits = len(value) <= int(field.get("maxLength") or len(value))
    one_line = bool(field.get("isMultiline")) or "\n" not in value
    return fits and one_line and re.search(field.get("regex") or "", value) is not None


def _choices(field: Json, value: str) -> bool:
    return bool(field.get("isMultiSelect")) or value in {choice["value"] for choice in field["choices"]}


def _number(field: Json, value: str) -> bool:
    return _between(float, field, value)


def _date(field: Json, value: str) -> bool:
    return _between(date.fromisoformat, field, value)


def _time(field: Json, value: str) -> bool:
    return _between(time.fromisoformat, field, value)


def _between(parse: Callable[[str], Any], field: Json, value: str) -> bool:
    low, high = field.get("min"), field.get("max")
    try:
        parsed = parse(value)
    except ValueError:
        return False
    above = low in (None, "") or parsed >= parse(str(low))
    return above and (high in (None, "") or parsed <= parse(str(high)))


_CHECKS: dict[str, Callable[[Json, str], bool]] = {
    "Input.Text": _text,
    "Input.ChoiceSet": _choices,
    "Input.Number": _number,
    "Input.Date": _date,
    "Input.Time": _time,
}
