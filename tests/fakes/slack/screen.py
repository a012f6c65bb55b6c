"""What stands on a person's screen: finding buttons and inputs, and Slack's own words under the inputs."""

from collections.abc import Container
from typing import Any

from .blocks import Blocks, Json, all_elements, text_of
from .controls import CONTROLS, CannotDo, objection, untouched
from .world import Message, SlackError, View


def find(where: View | Message, what: str, kinds: Container[str]) -> tuple[Json, Json]:
    """The one element of these kinds with this action_id or label, and its block."""
    there = [(block, element) for block, element in all_elements(where.blocks) if element["type"] in kinds]
    found = [pair for pair in there if pair[1].get("action_id") == what]
    found = found or [pair for pair in there if what in _names(*pair)]
    if len(found) != 1:
        names = [_names(*pair)[0] for pair in there]
        raise CannotDo(f"{len(found)} things here are called {what!r}; here are {names}")
    return found[0]


def find_input(view: View, what: str) -> tuple[Json, Json]:
    """The one input of a view with this block_id, action_id or label, and its block."""
    return find(view, what, CONTROLS)


def objections(view: View) -> dict[str, str]:
    """What Slack says under each input before it lets the view be submitted, by block_id."""
    said: dict[str, str] = {}
    for block in view.blocks:
        if block["type"] == "input":
            element = block["element"]
            state = view.typed.get((block["block_id"], element["action_id"])) or untouched(element)
            if (words := objection(block, state)) is not None:
                said[block["block_id"]] = words
    return said


def errors_for(view: View, errors: Any) -> dict[str, str]:
    """The bot's errors; Slack can show them under inputs only and takes the answer for broken otherwise."""
    inputs = _input_ids(view.blocks)
    if not isinstance(errors, dict) or not errors:
        raise SlackError("response_action errors needs a non-empty object `errors`")
    if not all(isinstance(words, str) and words for words in errors.values()):
        raise SlackError("every error must be a non-empty string")
    if strays := set(errors) - inputs:
        raise SlackError(f"errors for {sorted(strays)}, which are no inputs of this view; inputs are {sorted(inputs)}")
    return dict(errors)


def _input_ids(blocks: Blocks) -> set[str]:
    return {str(block["block_id"]) for block in blocks if block["type"] == "input"}


def _names(block: Json, element: Json) -> list[str]:
    """What a person may call an element: its label, or else the question it stands next to."""
    own = [text_of(element.get("text")), text_of(element.get("placeholder"))]
    if element["type"] in CONTROLS:
        own = [text_of(block.get("label")), text_of(block.get("text")), *own, block["block_id"]]
    return [name for name in own if name] or [element.get("action_id", "")]
