"""A desk that remembers what was brought to it, the cards it answers with, and an adapter in front of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from fakes.slack import FakeSlack, Line, Message, Person
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.cards.model import Button, Card, TextInput, Words
from psirf_bot.casework.inbound import Actor, Inbound, Place, Reply
from psirf_bot.delivery.clock_check import ClockCheck

ADA = Actor(platform="slack", team="T0FENMARSH", user="U0ADA", name="Ada Field", email="ada.field@fenmarsh.example")
WITH_ADA = Place(conversation="U0ADA", private=True, address={"user": "U0ADA"})

FORM = Card(
    title="Report",
    preview="You have a private task.",
    body=(
        Words(text="What happened?"),
        TextInput(id="what", label="In your own words", required=True, multiline=True),
        TextInput(id="more", label="Anything else"),
    ),
    buttons=(
        Button(label="Next", action="a-next", style="primary", submits=True, validates=True),
        Button(label="Back", action="a-back", submits=True),
        Button(label="Cancel", action="a-cancel"),
    ),
    reopen="a-reopen",
)
CHECK = Card(
    title="Check your answers",
    preview="You have a private task.",
    body=(Words(text="A fall on the ward"),),
    buttons=(Button(label="Send", action="a-send", style="primary"),),
)
THANKS = Card(
    title="Thank you", preview="Saved.", body=(Words(text="Saved as PSI-2026-0001. It is not on Datix yet."),)
)
CASE = Card(
    title="PSI-2026-0001",
    preview="A new report waits for you.",
    body=(Words(text="Somebody tripped"),),
    buttons=(Button(label="I have read this", action="a-read"), Button(label="Guidance", url="https://guide.example")),
)


class RecordingDesk:
    """Carries out each key once and gives its stored reply again, as the real desk does."""

    def __init__(self) -> None:
        self.deliveries: list[Inbound] = []
        self.done: list[Inbound] = []
        self.reply = Reply(card=FORM)
        self.failing: Exception | None = None
        self.slow: asyncio.Event | None = None  # a turn commits when this is set
        self._stored: dict[str, Reply] = {}

    @property
    def last(self) -> Inbound:
        return self.done[-1]

    async def handle(self, inbound: Inbound) -> Reply:
        self.deliveries.append(inbound)
        if self.failing:
            raise self.failing
        if self.slow:
            await self.slow.wait()
        if inbound.key not in self._stored:
            self.done.append(inbound)
            self._stored[inbound.key] = self.reply
        return self._stored[inbound.key]


class Clock:
    """The real time, moved forwards."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.ahead, UTC)


def adapter_for(
    fake: FakeSlack,
    desk: RecordingDesk,
    now: Callable[[], datetime],
    send_timeout: float = 2.0,
    api_url: str = "",
    check: ClockCheck | None = None,
) -> SlackAdapter:
    return SlackAdapter(
        bot_token=fake.bot_token,
        signing_secret=fake.signing_secret,
        team_id=fake.team_id,
        api_url=api_url or fake.api_url,
        desk=desk,
        now=now,
        clock=check,
        send_timeout=send_timeout,
    )


@asynccontextmanager
async def served(fake: FakeSlack, adapter: SlackAdapter) -> AsyncIterator[None]:
    """The adapter behind HTTP on loopback, where the fake delivers."""
    application = web.Application()
    application.add_routes(adapter.routes())
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    fake.bot_url = f"http://{host}:{port}/slack/events"
    await adapter.start()
    yield
    await adapter.stop(grace=1.0)
    await runner.cleanup()


async def posted(fake: FakeSlack, adapter: SlackAdapter, to: dict[str, str], card: Card) -> Message:
    """A message of the bot's that stands in a conversation."""
    ts = await adapter.send(to, card, "k-earlier")
    return next(m for m in fake.messages(next(iter(to.values()))) if m.ts == ts)


async def open_form(ada: Person, fake: FakeSlack) -> None:
    await ada.slash("/psirf", "report")
    await fake.until(lambda: ada.open_view)


async def deliver_event(fake: FakeSlack, **change: object) -> int:
    said = {"type": "message", "channel_type": "im", "user": "U0ADA", "text": "report", "channel": "D1", "ts": "1.1"}
    envelope = {
        "type": "event_callback",
        "team_id": fake.team_id,
        "event_id": "Ev1",
        "event": said | change,
        "authorizations": [{"user_id": fake.bot_user_id, "team_id": fake.team_id, "is_enterprise_install": False}],
    }
    answer = await fake.post.event(envelope)
    return answer.status


def by_socket(fake: FakeSlack, desk: RecordingDesk, **more: Any) -> SlackAdapter:
    """An adapter that calls Slack."""
    own = {
        "bot_token": fake.bot_token,
        "app_token": fake.sockets.app_token,
        "team_id": fake.team_id,
        "api_url": fake.api_url,
        "send_timeout": 2.0,
    }
    return SlackAdapter(desk=desk, now=Clock(), **(own | more))


async def connected(fake: FakeSlack, lines: int = 1) -> Line:
    """The newest line, as soon as there are so many."""
    await fake.until(lambda: len(fake.sockets.lines) == lines)
    return fake.sockets.lines[-1]
