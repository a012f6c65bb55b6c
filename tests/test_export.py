"""`psirf-bot export`: what is in it, what must never be, and that it can be checked and harms no spreadsheet."""

import csv
import hashlib
import io
import json
import stat
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from decisions import decided_by_a_panel
from fair_steps import CONCERN, GROUND, OWEN, begun, through
from responses import SANDEEP, TOMASZ
from sqlmodel import JSON, Session, SQLModel, col, select
from test_reporting import AMINA, near_miss

from psirf_bot.casework import deletion, export, export_tables
from psirf_bot.casework.work import Work
from psirf_bot.cli import bot
from psirf_bot.domain.case import State
from psirf_bot.domain.deadlines import RULES
from psirf_bot.store import audit
from psirf_bot.store.database import open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.store.tables import (
    Addition,
    AuditEntry,
    Case,
    Deadline,
    Panel,
    Person,
    ReportVersion,
    SafetyAction,
    SupportRequest,
    Vote,
)
from ready_made import KEY, NOW
from stage import Stage, address_of

CASE = "PSI-2026-0001"


async def exported(stage: Stage, reference: str | None = None, since: date | None = None) -> export.Export:
    made: export.Export = await stage.do(lambda work: export.gather(work, reference, since))
    return made


def table(made: export.Export, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.files[f"{name}.csv"].decode("utf-8-sig"), newline="")))


def everything(made: export.Export) -> str:
    return "\n".join([*(content.decode() for content in made.files.values()), json.dumps(made.manifest)])


async def reported(stage: Stage, **second: Any) -> None:
    await stage.presses(AMINA, await near_miss(stage, second=second), "Send the report")
    await stage.settled()


# A canary in every column of every table: whatever comes out is named here, and nothing else does


LEAVES = {
    "Case": "reference state event_type service occurred reporter_id owner_id datix_number outcome",
    "ReportVersion": "wording by_id reason",
    "Addition": "by_id text",
    "Deadline": "owner_id due_local state reason closed_by source",
    "Panel": "route chair_id facts decision rationale decided_by departure departure_why departure_by "
    "departure_note approved_by minute",
    "Vote": "choice rationale",
    "LearningResponse": "kind lead_id decided_by verified_as terms final_sent_to evaluation",
    "Extension": "reason statement family staff by_id",
    "Notification": "body why_not reference by_id",
    "CandourStep": "step",
    "SafetyAction": "reference service what measure inequality owner_id",
    "SupportCheck": "stage",
    "AuditEntry": "actor_id what",
}
LINKS = {"case_id": "case", "panel_id": "panel", "member_id": "seat", "response_id": "response", "need_id": "need"}
IDS = {"Case": "case", "Panel": "panel", "PanelMember": "seat", "LearningResponse": "response", "SupportNeed": "need"}
GIVEN: dict[str, dict[str, Any]] = {
    "Case": {"state": State.CLOSED, "merged_into": None},
    "Deadline": {"rule": "report.read"},
    "Panel": {"state": "approved"},
    "PanelMember": {"recused_at": None},
    "Person": {"roles": []},
}


def canary(name: str, column: str) -> str:
    return f"canary {name} {column}."


def filled(model: type[SQLModel]) -> SQLModel:
    """A row of a table with a canary in every column that can hold one, tied to the one case."""
    name = model.__name__
    values = {column.name: value_for(model, column) for column in model.__table__.columns}  # type: ignore[attr-defined]
    if name == "ReportVersion":
        word = canary(name, "wording")
        values["wording"] = {"what-happened": {"page": word, "label": word, "shown": word, "long": True}}
    if name == "Panel":
        sections = [{"heading": "x", "parts": [canary(name, "minute")]}]
        values["minute"] = {"trust": "x", "reference": CASE, "made_at": NOW.isoformat(), "sections": sections}
    return model(**values | GIVEN.get(name, {}))


