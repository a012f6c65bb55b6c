"""What the fake Slack knows: one workspace with its people, conversations, messages and open views."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from .blocks import Blocks, Json, button_labels, words_of

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_USES = 5

_CONVERSATION_SCOPES = (f"{kind}:{right}" for kind in ("channels", "groups", "im") for right in ("read", "history"))
SCOPES = frozenset(
    {"chat:write", "commands", "users:read", "users:read.email", "im:write", "app_mentions:read", *_CONVERSATION_SCOPES}
)
EVENTS = frozenset({"message.im", "app_mention", "app_home_opened", "member_joined_channel"})


class SlackError(Exception):
    """A refusal: `{"ok": false, "error": name, **detail}`."""

    def __init__(self, name: str, **detail: object) -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail


@dataclass(eq=False)
class User:
    """Somebody in the workspace, or seen from it through a shared channel."""

    id: str
    real_name: str
    team_id: str
    email: str = ""
    tz: str = "Europe/London"
    locale: str = "en-GB"
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False

    @property
    def name(self) -> str:
        """The handle: `ada.field` for Ada Field."""
        return self.real_name.lower().replace(" ", ".")

    def as_json(self, *, with_email: bool, with_locale: bool) -> Json:
        """The user as users.info describes them."""
        offset = datetime.now(ZoneInfo(self.tz)).utcoffset()
        profile: Json = {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "title": "",
            "phone": "",
            "team": self.team_id,
            **({"email": self.email} if with_email and self.email and not self.is_bot else {}),
        }
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": self.deleted,
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": profile,
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1_700_000_000,
            **({"is_stranger": True} if self.is_stranger else {}),
            **({"locale": self.locale} if with_locale else {}),
        }


@dataclass(eq=False)
class Message:
    """One message with its edits applied; an ephemeral one names the only person who sees it."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: Blocks = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    bot: Json | None = None  # bot_id, app_id, bot_profile: what marks a message as an app's
    only_for: str | None = None
    edited: str | None = None
    edits: int = 0
    deleted: bool = False
    typed: dict[str, dict[tuple[str, str], Json]] = field(default_factory=dict)  # per person

    @property
    def words(self) -> str:
        """Everything a person reads: the blocks, or the text when there are none."""
        return "\n".join(words_of(self.blocks)) if self.blocks else self.text

    @property
    def buttons(self) -> list[str]:
        return button_labels(self.blocks)

    def as_json(self, *, with_metadata: bool = False) -> Json:
        return {
            "user": self.user,
            "type": "message",
            "ts": self.ts,
            **(self.bot or {}),
            "text": self.text,
            **({"blocks": self.blocks} if self.blocks else {}),
            **({"thread_ts": self.thread_ts} if self.thread_ts else {}),
            **({"edited": {"user": self.user, "ts": self.edited}} if self.edited else {}),
            **({"metadata": self.metadata} if with_metadata and self.metadata else {}),
        }


@dataclass(eq=False)
class Channel:
    """A public or private channel, or a direct message with the bot (`im_user`)."""

    id: str
    name: str
    members: set[str]
    is_private: bool = False
    is_ext_shared: bool = False
    is_archived: bool = False
    im_user: str = ""
    messages: list[Message] = field(default_factory=list)
    ephemerals: list[Message] = field(default_factory=list)

    @property
    def kind(self) -> Literal["channels", "groups", "im"]:
        """The family of scopes that opens it."""
        return "im" if self.im_user else "groups" if self.is_private else "channels"

    @property
    def shown_name(self) -> str:
        """The name in payloads, which do not name private places."""
        return "directmessage" if self.im_user else "privategroup" if self.is_private else self.name

    def find(self, ts: str) -> Message | None:
        return next((m for m in reversed(self.messages) if m.ts == ts and not m.deleted), None)


@dataclass(eq=False)
class View:
    """A modal on a person's stack, or their App Home, with what they have typed into it."""

    id: str
    owner: str
    content: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    typed: dict[tuple[str, str], Json] = field(default_factory=dict)

    @property
    def blocks(self) -> Blocks:
        held: Blocks = self.content["blocks"]
        return held

    @property
    def title(self) -> str:
        return str(self.content.get("title", {}).get("text", ""))

    @property
    def words(self) -> str:
        return "\n".join(words_of(self.content))

    @property
    def buttons(self) -> list[str]:
        return button_labels(self.blocks)


@dataclass(eq=False)
class Trigger:
    """A moment in which the bot may open a view for a person."""

    user: str
    at: float
    exchanged: bool = False


@dataclass(eq=False)
class ResponseUrl:
    """A few minutes in which the bot may answer where the person acted."""

    user: str
    channel: str
    at: float
    original: Message | None = None
    uses: int = 0


class World:
    """One workspace in which one app is installed."""

    def __init__(self, clock: Callable[[], float] = time.time, scopes: frozenset[str] = SCOPES) -> None:
        self.clock = clock
        self.scopes = scopes
        self.subscriptions = set(EVENTS)
        self.team_id = "T0FENMARSH"
        self.team_domain = "fenmarsh"
        self.app_id = "A0PSIRF"
        self.bot_id = "B0PSIRF"
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._dms: dict[str, str] = {}  # user to channel
        self._numbers = itertools.count(1)
        self._last_ts = 0
        self.bot_user = User("U0PSIRFBOT", "PSIRF Bot", self.team_id, is_bot=True)
        self.users[self.bot_user.id] = self.bot_user

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers):09d}"

    def new_ts(self) -> str:
        """A message's time and name: seconds since 1970, unique, rising."""
        self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_trigger(self, user: str) -> str:
        name = f"{next(self._numbers)}.{next(self._numbers)}.{next(self._numbers):032x}"
        self.triggers[name] = Trigger(user, self.clock())
        return name

    def new_response_url(self, user: str, channel: str, original: Message | None = None) -> str:
        """The last part of a response_url."""
        name = f"{next(self._numbers):024d}"
        self.response_urls[name] = ResponseUrl(user, channel, self.clock(), original)
        return name

    def user(self, user_id: object) -> User:
        if (found := self.users.get(str(user_id))) is None:
            raise SlackError("user_not_found")
        return found

    def channel(self, channel_id: object) -> Channel:
        if (found := self.channels.get(str(channel_id))) is None:
            raise SlackError("channel_not_found")
        return found

    def dm_with(self, user: User) -> Channel:
        """The direct message between the bot and a person, opened when there is none yet."""
        if (channel_id := self._dms.get(user.id)) is None:
            channel_id = self._dms[user.id] = self.new_id("D")
            self.channels[channel_id] = Channel(channel_id, "", {user.id, self.bot_user.id}, im_user=user.id)
        return self.channels[channel_id]

    def bot_marks(self) -> Json:
        """What tells an app's message from a person's."""
        profile = {
            "id": self.bot_id,
            "app_id": self.app_id,
            "user_id": self.bot_user.id,
            "name": self.bot_user.real_name,
            "deleted": False,
            "updated": 1_700_000_000,
            "team_id": self.team_id,
        }
        return {"bot_id": self.bot_id, "app_id": self.app_id, "team": self.team_id, "bot_profile": profile}

    def views(self) -> list[View]:
        """Every view that exists now, homes included."""
        return [*itertools.chain(*self.stacks.values()), *self.homes.values()]
