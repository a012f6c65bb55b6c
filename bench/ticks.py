"""The clock's tick with 100 reminders due, out of ever more open deadlines: it must cost the same."""

import asyncio
import itertools
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from bench.table import Figures, Line, at_most
from postgresql import Server
from psirf_bot.bootstrap import import_people
from psirf_bot.casework.work import Setting, Work
from psirf_bot.config import Settings
from psirf_bot.delivery.tick import Tick
from psirf_bot.domain.people import read_people
from psirf_bot.store.audit import AuditKey
from psirf_bot.store.database import Store, open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.trust_file import load_trust, sample_people_text

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
MOST = 1_000_000
DUE = 100
ROUNDS = 7

FILL = """
INSERT INTO deadline (id, rule, subject_kind, subject_id, occurrence, owner_id, role, since, source, due_local, due_at,
                      state, step, stood_still, next_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)
SELECT 'd' || i, 'action.done', 'action', 'a' || i, '1', :owner, 'quality', :now, 'agreed', '2027-01-15T23:59', :due,
       'open', 0, 0, :later FROM n
"""


class WrongTick(Exception):
    """Not everybody was reminded."""


def ticks(engines: list[str], open_deadlines: tuple[int, ...]) -> list[Line]:
    """One tick with `DUE` reminders due (median of `ROUNDS`), by how many deadlines are open."""
    lines = []
    for engine_name in engines:
        floor = Figures()
        for most in open_deadlines:
            with ENGINES[engine_name]() as engine:
                took = asyncio.run(_measure(engine, most))
            lines.append(_line(engine_name, most, took, floor))
            floor = floor if lines[-1].floor_name else lines[-1].ours
            print(".", end="", flush=True, file=sys.stderr)
    return lines


def _line(engine: str, most: int, took: list[float], floor: Figures) -> Line:
    row, where, ours = f"tick, {DUE} due", f"{engine}; {most:,} open", Figures(statistics.median(took), max(took))
    if math.isnan(floor.p50):
        return Line(row, where, ours)
    line = Line(row, where, ours, "the same with the fewest open", floor, ours.p50 / floor.p50, "of it")
    return at_most(line, 1.5) if most == MOST else line


async def _measure(engine: Engine, most: int) -> list[float]:
    """Milliseconds for each tick: reading the reminders, writing the messages, committing."""
    trust, _ = load_trust(None)
    rows, _ = read_people(sample_people_text())
    if trust is None:
        raise RuntimeError("the sample trust cannot be read")
    ids = map("bench{:09d}".format, itertools.count(1))
    setting = Setting(trust, ids.__next__, AuditKey.of("a key for the benchmark alone"))
    migrate(engine)
    store = Store(engine)
    try:
        await store.run(lambda s: import_people(Work(s, NOW, setting), rows, Settings(secret_key=None), demo=True))
        with engine.begin() as connection:
            owner = connection.execute(text("SELECT id FROM person WHERE email LIKE 'niamh%'")).scalar_one()
            facts = {"owner": owner, "now": NOW, "due": NOW + timedelta(45), "later": NOW + timedelta(30)}
            connection.execute(text(FILL), {"most": most, **facts})
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        tick = Tick(store, setting, lambda: NOW, lambda: None)
        await tick.run()
        times = []
        for number in range(ROUNDS):
            chosen = [f"d{1 + (number * DUE + n) * (most // (ROUNDS * DUE)) % most}" for n in range(DUE)]
            with engine.begin() as connection:
                wake = text("UPDATE deadline SET next_at = :now WHERE id = :id")
                connection.execute(wake, [{"id": each, "now": NOW} for each in chosen])
            began = time.perf_counter()
            await tick.run()
            times.append(1000 * (time.perf_counter() - began))
            with engine.connect() as connection:
                told = connection.execute(text("SELECT count(*) FROM nudge")).scalar_one()
            if told < DUE * (number + 1):
                raise WrongTick(f"{told} reminders after {number + 1} ticks with {DUE} due")
        return times
    finally:
        store.close()


@contextmanager
def _sqlite() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        yield open_engine(f"sqlite:///{Path(folder)}/tick.db")


@contextmanager
def _postgresql() -> Iterator[Engine]:
    server = Server(settings=())  # as it commits in earnest
    try:
        yield open_engine(server.create_empty())
    finally:
        server.remove()


ENGINES = {"SQLite": _sqlite, "PostgreSQL": _postgresql}
