"""Hostile, broken and misdirected requests: each is turned away, none is a 500, and none of it stands in a log."""

import asyncio
import gzip
import io
import json
import logging
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_office import Clock, RecordingDesk, adapter_for

from fakes.slack import FakeSlack, sign
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.casework.inbound import Pressed, Said

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
WORDS = "Mrs Example fell"
COMMAND = {
    "command": "/psirf",
    "text": WORDS,
    "team_id": "T0FENMARSH",
    "user_id": "U0ADA",
    "trigger_id": "1.2.3",
    "channel_id": "C1",
}


SPOKEN = {"type": "message", "channel_type": "im", "user": "U0ADA", "text": WORDS, "channel": "D1"}


def command(**changes: Any) -> bytes:
    return urlencode({k: v for k, v in (COMMAND | changes).items() if v is not None}).encode()


PRESS = {"action_id": "press:1", "value": "a"}


def interaction(**payload: Any) -> bytes:
    return urlencode({"payload": json.dumps({"team": {"id": "T0FENMARSH"}} | payload)}).encode()


def submission(**changes: Any) -> bytes:
    held = {"private_metadata": '{"action": "a"}', "blocks": [], "state": {"values": {}}}
    view = {"type": "modal", "callback_id": "psirf", **held, **changes}
    return interaction(type="view_submission", trigger_id="1", user={"id": "U0ADA"}, view=view)


def event(**changes: Any) -> bytes:
    envelope = {"type": "event_callback", "team_id": "T0FENMARSH", "event_id": "Ev1", "event": {"type": "message"}}
    return json.dumps(envelope | changes).encode()


async def send(
    fake: FakeSlack, body: bytes, kind: str = FORM, *, late: float = 0, headers: dict[str, str] | None = None
) -> int:
    """The status of the answer to these bytes, signed `late` seconds ago unless the headers say otherwise."""
    signed = fake.post.headers(body, kind, timestamp=int(time.time() - late))
    answer = await fake.deliver(body, signed | (headers or {}))
    assert not answer.failure
    assert WORDS not in answer.body
    return answer.status


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.DEBUG, "psirf_bot")
    for name in ("slack_bolt", "slack_sdk"):
        caplog.set_level(logging.DEBUG, name)
    yield
    assert WORDS not in caplog.text


@pytest.mark.parametrize("body", [command(), submission()])
async def test_what_slack_signed_comes_through(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, body: bytes
) -> None:
    assert await send(fake, body) == 200
    assert len(desk.done) == 1


@pytest.mark.parametrize("typed", ["a+b = 100% & %41;%zz", "naïve “quoted” 🙂", "two\nlines\tand a tab", "x" * 40_000])
async def test_words_come_through_a_form_as_they_were_typed(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, typed: str
) -> None:
    value = {"q": {"value": {"type": "plain_text_input", "value": typed}}}
    assert await send(fake, command(text=typed)) == await send(fake, submission(state={"values": value})) == 200
    said, pressed = (inbound.what for inbound in desk.done)
    assert said == Said(typed, command=True)
    assert pressed == Pressed("a", {"q": typed})


@pytest.mark.parametrize(
    ("late", "status"), [(0, 200), (295, 200), (-295, 200), (305, 401), (-305, 401), (86_400, 401)]
)
async def test_a_signature_is_good_for_five_minutes(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, late: float, status: int
) -> None:
    assert await send(fake, command(), late=late) == status
    assert len(desk.deliveries) == (status == 200)


