"""What Slack's payloads mean: each becomes a turn, which says what the desk needs and where its answer can be shown."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from psirf_bot.adapters.slack.mentions import heard, plain
from psirf_bot.cards import slack_inputs
from psirf_bot.casework.inbound import Chosen, Opened, Place, Pressed, Said, What

Json = dict[str, Any]

# A person's words carry these subtypes too: with a file, sent to the channel as well, or typed after /me.
_SPOKEN = (None, "file_share", "thread_broadcast", "me_message")
_PRESSED = ("press:", "open:")
REPORT = "psirf_report"
REPORT_MESSAGE = "psirf_report_message"
"""The shortcuts, by the callback ids that the app's settings give them."""


class Unreadable(ValueError):
    """An interaction without what every such interaction has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing that a person did. `key` is Slack's own id of it; `arrived` is by the monotonic clock.

    `colleagues`: the user ids that were picked, by input id; those mentioned in words stand under IN_WORDS.
    """

    key: str
    user: str
    what: What
    place: Place
    colleagues: Mapping[str, list[str]] = field(default_factory=dict)
    arrived: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Turn):
    """A slash command. `trigger` opens a modal, once and within three seconds."""

    trigger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePress(Turn):
    """A button in a message; `ephemeral` when only this person sees that message, and Slack forgets it."""

    trigger: str
    channel: str
    message: str
    thread: str | None
    ephemeral: bool
    response_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(Turn):
    """What is answered in a modal of its own: a shortcut, a button on App Home, a button that opens something."""

    trigger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOpened(Turn):
    """Somebody went to the app's Home tab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPress(Turn):
    """A button inside a modal. `hash` tells whether the modal has changed since."""

    trigger: str
    view: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Turn):
    """A modal that was submitted. `first_input` is the block under which a word can be shown, if there is one."""

    first_input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken(Turn):
    """Words in a direct message, or after a mention in a channel; `shared` when another organisation reads along."""

    channel: str
    thread: str | None
    shared: bool


def team_of(body: Json) -> str | None:
    """The workspace that a payload comes from; None when it names none."""
    match body:
        case {"team_id": str(team)} | {"team": {"id": str(team)}} | {"user": {"team_id": str(team)}}:
            return team
    return None


def read(body: Json) -> Turn | None:
    """The turn in a payload; None when there is nothing to do. Raises Unreadable."""
    match body:
        case {"command": str()}:
            return _command(body)
        case {"type": "block_actions"}:
            return _press(body)
        case {"type": "view_submission"}:
            return _submission(body)
        case {"type": "shortcut" | "message_action"}:
            return _shortcut(body)
        case {"type": "event_callback", "event": {"type": "app_home_opened"}}:
            return _home(body)
        case {"type": "event_callback"}:
            return _spoken(body)
    return None


def _command(body: Json) -> Command:
    match body:
        case {"trigger_id": str(trigger), "user_id": str(user), "text": str(text)}:
            typed_in = str(body.get("channel_id", ""))
            channel = {"channel": typed_in} if typed_in and not typed_in.startswith("D") else {}
            place = replace(_private(user), channel=channel)
            said, colleagues = heard(text)
            said = replace(said, command=True)
            key = f"slack:cmd:{trigger}"
            return Command(key=key, user=user, what=said, place=place, colleagues=colleagues, trigger=trigger)
    raise Unreadable


def _shortcut(body: Json) -> Opening | None:
    match body:
        case {"type": "shortcut", "callback_id": callback, "trigger_id": str(trigger), "user": {"id": str(user)}}:
            what: What = Said("report")
            ours = callback == REPORT
        case {
            "type": "message_action",
            "callback_id": callback,
            "trigger_id": str(trigger),
            "user": {"id": str(user)},
            "message": dict(message),
        }:
            what = Chosen(plain(str(message.get("text") or "")))
            ours = callback == REPORT_MESSAGE
        case _:
            raise Unreadable
    key = f"slack:cut:{trigger}"
    return Opening(key=key, user=user, what=what, place=_private(user), trigger=trigger) if ours else None


def _home(body: Json) -> HomeOpened | None:
    match body:
        case {"event_id": str(id), "event": {"user": str(user), "tab": "home"}}:
            place = replace(_private(user), address={})
            return HomeOpened(key=f"slack:evt:{id}", user=user, what=Opened({"home": user}), place=place)
    return None  # the messages tab is a direct message like any other


def _press(body: Json) -> MessagePress | ViewPress | Opening | None:
    match body:
        case {
            "actions": [{"action_id": str(button), "value": str(action)}, *_],
            "trigger_id": str(trigger),
            "user": {"id": str(user)},
        } if button.startswith(_PRESSED):
            key = f"slack:act:{trigger}"
        case {"actions": [{"action_id": str(), **rest}, *_]} if "value" not in rest:
            return None  # a link that was opened, or an input that was touched
        case _:
            raise Unreadable
    match body:
        case {"view": {"type": "home"}}:
            return Opening(key=key, user=user, what=Pressed(action), place=_private(user), trigger=trigger)
        case {"view": {"id": str(view), "hash": str(hash), "state": {"values": dict(values)}}}:
            given, picked = _held(values)
            return ViewPress(
                key=key,
                user=user,
                what=Pressed(action, given),
                colleagues=picked,
                place=_private(user),
                trigger=trigger,
                view=view,
                hash=hash,
            )
        case {"container": {"message_ts": str()}, "channel": {"id": str()}} if button.startswith("open:"):
            return Opening(key=key, user=user, what=Pressed(action), place=_private(user), trigger=trigger)
        case {"container": {"message_ts": str()}, "channel": {"id": str()}}:
            return _message_press(body, key, user, action, trigger)
    raise Unreadable


def _message_press(body: Json, key: str, user: str, action: str, trigger: str) -> MessagePress:
    channel, container = body["channel"]["id"], body["container"]
    message, thread = container["message_ts"], _thread(container)
    ephemeral, direct = container.get("is_ephemeral") is True, channel.startswith("D")
    place = _private(user, None if ephemeral else message) if ephemeral or direct else _channel(channel, message)
    return MessagePress(
        key=key,
        user=user,
        what=Pressed(action, _held(body.get("state", {}).get("values", {}))[0]),
        place=replace(place, thread=thread_address(thread)) if direct else place,
        trigger=trigger,
        channel=channel,
        message=message,
        thread=thread,
        ephemeral=ephemeral,
        response_url=str(body.get("response_url", "")),
    )


def _submission(body: Json) -> Submission:
    match body:
        case {
            "user": {"id": str(user)},
            "view": {
                "type": "modal",
                "callback_id": "psirf",
                "private_metadata": str(held),
                "state": {"values": dict(values)},
                "blocks": list(blocks),
            },
        }:
            given, picked = _held(values)
            inputs = (block["block_id"] for block in blocks if block["type"] == "input")
            return Submission(
                key=f"slack:view:{body.get('trigger_id') or _fingerprint(body['view'])}",
                user=user,
                what=Pressed(_action(held), given),
                colleagues=picked,
                place=_private(user),
                first_input=next(inputs, ""),
            )
    raise Unreadable


def _fingerprint(view: Json) -> str:
    """Stands in for the id that Slack sends with a submission, but does not promise: the same view, held the same."""
    held = json.dumps([view.get("id"), view.get("hash"), view["private_metadata"], view["state"]], sort_keys=True)
    return hashlib.sha256(held.encode()).hexdigest()


def _spoken(body: Json) -> Spoken | None:
    """What a person said. What an app said, an edit and everything else that happens in Slack is nothing to answer."""
    event = body.get("event")
    match body:
        case {"event_id": str(id), "event": {"user": str(user), "text": str(text), "channel": str(channel)}}:
            pass
        case _:
            return None
    if not isinstance(event, dict) or "bot_id" in event or "edited" in event or event.get("subtype") not in _SPOKEN:
        return None
    match event:
        case {"type": "message", "channel_type": "im"}:
            place = _private(user, inline=False)
        case {"type": "app_mention"}:
            place = _channel(channel, inline=False)
        case _:
            return None
    said, colleagues = heard(text, bot=_bot(body))
    return Spoken(
        key=f"slack:evt:{id}",
        user=user,
        what=replace(said, files=bool(event.get("files"))),
        colleagues=colleagues,
        place=replace(place, thread=thread_address(_thread(event))) if place.private else place,
        channel=channel,
        thread=_thread(event),
        shared=body.get("is_ext_shared_channel") is True,
    )


def _bot(body: Json) -> str:
    """The bot's own user id, which the envelope of every event names."""
    match body:
        case {"authorizations": [{"user_id": str(bot)}, *_]}:
            return bot
    return ""


def _thread(where: Json) -> str | None:
    return where.get("thread_ts")


def thread_address(thread: str | None) -> dict[str, str]:
    """What is added to the address of a direct message for a thread there."""
    return {"thread": thread} if isinstance(thread, str) else {}


def _held(values: Json) -> tuple[dict[str, object], dict[str, list[str]]]:
    """What the inputs held, and who was picked in them."""
    try:
        return slack_inputs.given(values), slack_inputs.picked(values)
    except (AttributeError, KeyError, TypeError):
        raise Unreadable from None


def _action(private_metadata: str) -> str:
    try:
        return str(json.loads(private_metadata)["action"])
    except (ValueError, KeyError, TypeError):
        raise Unreadable from None


def _private(user: str, message: str | None = None, *, inline: bool = True) -> Place:
    """With this person alone, wherever in Slack that is: their direct message with the bot is the way back."""
    return Place(conversation=user, private=True, inline=inline, message=message, address={"user": user})


def _channel(channel: str, message: str | None = None, *, inline: bool = True) -> Place:
    address = {"channel": channel}
    return Place(channel, private=False, inline=inline, message=message, address=address, channel=address)
