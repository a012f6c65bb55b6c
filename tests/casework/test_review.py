"""Old cases are listed, held and deleted by a decision: whatever hangs on one goes, and nothing of any other."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlmodel import JSON, Session, SQLModel, select

from psirf_bot.cards.conversation import said
from psirf_bot.casework import deletion, review
from psirf_bot.casework.work import Work
from psirf_bot.cli import bot
from psirf_bot.domain.trust import Retention
from psirf_bot.store import audit
from psirf_bot.store.database import open_engine
from psirf_bot.store.tables import (
    AuditEntry,
    Case,
    Counter,
    Deadline,
    FairRun,
    LearningResponse,
    Outbox,
    SafetyAction,
    WebMessage,
)
from ready_made import KEY, NOW, opened
from stage import Stage
from test_export import CASE, LINKS, filled, models

LONG_AGO = NOW - timedelta(days=366 * 20)
NOT_OF_A_CASE = {
    "AuditEntry", "Channel", "Counter", "Identity", "Inbox", "Person", "PlatformHold", "Remembered", "SafetyAlert",
    "StandIn", "Training", "WorkingHours",
}  # fmt: skip
MADE: dict[str, dict[str, Any]] = {
    "Agenda": {"id": "agenda"}, "Panel": {"agenda_id": "agenda"}, "FairRun": {"id": "run"},
    "Deadline": {"id": "duty", "state": "done"}, "Outbox": {"state": "dead"}, "Case": {"hold": None},
}  # fmt: skip
LINK = {"run_id": "run", "deadline_id": "duty"}
LINKED = {*LINKS.values(), *LINK.values(), "agenda"}
MINE, OTHER = 1, 2


@pytest.fixture
async def stage(tmp_path: Path, database: str) -> Any:
    async with Stage(tmp_path, database=database) as made:
        yield made


def of_a_case(model: type[SQLModel], which: int) -> Any:
    """A row with a canary in every column that can hold one, that hangs on one of two cases."""
    row: Any = filled(model)
    for column in model.__table__.columns:  # type: ignore[attr-defined]
        value = {**LINK, **MADE.get(model.__name__, {})}.get(column.name, getattr(row, column.name))
        if isinstance(value, str):
            value = f"{value}{which}" if value in LINKED else value.replace("canary", f"canary{which}")
        elif isinstance(column.type, JSON):
            value = [f"canary{which} {column.name}"]
        elif column.primary_key and isinstance(value, int):
            value = which
        setattr(row, column.name, value)
    if "subject" in model.model_fields:
        row.subject = f"case:case{which}"
    if isinstance(row, Case):
        row.reference, row.ended_at = f"PSI-2006-000{which}", LONG_AGO
    if isinstance(row, WebMessage):
        row.text = f"canary{which} PSI-2006-000{which}"
    return row


async def dump(stage: Stage) -> dict[str, str]:
    """Everything that stands in the database, by table."""

    def read(work: Work) -> dict[str, str]:
        tables = SQLModel.metadata.sorted_tables
        return {t.name: repr(work.session.execute(text(f'SELECT * FROM "{t.name}"')).all()) for t in tables}  # noqa: S608

    found: dict[str, str] = await stage.do(read)
    return found


async def closed(stage: Stage, **facts: Any) -> str:
    def make(work: Work) -> None:
        given = {"state": "closed", "event_type": "near-miss", "service": "Podiatry", "occurred": "2006-01-01"}
        case = {**given, "id": "one", "reference": CASE, "opened_at": LONG_AGO, "ended_at": LONG_AGO, **facts}
        work.session.add(Case(**case))

    await stage.do(make)
    return str(facts.get("reference", CASE))


async def refused(stage: Stage, reference: str = CASE) -> str:
    before = await dump(stage)
    with pytest.raises(review.Unfit) as why:
        await stage.do(lambda work: deletion.delete_case(work, reference))
    assert await dump(stage) == before
    return str(why.value)


async def listed(stage: Stage, years: int = 20) -> list[str]:
    return [str(case) for case in await stage.do(lambda work: review.due(work, years))]


# Deletion


async def test_of_a_deleted_case_nothing_is_left_and_of_another_everything(stage: Stage) -> None:
    hang = [model for model in models() if model.__name__ not in NOT_OF_A_CASE]

    def fill(work: Work) -> None:
        work.session.add_all(of_a_case(model, which) for model in hang for which in (MINE, OTHER))

    await stage.do(fill)
    full = await dump(stage)
    assert [m.__name__ for m in hang if not full[m.__tablename__].count("canary1")] == []
    await stage.do(lambda work: deletion.delete_case(work, "PSI-2006-0001"))
    left = await dump(stage)
    for name, rows in left.items():
        assert "canary1" not in rows, name
        assert "case1" not in rows or name == "auditentry", name
        assert rows.count("canary2") == full[name].count("canary2"), name
        assert rows.count("case2") == full[name].count("case2"), name
    assert [model.__name__ for model in hang if left[model.__tablename__] == "[]"] == []


@pytest.mark.parametrize("model", [SafetyAction, FairRun])
async def test_a_message_that_names_only_what_hangs_on_the_case_goes_too(stage: Stage, model: type[SQLModel]) -> None:
    """“SA-2026-0001 is now yours”: the words of the action, and no word of which case it comes from."""

    def write(work: Work) -> None:
        for which in (MINE, OTHER):
            row = of_a_case(model, which)
            row.reference = f"XY-2026-000{which}"
            card = said(f"{row.reference} is now yours", f"canary{which}").model_dump(mode="json")
            facts = {"platform": "web", "lane": "x", "address": {}, "due_at": NOW, "created_at": NOW, "state": "dead"}
            work.session.add_all([of_a_case(Case, which), row, Outbox(key=f"k{which}", card=card, **facts)])

    await stage.do(write)
    await stage.do(lambda work: deletion.delete_case(work, "PSI-2006-0001"))
    left = (await dump(stage))["outbox"]
    assert ("canary1" in left, "canary2" in left) == (False, True)


async def test_the_audit_and_the_counter_stay_and_the_chain_holds(stage: Stage) -> None:
    await closed(stage)

    def done_before(work: Work) -> None:
        work.record("x", "reported", work.session.get(Case, "one"))
        work.session.add(Counter(year=2006, last=1))

    await stage.do(done_before)
    await stage.do(lambda work: deletion.delete_case(work, CASE))
    entries: list[AuditEntry] = await stage.do(lambda work: work.session.exec(select(AuditEntry)).all())
    assert [(e.actor_id, e.what, e.case_id) for e in entries] == [
        ("x", "reported", "one"), (review.BY, deletion.DONE, "one"), (review.BY, f"{deletion.DONE}: {CASE}", None)
    ]  # fmt: skip
    assert await stage.do(lambda work: list(audit.faults(work.session, {KEY.id: KEY}))) == []
    assert await stage.do(lambda work: work.session.get(Counter, 2006).last) == 1


async def test_what_was_joined_with_it_goes_too_and_not_by_itself(stage: Stage) -> None:
    await closed(stage)
    await closed(stage, id="two", reference="PSI-2026-0002", state="merged", merged_into="one")
    assert (
        await refused(stage, "PSI-2026-0002") == "PSI-2026-0002 was joined with PSI-2026-0001 and goes with that one."
    )
    await stage.do(lambda work: deletion.delete_case(work, CASE))
    assert await stage.do(lambda work: work.session.exec(select(Case)).all()) == []


@pytest.mark.parametrize("state", ["reported", "read", "in panel", "decided", "responding", "paused"])
async def test_a_case_that_has_not_ended_is_not_deleted(stage: Stage, state: str) -> None:
    await closed(stage, state=state)
    assert await refused(stage) == f"PSI-2026-0001 has not ended: it is {state}. Nothing was deleted."
    assert await listed(stage) == []


async def test_a_case_that_is_too_young_is_not_deleted(stage: Stage) -> None:
    await closed(stage, ended_at=NOW - timedelta(days=365 * 19))
    assert "less than 20 years ago" in await refused(stage)


async def test_the_day_decides_by_the_clocks_here(stage: Stage) -> None:
    await closed(stage, ended_at=NOW.replace(year=2006, hour=0))
    assert await listed(stage) == []
    stage.now += timedelta(days=1)
    assert await listed(stage) == ["PSI-2026-0001  closed 2006-11-20"]


async def test_while_something_is_to_be_done_it_stays(stage: Stage) -> None:
    await closed(stage)

    def owe(work: Work) -> None:
        facts = {"subject_kind": "case", "subject_id": "one", "since": NOW, "due_local": "x", "due_at": NOW}
        work.session.add(Deadline(id="d", rule="fair.join", case_id="one", source="s", **facts))

    await stage.do(owe)
    said = await refused(stage)
    assert said == "Something is still to be done about PSI-2026-0001. Nothing was deleted."
    assert "fair" not in said


async def test_being_fair_is_let_go_only_with_its_case(stage: Stage) -> None:
    def of_another(work: Work) -> None:
        work.session.add_all([of_a_case(FairRun, MINE), of_a_case(Case, OTHER)])
        work.session.flush()
        work.record("x", deletion.DONE, work.session.get(Case, "case2"))

    await stage.do(of_another)
    with pytest.raises(Exception, match="append-only"):
        await stage.do(lambda work: work.session.execute(text("DELETE FROM fairrun")))


def test_deleted_words_are_not_left_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "stage.db"
    engine = opened(f"sqlite:///{file}")
    with engine.begin() as connection:
        long = "canary " * 3000  # too long for a page of the file
        for number in range(20):
            connection.exec_driver_sql("INSERT INTO remembered VALUES (?, ?)", (f"short canary {number}", long))
    engine.dispose()
    assert b"canary" in file.read_bytes()
    engine = open_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM remembered")
    engine.dispose()
    assert b"canary" not in b"".join(each.read_bytes() for each in tmp_path.iterdir())


# Legal hold


async def test_a_case_on_hold_stays_until_the_hold_is_lifted(stage: Stage) -> None:
    await closed(stage)
    await closed(stage, id="two", reference="PSI-2026-0002", state="merged", merged_into="one")
    await stage.do(lambda work: review.hold(work, "psi 2026 2", "The coroner's letter of 3 May"))
    assert await refused(stage) == (
        "PSI-2026-0001 is on legal hold: The coroner's letter of 3 May. Nothing was deleted."
    )
    assert (await listed(stage))[0].endswith("ON HOLD: The coroner's letter of 3 May")
    await stage.do(lambda work: review.lift(work, "PSI-2026-0002"))
    await stage.do(lambda work: deletion.delete_case(work, CASE))
    entries = await stage.do(lambda work: work.session.exec(select(AuditEntry.what)).all())
    gone = [deletion.DONE, f"{deletion.DONE}: {CASE}", deletion.DONE, f"{deletion.DONE}: PSI-2026-0002"]
    assert entries == ["put on legal hold", "lifted the legal hold", *gone]


async def test_a_second_hold_does_not_take_the_place_of_the_first(stage: Stage) -> None:
    await closed(stage)
    for reason in ("The coroner's letter of 3 May", "A claim; by post", "A claim; by post"):
        await stage.do(lambda work, reason=reason: review.hold(work, CASE, reason))
    assert "on legal hold: The coroner's letter of 3 May; A claim; by post. Nothing" in await refused(stage)


async def test_a_hold_on_a_report_that_was_joined_is_named_where_it_is(stage: Stage) -> None:
    await closed(stage)
    await closed(stage, id="two", reference="PSI-2026-0002", state="merged", merged_into="one")
    await stage.do(lambda work: review.hold(work, "PSI-2026-0002", "A claim"))
    with pytest.raises(review.Unfit, match="PSI-2026-0002 is, which was joined with it: lift that one"):
        await stage.do(lambda work: review.lift(work, CASE))


async def test_the_reason_of_a_hold_holds_no_patient_identifier(stage: Stage) -> None:
    await closed(stage)
    with pytest.raises(review.Unfit, match="NHS number"):
        await stage.do(lambda work: review.hold(work, CASE, "Claim of 943 476 5919"))
    assert await stage.do(lambda work: work.session.get(Case, "one").hold) is None


async def test_no_hold_can_be_lifted_that_is_not_there(stage: Stage) -> None:
    await closed(stage)
    for reference, words in ((CASE, "is not on hold"), ("PSI-2026-0099", "There is no case")):
        with pytest.raises(review.Unfit, match=words):
            await stage.do(lambda work, reference=reference: review.lift(work, reference))


# The list


async def test_the_list_says_what_a_decision_needs_and_no_word_of_the_matter(stage: Stage) -> None:
    await closed(stage, service="A secret service", outcome="secret words")
    await closed(stage, id="two", reference="PSI-2026-0002", state="merged", merged_into="one")
    await closed(stage, id="three", reference="PSI-2026-0003", state="withdrawn", ended_at=LONG_AGO - timedelta(days=1))

    def investigated(work: Work) -> None:
        work.session.add(LearningResponse(id="r", case_id="one", kind="psii", decided_by="x", decided_at=LONG_AGO))

    await stage.do(investigated)
    assert await listed(stage) == [
        "PSI-2026-0003  withdrawn 2006-11-04",
        "PSI-2026-0001  closed 2006-11-05  PSII  with PSI-2026-0002",
    ]
    assert await listed(stage, 21) == []


@pytest.mark.parametrize("years", [9, 101, 0])
def test_no_trust_can_set_less_than_the_code_has_for_any_incident(years: int) -> None:
    with pytest.raises(ValueError, match="review_after_years"):
        Retention(review_after_years=years)


# The commands


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PSIRF_DATABASE_URL", f"sqlite:///{tmp_path}/psirf.db")
    monkeypatch.setenv("PSIRF_SECRET_KEY", "a key for the tests alone")
    opened(f"sqlite:///{tmp_path}/psirf.db").dispose()
    return lambda *words: CliRunner().invoke(bot, words)


def test_the_commands_ask_twice_and_say_why_not(run: Any) -> None:
    assert "Cases that ended at least 20 years ago: 0." in run("review").output
    assert (
        "at least 5 years ago: 0. Reviewed after 20 years (source: local; NHS" in run("review", "--years", "5").output
    )
    assert "Say --yes" in run("delete", CASE).output
    assert "There is no case PSI-2026-0001." in run("delete", CASE, "--yes").output
    assert run("hold", CASE).exit_code == run("hold", CASE, "--reason", "x", "--lift").exit_code == 2
    assert "There is no case" in run("hold", CASE, "--reason", "x").output


async def test_a_hold_has_a_reason(stage: Stage) -> None:
    await closed(stage)
    with pytest.raises(review.Unfit, match="say why it must be kept"):
        await stage.do(lambda work: review.hold(work, CASE, " "))
    assert await stage.do(lambda work: work.session.get(Case, "one").hold) is None


def test_the_commands_put_a_case_on_hold_and_lift_it(run: Any, tmp_path: Path) -> None:
    engine = opened(f"sqlite:///{tmp_path}/psirf.db")
    with Session(engine) as session:
        session.add(Case(**{**filled(Case).model_dump(), "reference": CASE, "hold": None}))
        session.commit()
    engine.dispose()
    held = run("hold", CASE, "--reason", "Claim; letter of the legal team")
    assert (held.exit_code, held.output) == (
        0,
        f"{CASE} is on hold: it cannot be deleted. Why: Claim; letter of the legal team.\n",
    )
    lifted = run("hold", CASE, "--lift")
    assert (lifted.exit_code, lifted.output) == (
        0,
        f"{CASE} is no longer on hold. It was: Claim; letter of the legal team.\n",
    )
    assert run("hold", CASE, "--reason", "A claim").exit_code == 0
    engine = open_engine(f"sqlite:///{tmp_path}/psirf.db")
    with Session(engine) as session:
        whole = session.exec(select(Case)).one()
        joined = {
            "id": "two",
            "reference": "PSI-2026-0002",
            "state": "merged",
            "merged_into": whole.id,
            "hold": "Police",
        }
        session.add(Case(**{**filled(Case).model_dump(), **joined}))
        session.commit()
    engine.dispose()
    lifted = run("hold", CASE, "--lift")
    assert "PSI-2026-0002, which was joined with it, still is: neither can be deleted." in lifted.output


@pytest.mark.parametrize(
    "words",
    [("hold", CASE, "--lift"), ("delete", CASE, "--yes"), ("export",), ("outbox", "--retry"), ("restored",)],
)
def test_where_there_is_no_database_none_is_made(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PSIRF_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    done = run(*words)
    assert (done.exit_code, "There is no database at" in done.output) == (1, True)
    assert not (tmp_path / "elsewhere.db").exists()


def test_one_year_is_one_year(run: Any, tmp_path: Path) -> None:
    opened(f"sqlite:///{tmp_path}/psirf.db").dispose()
    assert "ended at least 1 year ago: 0." in run("review", "--years", "1").output
