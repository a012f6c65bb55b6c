"""The Web API's methods: each takes the workspace and the arguments, and returns the answer or raises SlackError."""

from collections.abc import Callable
from typing import Any

from . import views
from .blocks import Json
from .posting import check_content, edit, metadata_of, unposted
from .world import Channel, Message, SlackError, User, World

Args = dict[str, Any]
Method = Callable[[World, Args], Json]


def auth_test(world: World, args: Args) -> Json:
    return {
        "url": f"https://{world.team_domain}.slack.com/",
        "team": world.team_domain,
        "user": world.bot_user.name,
        "team_id": world.team_id,
        "user_id": world.bot_user.id,
        "bot_id": world.bot_id,
        "is_enterprise_install": False,
    }


def users_info(world: World, args: Args) -> Json:
    _need(world, "users:read")
    user = world.user(args.get("user"))
    shown = user.as_json(with_email="users:read.email" in world.scopes, with_locale=_flag(args, "include_locale"))
    return {"user": shown}


def conversations_open(world: World, args: Args) -> Json:
    _need(world, "im:write")
    user = world.user(args.get("users"))
    if user.deleted:
        raise SlackError("user_disabled")
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    return {"no_op": False, "already_open": False, "channel": {"id": world.dm_with(user).id}}


def conversations_info(world: World, args: Args) -> Json:
    channel = _visible(world, args, "read")
    return {"channel": _channel_json(world, channel)}


def conversations_history(world: World, args: Args) -> Json:
    channel = _readable(world, args)
    roots = [m for m in channel.messages if not m.deleted and m.thread_ts in (None, m.ts)]
    return _page(list(reversed(_between(roots, args))), args)


def conversations_replies(world: World, args: Args) -> Json:
    channel = _readable(world, args)
    if (root := channel.find(str(args.get("ts")))) is None:
        raise SlackError("thread_not_found")
    replies = [m for m in channel.messages if m.thread_ts == root.ts and m is not root and not m.deleted]
    return _page([root, *_between(replies, args)], args)


def chat_post_message(world: World, args: Args) -> Json:
    _need(world, "chat:write")
    channel = _postable(world, args.get("channel"))
    message = unposted(world, channel, args)
    if message.thread_ts and channel.find(message.thread_ts) is None:
        raise SlackError("thread_not_found")
    channel.messages.append(message)
    reply = {"channel": channel.id, "ts": message.ts, "message": message.as_json(with_metadata=True)}
    if len(str(args.get("text") or "")) > len(message.text):
        return {**reply, "warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return reply


def chat_post_ephemeral(world: World, args: Args) -> Json:
    _need(world, "chat:write")
    channel = _postable(world, args.get("channel"))
    user = world.user(args.get("user"))
    if user.id not in channel.members or user.deleted:
        raise SlackError("user_not_in_channel")
    message = unposted(world, channel, args)
    message.only_for = user.id
    channel.ephemerals.append(message)
    return {"message_ts": message.ts}


def chat_update(world: World, args: Args) -> Json:
    _need(world, "chat:write")
    channel, message = _own(world, args, "cant_update_message")
    check_content(args, updating=True)
    edit(world, message, args)
    if "metadata" in args:
        message.metadata = metadata_of(args)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message.as_json()}


def chat_delete(world: World, args: Args) -> Json:
    _need(world, "chat:write")
    channel, message = _own(world, args, "cant_delete_message")
    message.deleted = True
    return {"channel": channel.id, "ts": message.ts}


def views_open(world: World, args: Args) -> Json:
    user = views.check_trigger(world, args.get("trigger_id"))
    view = views.open_view(world, user, _view(args))
    world.triggers[args["trigger_id"]].exchanged = True
    return {"view": views.as_json(world, view)}


def views_push(world: World, args: Args) -> Json:
    user = views.check_trigger(world, args.get("trigger_id"))
    view = views.push_view(world, user, _view(args))
    world.triggers[args["trigger_id"]].exchanged = True
    return {"view": views.as_json(world, view)}


def views_update(world: World, args: Args) -> Json:
    view = views.find_view(world, view_id=args.get("view_id"), external_id=args.get("external_id"))
    views.update_view(world, view, _view(args), args.get("hash"))
    return {"view": views.as_json(world, view)}


def views_publish(world: World, args: Args) -> Json:
    user = world.user(args.get("user_id"))
    view = views.publish_home(world, user.id, _view(args), args.get("hash"))
    return {"view": views.as_json(world, view)}


METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "users.info": users_info,
    "conversations.open": conversations_open,
    "conversations.info": conversations_info,
    "conversations.history": conversations_history,
    "conversations.replies": conversations_replies,
    "chat.postMessage": chat_post_message,
    "chat.postEphemeral": chat_post_ephemeral,
    "chat.update": chat_update,
    "chat.delete": chat_delete,
    "views.open": views_open,
    "views.push": views_push,
    "views.update": views_update,
    "views.publish": views_publish,
}


def _need(world: World, *scopes: str) -> None:
    """Refuse unless the token has one of these scopes."""
    if not world.scopes.intersection(scopes):
        raise SlackError("missing_scope", needed=",".join(scopes), provided=",".join(sorted(world.scopes)))


def _flag(args: Args, name: str) -> bool:
    return str(args.get(name, "")).lower() in ("1", "true")


def _view(args: Args) -> Json:
    if not isinstance(args.get("view"), dict):
        messages = ["[ERROR] missing required field: view"]
        raise SlackError("invalid_arguments", response_metadata={"messages": messages})
    view: Json = args["view"]
    return view


def _visible(world: World, args: Args, purpose: str) -> Channel:
    """The channel, if the bot may know of it: a private one that it is not in does not exist for it."""
    _need(world, *(f"{kind}:{purpose}" for kind in ("channels", "groups", "im")))
    channel = world.channel(args.get("channel"))
    if channel.kind != "channels" and world.bot_user.id not in channel.members:
        raise SlackError("channel_not_found")
    _need(world, f"{channel.kind}:{purpose}")
    return channel


def _readable(world: World, args: Args) -> Channel:
    channel = _visible(world, args, "history")
    if world.bot_user.id not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _postable(world: World, channel_id: Any) -> Channel:
    """Where the bot may post: a conversation that it is in, or a person, whose direct message is opened."""
    if (user := world.users.get(str(channel_id))) is not None:
        if user.deleted or user.is_bot:
            raise SlackError("channel_not_found")
        return world.dm_with(user)
    channel = world.channel(channel_id)
    inside = world.bot_user.id in channel.members
    if channel.is_private and not inside:
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not inside and "chat:write.public" not in world.scopes:
        raise SlackError("not_in_channel")
    if channel.im_user and world.users[channel.im_user].deleted:
        raise SlackError("channel_not_found")
    return channel


def _own(world: World, args: Args, refusal: str) -> tuple[Channel, Message]:
    channel = world.channel(args.get("channel"))
    if channel.is_archived:
        raise SlackError("is_archived")
    if (message := channel.find(str(args.get("ts")))) is None:
        raise SlackError("message_not_found")
    if message.user != world.bot_user.id:
        raise SlackError(refusal)
    return channel, message


def _channel_json(world: World, channel: Channel) -> Json:
    common = {
        "id": channel.id,
        "created": 1_700_000_000,
        "is_im": bool(channel.im_user),
        "is_archived": channel.is_archived,
        "is_org_shared": False,
        "context_team_id": world.team_id,
    }
    if channel.im_user:
        user: User = world.users[channel.im_user]
        return {**common, "user": user.id, "is_user_deleted": user.deleted, "is_open": True}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_general": False,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": False,
        "is_member": world.bot_user.id in channel.members,
        "num_members": len(channel.members),
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def _between(messages: list[Message], args: Args) -> list[Message]:
    """The messages after `oldest` and before `latest`; `inclusive` admits both ends."""
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    inclusive = _flag(args, "inclusive")
    return [m for m in messages if oldest < float(m.ts) < latest or (inclusive and float(m.ts) in (oldest, latest))]


def _page(messages: list[Message], args: Args) -> Json:
    """One page; the cursor is where the next one starts."""
    limit = int(args.get("limit") or 100)
    if not 1 <= limit <= 999:
        raise SlackError("invalid_limit")
    cursor = str(args.get("cursor") or "from:0")
    if not cursor.startswith("from:") or not cursor[5:].isdigit():
        raise SlackError("invalid_cursor")
    start = int(cursor[5:])
    more = len(messages) > start + limit
    with_metadata = _flag(args, "include_all_metadata")
    page = [m.as_json(with_metadata=with_metadata) for m in messages[start : start + limit]]
    following = {"response_metadata": {"next_cursor": f"from:{start + limit}"}} if more else {}
    return {"messages": page, "has_more": more, **following}
