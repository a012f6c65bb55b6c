"""The unit of work: what is acknowledged is kept, what is refused leaves nothing, and nobody waits for ever."""

import asyncio
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, select

from psirf_bot.store.database import MOST_WORKS_IN_A_COMMIT, FileMoved, Store, open_engine, without_words
from psirf_bot.store.tables import Counter
from ready_made import put_tables

HANGS = 10  # seconds after which something that should have happened has not


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_engine(put_tables(tmp_path / "store.db"))


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    made = Store(engine)
    yield made
    closed_in_time(made)


def closed_in_time(store: Store) -> None:
    closing = threading.Thread(target=store.close, daemon=True)
    closing.start()
    closing.join(HANGS)
    assert not closing.is_alive(), "close() never came back"


def keep(year: int) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.add(Counter(year=year, last=0))
        session.flush()
        return year

    return work


def kept(store: Store) -> list[int]:
    return store.submit(years).result(HANGS)


def years(session: Session) -> list[int]:
    return list(session.exec(select(Counter.year).order_by(Counter.year)))  # type: ignore[arg-type]


class Gate:
    """A work that keeps the writer busy until it is opened, so that others arrive together."""

    def __init__(self, store: Store) -> None:
        self._begun, self._open = threading.Event(), threading.Event()
        self.future = store.submit(self._wait)
        assert self._begun.wait(HANGS)

    def _wait(self, _: Session) -> None:
        self._begun.set()
        assert self._open.wait(HANGS)

    def open(self) -> None:
        self._open.set()
        self.future.result(HANGS)


class Commits:
    """Counts the commits of an engine, and lets the next ones fail."""

    def __init__(self, engine: Engine) -> None:
        self.made, self.to_fail = 0, 0
        event.listen(engine, "commit", self._commit)

    def _commit(self, _: object) -> None:
        if self.to_fail:
            self.to_fail -= 1
            raise OSError("the disk has gone")
        self.made += 1


def outcome(future: "Future[int]") -> int | str:
    error = future.exception(HANGS)
    return type(error).__name__ if error else future.result()


def test_works_that_arrive_together_share_a_commit(store: Store, engine: Engine) -> None:
    commits = Commits(engine)
    gate = Gate(store)
    futures = [store.submit(keep(year)) for year in range(MOST_WORKS_IN_A_COMMIT - 1)]
    gate.open()
    assert [f.result(HANGS) for f in futures] == list(range(MOST_WORKS_IN_A_COMMIT - 1))
    assert commits.made == 1


def test_a_commit_takes_no_more_works_than_people_can_wait_for(store: Store, engine: Engine) -> None:
    commits = Commits(engine)
    gate = Gate(store)
    futures = [store.submit(keep(year)) for year in range(2 * MOST_WORKS_IN_A_COMMIT - 1)]
    gate.open()
    assert [f.result(HANGS) for f in futures] == list(range(2 * MOST_WORKS_IN_A_COMMIT - 1))
    assert commits.made == 2


def test_a_work_that_fails_takes_nothing_with_it(store: Store) -> None:
    def half_done(session: Session) -> int:
        keep(100)(session)
        session.commit()  # not for a work to decide: it is still inside the whole
        keep(101)(session)
        raise ValueError("no")

    gate = Gate(store)
    works = [keep(1), half_done, keep(2), keep(1), keep(3)]
    futures = [store.submit(work) for work in works]
    gate.open()
    assert [outcome(f) for f in futures] == [1, "ValueError", 2, "IntegrityError", 3]
    assert [year for year in kept(store) if year != 100] == [1, 2, 3]


def test_a_work_that_fails_only_when_it_is_flushed_takes_nothing_with_it(store: Store) -> None:
    def add_unflushed(session: Session) -> int:
        session.add_all([Counter(year=5, last=0), Counter(year=1, last=0)])
        return 5

    gate = Gate(store)
    futures = [store.submit(work) for work in (keep(1), add_unflushed, keep(2))]
    gate.open()
    assert [outcome(f) for f in futures] == [1, "IntegrityError", 2]
    assert kept(store) == [1, 2]


def test_a_commit_that_fails_fails_every_waiter_and_nothing_is_half_done(store: Store, engine: Engine) -> None:
    commits = Commits(engine)
    gate = Gate(store)
    futures = [store.submit(keep(year)) for year in range(5)]
    commits.to_fail = 1
    with pytest.raises(OSError, match="disk"):
        gate.open()
    assert [outcome(f) for f in futures] == ["OSError"] * 5
    assert kept(store) == []
    assert store.submit(keep(1)).result(HANGS) == 1, "the writer goes on"


