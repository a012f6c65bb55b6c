"""Slack's requests to the bot: signing them, sending them, and sending events again."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp

from .blocks import Json
from .sockets import Sockets

FORM = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"
SLACK_RETRY_DELAYS = (0.0, 60.0, 300.0)  # what Slack waits; the fake is quicker unless told


def sign(secret: str, body: bytes, timestamp: int | str) -> str:
    """The X-Slack-Signature of these bytes at this time (seconds since 1970)."""
    signed = b"v0:" + str(timestamp).encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def as_form(payload: Json) -> bytes:
    """An interaction as Slack sends it: JSON, ASCII only with escaped slashes, in one form field."""
    return urlencode({"payload": as_json(payload).decode()}).encode()


def as_json(payload: Json) -> bytes:
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


@dataclass(frozen=True)
class Answer:
    """What the bot answered, or how it failed to: `http_timeout` or `connection_failed`."""

    status: int = 0
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # however their names are written
    seconds: float = 0.0
    failure: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def trouble(self) -> str:
        """Slack's word for what went wrong, as in X-Slack-Retry-Reason; empty when nothing did."""
        return "" if self.ok else self.failure or "http_error"

    @property
    def json(self) -> Any:
        """The body, or None where it is empty; ValueError where it is no JSON."""
        return json.loads(self.body) if self.body.strip() else None


@dataclass(frozen=True)
class Delivery:
    """One request as it went out, to be looked at or to be sent again byte for byte."""

    body: bytes
    headers: dict[str, str]
    answer: Answer


# The interactions that are answered in the acknowledgement; others only acknowledge.
_ANSWERED = ("view_submission", "block_suggestion")


class Post:
    """Sends Slack's signed requests to the bot, or its envelopes in Socket Mode, and waits as long as Slack does."""

    def __init__(self, secret: str, sockets: Sockets) -> None:
        self.secret = secret
        self.sockets = sockets
        self.bot_url = ""  # where the bot serves POST /slack/events
        self.deadline = 3.0  # seconds
        self.retry_delays = (0.0, 0.02, 0.05)
        self.sent: list[Delivery] = []
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    def headers(self, body: bytes, content_type: str = FORM, timestamp: int | None = None) -> dict[str, str]:
        """The headers of a properly signed request. Signatures use the real clock."""
        moment = int(time.time()) if timestamp is None else timestamp
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Accept": "*/*",
            "X-Slack-Request-Timestamp": str(moment),
            "X-Slack-Signature": sign(self.secret, body, moment),
        }

    async def deliver(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Send exactly these bytes under these headers, once."""
        answer = await self._send(body, headers)
        self.sent.append(Delivery(body, headers, answer))
        return answer

    async def interaction(self, body: bytes) -> Answer:
        """A command, press, submission or shortcut: Slack sends it once and tells the person if it fails."""
        if self.sockets.enabled:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            if "payload" not in form:
                return await self._over_a_line("slash_commands", form, takes_answer=True)
            payload = json.loads(form["payload"])
            return await self._over_a_line("interactive", payload, takes_answer=payload["type"] in _ANSWERED)
        return await self.deliver(body, self.headers(body))

    async def event(self, envelope: Json) -> Answer:
        """An event: sent up to three times more unless a 2xx comes in time, or the bot declines retries."""
        if self.sockets.enabled:
            return await self._over_a_line("events_api", envelope)
        body = as_json(envelope)
        answer = await self.deliver(body, self.headers(body, JSON_TYPE))
        for number, delay in enumerate(self.retry_delays, start=1):
            if answer.ok or answer.headers.get("X-Slack-No-Retry") == "1":
                break
            await asyncio.sleep(delay)
            again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": answer.trouble}
            answer = await self.deliver(body, self.headers(body, JSON_TYPE) | again)
        return answer

    async def _over_a_line(self, kind: str, payload: Json, *, takes_answer: bool = False) -> Answer:
        """What a request would have brought, had it been one."""
        began = time.monotonic()
        envelope = await self.sockets.deliver(kind, payload, takes_answer=takes_answer)
        spent = time.monotonic() - began
        if not envelope.acknowledged.is_set():
            return Answer(seconds=spent, failure="http_timeout" if envelope.lines else "connection_failed")
        body = json.dumps(envelope.answer) if envelope.answer is not None else ""
        return Answer(200, body, {"Content-Type": JSON_TYPE}, spent)

    async def _send(self, body: bytes, headers: dict[str, str]) -> Answer:
        if self._session is None or not self.bot_url:
            raise RuntimeError("start the fake and set bot_url first")
        began = time.monotonic()
        limit = aiohttp.ClientTimeout(total=self.deadline)
        try:
            async with self._session.post(
                self.bot_url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                text = await response.text()
                spent = time.monotonic() - began
                return Answer(response.status, text, response.headers, spent)
        except TimeoutError:
            return Answer(seconds=time.monotonic() - began, failure="http_timeout")
        except aiohttp.ClientError:
            return Answer(seconds=time.monotonic() - began, failure="connection_failed")
