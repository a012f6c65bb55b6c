"""What the fake Teams knows: one tenant, its people, teams and chats, and every message in them."""

import asyncio
import base64
import copy
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["personal", "groupChat", "channel"]
Role = Literal["user", "guest", "anonymous"]

ADAPTIVE = "application/vnd.microsoft.card.adaptive"
THREAD_MARK = ";messageid="


@dataclass(frozen=True)
class User:
    """Somebody who uses Teams, as the connector describes them in a roster."""

    id: str
    name: str
    aad_object_id: str | None
    tenant_id: str
    role: Role
    email: str | None
    upn: str | None

    def as_member(self) -> Json:
        """The roster entry of the connector's REST API; anonymous people have no directory fields."""
        given, _, surname = self.name.partition(" ")
        member: Json = {"id": self.id, "name": self.name, "tenantId": self.tenant_id, "userRole": self.role}
        if self.aad_object_id is None:
            return member
        return member | {
            "aadObjectId": self.aad_object_id,
            "objectId": self.aad_object_id,
            "givenName": given,
            "surname": surname,
            "email": self.email,
            "userPrincipalName": self.upn,
        }


@dataclass(eq=False)
class Message:
    """One message with its edits applied; `views` holds the cards that replaced it for one person only."""

    id: str
    conversation_id: str
    author: str
    activity: Json
    root: str | None = None
    deleted: bool = False
    edits: int = 0
    revision: int = 0
    views: dict[str, Json] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return str(self.activity.get("text") or "")

    @property
    def cards(self) -> list[Json]:
        """The adaptive cards everybody sees, before any personal view."""
        attachments = self.activity.get("attachments") or []
        return [a["content"] for a in attachments if a.get("contentType") == ADAPTIVE]

    def cards_for(self, user: User) -> list[Json]:
        """The cards as this person sees them; a personal view stands in for the first card."""
        view = self.views.get(user.id)
        return self.cards if view is None else [view, *self.cards[1:]]


@dataclass(eq=False)
class Team:
    """A team; the id of its General channel is the team's id."""

    id: str
    name: str
    aad_group_id: str
    members: dict[str, User]
    channels: dict[str, "Conversation"] = field(default_factory=dict)
    installed: bool = False


@dataclass(eq=False)
class Conversation:
    """A chat with one person, a group chat or a channel. Its id never carries a thread mark."""

    id: str
    kind: Kind
    tenant_id: str
    members: dict[str, User]
    team: Team | None = None
    installed_here: bool = False
    blocked: bool = False
    messages: list[Message] = field(default_factory=list)
    activity_ids: set[str] = field(default_factory=set)

    @property
    def installed(self) -> bool:
        return self.team.installed if self.team else self.installed_here

    def message(self, message_id: str) -> Message | None:
        return next((m for m in reversed(self.messages) if m.id == message_id), None)

    def thread(self, root: str | None) -> list[Message]:
        """The messages that stand, in order: of one thread, or of the whole conversation."""
        return [m for m in self.messages if not m.deleted and root in (None, m.root)]


