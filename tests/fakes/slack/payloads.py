"""The shapes of what Slack sends to an app, with all their usual fields."""

import html
import re
from typing import Any
from urllib.parse import urlencode

from . import views
from .blocks import Json
from .controls import state_of
from .world import Channel, Message, User, View, World

VERIFICATION_TOKEN = "deprecated-and-never-to-be-trusted"


def slash_command(world: World, user: User, command: str, text: str, channel: Channel, response_url: str) -> bytes:
    """A slash command, the only payload that is a plain form."""
    return urlencode(
        {
            "token": VERIFICATION_TOKEN,
            "team_id": user.team_id,
            "team_domain": world.team_domain,
            "channel_id": channel.id,
            "channel_name": channel.shown_name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": world.app_id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": world.new_trigger(user.id),
        }
    ).encode()


def global_shortcut(world: World, user: User, callback_id: str) -> Json:
    return {
        "type": "shortcut",
        "token": VERIFICATION_TOKEN,
        "action_ts": world.new_ts(),
        "team": _team(world),
        "user": {"id": user.id, "username": user.name, "team_id": user.team_id},
        "is_enterprise_install": False,
        "enterprise": None,
        "callback_id": callback_id,
        "trigger_id": world.new_trigger(user.id),
    }


def message_shortcut(world: World, user: User, callback_id: str, message: Message, response_url: str) -> Json:
    channel = world.channels[message.channel]
    return {
        "type": "message_action",
        "token": VERIFICATION_TOKEN,
        "action_ts": world.new_ts(),
        "team": _team(world),
        "user": {"id": user.id, "username": user.name, "team_id": user.team_id, "name": user.name},
        "channel": {"id": channel.id, "name": channel.shown_name},
        "is_enterprise_install": False,
        "enterprise": None,
        "callback_id": callback_id,
        "trigger_id": world.new_trigger(user.id),
        "response_url": response_url,
        "message_ts": message.ts,
        "message": message.as_json(),
    }


def press_in_message(world: World, user: User, message: Message, action: Json, response_url: str) -> Json:
    """A press in a message; of an ephemeral one Slack sends no content."""
    channel = world.channels[message.channel]
    ephemeral = message.only_for is not None
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
    }
    return {
        **_pressed(world, user, container),
        "channel": {"id": channel.id, "name": channel.shown_name},
        **({} if ephemeral else {"message": message.as_json()}),
        "state": {"values": state_of(message.blocks, message.typed.get(user.id, {}))},
        "response_url": response_url,
        "actions": [action],
    }


def press_in_view(world: World, user: User, view: View, action: Json) -> Json:
    return {
        **_pressed(world, user, {"type": "view", "view_id": view.id}),
        "view": views.as_json(world, view, with_state=True),
        "actions": [action],
    }


def view_submission(world: World, user: User, view: View) -> Json:
    return {
        "type": "view_submission",
        "team": _team(world),
        "user": _user(user),
        "api_app_id": world.app_id,
        "token": VERIFICATION_TOKEN,
        "trigger_id": world.new_trigger(user.id),
        "view": views.as_json(world, view, with_state=True),
        "response_urls": [],
        "is_enterprise_install": False,
        "enterprise": None,
    }


def view_closed(world: World, user: User, view: View, *, is_cleared: bool) -> Json:
    return {
        "type": "view_closed",
        "team": _team(world),
        "user": _user(user),
        "api_app_id": world.app_id,
        "token": VERIFICATION_TOKEN,
        "view": views.as_json(world, view, with_state=True),
        "is_cleared": is_cleared,
        "is_enterprise_install": False,
        "enterprise": None,
    }


def suggestion(world: World, user: User, view: View, block: Json, element: Json, typed: str) -> Json:
    """What a person has typed so far into an external select."""
    return {
        "type": "block_suggestion",
        "user": _user(user),
        "container": {"type": "view", "view_id": view.id},
        "api_app_id": world.app_id,
        "token": VERIFICATION_TOKEN,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "value": typed,
        "team": _team(world),
        "enterprise": None,
        "is_enterprise_install": False,
        "view": views.as_json(world, view, with_state=True),
    }


def action_of(world: World, block: Json, element: Json, state: Json | None = None) -> Json:
    """The entry of `actions` for an element: a button says what it is, an input what it now holds."""
    shown = ("text", "value", "style", "url", "placeholder")
    carried: dict[str, Any] = {name: element[name] for name in shown if name in element}
    return {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        **carried,
        **(state or {}),
        "action_ts": world.new_ts(),
    }


def event_callback(world: World, event: Json) -> Json:
    """The envelope of an event."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": world.team_id,
        "context_team_id": world.team_id,
        "context_enterprise_id": None,
        "api_app_id": world.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": world.new_id("Ev"),
        "event_time": int(world.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": world.team_id,
                "user_id": world.bot_user.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": _is_shared(world, event),
        "event_context": world.new_id("4-"),
    }


def marked_up(typed: str) -> str:
    """Text as Slack passes on what was typed in a message: three characters escaped, addresses made links."""
    pieces = re.split(r"(<[@#!][^>]*>)", typed)  # mentions stay as they are
    pieces[::2] = [_linked(html.escape(piece, quote=False)) for piece in pieces[::2]]
    return "".join(pieces)


def said(world: World, user: User, channel: Channel, message: Message, kind: str = "message") -> Json:
    """A message somebody wrote, as `message` or `app_mention` event."""
    rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": html.unescape(message.text)}]}
    channel_type = {"im": "im", "groups": "group", "channels": "channel"}[channel.kind]
    return {
        "user": user.id,
        "type": kind,
        "ts": message.ts,
        "client_msg_id": world.new_id("c0ffee00-"),
        "text": message.text,
        "team": user.team_id,
        **({"user_team": user.team_id, "source_team": user.team_id} if user.team_id != world.team_id else {}),
        "blocks": [{"type": "rich_text", "block_id": world.new_id("b"), "elements": [rich]}],
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        "channel": channel.id,
        "event_ts": message.ts,
        **({"channel_type": channel_type} if kind == "message" else {}),
    }


def home_opened(world: World, user: User) -> Json:
    view = world.homes.get(user.id)
    return {
        "type": "app_home_opened",
        "user": user.id,
        "channel": world.dm_with(user).id,
        "tab": "home",
        **({"view": views.as_json(world, view, with_state=True)} if view else {}),
        "event_ts": world.new_ts(),
    }


def joined(world: World, user: User, channel: Channel) -> Json:
    return {
        "type": "member_joined_channel",
        "user": user.id,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": user.team_id,
        "event_ts": world.new_ts(),
    }


def _linked(text: str) -> str:
    text = re.sub(r"https?://\S+", lambda found: f"<{found[0]}>", text)
    return re.sub(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", lambda found: f"<mailto:{found[0]}|{found[0]}>", text)


def _pressed(world: World, user: User, container: Json) -> Json:
    return {
        "type": "block_actions",
        "user": _user(user),
        "api_app_id": world.app_id,
        "token": VERIFICATION_TOKEN,
        "container": container,
        "trigger_id": world.new_trigger(user.id),
        "team": _team(world),
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _team(world: World) -> Json:
    return {"id": world.team_id, "domain": world.team_domain}


def _user(user: User) -> Json:
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id}


def _is_shared(world: World, event: Json) -> bool:
    channel = world.channels.get(str(event.get("channel")))
    return channel is not None and channel.is_ext_shared
