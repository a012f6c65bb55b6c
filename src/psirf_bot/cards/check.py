"""The platforms' limits: a card is cut to fit them, and what is about to be sent is checked against them."""

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import to_json

from psirf_bot.cards.model import Card, Copy, Details, Facts, Part, Words

Json = dict[str, Any]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
BLOCKS_TEXT = 13_000  # undocumented; Slack was seen to refuse messages a little above it
VIEW_BYTES = 250_000
CARD_SOFT = 28 * 1024  # bytes of UTF-8: what every way into Teams takes
CARD_HARD = 80 * 1024  # bytes of UTF-16: what Teams asks bots to stay under
ACTIONS = 6
OWN_DATA = (
    "action",
    "asked",
    "several",
    "msteams",
)  # what a button on Teams carries beside the inputs, so no input's id
TITLE = 300  # characters; nobody reads a longer one
# How many characters of a card's words to try, until the rendered card fits.
BUDGETS = (12_000, 8_000, 4_000, 2_000, 500)


def clip(text: str, most: int) -> str:
    """At most `most` characters, ending in "…" and if possible at a word when something was cut."""
    if len(text) <= most:
        return text
    kept = text[: max(most - 1, 0)]
    at_a_word = re.match(r"(?s)(.*\S)\s", text[:most])
    if at_a_word and len(at_a_word[1]) > most // 2:
        kept = at_a_word[1]
    return f"{kept.rstrip()}…"[:most]


def fitted(card: Card, most: int) -> Card:
    """The card with its longest words cut so that all of them come to at most `most` characters, its title apart."""
    if len(card.title) > TITLE:
        card = card.model_copy(update={"title": clip(card.title, TITLE)})
    lengths = [len(text) for part in card.body for text in _shown(part)]
    if sum(lengths) <= most:
        return card
    longest = bisect_right(range(most + 1), most, key=lambda cap: sum(min(length, cap) for length in lengths)) - 1
    return card.model_copy(update={"body": tuple(_cut(part, longest) for part in card.body)})


def a_day(value: str) -> str | None:
    """The value if a date picker takes it; what else was typed cannot be shown there."""
    return value if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", value) else None


def a_clock(value: str) -> str | None:
    """The value if a time picker takes it."""
    return value if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) else None


def _shown(part: Part) -> Iterator[str]:
    if isinstance(part, Words | Details | Copy):
        yield part.text
    elif isinstance(part, Facts):
        yield from (fact.value for fact in part.facts)


def _cut(part: Part, most: int) -> Part:
    if isinstance(part, Words | Details | Copy):
        return part.model_copy(update={"text": clip(part.text, most)})
    if isinstance(part, Facts):
        facts = tuple(fact.model_copy(update={"value": clip(fact.value, most)}) for fact in part.facts)
        return part.model_copy(update={"facts": facts})
    return part


# --- Slack --------------------------------------------------------------------------------------------------

# The longest text, or the most items, of a property, by the type of what holds it.
_MOST: dict[str, dict[str, int]] = {
    "modal": {"title": 24, "submit": 24, "close": 24, "private_metadata": 3000, "callback_id": 255},
    "header": {"text": 150},
    "section": {"text": 3000},
    "context": {"elements": 10},
    "plain_text": {"text": 3000},
    "mrkdwn": {"text": 3000},
    "actions": {"elements": 25},
    "input": {"label": 2000, "hint": 2000},
    "button": {"text": 75, "value": 2000, "url": 3000},
    "plain_text_input": {"initial_value": 3000},
    "radio_buttons": {"options": 10},
    "checkboxes": {"options": 10},
    "static_select": {"options": 100},
    "multi_static_select": {"options": 100},
    "option": {"text": 75, "value": 75},
}
_LIMITS = {kind: tuple(most.items()) for kind, most in _MOST.items()}
_TEXTS = {"plain_text", "mrkdwn", "text"}
_ESCAPED = 6  # bytes, at most, that escapes make of one byte of plain JSON


