"""A turn of the Bot Framework, checked field by field, and what it means for the desk."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from psirf_bot.adapters.teams.members import Member
from psirf_bot.cards import adaptive
from psirf_bot.casework.inbound import Actor, Inbound, Place, Pressed, Said

CHANNEL = "msteams"
THREAD = ";messageid="

Id = Annotated[str, Field(min_length=1, max_length=1000)]


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


class _ChannelData(_Part):
    tenant: _Tenant | None = None


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
    entities: list[Any] | None = None
    members_added: list[Account] | None = None
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
    def is_personal(self) -> bool:
        return self.conversation.conversation_type == "personal"

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants that this turn says it comes from, in lower case."""
        channel_data = self.channel_data and self.channel_data.tenant and self.channel_data.tenant.id
        return frozenset(tenant.casefold() for tenant in (channel_data, self.conversation.tenant_id) if tenant)


def what_it_means(activity: Activity) -> Said | Pressed | None:
    """What somebody said or pressed; None when it is nothing that we answer to."""
    match activity.type:
        case "invoke" if activity.name == "adaptiveCard/action":
            action = activity.value.get("action") if isinstance(activity.value, dict) else None
            return _pressed(action.get("data") if isinstance(action, dict) else None)
        case "message" if activity.value is not None:  # an Action.Submit, from a client that knows no Action.Execute
            return _pressed(activity.value)
        case "message" if activity.is_personal or _mentions(activity):
            return Said(_without_mentions(activity))
        case "conversationUpdate" if activity.is_personal and _bot_was_added(activity):
            return Said("help")
    return None


def inbound(activity: Activity, what: Said | Pressed, member: Member, tenant: str, arrived: float) -> Inbound:
    """The turn as the desk takes it."""
    actor = Actor("teams", tenant, member.object_id, member.name, member.email)
    address = {
        "service_url": activity.service_url,
        "conversation": activity.conversation.id,
        "tenant": tenant,
        "bot": activity.recipient.id,
    }
    message = activity.reply_to_id if isinstance(what, Pressed) else None
    channel = {} if activity.is_personal else {**address, "conversation": without_thread(activity.conversation.id)}
    place = Place(activity.conversation.id, activity.is_personal, activity.is_invoke, message, address, channel)
    return Inbound(actor, place, activity.key, what, arrived)


def without_thread(conversation: str) -> str:
    """The channel that a thread is in; any other conversation as it is."""
    return conversation.partition(THREAD)[0]


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
            kept[ours] = [name for name in names if isinstance(name, str)]
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


def _without_mentions(activity: Activity) -> str:
    text = activity.text or ""
    for mention in filter(None, _mentions(activity)):
        text = text.replace(mention, " ")
    return re.sub(r"&nbsp;|\u00a0", " ", text).strip()  # Teams sets a fixed space after a mention


def _bot_was_added(activity: Activity) -> bool:
    return any(account.id == activity.recipient.id for account in activity.members_added or [])