def value_for(model: type[SQLModel], column: Any) -> Any:
    name, word = model.__name__, canary(model.__name__, column.name)
    annotation = model.model_fields[column.name].annotation
    if column.name in LINKS or (column.name == "id" and name in IDS):
        return LINKS.get(column.name) or IDS[name]
    if isinstance(column.type, JSON):
        return [word] if "list" in str(annotation) else {word: word}
    kinds = {datetime: NOW, date: NOW.date(), bool: False, int: 1, float: 1.0}
    return next((kinds[kind] for kind in (*get_args(annotation), annotation) if kind in kinds), word)


def models() -> list[type[SQLModel]]:
    mappers = SQLModel._sa_registry.mappers  # type: ignore[attr-defined]
    return sorted((mapper.class_ for mapper in mappers), key=lambda model: model.__name__)


async def test_whatever_is_not_meant_to_leave_stays(stage: Stage) -> None:
    def fill(work: Work) -> None:
        work.session.add_all(filled(model) for model in models())

    await stage.do(fill)
    text = everything(await exported(stage))
    left = {f"{m.__name__}.{c}" for m in models() for c in m.model_fields if canary(m.__name__, c) in text}
    meant = {f"{name}.{column}" for name, columns in LEAVES.items() for column in columns.split()}
    meant -= {"Case.state"}  # not a canary, or it would be no state
    assert left == meant


# Being fair


