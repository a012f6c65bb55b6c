"""Full members of the trust's workspace come in; everybody else is refused kindly, and nothing of theirs is done."""

from dataclasses import replace
from typing import Any

import pytest
from slack_office import CASE, WITH_ADA, Clock, RecordingDesk, adapter_for, served

from fakes.slack import Channel, FakeSlack, Fault, Person
from psirf_bot.adapters.slack import words
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.adapters.slack.members import MembershipUnknown
from psirf_bot.casework.inbound import Reply


def looked_up(fake: FakeSlack) -> int:
    return fake.server.attempts["users.info"]


OUTSIDERS = [
    ({"is_restricted": True}, words.GUEST),
    ({"is_restricted": True, "is_ultra_restricted": True}, words.GUEST),
    ({"is_stranger": True}, words.OUTSIDER),
    ({"is_bot": True}, words.OUTSIDER),
    ({"deleted": True}, words.OUTSIDER),
]


@pytest.mark.parametrize(("flags", "said"), OUTSIDERS)
async def test_a_command_by_anybody_else_is_refused(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, flags: dict[str, Any], said: str
) -> None:
    guest = fake.add_user("U0GUEST", "Gil Guest", **flags)
    await guest.slash("/psirf", "report")
    assert [m.words for m in guest.ephemerals] == [said]
    assert desk.deliveries == []


@pytest.mark.parametrize(("flags", "said"), [*OUTSIDERS, ({"team_id": "T0OTHER"}, words.OUTSIDER)])
async def test_a_press_by_anybody_else_is_refused(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, quality: Channel, flags: dict[str, Any], said: str
) -> None:
    ts = await adapter.send({"channel": quality.id}, CASE, "k")
    guest = fake.add_user("U0GUEST", "Gil Guest", **flags)
    quality.members.add("U0GUEST")
    await guest.press("I have read this", message=quality.find(ts))
    if flags.get("deleted"):
        await fake.until(lambda: fake.server.attempts["chat.postEphemeral"])
    else:
        await fake.until(lambda: [m.words for m in guest.ephemerals] == [said])
    assert desk.deliveries == []