def test_a_full_disk_never_acknowledges_what_is_not_there(tmp_path: Path) -> None:
    engine = open_engine(put_tables(tmp_path / "small.db"))
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    event.listen(engine, "connect", lambda raw, _: raw.execute(f"PRAGMA max_page_count={pages + 3}"))
    engine.dispose()
    store = Store(engine)

    def too_much(session: Session) -> int:
        session.execute(text("CREATE TABLE big AS SELECT zeroblob(100000) AS filler"))
        return -1

    gate = Gate(store)
    futures = [store.submit(work) for work in (keep(1), keep(2), too_much, keep(3), keep(4))]
    with suppress(OperationalError):
        gate.open()
    acknowledged = [year for f in futures if isinstance(year := outcome(f), int)]
    assert outcome(futures[2]) == "OperationalError"
    assert kept(store) == acknowledged
    closed_in_time(store)


def test_what_the_database_takes_back_by_itself_is_acknowledged_to_nobody(tmp_path: Path) -> None:
    """As it may when the disk fails under it: what was done before in the same transaction is gone, and done anew."""
    store = Store(open_engine(put_tables(tmp_path / "taken.db")))

    def taken_back(session: Session) -> int:
        connection = session.connection().connection.dbapi_connection
        assert connection is not None
        connection.rollback()
        return -1

    gate = Gate(store)
    futures = [store.submit(work) for work in (keep(1), keep(2), taken_back, keep(3))]
    gate.open()
    assert [outcome(f) for f in futures] == [1, 2, "TakenBack", 3]
    assert kept(store) == [1, 2, 3]
    closed_in_time(store)


async def test_cancelled_before_it_is_begun_it_leaves_no_trace(store: Store) -> None:
    gate = Gate(store)
    waiting = asyncio.ensure_future(store.run(keep(1)))
    await asyncio.sleep(0)
    waiting.cancel()
    after = store.submit(keep(2))
    await asyncio.gather(waiting, return_exceptions=True)
    gate.open()
    assert after.result(HANGS) == 2
    assert kept(store) == [2]


async def test_cancelled_once_it_is_begun_it_is_carried_through(store: Store) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(session: Session) -> int:
        begun.set()
        assert go_on.wait(HANGS)
        return keep(1)(session)

    waiting = asyncio.ensure_future(store.run(slow))
    assert await asyncio.to_thread(begun.wait, HANGS)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    go_on.set()
    assert kept(store) == [1]


def test_close_finishes_what_was_taken_on_and_refuses_the_rest(engine: Engine) -> None:
    store = Store(engine)
    gate = Gate(store)
    futures = [store.submit(keep(year)) for year in range(3 * MOST_WORKS_IN_A_COMMIT)]
    closing = threading.Thread(target=store.close, daemon=True)
    closing.start()
    gate.open()
    closing.join(HANGS)
    assert [f.result(0) for f in futures] == list(range(3 * MOST_WORKS_IN_A_COMMIT))
    with pytest.raises(RuntimeError, match="closed"):
        store.submit(keep(-1))
    closed_in_time(store)  # again does no harm


async def test_a_closed_store_refuses_reads_too(engine: Engine) -> None:
    store = Store(engine)
    store.close()
    with pytest.raises(RuntimeError):
        await store.read(years)


def test_close_comes_back_when_the_last_commit_fails(engine: Engine) -> None:
    store = Store(engine)
    commits = Commits(engine)
    gate = Gate(store)
    last = store.submit(keep(1))
    commits.to_fail = 1
    closing = threading.Thread(target=store.close, daemon=True)
    closing.start()
    while store._jobs.qsize() < 2:  # the work, and the end behind it
        time.sleep(0.001)
    with suppress(OSError):
        gate.open()
    closing.join(HANGS)
    assert not closing.is_alive(), "the writer forgot that it was to stop"
    assert outcome(last) == "OSError"


