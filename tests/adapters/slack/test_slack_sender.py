"""The courier's side: one call is at most one message, and what became of it is told truly."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from slack_office import CASE, FORM, THANKS, Clock, RecordingDesk, adapter_for

from fakes.slack import Channel, FakeSlack, Fault, Message
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.cards.model import Card
from psirf_bot.delivery.platform import Refused, Sender, Uncertain

ADA = {"user": "U0ADA"}
CHANNEL = {"channel": "C0QUALITY"}
MANY = 150  # more than a client opens connections if it is not told otherwise


@pytest.fixture
def start() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def channel(quality: Channel) -> Channel:
    return quality


def test_the_adapter_is_a_sender(adapter: SlackAdapter) -> None:
    sender: Sender = adapter
    assert sender is adapter


# Sending


@pytest.mark.parametrize("to", [ADA, CHANNEL])
async def test_a_card_is_posted_with_its_key(fake: FakeSlack, adapter: SlackAdapter, to: dict[str, str]) -> None:
    ts = await adapter.send(to, CASE, "k-1")
    (message,) = fake.messages(next(iter(to.values())))
    assert message.ts == ts
    assert message.text == CASE.preview
    assert "Somebody tripped" in message.words
    assert message.metadata == {"event_type": "psirf_message", "event_payload": {"key": "k-1"}}


async def test_however_many_posts_hang_the_next_call_leaves_at_once(
    fake: FakeSlack, desk: RecordingDesk, clock: Clock
) -> None:
    patient = adapter_for(fake, desk, clock, send_timeout=60)
    await patient.start()
    fake.fail_next("chat.postMessage", *[Fault.hang()] * MANY)
    hanging = asyncio.gather(*(patient.send(ADA, CASE, f"k-{n}") for n in range(MANY)))
    await fake.until(lambda: fake.server.attempts["chat.postMessage"] == MANY)
    await patient.send(ADA, CASE, "k-ada")
    assert not hanging.done()
    hanging.cancel()
    await patient.stop()


async def test_links_in_a_card_are_not_unfurled(fake: FakeSlack, adapter: SlackAdapter) -> None:
    await adapter.send(ADA, CASE, "k-1")
    args = next(call.args for call in fake.calls if call.method == "chat.postMessage")
    assert (args["unfurl_links"], args["unfurl_media"]) in [(False, False), ("0", "0")]


async def test_a_form_is_sent_as_a_message_that_opens_it(fake: FakeSlack, adapter: SlackAdapter) -> None:
    await adapter.send(ADA, FORM, "k-1")
    assert fake.messages("U0ADA")[0].buttons == ["Open the form"]


async def test_a_direct_message_need_not_be_opened_before(
    fake: FakeSlack, adapter: SlackAdapter, start: datetime
) -> None:
    ts = await adapter.send(ADA, CASE, "k-1")
    await adapter.update(ADA, ts, CASE)
    assert await adapter.find(ADA, "k-1", start) == ts
    assert fake.server.attempts["conversations.open"] == 0


async def test_after_a_restart_the_direct_message_is_opened_once_to_edit_and_to_look_in_it(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, clock: Clock, start: datetime
) -> None:
    ts = await adapter.send(ADA, CASE, "k-1")
    restarted = adapter_for(fake, desk, clock)
    await restarted.start()
    await restarted.update(ADA, ts, CASE)
    assert await restarted.find(ADA, "k-1", start) == ts
    assert fake.server.attempts["conversations.open"] == 1
    await restarted.stop()


async def test_a_card_that_slack_would_refuse_goes_as_its_preview(
    fake: FakeSlack, adapter: SlackAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    ts = await adapter.send(ADA, CASE.model_copy(update={"buttons": CASE.buttons * 700}), "k-1")
    (message,) = fake.messages("U0ADA")
    assert (message.ts, message.words) == (ts, CASE.preview)
    assert "problems" in caplog.text
    assert not fake.refusals


UNCERTAIN = [
    Fault.failing(500),
    Fault.failing(503, accepted=True),
    Fault.drop(),
    Fault.drop(accepted=True),
    Fault.truncated(),
    Fault.hang(),
    Fault.hang(accepted=True),
    Fault.slow(2.6),
    Fault.refused("internal_error"),
    Fault.refused("fatal_error"),
    Fault.refused("a_name_nobody_knows"),
    Fault(status=200, error=""),
]


@pytest.mark.parametrize("fault", UNCERTAIN)
async def test_what_may_have_arrived_is_uncertain_and_never_repeated(
    fake: FakeSlack, adapter: SlackAdapter, fault: Fault
) -> None:
    fake.fail_next("chat.postMessage", fault)
    with pytest.raises(Uncertain):
        await adapter.send(CHANNEL, CASE, "k-1")
    await asyncio.sleep(0)
    assert fake.server.attempts["chat.postMessage"] == 1


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (Fault.throttled(7), 7),
        (Fault.refused("ratelimited"), 30),
        (Fault.refused("rate_limited"), 30),
        (Fault(status=429, error="", retry_after=3), 3),
    ],
)
async def test_too_many_messages_are_refused_for_a_while(
    fake: FakeSlack, adapter: SlackAdapter, fault: Fault, wait: float
) -> None:
    fake.fail_next("chat.postMessage", fault)
    with pytest.raises(Refused) as refused:
        await adapter.send(CHANNEL, CASE, "k-1")
    assert (refused.value.why, refused.value.retry_after, refused.value.final) == ("ratelimited", wait, False)


DEFINITE = [
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "user_not_found",
    "cannot_dm_bot",
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "msg_too_long",
    "invalid_blocks",
]


@pytest.mark.parametrize("error", DEFINITE)
async def test_a_definite_refusal_is_final(fake: FakeSlack, adapter: SlackAdapter, error: str) -> None:
    fake.fail_next("chat.postMessage", Fault.refused(error))
    with pytest.raises(Refused) as refused:
        await adapter.send(CHANNEL, CASE, "k-1")
    assert (refused.value.why, refused.value.final) == (error, True)


@pytest.mark.parametrize(
    "error",
    [
        "no_permission",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
    ],
)
async def test_where_the_bot_may_not_post_it_is_shut_out(fake: FakeSlack, adapter: SlackAdapter, error: str) -> None:
    fake.fail_next("chat.postMessage", Fault.refused(error))
    with pytest.raises(Refused, match=error) as refused:
        await adapter.send(CHANNEL, CASE, "k-1")
    assert (refused.value.final, refused.value.shut_out) == (True, True)


async def test_somebody_who_has_left_is_refused_for_good(fake: FakeSlack, adapter: SlackAdapter) -> None:
    fake.add_user("U0GONE", "Gwen Gone", deleted=True)
    with pytest.raises(Refused) as refused:
        await adapter.send({"user": "U0GONE"}, CASE, "k-1")
    assert refused.value.final


@pytest.mark.parametrize("fault", [Fault.hang(), Fault.failing(), Fault.truncated(), Fault.throttled(7)])
async def test_nothing_is_uncertain_before_the_message_itself(
    fake: FakeSlack, adapter: SlackAdapter, fault: Fault
) -> None:
    fake.fail_next("conversations.info", fault)
    with pytest.raises(Refused) as refused:
        await adapter.send(CHANNEL, CASE, "k-1")
    assert not refused.value.final
    assert refused.value.retry_after == (7 if fault.retry_after else None)
    await adapter.send(CHANNEL, CASE, "k-1")
    assert len(fake.messages(CHANNEL["channel"])) == 1


async def test_nobody_answering_the_door_is_a_refusal(fake: FakeSlack, desk: RecordingDesk, clock: Clock) -> None:
    adapter = adapter_for(fake, desk, clock, api_url="http://127.0.0.1:1/api/")
    await adapter.start()
    with pytest.raises(Refused) as refused:
        await adapter.send(CHANNEL, CASE, "k-1")
    await adapter.stop()
    assert not refused.value.final


async def test_a_failure_says_nothing_of_the_card(fake: FakeSlack, adapter: SlackAdapter) -> None:
    for fault in (Fault.failing(), Fault.refused("invalid_blocks"), Fault.truncated()):
        fake.fail_next("chat.postMessage", fault)
        with pytest.raises((Refused, Uncertain)) as failed:
            await adapter.send(CHANNEL, CASE, "k-1")
        assert "tripped" not in repr(failed.value)
        assert failed.value.__cause__ is None


async def test_not_even_the_sdk_logs_a_card(adapter: SlackAdapter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "psirf_bot")
    await adapter.send(CHANNEL, CASE, "k-1")
    assert "tripped" not in caplog.text


# Updating


async def test_a_card_is_replaced_in_place(fake: FakeSlack, adapter: SlackAdapter) -> None:
    ts = await adapter.send(CHANNEL, CASE, "k-1")
    await adapter.update(CHANNEL, ts, THANKS)
    await adapter.update(CHANNEL, ts, THANKS)
    (message,) = fake.messages("C0QUALITY")
    assert "Saved as PSI-2026-0001" in message.words
    assert message.metadata  # it can still be found


async def test_a_long_preview_is_no_hindrance_to_an_update(fake: FakeSlack, adapter: SlackAdapter) -> None:
    ts = await adapter.send(ADA, CASE, "k-1")
    await adapter.update(ADA, ts, Card(title="Long", preview="<&> " * 2000))
    assert not fake.refusals


async def test_a_replacement_slack_would_refuse_leaves_no_old_blocks(fake: FakeSlack, adapter: SlackAdapter) -> None:
    ts = await adapter.send(CHANNEL, CASE, "k-1")
    await adapter.update(CHANNEL, ts, THANKS.model_copy(update={"buttons": CASE.buttons * 700}))
    (message,) = fake.messages("C0QUALITY")
    assert message.words == THANKS.preview


async def test_a_message_that_is_gone_is_refused_for_good(fake: FakeSlack, adapter: SlackAdapter) -> None:
    with pytest.raises(Refused) as refused:
        await adapter.update(CHANNEL, "1.000001", THANKS)
    assert (refused.value.why, refused.value.final) == ("message_not_found", True)


@pytest.mark.parametrize("fault", UNCERTAIN[:7])
async def test_an_update_may_be_uncertain(fake: FakeSlack, adapter: SlackAdapter, fault: Fault) -> None:
    ts = await adapter.send(CHANNEL, CASE, "k-1")
    fake.fail_next("chat.update", fault)
    with pytest.raises(Uncertain):
        await adapter.update(CHANNEL, ts, THANKS)


# Finding


@pytest.mark.parametrize("to", [ADA, CHANNEL])
async def test_a_message_whose_answer_was_lost_is_found(
    fake: FakeSlack, adapter: SlackAdapter, start: datetime, to: dict[str, str]
) -> None:
    await adapter.send(to, CASE, "k-1")
    fake.fail_next("chat.postMessage", Fault.truncated())
    with pytest.raises(Uncertain):
        await adapter.send(to, CASE, "k-2")
    lost = fake.messages(next(iter(to.values())))[-1]
    assert await adapter.find(to, "k-2", start) == lost.ts
    assert await adapter.find(to, "k-3", start) is None


async def test_of_two_the_first_is_found(fake: FakeSlack, adapter: SlackAdapter, start: datetime) -> None:
    first = await adapter.send(CHANNEL, CASE, "k-1")
    await adapter.send(CHANNEL, CASE, "k-1")
    assert await adapter.find(CHANNEL, "k-1", start) == first


async def test_a_message_is_found_however_many_came_after_it(
    fake: FakeSlack, adapter: SlackAdapter, start: datetime, channel: Channel
) -> None:
    ts = await adapter.send(CHANNEL, CASE, "k-1")
    channel.messages += [Message(channel.id, fake.world.new_ts(), "U0BEN", "chat") for _ in range(450)]
    assert await adapter.find(CHANNEL, "k-1", start) == ts
    assert fake.server.attempts["conversations.history"] == 3


async def test_a_message_is_found_although_slacks_clock_is_behind(
    fake: FakeSlack, adapter: SlackAdapter, start: datetime
) -> None:
    ts = await adapter.send(CHANNEL, CASE, "k-1")
    assert await adapter.find(CHANNEL, "k-1", start + timedelta(minutes=2)) == ts


@pytest.mark.parametrize(
    "fault",
    [
        Fault.failing(),
        Fault.truncated(),
        Fault.hang(),
        Fault.throttled(),
        Fault.refused("internal_error"),
        Fault.refused("channel_not_found"),
    ],
)
async def test_unless_slack_shows_the_conversation_nobody_can_tell(
    fake: FakeSlack, adapter: SlackAdapter, start: datetime, fault: Fault
) -> None:
    fake.fail_next("conversations.history", fault)
    with pytest.raises(Uncertain):
        await adapter.find(CHANNEL, "k-1", start)
    fake.fail_next("conversations.open", fault)
    with pytest.raises((Uncertain, Refused)):  # refused: it was not even asked
        await adapter.find(ADA, "k-1", start)


@pytest.mark.parametrize(("error", "wait"), [("missing_scope", None), ("token_revoked", 300.0)])
async def test_a_fault_of_ours_keeps_nobody_from_looking_later(
    fake: FakeSlack, adapter: SlackAdapter, start: datetime, error: str, wait: float | None
) -> None:
    fake.fail_next("conversations.history", Fault.refused(error))
    with pytest.raises(Refused) as refused:
        await adapter.find(CHANNEL, "k-1", start)
    assert (refused.value.ours, refused.value.final, refused.value.retry_after) == (True, False, wait)
