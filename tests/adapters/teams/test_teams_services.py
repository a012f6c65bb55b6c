"""Who has not written yet is written to where the others are, after a restart too; until that is known, it waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from sqlmodel import Session, col, select
from teams_stage import FORM, Served

from fakes.teams import FakeTeams, Person
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.adapters.teams.services import FIRST, Services
from psirf_bot.bootstrap import Application, import_people
from psirf_bot.cards.conversation import said
from psirf_bot.casework import post
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.delivery.platform import Address, Refused
from psirf_bot.domain.people import read_people
from psirf_bot.store.tables import Outbox
from psirf_bot.store.tables import Person as Known
from psirf_bot.trust_file import load_trust
from ready_made import put_tables

ELSEWHERE = {"service_url": "https://elsewhere.example/teams/", "conversation": "a:1"}


def new_to_us(fake: FakeTeams, person: Person) -> dict[str, str]:
    """Somebody of the people list who has not written."""
    return {"user": str(person.user.aad_object_id), "tenant": fake.tenant_id}


async def test_while_no_service_is_known_a_message_waits(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    with pytest.raises(Refused, match="NoServiceUrlYet") as refused:
        await adapter.send(new_to_us(fake, ada), FORM, "key")
    assert (refused.value.final, refused.value.ours, refused.value.retry_after) == (False, True, None)
    assert fake.history == []
    await fake.person("Ben Ashworth", installed=True).say("help")
    await adapter.send(new_to_us(fake, ada), FORM, "key")
    assert len(fake.messages(ada.chat)) == 1


async def test_what_is_kept_says_where_the_newest_that_may_be_answered(
    fake: FakeTeams, served: Served, ada: Person
) -> None:
    newest = {"service_url": fake.service_url, "conversation": "a:2"}
    older = {"service_url": f"{fake.url}/not-there/", "conversation": "a:3"}

    async def kept() -> list[Address]:
        return [new_to_us(fake, ada), ELSEWHERE, newest, older]

    async with served(remembered=kept) as adapter:
        await adapter.send(new_to_us(fake, ada), FORM, "key")
    assert len(fake.messages(ada.chat)) == 1


async def test_what_was_just_heard_is_newer_than_what_is_kept() -> None:
    asked = []

    async def kept() -> list[Address]:
        asked.append("kept")
        return [{"service_url": "https://smba.trafficmanager.net/uk/"}]

    services = Services({"smba.trafficmanager.net"}, kept)
    assert await services.for_a_first_message() == "https://smba.trafficmanager.net/uk/"
    services.heard_from("https://smba.trafficmanager.net/emea/")
    assert await services.for_a_first_message() == "https://smba.trafficmanager.net/emea/"
    assert asked == ["kept"]


async def test_a_database_that_is_away_costs_no_message(
    fake: FakeTeams, served: Served, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    async def kept() -> list[Address]:
        raise OSError("secret words")

    async with served(remembered=kept) as adapter:
        with pytest.raises(Refused, match="NoServiceUrlYet"):
            await adapter.send(new_to_us(fake, ada), FORM, "key")
    assert "what is kept of Teams cannot be read: builtins.OSError" in caplog.text
    assert "secret words" not in caplog.text


@pytest.mark.parametrize("first", FIRST)
async def test_a_cloud_of_microsoft_is_known_by_its_listed_host(first: str) -> None:
    async def nothing() -> list[Address]:
        return []

    host = first.split("/")[2]
    assert await Services({"proxy.example", host}, nothing).for_a_first_message() == first
    with pytest.raises(Refused, match="NoServiceUrlYet"):
        await Services({"proxy.example"}, nothing).for_a_first_message()


# with the whole bot

PEOPLE = """name,email,roles,service,line_manager,teams_id,slack_id
Amina Yusuf,amina.yusuf@fenmarsh.example,staff,Community Nursing,,{amina},
Leah Rosenfeld,leah.rosenfeld@fenmarsh.example,quality,,,{leah},
"""


@asynccontextmanager
async def bot(folder: Path, teams: FakeTeams, people: str) -> AsyncIterator[Application]:
    settings = Settings(
        database_url=f"sqlite:///{folder / 'bot.db'}",
        secret_key="a key for the tests alone, long enough",
        **{name.removeprefix("PSIRF_").lower(): value for name, value in teams.settings.items()},
    )
    trust, _ = load_trust(None)
    assert trust
    app = Application(settings, trust)
    rows, mistakes = read_people(people, trust.services)
    assert not mistakes
    await app.store.run(lambda session: import_people(Work(session, app.clock.now(), app.setting), rows, settings))
    runner = web.AppRunner(app.web_application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    teams.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    yield app
    await runner.cleanup()


async def tell_leah(app: Application, words: str) -> None:
    def tell(session: Session) -> None:
        leah = session.exec(select(Known.id).where(Known.name == "Leah Rosenfeld")).one()
        assert post.to_person(Work(session, app.clock.now(), app.setting), leah, said(words, words))

    await app.store.run(tell)
    app.courier.kick()


async def wait_for_outbox(app: Application, *expected: tuple[str, str | None]) -> None:
    """What has not been sent, each with how it stands and why."""
    asked = select(Outbox.state, Outbox.error).where(col(Outbox.state) != "sent")
    for _ in range(150):
        found = await app.store.read(lambda session: list(session.exec(asked).all()))
        if found == list(expected):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(found)


async def test_nobody_is_lost_for_not_having_written_yet(tmp_path: Path) -> None:
    put_tables(tmp_path / "bot.db")
    async with FakeTeams() as teams:
        amina, leah = teams.person("Amina Yusuf", installed=True), teams.person("Leah Rosenfeld", installed=True)
        people = PEOPLE.format(amina=amina.user.aad_object_id, leah=leah.user.aad_object_id)
        async with bot(tmp_path, teams, people) as app:
            await tell_leah(app, "The first word")
            await wait_for_outbox(app, ("due", "NoServiceUrlYet"))
            await amina.say("help")
            await amina.hears("What I can help with")
            app.clock.advance(timedelta(minutes=10))
            app.courier.kick()
            await leah.hears("The first word")
            await wait_for_outbox(app)
        async with bot(tmp_path, teams, people) as app:  # and nobody has written since
            await tell_leah(app, "The word of the morning")
            await leah.hears("The word of the morning")
            await wait_for_outbox(app)
