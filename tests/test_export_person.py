"""`psirf-bot export --person`: everything about one member of staff, nothing of being fair, and nothing of others."""

from dataclasses import replace
from typing import Any

import pytest
from decisions import decided_by_a_panel
from fair_steps import CONCERN, GROUND, OWEN, begun, through
from sqlmodel import SQLModel, select
from test_people import reports
from test_reporting import AMINA, PAGE_1

from psirf_bot.casework import export, export_person
from psirf_bot.casework.people_list import take_on
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import read_people
from psirf_bot.store.tables import AuditEntry, Case, Identity, Person, SupportNeed, SupportRequest
from psirf_bot.trust_file import sample_people_text
from ready_made import NOW
from stage import Stage, address_of
from test_export import CASE, canary, everything, filled, models, reported, run, table  # noqa: F401 - a fixture

TIED = {"person_id", "by_id", "owner_id", "actor_id", "lead_id", "contact_id", "chair_id", "reporter_id"}
"""The columns by which something is theirs."""
COMES_OUT = {
    "Addition": "text",
    "AuditEntry": "what",
    "Case": "reference",
    "Contact": "every avoid access",
    "Deadline": "rule due_local state",
    "Dialog": "state answers",
    "Identity": "platform team user",
    "Nudge": "why",
    "PanelMember": "seat",
    "Person": "name email roles service line_manager_id passes_over_id",
    "ReportVersion": "wording",
    "SafetyAlert": "number",
    "StandIn": "deputy_id role",
    "SupportCheck": "stage by_id offered accepted hr",
    "SupportNeed": "name state checker_id",
    "SupportRequest": "wish state taken_by",
    "Training": "course",
    "Vote": "choice rationale",
    "WorkingHours": "begin end",
}


async def about(stage: Stage, name: str) -> export.Export:
    made: export.Export = await stage.do(lambda work: export_person.gather(work, address_of(name)))
    return made


def theirs(model: type[SQLModel]) -> Any:
    """A row with canaries that is tied to the person "me" by whatever ties things to people."""
    row: Any = filled(model)
    for column in TIED & set(model.model_fields):
        if column != "by_id" or model.__name__ != "SupportCheck":
            setattr(row, column, "me")
    if isinstance(row, Person):
        row.id, row.email, row.roles = "me", "canary Person email.", [canary("Person", "roles")]
    given: dict[str, tuple[str, object]] = {
        "Contact": ("need_id", "need"), "Deadline": ("id", "duty"), "Dialog": ("flow", "report"),
        "Nudge": ("deadline_id", "duty"), "WorkingHours": ("days", [0]),
    }  # fmt: skip
    if model.__name__ in given:
        setattr(row, *given[model.__name__])
    return row


async def test_what_is_held_comes_out_and_nothing_else(stage: Stage) -> None:
    def fill(work: Work) -> None:
        work.session.add_all(theirs(model) for model in models())

    await stage.do(fill)
    made = await stage.do(lambda work: export_person.gather(work, " Canary person EMAIL. "))
    text = everything(made)
    kept = {**{m.__name__: m for m in models()}}
    left = {f"{name}.{c}" for name, m in kept.items() for c in m.model_fields if canary(name, c) in text}
    assert left - {"Deadline.rule"} == {f"{n}.{c}" for n, cs in COMES_OUT.items() for c in cs.split()} - {
        "Deadline.rule"
    }
    assert not [name for name in left if name.startswith("Fair")]


async def test_of_somebody_else_nothing_comes_out(stage: Stage) -> None:
    await decided_by_a_panel(stage)
    text = everything(await about(stage, "Wei Chen"))
    assert AMINA not in text
    assert "The wrong syringe driver" not in text
    assert table(await about(stage, "Wei Chen"), "reports") == []


async def test_what_somebody_reported_and_did(stage: Stage) -> None:
    await reported(stage, confidential="yes")
    made = await about(stage, AMINA)
    assert table(made, "person")[0]["e-mail"] == address_of(AMINA)
    assert any("The wrong syringe driver" in row["answer"] for row in table(made, "reports"))
    assert {"part": "reported it", "in": CASE} in table(made, "parts")
    assert "reported" in {row["what"] for row in table(made, "audit")}
    assert made.manifest["rows"]["reports"] == len(table(made, "reports"))


async def test_of_an_unfinished_report_the_answers_come_out_and_not_where_they_are_in_it(stage: Stage) -> None:
    for said in ("report", "no", "near miss", "Two charts were swapped", "back"):
        await stage.says(AMINA, said)
    rows = table(await about(stage, AMINA), "unfinished_reports")
    answered = {row["question"]: row["answer"] for row in rows}
    assert answered == {"danger": "No", "event-type": "Near miss", "what-happened": "Two charts were swapped"}


