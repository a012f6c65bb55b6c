"""A Teams adapter on a loopback port, a strict fake Teams around it, and a desk that writes down what it gets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from fakes.teams import FakeTeams, Person
from psirf_bot.adapters.teams import TeamsAdapter
from psirf_bot.cards.model import Button, Card, TextInput, Words
from psirf_bot.casework.inbound import Inbound, Pressed, Reply
from psirf_bot.clock import Clock

FORM = Card(
    title="What happened?",
    preview="Your form is ready.",
    body=(TextInput(id="what", label="What happened?"),),
    buttons=(Button(label="Send", action="a-send", submits=True, validates=True),),
)
SAVED = Card(title="Saved", preview="Your report is saved.", body=(Words(text="Saved as PSI-2026-0001."),))


class RecordingDesk:
    """Answers each new key once, as the real desk does, and gives a repeated one the answer of the first."""

    def __init__(self) -> None:
        self.deliveries: list[Inbound] = []
        self.answer: Callable[[Inbound], Awaitable[Reply]] | Reply = Reply()
        self._answers: dict[str, asyncio.Future[Reply]] = {}

    @property
    def turns(self) -> list[Inbound]:
        """What had an effect."""
        return list({inbound.key: inbound for inbound in self.deliveries}.values())

    @property
    def pressed(self) -> Pressed:
        """The last thing done was a press."""
        assert isinstance(self.deliveries[-1].what, Pressed)
        return self.deliveries[-1].what

    async def handle(self, inbound: Inbound) -> Reply:
        self.deliveries.append(inbound)
        if inbound.key in self._answers:
            return await self._answers[inbound.key]
        future = self._answers[inbound.key] = asyncio.get_running_loop().create_future()
        reply = self.answer if isinstance(self.answer, Reply) else await self.answer(inbound)
        future.set_result(reply)
        return reply


Served = Callable[..., AbstractAsyncContextManager[TeamsAdapter]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk() -> RecordingDesk:
    return RecordingDesk()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeTeams]:
    async with FakeTeams(clock=lambda: clock.now().timestamp()) as fake:
        yield fake


@pytest.fixture
def served(fake: FakeTeams, desk: RecordingDesk, clock: Clock) -> Served:
    """Serves an adapter that the fake posts to; anything about it can be changed."""

    @asynccontextmanager
    async def serve(**changes: Any) -> AsyncIterator[TeamsAdapter]:
        env = {name.removeprefix("PSIRF_TEAMS_").lower(): value for name, value in fake.settings.items()}
        env |= {"desk": desk, "now": clock.now, "service_hosts": [env["service_hosts"]], "send_timeout": 0.2} | changes
        adapter = TeamsAdapter(**env)
        app = web.Application()
        app.add_routes(adapter.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
        await adapter.start()
        yield adapter
        await adapter.stop(grace=0.1)
        await runner.cleanup()

    return serve


@pytest.fixture
async def adapter(served: Served) -> AsyncIterator[TeamsAdapter]:
    async with served() as adapter:
        yield adapter


@pytest.fixture
def ada(fake: FakeTeams) -> Person:
    return fake.person("Ada Okafor", installed=True)


def address_of(fake: FakeTeams, person: Person) -> dict[str, str]:
    """Their personal chat, as the adapter gives it to the desk."""
    return {
        "service_url": fake.service_url,
        "conversation": person.chat.id,
        "tenant": fake.tenant_id,
        "bot": fake.world.bot_id,
    }
