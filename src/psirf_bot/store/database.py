"""The unit of work: a function of a session, run on the store's own threads, committed before its result is given.

SQLite has one writer thread, and works that arrive together share one commit. When one of them fails, nothing of it is
kept, and each is done again by itself: that costs more than a savepoint each, and failures are rare. PostgreSQL has a
pool of threads, one transaction each, and a work that lost a race there is done again too. So a work may change nothing
but the database.
"""

import asyncio
import logging
import os
import queue
import re
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from psirf_bot.store.direct import connection_of, say

T = TypeVar("T")
Work = Callable[[Session], T]

log = logging.getLogger(__name__)

MOST_WORKS_IN_A_COMMIT = 8  # all of them are answered at once then, and nothing else meanwhile
WRITERS = 3
"""Threads that write to PostgreSQL. While some wait for it one computes; with eight, all of them and the loop would
wait for one another, and the slowest turns take half as long again (docs/performance.md)."""
MOST_TRIES = 5
LONGEST_STANDSTILL = 20.0
"""Seconds until PostgreSQL lets go of what a process holds that was stopped within its transaction."""
ERASE = "secure_delete=ON"
"""Deleted words are overwritten. FAST would leave those that were too long for one page of the file. With ON a turn
takes no longer that we could measure, and deleting 1500 long rows 70 ms in place of 8. Many builds do so anyway."""
FILE = "file"
HOUSE = str(Path(__file__).parents[1])
RACES = frozenset({"23505", "40001", "40P01"})
"""PostgreSQL's unique_violation, serialization_failure and deadlock_detected."""


def without_words(error: BaseException) -> str:
    """An error for the log: its kind, and where in this package it arose. Its message may hold what a person typed.

    Of being fair no function is named: it would say where a run has come to.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames[:-1] if frame.filename.startswith(HOUSE)]
    places = [place for place, _ in groupby(_place(frame) for frame in reversed([*ours, *frames[-1:]]))]
    at = " < ".join(places[:7])
    return f"{type(error).__module__}.{type(error).__qualname__} at {at}"


def _place(frame: traceback.FrameSummary) -> str:
    private = re.search(r"(^|_)fair(_|$)|^joint$", Path(frame.filename).stem)
    return "in a private task" if private else f"{frame.name}:{frame.lineno}"


def open_engine(url: str) -> Engine:
    """Return an engine that commits durably: WAL and a full sync on SQLite, where every transaction locks at once."""
    engine = create_engine(
        url,
        hide_parameters=True,
        json_serializer=lambda value: to_json(value).decode(),  # takes cards as they are, and takes a fifth of the time
        json_deserializer=from_json,
    )
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _set_up(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # the driver's own BEGIN is deferred, and fails under load
            for pragma in ("busy_timeout=10000", "synchronous=FULL", "foreign_keys=ON", ERASE):
                connection.execute(f"PRAGMA {pragma}")
            _turn_on_wal(connection)
            record.info[FILE] = _file(engine)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            if connection.info[FILE] != _file(engine):
                raise FileMoved("its file was moved, replaced or removed: stop the bot, put it right, start it again")
            deferred = connection.get_execution_options().get("reads_only")
            connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")

    else:

        @event.listens_for(engine, "connect")
        def _do_not_stand_still(connection: Any, _: object) -> None:
            connection.execute(f"SET idle_in_transaction_session_timeout = {LONGEST_STANDSTILL * 1000:.0f}")
            connection.commit()

    return engine


def _file(engine: Engine) -> tuple[int, int] | None:
    """Which file is there now. SQLite would go on writing to one that was removed, and all of it would be lost."""
    try:
        found = os.stat(engine.url.database or "")
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    """Two that open a new database at once get in each other's way here, and `busy_timeout` does not cover it."""
    for tries_left in reversed(range(100)):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if not tries_left:
                raise
            time.sleep(0.05)
        else:
            return


class FileMoved(OSError):
    """The file of a database is not the one that was opened: what is written now would be lost with the old one."""


class TakenBack(Exception):
    """The database took a transaction back in the middle of it: nothing of what was in it is there."""


@contextmanager
def taken_back_on(kind: type[Exception], session: Session) -> Iterator[None]:
    """What is written within is taken back when it raises this; the session then knows nothing any more.

    Costs next to nothing, where `begin_nested` would be felt on every turn. Any other error takes the whole work back.
    """
    session.flush()
    say(session, "SAVEPOINT within")
    try:
        yield
    except kind:
        session.expunge_all()
        if not connection_of(session).invalidated:  # lost: then nothing of it is there anyway
            say(session, "ROLLBACK TO SAVEPOINT within")
        raise


@dataclass(slots=True)
class _Job(Generic[T]):
    work: Work[T]
    future: Future[T] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None


