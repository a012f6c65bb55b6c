"""The minute of a panel: what it says, in Word and in words; who gets it; and its filing on Datix."""

import json
import re
import time
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from docx.document import Document as Opened
from docx.oxml.ns import qn
from docx.shared import Mm
from hypothesis import given
from hypothesis import strategies as st
from responses import BRONWEN, CALLUM, HUSSEIN, LEAH, MARGUERITE, SANDEEP, TOMASZ, case_in, clocks, press, read_case
from sqlmodel import select

from psirf_bot.casework import cases, minutes, people, response
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.minute_content import KEPT_OUT, draft_of
from psirf_bot.casework.minute_document import docx
from psirf_bot.casework.minute_kept import keep, minute_of
from psirf_bot.casework.minute_text import Line, Minute, Section, Table, as_json, of_json, plain
from psirf_bot.casework.minutes import Ticket, opened, ticket_in, token
from psirf_bot.casework.work import Setting, Work
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import (
    AuditEntry,
    Case,
    LearningResponse,
    Panel,
    PanelMember,
    Person,
    ReportVersion,
    StandIn,
    SupportNeed,
    Vote,
)
from stage import NOW, Stage, words

FEMI, PRIYA, AMINA = "Femi Adeyemi", "Priya Raman", "Amina Yusuf"
PAPERS = {"datix": "https://datix.example/W-77", "accounts": "They are being written down this week."}
SEATS = {LEAH: "quality", BRONWEN: "service", FEMI: "expert"}
VOTES = {
    LEAH: ("mdt", "Two teams met here."),
    BRONWEN: ("mdt", "The drivers look alike."),
    FEMI: ("swarm", "Be quick."),
}
AFTER, SECOND = "What came later", "Second signature"
CHAIR = f"{SANDEEP}, chair of the panel"
PUBLIC = "https://bot.fenmarsh.example"


def person(work: Work, name: str) -> Person:
    return work.session.exec(select(Person).where(Person.name == name)).one()


def seat(work: Work, panel: Panel, name: str, group: str, votes: list[tuple[str, str]], by: str = "") -> None:
    member = PanelMember(id=f"m-{name}", panel_id=panel.id, person_id=person(work, name).id, seat=group)
    work.session.add(member)
    for number, (choice, rationale) in enumerate(votes, start=1):
        given = {"choice": choice, "rationale": rationale, "at": work.now}
        giver = person(work, by or name).id
        work.session.add(Vote(panel_id=panel.id, member_id=member.id, number=number, by_id=giver, **given))


async def a_panel(
    stage: Stage,
    votes: dict[str, Any] | None = None,
    *,
    datix: str | None = "W-77",
    signed_by: str = SANDEEP,
    **changes: Any,
) -> Panel:
    """A panel that has voted, decided and come to its approved minute, unless the changes say otherwise."""
    await read_case(stage)

    def furnish(work: Work) -> Panel:
        case, chair, signs = case_in(work), person(work, SANDEEP).id, person(work, signed_by).id
        case.state, case.datix_number = State.DECIDED, datix
        facts: dict[str, Any] = {
            "route": "weekly",
            "state": "approved",
            "chair_id": chair,
            "opened_by": person(work, LEAH).id,
            "opened_at": NOW - timedelta(days=7),
            "closes_at": NOW - timedelta(days=2),
            "closed_at": NOW - timedelta(days=2),
            "documents": PAPERS,
            "plan_says": "Syringe drivers are a priority of the plan.",
            "improvement": "Drivers are being stored apart.",
            "facts": ["never-event", "safeguarding"],
            "facts_not_known": ["child-death"],
            "facts_by": person(work, LEAH).id,
            "facts_at": NOW - timedelta(days=6),
            "learning": "yes",
            "learning_why": "Nobody had foreseen it.",
            "could_have": "yes",
            "decision": "mdt",
            "rationale": "Two teams can learn from it together.",
            "decided_by": signs,
            "decided_at": NOW - timedelta(days=1),
            "approved_by": signs,
            "approved_at": NOW,
        }
        panel = Panel(id="p1", case_id=case.id, **(facts | changes))
        work.session.add_all([case, panel])
        given = VOTES if votes is None else votes
        for name, group in SEATS.items():
            theirs = given.get(name, [])
            seat(work, panel, name, group, theirs if isinstance(theirs, list) else [theirs])
        work.session.flush()
        if panel.state == "approved":
            keep(work, case, panel)
            happened(work, Event.MINUTE_APPROVED, of_case(case), chair)
        return panel

    panel: Panel = await stage.do(furnish)
    return panel


async def change(stage: Stage, what: Any) -> None:
    await stage.do(what)


async def minute(stage: Stage) -> Minute:
    found: Minute = await stage.do(lambda work: minute_of(work, case_in(work), work.session.get_one(Panel, "p1")))
    return found