async def test_nothing_tells_that_there_is_a_run_of_the_being_fair_tool(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await begun(stage)
    without = {name: len(table(await exported(stage), name)) for name in ("deadlines", "cases")}
    await through(stage, {"fair-5": "yes"})
    made = await exported(stage)
    entries: list[AuditEntry] = await stage.do(lambda work: work.session.exec(select(AuditEntry)).all())
    assert any(entry.what == "in a private task" for entry in entries), "there is something to leave out"
    text = everything(export.Export(made.files, {}))
    for secret in (run, "private task", "fair", "BF-", CONCERN, GROUND, OWEN):
        assert secret.casefold() not in text.casefold(), secret
    assert {name: len(table(made, name)) for name in without} == without


@pytest.mark.parametrize(
    "what", ["in a private task", "exported from being fair", "looked at the monitoring of being fair"]
)
async def test_no_deed_of_being_fair_is_in_the_audit_that_leaves(stage: Stage, what: str) -> None:
    await stage.do(lambda work: work.record("x", what))
    assert what not in everything(await exported(stage))


async def test_no_private_duty_leaves(stage: Stage) -> None:
    await reported(stage)

    def owe(work: Work) -> None:
        case = work.session.exec(select(Case)).one()
        for number, rule in enumerate(RULES):
            work.session.add(
                Deadline(
                    id=f"d{number}", rule=rule.id, subject_kind="x", subject_id=str(number), case_id=case.id, since=NOW,
                    source="s", due_local="2026-11-23T23:59", due_at=NOW, owner_id=f"owner of {rule.id}",
                )
            )  # fmt: skip

    await stage.do(owe)
    rules = {row["rule"] for row in table(await exported(stage), "deadlines")}
    assert rules == {rule.id for rule in RULES if not rule.private}
    assert not [rule for rule in rules if rule.startswith(("fair.", "support.", "danger."))]


# People who are not named


async def test_a_reporter_is_named_unless_they_asked_not_to_be(stage: Stage) -> None:
    await reported(stage)
    assert table(await exported(stage), "cases")[0]["reporter"] == AMINA
    await reported(stage, confidential="yes")
    made = await exported(stage, "PSI-2026-0002")
    assert table(made, "cases")[0]["reporter"] == "kept to the quality team"
    assert "The wrong syringe driver" in everything(made), "what they reported is there"
    assert {row["by"] for row in table(made, "audit") if row["what"] == "reported"} == {"kept to the quality team"}
    person: str = await stage.do(lambda work: work.session.exec(select(Case.reporter_id)).first())
    for secret in (AMINA, "Amina", address_of(AMINA), person):
        assert secret not in everything(made), secret


async def test_they_are_not_named_in_the_case_that_theirs_was_joined_with_either(stage: Stage) -> None:
    await reported(stage, confidential="yes")

    def join(work: Work) -> None:
        case = work.session.exec(select(Case)).one()
        facts = {"state": "read", "event_type": "near-miss", "service": "Podiatry", "occurred": "2026-11-20"}
        other = Case(id="other", reference="PSI-2026-0002", opened_at=NOW, owner_id=case.reporter_id, **facts)
        case.merged_into, case.state = other.id, State.MERGED
        work.session.add_all([case, other])
        work.session.flush()
        work.record(case.reporter_id or "", "opened the case", other)

    await stage.do(join)
    made = await exported(stage)
    assert "Amina" not in everything(made)
    assert table(made, "cases")[0]["joined with"] == "PSI-2026-0002"


async def test_support_is_there_as_days_without_names(stage: Stage) -> None:
    second = {"involved": "yes", "colleagues": TOMASZ}
    card = await near_miss(stage, second=second)
    while "Send the report" not in {b.label for b in card.all_buttons()}:
        card = await stage.presses(AMINA, card, "Next", {i.id: "quality" for i in card.inputs() if i.required})
    await stage.presses(AMINA, card, "Send the report")

    def more(work: Work) -> None:
        case = work.session.exec(select(Case)).one()
        work.record("x", "checked on a member of staff", case)
        work.session.add(SupportRequest(id="r", person_id="x", wish="canarywish", at=NOW))
        work.record("x", "asked for support", None, request="r")

    await stage.do(more)
    made = await exported(stage)
    text = everything(made)
    for secret in ("Tomasz", "canarywish", "asked for support", "kept to the quality team"):
        assert secret not in text.partition('"left_out"')[0].replace(AMINA, ""), secret
    assert "checked on a member of staff" not in text


async def test_what_is_kept_close_is_a_row_without_its_words(stage: Stage) -> None:
    await decided_by_a_panel(stage, restricted=True)
    made = await exported(stage)
    report: ReportVersion = await stage.do(lambda work: work.session.exec(select(ReportVersion)).first())
    words: list[str] = [r["shown"] for r in report.wording.values() if r["long"]]
    assert words
    for secret in (*words, "As we said.", "Two charts are in use"):
        assert secret not in everything(made), secret
    assert table(made, "cases")[0]["restricted"] == "yes"
    assert {row["answer"] for row in table(made, "reports")} == {"Kept to the quality team"}


async def test_a_report_that_was_joined_is_kept_as_close_as_the_whole(stage: Stage) -> None:
    await reported(stage)
    await reported(stage)

    def join(work: Work) -> None:
        whole, joined = work.session.exec(select(Case).order_by(Case.reference)).all()
        joined.state, joined.merged_into, whole.restricted = State.MERGED, whole.id, True
        work.session.add_all([whole, joined])

    await stage.do(join)
    made = await exported(stage)
    for some in (made, await exported(stage, CASE)):
        assert {row["case"] for row in table(some, "reports")} == {CASE, "PSI-2026-0002"}
    assert {row["answer"] for row in table(made, "reports")} == {"Kept to the quality team"}


async def test_the_minute_does_not_tell_whose_name_is_kept_elsewhere(stage: Stage) -> None:
    await decided_by_a_panel(stage)

    def keep(work: Work) -> None:
        case = work.session.exec(select(Case)).one()
        femi = work.session.exec(select(Person).where(Person.name == "Femi Adeyemi")).one()
        case.reporter_id, case.confidential = femi.id, True
        work.session.add(case)

    await stage.do(keep)
    made = await exported(stage)
    assert "kept to the quality team" in {row["by"] for row in table(made, "audit") if row["what"] == "voted"}
    assert "Femi" not in everything(made)
    assert "Subject expert; kept to the quality team; Yes" in table(made, "minutes")[0]["minute"]


async def test_which_case_was_deleted_is_told(stage: Stage) -> None:
    await reported(stage)

    def delete(work: Work) -> None:
        case = work.session.exec(select(Case)).one()
        case.state, case.ended_at = State.CLOSED, NOW - timedelta(days=366 * 21)
        work.session.add(case)
        for duty in work.session.exec(select(Deadline)):
            duty.state = "done"
            work.session.add(duty)
        work.session.flush()
        deletion.delete_case(work, CASE)

    await stage.do(delete)
    assert f"deleted after review: {CASE}" in [row["what"] for row in table(await exported(stage), "audit")]


async def test_patient_identifiers_are_masked_once_more(stage: Stage) -> None:
    await reported(stage)
    await stage.do(lambda work: add(work, "Seen with 943 476 5919 on the chart."))
    assert table(await exported(stage), "additions")[0]["words"] == "Seen with [NHS number removed] on the chart."


# The panel


async def test_votes_are_there_without_whose_they_are(stage: Stage) -> None:
    await decided_by_a_panel(stage)
    made = await exported(stage)
    votes = table(made, "votes")
    assert sorted(votes[0]) == ["approved", "case", "choice", "reason"]
    assert [vote["choice"] for vote in votes] == sorted(vote["choice"] for vote in votes)
    given: list[Vote] = await stage.do(lambda work: work.session.exec(select(Vote)).all())
    assert len(votes) == len(given) == 3
    assert table(made, "panels")[0]["chair"] == SANDEEP
    assert "Reasons, one row for each vote" in table(made, "minutes")[0]["minute"]


async def test_votes_of_a_panel_that_is_under_way_stay_where_they_are(stage: Stage) -> None:
    await decided_by_a_panel(stage)

    def again(work: Work) -> None:
        panel = work.session.exec(select(Panel)).one()
        panel.state = "voting"
        work.session.add(panel)

    await stage.do(again)
    made = await exported(stage)
    assert table(made, "votes") == table(made, "minutes") == []


async def test_who_stood_back_is_not_named(stage: Stage) -> None:
    await reported(stage)

    def stand_back(work: Work) -> None:
        work.record("Leah herself", "stood back", work.session.exec(select(Case)).one())

    await stage.do(stand_back)
    assert "Leah herself" not in everything(await exported(stage))


# What spreadsheets do with it


def add(work: Work, text: str) -> None:
    case = work.session.exec(select(Case)).one()
    work.session.add(Addition(case_id=case.id, by_id="x", text=text, at=NOW))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+44 20", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", '=HYPERLINK("https://x.example")'],
)
async def test_nothing_begins_like_a_formula(stage: Stage, text: str) -> None:
    await reported(stage)
    await stage.do(lambda work: add(work, text))
    assert table(await exported(stage), "additions")[0]["words"] == f"'{text}"