class World:
    """The state of the fake tenant. Ids are derived from names, so that the same test sees the same ids."""

    def __init__(self, tenant_id: str, app_id: str, bot_name: str, clock: Callable[[], float]) -> None:
        self.tenant_id = tenant_id
        self.bot_id = f"28:{app_id}"
        self.bot_name = bot_name
        self.clock = clock
        self.users: dict[str, User] = {}
        self._by_object_id: dict[str, User] = {}
        self.conversations: dict[str, Conversation] = {}
        self.revision = 0
        self._changed = asyncio.Event()
        self._last_message_id = 0
        self._activities = 0

    # ids

    def _digest(self, *parts: str) -> bytes:
        return hashlib.sha256("/".join((self.tenant_id, *parts)).encode()).digest()

    def _opaque(self, *parts: str) -> str:
        return base64.urlsafe_b64encode(self._digest(*parts) + self._digest(*parts, "2")).decode().rstrip("=")

    def guid(self, *parts: str) -> str:
        """A GUID derived from these words."""
        return str(uuid.UUID(bytes=self._digest(*parts)[:16], version=4))

    def new_message_id(self) -> str:
        """Teams' message ids are strictly rising milliseconds."""
        self._last_message_id = max(self._last_message_id + 1, int(self.clock() * 1000))
        return str(self._last_message_id)

    def new_activity_id(self) -> str:
        """The id of an activity that is no message, such as an invoke."""
        self._activities += 1
        return f"f:{self.guid('activity', str(self._activities))}"

    # people and places

    def add_user(self, name: str, role: Role, tenant_id: str, aad_object_id: str | None) -> User:
        mri = f"29:1{self._opaque('user', name)}"
        if mri in self.users:
            raise ValueError(f"{name} is here already")
        local = name.casefold().replace(" ", ".")
        email = upn = None
        if role != "anonymous":
            aad_object_id = aad_object_id or self.guid("object", name)
            email = f"{local}@{'elsewhere' if tenant_id != self.tenant_id else 'fenmarsh'}.example"
            upn = email if role == "user" else f"{local}_elsewhere.example#EXT#@fenmarsh.example"
        user = User(mri, name, aad_object_id, tenant_id, role, email, upn)
        self.users[mri] = user
        if aad_object_id:
            self._by_object_id[aad_object_id] = user
        return user

    def find_user(self, user_id: str) -> User | None:
        """By Teams id (29:…) or, as in the personal scope, by Entra object id."""
        return self.users.get(user_id) or self._by_object_id.get(user_id)

    def personal_chat(self, user: User) -> Conversation:
        chat_id = f"a:1{self._opaque('personal', user.id)}"
        if chat_id not in self.conversations:
            self._open(Conversation(chat_id, "personal", user.tenant_id, {user.id: user}))
        return self.conversations[chat_id]

    def add_group_chat(self, members: list[User], *, installed: bool) -> Conversation:
        chat_id = f"19:{self._digest('group', str(len(self.conversations))).hex()[:32]}@thread.v2"
        return self._open(
            Conversation(chat_id, "groupChat", self.tenant_id, {u.id: u for u in members}, installed_here=installed)
        )

    def add_chat_of_two(self, one: User, other: User) -> Conversation:
        """Two people by themselves. Teams calls that personal too; the bot can be used there, but is no member."""
        chat_id = f"19:{one.aad_object_id}_{other.aad_object_id}@unq.gbl.spaces"
        return self._open(Conversation(chat_id, "personal", self.tenant_id, {u.id: u for u in (one, other)}))

    def add_team(self, name: str, channels: list[str], members: list[User]) -> Team:
        team = Team(self._channel_id(name, "General"), name, self.guid("team", name), {u.id: u for u in members})
        for title in ("General", *channels):
            channel = Conversation(self._channel_id(name, title), "channel", self.tenant_id, team.members, team)
            team.channels[title] = self._open(channel)
        return team

    def _channel_id(self, team: str, title: str) -> str:
        return f"19:{self._digest('channel', team, title).hex()[:32]}@thread.tacv2"

    def _open(self, conversation: Conversation) -> Conversation:
        return self.conversations.setdefault(conversation.id, conversation)

    def find_place(self, conversation_id: str) -> tuple[Conversation, str | None] | None:
        """The conversation and the thread (root message id) that an id such as `19:…;messageid=1` means."""
        base, _, root = conversation_id.partition(THREAD_MARK)
        conversation = self.conversations.get(base)
        if conversation is None or (root and conversation.message(root) is None):
            return None
        return conversation, root or None

    # messages

    def add_message(
        self, place: Conversation, author: str, activity: Json, root: str | None, message_id: str = ""
    ) -> Message:
        """Keep a message. In a channel one without a root starts a thread of its own."""
        message_id = message_id or self.new_message_id()
        if place.kind == "channel":
            root = root or message_id
        message = Message(message_id, place.id, author, copy.deepcopy(activity), root)
        place.messages.append(message)
        place.activity_ids.add(message.id)
        self.touch(message)
        return message

    def touch(self, message: Message) -> None:
        """Note that people now see something else here, and wake those who wait for it."""
        self.revision += 1
        message.revision = self.revision
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def wait_for_change(self) -> None:
        await self._changed.wait()
