"""Bolt with our own runner in it: it answers at once and forgets nothing, and Slack is asked only once who we are."""

import asyncio
import time

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.listener.asyncio_runner import AsyncioListenerRunner
from slack_office import Clock, RecordingDesk, adapter_for, served

from fakes.slack import FakeSlack, Fault, Person
from psirf_bot.adapters.slack import SlackAdapter
from psirf_bot.adapters.slack.runner import AckRunner, Tasks
from psirf_bot.casework.inbound import Reply


async def test_bolt_still_keeps_its_runner_where_we_put_ours(adapter: SlackAdapter) -> None:
    assert isinstance(adapter._bolt.listener_runner, AckRunner)
    plain = AsyncApp(token="xoxb-fenmarsh", signing_secret="fenmarsh")
    assert type(plain._async_listener_runner) is AsyncioListenerRunner


async def test_an_acknowledgement_does_not_wait_for_bolts_ten_milliseconds(
    ada: Person, desk: RecordingDesk, fake: FakeSlack
) -> None:
    desk.reply = Reply()
    for _ in range(20):
        await ada.slash("/psirf", "help")
    quickest = min(delivery.answer.seconds for delivery in fake.sent)
    assert quickest < 0.008


async def test_slack_is_asked_who_we_are_only_once(ada: Person, desk: RecordingDesk, fake: FakeSlack) -> None:
    for _ in range(3):
        await ada.slash("/psirf", "help")
    assert fake.server.attempts["auth.test"] == 1
    assert len(desk.done) == 3


@pytest.mark.parametrize(
    "fault", [Fault.hang(), Fault.failing(), Fault.throttled(), Fault.refused("invalid_auth"), Fault.drop()]
)
async def test_no_action_is_lost_because_slack_does_not_say_who_we_are(
    fake: FakeSlack, desk: RecordingDesk, clock: Clock, fault: Fault
) -> None:
    fake.server.faults.chooser = lambda method: fault if method == "auth.test" else None
    async with served(fake, adapter_for(fake, desk, clock)):
        answer = await fake.person("U0ADA").slash("/psirf", "report")
        assert answer.status == 200
        assert await fake.until(lambda: fake.open_view("U0ADA"))


async def test_a_token_of_another_workspace_is_noticed(
    fake: FakeSlack, desk: RecordingDesk, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    adapter = adapter_for(fake, desk, clock)
    fake.world.team_id = "T0OTHER"
    await adapter.start()
    await adapter.stop()
    assert "belongs to workspace T0OTHER" in caplog.text


async def test_tasks_are_held_and_waited_for() -> None:
    tasks, done = Tasks(), list[str]()

    async def work(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        done.append(name)

    for name in "abc":
        tasks.start(work(name, 0.02))
    late = tasks.start(work("late", 60))
    began = time.monotonic()
    assert await tasks.drain(0.1) == 1
    assert time.monotonic() - began < 0.5
    assert done == ["a", "b", "c"]
    assert late.cancelled()
    assert await tasks.drain(60) == 0