@pytest.mark.parametrize("text", ["plain", "a = b", "two\nlines", 'with "quotes"; and, commas', "Zoë's"])
async def test_other_words_come_out_as_they_were(stage: Stage, text: str) -> None:
    await reported(stage)
    await stage.do(lambda work: add(work, text))
    assert table(await exported(stage), "additions")[0]["words"] == text


async def test_times_are_those_of_clocks_here(stage: Stage) -> None:
    stage.now = datetime.fromisoformat("2026-07-01T23:30+00:00")
    await stage.presses(AMINA, await near_miss(stage, first={"when": {"date": "2026-07-01"}}), "Send the report")
    assert table(await exported(stage), "cases")[0]["recorded"] == "2026-07-02 00:30"


# Which part, and that it can be checked


async def test_one_case_or_those_since_a_day(stage: Stage) -> None:
    await reported(stage)
    stage.now += timedelta(days=3)
    await reported(stage)

    def act(work: Work) -> None:
        case_id = work.session.exec(select(Case.id).order_by(Case.reference)).first()
        facts = {"service": "x", "what": "x", "measure": "x", "inequality": "x", "owner_id": "x", "due_on": NOW.date()}
        for number, case in enumerate((case_id, None), 1):
            action = SafetyAction(
                id=f"a{number}", reference=f"SA-{number}", case_id=case, by_id="x", at=work.now, **facts
            )
            work.session.add(action)

    await stage.do(act)

    async def seen(*which: Any) -> tuple[list[str], list[str], set[str]]:
        made = await exported(stage, *which)
        cases, actions = table(made, "cases"), table(made, "safety_actions")
        about = {row["case"] for row in table(made, "audit")}
        return (
            [row["reference" if "reference" in row else "case"] for row in cases],
            [r["action"] for r in actions],
            about,
        )

    assert await seen() == ([CASE, "PSI-2026-0002"], ["SA-1", "SA-2"], {CASE, "PSI-2026-0002", ""})
    for typed in ("psi 2026 1", "PSI\N{NON-BREAKING HYPHEN}2026\N{EN DASH}0001"):
        assert await seen(typed) == ([CASE], ["SA-1"], {CASE})
    assert (await seen(None, date(2026, 11, 21)))[:2] == (["PSI-2026-0002"], ["SA-2"])
    with pytest.raises(export.NoSuchCase):
        await exported(stage, "PSI-2026-0099")


