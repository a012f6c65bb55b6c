"""The auditor says "all sent" only when all is well, and the pages of health say it after it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import insert
from sqlmodel import Session, select

from psirf_bot import health
from psirf_bot.casework.post import PUT_OFF
from psirf_bot.delivery.auditor import MOST, find_unsent
from psirf_bot.health import health_routes
from psirf_bot.store.database import Store, open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.store.tables import Counter, Deadline, Outbox, PlatformHold
from stage import NOW


@pytest.fixture
def store(database: str) -> Any:
    engine = open_engine(database)
    migrate(engine)
    made = Store(engine)
    yield made
    made.close()


def ago(**by: float) -> datetime:
    return NOW - timedelta(**by)


def message(key: str = "k", **facts: Any) -> Outbox:
    facts = {"due_at": NOW, "created_at": NOW, **facts}
    return Outbox(key=key, lane="web:ward", platform="web", address={"channel": "ward"}, **facts)


def deadline(key: str = "d", **facts: Any) -> Deadline:
    return Deadline(
        id=key, rule="report.read", subject_kind="case", subject_id=key, since=NOW, source="trust", due_local="",
        due_at=NOW, **facts,
    )  # fmt: skip


WELL = [
    message(due_at=ago(minutes=9)),
    message(due_at=NOW + timedelta(days=1), created_at=ago(days=1)),
    message(state="uncertain", first_tried_at=ago(minutes=14), due_at=ago(minutes=14)),
    message(state="sent", due_at=ago(days=1)),
    message(due_at=NOW + timedelta(days=1), created_at=ago(days=20)),
    message(due_at=NOW + timedelta(days=1), created_at=ago(days=6), error=PUT_OFF),
    message(state="sent", created_at=ago(days=8), error=PUT_OFF),
    message(due_at=NOW + timedelta(seconds=15), created_at=ago(days=8), error=PUT_OFF),
    message(state="let go", due_at=ago(days=1)),
    deadline(next_at=ago(minutes=9)),
    deadline(state="done", next_at=ago(days=1)),
    deadline(state="paused", next_at=ago(days=1)),
    deadline(),
]
NOT_WELL = [
    message(due_at=ago(minutes=11)),
    message(due_at=NOW + timedelta(minutes=4), first_tried_at=ago(minutes=11)),
    message(state="sending", due_at=ago(minutes=11)),
    message(due_at=NOW + timedelta(days=1), created_at=ago(days=8), error=PUT_OFF),
    message(state="uncertain", first_tried_at=ago(minutes=16)),
    message(state="dead"),
    deadline(next_at=ago(minutes=11)),
]


async def test_all_is_sent(store: Store) -> None:
    assert await said_of(store, WELL) == "all sent"


async def test_what_is_not_well_is_counted(store: Store) -> None:
    said = {"late": 3, "in_doubt": 1, "dead": 1, "put_off": 1, "late_deadlines": 1}
    assert await said_of(store, [*WELL, *NOT_WELL]) == said


async def said_of(store: Store, rows: list[Any]) -> Any:
    def work(session: Session) -> None:
        for number, row in enumerate(rows):
            own = {"key": f"{number}"} if isinstance(row, Outbox) else {"id": f"{number}", "subject_id": f"{number}"}
            session.add(type(row)(**{**row.model_dump(), **own}))

    await store.run(work)
    return (await store.read(lambda session: find_unsent(session, NOW, NOW))).said


@pytest.mark.parametrize(("until", "said"), [(NOW + timedelta(seconds=1), "all sent"), (NOW, {"late": 1})])
async def test_while_the_platform_asks_to_wait_nothing_is_late(store: Store, until: datetime, said: Any) -> None:
    await store.run(lambda session: session.add(PlatformHold(platform="web", until=until)))
    assert await said_of(store, [message(due_at=ago(minutes=11))]) == said


async def test_it_counts_no_further_than_it_has_to(store: Store) -> None:
    rows = [message(str(n), due_at=ago(hours=1)).model_dump(exclude={"id"}) for n in range(MOST + 5)]
    await store.run(lambda session: session.execute(insert(Outbox), rows))
    assert (await store.read(lambda session: find_unsent(session, NOW, NOW))).late == MOST


async def test_it_looks_only_where_something_may_be_amiss(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/plan.db")
    migrate(engine)
    asked: list[str] = []

    class Spy(Session):
        def execute(self, statement: Any, *given: Any, **named: Any) -> Any:
            asked.append(str(statement.compile(engine, compile_kwargs={"literal_binds": True})))
            return super().execute(statement, *given, **named)

    with Spy(engine) as session:
        find_unsent(session, NOW, NOW)
    with engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}").all() for one in asked]
    assert len(plans) == 5
    for plan in plans:
        steps = [step for *_, step in plan]
        assert any(step.startswith("SEARCH") for step in steps), steps
        assert not {"SCAN outbox", "SCAN deadline"} & set(steps), steps
    engine.dispose()


@pytest.fixture
async def client(store: Store) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application()
    app.add_routes(health_routes(store, lambda: NOW))
    async with TestClient(TestServer(app)) as made:
        yield made


async def test_the_page_for_watchers_says_whether_all_is_sent(store: Store, client: TestClient[Any, Any]) -> None:
    answer = await client.get("/readyz")
    assert (answer.status, await answer.json()) == (200, {"ready": True, "messages": {}, "nudges": "all sent"})
    await store.run(lambda session: session.add(message(due_at=ago(minutes=20))))
    await store.run(lambda session: session.add(message("other", state="dead")))
    answer = await client.get("/readyz")
    assert answer.status == 200, "it serves all the same"
    assert (await answer.json())["messages"] == {"due": 1, "dead": 1}
    assert (await answer.json())["nudges"] == {"late": 1, "dead": 1}


async def test_a_database_that_is_away_is_said(store: Store, client: TestClient[Any, Any]) -> None:
    await store.run(lambda session: session.connection().exec_driver_sql("DROP TABLE outbox"))
    assert (await client.get("/readyz")).status == 503
    assert (await client.get("/healthz")).status == 200
    figures = await client.get("/metrics")
    assert (figures.status, await figures.text()) == (503, "# the database does not answer\n")


async def test_the_figures(store: Store, client: TestClient[Any, Any]) -> None:
    rows = [message(due_at=ago(minutes=20)), message("b", state="dead"), message("c", state="sent")]
    rows.append(message("d", state="uncertain", first_tried_at=ago(minutes=16)))
    rows.append(message("e", due_at=NOW + timedelta(days=1), created_at=ago(days=8), error=PUT_OFF))
    await store.run(lambda session: session.add_all([*rows, deadline(next_at=ago(minutes=11))]))
    figures = (await (await client.get("/metrics")).text()).splitlines()
    for line in (
        'psirf_outbox_messages{state="sent"} 1.0',
        "psirf_outbox_oldest_due_seconds 1200.0",
        "psirf_outbox_dead 1.0",
        "psirf_outbox_in_doubt 1.0",
        "psirf_nudges_late 2.0",
        "psirf_deadlines_late 1.0",
    ):
        assert line in figures


async def test_a_database_that_takes_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody holds it for too long: it can be read, and nobody's words are saved."""
    monkeypatch.setattr(health, "WRITES_WITHIN", 0.2)
    engine = open_engine(f"sqlite:///{tmp_path}/psirf.db")
    migrate(engine)
    store = Store(engine)
    app = web.Application()
    app.add_routes(health_routes(store, lambda: NOW))
    async with TestClient(TestServer(app)) as client:
        with closing(sqlite3.connect(tmp_path / "psirf.db")) as somebody:
            somebody.execute("BEGIN IMMEDIATE")
            assert (await client.get("/readyz")).status == (await client.get("/metrics")).status == 503
        assert (await client.get("/readyz")).status == (await client.get("/metrics")).status == 200
    assert await store.read(lambda session: session.exec(select(Counter)).all()) == []
    store.close()
