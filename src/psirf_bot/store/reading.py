"""A database that is only looked at: nothing in it is written, brought up to date or locked.

So it may be a copy that nobody can write to, in a folder that nobody can write to, or belong to somebody else.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from psirf_bot.store.migrate import NEWEST, STEPS, NewerTables, steps_taken

WAL = "-wal"
"""How the name of the write-ahead log ends, the file beside it in which stands what was written last."""
HEADER, HAS_A_WAL = slice(18, 20), b"\x02\x02"
"""Where a file of SQLite says that it is written by way of one, and how."""


class CannotRead(Exception):
    """Why this database cannot be read, and what to do about it, in words."""


@contextmanager
def reading(url: str) -> Iterator[Session]:
    """A session on the database as it stands at one moment. Raises CannotRead, and what SQLAlchemy raises."""
    file = file_of(url)
    lies_still = file is not None and _lies_still(file)
    before = file and _traces(file)
    engine = _postgresql(url) if file is None else _sqlite(file, lies_still=lies_still)
    try:
        with engine.connect() as connection, Session(connection) as session:
            connection.begin()
            _see_that_it_is_of_this_version(_steps(connection, file))
            yield session
    finally:
        engine.dispose()
    if file and lies_still and (_traces(file) != before or not _lies_still(file)):  # it was read without a lock
        raise CannotRead(f"{file} was written to while it was being read. Please run the command again.")


def may_lack_its_end(url: str) -> Path | None:
    """The file that is not there, and would hold what was written last if the bot ran when the database was copied."""
    file = file_of(url)
    return _beside(file, WAL) if file and _lies_still(file) else None


def file_of(url: str) -> Path | None:
    """The file of SQLite; None for another database. Raises CannotRead where it is not there."""
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite":
        return None
    file = Path(parts.database or "").absolute()
    if not file.is_file():
        raise CannotRead(f"There is no database at {file}. Check PSIRF_DATABASE_URL.")
    return file


def _sqlite(file: Path, *, lies_still: bool) -> Engine:
    how = "immutable=1" if lies_still else "mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"{file.as_uri()}?{how}", uri=True, isolation_level=None, timeout=10)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _postgresql(url: str) -> Engine:
    """Every transaction sees one moment, and the server itself refuses to write in it."""
    one_moment = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return create_engine(url, poolclass=NullPool, hide_parameters=True, execution_options=one_moment)


def _steps(connection: Connection, file: Path | None) -> list[str]:
    """The step that it has come to; the first thing that is read."""
    try:
        return steps_taken(connection)
    except OperationalError as why:
        if file is None or not _size(_beside(file, WAL)):
            raise
        raise CannotRead(
            f"{_beside(file, WAL)} holds what was written last, and cannot be read where it lies ({why.orig}). "
            "Copy both files into a folder of your own; or make the copy with VACUUM INTO, as docs/operations.md says: "
            "that is one whole file."
        ) from None


def _see_that_it_is_of_this_version(steps: list[str]) -> None:
    match steps:
        case [step] if step == NEWEST:
            return
        case []:
            raise CannotRead("There are no tables of psirf-bot in this database. Check PSIRF_DATABASE_URL.")
        case [step] if step in STEPS:
            raise CannotRead(
                f"This database has the tables of an older version ({step}; this one has {NEWEST}), and only looking "
                "changes nothing. Is it the bot's own? Then run `psirf-bot migrate`. Is it a copy? Use the version of "
                "psirf-bot that made it, or run `psirf-bot migrate` on a copy of the copy."
            )
        case _:
            raise CannotRead(str(NewerTables(steps)))


def _lies_still(file: Path) -> bool:
    """Whether it is written by way of a write-ahead log in which nothing stands now.

    To read such a file SQLite would first make the log and another file beside it. It can be read without them.
    """
    with file.open("rb") as opened:
        return opened.read(HEADER.stop)[HEADER] == HAS_A_WAL and not _size(_beside(file, WAL))


def _traces(file: Path) -> tuple[int, int]:
    """What shows that it was written to."""
    found = os.stat(file)
    return found.st_mtime_ns, found.st_size


def _beside(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