async def test_support_about_them_and_their_own_requests_but_not_who_named_them(stage: Stage) -> None:
    await reported(stage, confidential="yes")

    def more(work: Work) -> None:
        wei = work.session.exec(select(Person).where(Person.email == address_of("Wei Chen"))).one()
        case = work.session.exec(select(Case)).one()
        need = {"case_id": case.id, "person_id": wei.id, "name": "Wei", "wish": "quality", "at": NOW}
        work.session.add(SupportNeed(id="n", passed_over_id="canary over", checker_id=case.reporter_id, **need))
        work.session.add(SupportRequest(id="r", person_id=wei.id, wish="a talk", at=NOW))

    await stage.do(more)
    made = await about(stage, "Wei Chen")
    [named] = table(made, "support")
    assert (named["what"], named["by"]) == ("named in a report", AMINA), "whoever checks, as anybody who checks"
    assert [row["wish"] for row in table(made, "support_requests")] == ["a talk"]
    without = everything(made).replace(f'"asked","{AMINA}"', "")
    for secret in (AMINA, "canary over", "kept to the quality team"):
        assert secret not in without


async def test_an_unfinished_report_reads_as_it_was_answered(stage: Stage) -> None:
    page = await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", PAGE_1)
    await stage.presses(
        AMINA, page, "Next", {"could-have-led": "yes", "involved": "yes", "colleagues": "Tomasz Zielinski"}
    )
    answers = {row["question"]: row["answer"] for row in table(await about(stage, AMINA), "unfinished_reports")}
    assert answers["colleagues"] == "Tomasz Zielinski"
    assert not {"None", ""} & set(answers.values())


async def test_nothing_tells_whether_there_is_anything_of_being_fair(stage: Stage) -> None:
    reference = await begun(stage)
    await through(stage, {"fair-5": "yes"})
    for name in (OWEN, "Leah Rosenfeld", "Tomasz Zielinski", AMINA):
        made = await about(stage, name)
        text = everything(export.Export(made.files, {}))
        for secret in (reference, "private task", "BF-", CONCERN, GROUND):
            assert secret.casefold() not in text.casefold(), (name, secret)
        assert "fair" not in text.casefold(), name
        assert "whether there is any or none: everything about being fair" in made.manifest["left_out"]


async def test_that_it_was_made_is_on_record_without_whose_it_is(stage: Stage) -> None:
    await about(stage, AMINA)
    entry: AuditEntry = await stage.do(lambda work: work.session.exec(select(AuditEntry)).all()[-1])
    assert (entry.actor_id, entry.what) == (export.BY, "exported what is held about one person")
    assert entry.case_id is None


async def test_somebody_who_is_not_on_the_people_list_is_found_by_their_id(stage: Stage) -> None:
    """Any full member of the workspace may report; no address of theirs is known."""

    def somebody(work: Work) -> None:
        work.session.add(Person(id="zed", name="Zed Newman", roles=["staff"], on_list=False))
        work.session.add(Identity(platform="slack", team="T1", user="U0ZED0001", person_id="zed", address={}))

    await stage.do(somebody)
    made = await stage.do(lambda work: export_person.gather(work, " u0zed0001 "))
    assert table(made, "person")[0]["name"] == "Zed Newman"


async def test_what_they_reported_before_they_were_recognised_comes_out_too(stage: Stage) -> None:
    """They wrote from an id that the people list did not have; then it was put in."""
    amina = {"slack_id": "U0AMINA99"}
    reference = await reports(stage, amina["slack_id"], {"what-happened": "Said before."})
    other = await reports(stage, "U0OTHER01", {"what-happened": "Said by somebody else."})
    rows, _ = read_people(sample_people_text())
    rows = [replace(row, **amina) if row.name == AMINA else row for row in rows]
    await stage.do(lambda work: take_on(work, rows, {"slack": "T0FEN", "web": "demo"}))
    made = await about(stage, AMINA)
    assert {row["case"] for row in table(made, "reports")} == {reference}
    assert "Said before." in {row["answer"] for row in table(made, "reports")}
    assert {"what": "reported", "case": reference} in [
        {key: row[key] for key in ("what", "case")} for row in table(made, "audit")
    ]
    assert other not in everything(made)


async def test_nobody_has_that_address(stage: Stage) -> None:
    with pytest.raises(export_person.NoSuchPerson):
        await about(stage, "Nobody Atall")
    assert await stage.do(lambda work: work.session.exec(select(AuditEntry)).all()) == []


def test_the_command(run: Any) -> None:  # noqa: F811
    assert run("--person", "x@example.org", "--case", CASE).exit_code == 2
    for empty in ("--person", "--case"):
        assert run(empty, "", "--out", "made").exit_code == 2, "all cases, in a folder meant for one person"
    assert "Nobody known here has the address or the id x@example.org." in run("--person", "x@example.org").output
