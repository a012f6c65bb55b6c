"""A Teams adapter on a loopback port, with a strict fake Teams around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from teams_stage import RecordingDesk, Served

from fakes.teams import FakeTeams, Person
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.clock import Clock
from psirf_bot.delivery.platform import Address


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


async def nothing() -> list[Address]:
    """What is kept of earlier turns."""
    return []


@pytest.fixture
def served(fake: FakeTeams, desk: RecordingDesk, clock: Clock) -> Served:
    """Serves an adapter that the fake posts to; anything about it can be changed."""

    @asynccontextmanager
    async def serve(**changes: Any) -> AsyncIterator[TeamsAdapter]:
        env: dict[str, Any] = {
            name.removeprefix("PSIRF_TEAMS_").lower(): value for name, value in fake.settings.items()
        }
        env |= {"desk": desk, "now": clock.now, "remembered": nothing, "service_hosts": [env["service_hosts"]]}
        env |= {"send_timeout": 5.0} | changes
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
