"""Databases ready made. To migrate one, and to take on the people, would take longer than most tests that need it."""

import functools
import itertools
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlmodel import Session

from psirf_bot.casework.people_list import take_on
from psirf_bot.casework.work import Setting, Work
from psirf_bot.domain.people import read_people
from psirf_bot.domain.trust import Trust
from psirf_bot.store.audit import AuditKey
from psirf_bot.store.database import open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.store.tables import Channel
from psirf_bot.trust_file import load_trust, sample_people_text

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)  # a Friday
KEY = AuditKey.of("k" * 32)
FIRST_DAY_IDS = 1000
"""The ids up to here belong to what is there on the first day."""


@functools.cache
def sample_trust() -> Trust:
    found, mistakes = load_trust(None)
    assert found is not None, mistakes
    return found


def ids(first: int) -> Callable[[], str]:
    """Where ids come from: one after another."""
    numbers = itertools.count(first)
    return lambda: f"id{next(numbers):05d}"


@functools.cache
def _sample_setting() -> Setting:
    return Setting(sample_trust(), ids(1), KEY)


def setting(new_id: Callable[[], str]) -> Setting:
    """A setting of the sample trust. What depends on the trust alone is worked out once for all of them."""
    made, worked_out = Setting(sample_trust(), new_id, KEY), _sample_setting()
    for name in ("report_flow", "rules", "calendar", "calendar_beyond"):
        vars(made)[name] = getattr(worked_out, name)
    return made


def first_day(engine: Engine) -> None:
    """This version's tables, the people of the sample trust, and its quality channel."""
    migrate(engine)
    first = setting(ids(1))
    rows, mistakes = read_people(sample_people_text(), first.trust.services)
    assert not mistakes
    assert len(rows) < FIRST_DAY_IDS
    with Session(engine) as session:
        take_on(Work(session, NOW, first), rows, {"web": "demo"})
        quality = Channel(purpose="quality", platform="web", address={"channel": "quality"}, set_by="x", set_at=NOW)
        session.add(quality)
        session.commit()


@functools.cache
def _file(fill: Callable[[Engine], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ready.db"
        engine = open_engine(f"sqlite:///{file}")
        fill(engine)
        engine.dispose()
        return file.read_bytes()


def put_tables(file: Path) -> str:
    """Make the SQLite file of a database with this version's tables, and nothing in them; returns its URL."""
    file.write_bytes(_file(migrate))
    return f"sqlite:///{file}"


_dialects: dict[str, Dialect] = {}
_compiled: dict[Any, Any] = {}


def opened(url: str) -> Engine:
    """A new database on its first day. On PostgreSQL the server has made it so; on SQLite it outlasts no power cut.

    What SQLAlchemy compiles for one it finds again for the next: it keeps that by dialect.
    """
    engine = open_engine(url)
    engine.dialect = _dialects.setdefault(engine.dialect.name, engine.dialect)
    engine.update_execution_options(compiled_cache=_compiled)
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).write_bytes(_file(first_day))
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    return engine