async def draft(stage: Stage) -> Minute:
    """The minute as things stand now, whatever was approved."""
    found: Minute = await stage.do(lambda work: draft_of(work, case_in(work), work.session.get_one(Panel, "p1")))
    return found


def reopened(minute: Minute) -> Opened:
    return Document(BytesIO(docx(minute)))


def said_in(document: Opened) -> str:
    """Every word of the document's body, in order."""
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in document.element.body.iter(qn("w:p")))


def table(document: Opened, name: str) -> list[list[str]]:
    """The rows of the table under this heading."""
    named = [t for t in document.tables if t._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val")) == name]
    assert len(named) == 1, name
    return [[cell.text for cell in row.cells] for row in named[0].rows]


async def audited(stage: Stage, what: str) -> list[str]:
    """Who did this, as the audit chain has it."""
    of_this = select(Person.name).join(AuditEntry, AuditEntry.actor_id == Person.id).where(AuditEntry.what == what)
    found: list[str] = await stage.do(lambda work: list(work.session.exec(of_this)))
    return found


def reached(stage: Stage) -> None:
    """From now on the bot has an address."""
    stage.setting = Setting(stage.trust, stage.setting.new_id, stage.setting.audit_key, PUBLIC)
    stage.desk = stage.new_desk()


def link_on(card: Any) -> str:
    [link] = [button.url for button in card.all_buttons() if button.url]
    return str(link)


# --- What it says


async def test_the_minute_says_what_the_policy_asks_for(stage: Stage) -> None:
    await a_panel(stage)
    document = reopened(await minute(stage))
    text = said_in(document)
    for wanted in (
        "Minute of the panel on PSI-2026-0001",
        "Fenmarsh Community NHS Trust",
        "Datix number: W-77",
        "Event type: Near miss",
        "Service: Community Nursing",
        "When it happened: Friday 20 November 2026, 09:30",
        "Recorded: 20 November 2026, 14:00",
        "Harm, as reported: No grade of harm was reported",
        "What happened, as reported: The wrong syringe driver",
        "Looked at and not so: Unexpected death or severe harm under our care; Death more likely than not due to",
        "The least that the confirmed facts ask for: A PSII",
        "How soon: Weekly agenda",
        "Opened: By Leah Rosenfeld, 13 November 2026, 14:00",
        "Voting closed: 18 November 2026, 14:00",
        "Chair: Sandeep Bhullar",
        "Quorum: Reached (needed 1 quality team, 1 service representative, 1 expert)",
        "What the plan says: Syringe drivers are a priority of the plan.",
        "Improvement work under way: Drivers are being stored apart.",
        "Confirmed: By Leah Rosenfeld, 14 November 2026, 14:00",
        "even outside the plan? Yes. Nobody had foreseen it.",
        "Could it have led to serious injury, permanent harm or death? Yes",
        "Decision: Multi-Incident Review\nNational code: MDT (Multi-Disciplinary Team review)",
        "Why: Two teams can learn from it together.",
        "No patient is named in this minute. Approved 20 November 2026, 14:00.",
    ):
        assert wanted in text
    for never in ("Draft", "to be checked against", "psii", "mdt"):
        assert never not in text
    assert not re.search(r"\([A-Z]\d\d\)", text)  # the number of a requirement
    assert table(document, "Papers") == [
        ["Document", "Where it is, or why it is not there"],
        ["Datix report", "https://datix.example/W-77"],
        ["Chronology", "Missing. No reason is given."],
        ["First-hand accounts", "Not there: They are being written down this week."],
    ]
    assert table(document, "Members")[1:] == [
        ["Member of the quality team", LEAH, "Yes"],
        ["Service representative", BRONWEN, "Yes"],
        ["Subject expert", FEMI, "Yes"],
    ]
    rows = table(document, "Events with a set response")[1:]
    assert [row[:3] for row in rows] == [
        ["A never event", "Yes", "At least a PSII."],
        [
            "A safeguarding concern about a child or an adult",
            "Yes",
            "Referral to: Safeguarding lead and the local authority.",
        ],
        ["Death of a child", "Not known", "Referral to: Child Death Overview Panel (CDOP)."],
    ]
    assert [row[3] for row in rows] == ["National guide to responding proportionately"] * 3
    assert table(document, "Who signed")[1:] == [
        ["Decision written", CHAIR, "19 November 2026, 14:00"],
        ["Minute approved", CHAIR, "20 November 2026, 14:00"],
    ]
    later = said_in(document).rpartition("Approved 20 November 2026, 14:00.")[2].strip()
    assert later.startswith("What came later\nAdded after the chair approved the minute, each with its date.")
    assert table(document, AFTER)[1:] == [["Filed on the Datix record", "Waits for the quality team", ""]]


async def test_reasons_stand_without_names_in_an_order_that_gives_none_away(
    stage: Stage,
) -> None:
    votes = VOTES | {LEAH: ("mdt", "Zebra."), BRONWEN: ("mdt", "Aardvark.")}
    await a_panel(stage, votes)
    found = reopened(await minute(stage))
    tally = table(found, "Tally")[1:]
    assert [count for _, count in tally] == ["2", "1"]
    assert tally[0][0] == "Multi-Incident Review (national name: Multi-Disciplinary Team review)"
    mdt, swarm = "Multi-Incident Review", stage.trust.responses["swarm"]
    rows = table(found, "Reasons, one row for each vote")
    assert rows[1:] == [[mdt, "Aardvark."], [mdt, "Zebra."], [swarm, "Be quick."]]
    votes_alone = said_in(found).partition("Tally")[2].partition("Decision")[0]
    assert not [name for name in SEATS if name in votes_alone]


async def test_only_the_last_vote_of_each_counts_and_changes_are_counted(stage: Stage) -> None:
    votes = VOTES | {FEMI: [("psii", "At first."), ("none", "Then."), ("mdt", "In the end.")]}
    await a_panel(stage, votes)
    found = reopened(await minute(stage))
    assert [row[1] for row in table(found, "Tally")[1:]] == ["3"]
    assert "Votes that were changed before voting closed: 2" in said_in(found)
    assert "At first." not in said_in(found)


async def test_a_tie_is_said_and_not_settled(stage: Stage) -> None:
    await a_panel(stage, {LEAH: ("psii", "It is grave."), FEMI: ("aar", "It is small.")})
    text = said_in(reopened(await minute(stage)))
    assert "It is a tie between Patient Safety Incident Investigation and After Action Review" in text
    needed = "needed 1 quality team, 1 service representative, 1 expert"
    assert f"Quorum: Not reached ({needed}). Missing: 1 service representative\n" in text


async def test_whoever_did_not_vote_or_voted_through_somebody_is_said_to_have(stage: Stage) -> None:
    await a_panel(stage, {LEAH: VOTES[LEAH]})

    def through(work: Work) -> None:
        vote = work.session.exec(select(Vote)).one()
        vote.by_id = person(work, PRIYA).id
        work.session.add(vote)

    await change(stage, through)
    members = table(reopened(await draft(stage)), "Members")
    assert [row[2] for row in members[1:]] == ["Yes, through Priya Raman, who stood in", "No", "No"]


async def test_nobody_voted_and_nothing_is_confirmed(stage: Stage) -> None:
    nothing = dict.fromkeys(("facts", "facts_not_known", "facts_by", "facts_at", "learning", "learning_why"))
    nothing |= dict.fromkeys(("plan_says", "improvement", "decision", "rationale", "decided_by", "decided_at"))
    unsigned = dict.fromkeys(("approved_by", "approved_at"))
    await a_panel(stage, {}, datix=None, state="voting", documents={}, **nothing, **unsigned)
    document = reopened(await minute(stage))
    text = said_in(document)
    assert "Draft, not approved." in text
    assert "Draft, not approved" in document.sections[0].header.paragraphs[0].text
    for wanted in ("Not on Datix yet", "Nobody has confirmed the facts yet.", "Nobody voted.", "Not written yet."):
        assert wanted in text
    assert [row[1] for row in table(document, "Papers")[1:]] == ["Missing. No reason is given."] * 3
    assert table(document, "Who signed")[2] == ["Minute approved", "Waits for the chair", ""]
    assert "None" not in text


STOOD_BACK = "Stood back by their own choice"


async def test_whoever_stood_back_is_named_without_their_vote_and_whoever_was_involved_is_not(stage: Stage) -> None:
    await a_panel(stage)
    nobody = await draft(stage)
    assert f"{STOOD_BACK}: Nobody\n" in plain(nobody)

    def kept_out(work: Work) -> None:
        stood_back = work.session.get_one(PanelMember, f"m-{FEMI}")
        stood_back.recused_at = work.now
        involved = {"person_id": person(work, BRONWEN).id, "name": BRONWEN, "by": "line-manager"}
        columns = SupportNeed.model_fields
        need = {
            "id": "n1",
            "case_id": case_in(work).id,
            "wish": "line-manager",
            "state": "open",
            "at": work.now,
            **involved,
        }
        work.session.add_all([stood_back, SupportNeed(**{k: v for k, v in need.items() if k in columns})])

    await change(stage, kept_out)
    found = await draft(stage)
    for text in (said_in(reopened(found)), plain(found)):
        assert text.count(FEMI) == 1
        assert f"{STOOD_BACK}: {FEMI}. No reason is asked for.\n" in text
        assert KEPT_OUT in text
        assert BRONWEN not in text
        assert "Be quick." not in text
        assert "The drivers look alike." not in text
        assert LEAH in text
    assert KEPT_OUT in plain(nobody), "the same words whether or not anybody was involved"


async def test_whoever_stood_back_by_mistake_or_for_another_is_listed_as_they_are(stage: Stage) -> None:
    """Somebody who votes or chairs for another has no seat of their own until they stand back."""
    await a_panel(stage)

    def stand_back(work: Work) -> None:
        femi, panel = work.session.get_one(PanelMember, f"m-{FEMI}"), work.session.get_one(Panel, "p1")
        femi.recused_at = work.now
        seat(work, panel, PRIYA, "member", [])
        work.session.flush()
        work.session.get_one(PanelMember, f"m-{PRIYA}").recused_at = work.now

    await change(stage, stand_back)
    assert f"{STOOD_BACK}: {FEMI}, {PRIYA}. No reason" in plain(await draft(stage))
    assert f"{STOOD_BACK}: Nobody" in plain(await minute(stage)), "one that was approved stays as it was"

    def come_back(work: Work) -> None:
        work.session.get_one(PanelMember, f"m-{FEMI}").recused_at = None

    await change(stage, come_back)
    assert f"{STOOD_BACK}: {PRIYA}. No reason" in plain(await draft(stage))


async def reports(stage: Stage, **answers: str) -> None:
    """The report as it was amended since."""

    def amend(work: Work) -> None:
        case = case_in(work)
        version = cases.newest_version(work, case)
        assert version
        cases.write_version(work, case, version.answers | answers, {}, case.reporter_id or "", "Amended")

    await change(stage, amend)


async def test_it_says_what_happened_with_the_harm_and_names_neither_patient_nor_reporter(stage: Stage) -> None:
    await a_panel(stage)
    harm = {"affected": ["patient"], "physical-harm": "moderate", "psychological-harm": "low"}
    words_kept = "A pump stopped. NHS number 943 476 5919."
    await reports(stage, **{"event-type": "incident", "what-happened": words_kept}, **harm)
    text = said_in(reopened(await draft(stage)))
    assert "What happened, as reported: A pump stopped. NHS number [NHS number removed]." in text
    graded = "Physical harm: Moderate (LFPSE code 3); Psychological harm: Low (LFPSE code 3)"
    assert f"Harm, as reported: {graded}\n" in text
    assert AMINA not in text
    assert not re.search(r"\d{3} ?\d{3} ?\d{4}", text)


@pytest.mark.parametrize("kept", ["restricted", "quality_only"])
async def test_of_a_case_that_is_kept_close_the_words_stay_with_the_quality_team(stage: Stage, kept: str) -> None:
    await a_panel(stage)

    def keep_close(work: Work) -> None:
        case = case_in(work)
        setattr(case, kept, True)
        work.session.add(case)

    await change(stage, keep_close)
    text = said_in(reopened(await draft(stage)))
    assert "What happened, as reported: Kept to the quality team" in text
    assert "Harm, as reported: Kept to the quality team" in text
    assert "The wrong syringe driver" not in text


async def test_it_names_the_reports_that_were_joined(stage: Stage) -> None:
    await a_panel(stage)
    assert "joined" not in said_in(reopened(await draft(stage)))
    await change(stage, a_report_of(BRONWEN))
    assert "Other reports of it, joined: PSI-2026-0002" in said_in(reopened(await draft(stage)))


async def test_a_case_from_datix_is_described_there(stage: Stage) -> None:
    await a_panel(stage)

    def no_report(work: Work) -> None:
        for version in work.session.exec(select(ReportVersion)):
            work.session.delete(version)

    await change(stage, no_report)
    text = said_in(reopened(await draft(stage)))
    assert "What happened, as reported: Described on Datix, from which the case was opened" in text


async def test_the_chair_who_votes_is_said_to_be_it(stage: Stage) -> None:
    await a_panel(stage)
    await change(stage, lambda work: seat(work, work.session.get_one(Panel, "p1"), SANDEEP, "member", []))
    members = table(reopened(await draft(stage)), "Members")
    assert members[-1] == ["Other member of the panel", f"{SANDEEP}, chair", "No"]


@pytest.mark.parametrize(
    ("departure", "wanted"),
    [
        ("asked", "Answer: The Chief Nurse or the Medical Director has been asked to answer it."),
        ("agreed", "Answer: Allowed, by Marguerite Oduya, Chief Nurse, 20 November 2026, 14:00. It is well founded."),
        (
            "refused",
            "Answer: Not allowed: it has to be a PSII, by Marguerite Oduya, Chief Nurse, 20 November 2026, 14:00. It",
        ),
    ],
)
async def test_a_departure_says_why_and_who_answered_it(stage: Stage, departure: str, wanted: str) -> None:
    answered = departure != "asked"
    await a_panel(stage, departure=departure, departure_why="It is one of a series.")

    def answer(work: Work) -> None:
        panel = work.session.get_one(Panel, "p1")
        panel.departure_by = person(work, MARGUERITE).id if answered else None
        panel.departure_at = work.now if answered else None
        panel.departure_note = "It is well founded." if answered else None
        work.session.add(panel)

    await change(stage, answer)
    text = said_in(reopened(await draft(stage)))
    assert "A departure from the minimum was asked for, because: It is one of a series." in text
    assert wanted in text


# --- Signatures


async def psii(stage: Stage, by: str = SANDEEP) -> None:
    """The panel decided on a PSII, and its chair, or whoever stands in, approved the minute."""
    await a_panel(stage, decision="psii", signed_by=by)

    def decide(work: Work) -> None:
        response.decide(work, case_in(work), "psii", people.member(work, person(work, by)))

    await change(stage, decide)
    await stage.settled()


async def test_a_psii_waits_for_its_second_signature(stage: Stage) -> None:
    await psii(stage)
    waits = ["PSII verified", "Waits for the Chief Nurse or the Medical Director", ""]
    document = reopened(await minute(stage))
    assert "Decision: Patient Safety Incident Investigation\nNational code: PSII\n" in said_in(document)
    assert table(document, SECOND) == [["What", "Who, and in which office", "When"], waits]
    assert "A PSII needs a second signature" in said_in(document).partition("Who signed")[2]
    assert "Second signature and what came later\nAdded after the chair" in said_in(document)
    stage.later(days=1)
    await press(stage, HUSSEIN, "response.verify")
    stage.later(days=1)
    verified = ["PSII verified", f"{HUSSEIN}, Medical Director", "21 November 2026, 14:00"]
    assert table(reopened(await minute(stage)), SECOND)[1] == verified
    assert "As it stands on 22 November 2026, 14:00" in plain(await minute(stage))


async def test_a_psii_that_was_sent_back_is_said_to_be(stage: Stage) -> None:
    await psii(stage)
    await press(stage, MARGUERITE, "response.back", {"why-back": "The plan names another response."})
    nurse = f"{MARGUERITE}, Chief Nurse"
    sent_back = ["PSII sent back to the panel, not verified", nurse, "20 November 2026, 14:00"]
    assert table(reopened(await minute(stage)), SECOND)[1] == sent_back


async def test_whoever_signs_for_somebody_else_is_said_to_stand_in_for_them(stage: Stage) -> None:
    def stands_in(work: Work) -> None:
        chair, nurse = person(work, SANDEEP).id, person(work, MARGUERITE).id
        today = {"starts": date(2026, 11, 20), "ends": date(2026, 11, 20)}
        chairs = StandIn(person_id=chair, deputy_id=person(work, PRIYA).id, role="chair", **today)
        verifies = StandIn(person_id=nurse, deputy_id=person(work, CALLUM).id, role="chief_nurse", **today)
        work.session.add_all([chairs, verifies])

    await change(stage, stands_in)
    await psii(stage, by=PRIYA)
    await press(stage, CALLUM, "response.verify")
    stage.later(days=5)  # who stood in that day is still said when they no longer do
    document = reopened(await minute(stage))
    assert table(document, "Who signed")[2][1] == f"Priya Raman, standing in for {CHAIR}"
    assert table(document, SECOND)[1][1] == "Callum Strachan, standing in for Marguerite Oduya, Chief Nurse"


async def test_another_kind_of_response_has_one_signature(stage: Stage) -> None:
    await a_panel(stage)
    for never in ("PSII verified", "econd signature"):
        assert never not in said_in(reopened(await minute(stage)))
    assert (await stage.do(lambda work: work.session.exec(select(LearningResponse)).first())) is None


# --- What was approved stays


def a_report_of(name: str) -> Any:
    """A report joined since, which names this member of the panel."""

    def join(work: Work) -> None:
        case = case_in(work)
        joined = Case(
            **case.model_dump(exclude={"id", "reference", "state"}), id="c2", reference="PSI-2026-0002", state="merged"
        )
        joined.merged_into = case.id
        work.session.add(joined)
        who = person(work, name)
        work.session.add(
            SupportNeed(
                id="n1", case_id="c2", person_id=who.id, name=name, wish="line-manager", state="open", at=work.now
            )
        )

    return join


def renamed(work: Work) -> None:
    for name in (SANDEEP, LEAH, BRONWEN):
        someone = person(work, name)
        someone.name = f"{name}-Jones"
        work.session.add(someone)


def other_facts(work: Work) -> None:
    panel, case = work.session.get_one(Panel, "p1"), case_in(work)
    panel.facts, panel.facts_at, panel.learning_why = ["child-death"], work.now, "Something else."
    panel.documents, panel.plan_says, panel.rationale = {}, "The plan says otherwise.", "For other reasons."
    case.service, case.datix_number, case.occurred = "Podiatry", "W-88", "2026-11-19T08:00"
    work.session.add_all([panel, case])


def votes_gone(work: Work) -> None:
    for vote in work.session.exec(select(Vote)):
        work.session.delete(vote)


CHANGES = {"joined": a_report_of(BRONWEN), "renamed": renamed, "facts": other_facts, "votes": votes_gone}


def approved_part(minute: Minute) -> tuple[str, bytes]:
    """The words and the file without what came later; a file's other bytes are those of the same minute without it."""
    return plain(minute).partition("\n\nWHAT CAME LATER\n")[0], docx(replace(minute, after=None))


@pytest.mark.parametrize("since", CHANGES)
async def test_what_the_chair_approved_stays_byte_for_byte(stage: Stage, since: str) -> None:
    await a_panel(stage)
    before, worked_out = approved_part(await minute(stage)), plain(await draft(stage))
    stage.later(days=3)
    await change(stage, CHANGES[since])
    assert approved_part(await minute(stage)) == before
    generated = "\n\nNo patient"
    assert plain(await draft(stage)).partition(generated)[0] != worked_out.partition(generated)[0]  # it would change


async def test_other_words_of_the_trust_change_nothing_in_it(stage: Stage) -> None:
    await a_panel(stage)
    before = approved_part(await minute(stage))
    responses = dict(stage.trust.responses) | {"mdt": "Team look-back"}
    other = {"name": "Fenmarsh and Saltholme NHS Trust", "responses": responses, "requirements": ()}
    stage.setting = replace(stage.setting, trust=stage.trust.model_copy(update=other))
    assert approved_part(await minute(stage)) == before
    worked_out = plain(await draft(stage))
    for words_now in ("Team look-back", "no longer in the trust's settings", "Saltholme"):
        assert words_now in worked_out


async def test_a_file_differs_only_in_what_came_after(stage: Stage) -> None:
    await a_panel(stage)
    first = parts_of(await minute(stage))
    stage.later(days=3)
    await press(stage, LEAH, "minute.filed", {"filed-on": "2026-11-22"})
    await change(stage, renamed)
    then = parts_of(await minute(stage))
    assert [name for name in first if first[name] != then[name]] == ["word/document.xml"]
    body, after = (found["word/document.xml"].split(b">What came later<", 1) for found in (first, then))
    assert body[0] == after[0]
    assert b"Leah Rosenfeld-Jones" in after[1]


def parts_of(minute: Minute) -> dict[str, bytes]:
    with ZipFile(BytesIO(docx(minute))) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


async def test_it_is_kept_once(stage: Stage) -> None:
    await a_panel(stage)
    kept = await stage.do(lambda work: work.session.get_one(Panel, "p1").minute)
    await change(stage, renamed)
    await change(stage, lambda work: keep(work, case_in(work), work.session.get_one(Panel, "p1")))
    assert await stage.do(lambda work: work.session.get_one(Panel, "p1").minute) == kept


ANY_WORDS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=20)
ROWS = st.integers(1, 3).flatmap(
    lambda n: st.tuples(*[st.lists(st.tuples(*[ANY_WORDS] * n), max_size=3), st.tuples(*[ANY_WORDS] * n)])
)
TABLES = st.builds(lambda name, found: Table(name, found[1], tuple(found[0])), ANY_WORDS, ROWS)
PARTS = st.lists(ANY_WORDS | st.builds(Line, ANY_WORDS, ANY_WORDS) | TABLES, max_size=4).map(tuple)


