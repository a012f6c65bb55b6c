"""One run: mornings on which people have to be told things, while everything goes wrong by the seed."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from faults import duties, town
from faults.checker import Expected, Timeline, Told, Verdict, check
from faults.engines import Database
from faults.processes import Bot
from faults.scene import Order, Scene
from faults.times import Times
from psirf_bot import bootstrap
from psirf_bot.casework.work import Work
from psirf_bot.store import audit

HANDED_OVER, LOOKS = 3, 60
"""How many duties a morning are handed over between writing and sending, and how often a chance is looked for."""
SETTLED_WITHIN = 150.0  # seconds after the last blow
QUESTION = "help"


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    people: int
    days: int = 1
    each: int = 1
    """Plain messages for each person and morning."""
    duties: bool = False
    """Whether duties fall due: a digest for each person and morning, and a check for every other one."""
    kills: int = 0
    stops: int = 0
    databases: int = 0
    jumps: int = 0
    rate: float = 0.0
    """How often a call to a platform goes wrong."""
    pace: float = 1.0
    """See times.py."""


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

    def problems(self) -> list[str]:
        """What went wrong, by name: a few of each kind."""
        kinds = ("lost", "twice", "early", "wrong")
        found = {f"{v.platform} {kind}": getattr(v, kind) for v in self.verdicts for kind in kinds}
        found |= {"unanswered": self.unanswered, "audit": self.audit_faults}
        found |= {"refused by the fakes": [f"{n} × {what}" for what, n in self.refusals.items()]}
        return [f"{kind}: {', '.join(names[:8])}" for kind, names in found.items() if names]


class Storm:
    """The run itself."""

    def __init__(self, database: Database, folder: Path, seed: int, plan: Plan, mutant: str = "") -> None:
        self._database, self._folder, self._plan, self._mutant = database, folder, plan, mutant
        self._seed, self._chance = seed, random.Random(f"{seed} {database.name}")
        self._timeline, self._blows = Timeline(), Counter[str]()
        self._acknowledged: list[str] = []
        self._asked: set[str] = set()
        self._calm = asyncio.Event()
        self._calm.set()

    async def run(self) -> Outcome:
        began = time.monotonic()
        how = ["--mutant", self._mutant] if self._mutant else []
        plan = self._plan
        order = Order(plan.people, self._seed, plan.rate, plan.pace)
        async with Scene(self._database, self._folder, order, *how) as self._scene:
            readers, *others = self._scene.people
            self._rota = duties.Rota(others, frozenset({readers.id}))
            await self._scene.do(lambda work: duties.know_everybody(work, self._rota))
            expected: dict[town.Someone, list[Expected]] = {p: [] for p in self._scene.people}
            blows = self._all_blows()
            mornings = town.mornings(self._scene.setting.calendar_beyond, datetime.now(UTC), plan.days)
            for number, morning in enumerate(mornings):
                today = town.nudges_of(morning, self._scene.people, plan.each)
                await self._day(morning, today, blows[number :: len(mornings)])
                for wanted in (today, self._rota.expected(morning) if plan.duties else {}):
                    for someone, nudges in wanted.items():
                        expected[someone] += nudges
            outcome = await self._judge(expected)
        outcome.seconds = time.monotonic() - began
        return outcome

    # a day

    async def _day(self, morning: datetime, today: dict[town.Someone, list[Expected]], blows: list[str]) -> None:
        """What falls due is written the evening before; nobody may hear of it before the morning."""
        if self._plan.duties:
            await self._move_clock(morning - timedelta(hours=15.5))
            await self._in_parts(lambda work, some: duties.open_for(work, self._rota, morning.date(), some))
        await self._scene.do(lambda work: town.write_down(work, today))
        await self._move_clock(morning - timedelta(minutes=10))
        await asyncio.sleep(bootstrap.WAKE_EVERY * self._plan.pace if self._plan.duties else 0.3)
        await self._move_clock(morning)
        self._evening = morning + timedelta(hours=7.5)
        talk = asyncio.create_task(self._talk())
        stops = [blow for blow in blows if blow == "SIGSTOP"]
        others = [blow for blow in blows if blow != "SIGSTOP"]
        await asyncio.gather(self._strike(stops), self._strike(others), self._hand_over(morning.date()))
        talk.cancel()
        await asyncio.gather(talk, return_exceptions=True)
        await self._settled()
        if self._plan.duties:
            await self._move_clock(morning + timedelta(hours=8.25))
            await self._in_parts(lambda work, some: duties.close(work, morning.date(), some))

    async def _in_parts(self, what: Callable[[Work, Sequence[int]], None]) -> None:
        """A piece of work for everybody, so many at a time that the bots can go on."""
        for first in range(0, len(self._rota.people), 40):
            some = range(first, min(first + 40, len(self._rota.people)))
            await self._scene.do(lambda work, some=some: what(work, some))  # type: ignore[misc]
            await asyncio.sleep(0.1)  # whoever waits for the database has a turn

    async def _hand_over(self, day: date) -> None:
        """In the moments between writing and sending, some duties become somebody else's."""
        left = HANDED_OVER if self._plan.duties else 0
        for _ in range(LOOKS):
            if not left:
                return
            found = await self._scene.do(lambda w: duties.hand_over_some(w, self._rota, day, self._chance, 1))
            for action, place, digest in found:
                self._rota.action_of[action] = place
                self._rota.heirs.add(place)
                self._rota.passed_over.add(digest)
                left -= 1
            await asyncio.sleep(0.4 * self._plan.pace)

    async def _settled(self) -> None:
        """Wait until nothing is left to be told."""
        with contextlib.suppress(TimeoutError):  # what is missing is for the checker to find
            async with asyncio.timeout(SETTLED_WITHIN):
                while True:
                    if await self._scene.do(town.waiting) == 0:
                        return
                    if later := await self._scene.do(town.only_for_later):  # tried so often that it waits for long
                        await asyncio.sleep(Times(self._plan.pace).settle)  # whatever was sent has taken effect now
                        await self._move_clock(max(later, self._scene.now()))
                    await asyncio.sleep(0.3)

    async def _move_clock(self, to: datetime) -> None:
        """Every bot's clock; one that is down is told when it is back."""
        self._scene.ahead = to - datetime.now(UTC)
        self._timeline.moves.append((time.time(), to))
        await asyncio.gather(*(bot.set_clock(self._scene.now()) for bot in self._scene.bots if bot.is_up.is_set()))

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._scene.ahead

    async def _talk(self) -> None:
        """People write to the bot meanwhile, each of them once.

        Not while the database is away: that it was not saved is then said only once, and a platform may lose that.
        """
        silent = [p for p in self._scene.people if p.platform == "slack" and p.id not in self._asked]
        self._chance.shuffle(silent)
        share = -(-self._plan.people // 2 // self._plan.days)
        for someone in silent[:share]:
            self._asked.add(someone.id)
            await self._calm.wait()
            bot = self._chance.choice(self._scene.bots)
            answer = await self._scene.slack.ask("says", who=someone.id, words=QUESTION, bot=bot.events_url)
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
            await asyncio.sleep(self._chance.uniform(0.3, 1.2) * self._plan.pace)
            await by_name[blow](self._chance.choice(self._scene.bots))
            self._blows[blow] += 1

    async def _kill(self, bot: Bot) -> None:
        await bot.kill()
        await self._scene.start(bot)

    async def _stop(self, bot: Bot) -> None:
        bot.freeze()
        try:
            await asyncio.sleep(self._chance.choice((0.5, 1.5, 3.5, 8.0)) * self._plan.pace)
        finally:
            bot.thaw()

    async def _hurt(self, _: Bot) -> None:
        self._calm.clear()
        await self._database.hurt(self._chance, self._plan.pace)
        await asyncio.sleep(self._plan.pace)
        self._calm.set()

    async def _jump(self, _: Bot) -> None:
        """Forward by hours, or back and forward again as when somebody corrects a mistake.

        Never to the end of the working day: what has not gone by then is said the next morning.
        """
        if self._chance.random() < 0.5 and self._scene.now() + timedelta(hours=3) < self._evening:
            await self._move_clock(self._scene.now() + timedelta(hours=3))
        else:
            await self._move_clock(self._scene.now() - timedelta(hours=1))
            await asyncio.sleep(2 * self._plan.pace)
            await self._move_clock(self._scene.now() + timedelta(hours=1))

    # judging

    async def _judge(self, expected: dict[town.Someone, list[Expected]]) -> Outcome:
        on_show = await self._scene.do(lambda work: town.on_show(work, expected) | duties.on_show(work, self._rota))
        verdicts, faults, refusals = [], Counter[str](), Counter[str]()
        for platform, fake in (("slack", self._scene.slack), ("teams", self._scene.teams)):
            wanted = [n for p, nudges in expected.items() if p.platform == platform for n in nudges]
            told = [Told(**m) for m in await fake.ask("told")]
            units = [(message, self._units(message)) for message in told]
            verdicts.append(check(platform, wanted, units, self._timeline, on_show))
            wrong = await fake.ask("wrong")
            faults.update(wrong["faults"])
            refusals.update(wrong["refusals"])
            if platform == "slack":
                unanswered = self._unanswered(told)
        keys = {self._scene.setting.audit_key.id: self._scene.setting.audit_key}
        broken = await self._scene.do(lambda work: list(audit.faults(work.session, keys)))
        name = self._database.name
        return Outcome(name, verdicts, self._blows, faults, len(self._acknowledged), unanswered, broken, refusals)

    def _units(self, told: Told) -> tuple[str, ...]:
        return town.marks(told) + self._rota.units(told, self._timeline)

    def _unanswered(self, told: list[Told]) -> list[str]:
        """Who was acknowledged and heard nothing, nor that it was not saved, or was answered twice."""
        heard: dict[str, list[Told]] = {who: [] for who in self._acknowledged}
        for message in told:
            if not self._units(message) and message.place in heard:
                heard[message.place].append(message)
        answers = {who: sum(m.key is not None for m in messages) for who, messages in heard.items()}
        return [f"{who} ({n} answers)" for who, n in answers.items() if n > 1 or not heard[who]]
