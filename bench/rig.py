"""What is measured against what: our bot and its floors on one engine, in one or two processes, before the fakes."""

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import make_url

from bench.load import Traffic
from bench.people import Recorded, Staff
from bench.process import Bot
from fakes.slack import FakeSlack
from fakes.teams import FakeTeams
from postgresql import Server
from psirf_bot.bootstrap import Application, import_people
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.domain.people import read_people
from psirf_bot.trust_file import load_trust

Json = dict[str, Any]

MOST = 64
"""Each person sends one thing at a time, so that many people are needed."""
KINDS = ("Slack slash command", "stored Slack submission", "Slack button", "stored Teams card turn")


@dataclass(frozen=True, slots=True)
class SetUp:
    """Where our bot keeps its rows, and in how many processes it runs."""

    engine: str
    processes: int

    def __str__(self) -> str:
        return f"{self.engine}, {self.processes} process{'es' if self.processes > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Target:
    """What is sent to which bots. `effects` count what is seen to be done elsewhere than in the answers."""

    name: str
    bots: tuple[Bot, ...]
    traffic: Traffic
    effects: tuple[Callable[[], int], ...] = ()


class Databases:
    """New databases on either engine; the PostgreSQL server is started when it is first asked for."""

    def __init__(self, parts: AsyncExitStack) -> None:
        self._parts = parts
        self._folder = parts.enter_context(tempfile.TemporaryDirectory())
        self._server: Server | None = None
        self._made = 0

    def new(self, engine: str) -> str:
        self._made += 1
        if engine == "SQLite":
            return f"sqlite:///{self._folder}/bench{self._made}.db"
        if self._server is None:
            self._server = Server(settings=())  # as it commits in earnest
            self._parts.callback(self._server.remove)
        return str(self._server.create_empty())


