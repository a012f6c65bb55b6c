"""What only PostgreSQL can get wrong: transactions side by side.

They need a database of their own, which they empty: give its URL in PSIRF_TEST_POSTGRESQL_URL.
"""

import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel, func, select, text

from psirf_bot.casework.inbound import Said
from psirf_bot.store import audit
from psirf_bot.store.database import open_engine
from psirf_bot.store.tables import AuditEntry, Counter, Dialog, Person
from stage import Stage

URL = os.environ.get("PSIRF_TEST_POSTGRESQL_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="needs PSIRF_TEST_POSTGRESQL_URL")


@pytest.fixture
async def stage(tmp_path: Path) -> Stage:
    engine = open_engine(URL)
    with engine.begin() as connection:
        SQLModel.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        connection.execute(text("DROP FUNCTION IF EXISTS audit_append_only"))
    engine.dispose()
    return Stage(tmp_path, database=URL)


async def test_the_same_delivery_at_once_is_one_turn_and_one_answer(stage: Stage) -> None:
    async with stage:
        replies = await asyncio.gather(*(stage.turn("Nurse New", Said("report"), key="same") for _ in range(8)))
        assert len({r.model_dump_json() for r in replies}) == 1
        assert replies[0].card
        assert await stage.do(lambda work: work.session.exec(select(func.count()).select_from(Dialog)).one()) == 1


async def test_one_person_in_two_places_at_once_is_one_person(stage: Stage) -> None:
    async with stage:
        replies = await asyncio.gather(*(stage.turn("Nurse New", Said("help")) for _ in range(8)))
        assert all(r.card for r in replies)
        names = await stage.do(lambda work: work.session.exec(select(Person.name)).all())
        assert names.count("Nurse New") == 1


async def test_the_audit_chain_does_not_fork(stage: Stage) -> None:
    async with stage:
        await asyncio.gather(*(stage.do(lambda work, n=n: work.record(f"p{n}", "did something")) for n in range(40)))
        key = stage.setting.audit_key
        assert await stage.do(lambda work: list(audit.faults(work.session, {key.id: key}))) == []
        assert await stage.do(lambda work: work.session.exec(select(func.count()).select_from(AuditEntry)).one()) == 40


async def test_a_work_that_lost_a_race_is_done_again(stage: Stage) -> None:
    def next_number(work: object) -> int:
        session = work.session  # type: ignore[attr-defined]
        counter = session.exec(select(Counter).with_for_update()).first() or Counter(year=2026, last=0)
        counter.last += 1
        session.add(counter)
        session.flush()
        return int(counter.last)

    async with stage:
        numbers = await asyncio.gather(*(stage.do(next_number) for _ in range(20)))
        assert sorted(numbers) == list(range(1, 21))


@pytest.mark.parametrize(
    "tampering", ["UPDATE auditentry SET what = ''", "DELETE FROM auditentry", "TRUNCATE auditentry"]
)
async def test_the_database_refuses_to_change_the_audit(stage: Stage, tampering: str) -> None:
    async with stage:
        await stage.do(lambda work: work.record("p", "did something"))
        with pytest.raises(DatabaseError, match="append-only"):
            await stage.do(lambda work: work.session.connection().execute(text(tampering)))
