"""From nothing to today's tables, step by step; and an audit that the database itself keeps from being changed."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

import psirf_bot.store.tables  # noqa: F401 - makes the tables known to the metadata
from psirf_bot.store.database import open_engine
from psirf_bot.store.migrate import migrate, take_steps


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(f"sqlite:///{tmp_path}/new.db")
    yield made
    made.dispose()


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


def test_a_database_of_an_earlier_version_takes_the_steps_that_it_lacks(engine: Engine) -> None:
    with engine.begin() as connection:
        take_steps(connection, "0003")
    assert "fairrun" not in inspect(engine).get_table_names()
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


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
    engine = open_engine(url)
    assert "auditentry" in inspect(engine).get_table_names()
    engine.dispose()


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


FAIR = {
    "fairentry": "(id, run_id, number, by_id, kind, page, answers, at) "
    "VALUES (1, 'r', 1, 'a', 'joined', '', '{}', '2026-11-20')",
    "fairmonitoring": "(id, run_id, groups, by_id, at) VALUES (1, 'r', '{}', 'a', '2026-11-20')",
    "fairrun": "(id, reference, version, case_id, concern, begun_by, patient_safety_id, workforce_id, joined, state, "
    "reading, tool, wording, record, at) VALUES ('r', 'BF-1', 1, 'c', 'x', 'a', 'a', 'b', '[]', 'ended', 'y', 'z', "
    "'{}', '{\"end\": \"health\"}', '2026-11-20')",
}


@pytest.mark.parametrize("url", ["sqlite", "postgresql"])
def test_the_database_refuses_to_change_what_happened_in_being_fair(
    request: pytest.FixtureRequest, tmp_path: Path, url: str
) -> None:
    """Entries and groups stay as they were, on both engines; of a run, its record, and that there was one."""
    on = f"sqlite:///{tmp_path}/new.db" if url == "sqlite" else request.getfixturevalue("postgresql")
    engine = open_engine(on)
    migrate(engine)
    with engine.begin() as connection:
        for table, row in FAIR.items():
            connection.exec_driver_sql(f"INSERT INTO {table} {row}")
    tampering = [f"DELETE FROM {table}" for table in FAIR]  # noqa: S608 - our own words
    tampering += ["UPDATE fairentry SET kind = 'left'", "UPDATE fairmonitoring SET groups = '[]'"]
    tampering += ["UPDATE fairrun SET record = '{}'", "UPDATE fairrun SET record = NULL, state = 'open'"]
    if url == "sqlite":
        tampering += [f"REPLACE INTO {table} {row}" for table, row in FAIR.items()]
        tampering.append(f"REPLACE INTO fairentry {FAIR['fairentry'].replace('VALUES (1,', 'VALUES (2,')}")
    else:
        tampering += [f"TRUNCATE {table}" for table in FAIR]
    for statement in tampering:
        with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    with engine.begin() as connection:  # what may change of a run that has ended, and of one that has not
        connection.exec_driver_sql("UPDATE fairrun SET teller = 'a', record = record")
        other = FAIR["fairrun"].replace("'r', 'BF-1'", "'s', 'BF-2'").replace('\'{"end": "health"}\'', "'null'")
        connection.exec_driver_sql(f"INSERT INTO fairrun {other}")
        connection.exec_driver_sql("UPDATE fairrun SET record = '{}' WHERE id = 's'")
    engine.dispose()
