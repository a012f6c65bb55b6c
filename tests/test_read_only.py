"""The commands that only look: on copies that nobody can write to, and by a role of PostgreSQL that can only read."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, make_url
from sqlmodel import Session

from postgresql import Server
from psirf_bot.cli import bot
from psirf_bot.store import audit, reading
from psirf_bot.store.audit import AuditKey
from psirf_bot.store.database import open_engine
from psirf_bot.trust_file import sample_trust_text
from ready_made import opened

SECRET = "a key for the tests alone"
LOOKS = ["audit verify", "audit head", "outbox", "review"]
NOBODY = 65534
HOLDS = "The audit chain holds.\n"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One that an ordinary user can look into, as a folder of the tests' own cannot be while they run as root."""
    made = Path(tempfile.mkdtemp(prefix="psirf-copy-"))
    made.chmod(0o755)
    monkeypatch.chdir(made)
    monkeypatch.setenv("PSIRF_SECRET_KEY", SECRET)
    yield made
    for found in [made, *made.rglob("*")]:
        if found.is_dir():
            found.chmod(0o755)
    shutil.rmtree(made)


@pytest.fixture
def live(folder: Path) -> Iterator[Engine]:
    """The database of a bot that runs: some of it stands in the file alone, the newest entry in its WAL alone."""
    (folder / "live").mkdir()
    engine = opened(f"sqlite:///{folder}/live/psirf.db")
    add(engine, "reported")
    line = sqlite3.connect(folder / "live" / "psirf.db")
    line.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    add(engine, "read")
    yield engine
    line.close()
    engine.dispose()


def add(engine: Engine, what: str) -> str:
    with Session(engine) as session:
        at = datetime(2026, 11, 20, tzinfo=UTC)
        audit.append(session, AuditKey.of(SECRET), at=at, actor_id="x", what=what, case_id="c")
        head = audit.head(session)
        session.commit()
    return head


def copied(folder: Path, *endings: str) -> Path:
    """What lies beside a running bot, put where nobody can write."""
    to = folder / "copy"
    to.mkdir()
    for ending in ("", *endings):
        shutil.copy(folder / "live" / f"psirf.db{ending}", to / f"psirf.db{ending}")
    return shut(to)


