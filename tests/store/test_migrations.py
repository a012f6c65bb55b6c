"""From nothing to today's tables, step by step; and an audit that the database itself keeps from being changed."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

import psirf_bot.store.tables  # noqa: F401 - makes the tables known to the metadata
from psirf_bot.store.database import open_engine
from psirf_bot.store.migrate import migrate


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_engine(f"sqlite:///{tmp_path}/new.db")


ENTRY = (
    "(id, at, actor_id, what, digest, key_id, case_seal, seal) VALUES (1, '2026-11-20', 'a', 'b', 'c', 'd', '', 'e')"
)


def test_the_steps_lead_to_the_tables_of_this_version(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_table_that_no_step_makes_would_be_noticed(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE posted")
        connection.exec_driver_sql("ALTER TABLE outbox DROP COLUMN may_repeat")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert len(compare_metadata(context, SQLModel.metadata)) == 2


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO counter VALUES (2026, 7)")
    migrate(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM counter").all() == [(2026, 7)]


def test_two_that_migrate_at_once_do_not_trip_over_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/both.db"
    errors: list[Exception] = []
    together = threading.Barrier(2)

    def one() -> None:
        engine = open_engine(url)
        together.wait()
        try:
            migrate(engine)
        except Exception as error:  # noqa: BLE001 - looked at below
            errors.append(error)
        engine.dispose()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert "auditentry" in inspect(open_engine(url)).get_table_names()


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE auditentry SET what = 'nothing'",
        "UPDATE auditentry SET id = 9",
        "DELETE FROM auditentry",
        f"REPLACE INTO auditentry {ENTRY}",
        f"INSERT OR REPLACE INTO auditentry {ENTRY}",
        f"INSERT INTO auditentry {ENTRY} ON CONFLICT (id) DO UPDATE SET what = 'nothing'",
    ],
)
def test_the_database_refuses_to_change_the_audit(engine: Engine, tampering: str) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO auditentry {ENTRY}")
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(tampering)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT id, what FROM auditentry").all() == [(1, "b")]
