"""The clock's tick with 100 reminders due, out of ever more open deadlines: it must cost the same."""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

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
OPEN = (1_000, 100_000, 1_000_000)
DUE = 100
ROUNDS = 7

FILL = """
INSERT INTO deadline (id, rule, subject_kind, subject_id, occurrence, owner_id, role, since, source, due_local, due_at,
                      state, step, stood_still, next_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)
SELECT 'd' || i, 'action.done', 'action', 'a' || i, '1', :owner, 'quality', :now, 'agreed', '2027-01-15T23:59', :due,
       'open', 0, 0, :later FROM n
"""


def main() -> None:
    print(f"\nOne tick with {DUE} reminders due (median of {ROUNDS}), by how many deadlines are open")
    for name, engine_of in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        floor = None
        for most in OPEN:
            with engine_of() as engine:
                took = asyncio.run(_measure(engine, most))
            floor = floor or took
            print(f"  {name:10} {most:>9,} open  {took:7.1f} ms  {took / floor:5.2f} of the first", flush=True)


async def _measure(engine: Engine, most: int) -> float:
    """Milliseconds for a tick: reading the reminders, writing the messages, committing."""
    trust, _ = load_trust(None)
    rows, _ = read_people(sample_people_text())
    if trust is None:
        raise RuntimeError("the sample trust cannot be read")
    setting = Setting(trust, _ids().__next__, AuditKey.of("a key for the benchmark alone"))
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
        return statistics.median(times)
    finally:
        store.close()


def _ids() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"bench{number:09d}"


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


if __name__ == "__main__":
    sys.exit(main())