class Store:
    """Runs works one after another or in a pool, and answers when they are committed."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_single = engine.dialect.name == "sqlite"
        """One process alone has this database."""
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="store-read")
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._writers = [
            threading.Thread(
                target=self._write,
                args=(MOST_WORKS_IN_A_COMMIT if self.is_single else 1,),
                name=f"store-write-{n}",
                daemon=True,  # a process whose end goes wrong must end all the same
            )
            for n in range(1 if self.is_single else WRITERS)
        ]
        self._closed = False
        self._door = threading.Lock()
        for writer in self._writers:
            writer.start()

    async def run(self, work: Work[T]) -> T:
        """Do the work and return its result once it is committed; raises what the work or the commit raised.

        Cancelled before it was begun, it leaves no trace; once begun, it is carried through.
        """
        return await asyncio.wrap_future(self.submit(work))

    def submit(self, work: Work[T]) -> "Future[T]":
        job: _Job[T] = _Job(work)
        with self._door:  # nothing may slip in behind the end that `close` puts
            if self._closed:
                raise RuntimeError("the store is closed")
            self._jobs.put(job)
        return job.future

    async def read(self, work: Work[T]) -> T:
        """Do a work that writes nothing, beside the writer."""
        return await asyncio.wrap_future(self._readers.submit(self._read, work))

    def close(self) -> None:
        """Finish every work taken on, then stop."""
        with self._door:
            self._closed = True
            for _ in self._writers:
                self._jobs.put(None)
        for writer in self._writers:
            writer.join()
        self._readers.shutdown()
        self.engine.dispose()

    def _read(self, work: Work[T]) -> T:
        """Once more where the connection was lost: that of a server that was started again, say."""
        try:
            return self._looked_up(work)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._looked_up(work)

    def _looked_up(self, work: Work[T]) -> T:
        with self.engine.connect().execution_options(reads_only=True) as connection, Session(connection) as session:
            return work(session)

    def _write(self, most: int) -> None:
        while (first := self._jobs.get()) is not None:
            if not first.future.set_running_or_notify_cancel():
                continue
            batch = [first]
            try:
                with self._transaction() as session:
                    self._carry_out(session, first)
                    while len(batch) < most and (job := self._next_waiting()):
                        batch.append(job)
                        self._carry_out(session, job)
            except _Failed as failed:
                self._fall_back(batch, failed)
            except BaseException as error:  # noqa: BLE001 - every waiter hears of it, whatever it is
                for job in batch:
                    job.error = error
            for job in batch:
                job.future.set_exception(job.error) if job.error else job.future.set_result(job.result)

    def _next_waiting(self) -> _Job[Any] | None:
        """Whatever waits now and has not been cancelled."""
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return None
            if job is None:
                self._jobs.put(None)  # the end: seen again once this commit is made, or has failed
                return None
            if job.future.set_running_or_notify_cancel():
                return job

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """One session for all that share a commit: to begin one takes longer than most statements."""
        with (
            self.engine.begin() as connection,
            Session(connection, join_transaction_mode="rollback_only", expire_on_commit=False) as session,
        ):
            yield session

    def _carry_out(self, session: Session, job: _Job[Any]) -> None:
        """Do a work within a transaction that others may share. Raises _Failed, after which the whole must go."""
        try:
            job.result = job.work(session)
            session.flush()
        except Exception as error:
            raise _Failed from error
        session.expunge_all()  # the next work finds what is stored, and no object of this one's
        driver: Any = connection_of(session).connection.dbapi_connection
        if self.is_single and not driver.in_transaction:
            # On some errors of the disk SQLite takes all of it back by itself, and there is nothing left to commit.
            raise _Failed from TakenBack()

    def _fall_back(self, batch: list[_Job[Any]], failed: "_Failed") -> None:
        """Nothing of these is there. What failed alone has failed; otherwise each gets a transaction of its own."""
        if len(batch) == 1 and not _may_be_done_again(failed.__cause__):
            batch[0].error = failed.why
            return
        for job in batch:
            self._alone(job)

    def _alone(self, job: _Job[Any]) -> None:
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                with self._transaction() as session:
                    self._carry_out(session, job)
            except _Failed as failed:
                if tries_left and _may_be_done_again(failed.__cause__):
                    continue
                job.error = failed.why
            except BaseException as error:  # noqa: BLE001 - the waiter hears of it, whatever it is
                job.error = error
            return


class _Failed(Exception):
    """A work, not the commit, failed; its cause says how."""

    @property
    def why(self) -> BaseException | None:
        # A future takes any exception but this one, which would be taken for its own end.
        return RuntimeError("StopIteration") if isinstance(self.__cause__, StopIteration) else self.__cause__


def _may_be_done_again(error: BaseException | None) -> bool:
    """Whether another transaction was first, what it left being found now, or the connection was lost, as after the
    server was started again: nothing of it had been committed. Only PostgreSQL has either."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in RACES
