"""Deliveries that come twice, turns that take too long or go wrong, and the end of the day."""

import asyncio
import logging

import pytest
from teams_stage import FORM, SAVED, RecordingDesk, Served, address_of

from fakes.teams import FakeTeams, Fault, Person
from psirf_bot.adapters.teams import words
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.casework.inbound import Inbound, Reply


async def test_five_identical_presses_at_once_have_one_effect(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    desk.answer = Reply(card=SAVED)
    value = {"action": {"type": "Action.Execute", "verb": "press", "data": {"action": "a-send", "what": "x"}}}
    press = fake.activities.invoke("adaptiveCard/action", ada.user, ada.chat, value, "1", None)
    answers = await asyncio.gather(*(fake.deliver(press) for _ in range(5)))
    assert len({str(answer.body) for answer in answers}) == 1
    assert answers[0].body["value"]["speak"] == SAVED.preview
    assert (len(desk.deliveries), len(desk.turns)) == (5, 1)


async def test_a_notice_is_said_once_however_often_its_turn_comes(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    desk.answer = Reply(notice="I have sent you a private message.")
    said = fake.activities.message(ada.user, ada.chat, "report", "1", None)
    await asyncio.gather(*(fake.deliver(said) for _ in range(5)))
    await fake.deliver(said)
    assert [m.text for m in fake.messages(ada.chat)] == ["I have sent you a private message."]


async def test_a_slow_turn_is_answered_in_time_and_goes_on(
    fake: FakeTeams, desk: RecordingDesk, served: Served, ada: Person
) -> None:
    released = asyncio.Event()

    async def think(_inbound: Inbound) -> Reply:
        await released.wait()
        return Reply(notice="Thank you.")

    async with served(answer_within=0.05) as adapter:
        await adapter.send(address_of(fake, ada), FORM, "key")
        desk.answer = think
        await ada.press("Send", inputs={"what": "x"})
        assert ada.last_toast is not None
        assert (ada.last_toast.kind, ada.last_toast.text) == ("message", words.NOT_SAVED_PRESSED)
        said = await ada.say("report")
        assert said is not None
        assert (said.status, said.attempts) == (200, 1)
        released.set()
        await ada.hears("Thank you.")


async def test_a_hanging_connector_keeps_nobody_waiting(
    fake: FakeTeams, desk: RecordingDesk, served: Served, ada: Person
) -> None:
    async with served(answer_within=0.05):
        fake.fail_next("member", Fault.hang())
        said = await ada.say("report")
        assert said is not None
        assert (said.status, desk.turns) == (200, [])


async def test_a_mistake_of_ours_has_a_reference(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def stumble(inbound: Inbound) -> Reply:
        raise KeyError(str(inbound.what))

    await adapter.send(address_of(fake, ada), FORM, "key")
    desk.answer = stumble
    pressed = await ada.press("Send", inputs={"what": "Mrs Marlow fell"})
    assert pressed is not None
    assert (pressed.status, pressed.body["type"]) == (200, "application/vnd.microsoft.error")
    assert ada.last_toast is not None
    text = ada.last_toast.text
    reference = text.rstrip(".").rpartition(" ")[2]
    assert text == words.failed(reference)
    assert f"turn failed: {reference} KeyError" in caplog.text
    assert "stumble" in caplog.text

    said = await ada.say("Mrs Marlow fell")
    assert said is not None
    assert said.status == 200
    heard = await ada.hears("Reference")
    assert heard.text.rstrip(".").rpartition(" ")[2] in caplog.text
    assert "Marlow" not in caplog.text


async def test_words_that_cannot_be_sent_are_not_the_end_of_the_turn(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    desk.answer = Reply(notice="Thank you.")
    fake.fail_next("send", Fault.failing(503))
    said = await ada.say("report")
    assert said is not None
    assert (said.status, len(desk.turns)) == (200, 1)


async def test_words_that_teams_could_never_take_are_a_mistake_of_ours(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    desk.answer = Reply.model_construct(card=None, notice="\ud800")
    said = await ada.say("report")
    assert said is not None
    assert (said.status, said.body) == (200, None)
    assert "PydanticSerializationError" in caplog.text


async def test_stopping_finishes_what_was_begun(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    started, released = asyncio.Event(), asyncio.Event()

    async def think(_inbound: Inbound) -> Reply:
        started.set()
        await released.wait()
        return Reply(notice="Thank you.")

    desk.answer = think
    saying = asyncio.create_task(ada.say("report"))
    await started.wait()
    stopping = asyncio.create_task(adapter.stop(grace=2.0))
    await asyncio.sleep(0.01)
    late = await ada.say("help")
    assert late is not None
    assert late.status == 503
    assert not stopping.done()
    released.set()
    said = await saying
    await stopping
    assert said is not None
    assert said.status == 200
    assert "Thank you." in [m.text for m in fake.messages(ada.chat)]


async def test_stopping_does_not_wait_for_ever(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    started = asyncio.Event()

    async def hang(_inbound: Inbound) -> Reply:
        started.set()
        await asyncio.Event().wait()
        return Reply()

    desk.answer = hang
    saying = asyncio.create_task(ada.say("report"))
    await started.wait()
    await adapter.stop(grace=0.05)
    said = await saying
    assert said is not None
    assert said.status == 503