@given(st.lists(st.builds(Section, ANY_WORDS, PARTS), max_size=4).map(tuple))
def test_whatever_it_says_comes_back_as_it_was_kept(sections: tuple[Section, ...]) -> None:
    approved = Minute("Trust", "PSI-2026-0001", True, sections, NOW)
    assert of_json(json.loads(json.dumps(as_json(approved)))) == approved


# --- The file


async def test_the_file_is_a4_in_british_english_with_real_headings_and_header_rows(stage: Stage) -> None:
    await a_panel(stage)
    document = reopened(await minute(stage))
    page = document.sections[0]
    assert (round(page.page_width / Mm(1)), round(page.page_height / Mm(1))) == (210, 297)
    headings = [p.text for p in document.paragraphs if p.style and p.style.name == "Heading 1"]
    sections = ["The event", "The panel", "Papers considered", "Facts", "Votes", "Decision", "Signatures"]
    sections.append("What came later")
    assert headings == sections
    assert len(document.tables) == 7
    for found in document.tables:
        assert found.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    languages = {lang.get(qn("w:val")) for lang in document.styles.element.iter(qn("w:lang"))}
    assert languages == {"en-GB"}
    fonts = {value for fonts in document.styles.element.iter(qn("w:rFonts")) for value in fonts.attrib.values()}
    assert fonts == {"Arial"}
    footer = "".join(page.footer._element.itertext())
    assert "No patient is named in this minute. Approved 20 November 2026, 14:00." in footer
    assert {f.get(qn("w:instr")) for f in page.footer._element.iter(qn("w:fldSimple"))} == {"PAGE", "NUMPAGES"}


