"""How the bot stands with Slack: a token that is not taken, Slack out of reach, a wrong clock; and well again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from slack_office import THANKS, Clock, RecordingDesk, adapter_for, by_socket, served
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from test_slack_gate import command, send

from fakes.slack import FakeSlack, Fault
from psirf_bot.adapters.slack import bot_token, words
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.adapters.slack.failures import TOKEN_REFUSED, UNNAMED, scope_needed
from psirf_bot.casework.inbound import Reply
from psirf_bot.delivery.clock_check import OUT_OF_TIME, ClockCheck
from psirf_bot.delivery.platform import Refused, Uncertain

TO_ADA = {"user": "U0ADA"}


def refuses(fake: FakeSlack, name: str) -> None:
    """Slack takes the bot's token at no call."""
    fake.server.faults.chooser = lambda method: None if method == "apps.connections.open" else Fault.refused(name)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_token, "ASKED_EVERY", 0.02)


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_token, "ASKED_EVERY", 3600)


@pytest.mark.parametrize("name", sorted(TOKEN_REFUSED))
async def test_a_token_that_slack_does_not_take_is_said_until_it_does(
    fake: FakeSlack, desk: RecordingDesk, clock: Clock, soon: None, name: str
) -> None:
    refuses(fake, name)
    adapter = adapter_for(fake, desk, clock)
    assert adapter.trouble == "", "nobody has been asked yet"
    async with served(fake, adapter):
        assert adapter.trouble == adapter.cannot_send == words.bot_token_refused(name)
        assert "PSIRF_SLACK_BOT_TOKEN" in adapter.trouble
        assert fake.bot_token not in adapter.trouble
        fake.server.faults.chooser = None
        await fake.until(lambda: not adapter.trouble)


async def test_a_token_that_is_withdrawn_later_shows_at_the_next_call(
    fake: FakeSlack, adapter: SlackAdapter, seldom: None
) -> None:
    assert adapter.trouble == ""
    refuses(fake, "token_revoked")
    with pytest.raises(Refused):
        await adapter.send(TO_ADA, THANKS, "k")
    assert adapter.trouble == words.bot_token_refused("token_revoked")
    fake.server.faults.chooser = None
    await adapter.send(TO_ADA, THANKS, "k")
    assert adapter.trouble == ""


async def test_a_scope_or_a_channel_that_is_missing_says_nothing_about_the_token(
    fake: FakeSlack, adapter: SlackAdapter, seldom: None
) -> None:
    for name in ("missing_scope", "channel_not_found", "ratelimited", "internal_error"):
        assert adapter.trouble == ""
        refuses(fake, name)
        with pytest.raises((Refused, Uncertain)):
            await adapter.send(TO_ADA, THANKS, "k")
        assert adapter.cannot_send == ""
        adapter._client._lacked.clear()


