"""What chance would seldom find: moments that are brought about on purpose. Each gives what went wrong in words."""

import asyncio
import sys
import time as clock_time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlmodel import Session, select

from faults import town
from faults.checker import Expected
from faults.engines import Sqlite
from faults.mutants import MUTANTS
from faults.processes import TESTS
from faults.scene import KEY, Order, Scene
from psirf_bot.bootstrap import setting_for
from psirf_bot.cards.model import Card, Words
from psirf_bot.casework import deadlines, post, safety_actions, tick
from psirf_bot.casework.errand import LEASE, Errand
from psirf_bot.casework.people_list import take_on
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.delivery.arrivals import Arrival
from psirf_bot.delivery.outbox import OutboxQueue
from psirf_bot.delivery.platform import Refused
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import PersonRow, Role
from psirf_bot.store.database import open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.store.tables import Identity, SafetyAction
from psirf_bot.trust_file import load_trust

Run = Callable[[Path, str], Awaitable[list[str]]]
WAKE = 5.0
"""Seconds between the bot's looks at what has fallen due."""
SETTLES = timedelta(minutes=2)


async def stopped_over_its_wake_up(folder: Path, mutant: str = "") -> list[str]:
    """A bot that was stopped when it should have looked does so as soon as it goes on."""
    how = ["--mutant", mutant] if mutant else []
    async with Scene(Sqlite(folder), folder, Order(people=2), "--wake", str(WAKE), *how) as scene:
        began = clock_time.time()
        (someone,) = (p for p in scene.people if p.platform == "slack")
        due = datetime.now(UTC) + timedelta(seconds=WAKE + 1)  # after its first look, before its second
        await scene.do(lambda work: town.write_down(work, {someone: [Expected("the-only-one", someone.id, due)]}))
        await asyncio.sleep(began + 2 * WAKE - 1.5 - clock_time.time())
        scene.bots[0].freeze()
        await asyncio.sleep(3.5)
        scene.bots[0].thaw()
        await asyncio.sleep(WAKE - 3)
        told = await scene.slack.ask("told")
    return [] if told else ["a look that was missed while the process was stopped was not made up for"]


class Desk:
    """A database, a clock that stands still until it is moved, and a platform that takes everything."""

    def __init__(self, folder: Path) -> None:
        trust, _ = load_trust(None)
        assert trust
        self.now = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)  # a Tuesday evening
        self.setting = setting_for(Settings(secret_key=KEY), trust)
        self._engine = open_engine(f"sqlite:///{folder / 'directed.db'}")
        migrate(self._engine)
        self.queue = OutboxQueue(self.setting, lambda: self.now, lambda: self.now)
        self.posts: list[str] = []

    def do(self, what: Callable[[Work], object]) -> None:
        with Session(self._engine, expire_on_commit=False) as session:
            what(Work(session, self.now, self.setting))
            session.commit()

    def claim(self) -> list[Errand]:
        with Session(self._engine, expire_on_commit=False) as session:
            errands = self.queue.claim(session, 10, lambda _: SETTLES)
            session.commit()
            return errands

    def deliver(self) -> None:
        """Send what is due."""
        for errand in self.claim():
            if errand.card and not errand.message:
                self.posts.append(f"{errand.platform}: {errand.card.title}")
            arrival = Arrival(errand.id, errand.token, errand.message or str(len(self.posts)))
            self.do(lambda work, arrival=arrival: self.queue.arrived(work.session, [arrival]))  # type: ignore[misc]


def late_word(desk: Desk) -> None:
    """Somebody stopped for too long says at last what became of their try; meanwhile it was sent by somebody else."""
    card = Card(title="Once", preview="Once", body=(Words(text="Once."),))
    desk.do(lambda work: post.to_address(work, "slack", {"channel": "C0"}, card))
    (stopped,) = desk.claim()
    desk.now += LEASE + SETTLES + timedelta(seconds=1)
    (looking,) = desk.claim()
    desk.do(lambda work: desk.queue.not_there(work.session, looking, certain=True))
    (sending,) = desk.claim()
    desk.posts.append("Once")
    late = Refused("ratelimited", retry_after=1)
    desk.do(lambda work: desk.queue.refused(work.session, stopped, late))
    desk.do(lambda work: desk.queue.arrived(work.session, [Arrival(sending.id, sending.token, "1")]))
    desk.now += timedelta(hours=1)
    desk.deliver()


def two_duties_one_morning(desk: Desk) -> None:
    """Something more falls due after the digest, and somebody has gone over to the other platform meanwhile."""
    row = PersonRow("Ada Field", "ada@fenmarsh.example", frozenset({Role.STAFF}), None, None, "0-1", "U0ADA")
    desk.do(lambda work: take_on(work, [row], {"slack": "T0", "teams": "t0"}))
    tuesday, wednesday = desk.now, desk.now.date() + timedelta(days=1)
    desk.do(lambda work: _last_seen(work, "slack"))
    desk.do(lambda work: _agree(work, "A-1", wednesday))
    for minutes in (0, 1, 2):
        desk.now = datetime.combine(wednesday, time(9, minutes), tuesday.tzinfo)
        desk.do(tick.run)
        desk.deliver()
    desk.do(lambda work: _last_seen(work, "teams"))
    desk.do(lambda work: _agree(work, "A-2", wednesday))
    for minutes in (3, 4, 5):
        desk.now = datetime.combine(wednesday, time(9, minutes), tuesday.tzinfo)
        desk.do(tick.run)
        desk.deliver()


def _last_seen(work: Work, platform: str) -> None:
    identity = work.session.exec(select(Identity).where(Identity.platform == platform)).one()
    identity.seen_at = work.now
    work.session.add(identity)


def _agree(work: Work, reference: str, day: date) -> None:
    owner = work.session.exec(select(Identity.person_id).limit(1)).all()[0]
    action = SafetyAction(
        id=reference, reference=reference, service=work.trust.services[0], what="x", measure="x", inequality="x",
        owner_id=owner, due_on=day, by_id="x", at=work.now,
    )  # fmt: skip
    work.session.add(action)
    work.session.flush()
    about = safety_actions.subject_of(work, action)
    deadlines.happened(work, Event.ACTION_AGREED, about, "x", agreed={"action.done": day})


AT_A_DESK: dict[str, Callable[[Desk], None]] = {
    "late-word": late_word,
    "two-duties-one-morning": two_duties_one_morning,
}
"""What takes no processes, and has to end with exactly one message."""


def at_a_desk(name: str) -> Run:
    """Run it in a process of its own, which a mutant may change."""

    async def run(folder: Path, mutant: str = "") -> list[str]:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "faults.directed", name, str(folder), mutant, cwd=TESTS, stdout=-1
        )
        out, _ = await child.communicate()
        if child.returncode:
            raise RuntimeError(f"{name} could not be run")
        posts = out.decode().splitlines()
        return [] if len(posts) == 1 else [f"{name}: {len(posts)} messages instead of one ({'; '.join(posts)})"]

    return run


if __name__ == "__main__":
    _, name, folder, mutant = sys.argv
    if mutant:
        MUTANTS[mutant]()
    desk = Desk(Path(folder))
    AT_A_DESK[name](desk)
    sys.stdout.writelines(f"{post}\n" for post in desk.posts)