async def test_the_file_names_the_trust_and_no_machine_or_user(stage: Stage) -> None:
    await a_panel(stage)
    file = docx(await minute(stage))
    about = Document(BytesIO(file)).core_properties
    assert (about.title, about.author) == ("Minute of the panel on PSI-2026-0001", "Fenmarsh Community NHS Trust")
    assert about.last_modified_by == "Fenmarsh Community NHS Trust"
    assert about.language == "en-GB"
    assert about.created == NOW
    with ZipFile(BytesIO(file)) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in packed.namelist() if "thumbnail" in name]
        assert b"python-docx" not in b"".join(packed.read(name) for name in packed.namelist())


async def test_the_same_facts_at_the_same_moment_are_the_same_bytes(stage: Stage) -> None:
    await a_panel(stage)
    first = docx(await minute(stage))
    assert docx(await minute(stage)) == first
    stage.later(minutes=1)
    assert docx(await minute(stage)) != first  # it says as of when it tells what came later


HOSTILE = "\x00\x0b\x1f\x7f\ufffe\u202e"


def test_whatever_was_typed_the_file_can_be_opened() -> None:
    typed = f"<w:p>&amp; {HOSTILE}end\n\tnext 🫀 مرحبا\u200f"
    long = "word " * 4000
    section = Section(typed, (typed, Line(typed, typed), Table(typed, (typed, "x"), ((typed, long),))))
    document = reopened(Minute("Trust", "PSI-2026-0001", False, (section,), NOW))
    text = said_in(document)
    assert "<w:p>&amp; \ufffd\ufffd\ufffd\ufffd\ufffd\ufffdend" in text
    assert "next 🫀 مرحبا\u200f" in text
    assert not set(HOSTILE) & set(text)
    assert document.tables[0].cell(1, 1).text == long


