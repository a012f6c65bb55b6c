"""Finding one's way about in Block Kit: the elements of a block, its words, its buttons."""

import copy
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
Blocks = list[Json]

TEXT_TYPES = ("plain_text", "mrkdwn")


def elements(block: Json) -> Iterator[tuple[str, Json]]:
    """The interactive and image elements of one block, each with its JSON pointer inside the block."""
    for key in ("accessory", "element"):
        if isinstance(block.get(key), dict):
            yield f"/{key}", block[key]
    if block.get("type") in ("actions", "context"):
        held = block.get("elements")
        for index, element in enumerate(held if isinstance(held, list) else []):
            if isinstance(element, dict) and element.get("type") not in TEXT_TYPES:
                yield f"/elements/{index}", element


def all_elements(blocks: Blocks) -> Iterator[tuple[Json, Json]]:
    """Every element of every block, as (block, element)."""
    for block in blocks:
        for _, element in elements(block):
            yield block, element


def options_of(element: Json) -> list[Json]:
    """The options an element offers, those in groups included."""
    grouped = [option for group in element.get("option_groups") or [] for option in group.get("options") or []]
    return [*(element.get("options") or []), *grouped]


def text_of(thing: Any) -> str:
    """The words of a text object, or nothing."""
    return str(thing.get("text", "")) if isinstance(thing, dict) else ""


def words_of(thing: Any, time_zone: str = "Europe/London") -> Iterator[str]:
    """Every piece of text that a person in this time zone sees in blocks or in a view, in reading order."""
    if isinstance(thing, list):
        for item in thing:
            yield from words_of(item, time_zone)
    elif isinstance(thing, dict):
        if thing.get("type") in (*TEXT_TYPES, "markdown", "text") and isinstance(thing.get("text"), str):
            yield thing["text"]
            return
        if thing.get("type") == "date":
            moment = datetime.fromtimestamp(thing["timestamp"], ZoneInfo(time_zone))
            yield f"{moment:%-d %B %Y, %H:%M}"
            return
        if isinstance(thing.get("alt_text"), str):
            yield thing["alt_text"]
        for key, value in thing.items():
            if key != "state" and isinstance(value, dict | list):
                yield from words_of(value, time_zone)


def button_labels(blocks: Blocks) -> list[str]:
    """What stands on the buttons, in order."""
    return [text_of(element.get("text")) for _, element in all_elements(blocks) if element.get("type") == "button"]


def as_stored(blocks: Blocks, new_id: Callable[[], str]) -> Blocks:
    """Blocks as Slack keeps and returns them: ids made up where missing, text defaults spelt out."""
    kept = copy.deepcopy(blocks)
    for block in kept:
        block.setdefault("block_id", new_id())
        for _, element in elements(block):
            if element.get("type") != "image":
                element.setdefault("action_id", new_id())
    _spell_out(kept)
    return kept


def _spell_out(thing: Any) -> None:
    if isinstance(thing, list):
        for item in thing:
            _spell_out(item)
    elif isinstance(thing, dict):
        if thing.get("type") == "plain_text":
            thing.setdefault("emoji", True)
        elif thing.get("type") == "mrkdwn":
            thing.setdefault("verbatim", False)
        for value in thing.values():
            _spell_out(value)