async def test_the_manifest_counts_and_seals_what_is_there(stage: Stage) -> None:
    await reported(stage)
    made = await exported(stage)
    assert set(made.manifest["rows"]) == set(export_tables.TABLES)
    for name, count in made.manifest["rows"].items():
        assert count == len(table(made, name))
        assert made.manifest["sha256"][f"{name}.csv"] == hashlib.sha256(made.files[f"{name}.csv"]).hexdigest()
    assert made.manifest["audit_head"] == await stage.do(lambda work: audit.head(work.session))
    assert made.manifest["made"].startswith("2026-11-20T14:00")


async def test_that_it_was_made_is_on_record_and_the_chain_holds(stage: Stage) -> None:
    await reported(stage)
    made = await exported(stage)
    assert table(made, "audit")[-1]["what"] == "exported"
    newest = select(AuditEntry).order_by(col(AuditEntry.id).desc())
    entry: AuditEntry = await stage.do(lambda work: work.session.exec(newest).first())
    assert (entry.actor_id, entry.what) == (export.BY, "exported")
    assert await stage.do(lambda work: list(audit.faults(work.session, {KEY.id: KEY}))) == []


# The command


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PSIRF_DATABASE_URL", f"sqlite:///{tmp_path}/psirf.db")
    monkeypatch.setenv("PSIRF_SECRET_KEY", "a key for the tests alone")
    engine = open_engine(f"sqlite:///{tmp_path}/psirf.db")
    migrate(engine)
    engine.dispose()
    return lambda *words: CliRunner().invoke(bot, ["export", *words])


def entries(folder: Path) -> int:
    engine = open_engine(f"sqlite:///{folder}/psirf.db")
    with Session(engine) as session:
        found = len(session.exec(select(AuditEntry)).all())
    engine.dispose()
    return found


def test_the_folder_is_for_its_owner_alone(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("--out", "new/export")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "new/export"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    names = {f"{name}.csv" for name in export_tables.TABLES} | {"manifest.json"}
    assert {file.name for file in folder.iterdir()} == names
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["rows"]["audit"] == entries(tmp_path) == 1


def test_without_a_name_the_folder_says_when_it_was_made(run: Callable[..., Any], tmp_path: Path) -> None:
    assert run().exit_code == 0
    assert len(list(tmp_path.glob("psirf-export-20*"))) == 1


def test_it_takes_the_place_of_nothing(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    done = run("--out", "there")
    assert done.exit_code == 1
    assert "is there already" in done.output
    assert entries(tmp_path) == 0
    assert list((tmp_path / "there").iterdir()) == []


def test_mistakes_are_said_and_nothing_is_written(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "There is no case PSI-2026-0001." in run("--case", CASE).output
    assert run("--case", CASE, "--since", "2026-01-01").exit_code == 2
    monkeypatch.delenv("PSIRF_SECRET_KEY")
    done = run()
    assert done.exit_code == 1
    assert "PSIRF_SECRET_KEY" in done.output
    assert list(tmp_path.glob("psirf-export-*")) == []
    assert entries(tmp_path) == 0
