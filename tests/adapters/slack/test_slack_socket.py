"""Socket Mode: the same turns as over HTTP, on a line that the bot has opened."""

import asyncio
import json
from typing import Any

import pytest
from slack_office import (
    CASE,
    CHECK,
    FORM,
    THANKS,
    RecordingDesk,
    by_socket,
    connected,
    deliver_event,
    open_form,
    posted,
)

from fakes.slack import FakeSlack, Fault, Person
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.casework.desk import NOT_SAVED_YET
from psirf_bot.casework.inbound import Inbound, Opened, Pressed, Reply, Said

pytestmark = pytest.mark.usefixtures("socket_mode")


@pytest.fixture
def adapter(calling: SlackAdapter) -> SlackAdapter:
    return calling


# The same turns as over HTTP


async def test_a_slash_command_opens_the_form_and_a_submission_turns_its_page(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    assert ada.open_view
    assert "What happened?" in ada.open_view.words
    desk.reply = Reply(card=CHECK)
    answer = await ada.submit_view({"In your own words": "A fall on the ward"})
    assert answer
    assert answer.ok
    assert ada.open_view
    assert ada.open_view.title == "Check your answers"
    assert [type(inbound.what) for inbound in desk.done] == [Said, Pressed]
    assert desk.last.key.startswith("slack:view:")


async def test_an_answer_to_a_command_is_carried_by_its_acknowledgement(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    desk.reply = Reply(card=THANKS)
    await ada.slash("/psirf", "help")
    (shown,) = ada.ephemerals
    assert "Saved as PSI-2026-0001" in shown.words
    assert desk.last.key.startswith("slack:cmd:")


async def test_a_word_about_a_form_stands_under_its_input(ada: Person, fake: FakeSlack, desk: RecordingDesk) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(notice="That looks like an NHS number.")
    await ada.submit_view({"In your own words": "943 476 5919"})
    assert ada.view_errors == {"what": "That looks like an NHS number."}


async def test_a_button_is_pressed(ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk) -> None:
    message = await posted(fake, adapter, {"user": "U0ADA"}, CASE)
    desk.reply = Reply(card=THANKS)
    answer = await ada.press("I have read this", message=message)
    assert answer.ok
    assert answer.body == ""
    await fake.until(lambda: message.edits == 1)
    assert desk.last.key.startswith("slack:act:")


async def test_words_and_the_home_tab_come_in_as_events(ada: Person, desk: RecordingDesk) -> None:
    desk.reply = Reply()
    for deed in (ada.dm("report"), ada.open_home()):
        answer = await deed
        assert answer
        assert answer.ok
    said, opened = desk.done
    assert said.what == Said("report")
    assert isinstance(opened.what, Opened)
    assert all(inbound.key.startswith("slack:evt:Ev") for inbound in (said, opened))


async def test_the_same_event_again_is_the_same_turn(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    assert [await deliver_event(fake) for _ in range(3)] == [200] * 3
    assert len(desk.deliveries) == 3
    assert len(desk.done) == 1


async def test_what_cannot_be_read_is_not_acknowledged_and_does_no_harm(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    fake.sockets.deadline, fake.sockets.deliveries = 0.05, 1
    (line,) = fake.sockets.lines
    for junk in ("", "null", "[[", "[" * 100_000, '{"type": "hello", "envelope_id": 7}', '{"type": "disconnected"}'):
        await line.socket.send_str(junk)
    await line.socket.send_bytes(b"\x00")
    deep: dict[str, Any] = {"type": "view_submission", "user": "nobody"}
    for payload in ({}, {"type": "block_actions"}, deep, {"command": "/psirf"}):
        envelope = await fake.sockets.deliver("interactive", payload)
        assert envelope.acknowledged.is_set() == (payload == {})  # which is nothing to answer
    other = await fake.sockets.deliver("events_api", {"type": "event_callback", "team_id": "T0OTHER", "event": {}})
    assert not other.acknowledged.is_set()
    assert desk.deliveries == []
    fake.sockets.deadline = 3.0
    assert (await ada.slash("/psirf", "help")).ok
    assert fake.sockets.lines == [line]


def test_there_is_nothing_to_call_over_http(fake: FakeSlack, desk: RecordingDesk) -> None:
    assert by_socket(fake, desk).routes() == []


def test_neither_a_secret_nor_an_app_token_is_refused(fake: FakeSlack, desk: RecordingDesk) -> None:
    with pytest.raises(ValueError, match="app token or a signing secret"):
        by_socket(fake, desk, app_token="")


def test_the_token_is_in_no_repr(fake: FakeSlack, desk: RecordingDesk) -> None:
    adapter = by_socket(fake, desk)
    assert fake.sockets.app_token not in f"{adapter!r} {adapter._socket!r}"


# Acknowledged after the commit, and in time


async def test_nothing_is_acknowledged_before_it_is_committed(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    desk.reply, desk.slow = Reply(), asyncio.Event()
    told = [asyncio.create_task(ada.dm("report")), asyncio.create_task(fake.person("U0BEN").slash("/psirf", "help"))]
    await fake.until(lambda: len(desk.deliveries) == 2)
    await asyncio.sleep(0.05)
    assert not any(envelope.acknowledged.is_set() for envelope in fake.sockets.envelopes)
    desk.slow.set()
    assert all([(answer := await task) and answer.ok for task in told])


class SlowDesk(RecordingDesk):
    """Says so when it has not committed in time, as the real desk does after two and a half seconds."""

    async def handle(self, inbound: Inbound) -> Reply:
        await asyncio.sleep(0.05)
        return Reply(notice=NOT_SAVED_YET)


async def test_a_slow_turn_says_that_nothing_is_saved_yet_and_keeps_the_words(
    fake: FakeSlack, adapter: SlackAdapter, ada: Person
) -> None:
    await open_form(ada, fake)
    adapter._reception._desk = SlowDesk()
    await ada.submit_view({"In your own words": "A fall on the ward"})
    assert ada.view_errors == {"what": NOT_SAVED_YET}
    assert ada.open_view
    assert "A fall on the ward" in json.dumps(list(ada.open_view.typed.values()))


async def test_what_is_not_acknowledged_in_time_is_acknowledged_when_it_comes_again(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    desk.reply, desk.slow, fake.sockets.deadline = Reply(card=THANKS), asyncio.Event(), 0.1
    telling = asyncio.create_task(ada.slash("/psirf", "help"))
    await fake.until(lambda: len(desk.deliveries) == 2)
    desk.slow.set()
    assert (await telling).ok
    assert len(desk.done) == 1


# Stopping


async def test_stop_finishes_and_acknowledges_what_is_under_way(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    desk.reply, desk.slow = Reply(card=FORM), asyncio.Event()
    fake.fail_next("views.open", Fault.slow(0.1))
    telling = asyncio.create_task(ada.slash("/psirf", "report"))
    await fake.until(lambda: desk.deliveries)
    stopping = asyncio.create_task(adapter.stop(grace=2.0))
    await asyncio.sleep(0.02)
    desk.slow.set()
    assert (await telling).ok
    await stopping
    assert ada.open_view
    await fake.until(lambda: not fake.sockets.lines)


async def test_what_comes_while_it_stops_is_left_for_another_process(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    desk.reply, desk.slow = Reply(), asyncio.Event()
    first = asyncio.create_task(fake.person("U0ADA").dm("one"))
    await fake.until(lambda: desk.deliveries)
    stopping = asyncio.create_task(adapter.stop(grace=2.0))
    await asyncio.sleep(0.02)
    second = asyncio.create_task(fake.person("U0BEN").dm("two"))
    await fake.until(lambda: len(fake.sockets.envelopes) == 2)
    other = by_socket(fake, desk)
    await other.start()
    await connected(fake, 2)
    desk.slow.set()
    assert all([(answer := await task) and answer.ok for task in (first, second)])
    assert [len(envelope.lines) for envelope in fake.sockets.envelopes] == [1, 2]
    await stopping
    await other.stop(grace=1.0)


async def test_stop_does_not_wait_for_ever(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    desk.slow, fake.sockets.patience = asyncio.Event(), 0.05
    hanging = asyncio.create_task(ada.slash("/psirf", "report"))
    await fake.until(lambda: desk.deliveries)
    async with asyncio.timeout(1.0):
        await adapter.stop(grace=0.05)
    assert not (await hanging).ok


async def test_stop_before_there_was_a_line(fake: FakeSlack, desk: RecordingDesk) -> None:
    fake.server.faults.chooser = lambda method: Fault.hang() if method == "apps.connections.open" else None
    adapter = by_socket(fake, desk)
    await adapter.start()
    async with asyncio.timeout(1.0):
        await adapter.stop(grace=0.1)