@pytest.mark.parametrize("late", [400, -400])
async def test_with_a_wrong_clock_slack_counts_as_cut_off_until_something_comes_in(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, caplog: pytest.LogCaptureFixture, late: float
) -> None:
    assert await send(fake, command(), late=late, headers={"X-Slack-Signature": "v0=0"}) == 401
    assert not adapter.trouble, "whoever has no secret says nothing about our clock"
    assert await send(fake, command(), late=late) == 401
    assert "clock is wrong" in adapter.trouble
    assert "clock is wrong" in caplog.text
    assert await send(fake, command()) == 200
    assert not adapter.trouble


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0="},
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v0=ünïcode"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "1e9"},
        {"X-Slack-Request-Timestamp": "٣" * 10},
        {"X-Slack-Request-Timestamp": "²" * 10},
        {"X-Slack-Request-Timestamp": "9" * 5000},
        {"X-Slack-Request-Timestamp": "99999999999"},
    ],
)
async def test_what_slack_did_not_sign_is_refused(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, headers: dict[str, str]
) -> None:
    assert await send(fake, command(), headers=headers) == 401
    assert desk.deliveries == []


async def test_a_signature_is_for_these_bytes_and_this_secret(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    signed = fake.post.headers(command())
    assert (await fake.deliver(command(text="report"), signed)).status == 401
    other = sign("another-secret", command(), signed["X-Slack-Request-Timestamp"])
    assert (await fake.deliver(command(), signed | {"X-Slack-Signature": other})).status == 401
    assert (await fake.deliver(command(), {"Content-Type": FORM})).status == 401
    assert desk.deliveries == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", JSON),
        (b"{", JSON),
        (b"[]", JSON),
        (b"null", JSON),
        (b'"words"', JSON),
        (b"\xff\xfe", JSON),
        (b'{"a":' * 100_000, JSON),
        (b"[" * 100_000, JSON),
        (b'{"type": ' + b"9" * 5000 + b"}", JSON),
        (b"payload=", FORM),
        (b"payload=%7B", FORM),
        (b"payload=[]", FORM),
        (b"payload=" + b"%5B" * 50_000, FORM),
        (b"\xff", FORM),
        (command(trigger_id=None), FORM),
        (event(event=SPOKEN, authorizations=5), JSON),
        (event(event=SPOKEN, authorizations=[5]), JSON),
        (command(user_id=None), FORM),
        (interaction(type="block_actions"), FORM),
        (interaction(type="block_actions", actions=[]), FORM),
        (interaction(type="block_actions", actions=[3]), FORM),
        (interaction(type="block_actions", actions=[{"action_id": "press:1", "value": "a"}]), FORM),
        (interaction(type="shortcut", callback_id="psirf_report"), FORM),
        (interaction(type="shortcut", callback_id=["psirf_report"], trigger_id=1, user={"id": "U0ADA"}), FORM),
        (interaction(type="message_action", callback_id="psirf_report_message"), FORM),
        (interaction(type="message_action", callback_id="x", trigger_id="1", user={"id": "U0ADA"}, message=[]), FORM),
        (interaction(type="block_actions", actions=[PRESS], trigger_id="1", user=[], view={"type": "home"}), FORM),
        (interaction(type="view_submission"), FORM),
        (interaction(type="view_submission", view=[]), FORM),
        (submission(type=None), FORM),
        (submission(private_metadata="no"), FORM),
        (submission(private_metadata="[]"), FORM),
        (submission(callback_id="another"), FORM),
        (submission(blocks=[4]), FORM),
        (submission(state={"values": {"q": 3}}), FORM),
        (submission(state={"values": {"q": {"value": {"selected_option": 3}}}}), FORM),
    ],
)
async def test_what_cannot_be_read_is_refused(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, body: bytes, kind: str
) -> None:
    assert await send(fake, body, kind) == 400
    assert desk.deliveries == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"{}", JSON),
        (b"ssl_check=1&token=x", FORM),
        (event(), JSON),
        (event(event=None), JSON),
        (event(authorizations=5), JSON),
        (event(event={"type": "tokens_revoked"}), JSON),
        (event(event={"type": "app_home_opened", "user": 3, "tab": "home"}), JSON),
        (event(event={"type": "app_home_opened", "user": "U0ADA", "tab": "messages"}), JSON),
        (event(event={"type": "message", "channel_type": "im", "user": 3, "text": WORDS, "channel": "D1"}), JSON),
        (interaction(type="shortcut", callback_id="x", trigger_id="1", user={"id": "U0ADA"}), FORM),
        (interaction(type="block_suggestion", value=WORDS), FORM),
        (interaction(type="view_closed"), FORM),
        (interaction(type="block_actions", actions=[{"action_id": "value"}]), FORM),
    ],
)
async def test_what_is_none_of_our_business_is_taken_and_forgotten(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, body: bytes, kind: str
) -> None:
    assert await send(fake, body, kind) == 200
    assert desk.deliveries == []


