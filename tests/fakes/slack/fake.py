"""The fake Slack as tests see it."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Self, TypeVar

from . import payloads
from .client import Person
from .delivery import Answer, Delivery, Post
from .faults import Fault
from .server import Call, Server
from .sockets import Sockets
from .world import SCOPES, Channel, Message, User, View, World

T = TypeVar("T")

BOT_TOKEN = "xoxb-fenmarsh"
SIGNING_SECRET = "fenmarsh-signing-secret"
APP_TOKEN = "xapp-fenmarsh-canary"


class FakeSlack:
    """One workspace with one app, on loopback: `async with FakeSlack() as fake: fake.bot_url = …`.

    With `sockets.enabled = True` the app is in Socket Mode: what people do goes to the bot's lines, not to `bot_url`.

    `clock` (seconds since 1970) dates messages and ages triggers and response_urls; signatures use the real clock.
    """

    def __init__(
        self,
        *,
        bot_token: str = BOT_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        app_token: str = APP_TOKEN,
        scopes: frozenset[str] = SCOPES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.bot_token = bot_token
        self.signing_secret = signing_secret
        self.world = World(clock, scopes)
        self.sockets = Sockets(self.world, app_token)
        self.server = Server(self.world, bot_token, self.sockets)
        self.post = Post(signing_secret, self.sockets)

    async def __aenter__(self) -> Self:
        await self.server.start()
        await self.post.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.post.stop()
        await self.server.stop()

    # Wiring

    @property
    def api_url(self) -> str:
        """What the bot takes for https://slack.com/api/."""
        return f"{self.server.url}/api/"

    @property
    def bot_url(self) -> str:
        """Where the bot serves POST /slack/events."""
        return self.post.bot_url

    @bot_url.setter
    def bot_url(self, url: str) -> None:
        self.post.bot_url = url

    # Who and where

    @property
    def team_id(self) -> str:
        return self.world.team_id

    @property
    def bot_user_id(self) -> str:
        return self.world.bot_user.id

    def add_user(self, user_id: str, real_name: str, **flags: Any) -> Person:
        """Somebody new: flags are the fields of User, such as `is_restricted=True` or `team_id="T0OTHER"`."""
        user = User(user_id, real_name, **{"team_id": self.world.team_id, **flags})
        self.world.users[user_id] = user
        return self.person(user_id)

    def add_channel(self, channel_id: str, name: str, members: set[str], **flags: Any) -> Channel:
        """A channel with these members; the bot is in it only if `bot_user_id` is among them."""
        self.world.channels[channel_id] = Channel(channel_id, name, set(members), **flags)
        return self.world.channels[channel_id]

    def person(self, user_id: str) -> Person:
        """Somebody at their keyboard."""
        return Person(self.world, self.post, lambda: self.server.url, self.world.user(user_id))

    async def join(self, user_id: str, channel_id: str) -> Answer | None:
        """Somebody joins a channel, or adds the bot to it when it is the bot's id. None when the bot is not told."""
        user, channel = self.world.user(user_id), self.world.channel(channel_id)
        channel.members.add(user.id)
        told = "member_joined_channel" in self.world.subscriptions and self.bot_user_id in channel.members
        event = payloads.joined(self.world, user, channel)
        return await self.post.event(payloads.event_callback(self.world, event)) if told else None

    # What has happened

    def messages(self, place: str) -> list[Message]:
        """What the bot has posted in a channel, or to a person, oldest first, with edits applied."""
        return [message for message in self.conversation(place) if message.bot is not None]

    def conversation(self, place: str) -> list[Message]:
        """Everything that stands in a channel, or in the bot's direct message with a person."""
        channel = (
            self.world.dm_with(self.world.users[place]) if place in self.world.users else self.world.channel(place)
        )
        return [message for message in channel.messages if not message.deleted]

    def ephemerals(self, user_id: str) -> list[Message]:
        """What only this person has been shown."""
        return self.person(user_id).ephemerals

    def open_view(self, user_id: str) -> View | None:
        """The modal in front of a person."""
        return self.person(user_id).open_view

    def home(self, user_id: str) -> View | None:
        """A person's App Home, once published."""
        return self.world.homes.get(user_id)

    @property
    def calls(self) -> list[Call]:
        """The bot's calls that were carried out or refused by the rules, in order."""
        return self.server.calls

    @property
    def refusals(self) -> list[Call]:
        """The calls that broke a rule: most tests want none."""
        return [call for call in self.server.calls if call.error]

    @property
    def sent(self) -> list[Delivery]:
        """Every request to the bot with its answer, oldest first."""
        return self.post.sent

    # What may go wrong, and when

    def fail_next(self, method: str, *faults: Fault) -> None:
        """The next calls of this method (`*`: of any; `response_url` is one too) meet these faults in turn."""
        self.server.faults.add(method, *faults)

    async def deliver(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Send exactly these bytes under these headers: a replay, a stale or a forged request."""
        return await self.post.deliver(body, headers)

    async def until(self, what: Callable[[], T], within: float = 10.0) -> T:
        """Wait until this is true and return it: for what the bot does after it has acknowledged."""
        async with asyncio.timeout(within):
            while not (found := what()):  # noqa: ASYNC110 (what() may look at anything, so nothing can signal it)
                await asyncio.sleep(0.002)
        return found
