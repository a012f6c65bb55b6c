"""A workspace with two members, a channel and the adapter."""

from collections.abc import AsyncIterator

import pytest
from slack_office import Clock, RecordingDesk, adapter_for, served

from fakes.slack import Channel, FakeSlack, Person
from psirf_bot.adapters.slack import SlackAdapter


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