async def test_fifty_members_are_all_in_it_soon(stage: Stage) -> None:
    await a_panel(stage)

    def fifty(work: Work) -> None:
        panel = work.session.get_one(Panel, "p1")
        for number in range(47):
            someone = Person(id=f"x{number}", name=f"Member {number:02d}", roles=["panel"])
            work.session.add(someone)
            work.session.flush()
            seat(work, panel, someone.name, "member", [("mdt", f"Reason {number:02d}. " + "Because. " * 200)])

    await change(stage, fifty)
    began = time.perf_counter()
    found = await draft(stage)
    gathered = time.perf_counter()
    document = reopened(found)
    assert len(table(document, "Members")) == 51
    assert len(table(document, "Reasons, one row for each vote")) == 51
    assert table(document, "Tally")[1][1] == "49"
    assert gathered - began < 2  # a turn of others waits for this part alone


# --- Who gets it


async def test_without_an_address_the_words_are_there_to_copy(stage: Stage) -> None:
    await a_panel(stage)
    card = await press(stage, LEAH, "minute.show")
    assert not [button for button in card.all_buttons() if button.url]
    assert "ask your administrator to set PSIRF_PUBLIC_URL" in words(card)
    assert plain(await minute(stage)) in words(card)
    assert "Draft" not in words(card)
    assert "Approved. The quality team now files it on the Datix record" in words(card)
    assert "Once the chair" not in words(card)
    assert card.preview == "Your page is ready."


