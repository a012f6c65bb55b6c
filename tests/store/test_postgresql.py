"""What only PostgreSQL can get wrong: transactions side by side."""

import asyncio
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ready_reports import send_report
from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlmodel import SQLModel, func, select, text
from test_reporting import AMINA, LEAH, PAGE_1, PAGE_2

from postgresql import Server
from psirf_bot.casework import people
from psirf_bot.casework.forms import case_of
from psirf_bot.casework.inbound import Place, Said
from psirf_bot.casework.work import Press, Work
from psirf_bot.store import audit, database
from psirf_bot.store.database import open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.store.tables import AuditEntry, Case, Counter, Dialog, Person, SupportNeed
from stage import Stage


@pytest.fixture
async def stage(tmp_path: Path, postgresql: str) -> Stage:
    return Stage(tmp_path, database=postgresql)


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


async def test_a_work_whose_connection_was_lost_is_done_again_and_once(
    stage: Stage, server: Server, postgresql: str
) -> None:
    """To ask of each connection beforehand whether it is still there takes a tenth of a turn's time."""
    ours = select(func.count()).select_from(AuditEntry).where(AuditEntry.what == "did something")
    tried = []

    def cut_all_off() -> None:
        name = make_url(postgresql).database
        of_ours = f"FROM pg_stat_activity WHERE datname = '{name}'"
        server.execute(f"SELECT pg_terminate_backend(pid) {of_ours}")

    def cut_off_in_the_middle(work: Work) -> None:
        work.record("p", "did something")
        tried.append(work.session.exec(ours).one())
        if len(tried) == 1:
            cut_all_off()
            work.record("p", "did more")

    async with stage:
        for _ in range(2):
            assert (await stage.says(AMINA, "help")).buttons
            assert await stage.store.read(lambda session: session.exec(select(func.count()).select_from(Person)).one())
            cut_all_off()
        await stage.do(cut_off_in_the_middle)
        assert tried == [1, 1]
        assert await stage.do(lambda work: work.session.exec(ours).one()) == 1


async def test_who_waited_for_a_case_reads_anew_what_was_read_before_the_wait(stage: Stage) -> None:
    """The one who held it may have changed anything: who somebody is, and who is to be checked on."""
    is_held, was_read = threading.Event(), threading.Event()

    def case_id(work: Work) -> str:
        return work.session.exec(select(Case.id)).one()

    def facts(work: Work) -> tuple[str | None, str]:
        need = work.session.exec(select(SupportNeed)).one()
        someone = people.person(work, need.person_id)
        return (someone.service if someone else None), need.state

    def holds_it(work: Work) -> None:
        work.session.get_one(Case, case_id(work), with_for_update=True)
        is_held.set()
        assert was_read.wait(10)
        need = work.session.exec(select(SupportNeed)).one()
        need.state = "closed"
        work.session.get_one(Person, need.person_id).service = "Podiatry"

    def waits(work: Work) -> tuple[object, object]:
        assert is_held.wait(10)
        before = facts(work)
        was_read.set()
        leah = people.member(work, work.session.exec(select(Person).where(Person.name == LEAH)).one())
        place = Place("here", True, True, None, {}, {})
        case_of(work, Press("case.show", {}, case_id(work), {}, leah, "web", place))
        return before, facts(work)

    async with stage:
        await send_report(stage, AMINA, {**PAGE_1, **PAGE_2, "involved": "yes"})
        _, (before, after) = await asyncio.gather(stage.do(holds_it), stage.do(waits))
    assert after == ("Podiatry", "closed")
    assert before not in ((None, ""), after)


@pytest.mark.parametrize(
    "tampering", ["UPDATE auditentry SET what = ''", "DELETE FROM auditentry", "TRUNCATE auditentry"]
)
async def test_the_database_refuses_to_change_the_audit(stage: Stage, tampering: str) -> None:
    async with stage:
        await stage.do(lambda work: work.record("p", "did something"))
        with pytest.raises(DatabaseError, match="append-only"):
            await stage.do(lambda work: work.session.connection().execute(text(tampering)))


def test_replicas_that_migrate_at_once_do_not_trip_over_each_other(server: Server) -> None:
    url = server.create_empty()
    errors: list[Exception] = []
    together = threading.Barrier(3)

    def one() -> None:
        engine = open_engine(url)
        together.wait()
        try:
            migrate(engine)
        except Exception as error:  # noqa: BLE001 - looked at below
            errors.append(error)
        engine.dispose()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    engine = open_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()
    server.drop(url)


def test_a_process_that_was_stopped_within_its_transaction_does_not_hold_up_the_others(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LONGEST_STANDSTILL", 0.3)
    stopped, other = open_engine(postgresql), open_engine(postgresql)
    take = text("SELECT pg_advisory_xact_lock(1)")
    with other.connect() as goes_on, stopped.connect() as stands_still:
        stands_still.execute(take)
        goes_on.execute(text("SET lock_timeout = '10s'"))
        goes_on.execute(take)
        with pytest.raises(DBAPIError, match="idle-in-transaction"):
            stands_still.execute(text("SELECT 1"))
        stands_still.invalidate()
    stopped.dispose()
    other.dispose()
