"""A turn of the Bot Framework, checked field by field, and what it means for the desk."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from psirf_bot.adapters.teams import messages
from psirf_bot.adapters.teams.members import Member
from psirf_bot.cards import adaptive
from psirf_bot.casework.inbound import Actor, Added, Chosen, Inbound, Place, Pressed, Said

CHANNEL = "msteams"
THREAD = ";messageid="
OPENING = frozenset({"task/fetch", "composeExtension/fetchTask"})
"""Invokes that ask for a window of its own (a dialog), from a button or from the app's entry beside a message."""
SUBMITTING = frozenset({"task/submit", "composeExtension/submitAction"})
"""Invokes of a button in such a window."""
_INPUTS = 100  # on one card
_FROM_A_BOX = frozenset({"compose", "commandbox"})

What = Said | Pressed | Chosen | Added

Id = Annotated[str, Field(min_length=1, max_length=1000)]
_MANY = 2000  # people added at once, or mentioned; nothing more is looked at before the token has been checked


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel)


class Account(_Part):
    """Somebody in a conversation, people and bots alike. Those who are not signed in have no object id."""

    id: Id
    name: str | None = None
    aad_object_id: str | None = None


class Conversation(_Part):
    id: Id
    conversation_type: str | None = None
    tenant_id: str | None = None


class _Tenant(_Part):
    id: str | None = None


class _Channel(_Part):
    type: str | None = None


class _ChannelData(_Part):
    tenant: _Tenant | None = None
    channel: _Channel | None = None


class Activity(_Part):
    """The fields that we use of what the connector posts to us. Anything else is passed over."""

    type: Id
    id: Id
    channel_id: Id
    service_url: Id
    sender: Account = Field(alias="from")
    recipient: Account
    conversation: Conversation
    channel_data: _ChannelData | None = None
    name: str | None = None
    text: str | None = None
    value: Any = None
    attachments: Annotated[list[Any], Field(max_length=_MANY)] | None = None
    entities: Annotated[list[Any], Field(max_length=_MANY)] | None = None
    members_added: Annotated[list[Account], Field(max_length=_MANY, fail_fast=True)] | None = None
    action: str | None = None
    reply_to_id: str | None = None

    @property
    def key(self) -> str:
        """The same for every delivery of the same turn."""
        return f"teams:{self.conversation.id}:{self.id}"

    @property
    def is_invoke(self) -> bool:
        """Whether the person's client waits for what we answer."""
        return self.type == "invoke"

    @property
    def is_in_window(self) -> bool:
        """Whether the answer is shown in a window of its own."""
        return self.is_invoke and self.name in OPENING | SUBMITTING

    @property
    def is_personal(self) -> bool:
        """Whether one person is alone with the bot. Teams also calls a chat of two people personal."""
        chat, bot = self.conversation, self.recipient.id.removeprefix("28:")
        return chat.conversation_type == "personal" and (not chat.id.startswith("19:") or bot in chat.id)

    @property
    def is_own_channel(self) -> bool:
        """Whether it is a channel of the trust alone: in group chats and shared channels others may read along."""
        channel = self.channel_data.channel if self.channel_data else None
        shared = channel is not None and (channel.type or "").casefold() == "shared"
        return self.conversation.conversation_type == "channel" and not shared

    @property
    def submitted(self) -> dict[str, object]:
        """What a button in a window sent, as it can be sent again; nothing when there is no window yet."""
        data = _inside(self.value, "data") if self.is_in_window and self.name in SUBMITTING else None
        return _as_sent_by_cards(data) if isinstance(data, dict) and _pressed(data) else {}

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants that this turn says it comes from, in lower case."""
        channel_data = self.channel_data and self.channel_data.tenant and self.channel_data.tenant.id
        return frozenset(tenant.casefold() for tenant in (channel_data, self.conversation.tenant_id) if tenant)


def activity_in(raw: bytes) -> Activity:
    """The activity in a body. Raises ValueError, and RecursionError for JSON that is nested too deeply."""
    try:
        return Activity.model_validate_json(raw)
    except ValidationError:  # half a character is one: words that an input cut in the middle of an emoji
        whole = json.dumps(json.loads(raw), ensure_ascii=False).encode(errors="ignore")
        return Activity.model_validate_json(whole)


def what_it_means(activity: Activity) -> What | None:
    """What somebody said, pressed or chose; None when it is nothing that we answer to."""
    match activity.type, activity.name:
        case "invoke", "adaptiveCard/action":
            return _pressed(_inside(_inside(activity.value, "action"), "data"))
        case "invoke", "composeExtension/fetchTask":
            return _chosen(activity.value)
        case "invoke", _ if activity.is_in_window:
            return _pressed(_inside(activity.value, "data"))
        case "message", _ if pressed := _pressed(activity.value):  # from a client that knows no Action.Execute
            return pressed
        case "message", _ if activity.is_personal or _mentions(activity):
            said = _said(activity)
            return said if activity.value is None or said.text else None  # a button of somebody else's card
        case "conversationUpdate", _ if _bot_was_added(activity):
            return Added()
        case "installationUpdate", _ if activity.action == "add":  # all that comes when it is added once more
            return Added()
    return None


def inbound(activity: Activity, what: What, member: Member, tenant: str, arrived: float) -> Inbound:
    """The turn as the desk takes it."""
    actor = Actor("teams", tenant, member.object_id, member.name, member.email)
    key = activity.key
    if isinstance(what, Added):  # two activities say so at once, and one of them alone at a later time
        key = f"teams:{activity.conversation.id}:added"
    return Inbound(actor, _place(activity, what, tenant, member.chat), key, what, arrived)


def _place(activity: Activity, what: What, tenant: str, chat: str) -> Place:
    where, alone = activity.conversation.id, activity.is_personal
    address = {"service_url": activity.service_url, "conversation": where, "tenant": tenant}
    address["bot"] = activity.recipient.id
    if activity.is_in_window:
        private = where if alone else chat
        return Place(where, private=True, address={**address, "conversation": private} if private else {})
    message = activity.reply_to_id if isinstance(what, Pressed) else None
    serves = activity.is_own_channel or (isinstance(what, Added) and not alone)
    channel = {**address, "conversation": without_thread(where)} if serves else {}
    # A card where others read along stays as it is for all of them: what it shows one person goes to them in private.
    inline = activity.is_invoke and alone
    return Place(where, alone, inline, message, address, channel, passing=inline)


def without_thread(conversation: str) -> str:
    """The channel that a thread is in; any other conversation as it is."""
    return conversation.partition(THREAD)[0]


def _inside(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _chosen(value: object) -> Chosen | Said | None:
    """The app's entry beside a message brings its words along; from a box where people write there are none."""
    context, payload = _inside(value, "commandContext"), _inside(value, "messagePayload")
    if isinstance(context, str) and context.casefold() in _FROM_A_BOX:
        return Said("report")
    if context != "message" or not isinstance(payload, dict):
        return None
    body = payload.get("body")
    content, kind = _inside(body, "content"), _inside(body, "contentType")
    if not isinstance(body, dict | None) or not isinstance(content, str | None):
        return None
    return Chosen(messages.words(content or "", is_html=kind != "text"))