async def test_with_an_address_there_is_a_link_that_works_for_a_quarter_of_an_hour(stage: Stage) -> None:
    await a_panel(stage)
    reached(stage)
    link = link_on(await press(stage, FEMI, "minute.show"))
    assert link.startswith(f"{PUBLIC}/minutes/")
    given = link.rpartition("/")[2]
    femi = await stage.do(lambda work: person(work, FEMI).id)
    assert ticket_in(stage.setting, given, stage.now) == Ticket("p1", femi)
    stage.later(minutes=14, seconds=59)
    assert ticket_in(stage.setting, given, stage.now) == Ticket("p1", femi)
    stage.later(seconds=1)
    assert ticket_in(stage.setting, given, stage.now) is None
    assert await audited(stage, "was given the minute") == [FEMI]


@pytest.mark.parametrize("forged", ["", ".", "...", "x", "a.b.c.d", "²", "\udcff", "9999999999.p1.me.", "x" * 5000])
async def test_a_token_that_somebody_made_up_is_none(stage: Stage, forged: str) -> None:
    assert ticket_in(stage.setting, forged, stage.now) is None


async def test_a_token_takes_no_change(stage: Stage) -> None:
    good = token(stage.setting, Ticket("p1", "me"), stage.now)
    until, panel, who, seal = good.split(".")
    assert ticket_in(stage.setting, good, stage.now) == Ticket("p1", "me")
    later = str(int(until) + 60)
    swapped = ((later, panel, who), (until, "p2", who), (until, panel, "you"), (until, f"{panel}.{who}", ""))
    for facts in swapped:
        assert ticket_in(stage.setting, ".".join((*facts, seal)), stage.now) is None


