"""Turns behind Bolt: Slack is answered at once, nothing is forgotten, and Slack is asked only once who we are."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_office import Clock, RecordingDesk, adapter_for, served

from fakes.slack import FakeSlack, Fault, Person
from psirf_bot.adapters.slack import words
from psirf_bot.adapters.slack.payloads import Turn
from psirf_bot.adapters.slack.runner import TURN, Acknowledgement, Tasks, Turns
from psirf_bot.casework.inbound import Reply


async def answer_to_a_turn(take: Callable[[Turn, Acknowledgement], Awaitable[None]]) -> BoltResponse:
    """What Slack is told about a turn that is taken like this."""
    request = AsyncBoltRequest(body={}, mode="socket_mode", context={TURN: "a turn"})

    async def another() -> BoltResponse:
        raise AssertionError("no middleware comes after ours")

    return await Turns(take, Tasks()).async_process(req=request, resp=BoltResponse(status=404), next=another)


async def test_a_turn_goes_on_after_its_acknowledgement() -> None:
    over = asyncio.Event()

    async def take(_turn: Turn, ack: Acknowledgement) -> None:
        ack.give({"text": "“Saved”"})
        await asyncio.sleep(0.01)
        over.set()

    answer = await answer_to_a_turn(take)
    assert (answer.status, answer.body, over.is_set()) == (200, '{"text":"“Saved”"}', False)
    await asyncio.wait_for(over.wait(), 1)


async def test_what_was_acknowledged_stays_acknowledged_when_the_turn_fails() -> None:
    async def take(_turn: Turn, ack: Acknowledgement) -> None:
        ack.give({})
        raise RuntimeError

    answer = await answer_to_a_turn(take)
    assert (answer.status, answer.body) == (200, "")


@pytest.mark.parametrize("failure", [None, RuntimeError("Mrs Example fell"), asyncio.CancelledError()])
async def test_a_turn_that_ends_without_an_acknowledgement_is_not_waited_for(
    failure: BaseException | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def take(_turn: Turn, _ack: Acknowledgement) -> None:
        if failure:
            raise failure

    answer = await asyncio.wait_for(answer_to_a_turn(take), 1)
    assert (answer.status, answer.body) == (500, "")
    assert "Example" not in caplog.text


async def test_an_acknowledgement_is_given_once_and_not_waited_for_in_vain() -> None:
    ack = Acknowledgement()
    assert (await ack.wait(0.01)).status == 500
    assert not ack.given
    for content in ({"text": "first"}, {"text": "second"}):
        ack.give(content)
    assert (await ack.wait(0.01)).body == '{"text":"first"}'


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


async def test_a_token_of_another_workspace_is_noticed(fake: FakeSlack, desk: RecordingDesk, clock: Clock) -> None:
    adapter = adapter_for(fake, desk, clock)
    fake.world.team_id = "T0OTHER"
    await adapter.start()
    await adapter.stop()
    assert adapter.trouble == words.other_workspace("T0OTHER", "T0FENMARSH")


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