def count_of(parts: AsyncExitStack, url: str, statement: str) -> Callable[[], int]:
    """A function that asks the database for a number."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        lite = parts.enter_context(closing(sqlite3.connect(f"file:{address.database}?mode=ro", uri=True)))
        return lambda: int(lite.execute(statement).fetchone()[0])
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    server = parts.enter_context(closing(psycopg.connect(plain, autocommit=True)))
    return lambda: int((server.execute(statement).fetchone() or (0,))[0])


@dataclass(frozen=True, slots=True)
class Fakes:
    slack: FakeSlack
    teams: FakeTeams

    def settings(self, url: str) -> Json:
        return {
            "database_url": url,
            "secret_key": "a key for the benchmark alone, long enough",
            "slack_bot_token": self.slack.bot_token,
            "slack_signing_secret": self.slack.signing_secret,
            "slack_team_id": self.slack.team_id,
            "slack_api_url": self.slack.api_url,
            **{name.removeprefix("PSIRF_").lower(): value for name, value in self.teams.settings.items()},
        }

    @asynccontextmanager
    async def at_a_desk(self, url: str, people: str) -> AsyncIterator[Application]:
        """Our bot with its people and its tables, not serving: for putting rows in place."""
        settings = Settings(**self.settings(url))
        trust, mistakes = load_trust(None)
        if trust is None:
            raise RuntimeError(mistakes)
        app = Application(settings, trust)
        try:
            rows, wrong = read_people(people, trust.services)
            if wrong:
                raise RuntimeError(wrong)
            await app.store.run(lambda s: import_people(Work(s, app.clock.now(), app.setting), rows, settings))
            yield app
        finally:
            app.store.close()


@asynccontextmanager
async def fakes() -> AsyncIterator[Fakes]:
    """Both platforms, with all their rules but the limits on how much may be sent."""
    async with FakeSlack() as slack, FakeTeams(card_schema=None) as teams:
        teams.throttle.on = False
        slack.post.deadline = 30  # while the people begin, which is not what is measured
        yield Fakes(slack, teams)


class Rig:
    """Our bot in one set-up, its protocol floor in the same, and everybody's requests as they were recorded."""

    def __init__(self, set_up: SetUp, platforms: Fakes, databases: Databases, parts: AsyncExitStack) -> None:
        self.set_up, self.fakes, self._databases, self._parts = set_up, platforms, databases, parts
        self.staff = Staff(platforms.slack, platforms.teams, MOST)

    async def start(self, *, explain: bool) -> None:
        """Start our bot, let everybody do everything once, then start the floor with what was answered."""
        self.url, floors_url = (self._databases.new(self.set_up.engine) for _ in range(2))
        people = self.staff.people_csv
        order = {"settings": self.fakes.settings(self.url), "explain": explain}
        for url in (self.url, floors_url):
            async with self.fakes.at_a_desk(url, people):
                pass  # the tables, and the people in them
        self.ours = await self._bots("psirf-bot", [order] * self.set_up.processes)
        port = self.ours[0].port
        # What somebody is offered depends on whether they have begun a report: so that comes first.
        pages, commands = await self.staff.slack_pages(port), await self.staff.slack_commands(port)
        buttons, cards = await self.staff.slack_buttons(port), await self.staff.teams_pages(port)
        self.recorded = dict(zip(KINDS, (commands, pages, buttons, cards), strict=True))
        floor = {"settings": self.fakes.settings(floors_url), "answers": await self._answers(), "explain": explain}
        self.floors = await self._bots("floor", [{**floor, "first": n == 0} for n in range(self.set_up.processes)])
        self._turns = self.count("SELECT count(*) FROM inbox")
        self._floors_turns = count_of(self._parts, floors_url, "SELECT count(*) FROM inbox")
        self._waiting = self.count("SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')")

    def count(self, statement: str) -> Callable[[], int]:
        """A number that our bot's database knows."""
        return count_of(self._parts, self.url, statement)

    async def _bots(self, kind: str, orders: list[Json]) -> tuple[Bot, ...]:
        return tuple([await self._parts.enter_async_context(Bot(kind, order)) for order in orders])

    async def _answers(self) -> Json:
        """What the floor answers, keeps, and lets follow, for each kind of turn."""
        slack, teams = self.fakes.slack, self.fakes.teams

        def edits() -> list[Any]:
            return [call.body for call in teams.history if call.kind == "update"]

        edit = (await slack.until(edits, within=10))[-1]
        button = next(call.args for call in reversed(slack.calls) if call.method == "chat.update")
        shown = {"text": button["text"], "blocks": button["blocks"]}
        command, page, _, card = (json.dumps(self.recorded[kind][0].answer) for kind in KINDS)
        return {
            "command": {"body": command, "kept": command, "follows": None},
            "submission": {"body": page, "kept": page, "follows": None},
            "button": {"body": "", "kept": json.dumps(shown), "follows": shown},
            "card": {"body": card, "kept": card, "follows": edit},
        }

    def target(self, kind: str) -> Target:
        """Our bot under one kind of turn."""
        traffic = self._traffic(kind, self.ours, [recorded.answer for recorded in self.recorded[kind]])
        return Target(kind, self.ours, traffic, self._effects(kind, self._turns))

    def floor(self, kind: str) -> Target:
        traffic = self._traffic(kind, self.floors, [self.recorded[kind][0].answer] * MOST)
        return Target("protocol floor", self.floors, traffic, self._effects(kind, self._floors_turns))

    def _effects(self, kind: str, turns: Callable[[], int]) -> tuple[Callable[[], int], ...]:
        """The turns that are stored and, for a button, the edits that Slack has taken."""
        attempts = self.fakes.slack.server.attempts
        return (turns, lambda: attempts["chat.update"]) if kind == "Slack button" else (turns,)

    def bare_bolt(self, kind: str, bot: Bot) -> Target:
        """Bolt acknowledges, and that is all."""
        return Target("bare bolt", (bot,), self._traffic(kind, (bot,), [None] * MOST))

    async def bare_botbuilder(self, bot: Bot) -> Target:
        said, teams = await self.staff.teams_words(bot.port), self.fakes.teams

        def replies() -> int:
            return sum(call.kind == "reply" and call.status == 201 for call in teams.history)

        return Target("bare botbuilder", (bot,), self.staff.teams_talk([bot.port], said), (replies,))

    def _traffic(self, kind: str, bots: tuple[Bot, ...], answers: list[Any]) -> Traffic:
        send = self.staff.teams_traffic if kind == KINDS[-1] else self.staff.slack_traffic
        recorded: list[Recorded] = self.recorded[kind]
        return send([bot.port for bot in bots], recorded, answers)

    def answer_the_fakes(self) -> None:
        """Let the fakes' own people speak to our bot; with two processes, each platform to one."""
        self.fakes.slack.bot_url = f"http://127.0.0.1:{self.ours[0].port}/slack/events"
        self.fakes.teams.bot_url = f"http://127.0.0.1:{self.ours[-1].port}/api/messages"

    async def settled(self) -> list[str]:
        """Wait until everything that follows the answers has been done; what was refused on the way."""
        slack = self.fakes.slack
        await slack.until(lambda: self._waiting() == 0, within=60)
        before = -1
        while before != (before := slack.server.attempts["chat.update"]):  # noqa: ASYNC110 (nothing says the last)
            await asyncio.sleep(0.2)
        return [f"{call.method}: {call.error}" for call in slack.refusals]