@pytest.mark.parametrize("since", ["left", "stood back", "stopped", "open"])
async def test_whoever_may_no_longer_see_the_panel_does_not_open_it(stage: Stage, since: str) -> None:
    await a_panel(stage)
    ticket = Ticket("p1", await stage.do(lambda work: person(work, FEMI).id))
    assert await stage.do(lambda work: opened(work, ticket))

    def changed(work: Work) -> None:
        femi, panel = person(work, FEMI), work.session.get_one(Panel, "p1")
        femi.active = since != "left"
        seat = work.session.get_one(PanelMember, f"m-{FEMI}")
        seat.recused_at = work.now if since == "stood back" else None
        panel.state = {"stopped": "stopped", "open": "voting"}.get(since, panel.state)
        if since == "open":
            panel.closed_at, panel.closes_at = None, work.now + timedelta(days=1)
        work.session.add_all([femi, seat, panel])

    await change(stage, changed)
    assert await stage.do(lambda work: opened(work, ticket)) is None
    assert await audited(stage, "opened the minute") == [FEMI]


@pytest.mark.parametrize("name", [AMINA, TOMASZ, "Wei Chen"])
async def test_whoever_takes_no_part_is_told_nothing_of_it(stage: Stage, name: str) -> None:
    await a_panel(stage)
    refused = await press(stage, name, "minute.show")
    assert "I cannot show you a panel of that reference." in words(refused)
    assert await audited(stage, "was given the minute") == []