async def test_a_scope_that_is_missing_is_named_until_nothing_has_failed_for_a_while(
    fake: FakeSlack, adapter: SlackAdapter, seldom: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.world.scopes -= {"im:write"}
    with pytest.raises(Refused) as refused:
        await adapter.update(TO_ADA, "1.000001", THANKS)
    assert (refused.value.why, refused.value.ours) == ("missing_scope im:write", True)
    assert (refused.value.final, refused.value.retry_after) == (False, None), "the rest of Slack need not wait"
    assert "lacks a scope (im:write)" in adapter.trouble
    assert "messages wait" in adapter.trouble
    assert adapter.cannot_send == "", "the quality team can be told in its channel"
    await adapter.send(TO_ADA, THANKS, "k")
    fake.world.scopes -= {"chat:write"}
    with pytest.raises(Refused):
        await adapter.send(TO_ADA, THANKS, "k")
    assert "lacks a scope (chat:write; im:write)" in adapter.trouble
    monkeypatch.setattr(bot_token, "LAPSES", 0.0)
    assert adapter.trouble == ""


@pytest.mark.parametrize("needed", [None, 7, "", "<!here> words", "a" * 200])
async def test_nothing_but_the_name_of_a_scope_is_taken_over(needed: object) -> None:
    data = {"ok": False, "error": "missing_scope"} | ({} if needed is None else {"needed": needed})
    answer = AsyncSlackResponse(
        client=None, http_verb="POST", api_url="", req_args={}, data=data, headers={}, status_code=200
    )
    assert scope_needed(SlackApiError("", answer)) == UNNAMED


async def test_slack_that_is_away_at_the_start_is_asked_again_until_it_says_who_we_are(
    fake: FakeSlack, desk: RecordingDesk, clock: Clock, seldom: None, caplog: pytest.LogCaptureFixture
) -> None:
    fake.server.faults.chooser = lambda method: Fault.drop()
    adapter = adapter_for(fake, desk, clock)
    async with served(fake, adapter):
        asked = adapter._bot_token
        assert adapter.trouble == "", "once is a moment's"
        assert (await asked()).bot_user_id is None
        await asked.ask()
        assert "does not answer as it should (ServerDisconnectedError)" in adapter.trouble
        assert caplog.text.count("Slack did not say who we are") == 1
        fake.server.faults.chooser = None
        await asked.ask()
        assert adapter.trouble == ""
        assert (await asked()).bot_user_id == fake.bot_user_id


async def test_the_two_tokens_of_socket_mode_are_told_apart(socket_mode: FakeSlack, desk: RecordingDesk) -> None:
    adapter = by_socket(socket_mode, desk, app_token="xapp-of-another-canary")
    await adapter.start()
    await socket_mode.until(lambda: adapter.trouble == words.app_token_refused("invalid_auth"))
    assert adapter.cannot_send == "", "the bot's own token is taken"
    await adapter.stop(grace=0.1)
    adapter = by_socket(socket_mode, desk)
    refuses(socket_mode, "account_inactive")
    await adapter.start()
    await socket_mode.until(lambda: socket_mode.sockets.lines)
    assert adapter.trouble == words.bot_token_refused("account_inactive")
    await adapter.stop(grace=0.1)


async def test_an_app_token_that_lacks_its_scope_is_no_matter_of_the_firewall(
    socket_mode: FakeSlack, desk: RecordingDesk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("psirf_bot.adapters.slack.socket.CUT_OFF", 0.0)
    socket_mode.fail_next("apps.connections.open", *[Fault.refused("missing_scope")] * 50)
    adapter = by_socket(socket_mode, desk)
    await adapter.start()
    await socket_mode.until(lambda: "missing_scope. Look at PSIRF_SLACK_APP_TOKEN" in caplog.text)
    assert adapter.trouble == words.app_token_refused("missing_scope")
    assert "connections:write" in adapter.trouble
    await adapter.stop(grace=0.1)


# the clock


@pytest.mark.parametrize("late", [400, -400])
async def test_an_old_request_is_forgiven_once_slack_says_that_our_clock_is_right(
    fake: FakeSlack, adapter: SlackAdapter, seldom: None, late: float
) -> None:
    assert await send(fake, command(), late=late) == 401
    assert (adapter.trouble, adapter.cannot_send) == (OUT_OF_TIME, "")
    await adapter.send(TO_ADA, THANKS, "k")
    assert adapter.trouble == ""


@pytest.mark.parametrize(("ahead", "side"), [(420, "ahead"), (-420, "behind")])
async def test_a_wrong_clock_is_said_by_slacks_own_answers(
    fake: FakeSlack, desk: RecordingDesk, clock: Clock, seldom: None, ahead: float, side: str
) -> None:
    clock.ahead = ahead
    check, desk.reply = ClockCheck(clock), Reply()
    adapter = adapter_for(fake, desk, clock, check=check)
    async with served(fake, adapter):
        await adapter.send(TO_ADA, THANKS, "k")
        assert f"7 minutes {side}" in check.said
        assert await send(fake, command()) == 401
        await adapter.send(TO_ADA, THANKS, "k")
        assert adapter.trouble == OUT_OF_TIME, "nothing comes in while it is wrong"
        clock.ahead = 0.0
        assert await send(fake, command()) == 200
        await adapter.send(TO_ADA, THANKS, "k")
        assert (adapter.trouble, check.said) == ("", "")


async def test_with_socket_mode_too(
    socket_mode: FakeSlack, desk: RecordingDesk, seldom: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True)
    monkeypatch.setattr("aiohttp.web_response.rfc822_formatted_time", lambda: wrong)
    check = ClockCheck(lambda: datetime.now(UTC))
    adapter = by_socket(socket_mode, desk, clock=check)
    await adapter.start()  # two calls: for a line, and who we are
    await socket_mode.until(lambda: check.said)
    assert "3 hours behind" in check.said
    await adapter.stop(grace=0.1)