def test_nothing_slips_in_behind_the_end(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_door, closed = threading.Event(), threading.Event()

    class Slow(queue.SimpleQueue[object]):
        def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
            if item is not None:  # between looking whether it is closed and taking the work on
                at_the_door.set()
                closed.wait(0.2)
            super().put(item, block, timeout)

    monkeypatch.setattr(queue, "SimpleQueue", Slow)
    store = Store(engine)
    taken: list[Future[int]] = []
    late = threading.Thread(target=lambda: taken.append(store.submit(keep(1))), daemon=True)
    late.start()
    assert at_the_door.wait(HANGS)
    closed_in_time(store)
    closed.set()
    late.join(HANGS)
    assert [outcome(f) for f in taken] == [1]


async def test_reading_does_not_wait_for_a_busy_writer(store: Store) -> None:
    await store.run(keep(1))
    written, go_on = threading.Event(), threading.Event()

    def busy(session: Session) -> int:
        keep(2)(session)
        written.set()
        assert go_on.wait(HANGS)
        return 2

    writing = store.submit(busy)
    assert await asyncio.to_thread(written.wait, HANGS)
    try:
        assert await asyncio.wait_for(store.read(years), HANGS) == [1], "what is not committed is not seen"
    finally:
        go_on.set()
    await asyncio.wrap_future(writing)
    assert await store.read(years) == [1, 2]


async def test_what_a_reader_writes_is_never_kept(store: Store) -> None:
    await store.read(keep(1))
    assert kept(store) == []


def test_the_engine_commits_durably_and_locks_at_once(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {p: connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("journal_mode", "synchronous")}
        assert found == {"journal_mode": "wal", "synchronous": 2}
        other = open_engine(str(engine.url))
        event.listen(other, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=0"))
        with other.connect() as second, pytest.raises(OperationalError, match="locked"):
            second.exec_driver_sql("SELECT 1")  # the connection above holds the lock, though it only read
        other.dispose()
    engine.dispose()


ANOTHER_WRITER = """
import sys
from sqlmodel import Session, select
from psirf_bot.store.database import open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.store.tables import Counter
engine = open_engine(sys.argv[1])
migrate(engine)
print("ready", flush=True)
for year in range(10**6, 10**6 + 60):
    with Session(engine) as session:
        session.exec(select(Counter)).all()
        session.add(Counter(year=year, last=0))
        session.commit()
"""


def test_another_process_can_write_beside_a_busy_one(store: Store, engine: Engine) -> None:
    other = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-W", "error", "-c", ANOTHER_WRITER, str(engine.url)], stdout=subprocess.PIPE
    )
    assert other.stdout
    assert other.stdout.readline() == b"ready\n"
    written = 0
    while other.poll() is None:
        assert store.submit(keep(written)).result(HANGS) == written
        written += 1
    other.stdout.close()
    assert other.returncode == 0
    assert written > 0
    assert kept(store) == [*range(written), *range(10**6, 10**6 + 60)]


KEEPS_ON = """
import sys
from psirf_bot.store.database import Store, open_engine
from psirf_bot.store.tables import Counter
store = Store(open_engine(sys.argv[1]))
first = int(sys.argv[2])
def keep(year):
    def work(session):
        session.add(Counter(year=year, last=0))
        return year
    return work
def told(future):
    print(future.result(), flush=True)
year = first
while True:
    futures = [store.submit(keep(year + n)) for n in range(8)]
    for future in futures:
        told(future)
    year += 8
"""


def test_a_kill_loses_nothing_that_was_acknowledged(engine: Engine) -> None:
    acknowledged: list[int] = []
    for round_ in range(3):
        child = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-c", KEEPS_ON, str(engine.url), str(round_ * 1_000_000)], stdout=subprocess.PIPE
        )
        assert child.stdout
        # so many, and then in the middle of whatever comes next
        acknowledged += [int(child.stdout.readline()) for _ in range(40 + 7 * round_)]
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().splitlines(keepends=True)
        acknowledged += [int(line) for line in rest if line.endswith(b"\n")]
        child.stdout.close()
        child.wait(HANGS)
    store = Store(engine)
    found = kept(store)
    assert set(acknowledged) <= set(found)
    sound = store.submit(lambda s: s.connection().exec_driver_sql("PRAGMA integrity_check").scalar())
    assert sound.result(HANGS) == "ok"
    closed_in_time(store)


def test_an_error_for_the_log_says_where_but_none_of_its_words() -> None:
    def arises() -> None:
        raise IntegrityError("INSERT … canary", {"text": "canary"}, ValueError("canary"))

    with pytest.raises(IntegrityError) as caught:
        arises()
    said = without_words(caught.value)
    assert "IntegrityError" in said
    assert "arises" in said
    assert "canary" not in said


def test_cancelled_futures_are_told_apart_from_failed_ones(store: Store) -> None:
    gate = Gate(store)
    future = store.submit(keep(1))
    assert future.cancel()
    gate.open()
    with pytest.raises(CancelledError):
        future.result(HANGS)
    assert kept(store) == []


def test_nothing_is_kept_in_a_file_that_is_not_there_any_more(engine: Engine, store: Store, tmp_path: Path) -> None:
    """SQLite would write on to a file that was removed, or moved by a restore under a running bot."""
    assert store.submit(keep(2026)).result(HANGS) == 2026
    there, away = tmp_path / "store.db", tmp_path / "away.db"
    there.rename(away)
    with pytest.raises(FileMoved, match="moved, replaced or removed"):
        store.submit(keep(2027)).result(HANGS)
    there.write_bytes(away.read_bytes())
    with pytest.raises(FileMoved, match="moved, replaced or removed"):
        store.submit(keep(2028)).result(HANGS)
    away.rename(there)
    assert kept(store) == [2026]
