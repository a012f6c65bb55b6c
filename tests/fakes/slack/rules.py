"""What Slack refuses: the limits of Block Kit, of messages and of views."""

import json
from collections.abc import Iterator
from typing import Any, Literal

from .blocks import Blocks, Json, elements, options_of, words_of
from .shapes import (
    Shape,
    anything,
    at_least_one,
    boolean,
    by_type,
    complaint,
    exactly_one,
    integer,
    items,
    one_of,
    record,
    string,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
POST_TEXT = 40_000  # longer is truncated, with a warning
UPDATE_TEXT = 4_000  # longer is refused
MOST_TEXT, MOST_RUNS = 20_000, 1_000  # no limits of rich text are documented: far beyond what anybody reads
BLOCKS_TEXT = 13_200  # undocumented; measured by others
VIEW_BYTES = 250_000


def plain(longest: int) -> Shape:
    return by_type({"plain_text": record({"text": string(longest)}, {"emoji": boolean})})


def text(longest: int) -> Shape:
    return by_type(
        {
            "plain_text": record({"text": string(longest)}, {"emoji": boolean}),
            "mrkdwn": record({"text": string(longest)}, {"verbatim": boolean}),
        }
    )


ID = string(255)
STYLE = one_of("primary", "danger")
CONFIRM = record({"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, {"style": STYLE})
IMAGE = {"image_url": string(3000), "alt_text": string(2000)}
# Slack's SDK allows a value 150 characters and Slack's own types allow 75: the smaller is the safe one.
OPTION = record({"text": plain(75), "value": string(75)}, {"description": plain(75), "url": string(3000)})
RICH_OPTION = record({"text": text(75), "value": string(75)}, {"description": text(75)})
GROUP = record({"label": plain(75), "options": items(OPTION, 100)})

ACTION: dict[str, Shape] = {"action_id": ID, "confirm": CONFIRM}
FIELD: dict[str, Shape] = {**ACTION, "placeholder": plain(150), "focus_on_load": boolean}
MANY: dict[str, Shape] = {**FIELD, "max_selected_items": integer(1, 1000)}
LISTS: dict[str, Shape] = {"options": items(OPTION, 100), "option_groups": items(GROUP, 100)}
TYPED: dict[str, Shape] = {
    "action_id": ID,
    "placeholder": plain(150),
    "focus_on_load": boolean,
    "dispatch_action_config": record(
        {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2)}
    ),
}
CONVERSATION_FILTER = {
    "default_to_current_conversation": boolean,
    "response_url_enabled": boolean,
    "filter": anything,
}

ELEMENTS: dict[str, Shape] = {
    "button": record(
        {"text": plain(75)},
        {**ACTION, "value": string(2000), "url": string(3000), "style": STYLE, "accessibility_label": string(75)},
    ),
    "image": record(IMAGE),
    "overflow": record({"options": items(OPTION, 5)}, ACTION),
    "static_select": exactly_one(record({}, {**FIELD, **LISTS, "initial_option": OPTION}), *LISTS),
    "multi_static_select": exactly_one(record({}, {**MANY, **LISTS, "initial_options": items(OPTION, 100)}), *LISTS),
    "external_select": record({}, {**FIELD, "min_query_length": integer(0, 100), "initial_option": OPTION}),
    "multi_external_select": record(
        {}, {**MANY, "min_query_length": integer(0, 100), "initial_options": items(OPTION, 100)}
    ),
    "users_select": record({}, {**FIELD, "initial_user": ID}),
    "multi_users_select": record({}, {**MANY, "initial_users": items(ID, 1000)}),
    "conversations_select": record({}, {**FIELD, **CONVERSATION_FILTER, "initial_conversation": ID}),
    "multi_conversations_select": record({}, {**MANY, **CONVERSATION_FILTER, "initial_conversations": items(ID, 1000)}),
    "channels_select": record({}, {**FIELD, "response_url_enabled": boolean, "initial_channel": ID}),
    "multi_channels_select": record({}, {**MANY, "initial_channels": items(ID, 1000)}),
    "radio_buttons": record(
        {"options": items(RICH_OPTION, 10)}, {**ACTION, "focus_on_load": boolean, "initial_option": RICH_OPTION}
    ),
    "checkboxes": record(
        {"options": items(RICH_OPTION, 10)},
        {**ACTION, "focus_on_load": boolean, "initial_options": items(RICH_OPTION, 10)},
    ),
    "datepicker": record({}, {**FIELD, "initial_date": string(10, 10)}),
    "timepicker": record({}, {**FIELD, "initial_time": string(5, 5), "timezone": string(100)}),
    "datetimepicker": record({}, {**ACTION, "focus_on_load": boolean, "initial_date_time": integer(1, 9_999_999_999)}),
    "plain_text_input": record(
        {},
        {
            **TYPED,
            "initial_value": string(3000),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
    ),
    "number_input": record(
        {"is_decimal_allowed": boolean},
        {**TYPED, "initial_value": string(100), "min_value": string(100), "max_value": string(100)},
    ),
    "email_text_input": record({}, {**TYPED, "initial_value": string(3000)}),
    "url_text_input": record({}, {**TYPED, "initial_value": string(3000)}),
}
INPUTS = set(ELEMENTS) - {"button", "image", "overflow"}
TYPED_INPUTS = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}

_STYLED: dict[str, Shape] = {"style": anything}
_RUNS: dict[str, Shape] = {
    "text": record({"text": string(MOST_TEXT)}, _STYLED),
    "link": record({"url": string(3000)}, {**_STYLED, "text": string(3000), "unsafe": boolean}),
    "date": record(
        {"timestamp": integer(0, 2**40), "format": string(3000)},
        {**_STYLED, "fallback": string(3000), "url": string(3000)},
    ),
    "user": record({"user_id": ID}, _STYLED),
    "channel": record({"channel_id": ID}, _STYLED),
    "emoji": record({"name": string(255)}, {**_STYLED, "unicode": string(255)}),
    "broadcast": record({"range": one_of("here", "channel", "everyone")}, _STYLED),
}
_RUN = items(by_type(_RUNS), MOST_RUNS)
_SECTION = record({"elements": _RUN})
_BORDERED = record({"elements": _RUN}, {"border": integer(0, 1)})
RICH: dict[str, Shape] = {
    "rich_text_section": _SECTION,
    "rich_text_preformatted": _BORDERED,
    "rich_text_quote": _BORDERED,
    "rich_text_list": record(
        {"elements": items(_SECTION, MOST_RUNS), "style": one_of("bullet", "ordered")},
        {"indent": integer(0, 8), "offset": integer(0, 1000), "border": integer(0, 1)},
    ),
}

_BLOCK_ID: dict[str, Shape] = {"block_id": ID}
_CONTEXT = {**ELEMENTS, "plain_text": plain(3000), "mrkdwn": text(3000)}
BLOCKS: dict[str, Shape] = {
    "section": at_least_one(
        record(
            {},
            {
                **_BLOCK_ID,
                "text": text(3000),
                "fields": items(text(2000), 10),
                "accessory": by_type(ELEMENTS, set(ELEMENTS) - TYPED_INPUTS),
                "expand": boolean,
            },
        ),
        "text",
        "fields",
    ),
    "header": record({"text": plain(150)}, _BLOCK_ID),
    "divider": record({}, _BLOCK_ID),
    "image": record(IMAGE, {**_BLOCK_ID, "title": plain(2000)}),
    "context": record({"elements": items(by_type(_CONTEXT, ("image", "plain_text", "mrkdwn")), 10)}, _BLOCK_ID),
    "actions": record({"elements": items(by_type(ELEMENTS, set(ELEMENTS) - TYPED_INPUTS - {"image"}), 25)}, _BLOCK_ID),
    "input": record(
        {"label": plain(2000), "element": by_type(ELEMENTS, INPUTS)},
        {**_BLOCK_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": record({"text": string(12_000)}, _BLOCK_ID),
    "rich_text": record({"elements": items(by_type(RICH), MOST_RUNS)}, _BLOCK_ID),
}
_EVERYWHERE = set(BLOCKS) - {"markdown"}

_VIEW: dict[str, Shape] = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_VIEW_BLOCKS = items(by_type(BLOCKS, _EVERYWHERE), VIEW_BLOCKS, 0)
VIEWS: dict[str, Shape] = {
    "modal": record(
        {"title": plain(24), "blocks": _VIEW_BLOCKS},
        {**_VIEW, "submit": plain(24), "close": plain(24), "clear_on_close": boolean, "notify_on_close": boolean},
    ),
    "home": record({"blocks": _VIEW_BLOCKS}, _VIEW),
}
_MESSAGE = items(by_type(BLOCKS), MESSAGE_BLOCKS)


def check_blocks(blocks: Any, at: str = "/blocks") -> list[str]:
    """Why Slack refuses these blocks in a message; nothing when it does not."""
    complaints = list(_MESSAGE(blocks, at))
    return complaints or list(_across(blocks, at))


def check_view(view: Any, kind: Literal["modal", "home"], at: str = "/view") -> list[str]:
    """Why Slack refuses this view; nothing when it does not."""
    complaints = list(by_type(VIEWS, (kind,))(view, at))
    if not complaints:
        complaints = [*_across(view["blocks"], f"{at}/blocks"), *_submit(view, at)]
    return [complaint("failed to match all allowed schemas", at), *complaints] if complaints else []


def too_many_words(blocks: Blocks) -> bool:
    """Whether Slack answers `msg_blocks_too_long`."""
    return sum(map(len, words_of(blocks))) > BLOCKS_TEXT


def view_is_too_large(view: Any) -> bool:
    """Whether Slack answers `view_too_large`."""
    return len(json.dumps(view).encode()) > VIEW_BYTES


def _across(blocks: Blocks, at: str) -> Iterator[str]:
    """What no single block can know: ids used twice, first choices not on offer."""
    block_ids: set[str] = set()
    focused = 0
    for index, block in enumerate(blocks):
        here = f"{at}/{index}"
        yield from _used_twice("block_id", block, block_ids, here)
        action_ids: set[str] = set()
        for where, element in elements(block):
            yield from _used_twice("action_id", element, action_ids, here + where)
            yield from _initial_is_on_offer(element, here + where)
            focused += bool(element.get("focus_on_load"))
    if focused > 1:
        yield complaint("only one element may set `focus_on_load`", at)


def _used_twice(name: str, holder: Json, seen: set[str], at: str) -> Iterator[str]:
    if (held := holder.get(name)) is None:
        return
    if held in seen:
        yield complaint(f"`{name}` already exists: {held}", f"{at}/{name}")
    seen.add(held)


def _initial_is_on_offer(element: Json, at: str) -> Iterator[str]:
    if (offered := options_of(element)) == []:
        return
    chosen = [element["initial_option"]] if "initial_option" in element else element.get("initial_options", [])
    for option in chosen:
        if option not in offered:
            yield complaint("initial option must be one of the options", at)


def _submit(view: Json, at: str) -> Iterator[str]:
    if view["type"] != "modal" or "submit" in view:
        return
    for index, block in enumerate(view["blocks"]):
        if block["type"] == "input":
            yield complaint("must define `submit` to use an `input` block in modals", f"{at}/blocks/{index}")
            return