async def test_a_megabyte_is_the_most(fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk) -> None:
    room = 2**20 - len(command(text=""))
    assert await send(fake, command(text="x" * room)) == 200
    more = command(text="x" * (room + 1))
    headers = fake.post.headers(more)
    async with (
        aiohttp.ClientSession() as session,
        session.post(fake.bot_url, data=io.BytesIO(more), headers=headers) as a,
    ):
        assert a.status == 413
    assert len(desk.done) == 1


async def test_a_megabyte_is_counted_and_not_believed(fake: FakeSlack, adapter: SlackAdapter) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b"x" * 2**16

    async with aiohttp.ClientSession() as session:
        async with session.post(fake.bot_url, data=chunks(), headers={"Content-Type": FORM}) as answer:
            assert answer.status == 413
        bomb = {"Content-Type": FORM, "Content-Encoding": "gzip"}
        async with session.post(fake.bot_url, data=gzip.compress(b"x" * 2**24), headers=bomb) as answer:
            assert answer.status == 413
        async with session.post(fake.bot_url, data=b"not gzip at all", headers=bomb) as answer:
            assert answer.status == 400


async def test_a_request_that_is_broken_off_does_no_harm(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = fake.bot_url.removeprefix("http://").split("/")[0].split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.02)
    assert await send(fake, command()) == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_body_that_never_ends_is_not_waited_for(
    fake: FakeSlack, adapter: SlackAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psirf_bot.adapters.slack.gate._READING", 0.05)
    host, port = fake.bot_url.removeprefix("http://").split("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    async with asyncio.timeout(5):
        assert b" 408 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (command(team_id="T0OTHER"), FORM),
        (event(team_id="T0OTHER"), JSON),
        (interaction(type="block_actions", team={"id": "T0OTHER"}), FORM),
        (interaction(type="block_actions", team=None, user={"id": "U1", "team_id": "T0OTHER"}), FORM),
    ],
)
async def test_another_workspace_is_turned_away_for_good(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, body: bytes, kind: str
) -> None:
    answer = await fake.deliver(body, fake.post.headers(body, kind))
    assert answer.status == 403
    assert answer.headers["X-Slack-No-Retry"] == "1"
    assert desk.deliveries == []


async def test_slack_may_check_the_address(fake: FakeSlack, adapter: SlackAdapter) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a", "token": "x"}).encode()
    answer = await fake.deliver(body, fake.post.headers(body, JSON))
    assert (answer.status, answer.json) == (200, {"challenge": "3eZbrw1a"})
    assert (await fake.deliver(body, {"Content-Type": JSON})).status == 401


async def test_only_posts_are_taken(fake: FakeSlack, adapter: SlackAdapter) -> None:
    async with aiohttp.ClientSession() as session, session.get(fake.bot_url) as answer:
        assert answer.status == 405


@pytest.mark.parametrize("missing", ["bot_token", "signing_secret"])
async def test_empty_secrets_are_no_secrets(
    fake: FakeSlack, desk: RecordingDesk, clock: Clock, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(fake, missing, "")
    with pytest.raises(ValueError, match="Slack needs"):
        adapter_for(fake, desk, clock)


async def test_secrets_do_not_show(fake: FakeSlack, adapter: SlackAdapter) -> None:
    assert fake.bot_token not in repr(adapter)
    assert fake.signing_secret not in repr(adapter)