async def test_while_voting_is_open_there_is_none(stage: Stage) -> None:
    await a_panel(stage, state="voting", closed_at=None, closes_at=NOW + timedelta(days=1))
    assert "Voting on PSI-2026-0001 is open" in words(await press(stage, LEAH, "minute.show"))


async def test_a_draft_is_marked_and_cannot_be_filed(stage: Stage) -> None:
    await a_panel(stage, state="decided", approved_by=None, approved_at=None)
    card = await press(stage, LEAH, "minute.show")
    assert "Draft, not approved. It is worked out as things stand now, and may still change." in words(card)
    assert "It is filed" not in [button.label for button in card.all_buttons()]
    refused = await press(stage, LEAH, "minute.filed")
    assert "is not approved yet, so it cannot be filed" in words(refused)


async def test_a_long_minute_comes_in_parts_that_fit_and_lose_nothing(stage: Stage) -> None:
    votes = {name: ("mdt", f"{name[0]} " + "word\n🫀 " * 400) for name in SEATS}
    await a_panel(stage, votes)
    whole = plain(await minute(stage))
    card = await press(stage, LEAH, "minute.show")
    found = []
    for part in range(2, 20):
        found += [p.text for p in card.body if p.kind == "details"]
        if "The next part" not in [button.label for button in card.all_buttons()]:
            break
        card = await press(stage, LEAH, "minute.show", part=str(part))
    assert len(found) > 1
    assert "\n".join(found).split() == whole.split()


# --- Filing


async def test_it_is_filed_once_with_its_day_and_closes_the_clock(stage: Stage) -> None:
    await a_panel(stage)
    assert (await clocks(stage, "minute."))["minute.filed"] == ("2026-11-24", "open")
    form = await press(stage, LEAH, "minute.filed")
    assert [i.label for i in form.inputs()] == ["On which day was it filed on Datix W-77, with all its papers?"]
    done = await press(stage, LEAH, "minute.filed", {"filed-on": "2026-11-20"})
    assert "was filed on Friday 20 November 2026" in words(done)
    assert (await clocks(stage, "minute."))["minute.filed"][1] == "done"
    stage.later(days=1)
    again = await press(stage, SANDEEP, "minute.filed", {"filed-on": "2026-11-21"})
    assert "was filed on Friday 20 November 2026" in words(again)
    assert await audited(stage, "minute filed") == [LEAH]
    assert "Nothing needs to be done." in words(await press(stage, SANDEEP, "minute.filed"))
    later = table(reopened(await minute(stage)), AFTER)
    assert later[-1] == ["Filed on the Datix record", LEAH, "Friday 20 November 2026"]
    assert "It is filed" not in [b.label for b in (await press(stage, LEAH, "minute.show")).all_buttons()]


async def test_without_a_datix_number_there_is_nothing_to_file_it_on(stage: Stage) -> None:
    await a_panel(stage, datix=None)
    refused = words(await press(stage, LEAH, "minute.filed", {"filed-on": "2026-11-20"}))
    assert "“Enter the Datix number” first" in refused
    assert (await clocks(stage, "minute."))["minute.filed"][1] == "open"


async def test_it_cannot_have_been_filed_before_it_was_approved(stage: Stage) -> None:
    await a_panel(stage)
    form = await press(stage, LEAH, "minute.filed", {"filed-on": "2026-11-19"})
    assert [i.error for i in form.inputs()] == ["It was approved on Friday 20 November 2026: please check the day."]


async def test_filing_is_for_the_quality_team(stage: Stage) -> None:
    await a_panel(stage)
    await press(stage, FEMI, "minute.filed", {"filed-on": "2026-11-20"})
    assert (await stage.do(lambda work: work.session.get_one(Panel, "p1").filed_on)) is None
    assert minutes.VERBS.keys() == {"minute.show", "minute.filed"}
