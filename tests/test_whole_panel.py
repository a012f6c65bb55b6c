"""A chair on Slack and a verifier on Teams finish one case between them, before the strict fakes of both."""

from pathlib import Path
from typing import Any

from sqlmodel import select

from psirf_bot import demo
from psirf_bot.casework import identities
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Case, Identity, Person
from whole import Whole, whole

PANEL = "C0PANEL01"
PSII, WHY = "Patient Safety Incident Investigation", "Two charts are in use in every team."
BALLOT = {"What should the response be?": PSII, "Why?": WHY}


async def do(bot: Whole, what: Any) -> Any:
    return await bot.app.store.run(lambda session: what(Work(session, bot.app.clock.now(), bot.app.setting)))


def known_by(work: Work, name: str, platform: str, team: str, user: str) -> None:
    someone = work.session.exec(select(Person).where(Person.name == name)).one()
    address = identities.first_address(platform, team, user)
    work.session.add(Identity(platform=platform, team=team, user=user, person_id=someone.id, address=address))


async def test_a_chair_on_slack_and_a_verifier_on_teams_finish_one_case(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        sandeep = bot.slack.add_user("U0SANDEEP", "Sandeep Bhullar")
        marguerite = bot.teams.person("Marguerite Oduya")
        bot.slack.add_channel(PANEL, "panel", {"U0SANDEEP", "U0BRONWEN", "U0WEI0001", bot.slack.bot_user_id})
        room = bot.teams.team("Panel", bot.wei_on_teams, bot.leah_on_teams, channels=("Panel",), installed=True)
        tenant = bot.teams.settings["PSIRF_TEAMS_TENANT_ID"].lower()

        def identities(work: Work) -> None:
            known_by(work, "Sandeep Bhullar", "slack", bot.slack.team_id, "U0SANDEEP")
            known_by(work, "Marguerite Oduya", "teams", tenant, marguerite.user.aad_object_id)

        await do(bot, identities)
        await marguerite.install()
        wei = bot.slack.person("U0WEI0001")
        await wei.say(f"<@{bot.slack.bot_user_id}> use this channel for panel", channel=PANEL)
        await bot.wei_on_teams.say("@bot use this channel for panel", channel=room.channels["Panel"])
        await do(bot, demo.put_before_a_panel)
        bot.app.courier.kick()
        card = await bot.slack.until(
            lambda: next((m for m in bot.slack.messages(PANEL) if "have voted" in m.words), None)
        )

        twin = await bot.leah_on_teams.hears("have voted", channel=room.channels["Panel"])
        await bot.leah_on_teams.press("Vote", card=twin)
        await bot.leah_on_teams.submit_dialog("Send my vote", inputs=BALLOT)
        for member in (bot.bronwen_on_slack, sandeep):
            await member.press("Vote", message=card)
            await bot.slack.until(lambda member=member: member.open_view)
            await member.submit_view(BALLOT)
            assert not member.saw_error, member.reason
            await member.close_view(all_of_them=True)
        await bot.slack.until(lambda: "3 of" in card.words)
        assert PSII not in card.words.replace("minimum", ""), "not how anybody voted"

        await sandeep.press("Open the page", message=card)
        await bot.slack.until(lambda: sandeep.open_view)
        await sandeep.press("Close the voting now")
        await sandeep.press("Close it all the same")
        await sandeep.close_view(all_of_them=True)
        await bot.slack.until(lambda: "Voting has closed" in card.words)
        await sandeep.press("Open the page", message=card)
        await sandeep.press("Write the decision")
        decision = {
            "What did the panel decide?": PSII,
            "Why?": WHY,
            "The quorum is missing: why decide all the same?": "The expert was heard by phone.",
        }
        await sandeep.submit_view(decision)
        await bot.slack.until(lambda: "a draft" in sandeep.open_view.words)
        await sandeep.press("Approve the minute")
        await sandeep.close_view(all_of_them=True)
        await bot.slack.until(lambda: "It waits for the Chief Nurse" in card.words)

        await marguerite.hears("A PSII waits for you to verify it")
        await marguerite.press("Verify it")
        await marguerite.hears("By Marguerite Oduya")
        await bot.slack.until(lambda: "It waits for the Chief Nurse" not in card.words)
        assert await do(bot, state) == "decided"
        assert bot.slack.refusals == []


def state(work: Work) -> str:
    return work.session.exec(select(Case)).one().state
