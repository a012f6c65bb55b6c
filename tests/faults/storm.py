"""One run: mornings on which people have to be told things, while everything goes wrong by the seed."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from faults import town
from faults.checker import Expected, Timeline, Told, Verdict, check
from faults.engines import Database
from faults.processes import Bot, Fake
from psirf_bot import bootstrap
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.store import audit
from psirf_bot.store.database import open_engine
from psirf_bot.trust_file import load_trust

T = TypeVar("T")
KEY = "a key for the fault harness alone, long enough"
SETTLED_WITHIN = 150.0  # seconds after the last blow
QUESTION = "help"


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    people: int = 400
    days: int = 10
    each: int = 3
    """Nudges for each person and morning."""
    kills: int = 50
    stops: int = 20
    databases: int = 5
    jumps: int = 10
    rate: float = 0.11
    """How often a call to a platform goes wrong."""


SHORT = Plan(people=24, days=1, each=3, kills=2, stops=1, databases=1, jumps=1, rate=0.15)


@dataclass
class Outcome:
    """What came of a run."""

    engine: str
    verdicts: list[Verdict]
    blows: Counter[str]
    faults: Counter[str]
    turns: int
    unanswered: list[str]
    audit_faults: list[str]
    refusals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return all(v.holds for v in self.verdicts) and not self.unanswered and not self.audit_faults

    def line(self) -> str:
        told = sum(v.expected for v in self.verdicts)
        blows = ", ".join(f"{n} {what}" for what, n in self.blows.items())
        return (
            f"{self.engine}: {told} nudges, {sum(self.faults.values())} API faults, {blows}. "
            + ". ".join(v.line() for v in self.verdicts)
            + f". {self.turns} turns acknowledged, {len(self.unanswered)} without their answer. "
            f"{len(self.audit_faults)} faults in the audit chain. {self.seconds:.0f} s"
        )


class Storm:
    """The run itself."""

    def __init__(self, database: Database, folder: Path, seed: int, plan: Plan, mutant: str = "") -> None:
        self._database, self._folder, self._plan, self._mutant = database, folder, plan, mutant
        self._seed, self._chance = seed, random.Random(f"{seed} {database.name}")
        self._people = town.people(plan.people)
        self._timeline, self._blows = Timeline(), Counter[str]()
        self._ahead = timedelta()
        self._acknowledged: list[str] = []
        self._asked: set[str] = set()
        self._bots: list[Bot] = []

    async def run(self) -> Outcome:
        began = time.monotonic()
        async with AsyncExitStack() as parts:
            await self._set_up(parts)
            expected: dict[town.Someone, list[Expected]] = {p: [] for p in self._people}
            blows = self._all_blows()
            mornings = town.mornings(datetime.now(UTC), self._plan.days)
            for number, morning in enumerate(mornings):
                today = town.nudges_of(morning, self._people, self._plan.each)
                share = blows[number :: len(mornings)]
                await self._day(morning, today, share)
                for someone, nudges in today.items():
                    expected[someone] += nudges
            await self._settled()
            outcome = await self._judge(expected)
        outcome.seconds = time.monotonic() - began
        return outcome

    # setting up

    async def _set_up(self, parts: AsyncExitStack) -> None:
        await self._database.start()
        parts.push_async_callback(self._database.stop)
        order = {"seed": self._seed, "rate": self._plan.rate, "channels": []}
        who = {
            platform: [{"id": p.id, "name": p.name} for p in self._people if p.platform == platform]
            for platform in ("slack", "teams")
        }
        self._slack = await parts.enter_async_context(Fake("slack", {**order, "people": who["slack"]}))
        self._teams = await parts.enter_async_context(Fake("teams", {**order, "people": who["teams"]}))
        env = {
            "PSIRF_DATABASE_URL": self._database.url,
            "PSIRF_SECRET_KEY": KEY,
            **self._slack.where["env"],
            **self._teams.where["env"],
        }
        settings = Settings(**{name.removeprefix("PSIRF_").lower(): value for name, value in env.items()})
        trust, _ = load_trust(None)
        assert trust
        self._setting = bootstrap.setting_for(settings, trust)
        bootstrap.engine_for(settings).dispose()
        self._engine = open_engine(self._database.url)
        parts.callback(self._engine.dispose)
        teams, where = bootstrap.teams_of(settings), self._teams.where
        await self._do(lambda w: town.move_in(w, self._people, teams, where["chats"], where["service_url"]))
        self._bots = [Bot(f"bot{n}", env, self._folder, self._mutant) for n in range(self._database.bots)]
        for bot in self._bots:
            parts.push_async_callback(bot.kill)
        await asyncio.gather(*(self._start(bot) for bot in self._bots))

    async def _do(self, what: Callable[[Work], T]) -> T:
        """Do a piece of work on the database beside the bots, however often it takes."""

        def once() -> T:
            with Session(self._engine, expire_on_commit=False) as session:
                done = what(Work(session, datetime.now(UTC) + self._ahead, self._setting))
                session.commit()
                return done

        for left in reversed(range(60)):
            try:
                return await asyncio.to_thread(once)
            except SQLAlchemyError:
                if not left:
                    raise
                await asyncio.sleep(0.5)
        raise AssertionError

    # a day

    async def _day(self, morning: datetime, today: dict[town.Someone, list[Expected]], blows: list[str]) -> None:
        await self._do(lambda work: town.write_down(work, today))
        await asyncio.sleep(0.3)  # whatever goes out now is early
        await self._move_clock(morning)
        talk = asyncio.create_task(self._talk())
        stops = [blow for blow in blows if blow == "SIGSTOP"]
        others = [blow for blow in blows if blow != "SIGSTOP"]
        await asyncio.gather(self._strike(stops), self._strike(others))
        talk.cancel()
        await asyncio.gather(talk, return_exceptions=True)
        await self._settled(self._plan.people // 10)

    async def _settled(self, but_for: int = 0) -> None:
        """Wait until no more than so many messages wait. The last few of a morning may take until the next."""
        until = time.monotonic() + SETTLED_WITHIN
        while await self._do(lambda work: town.waiting(work.session)) > but_for and time.monotonic() < until:
            await asyncio.sleep(0.3)

    async def _move_clock(self, to: datetime) -> None:
        """Every bot's clock; one that is down is told when it is back."""
        self._ahead = to - datetime.now(UTC)
        self._timeline.moves.append((time.time(), to))
        await asyncio.gather(*(bot.set_clock(self._now()) for bot in self._bots if bot.is_up.is_set()))

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    async def _talk(self) -> None:
        """People write to the bot meanwhile, each of them once."""
        silent = [p for p in self._people if p.platform == "slack" and p.id not in self._asked]
        self._chance.shuffle(silent)
        share = -(-self._plan.people // 2 // self._plan.days)
        for someone in silent[:share]:
            self._asked.add(someone.id)
            bot = self._chance.choice(self._bots)
            answer = await self._slack.ask("says", who=someone.id, words=QUESTION, bot=bot.events_url)
            if answer["acknowledged"]:
                self._acknowledged.append(someone.id)
            await asyncio.sleep(self._chance.uniform(0.02, 0.2))

    # blows

    def _all_blows(self) -> list[str]:
        plan = self._plan
        counts = {"kill -9": plan.kills, "SIGSTOP": plan.stops, "database": plan.databases, "clock": plan.jumps}
        blows = [name for name, count in counts.items() for _ in range(count)]
        self._chance.shuffle(blows)
        return blows

    async def _strike(self, blows: list[str]) -> None:
        by_name = {"kill -9": self._kill, "SIGSTOP": self._stop, "database": self._hurt, "clock": self._jump}
        for blow in blows:
            await asyncio.sleep(self._chance.uniform(0.3, 1.2))
            await by_name[blow](self._chance.choice(self._bots))
            self._blows[blow] += 1

    async def _start(self, bot: Bot) -> None:
        await bot.start(self._now() if self._ahead else None)

    async def _kill(self, bot: Bot) -> None:
        await bot.kill()
        await self._start(bot)

    async def _stop(self, bot: Bot) -> None:
        bot.freeze()
        try:
            await asyncio.sleep(self._chance.choice((0.5, 1.5, 3.5, 8.0)))
        finally:
            bot.thaw()

    async def _hurt(self, _: Bot) -> None:
        await self._database.hurt(self._chance)

    async def _jump(self, _: Bot) -> None:
        """Forward by hours, or back and forward again as when somebody corrects a mistake."""
        if self._chance.random() < 0.5:
            await self._move_clock(self._now() + timedelta(hours=3))
        else:
            await self._move_clock(self._now() - timedelta(hours=1))
            await asyncio.sleep(2)
            await self._move_clock(self._now() + timedelta(hours=1))

    # judging

    async def _judge(self, expected: dict[town.Someone, list[Expected]]) -> Outcome:
        on_show = await self._do(lambda work: town.on_show(work.session, expected))
        verdicts, faults, refusals = [], Counter[str](), Counter[str]()
        for platform, fake in (("slack", self._slack), ("teams", self._teams)):
            wanted = [n for p, nudges in expected.items() if p.platform == platform for n in nudges]
            told = [Told(m["place"], m["words"], m["at"]) for m in await fake.ask("told")]
            verdicts.append(check(platform, wanted, told, self._timeline, on_show))
            wrong = await fake.ask("wrong")
            faults.update(wrong["faults"])
            refusals.update(wrong["refusals"])
            if platform == "slack":
                unanswered = self._unanswered(told)
        keys = {self._setting.audit_key.id: self._setting.audit_key}
        broken = await self._do(lambda work: list(audit.faults(work.session, keys)))
        name = self._database.name
        return Outcome(name, verdicts, self._blows, faults, len(self._acknowledged), unanswered, broken, refusals)

    def _unanswered(self, told: list[Told]) -> list[str]:
        """Who was acknowledged and told nothing, or told twice what they asked for."""
        answers = Counter(m.place for m in told if "nudge " not in m.words)
        return [who for who in self._acknowledged if answers[who] != 1]
