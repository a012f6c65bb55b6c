"""What people typed and asked for on a platform, and what became of it."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from fakes.slack import payloads
from fakes.slack.world import Message
from psirf_bot.casework.desk import Desk
from psirf_bot.store.tables import Dialog
from test_whole_report import PAGE_1, SERIOUS, set_quality_channel
from whole import Whole, whole


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as bot:
        yield bot


async def answers(bot: Whole) -> list[dict[str, object]]:
    return await bot.app.store.read(lambda session: list(session.exec(select(Dialog.answers)).all()))


async def test_what_slack_makes_of_channels_and_groups_is_no_part_of_typed_words(bot: Whole) -> None:
    amina, world = bot.amina_on_slack, bot.slack.world
    for words in ("report", "no", "near miss"):
        count = len(bot.slack.messages("U0AMINA01"))
        await amina.dm(words)
        await bot.slack.until(lambda count=count: len(bot.slack.messages("U0AMINA01")) > count)
    place = world.dm_with(amina.user)
    typed = "He fell on <#C0WARD7|ward-7> &amp; <#C09|>; I told <!here>, <!subteam^S1|@nurses> and <!subteam^S2>"
    said = Message(place.id, world.new_ts(), amina.user.id, typed)
    await bot.slack.post.event(payloads.event_callback(world, payloads.said(world, amina.user, place, said)))
    [kept] = await answers(bot)
    assert kept["what-happened"] == "He fell on #ward-7 & a channel; I told @here, @nurses and a group"


async def test_after_the_command_too(bot: Whole) -> None:
    await bot.amina_on_slack.slash("/psirf", "report he fell on <#C0WARD7|ward-7>")
    assert await answers(bot) == [{"what-happened": "he fell on #ward-7"}]


async def test_a_colleague_who_is_mentioned_on_teams_is_not_named_in_a_report(bot: Whole) -> None:
    people = bot.wei_on_teams, bot.leah_on_teams, bot.amina_on_teams
    ward = bot.teams.team("Ward", *people, channels=("Talk",), installed=True).channels["Talk"]
    await bot.amina_on_teams.install()
    await bot.amina_on_teams.say("@bot report @Leah Rosenfeld saw a patient fall", channel=ward)
    assert await answers(bot) == [{"what-happened": "a colleague saw a patient fall"}]


@pytest.fixture
def one_is_slow(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the next turns take beside their own."""
    slow: list[float] = []
    turn = Desk._turn

    def slower(*given: object) -> object:
        done = turn(*given)  # type: ignore[arg-type]
        if slow:
            time.sleep(slow.pop())
        return done

    monkeypatch.setattr(Desk, "_turn", slower)
    return slow


async def test_nobody_waits_for_a_message_that_will_not_come(bot: Whole, one_is_slow: list[float]) -> None:
    """The answer to a command is in its response or nowhere."""
    bot.app.desk.answer_within = 0.3
    one_is_slow.append(0.8)
    await bot.amina_on_slack.slash("/psirf", "my reports")
    [said] = bot.slack.ephemerals("U0AMINA01")
    assert "do that again in a moment" in said.words
    assert "next message" not in said.words


async def test_the_answer_to_words_still_comes_late(bot: Whole, one_is_slow: list[float]) -> None:
    bot.app.desk.answer_within = 0.3
    one_is_slow.append(0.8)
    await bot.amina_on_slack.dm("my reports")
    await bot.slack.until(lambda: any("Your reports" in m.words for m in bot.slack.messages("U0AMINA01")))
    assert "wait for my next message" in bot.slack.messages("U0AMINA01")[0].words


async def test_words_in_a_form_that_was_sent_from_elsewhere_are_not_lost(bot: Whole) -> None:
    slack, teams = bot.amina_on_slack, bot.amina_on_teams
    await teams.install()
    await slack.shortcut("psirf_report")
    await bot.slack.until(lambda: slack.open_view)
    await teams.say("report")
    await teams.hears("Is anyone in danger now?")
    await teams.press("Next", inputs={**PAGE_1, "when.date": "2026-11-20"})
    await teams.press("Next", inputs={SERIOUS: "No"})
    await teams.press("Send the report")
    await teams.hears("Saved as PSI-2026-0001")
    await slack.submit_view({**PAGE_1, "What happened?": "What I saw myself", "when.date": "2026-11-20"})
    assert "What is typed here was not saved" in str(slack.view_errors)
    held = [state.get("value") for state in slack.open_view.typed.values()]
    assert "What I saw myself" in held


async def test_a_platform_that_is_given_up_costs_no_message(bot: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    await set_quality_channel(bot)
    for person in (bot.amina_on_teams, bot.leah_on_teams, bot.wei_on_teams):
        await person.install()
    amina = bot.amina_on_slack
    await amina.shortcut("psirf_report")  # seen last on Slack
    await bot.slack.until(lambda: amina.open_view)
    await amina.submit_view({**PAGE_1, "when.date": "2026-11-20"})
    await amina.submit_view({SERIOUS: "No"})
    await amina.submit_view()
    await bot.slack.until(lambda: any("near miss" in m.words for m in bot.slack.messages("C0QUALITY")))
    bot.app.courier._senders = {"teams": bot.app.adapters["teams"]}  # as after a restart without Slack's settings
    leah = bot.leah_on_teams
    await leah.say("case PSI-2026-0001")
    await leah.hears("Reported, not read yet")
    await leah.press("I have read this")
    await bot.amina_on_teams.hears("has been read", within=6)
    await bot.amina_on_teams.say("report")
    await bot.amina_on_teams.hears("Is anyone in danger now?")
    await bot.amina_on_teams.press("Next", inputs={**PAGE_1, "when.date": "2026-11-20"})
    await bot.amina_on_teams.press("Next", inputs={SERIOUS: "No"})
    await bot.amina_on_teams.press("Send the report")
    await leah.hears("I cannot post in the channel for quality in Slack", within=6)
