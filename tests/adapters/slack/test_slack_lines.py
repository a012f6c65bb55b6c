"""Lines that come and go in Socket Mode: another is there in time, nothing is lost, and nothing done twice."""

import asyncio
import time

import pytest
from slack_office import THANKS, RecordingDesk, by_socket, connected

from fakes.slack import FakeSlack, Fault, Person
from psirf_bot.adapters.slack import socket
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.casework.inbound import Reply

pytestmark = pytest.mark.usefixtures("socket_mode")


@pytest.fixture
def adapter(calling: SlackAdapter) -> SlackAdapter:
    return calling


async def test_a_line_that_is_cut_in_the_middle_of_a_turn_loses_and_repeats_nothing(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    desk.reply, desk.slow = Reply(card=THANKS), asyncio.Event()
    telling = asyncio.create_task(ada.slash("/psirf", "help"))
    await fake.until(lambda: desk.deliveries)
    (line,) = fake.sockets.lines
    fake.sockets.cut(line)
    await fake.until(lambda: len(desk.deliveries) == 2)
    desk.slow.set()
    answer = await telling
    assert answer.ok
    assert len(desk.done) == 1
    assert len(ada.ephemerals) == 1
    assert fake.sockets.envelopes[-1].lines[0] is line
    assert fake.sockets.envelopes[-1].lines[1] in fake.sockets.lines


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_line_that_will_be_closed_is_replaced_first_and_used_until_then(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, reason: str
) -> None:
    desk.reply, desk.slow = Reply(), asyncio.Event()
    old = await connected(fake)
    under_way = asyncio.create_task(fake.person("U0ADA").dm("before"))
    await fake.until(lambda: desk.deliveries)
    await fake.sockets.announce(old, reason)
    await connected(fake, 2)
    meanwhile = [asyncio.create_task(fake.person("U0BEN").dm(f"{n}")) for n in range(10)]
    await fake.until(lambda: len(desk.deliveries) == 11)
    desk.slow.set()
    assert all([(answer := await task) and answer.ok for task in (under_way, *meanwhile)])
    assert len(desk.deliveries) == 11  # none of them had to come twice
    assert {envelope.lines[0] is old for envelope in fake.sockets.envelopes} == {True, False}
    await fake.sockets.hang_up(old)
    await connected(fake, 1)
    assert not adapter.trouble
    assert (await fake.person("U0ADA").slash("/psirf", "help")).ok


async def test_a_line_that_slack_forgets_to_close_is_closed(
    fake: FakeSlack, adapter: SlackAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "OLD_STAYS", 0.05)
    old = await connected(fake)
    await fake.sockets.announce(old)
    async with asyncio.timeout(2):
        await old.gone.wait()
    await connected(fake, 1)


async def test_slack_that_has_no_address_to_give_is_asked_again_while_the_old_line_lasts(
    ada: Person, fake: FakeSlack
) -> None:
    old = await connected(fake)
    fake.fail_next("apps.connections.open", Fault.failing(), Fault.drop(), Fault.refused("internal_error"))
    await fake.sockets.announce(old)
    assert (await ada.slash("/psirf", "help")).ok
    await connected(fake, 2)


async def test_every_new_line_gets_an_address_of_its_own(fake: FakeSlack, adapter: SlackAdapter) -> None:
    for _ in range(3):
        fake.sockets.cut(await connected(fake))
        await fake.until(lambda: not fake.sockets.lines)
    await connected(fake)
    assert fake.server.attempts["apps.connections.open"] == fake.sockets.opened == 4


async def test_a_line_on_which_nothing_is_heard_is_given_up(
    fake: FakeSlack, desk: RecordingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "PING_EVERY", 0.1)
    adapter = by_socket(fake, desk)
    await adapter.start()
    dead = await connected(fake)
    fake.sockets.deafen(dead)
    fake.sockets.deadline = 0.3
    await fake.until(lambda: fake.sockets.opened == 2, within=3)
    assert (await fake.person("U0ADA").slash("/psirf", "help")).ok
    await adapter.stop(grace=1.0)


async def test_a_line_outlives_the_time_that_a_call_to_slack_may_take(fake: FakeSlack, desk: RecordingDesk) -> None:
    adapter = by_socket(fake, desk, send_timeout=0.1)
    await adapter.start()
    line = await connected(fake)
    await asyncio.sleep(0.3)
    assert fake.sockets.lines == [line]
    assert (await fake.person("U0ADA").slash("/psirf", "help")).ok
    await adapter.stop(grace=1.0)


async def test_a_network_that_is_away_is_waited_for_without_haste(
    fake: FakeSlack, desk: RecordingDesk, caplog: pytest.LogCaptureFixture
) -> None:
    fake.server.faults.chooser = lambda method: Fault.drop() if method == "apps.connections.open" else None
    adapter = by_socket(fake, desk)
    await adapter.start()
    await fake.until(lambda: fake.server.attempts["apps.connections.open"] == 3)
    await asyncio.sleep(0.2)
    assert fake.server.attempts["apps.connections.open"] <= 4
    fake.server.faults.chooser = None
    assert (await fake.person("U0ADA").slash("/psirf", "help")).ok
    assert "no line to Slack yet" in caplog.text
    await adapter.stop(grace=1.0)


async def test_an_address_that_is_refused_is_not_tried_again(
    fake: FakeSlack, desk: RecordingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as moment:
        moment.setattr("fakes.slack.sockets.TICKET_SECONDS", -1.0)
        adapter = by_socket(fake, desk)
        await adapter.start()
        await fake.until(lambda: fake.server.attempts["apps.connections.open"] == 2)
    await connected(fake)
    await adapter.stop(grace=1.0)


async def test_however_long_slack_was_away_the_next_call_is_never_far(
    fake: FakeSlack, desk: RecordingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "FIRST_WAIT", 0.005)
    monkeypatch.setattr(socket, "LONGEST_WAIT", 0.02)
    fake.fail_next("apps.connections.open", *[Fault.failing()] * 15)
    adapter = by_socket(fake, desk)
    await adapter.start()
    async with asyncio.timeout(3):
        await connected(fake)
    await adapter.stop(grace=1.0)


async def test_lines_that_are_closed_at_once_are_not_opened_in_haste(
    fake: FakeSlack, adapter: SlackAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fakes.slack.sockets.MOST", 0)
    monkeypatch.setattr("psirf_bot.adapters.slack.socket.CUT_OFF", 0.5)
    fake.sockets.cut(await connected(fake))
    await asyncio.sleep(0.6)
    assert 1 < fake.server.attempts["apps.connections.open"] <= 5
    assert adapter.trouble.startswith("not connected")  # a line that never came to anything does not count


async def test_slack_that_asks_for_patience_gets_it(fake: FakeSlack, desk: RecordingDesk) -> None:
    fake.fail_next("apps.connections.open", Fault.throttled(1))
    adapter = by_socket(fake, desk)
    began = time.monotonic()
    await adapter.start()
    await connected(fake)
    assert time.monotonic() - began > 0.9
    await adapter.stop(grace=1.0)


async def test_a_token_that_slack_does_not_know_is_said_and_not_tried_in_haste(
    fake: FakeSlack, desk: RecordingDesk, caplog: pytest.LogCaptureFixture
) -> None:
    adapter = by_socket(fake, desk, app_token="xapp-of-another-canary")
    await adapter.start()
    await fake.until(lambda: "Look at PSIRF_SLACK_APP_TOKEN" in caplog.text)
    await asyncio.sleep(0.2)
    assert fake.server.attempts["apps.connections.open"] == 1
    await adapter.stop(grace=1.0)


async def test_socket_mode_that_is_switched_off_is_said_once_and_not_called_again(
    fake: FakeSlack, adapter: SlackAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    await fake.sockets.switch_off()
    await fake.until(lambda: "Socket Mode has been switched off" in caplog.text)
    await asyncio.sleep(0.3)
    assert caplog.text.count("Socket Mode has been switched off") == 1
    assert fake.server.attempts["apps.connections.open"] == 1
    assert [record.levelname for record in caplog.records if "switched off" in record.message] == ["ERROR"]


async def test_it_is_known_how_long_slack_has_been_away(
    fake: FakeSlack, adapter: SlackAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psirf_bot.adapters.slack.socket.CUT_OFF", 0.1)
    await fake.until(lambda: not adapter.trouble)
    await fake.sockets.switch_off()
    await fake.until(lambda: adapter.trouble)


async def test_two_adapters_share_the_work_and_each_envelope_goes_to_one(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    desk.reply = Reply()
    other = by_socket(fake, desk)
    await other.start()
    await connected(fake, 2)
    await asyncio.gather(*(fake.person("U0ADA").dm(f"{n}") for n in range(20)))
    assert len(desk.deliveries) == 20
    assert {envelope.lines[0] for envelope in fake.sockets.envelopes} == set(fake.sockets.lines)
    await other.stop(grace=1.0)
