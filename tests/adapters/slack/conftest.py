"""A workspace with two members, a channel and the adapter."""

import logging
from collections.abc import AsyncIterator

import pytest
from slack_office import Clock, RecordingDesk, adapter_for, by_socket, connected, served

from fakes.slack import Channel, FakeSlack, Person
from psirf_bot.adapters.slack.adapter import SlackAdapter


@pytest.fixture
async def fake() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as fake:
        fake.add_user("U0ADA", "Ada Field", email="ada.field@fenmarsh.example")
        fake.add_user("U0BEN", "Ben Marsh")
        yield fake


@pytest.fixture
def desk() -> RecordingDesk:
    return RecordingDesk()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def adapter(fake: FakeSlack, desk: RecordingDesk, clock: Clock) -> AsyncIterator[SlackAdapter]:
    adapter = adapter_for(fake, desk, clock)
    async with served(fake, adapter):
        yield adapter


@pytest.fixture
def ada(fake: FakeSlack, adapter: SlackAdapter) -> Person:
    return fake.person("U0ADA")


@pytest.fixture
def quality(fake: FakeSlack) -> Channel:
    return fake.add_channel("C0QUALITY", "quality", {"U0ADA", "U0BEN", fake.bot_user_id})


@pytest.fixture
async def socket_mode(fake: FakeSlack, caplog: pytest.LogCaptureFixture) -> AsyncIterator[FakeSlack]:
    """Slack with Socket Mode on. Whatever a test does: no rule is broken, no token and no address is logged."""
    caplog.set_level(logging.DEBUG)
    fake.sockets.enabled = True
    yield fake
    assert fake.sockets.broken == []
    logged = [f"{record.getMessage()} {record.exc_info}" for record in caplog.get_records("call")]
    assert not [words for words in logged if "canary" in words or "ticket=" in words or fake.bot_token in words]


@pytest.fixture
async def calling(socket_mode: FakeSlack, desk: RecordingDesk) -> AsyncIterator[SlackAdapter]:
    """An adapter that has called Slack."""
    adapter = by_socket(socket_mode, desk)
    await adapter.start()
    await connected(socket_mode)
    yield adapter
    await adapter.stop(grace=1.0)
