"""Requests that nobody should send, to every endpoint of the whole bot: no effect, and no failure.

A few hundred to each by default, `PSIRF_FUZZ=10000` for so many; `PSIRF_FUZZ_SEED` for others.
"""

import asyncio
import io
import os
from random import Random
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from sqlmodel import func, select

import fuzzing
from psirf_bot.store.tables import Dialog
from test_threats import base, bot, difference, of_people, quiet, report_in_slack, report_in_teams, stored
from test_whole_report import set_quality_channel
from whole import Whole

__all__ = ["bot"]
SEED = int(os.environ.get("PSIRF_FUZZ_SEED", "7"))
REQUESTS = int(os.environ.get("PSIRF_FUZZ", "200"))
AT_ONCE = 16
POSTS = ("/api/messages", "/slack/events")
PAGES = ("/healthz", "/readyz", "/metrics", "/minutes/x")


class Fuzz:
    """Sends tampered requests to one endpoint of the bot, some at a time, and keeps what it answered."""

    def __init__(self, bot: Whole, http: aiohttp.ClientSession, path: str) -> None:
        self.bot, self.path, self.http = bot, path, http
        self.random = Random(f"{SEED} {path}")
        self.url = base(bot) + path
        own = [d.body for d in bot.slack.sent]
        theirs = [fuzzing.as_json(a) for a, _ in bot.teams.deliveries if isinstance(a, dict)]
        self.valid = own if path == "/slack/events" else theirs
        self.failed: list[str] = []

    async def run(self, times: int, make: Any) -> None:
        for begun in range(0, times, AT_ONCE):
            made = [make() for _ in range(min(AT_ONCE, times - begun))]
            for answer in await asyncio.gather(*made):
                if answer >= 500:
                    self.failed.append(f"{answer}")

    async def post(self, body: bytes, headers: dict[str, str], method: str = "POST", url: str = "") -> int:
        try:
            async with self.http.request(method, url or self.url, data=io.BytesIO(body), headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, ValueError):
            return 0  # hung up on, or nothing that a client could send

    async def unsigned(self) -> int:
        """Anything at all, from somebody who has no secret."""
        random = self.random
        match random.randrange(5):
            case 0:
                host, port = self.bot.slack.bot_url.split("/")[2].split(":")
                return await fuzzing.on_the_wire(host, int(port), fuzzing.raw_request(random, self.path))
            case 1 if self.path in PAGES:
                tail = quote(random.randbytes(random.choice((3, 40, 900))), safe="/")
                url = f"{self.url}{tail if self.path.startswith('/minutes') else '?' + tail}"
                return await self.post(b"", fuzzing.headers(random), random.choice(fuzzing.METHODS), url)
            case 1 | 2 if self.valid:
                return await self.post(fuzzing.tampered(random, random.choice(self.valid)), fuzzing.headers(random))
            case _:
                return await self.post(fuzzing.rubbish(random), fuzzing.headers(random), random.choice(fuzzing.METHODS))

    async def signed(self) -> int:
        """What the platform might send if it went mad: tampered with first, then properly signed."""
        body = fuzzing.tampered(self.random, self.random.choice(self.valid))
        if self.random.random() < 0.1:
            body = fuzzing.rubbish(self.random)
        if self.path == "/slack/events":
            kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
            return await self.post(body, self.bot.slack.post.headers(body, kind))
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.bot.teams.token()}"}
        return await self.post(body, headers)


def failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Turns that went wrong on our side: people are told so with a 200, so the status does not show it."""
    return [r.getMessage() for r in caplog.records if "turn failed" in r.getMessage()]


@pytest.mark.parametrize("path", [*POSTS, *PAGES])
async def test_unsigned_requests_of_every_kind_have_no_effect_and_are_no_failure(
    bot: Whole, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    await set_quality_channel(bot)
    await report_in_slack(bot)
    await report_in_teams(bot)
    before = await quiet(bot)
    async with aiohttp.ClientSession() as http:
        fuzz = Fuzz(bot, http, path)
        await fuzz.run(REQUESTS, fuzz.unsigned)
        assert fuzz.failed == []
        assert await fuzz.post(b"", {}, "GET", base(bot) + "/healthz") == 200
    assert difference(before, await quiet(bot)) == []
    assert failures(caplog) == []


@pytest.mark.parametrize("path", POSTS)
async def test_signed_requests_that_were_tampered_with_first_change_no_case(
    bot: Whole, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    await set_quality_channel(bot)
    already = len(bot.slack.sent)
    await report_in_slack(bot)
    await report_in_teams(bot)
    del bot.slack.sent[:already]
    bot.slack.post.retry_delays = ()
    before = of_people(await quiet(bot))
    async with aiohttp.ClientSession() as http:
        fuzz = Fuzz(bot, http, path)
        await fuzz.run(REQUESTS, fuzz.signed)
        assert fuzz.failed == []
    assert difference(before, of_people(await bot.app.store.read(stored))) == []
    still_open = select(Dialog.person_id, func.count()).where(Dialog.state == "open").group_by(Dialog.person_id)
    begun = await bot.app.store.read(lambda session: session.exec(still_open).all())
    assert all(count == 1 for _, count in begun)
    assert failures(caplog) == []
