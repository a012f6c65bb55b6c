"""What a message must be to be posted, and posting it: by the Web API, by response_url, or in an acknowledgement."""

from typing import Any

from .blocks import Json, as_stored
from .rules import POST_TEXT, UPDATE_TEXT, check_blocks, too_many_words
from .world import RESPONSE_URL_SECONDS, RESPONSE_URL_USES, Channel, Message, SlackError, World


def check_content(content: Json, *, updating: bool = False) -> None:
    """Refuse a message without content or beyond Slack's limits."""
    blocks = content.get("blocks")
    if not content.get("text") and not blocks:
        raise SlackError("no_text")
    if updating and len(str(content.get("text") or "")) > UPDATE_TEXT:
        raise SlackError("msg_too_long")
    if not blocks:
        return
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if complaints := check_blocks(blocks):
        messages = [f"[ERROR] {words}" for words in complaints]
        raise SlackError("invalid_blocks", errors=complaints, response_metadata={"messages": messages})
    if too_many_words(blocks):
        raise SlackError("msg_blocks_too_long")


def metadata_of(content: Json) -> Json | None:
    """The message's metadata, which comes back from history."""
    metadata = content.get("metadata")
    if not metadata:
        return None
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    return metadata


def unposted(world: World, channel: Channel, content: Json) -> Message:
    """The app's message, checked and stamped, not yet to be seen anywhere."""
    check_content(content)
    return Message(
        channel=channel.id,
        ts=world.new_ts(),
        user=world.bot_user.id,
        text=str(content.get("text") or "")[:POST_TEXT],
        blocks=as_stored(content.get("blocks") or [], lambda: world.new_id("b")),
        metadata=metadata_of(content),
        thread_ts=content.get("thread_ts"),
        bot=world.bot_marks(),
    )


def edit(world: World, message: Message, content: Json) -> None:
    """Replace a message's content. Text without blocks removes the blocks, and only then is it marked as edited."""
    blocks = content.get("blocks")
    text_alone = bool(content.get("text")) and blocks is None
    if "text" in content:
        message.text = str(content["text"] or "")
    if blocks is not None or text_alone:
        message.blocks = as_stored(blocks or [], lambda: world.new_id("b"))
    message.edited = world.new_ts() if text_alone else None
    message.edits += 1


def answer(world: World, user: str, channel: Channel, content: Json, original: Message | None = None) -> None:
    """What `respond()` and the body of a slash command's acknowledgement do."""
    if _yes(content.get("delete_original")) and original:
        original.deleted = True
        return
    if _yes(content.get("replace_original")) and original:
        check_content(content)
        edit(world, original, content)
        return
    message = unposted(world, channel, content)
    if content.get("response_type") == "in_channel":
        channel.messages.append(message)
    else:
        message.only_for = user
        channel.ephemerals.append(message)


def use_response_url(world: World, name: str, content: Json) -> None:
    """Answer by response_url: five times in thirty minutes."""
    if (place := world.response_urls.get(name)) is None:
        raise SlackError("invalid_url")
    if world.clock() - place.at > RESPONSE_URL_SECONDS:
        raise SlackError("expired_url")
    if place.uses >= RESPONSE_URL_USES:
        raise SlackError("used_url")
    answer(world, place.user, world.channels[place.channel], content, place.original)
    place.uses += 1


def _yes(value: Any) -> bool:
    return value in (True, "true")
