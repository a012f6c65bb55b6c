"""The whole bot as `serve` runs it, in front of the strict fakes of both platforms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from fakes.slack import FakeSlack
from fakes.slack import Person as SlackPerson
from fakes.teams import FakeTeams
from fakes.teams import Person as TeamsPerson
from psirf_bot.bootstrap import Application, import_people
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.domain.people import read_people
from psirf_bot.trust_file import load_trust, sample_people_text
from ready_made import put_tables


@dataclass
class Whole:
    app: Application
    slack: FakeSlack
    teams: FakeTeams
    amina_on_slack: SlackPerson
    amina_on_teams: TeamsPerson
    leah_on_slack: SlackPerson
    bronwen_on_slack: SlackPerson
    leah_on_teams: TeamsPerson
    wei_on_teams: TeamsPerson


@asynccontextmanager
async def whole(folder: Path) -> AsyncIterator[Whole]:
    async with FakeSlack() as slack, FakeTeams() as teams:
        amina = slack.add_user("U0AMINA01", "Amina Yusuf")
        leah = slack.add_user("U0LEAH001", "Leah Rosenfeld")
        bronwen = slack.add_user("U0BRONWEN", "Bronwen Hale")
        slack.add_channel("C0QUALITY", "quality", {"U0LEAH001", slack.bot_user_id})
        on_teams = teams.person("Amina Yusuf", installed=True)
        leah_on_teams, wei_on_teams = teams.person("Leah Rosenfeld"), teams.person("Wei Chen")
        settings = Settings(
            database_url=put_tables(folder / "whole.db"),
            secret_key="a key for the tests alone, long enough",
            slack_bot_token=slack.bot_token,
            slack_signing_secret=slack.signing_secret,
            slack_team_id=slack.team_id,
            slack_api_url=slack.api_url,
            **{name.removeprefix("PSIRF_").lower(): value for name, value in teams.settings.items()},
        )
        trust, _ = load_trust(None)
        assert trust
        app = Application(settings, trust)
        ids = {
            "amina.yusuf@": f"{on_teams.user.aad_object_id},U0AMINA01",
            "leah.rosenfeld@": f"{leah_on_teams.user.aad_object_id},U0LEAH001",
            "bronwen.hale@": ",U0BRONWEN",
            "wei.chen@": f"{wei_on_teams.user.aad_object_id},U0WEI0001",
        }
        lines = [
            line[:-1] + next((own for email, own in ids.items() if f",{email}" in line), ",")
            if line.endswith(",,")
            else line
            for line in sample_people_text().splitlines()
        ]
        rows, mistakes = read_people("\n".join(lines), trust.services)
        assert not mistakes
        await app.store.run(lambda session: import_people(Work(session, app.clock.now(), app.setting), rows, settings))
        runner = web.AppRunner(app.web_application(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        slack.bot_url, teams.bot_url = f"{base}/slack/events", f"{base}/api/messages"
        slack.add_user("U0WEI0001", "Wei Chen")
        slack.world.channels["C0QUALITY"].members.add("U0WEI0001")
        yield Whole(app, slack, teams, amina, on_teams, leah, bronwen, leah_on_teams, wei_on_teams)
        await runner.cleanup()