async def test_words_of_a_guest_are_refused_in_a_message(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    await fake.add_user("U0GUEST", "Gil Guest", is_restricted=True).dm("report")
    (message,) = await fake.until(lambda: fake.messages("U0GUEST"))
    assert message.words == words.GUEST
    assert desk.deliveries == []


async def test_a_guest_keeps_the_words_in_a_form(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, clock: Clock
) -> None:
    await ada.slash("/psirf", "report")
    await fake.until(lambda: ada.open_view)
    ada.user.is_restricted = True
    clock.ahead = 15 * 60
    with_time = fake.post.headers
    fake.post.headers = lambda body, kind="application/x-www-form-urlencoded", timestamp=None: with_time(  # type: ignore[method-assign]
        body, kind, int(clock().timestamp())
    )
    await ada.submit_view({"In your own words": "A fall"})
    assert ada.view_errors == {"what": words.GUEST}
    assert len(desk.deliveries) == 1


async def test_nothing_about_a_case_is_taken_in_a_channel_shared_with_others(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, quality: Channel
) -> None:
    quality.is_ext_shared = True
    await ada.say(f"<@{fake.bot_user_id}> find falls", channel=quality.id)
    await fake.until(lambda: [m.words for m in ada.ephemerals] == [words.SHARED_CHANNEL])
    assert desk.deliveries == []


async def test_a_member_may_use_the_app_in_private_from_a_shared_channel(
    ada: Person, desk: RecordingDesk, quality: Channel
) -> None:
    quality.is_ext_shared = True
    await ada.slash("/psirf", "report", channel=quality.id)
    assert desk.last.place == WITH_ADA  # without the channel: it must never be made a channel for cases


@pytest.mark.parametrize("fault", [Fault.hang(), Fault.throttled(), Fault.refused("channel_not_found")])
async def test_a_channel_slack_does_not_vouch_for_counts_as_shared(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, quality: Channel, fault: Fault
) -> None:
    fake.fail_next("conversations.info", fault)
    await ada.slash("/psirf", "report", channel=quality.id)
    assert desk.last.place == WITH_ADA
    for _ in range(2):
        await ada.slash("/psirf", "report", channel=quality.id)
        assert desk.last.place == replace(WITH_ADA, channel={"channel": quality.id})
    assert fake.server.attempts["conversations.info"] == 2


async def test_a_channel_that_becomes_shared_is_noticed(adapter: SlackAdapter, quality: Channel, clock: Clock) -> None:
    channels = adapter._reception._channels
    assert await channels.is_our_own(quality.id)
    quality.is_ext_shared = True
    assert await channels.is_our_own(quality.id)
    clock.ahead = 10.1 * 60
    assert not await channels.is_our_own(quality.id)


# What is remembered, by a clock that can be moved: the person comes in person, without HTTP in between


@pytest.fixture
def members(adapter: SlackAdapter) -> Any:
    return adapter._reception._members


async def test_a_member_is_remembered_for_ten_minutes(fake: FakeSlack, members: Any, clock: Clock) -> None:
    for minutes, asked in [(0, 1), (9.9, 1), (10.1, 2), (10.2, 2)]:
        clock.ahead = minutes * 60
        assert (await members.find("U0ADA")).refusal == ""
        assert looked_up(fake) == asked


async def test_a_refusal_is_remembered_for_a_minute(fake: FakeSlack, members: Any, clock: Clock) -> None:
    fake.add_user("U0GUEST", "Gil Guest", is_restricted=True)
    for seconds, asked in [(0, 1), (59, 1), (61, 2)]:
        clock.ahead = seconds
        assert (await members.find("U0GUEST")).refusal == words.GUEST
        assert looked_up(fake) == asked


async def test_somebody_slack_does_not_know_is_refused(members: Any) -> None:
    assert (await members.find("U0NOBODY")).refusal == words.OUTSIDER


async def test_slackbot_is_no_member(fake: FakeSlack, members: Any) -> None:
    fake.add_user("USLACKBOT", "Slackbot")
    assert (await members.find("USLACKBOT")).refusal == words.OUTSIDER


async def test_someone_seen_within_the_hour_need_not_be_looked_up_to_be_let_in(
    fake: FakeSlack, members: Any, clock: Clock
) -> None:
    await members.find("U0ADA")
    clock.ahead = 30 * 60
    fake.fail_next("users.info", Fault.failing())
    assert (await members.find("U0ADA")).name == "Ada Field"
    clock.ahead = 61 * 60
    fake.fail_next("users.info", Fault.failing())
    with pytest.raises(MembershipUnknown, match="status 500"):
        await members.find("U0ADA")


async def test_nobody_waits_long_for_slack_to_say_who_they_are(
    fake: FakeSlack, desk: RecordingDesk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psirf_bot.adapters.slack.members._WITHIN", 0.05)
    async with served(fake, adapter_for(fake, desk, clock, send_timeout=10)):
        fake.fail_next("users.info", Fault.hang())
        answer = await fake.person("U0ADA").slash("/psirf", "report")
    assert 0.05 <= answer.seconds < 0.5
    assert words.NOT_BEGUN in answer.body


# A connection that drops is not among them: aiohttp asks again by itself when the request only reads.
TROUBLES = [Fault.hang(), Fault.throttled(), Fault.failing(), Fault.truncated(), Fault.refused("fatal_error")]


@pytest.mark.parametrize("fault", TROUBLES)
async def test_when_slack_cannot_say_who_it_is_nothing_is_saved_and_the_person_is_told(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, fault: Fault
) -> None:
    fake.fail_next("users.info", fault)
    await ada.slash("/psirf", "report")
    assert [m.words for m in ada.ephemerals] == [words.NOT_BEGUN]
    assert "ring 999" in words.NOT_BEGUN, "nobody has read what they typed"
    assert desk.deliveries == []
    await ada.slash("/psirf", "report")
    assert len(desk.done) == 1


async def test_when_slack_cannot_say_who_it_is_words_are_to_be_sent_again(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    fake.fail_next("users.info", Fault.throttled())
    await ada.dm("report")
    (message,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert message.words == words.NOT_SAVED_SAY
    assert "ring 999" in message.words, "nobody has read what they typed"
    desk.reply = Reply()
    await ada.dm("report")
    assert len(desk.done) == 1
