"""A desk that records what comes in and answers as the test says; and the page around it on a real store."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import time
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestServer

from psirf_bot.adapters.web import dev_clock
from psirf_bot.adapters.web.chat import WebAdapter
from psirf_bot.adapters.web.rooms import WebPerson
from psirf_bot.casework.inbound import Inbound, Reply
from psirf_bot.clock import Clock
from psirf_bot.domain.trust import QuietHours
from psirf_bot.domain.working_time import Calendar
from psirf_bot.store.database import Store, open_engine
from ready_made import put_tables

AMINA = WebPerson("Amina Yusuf", "amina.yusuf@fenmarsh.example", ["staff"], "Community Nursing")
LEAH = WebPerson("Leah Rosenfeld", "leah.rosenfeld@fenmarsh.example", ["quality", "panel"], None)
CARYS = WebPerson("Carys Penhallow", "carys.penhallow@fenmarsh.example", ["service_lead"], "District Nursing Nights")
OWN = f"user:{AMINA.email}"


class RecordingDesk:
    """Remembers each delivery. The same key gets the same answer again, as the inbox sees to it."""

    def __init__(self) -> None:
        self.seen: list[Inbound] = []
        self.answer: Callable[[Inbound], Reply] = lambda _: Reply()
        self._given: dict[str, Reply] = {}

    async def handle(self, inbound: Inbound) -> Reply:
        if inbound.key not in self._given:
            self.seen.append(inbound)
            self._given[inbound.key] = self.answer(inbound)
        return self._given[inbound.key]


@asynccontextmanager
async def running_page(
    directory: Path, desk: RecordingDesk | None = None, everybody: Sequence[WebPerson] = (AMINA, LEAH, CARYS)
) -> AsyncIterator["Page"]:
    """The page on a server of its own, with a new database."""
    engine = open_engine(put_tables(directory / "web.db"))
    store, clock, desk, ids = Store(engine), Clock(), desk or RecordingDesk(), count(1)

    async def people() -> list[WebPerson]:
        return list(everybody)

    adapter = WebAdapter(
        store=store,
        desk=desk,
        clock=clock,
        people=people,
        trust_name="Fenmarsh Community NHS Trust",
        new_id=lambda: f"id{next(ids)}",
        calendar=Calendar.of_england(ZoneInfo("Europe/London"), QuietHours(time(19), time(8))),
    )
    page = Page(adapter, desk, clock, store)
    app = web.Application()
    app.add_routes([*adapter.routes(), *dev_clock.routes(clock, page.moved)])
    page.server = server = TestServer(app)
    await adapter.start()
    await server.start_server()
    try:
        yield page
    finally:
        await adapter.stop()
        await server.close()
        store.close()


class Page:
    server: TestServer

    def __init__(self, adapter: WebAdapter, desk: RecordingDesk, clock: Clock, store: Store) -> None:
        self.adapter, self.desk, self.clock, self.store = adapter, desk, clock, store
        self.due: Callable[[], Awaitable[None]] | None = None

    async def moved(self) -> None:
        """The tick's place: what the test says is due once the clock has moved."""
        if self.due:
            await self.due()

    @property
    def address(self) -> str:
        return str(self.server.make_url("/"))