def slack_problems(rendered: Json) -> list[str]:
    """Why Slack would refuse this message or view; nothing when it would not."""
    blocks = rendered["blocks"]
    is_view = "type" in rendered
    size = len(to_json(rendered))
    problems: list[str] = []
    _note_limits(rendered, problems)
    problems += [f"{name} is used {times} times" for name, times in Counter(_slack_ids(blocks)).items() if times > 1]
    if len(blocks) > (most := VIEW_BLOCKS if is_view else MESSAGE_BLOCKS):
        problems.append(f"{len(blocks)} blocks; at most {most}")
    # Neither the characters nor the bytes can be too many where the whole of it is small enough.
    if size > BLOCKS_TEXT and (length := slack_characters(blocks)) > BLOCKS_TEXT:
        problems.append(f"{length} characters in all; at most {BLOCKS_TEXT}")
    if is_view and "submit" not in rendered and any(block["type"] == "input" for block in blocks):
        problems.append("a view with inputs needs a submit")
    if is_view and _ESCAPED * size > VIEW_BYTES and len(json.dumps(rendered)) > VIEW_BYTES:
        problems.append(f"the view is larger than {VIEW_BYTES} bytes")
    if not is_view and not 0 < len(rendered["text"]) <= 4000:
        problems.append("the text of a message has 1 to 4000 characters")
    return problems


def has_too_many_characters(blocks: list[Json]) -> bool:
    """Whether these blocks hold more words than Slack takes. They seldom do, so the quicker measure comes first."""
    return len(to_json(blocks)) > BLOCKS_TEXT and slack_characters(blocks) > BLOCKS_TEXT


def slack_characters(blocks: list[Json]) -> int:
    """How many characters stand in the texts of these blocks."""
    return sum(len(node["text"]) for node in _nodes(blocks) if node.get("type") in _TEXTS)


def _note_limits(node: Json, problems: list[str]) -> None:
    """Note what is too long or empty in this object, and then in those that it holds."""
    kind = node.get("type", "option" if "value" in node else "")
    for name, most in _LIMITS.get(kind, ()):
        if held := node.get(name):
            size = len(held.get("text", "")) if isinstance(held, dict) else len(held)
            if size > most:
                problems.append(f"{name} of {kind} has {size}; at most {most}")
    if kind in _TEXTS:
        if not (node["text"] if kind == "text" else node["text"].strip()):
            problems.append(f"an empty {kind}")
        return  # a text holds nothing else
    if kind == "option" and not node["value"]:
        problems.append("an option without a value")
    if "options" in node and not node["options"]:
        problems.append(f"{kind} without options")
    if len(node.get("block_id", "")) > 255 or len(node.get("action_id", "")) > 255:
        problems.append(f"an id of {kind} is longer than 255")
    _note_limits_within(node.values(), problems)


def _note_limits_within(things: Iterable[Any], problems: list[str]) -> None:
    for thing in things:
        if isinstance(thing, dict):
            _note_limits(thing, problems)
        elif isinstance(thing, list):
            _note_limits_within(thing, problems)


def _slack_ids(blocks: list[Json]) -> Iterator[str]:
    for block in blocks:
        if "block_id" in block:
            yield f"block_id {block['block_id']}"
        for element in block.get("elements", []) if block["type"] == "actions" else []:
            yield f"action_id {element['action_id']}"


# --- Teams --------------------------------------------------------------------------------------------------


def teams_problems(rendered: Json) -> list[str]:
    """Why Teams would refuse this card or show it badly; nothing when it would not."""
    problems = []
    packed = to_json(rendered)
    if len(packed) > CARD_SOFT:
        problems.append(f"the card has {len(packed)} bytes; at most {CARD_SOFT}")
    if (size := len(packed.decode().encode("utf-16-le"))) > CARD_HARD:
        problems.append(f"the card has {size} bytes of UTF-16; at most {CARD_HARD}")
    nodes = _nodes(rendered)
    inputs = [node for node in nodes if node.get("type", "").startswith("Input.")]
    problems += [f"input id {i} is used {n} times" for i, n in Counter(node["id"] for node in inputs).items() if n > 1]
    for node in inputs:
        if node["id"] in OWN_DATA:
            problems.append(f"input id {node['id']} is taken by the buttons' own data")
        if node.get("isMultiSelect") and any("," in choice["value"] for choice in node["choices"]):
            problems.append(f"input {node['id']} has a comma in a value; Teams joins the chosen ones with commas")
    for node in nodes:
        if len(node.get("actions", ())) > ACTIONS:
            problems.append(f"{len(node['actions'])} actions in a row; at most {ACTIONS}")
    return problems


def card_bytes(rendered: Json) -> int:
    """The size of an Adaptive Card as it travels."""
    return len(to_json(rendered))


def _nodes(thing: Any) -> list[Json]:
    """Every object in this JSON value, from the outside in."""
    found: list[Json] = []
    _gather(thing, found)
    return found


def _gather(thing: Json | list[Any], found: list[Json]) -> None:
    if isinstance(thing, dict):
        found.append(thing)
    for held in thing.values() if isinstance(thing, dict) else thing:
        if isinstance(held, dict) or isinstance(held, list):  # noqa: SIM101 (twice as quick as both in one)
            _gather(held, found)