def _pressed(data: object) -> Pressed | None:
    if not isinstance(data, dict) or not isinstance(data.get("action"), str):
        return None
    return Pressed(data["action"], adaptive.given(_as_sent_by_cards(data)))


def _as_sent_by_cards(data: Mapping[str, object]) -> dict[str, object]:
    """Only what a card of ours can send. Inputs come as strings, in some clients numbers as numbers."""
    kept: dict[str, object] = {}
    for name, value in data.items():
        if isinstance(value, str) or value is None:
            kept[name] = value
        elif isinstance(value, int | float):
            kept[name] = str(value)
    for ours in ("asked", "several"):
        names = data.get(ours)
        if isinstance(names, list):
            kept[ours] = list(dict.fromkeys(name for name in names if isinstance(name, str)))[:_INPUTS]
    return kept


def _mentions(activity: Activity) -> list[str]:
    """How the bot stands mentioned in the text."""
    return [
        str(entity.get("text") or "")
        for entity in activity.entities or []
        if isinstance(entity, dict)
        and entity.get("type") == "mention"
        and isinstance(entity.get("mentioned"), dict)
        and entity["mentioned"].get("id") == activity.recipient.id
    ]


def _said(activity: Activity) -> Said:
    """The words, from their HTML where they stand there alone, and whether a picture or a file came with them."""
    attachments, text, mentions = (
        activity.attachments or [],
        activity.text or "",
        list(filter(None, _mentions(activity))),
    )
    for mention in mentions:
        text = text.replace(mention, " ")
    text = re.sub(r"&nbsp;|\u00a0", " ", text)  # Teams sets a fixed space after a mention
    text = messages.without_names(text).strip()
    return Said(text or messages.rich_words(attachments, mentions), files=messages.has_files(attachments))


def _bot_was_added(activity: Activity) -> bool:
    return any(account.id == activity.recipient.id for account in activity.members_added or [])
