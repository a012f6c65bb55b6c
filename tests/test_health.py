"""A platform in trouble, or a wrong clock, as whoever watches the whole bot sees it."""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import Session

from fakes.slack import Fault
from psirf_bot import bootstrap
from psirf_bot.adapters.slack import bot_token, gate
from psirf_bot.adapters.teams import connector, standing
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.cards.conversation import said
from psirf_bot.casework import post
from psirf_bot.casework.work import Work
from psirf_bot.delivery import troubles
from whole import Whole, whole

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "WAKE_EVERY", 0.05)
    monkeypatch.setattr(bot_token, "ASKED_EVERY", 0.05)
    monkeypatch.setattr(standing, "LOOKS_EVERY", 0.05)
    monkeypatch.setattr(troubles, "LASTS", 0.0)


async def get(bot: Whole, page: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(bot.teams.bot_url.replace("/api/messages", page)) as answer:
        assert answer.status == 200
        return await answer.text()


async def readyz(bot: Whole) -> Json:
    """It serves as well as before, whatever is in trouble."""
    page: Json = json.loads(await get(bot, "/readyz"))
    return page


async def until_readyz(bot: Whole, *in_trouble: str) -> Json:
    async with asyncio.timeout(5):
        while {"slack", "teams", "clock"} & (page := await readyz(bot)).keys() != set(in_trouble):  # noqa: ASYNC110 (it is another page)
            await asyncio.sleep(0.02)
    return page


async def figures(bot: Whole) -> dict[str, float]:
    families = text_string_to_metric_families(await get(bot, "/metrics"))
    return {sample.name: sample.value for family in families for sample in family.samples}


async def test_a_token_and_a_secret_that_are_not_taken_any_more_are_said_and_then_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, troubles.__name__)
    async with whole(tmp_path) as bot:
        await until_readyz(bot)
        assert (await figures(bot))["psirf_platforms_cut_off"] == 0
        bot.slack.server.faults.chooser = lambda method: Fault.refused("token_revoked")
        assert "token_revoked" in (await until_readyz(bot, "slack"))["slack"]
        refusal = 401, "invalid_client", 7000222, "The secret is expired"
        monkeypatch.setattr(bot.teams.entra, "_why_not", lambda *_: refusal)
        teams = bot.app.adapters["teams"]
        assert isinstance(teams, TeamsAdapter)
        teams._token.forget(teams._token._token)  # its time is up
        assert "has ended" in (await until_readyz(bot, "slack", "teams"))["teams"]
        assert (await figures(bot))["psirf_platforms_cut_off"] == 2
        bot.slack.server.faults.chooser = None
        monkeypatch.setattr(bot.teams.entra, "_why_not", lambda *_: None)
        await until_readyz(bot)
        assert (await figures(bot))["psirf_platforms_cut_off"] == 0
        ended = [f"no longer in trouble: {name}" for name in ("slack", "teams")]  # each at a look of its own, perhaps
        await bot.slack.until(lambda: all(words in caplog.text for words in ended))
    said = [message for message in caplog.messages if "trouble" in message]
    assert [words.rpartition("trouble: ")[2][:5] for words in said].count("slack") == 2, "when it begins, when it ends"
    assert not [secret for secret in (bot.slack.bot_token, "made-up-secret") if secret in caplog.text]


async def test_a_wrong_clock_is_said_to_whoever_watches_and_to_the_quality_team(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with whole(tmp_path) as bot:
        wei = bot.slack.person("U0WEI0001")
        await wei.say(f"<@{bot.slack.bot_user_id}> use this channel for quality", channel="C0QUALITY")
        with monkeypatch.context() as moment:
            wrong = format_datetime(datetime.now(UTC) + timedelta(minutes=7), usegmt=True)
            moment.setattr("aiohttp.web_response.rfc822_formatted_time", lambda: wrong)
            moment.setattr(troubles, "LASTS", 3600.0)
            page = await until_readyz(bot, "clock")
            assert page["clock"].startswith("this machine's clock is 7 minutes behind")
            assert (await figures(bot))["psirf_clock_off_seconds"] == pytest.approx(-420, abs=10)
            moment.setattr(gate, "FRESH", -1)  # as such a clock has it
            await wei.dm("help")
            await until_readyz(bot, "clock", "slack")
            moment.setattr(troubles, "LASTS", 0.0)
            told = await bot.slack.until(
                lambda: [m for m in bot.slack.messages("C0QUALITY") if "set the clock of its machine" in m.words]
            )
            assert len(told) == 1
        await until_readyz(bot)  # Slack's own answers say that the clock is right again
        assert (await figures(bot))["psirf_clock_off_seconds"] == 0


async def test_a_clock_that_was_moved_for_a_trial_is_not_a_wrong_one(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        bot.app.clock.advance(timedelta(days=30))
        asked = bot.slack.server.attempts["auth.test"]
        await bot.slack.until(lambda: bot.slack.server.attempts["auth.test"] > asked + 3)
        assert not {"slack", "teams", "clock"} & (await readyz(bot)).keys()


def _write_to_amina(bot: Whole, session: Session) -> None:
    chat = {"service_url": bot.teams.service_url, "conversation": bot.amina_on_teams.chat.id}
    work = Work(session, bot.app.clock.now(), bot.app.setting)
    post.to_address(work, "teams", chat, said("A word from the test", "…"))


async def test_teams_messages_outlive_a_token_that_is_not_taken_and_whoever_watches_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "MENDED_IN", 0.1)
    async with whole(tmp_path) as bot:
        with monkeypatch.context() as moment:
            moment.setattr(bot.teams.entra, "knows", lambda _: False)
            await bot.app.store.run(partial(_write_to_amina, bot))
            bot.app.courier.kick()
            assert "does not take the bot's token" in (await until_readyz(bot, "teams"))["teams"]
            assert (await readyz(bot))["messages"].keys() <= {"due", "sending"}
        await until_readyz(bot)
        await bot.amina_on_teams.hears("A word from the test")
        async with asyncio.timeout(5):
            while (await readyz(bot))["messages"]:  # noqa: ASYNC110 (it is another page)
                await asyncio.sleep(0.02)


async def test_a_scope_that_slack_misses_is_said_to_whoever_watches_and_to_the_quality_team(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot_token, "LAPSES", 1.0)
    async with whole(tmp_path) as bot:
        wei = bot.slack.person("U0WEI0001")
        await wei.say(f"<@{bot.slack.bot_user_id}> use this channel for quality", channel="C0QUALITY")
        everything = bot.slack.world.scopes
        bot.slack.world.scopes = everything - {"users:read"}
        await bot.slack.person("U0BRONWEN").dm("help")
        assert "lacks a scope (users:read)" in (await until_readyz(bot, "slack"))["slack"]
        await bot.slack.until(lambda: [m for m in bot.slack.messages("C0QUALITY") if "trouble with Slack" in m.words])
        bot.slack.world.scopes = everything
        await until_readyz(bot)
