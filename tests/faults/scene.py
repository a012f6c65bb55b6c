"""The scene of a run: a database, both platforms, everybody moved in, and the bots."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from faults import town
from faults.engines import Database
from faults.processes import Bot, Fake
from psirf_bot import bootstrap
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.store.database import open_engine
from psirf_bot.trust_file import load_trust

T = TypeVar("T")
KEY = "a key for the fault harness alone, long enough"


@dataclass(frozen=True)
class Order:
    """What is wanted. `rate`: how often a call to a platform goes wrong; `pace`: see times.py."""

    people: int
    seed: int = 0
    rate: float = 0.0
    pace: float = 1.0


class Scene:
    """`async with Scene(…) as scene`. `how`: what the bots are started with; `ahead`: how far their clocks are set."""

    def __init__(self, database: Database, folder: Path, order: Order, *how: str) -> None:
        self.database, self._folder, self._order = database, folder, order
        self._how = (*how, "--pace", str(order.pace))
        self.people = town.people(order.people)
        self.ahead = timedelta()
        self._parts = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._set_up()
        except BaseException:
            await self._parts.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._parts.aclose()

    async def _set_up(self) -> None:
        self._parts.push_async_callback(self.database.stop)
        parts = self.database.start(), self._fake("slack"), self._fake("teams")
        _, self.slack, self.teams = await asyncio.gather(*parts)
        own = {"PSIRF_DATABASE_URL": self.database.url, "PSIRF_SECRET_KEY": KEY}
        env = {**own, **self.slack.where["env"], **self.teams.where["env"]}
        settings = Settings(**{name.removeprefix("PSIRF_").lower(): value for name, value in env.items()})
        trust, _ = load_trust(None)
        assert trust
        self.setting = bootstrap.setting_for(settings, trust)
        bootstrap.engine_for(settings).dispose()
        self._engine = open_engine(self.database.url)
        self._parts.callback(self._engine.dispose)
        teams, where = bootstrap.teams_of(settings), self.teams.where
        await self.do(lambda w: town.move_in(w, self.people, teams, where["chats"], where["service_url"]))
        self.bots = [Bot(f"bot{n}", env, self._folder, self._how) for n in range(self.database.bots)]
        for bot in self.bots:
            self._parts.push_async_callback(bot.kill)
        await asyncio.gather(*(self.start(bot) for bot in self.bots))

    async def _fake(self, platform: str) -> Fake:
        who = [{"id": p.id, "name": p.name} for p in self.people if p.platform == platform]
        order = self._order
        weather = {"seed": order.seed, "rate": order.rate, "pace": order.pace}
        return await self._parts.enter_async_context(Fake(platform, {**weather, "people": who, "channels": []}))

    def now(self) -> datetime:
        """The bots' time."""
        return datetime.now(UTC) + self.ahead

    async def start(self, bot: Bot) -> None:
        await bot.start(lambda: self.ahead)
        if self.ahead:
            await bot.set_clock(self.now())  # it may have been moved meanwhile

    async def do(self, what: Callable[[Work], T]) -> T:
        """Do a piece of work on the database beside the bots, again if the database goes away meanwhile."""

        def once() -> T:
            with Session(self._engine, expire_on_commit=False) as session:
                done = what(Work(session, self.now(), self.setting))
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
