"""A near miss, from a person to a stored and handed-on report, on Slack, on Teams and across both."""

from pathlib import Path

from sqlmodel import func, select

from psirf_bot.store.tables import Case
from whole import Whole, whole

PAGE_1 = {
    "Is anyone in danger now?": "No",
    "What are you reporting?": "Near miss",
    "What happened?": "The wrong syringe driver was set up and noticed before use.",
    "Which service was it in?": "Community Nursing",
}
SERIOUS = "Could it have led to serious injury, major permanent harm or unexpected death?"


async def cases(bot: Whole) -> int:
    return await bot.app.store.read(lambda session: session.exec(select(func.count()).select_from(Case)).one())


async def set_quality_channel(bot: Whole) -> None:
    await bot.slack.person("U0WEI0001").say(
        f"<@{bot.slack.bot_user_id}> use this channel for quality", channel="C0QUALITY"
    )
    await bot.slack.until(lambda: any("set" in m.words for m in bot.slack.messages("C0QUALITY")))


async def test_a_near_miss_in_slack(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        await set_quality_channel(bot)
        amina = bot.amina_on_slack
        await amina.slash("/psirf", "report", channel="C0QUALITY")
        await amina.submit_view({**PAGE_1, "when.date": "2026-11-20"})
        assert not amina.saw_error, amina.reason
        await amina.submit_view({SERIOUS: "Yes"})
        assert "Check your answers" in amina.open_view.words
        await amina.submit_view()
        assert "Saved as PSI-2026-0001. It is not on Datix yet." in amina.open_view.words
        await bot.slack.until(lambda: any("Saved as PSI-2026-0001" in m.words for m in bot.slack.messages("U0AMINA01")))
        card = await bot.slack.until(
            lambda: next((m for m in bot.slack.messages("C0QUALITY") if "near miss" in m.words), None)
        )
        await bot.leah_on_slack.press("I have read this", message=card)
        assert not bot.leah_on_slack.saw_error, bot.leah_on_slack.reason
        await bot.slack.until(lambda: any("Owner" in m.words for m in bot.slack.messages("C0QUALITY")))
        await bot.slack.until(lambda: any("has been read" in m.words for m in bot.slack.messages("U0AMINA01")))
        assert bot.slack.refusals == []


async def test_a_near_miss_in_teams(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        await set_quality_channel(bot)
        amina = bot.amina_on_teams
        await amina.install()
        await amina.say("report")
        await amina.hears("Is anyone in danger now?")
        await amina.press("Next", inputs={**PAGE_1, "when.date": "2026-11-20"})
        await amina.press("Next", inputs={SERIOUS: "Yes"})
        await amina.press("Send the report")
        await amina.hears("Saved as PSI-2026-0001. It is not on Datix yet.")
        await bot.slack.until(lambda: any("near miss" in m.words for m in bot.slack.messages("C0QUALITY")))
        assert await cases(bot) == 1


async def test_begun_in_teams_gone_on_with_in_slack(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        await bot.amina_on_teams.install()
        await bot.amina_on_teams.say("report")
        await bot.amina_on_teams.hears("Is anyone in danger now?")
        await bot.amina_on_teams.press("Next", inputs={**PAGE_1, "when.date": "2026-11-20"})
        amina = bot.amina_on_slack
        await amina.dm("report")
        await bot.slack.until(lambda: any("unfinished report" in m.words for m in bot.slack.messages("U0AMINA01")))
        await amina.press("Go on with it", message=bot.slack.messages("U0AMINA01")[-1])
        await bot.slack.until(lambda: amina.open_view)
        await amina.submit_view({SERIOUS: "No"})
        await amina.submit_view()
        assert "Saved as PSI-2026-0001" in amina.open_view.words


async def test_an_identifier_typed_in_slack_is_masked_on_request(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        amina = bot.amina_on_slack
        await amina.slash("/psirf", "report", channel="C0QUALITY")
        await amina.submit_view({**PAGE_1, "What happened?": "Given to 943 476 5919", "when.date": "2026-11-20"})
        assert "looks like an NHS number" in amina.open_view.words
        await amina.press("Take it out for me and go on")
        await amina.submit_view({SERIOUS: "No"})
        assert "[NHS number removed]" in amina.open_view.words
        assert bot.slack.refusals == []


async def test_the_quality_card_lives_in_a_teams_channel_too(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        team = bot.teams.team("Quality", bot.wei_on_teams, bot.leah_on_teams, channels=("Reports",), installed=True)
        reports = team.channels["Reports"]
        await bot.wei_on_teams.say("@bot use this channel for quality", channel=reports)
        await bot.wei_on_teams.hears("This channel is set", channel=reports)
        amina = bot.amina_on_slack
        await amina.slash("/psirf", "report", channel="C0QUALITY")
        await amina.submit_view({**PAGE_1, "when.date": "2026-11-20"})
        await amina.submit_view({SERIOUS: "Yes"})
        await amina.submit_view()
        card = await bot.leah_on_teams.hears("near miss, Community Nursing", channel=reports)
        assert "Amina" not in bot.leah_on_teams.reads(card)
        await bot.leah_on_teams.press("I have read this", card=card)
        for person in (bot.leah_on_teams, bot.wei_on_teams):
            await person.hears("Owner", channel=reports)
        await bot.slack.until(lambda: any("has been read" in m.words for m in bot.slack.messages("U0AMINA01")))
        assert bot.slack.refusals == []


async def test_both_platforms_channels_carry_the_same_living_card(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        await set_quality_channel(bot)
        team = bot.teams.team("Quality", bot.wei_on_teams, bot.leah_on_teams, channels=("Reports",), installed=True)
        reports = team.channels["Reports"]
        await bot.wei_on_teams.say("@bot use this channel for quality", channel=reports)
        await bot.wei_on_teams.hears("This channel is set", channel=reports)
        amina = bot.amina_on_slack
        await amina.slash("/psirf", "report", channel="C0QUALITY")
        await amina.submit_view({**PAGE_1, "when.date": "2026-11-20"})
        await amina.submit_view({SERIOUS: "Yes"})
        await amina.submit_view()
        on_slack = await bot.slack.until(
            lambda: next((m for m in bot.slack.messages("C0QUALITY") if "near miss" in m.words), None)
        )
        on_teams = await bot.leah_on_teams.hears("near miss, Community Nursing", channel=reports)
        await bot.leah_on_slack.press("I have read this", message=on_slack)
        await bot.leah_on_teams.hears("Owner", channel=reports)
        await bot.slack.until(lambda: "Owner" in on_slack.words)
        assert "Leah Rosenfeld" in bot.leah_on_teams.reads(on_teams)
        assert sum("near miss" in m.words for m in bot.slack.messages("C0QUALITY")) == 1
        assert bot.slack.refusals == []
