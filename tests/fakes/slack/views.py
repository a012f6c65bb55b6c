"""Modals and App Home: the stack of three, the hash, and what survives an update."""

import copy
from typing import Literal

from .blocks import Json, all_elements, as_stored
from .controls import state_of
from .rules import check_view, view_is_too_large
from .world import TRIGGER_SECONDS, SlackError, View, World

STACK = 3


def open_view(world: World, user: str, content: Json) -> View:
    """Show a modal; one that was open gives way."""
    view = _new(world, user, content)
    world.stacks[user] = [view]
    return view


def push_view(world: World, user: str, content: Json) -> View:
    """Lay a modal upon the one that is open."""
    stack = world.stacks.get(user)
    if not stack:
        raise SlackError("not_found")
    if len(stack) >= STACK:
        raise SlackError("push_limit_reached")
    view = _new(world, user, content)
    view.root_id, view.previous_id = stack[0].id, stack[-1].id
    stack.append(view)
    return view


def update_view(world: World, view: View, content: Json, known_hash: object = None) -> View:
    """Replace a view's content; an input with the same block_id and action_id keeps what was typed."""
    if known_hash and known_hash != view.hash:
        raise SlackError("hash_conflict")
    kind: Literal["modal", "home"] = "home" if view.content["type"] == "home" else "modal"
    view.content = _accepted(world, content, kind, instead_of=view)
    view.hash = _new_hash(world)
    there = {(block["block_id"], e.get("action_id", "")): e["type"] for block, e in all_elements(view.blocks)}
    view.typed = {where: state for where, state in view.typed.items() if there.get(where) == state["type"]}
    return view


def publish_home(world: World, user: str, content: Json, known_hash: object = None) -> View:
    """Show this on a person's App Home."""
    if home := world.homes.get(user):
        return update_view(world, home, content, known_hash)
    if known_hash:
        raise SlackError("hash_conflict")
    world.homes[user] = _new(world, user, content, "home")
    return world.homes[user]


def find_view(world: World, *, view_id: object = None, external_id: object = None) -> View:
    """The view the bot means; one that a person has closed is not found."""
    for view in world.views():
        if view.id == view_id or (external_id and view.content.get("external_id") == external_id):
            return view
    raise SlackError("not_found")


def check_trigger(world: World, trigger_id: object) -> str:
    """The person whose trigger this is, if it can still be exchanged."""
    if (trigger := world.triggers.get(str(trigger_id))) is None:
        raise SlackError("invalid_trigger_id")
    if trigger.exchanged:
        raise SlackError("exchanged_trigger_id")
    if world.clock() - trigger.at > TRIGGER_SECONDS:
        raise SlackError("expired_trigger_id")
    return trigger.user


def as_json(world: World, view: View, *, with_state: bool = False) -> Json:
    """The view as Slack returns it, with what is typed in it when it is sent to the bot."""
    content = copy.deepcopy(view.content)
    return {
        "id": view.id,
        "team_id": world.team_id,
        "type": content.pop("type"),
        "blocks": content.pop("blocks"),
        "private_metadata": content.pop("private_metadata", ""),
        "callback_id": content.pop("callback_id", ""),
        "state": {"values": state_of(view.blocks, view.typed) if with_state else {}},
        "hash": view.hash,
        "title": content.pop("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "clear_on_close": content.pop("clear_on_close", False),
        "notify_on_close": content.pop("notify_on_close", False),
        "close": content.pop("close", None),
        "submit": content.pop("submit", None),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": world.app_id,
        "external_id": content.pop("external_id", ""),
        "app_installed_team_id": world.team_id,
        "bot_id": world.bot_id,
    }


def _new(world: World, user: str, content: Json, kind: Literal["modal", "home"] = "modal") -> View:
    accepted = _accepted(world, content, kind)
    view_id = world.new_id("V")
    return View(view_id, user, accepted, _new_hash(world), root_id=view_id)


def _accepted(world: World, content: Json, kind: Literal["modal", "home"], instead_of: View | None = None) -> Json:
    if view_is_too_large(content):
        raise SlackError("view_too_large")
    if complaints := check_view(content, kind):
        messages = [f"[ERROR] {words}" for words in complaints]
        raise SlackError("invalid_arguments", response_metadata={"messages": messages})
    others = (view for view in world.views() if view is not instead_of)
    if (name := content.get("external_id")) and any(view.content.get("external_id") == name for view in others):
        raise SlackError("duplicate_external_id")
    return {**copy.deepcopy(content), "blocks": as_stored(content["blocks"], lambda: world.new_id("b"))}


def _new_hash(world: World) -> str:
    return f"{int(world.clock())}.{world.new_id('')}"
