"""The chair's decision and its minute, and a departure from the minimum that the Chief Nurse answers."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from responses import (
    AMINA,
    BRONWEN,
    HUSSEIN,
    LEAH,
    MARGUERITE,
    NIAMH,
    SANDEEP,
    TOMASZ,
    WEI,
    case_in,
    clocks,
    press,
    read_case,
    state,
    the_response,
    titles,
)
from sqlmodel import col, func, select

from psirf_bot.cards.model import Buttons, Card, Words
from psirf_bot.casework import panel_closing
from psirf_bot.casework.case_facts import panel_of
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.minimum import GRAVE
from psirf_bot.domain.panel import DOCUMENTS, Seat
from psirf_bot.store.tables import AuditEntry, Deadline, LearningResponse, Panel, PanelMember, Person, StandIn, Vote
from ready_made import NOW
from scenes import scene
from stage import Stage, action, words

FEMI = "Femi Adeyemi"
SEATS = {LEAH: Seat.QUALITY, BRONWEN: Seat.SERVICE, FEMI: Seat.EXPERT}
AGREED_ON = {LEAH: "mdt", BRONWEN: "mdt", FEMI: "none"}
WHY = "The same pumps are already being replaced."
DECIDED = {"decision": "mdt", "rationale": WHY, "departure": None}
NO_NOTE = {"note": None}
STILL_OPEN: dict[str, Any] = {"closed_at": None, "closes_at": NOW + timedelta(days=5)}
NO_VOTE = "Only one of us could come, and the family waits."


def id_of(work: Work, name: str) -> str:
    return work.session.exec(select(Person.id).where(Person.name == name)).one()


def add_panel(work: Work, facts: Sequence[str] | None, votes: Mapping[str, str], **fields: Any) -> None:
    """A panel on the first case whose voting has closed, chaired by Sandeep Bhullar."""
    case, by = case_in(work), id_of(work, LEAH)
    case.state = State.IN_PANEL
    panel = Panel(
        id=work.new_id(),
        case_id=case.id,
        route="urgent",
        chair_id=id_of(work, SANDEEP),
        opened_by=by,
        opened_at=work.now,
        **{
            "closes_at": work.now,
            "closed_at": work.now,
            "documents": dict.fromkeys(DOCUMENTS, "https://files.example/1"),
            "learning": "no",
        }
        | fields,
    )
    if facts is not None:
        panel.facts, panel.facts_by, panel.facts_at = list(facts), by, work.now
    work.session.add_all([case, panel])
    for name, seat in SEATS.items():
        member = PanelMember(id=work.new_id(), panel_id=panel.id, person_id=id_of(work, name), seat=seat)
        work.session.add(member)
        if choice := votes.get(name):
            given = {"panel_id": panel.id, "member_id": member.id, "by_id": member.person_id, "choice": choice}
            work.session.add(Vote(**given, number=1, rationale="As we said.", at=work.now))
    work.session.flush()
    day = work.local.date() + timedelta(days=2)
    about = of_case(case, chair=panel.chair_id)
    happened(work, Event.PANEL_OPENED, about, by, agreed={"panel.decided": day})


@scene
async def voted(
    stage: Stage, facts: Sequence[str] | None = (), votes: Mapping[str, str] = AGREED_ON, **fields: Any
) -> None:
    await read_case(stage)
    await stage.do(lambda work: add_panel(work, facts, votes, **fields))


async def confirmed_later(stage: Stage, *facts: str) -> None:
    """Somebody confirms other facts, an hour after whatever was before."""
    stage.later(hours=1)

    def confirm(work: Work) -> None:
        panel = panel_in(work)
        panel.facts, panel.facts_at = list(facts), work.now
        work.session.add(panel)

    await stage.do(confirm)


def panel_in(work: Work) -> Panel:
    found = panel_of(work, case_in(work))
    assert found
    return found


async def the_panel(stage: Stage) -> Panel:
    found: Panel = await stage.do(panel_in)
    return found


@scene
async def decide(stage: Stage, decision: str, by: str = SANDEEP, **answers: Any) -> Card:
    return await press(stage, by, "panel.decide", DECIDED | {"decision": decision} | answers)


async def stands_in(stage: Stage, deputy: str, *whose: str) -> None:
    today = stage.now.date()

    def add(work: Work) -> None:
        for name in whose:
            ids = {"person_id": id_of(work, name), "deputy_id": id_of(work, deputy)}
            work.session.add(StandIn(**ids, starts=today, ends=today + timedelta(days=7)))

    await stage.do(add)


async def how_many(stage: Stage, table: Any) -> int:
    found: int = await stage.do(lambda work: work.session.exec(select(func.count()).select_from(table)).one())
    return found


async def messages(stage: Stage) -> dict[str, list[str]]:
    everybody: list[str] = await stage.do(lambda work: list(work.session.exec(select(Person.name))))
    return {name: titles(stage, name) for name in everybody}


def labels(card: Card) -> list[str]:
    return [button.label for button in card.all_buttons()]


# What comes of a decision

APPROVED = {"panel.decided": "done", "minute.filed": "open", "notifications.made": "open"}
A_RESPONSE = APPROVED | {"response.lead": "open", "response.started": "open"}
A_PSII = APPROVED | {"response.lead": "open", "psii.verified": "open"}
ALLOWED, NOT_ALLOWED = {"panel.departure": "done"}, {"panel.decided": "open", "panel.departure": "done"}
NOT_ANSWERED = {"panel.decided": "open", "panel.departure": "open"}
ASKED = "A panel asks to depart from the minimum"
DRAFT = "The panel's minute on PSI-2026-0001: a draft"
SAVED = {SANDEEP: [DRAFT]}
VERIFY = {MARGUERITE: ["A PSII waits for you to verify it"]}
REPORTER = SAVED | {AMINA: ["It was decided how to learn from your report"]}
OTHERWISE = SAVED | {
    AMINA: ["It was decided what comes of your report"],
    LEAH: ["PSI-2026-0001 has no learning response"],
}
WAITS = SAVED | {MARGUERITE: [ASKED], HUSSEIN: [ASKED]}
YES = {SANDEEP: [DRAFT, DRAFT], MARGUERITE: [ASKED, "Allowed: PSI-2026-0001"], HUSSEIN: [ASKED]}
NO = {
    SANDEEP: [DRAFT, "PSI-2026-0001 has to be a PSII"],
    MARGUERITE: [ASKED, "It has to be a PSII: PSI-2026-0001"],
    HUSSEIN: [ASKED],
}
NEVER = ("never-event",)


@pytest.mark.parametrize(
    ("facts", "decision", "answer", "case", "panel", "duties", "told"),
    [
        ((), "mdt", None, "decided", "approved", A_RESPONSE, REPORTER),
        ((), "swarm", None, "decided", "approved", A_RESPONSE, REPORTER),
        ((), "aar", None, "decided", "approved", A_RESPONSE, REPORTER),
        ((), "psii", None, "awaiting verification", "approved", A_PSII, REPORTER | VERIFY),
        ((), "improvement", None, "decided", "approved", APPROVED, OTHERWISE),
        ((), "other-process", None, "decided", "approved", APPROVED, OTHERWISE),
        ((), "none", None, "decided", "approved", APPROVED, OTHERWISE),
        (("child-death",), "none", None, "decided", "approved", APPROVED, OTHERWISE),
        ((GRAVE,), "psii", None, "awaiting verification", "approved", A_PSII, REPORTER | VERIFY),
        ((GRAVE,), "mdt", "yes", "decided", "approved", A_RESPONSE | ALLOWED, REPORTER | YES),
        (NEVER, "none", "yes", "decided", "approved", APPROVED | ALLOWED, OTHERWISE | YES),
        (NEVER, "none", "no", "in panel", "voting", NOT_ALLOWED, NO),
        ((GRAVE,), "mdt", None, "in panel", "departing", NOT_ANSWERED, WAITS),
    ],
)  # fmt: skip
async def test_what_comes_of_a_decision(
    stage: Stage,
    facts: Sequence[str],
    decision: str,
    answer: str | None,
    case: str,
    panel: str,
    duties: Mapping[str, str],
    told: Mapping[str, list[str]],
) -> None:
    await voted(stage, facts)
    before = await messages(stage)
    await decide(stage, decision, departure=WHY)
    if answer == "yes":
        await press(stage, MARGUERITE, "panel.depart-yes", {"note": "Seen with the family's letter."})
    if answer == "no":
        await press(stage, MARGUERITE, "panel.depart-no", {"why-psii": "The family has to be heard."})
    await press(stage, SANDEEP, "panel.approve")
    assert (await state(stage), (await the_panel(stage)).state) == (case, panel)
    kinds = ("panel.de", "minute.", "response.", "psii.", "notifications.")
    assert {rule: how for rule, (_, how) in (await clocks(stage, *kinds)).items()} == duties
    after = await messages(stage)
    assert {name: new for name in after if (new := after[name][len(before[name]) :])} == told


async def test_nothing_is_decided_before_the_minute_is_approved(stage: Stage) -> None:
    await voted(stage)
    draft = await decide(stage, "psii")
    assert await state(stage) == "in panel"
    assert await how_many(stage, LearningResponse) == 0
    assert titles(stage, MARGUERITE) == []
    shown = words(draft)
    assert "PSI-2026-0001" in shown
    assert f"Quality team: {LEAH} (voted)" in shown
    assert "Chronology: https://files.example/1" in shown
    assert "No further response: 1 vote" in shown
    assert WHY in shown
    assert labels(draft) == ["Approve the minute", "Change it", "Open the panel"]


async def test_what_was_decided_and_by_whom_is_kept(stage: Stage) -> None:
    await voted(stage)
    await decide(stage, "psii")
    stage.later(hours=2)
    await press(stage, SANDEEP, "panel.approve")
    panel, response = await the_panel(stage), await the_response(stage)
    sandeep = await stage.do(lambda work: id_of(work, SANDEEP))
    assert (panel.decision, panel.rationale) == ("psii", WHY)
    assert (panel.decided_by, panel.approved_by, response.decided_by) == (sandeep, sandeep, sandeep)
    assert panel.approved_at == stage.now
    kept = await stage.do(lambda work: list(work.session.exec(select(AuditEntry.what).order_by(col(AuditEntry.id)))))
    assert [what for what in kept if what in {"panel decided", "minute approved"}] == [
        "panel decided",
        "minute approved",
    ]


@pytest.mark.parametrize(
    ("fields", "facts", "says"),
    [
        (STILL_OPEN, (), "Voting is open until"),
        ({"documents": {"datix": "https://files.example/1"}}, (), "Chronology, First-hand accounts"),
        ({}, None, "Nobody has confirmed the facts."),
        ({"learning": None}, (), "Nobody has said whether the risk is unexpected"),
    ],
)
async def test_what_has_to_be_there_before_a_decision(
    stage: Stage, fields: Mapping[str, Any], facts: Sequence[str] | None, says: str
) -> None:
    await voted(stage, facts, **fields)
    refused = await press(stage, SANDEEP, "panel.decide")
    assert says in words(refused)
    assert "Type panel PSI-2026-0001" in words(refused)
    assert says in words(await decide(stage, "mdt"))
    assert (await the_panel(stage)).decision is None


async def test_between_the_close_and_the_tick_the_chair_goes_on(stage: Stage) -> None:
    await voted(stage, closed_at=None)
    assert "Voting has closed" in words(page := await press(stage, SANDEEP, "panel.show"))
    assert "Write the decision" in [button.label for button in page.all_buttons()]
    assert "has not been written yet" in words(await press(stage, SANDEEP, "panel.approve"))
    before = len(stage.private(SANDEEP))
    form = await press(stage, SANDEEP, "panel.decide")
    assert form.title == "What the panel decided"
    assert (await the_panel(stage)).closed_at == stage.now
    assert stage.private(SANDEEP)[before:] == [], "not told of what they see"
    who = await stage.do(
        lambda work: work.session.exec(select(AuditEntry.actor_id).filter_by(what="voting closed")).one()
    )
    assert who == panel_closing.THE_BOT
    await decide(stage, "mdt")
    assert (await the_panel(stage)).state == "decided"
    await stage.tick()
    assert (await the_panel(stage)).state == "decided"


async def test_everything_that_is_missing_is_said_at_once(stage: Stage) -> None:
    await voted(stage, None, **STILL_OPEN, documents={}, learning=None)
    refused = words(await press(stage, SANDEEP, "panel.decide"))
    for says in ("Voting is open", "Datix report, Chronology", "confirmed the facts", "much to learn"):
        assert says in refused


@pytest.mark.parametrize("name", [LEAH, BRONWEN, MARGUERITE, WEI, TOMASZ])
@pytest.mark.parametrize("verb", ["panel.decide", "panel.approve"])
async def test_only_the_chair_decides(stage: Stage, name: str, verb: str) -> None:
    await voted(stage)
    await decide(stage, "mdt")
    refused = await press(stage, name, verb)
    assert refused.title == "I could not do that"
    assert (await the_panel(stage)).state == "decided"


async def test_whoever_stands_in_for_the_chair_decides_and_approves_and_cannot_verify(stage: Stage) -> None:
    await voted(stage)
    await stands_in(stage, LEAH, SANDEEP, MARGUERITE)
    await decide(stage, "psii", by=LEAH)
    await press(stage, LEAH, "panel.approve")
    assert (await the_response(stage)).decided_by == await stage.do(lambda work: id_of(work, LEAH))
    assert titles(stage, HUSSEIN) == ["A PSII waits for you to verify it"]
    assert "somebody else has to verify it" in words(await press(stage, LEAH, "response.verify"))
    assert await state(stage) == "awaiting verification"
    await press(stage, HUSSEIN, "response.verify")
    assert await state(stage) == "decided"


async def test_the_chair_who_is_named_delegate_for_the_day_cannot_verify_either(stage: Stage) -> None:
    await voted(stage)
    await stands_in(stage, SANDEEP, MARGUERITE)
    await decide(stage, "psii")
    await press(stage, SANDEEP, "panel.approve")
    assert "somebody else has to verify it" in words(await press(stage, SANDEEP, "response.verify"))
    assert await state(stage) == "awaiting verification"


# Ties and the quorum


async def test_a_tie_is_said_and_not_resolved(stage: Stage) -> None:
    await voted(stage, votes={LEAH: "psii", BRONWEN: "none"})
    form = await press(stage, SANDEEP, "panel.decide")
    assert "It was a tie between" in words(form)
    assert "The group decides; I do not." in words(form)
    assert all(getattr(asked, "value", None) in ((), "") for asked in form.inputs()), "nothing is chosen for the chair"


async def test_without_the_quorum_the_chair_says_why_and_the_minute_too(stage: Stage) -> None:
    await voted(stage, votes={LEAH: "mdt", BRONWEN: "mdt"})
    form = await press(stage, SANDEEP, "panel.decide")
    assert "There was no quorum: 1 vote from a subject expert was missing." in words(form)
    again = await decide(stage, "mdt")
    assert {i.id: i.error for i in again.inputs() if i.error} == {
        "without-quorum": "Please answer this. The rest of your words are kept."
    }
    draft = await decide(stage, "mdt", **{"without-quorum": NO_VOTE})
    assert "There was no quorum" in words(draft)
    assert (await the_panel(stage)).rationale == f"Without the quorum: {NO_VOTE}\n\n{WHY}"
    changing = {i.id: getattr(i, "value", None) for i in (await press(stage, SANDEEP, "panel.decide")).inputs()}
    assert (changing["rationale"], changing["without-quorum"]) == (WHY, NO_VOTE)
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "decided"


async def test_the_draft_begins_with_the_decision_and_what_to_press(stage: Stage) -> None:
    await voted(stage, votes={LEAH: "mdt", BRONWEN: "psii", FEMI: "mdt"})
    draft = await decide(stage, "mdt")
    text = words(draft)
    assert text.count("national name") == 1
    assert "Multi-Incident Review: 2 votes; Patient Safety Incident Investigation: 1 vote" in text
    at = [type(part) for part in draft.body].index(Buttons)
    assert WHY in [part.text for part in draft.body[at:] if isinstance(part, Words)]
    assert [button.label for button in draft.all_buttons()] == ["Approve the minute", "Change it", "Open the panel"]


@pytest.mark.parametrize(
    ("asked", "whose"),
    [(MARGUERITE, "That is for you or the Medical Director to"), (HUSSEIN, "That is for you or the Chief Nurse to")],
)
async def test_whoever_is_asked_reads_who_else_may_answer(stage: Stage, asked: str, whose: str) -> None:
    await voted(stage, [GRAVE])
    await decide(stage, "mdt", departure="Two look at it.")
    await stage.settled()
    card = words(stage.private(asked)[-1])
    assert whose in card
    assert "something other than the rules propose" in card


async def test_with_the_quorum_nothing_is_asked_about_it(stage: Stage) -> None:
    await voted(stage)
    form = await press(stage, SANDEEP, "panel.decide")
    assert [i.id for i in form.inputs()] == ["decision", "rationale"]
    assert "quorum" not in words(form)


async def test_a_quorum_that_is_lost_after_the_decision_has_to_be_explained(stage: Stage) -> None:
    await voted(stage)
    await decide(stage, "mdt")

    def stand_back(work: Work) -> None:
        member = work.session.exec(select(PanelMember).where(PanelMember.seat == Seat.EXPERT)).one()
        member.recused_at = work.now
        work.session.add(member)

    await stage.do(stand_back)
    assert "There was no quorum" in words(await press(stage, SANDEEP, "panel.approve"))
    assert (await the_panel(stage)).state == "decided"


async def test_the_draft_of_fifty_members_with_long_words_fits(stage: Stage) -> None:
    await voted(stage, [requirement.id for requirement in stage.trust.requirements])

    def join(work: Work) -> None:
        for number in range(50):
            someone = Person(id=f"person {number}", name=f"A Colleague With A Longer Name {number}", roles=["staff"])
            seat = {"id": f"seat {number}", "panel_id": panel_in(work).id, "person_id": someone.id}
            work.session.add_all([someone, PanelMember(**seat, seat=Seat.MEMBER)])

    await stage.do(join)
    long = {"departure": "Because of it all. " * 75, "rationale": "It was like this. " * 110}
    assert "A Colleague With A Longer Name 49 (did not vote)" in words(await decide(stage, "mdt", **long))
    assert titles(stage, MARGUERITE) == [ASKED]


# Changed, approved twice


async def test_the_chair_changes_the_decision_and_an_older_draft_is_not_approved(stage: Stage) -> None:
    await voted(stage)
    first = await decide(stage, "none")
    second = await decide(stage, "psii")
    stale = await stage.presses(SANDEEP, first, "Approve the minute")
    assert "This has changed since you read it." in words(stale)
    assert (await the_panel(stage)).state == "decided"
    await stage.presses(SANDEEP, second, "Approve the minute")
    assert await state(stage) == "awaiting verification"


async def test_approved_twice_is_approved_once(stage: Stage) -> None:
    await voted(stage)
    draft = await decide(stage, "psii")
    once = await stage.presses(SANDEEP, draft, "Approve the minute")
    await stage.settled()
    told, entries = await messages(stage), await how_many(stage, AuditEntry)
    stage.later(minutes=1)
    twice = await stage.presses(SANDEEP, draft, "Approve the minute")
    await stage.settled()
    assert once.title == twice.title == "The minute of PSI-2026-0001 is approved"
    assert await how_many(stage, LearningResponse) == 1
    assert (await messages(stage), await how_many(stage, AuditEntry)) == (told, entries)
    assert "has moved on" in words(await press(stage, SANDEEP, "panel.decide"))


async def test_there_is_nothing_to_approve_before_it_is_written(stage: Stage) -> None:
    await voted(stage)
    assert "has not been written yet" in words(await press(stage, SANDEEP, "panel.approve"))
    assert await state(stage) == "in panel"


# A departure from the minimum


async def test_the_reason_is_about_the_system_and_names_no_person_as_the_cause(stage: Stage) -> None:
    await voted(stage)
    refused = await decide(stage, "mdt", rationale="It was human error.")
    assert "“human error” names a person as the cause" in words(refused)
    assert "It was human error." in str([getattr(i, "value", "") for i in refused.inputs()]), "the words stay"
    assert (await the_panel(stage)).decision is None


async def test_less_than_the_minimum_needs_a_reason(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    form = await press(stage, SANDEEP, "panel.decide")
    assert "Unexpected death or severe harm under our care (policy §12.3)" in words(form)
    again = await decide(stage, "mdt")
    assert [i.id for i in again.inputs() if i.error] == ["departure"]
    assert (await the_panel(stage)).decision is None


async def test_both_are_asked_in_private_with_what_they_need(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    draft = await decide(stage, "mdt", departure="We learnt it all from the last two.")
    assert "Approve the minute" not in labels(draft)
    assert "Marguerite Oduya and Hussein Al-Tamimi" in words(draft)
    for name in (MARGUERITE, HUSSEIN):
        [asked] = stage.private(name)
        assert asked.preview == "You have a private task."
        for says in ("PSI-2026-0001", "Unexpected death or severe harm", "policy §12.3", "We learnt it all"):
            assert says in words(asked)
        assert labels(asked) == ["Allow it", "It has to be a PSII", "Open the panel"]


async def test_allowed_it_stands_in_the_minute_with_who_and_why(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "mdt", departure=WHY)
    [asked] = stage.private(HUSSEIN)
    form = await stage.presses(HUSSEIN, asked, "Allow it")
    assert "Unexpected death or severe harm" in words(form)
    await stage.presses(HUSSEIN, form, "Allow it", {"note": "Seen with the family's letter."})
    await stage.settled()
    draft = stage.private(SANDEEP)[-1]
    assert "Hussein Al-Tamimi allows what the panel wants." in words(draft)
    assert "Seen with the family's letter." in words(draft)
    assert "Approve the minute" in labels(draft)
    late = await stage.presses(MARGUERITE, stage.private(MARGUERITE)[0], "It has to be a PSII")
    assert f"waits for an answer any more. {HUSSEIN} has answered it." in words(late)
    assert (await the_panel(stage)).departure == "agreed"


async def test_not_allowed_the_chair_writes_it_again_and_the_refusal_stays(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "none", departure=WHY)
    await press(stage, MARGUERITE, "panel.depart-no", {"why-psii": "The family has to be heard."})
    panel = await the_panel(stage)
    assert (panel.state, panel.decision, panel.departure) == ("voting", None, "refused")
    assert "The family has to be heard." in words(stage.private(SANDEEP)[-1])
    await decide(stage, "psii")
    panel = await the_panel(stage)
    assert (panel.state, panel.departure, panel.departure_why) == ("decided", "refused", WHY), "it stays in the minute"
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "awaiting verification"
    kept = await stage.do(lambda work: set(work.session.exec(select(AuditEntry.what))))
    assert "departure refused" in kept


async def test_not_allowed_needs_a_reason(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "none", departure=WHY)
    again = await press(stage, MARGUERITE, "panel.depart-no", {"why-psii": " "})
    assert [i.id for i in again.inputs() if i.error] == ["why-psii"]
    assert (await the_panel(stage)).departure == "asked"


@pytest.mark.parametrize("name", [LEAH, SANDEEP, BRONWEN, WEI])
async def test_nobody_else_answers_a_departure(stage: Stage, name: str) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "mdt", departure=WHY)
    refused = await press(stage, name, "panel.depart-yes", {"note": "Fine."})
    assert "note" not in words(refused)
    assert (await the_panel(stage)).departure == "asked"


async def test_the_chair_who_stands_in_for_the_chief_nurse_does_not_answer(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await stands_in(stage, SANDEEP, MARGUERITE)
    await decide(stage, "mdt", departure=WHY)
    assert ASKED not in titles(stage, SANDEEP)
    assert titles(stage, HUSSEIN) == [ASKED]
    refused = await press(stage, SANDEEP, "panel.depart-yes")
    assert "somebody else has to answer it" in words(refused)

    def owing(work: Work) -> list[str]:
        clock = work.session.exec(select(Deadline).where(Deadline.rule == "panel.departure")).one()
        return [someone.name for someone in owners(work, clock)]

    assert await stage.do(owing) == [HUSSEIN]


async def test_with_nobody_left_to_answer_the_chair_is_told_what_to_do(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await stands_in(stage, SANDEEP, MARGUERITE, HUSSEIN)
    assert "ask an administrator" in words(await decide(stage, "mdt", departure=WHY))


async def test_a_delegate_answers_and_the_minute_says_so(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await stands_in(stage, NIAMH, MARGUERITE)
    await decide(stage, "mdt", departure=WHY)
    await press(stage, NIAMH, "panel.depart-yes", NO_NOTE)
    assert "Niamh Gallagher" in words(stage.private(SANDEEP)[-1])
    assert "(standing in)" in words(stage.private(SANDEEP)[-1])


async def test_saved_again_unchanged_nobody_is_asked_twice(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    for _ in range(2):
        await decide(stage, "mdt", departure=WHY)
    assert titles(stage, MARGUERITE) == [ASKED]
    assert (await the_panel(stage)).state == "departing"


async def test_another_decision_is_another_question(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "mdt", departure=WHY)
    await press(stage, MARGUERITE, "panel.depart-yes", NO_NOTE)
    await decide(stage, "none", departure=WHY)
    panel = await the_panel(stage)
    assert (panel.state, panel.departure, panel.departure_by) == ("departing", "asked", None)
    assert titles(stage, MARGUERITE).count(ASKED) == 2
    assert "I will tell you when they have answered" in words(await press(stage, SANDEEP, "panel.approve"))


async def test_an_older_question_shows_the_newer_one(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "mdt", departure=WHY)
    await decide(stage, "none", departure="There is nothing left to learn.")
    older = stage.private(MARGUERITE)[0]
    now = await stage.presses(MARGUERITE, older, "Allow it")
    assert "There is nothing left to learn." in words(now)
    assert (await the_panel(stage)).departure == "asked"
    assert action(now, "Allow it") != action(older, "Allow it")


async def test_a_new_rationale_leaves_what_was_allowed(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "mdt", departure=WHY)
    await press(stage, MARGUERITE, "panel.depart-yes", NO_NOTE)
    await decide(stage, "mdt", departure=WHY, rationale="Said more clearly.")
    panel = await the_panel(stage)
    assert (panel.state, panel.departure, panel.rationale) == ("decided", "agreed", "Said more clearly.")
    assert titles(stage, MARGUERITE).count(ASKED) == 1


# Facts that change after the decision


async def test_a_minimum_that_appears_stops_the_approval(stage: Stage) -> None:
    await voted(stage)
    await decide(stage, "mdt")
    await confirmed_later(stage, "never-event")
    refused = words(await press(stage, SANDEEP, "panel.approve"))
    assert "a PSII is the minimum now" in refused
    assert "A never event" in refused
    assert await state(stage) == "in panel"
    await decide(stage, "psii")
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "awaiting verification"


async def test_a_psii_stands_whatever_the_facts(stage: Stage) -> None:
    await voted(stage)
    await decide(stage, "psii")
    await confirmed_later(stage, GRAVE)
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "awaiting verification"


async def test_what_was_allowed_on_other_facts_is_asked_again(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "mdt", departure=WHY)
    await press(stage, MARGUERITE, "panel.depart-yes", NO_NOTE)
    await confirmed_later(stage, GRAVE, "never-event")
    assert "a PSII is the minimum now" in words(await press(stage, SANDEEP, "panel.approve"))
    await decide(stage, "mdt", departure=WHY)
    assert (await the_panel(stage)).departure == "asked"
    assert titles(stage, HUSSEIN) == [ASKED, ASKED]


async def test_a_minimum_that_goes_away_ends_the_departure(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "mdt", departure=WHY)
    await confirmed_later(stage)
    await decide(stage, "mdt")
    panel = await the_panel(stage)
    assert (panel.state, panel.departure) == ("decided", None)
    assert (await clocks(stage, "panel.departure"))["panel.departure"][1] == "dropped"
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "decided"


async def test_facts_that_change_after_reading_are_read_before_they_are_approved(stage: Stage) -> None:
    await voted(stage)
    draft = await decide(stage, "psii")
    await confirmed_later(stage, "child-death")
    assert "Death of a child" in words(await stage.presses(SANDEEP, draft, "Approve the minute"))
    assert await state(stage) == "in panel"


# Decided without a learning response


async def test_an_involved_reporter_hears_of_it_from_a_person(stage: Stage) -> None:
    await read_case(stage, involved="yes", colleagues=TOMASZ)
    await stage.do(lambda work: add_panel(work, (), {LEAH: "none"}))
    answers = {"without-quorum": NO_VOTE}
    await decide(stage, "none", **answers)
    before = titles(stage, AMINA)
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "decided"
    assert titles(stage, AMINA) == before


async def test_the_reporter_is_told_kindly_and_what_comes_next(stage: Stage) -> None:
    await voted(stage)
    await decide(stage, "improvement")
    await press(stage, SANDEEP, "panel.approve")
    told = stage.private(AMINA)[-1]
    assert "It was decided that what you reported becomes part of improvement work" in words(told)
    assert "The quality team will tell you what changed." in words(told)
    assert WHY not in words(told)


async def test_a_psii_sent_back_and_then_not_wanted_is_let_go(stage: Stage) -> None:
    await voted(stage)
    await decide(stage, "psii")
    await press(stage, SANDEEP, "panel.approve")
    hours = {"lead": NIAMH, "fit-to-lead": None, "hours": "8"}
    await press(stage, LEAH, "response.lead", hours)
    lead = (await the_response(stage)).lead_id
    await press(stage, MARGUERITE, "response.back", {"why-back": "Please look at the other unit's PSII."})
    stage.later(days=1)
    await stage.do(lambda work: add_panel(work, (), AGREED_ON))
    await decide(stage, "improvement")
    await press(stage, SANDEEP, "panel.approve")
    assert (await state(stage), await the_response(stage)) == ("decided", None)
    assert ("There is nothing to lead" in titles(stage, NIAMH)) is bool(lead)
    running = await clocks(stage, "response.", "psii.")
    assert {how for _, how in running.values()} <= {"done", "dropped"}


async def test_a_stranger_to_the_panel_learns_nothing_from_the_refusal(stage: Stage) -> None:
    await voted(stage)
    refused = words(await press(stage, WEI, "panel.decide"))
    assert "chair" not in refused
    assert "In panel" not in refused


async def test_the_card_in_the_channel_names_nobody_for_what_was_decided(stage: Stage) -> None:
    await voted(stage)
    await decide(stage, "none")
    await press(stage, SANDEEP, "panel.approve")
    assert not any(WHY in words(card) for card in stage.channel())


# What was read is what is approved


@pytest.mark.parametrize(
    "change",
    [
        {"documents": {"datix": "https://files.example/2"}},
        {"plan_says": "A thematic review."},
        {"improvement": "The pumps are replaced."},
        {"learning": "yes"},
        {"learning_why": "Two drivers look alike."},
        {"could_have": "yes"},
        {"facts_not_known": ["maternity"]},
    ],
)
async def test_what_changes_after_reading_is_read_before_it_is_approved(
    stage: Stage, change: Mapping[str, Any]
) -> None:
    await voted(stage)
    draft = await decide(stage, "mdt")
    same = action(await press(stage, SANDEEP, "panel.decide", DECIDED), "Approve the minute")
    assert action(draft, "Approve the minute") == same, "the same words are the same draft"

    def later(work: Work) -> None:
        panel = panel_in(work)
        for name, value in change.items():
            setattr(panel, name, value)
        panel.documents = dict.fromkeys(DOCUMENTS, "https://files.example/1") | panel.documents
        work.session.add(panel)

    await stage.do(later)
    assert "This has changed since you read it." in words(await stage.presses(SANDEEP, draft, "Approve the minute"))
    assert await state(stage) == "in panel"
    await stage.presses(SANDEEP, await press(stage, SANDEEP, "panel.decide", DECIDED), "Approve the minute")
    assert await state(stage) == "decided"


async def test_votes_that_no_longer_count_are_read_before_it_is_approved(stage: Stage) -> None:
    await voted(stage)
    draft = await decide(stage, "mdt")

    def stands_back(work: Work) -> None:
        member = work.session.exec(select(PanelMember).where(PanelMember.seat == Seat.SERVICE)).one()
        member.recused_at = work.now
        work.session.add(member)

    await stage.do(stands_back)
    assert "This has changed since you read it." in words(await stage.presses(SANDEEP, draft, "Approve the minute"))


@pytest.mark.parametrize("decision", ["improvement", "other-process", "none"])
async def test_without_a_learning_response_the_owner_is_to_close_the_case(stage: Stage, decision: str) -> None:
    await voted(stage)
    await decide(stage, decision)
    await press(stage, SANDEEP, "panel.approve")
    assert (await clocks(stage, "case."))["case.closed"] == ("2026-11-27", "open")

    def owing(work: Work) -> list[str]:
        clock = work.session.exec(select(Deadline).where(Deadline.rule == "case.closed")).one()
        return [someone.name for someone in owners(work, clock)]

    assert await stage.do(owing) == [LEAH]
    await press(stage, LEAH, "case.close", {"outcome": "The pumps were replaced."})
    assert (await clocks(stage, "case."))["case.closed"][1] == "done"