def shut(to: Path) -> Path:
    for file in to.iterdir():
        file.chmod(0o444)
    to.chmod(0o555)
    return to / "psirf.db"


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Root may write to anything."""
    if os.geteuid():
        yield
        return
    sample_trust_text()  # what it loads of Python's own may be for root alone
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def looked(command: str, database: Path | str) -> Result:
    url = f"sqlite:///{database}" if isinstance(database, Path) else database
    with an_ordinary_user():
        return CliRunner().invoke(bot, command.split(), env={"PSIRF_DATABASE_URL": url})


def state(of: Path) -> dict[str, tuple[bytes, int]]:
    return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in of.parent.iterdir()}


@pytest.mark.parametrize("command", LOOKS)
def test_a_backup_that_nobody_can_write_to_is_looked_into_and_left_as_it_is(
    folder: Path, live: Engine, command: str
) -> None:
    (folder / "copy").mkdir()
    line = sqlite3.connect(folder / "live" / "psirf.db")
    line.execute("VACUUM INTO ?", [f"{folder}/copy/psirf.db"])
    line.close()
    backup = shut(folder / "copy")
    before = state(backup)
    with an_ordinary_user(), pytest.raises(OSError, match="Permission denied"):
        (folder / "copy" / "any").touch()
    result = looked(command, backup)
    assert (result.exit_code, result.stderr) == (0, "")
    assert state(backup) == before


def test_the_end_that_a_backup_has_is_found_in_it(folder: Path, live: Engine) -> None:
    kept = add(live, "closed")
    backup = copied(folder, "-wal", "-shm")
    before = state(backup)
    result = looked(f"audit verify --kept {kept}", backup)
    assert (result.exit_code, result.stderr) == (0, "")
    assert state(backup) == before


def test_without_the_key_it_is_said_first_that_there_is_none(
    folder: Path, live: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = copied(folder, "-wal", "-shm")
    monkeypatch.delenv("PSIRF_SECRET_KEY")
    result = looked("audit verify", backup)
    assert result.exit_code == 1
    assert "PSIRF_SECRET_KEY: is not set, and no entry can be checked" in result.stderr


def test_where_the_newest_entries_are_missing_it_is_said(folder: Path, live: Engine) -> None:
    alone = copied(folder)
    result = looked("audit verify", alone)
    assert (result.exit_code, result.stdout) == (0, HOLDS), "as far as it goes"
    assert "psirf.db-wal: is not there" in result.stderr
    assert "what came after entry 1 is missing" in result.stderr
    with Session(live) as session:
        kept = audit.head(session)
    assert looked(f"audit verify --kept {kept}", alone).exit_code == 1
    assert set(state(alone)) == {"psirf.db"}


def test_a_wal_that_cannot_be_read_where_it_lies_is_not_left_out(folder: Path, live: Engine) -> None:
    result = looked("audit verify", copied(folder, "-wal"))
    assert result.exit_code == 1
    assert "psirf.db-wal holds what was written last" in result.output
    assert "VACUUM INTO" in result.output


@pytest.mark.parametrize("command", LOOKS)
def test_beside_a_running_bot_what_was_written_last_is_seen(folder: Path, live: Engine, command: str) -> None:
    result = CliRunner().invoke(bot, command.split(), env={"PSIRF_DATABASE_URL": f"sqlite:///{folder}/live/psirf.db"})
    assert (result.exit_code, result.stderr) == (0, "")
    if command == "audit head":
        with Session(live) as session:
            assert result.stdout.strip() == audit.head(session)


@pytest.mark.parametrize(
    ("step", "words"), [("0001", "an older version (0001"), ("9999", "a newer version (9999"), ("", "no tables of")]
)
def test_a_copy_of_another_version_is_named_and_not_changed(folder: Path, step: str, words: str) -> None:
    (folder / "copy").mkdir()
    connection = sqlite3.connect(folder / "copy" / "psirf.db")
    connection.execute("CREATE TABLE something (x)")
    if step:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", [step])
    connection.commit()
    connection.close()
    copy = shut(folder / "copy")
    before = state(copy)
    result = looked("audit verify", copy)
    assert result.exit_code == 1
    assert words in result.output
    assert state(copy) == before


def test_a_database_that_is_not_there_is_not_made(folder: Path) -> None:
    result = looked("audit verify", folder / "nowhere" / "psirf.db")
    assert result.exit_code == 1
    assert f"There is no database at {folder}/nowhere/psirf.db" in result.output
    assert list(folder.iterdir()) == []


def test_a_file_that_was_written_to_meanwhile_is_not_believed(folder: Path) -> None:
    engine = opened(f"sqlite:///{folder}/psirf.db")
    engine.dispose()
    with (
        pytest.raises(reading.CannotRead, match="written to while it was being read"),
        reading.reading(f"sqlite:///{folder}/psirf.db"),
    ):
        add(engine, "reported")
    engine.dispose()


@pytest.fixture
def reader(server: Server, postgresql: str) -> Iterator[str]:
    """The URL of a role as docs/operations.md has it."""
    role = f"auditor_{make_url(postgresql).database}"
    server.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    do_there(postgresql, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    yield make_url(postgresql).set(username=role, password="x").render_as_string(hide_password=False)
    do_there(postgresql, f"DROP OWNED BY {role}")
    server.execute(f"DROP ROLE {role}")


def do_there(url: str, statement: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.parametrize("command", LOOKS)
def test_a_role_that_can_only_read_is_enough(
    postgresql: str, reader: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSIRF_SECRET_KEY", SECRET)
    engine = open_engine(postgresql)
    head = add(engine, "reported")
    engine.dispose()
    result = looked(command, reader)
    assert (result.exit_code, result.stderr) == (0, "")
    if command.startswith("audit"):
        assert result.stdout in (HOLDS, f"{head}\n")


def test_the_server_itself_refuses_to_write_for_whoever_only_looks(postgresql: str) -> None:
    with reading.reading(postgresql) as session, pytest.raises(Exception, match="read-only transaction"):
        session.connection().exec_driver_sql("DELETE FROM counter")
