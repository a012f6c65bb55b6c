"""What named overseers see of being fair: the runs that are not kept from them, their records, and an export."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from responses import AMINA, BRONWEN, LEAH, SANDEEP, fits
from sqlmodel import select

from duty_stage import a_case, who
from psirf_bot.cards import fair_oversight as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.fair import NOT_HERE, PRIVATE_TASK
from psirf_bot.cards.model import Card, Copy
from psirf_bot.casework import deadlines, fair_export, fair_history, fair_pair, fair_record, fair_runs, people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.forms import Unfit
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.questions import Day
from psirf_bot.domain.being_fair import FairnessReview, follow_ups
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Action, AuditEntry, Case, FairEntry, FairMonitoring, FairRun, Inbox, Outbox, StandIn
from stage import Stage, shown, words

OWEN, JUDITH, ROSALIND, TOMASZ = "Owen Tregarth", "Judith Cornwell", "Rosalind Achebe", "Tomasz Zielinski"
CALLUM = "Callum Strachan"
CONCERN = "The learning response asks why the second check was left out."
GROUND = "The same step was left out on three evenings, as section four says."


def a_run(work: Work, number: int = 1, *, about: str = AMINA, version: int = 1, **facts: Any) -> FairRun:
    """A run by Leah Rosenfeld and Owen Tregarth, put straight into the store."""
    case = work.session.get(Case, f"case{number}") or a_case(work, number)
    known = any(someone.name == about for someone in people.own_holders(work, Role.STAFF)) or about == JUDITH
    leah, owen = who(work, LEAH).id, who(work, OWEN).id
    run = FairRun(
        id=f"run{number}.{version}",
        reference=f"BF-2026-{number:04d}",
        version=version,
        case_id=case.id,
        subject_id=who(work, about).id if known else None,
        subject_name=None if known else about,
        concern=facts.pop("concern", CONCERN),
        begun_by=leah,
        patient_safety_id=leah,
        workforce_id=owen,
        joined=[leah, owen],
        state=facts.pop("state", fair_runs.OPEN),
        reading="next test",
        tool="Being fair tool (NHS England, 2025)",
        at=facts.pop("at", work.now - timedelta(days=number)),
        **facts,
    )
    work.session.add(run)
    work.session.flush()
    return run


def ended_run(work: Work, number: int = 1, end: str = "health", **facts: Any) -> FairRun:
    """One that came to this end, with its record and what is owed after it."""
    run = a_run(work, number, **facts)
    fair_runs.log(
        work, run, run.patient_safety_id, "proposed", page="fair-1a", answers={"fair-1a": "no"}, reason=GROUND
    )
    fair_runs.log(work, run, run.workforce_id, "agreed", page="fair-1a", about=1)
    run.state, run.end, run.ended_at = fair_runs.ENDED, end, work.now
    run.record = fair_record.freeze(work, run, fair_runs.where(work, run), end)
    fair_runs.log(work, run, run.workforce_id, "ended", answers={"end": end})
    owed = follow_ups(end, FairnessReview())
    deadlines.happened(work, Event.FAIR_FOLLOWED_UP, fair_runs.subject(run), run.workforce_id, only=owed)
    return run


async def press(stage: Stage, name: str, verb: str, given: dict[str, Any] | None = None, **args: str) -> Card:
    """What somebody sees who presses this; it fits every platform and its preview gives nothing away."""
    action = await stage.do(lambda work: action_id(work, verb, **args))
    reply = await stage.turn(name, Pressed(action, dict(given or {})))
    card = shown(reply)
    if card.title:
        fits(card)
        assert (reply.sealed and card.preview == PRIVATE_TASK) or NOT_HERE in words(card)
    await stage.settled()
    return card


async def refused(stage: Stage, name: str, verb: str, given: dict[str, Any] | None = None, **args: str) -> bool:
    return words(await press(stage, name, verb, given, **args)).count(NOT_HERE) == 1


# The page


async def test_an_overseer_sees_how_much_the_tool_is_used_and_every_run(stage: Stage) -> None:
    def runs(work: Work) -> None:
        ended_run(work, 1)
        a_run(work, 1, version=2, at=work.now)
        a_run(work, 2, about=TOMASZ, state=fair_runs.PAUSED)
        a_run(work, 3, about="Somebody Else", state=fair_runs.ENDED, at=datetime(2025, 11, 19, tzinfo=UTC))

    await stage.do(runs)
    card = await press(stage, JUDITH, "fair.oversee")
    text = words(card)
    assert card.preview == PRIVATE_TASK
    assert "Begun in the last 12 months: 3" in text
    assert "Under way now: 2" in text
    listed = [line for line in text.splitlines() if "BF-" in line]
    assert listed == [
        "BF-2026-0001, version 2 · PSI-2026-0001 · Under way",
        "BF-2026-0002 · PSI-2026-0002 · Paused",
        "BF-2026-0003 · PSI-2026-0003 · Ended",
    ]
    assert next(b.spoken for b in card.all_buttons() if b.label == "Read") == "Read BF-2026-0001, version 2"
    assert AMINA not in text
    assert "not for routine use" in text


async def test_ten_runs_at_a_time(stage: Stage) -> None:
    await stage.do(lambda work: [a_run(work, number).id for number in range(1, 13)])
    first = await press(stage, JUDITH, "fair.oversee")
    second = await stage.presses(JUDITH, first, "More")
    fits(second)
    assert words(first).count(" · PSI-") == 10
    assert [line[:12] for line in words(second).splitlines() if " · PSI-" in line] == ["BF-2026-0011", "BF-2026-0012"]
    assert "More" not in [button.label for button in second.all_buttons()]


@pytest.mark.parametrize("verb", ["fair.oversee", "fair.monitoring", "fair.export"])
@pytest.mark.parametrize("name", [LEAH, OWEN, AMINA, ROSALIND])
async def test_nobody_else_sees_a_page_of_overseers(stage: Stage, name: str, verb: str) -> None:
    await stage.do(lambda work: a_run(work).id)
    assert await refused(stage, name, verb)


async def test_who_stands_in_for_an_overseer_is_none(stage: Stage) -> None:
    def away(work: Work) -> None:
        today = date(2026, 11, 20)
        judith, sandeep = who(work, JUDITH).id, who(work, SANDEEP).id
        work.session.add(StandIn(person_id=judith, deputy_id=sandeep, starts=today, ends=today))
        a_run(work)

    await stage.do(away)
    assert await refused(stage, SANDEEP, "fair.oversee")
    assert await refused(stage, SANDEEP, "fair.record", run="run1.1")


def _kept_from_judith(work: Work, way: str) -> None:
    """A run about Judith Cornwell; or about Amina Yusuf, whose manager she is, or for whose manager she stands in."""
    judith, amina, today = who(work, JUDITH), who(work, AMINA), date(2026, 11, 20)
    a_run(work, about=JUDITH if way == "her own" else AMINA)
    if way == "manager":
        amina.line_manager_id = judith.id
        work.session.add(amina)
    if way == "stands in":
        bronwen = who(work, BRONWEN)
        work.session.add(StandIn(person_id=bronwen.id, deputy_id=judith.id, starts=today, ends=today))


@pytest.mark.parametrize("way", ["her own", "manager", "stands in"])
async def test_a_run_that_is_kept_from_an_overseer_is_not_there_for_them(stage: Stage, way: str) -> None:
    await stage.do(lambda work: _kept_from_judith(work, way))
    text = words(await press(stage, JUDITH, "fair.oversee"))
    assert "BF-" not in text
    assert "Begun in the last 12 months: 0" in text
    assert "Under way now: 0" in text
    there = words(await press(stage, JUDITH, "fair.record", run="run1.1"))
    assert there == words(await press(stage, JUDITH, "fair.record", run="no such run"))
    assert NOT_HERE in there
    whose = JUDITH if way == "her own" else AMINA
    asked = {"fair-export-whose": whose, "fair-export-reason": "SAR 12"}
    assert await refused(stage, JUDITH, "fair.export", asked)
    assert await stage.do(lambda work: fair_runs.entries(work, work.session.get(FairRun, "run1.1"))) == []


def _refused(work: Work, about: str) -> str:
    """What is said to Leah Rosenfeld, who tries to use the tool with the very person."""
    case = work.session.get(Case, "case1") or a_case(work)
    leah, subject = people.member(work, who(work, LEAH)), who(work, about).id
    with pytest.raises(Unfit) as refused:
        fair_pair.check_nobody_is_kept_out(work, leah, case, subject, None, [leah.id, subject])
    return refused.value.problems["colleague"]


@pytest.mark.parametrize("way", ["her own", "manager", "stands in"])
async def test_an_overseer_learns_nothing_of_a_try_that_is_kept_from_them(stage: Stage, way: str) -> None:
    def another_overseer(work: Work) -> None:
        who(work, CALLUM).roles = ["staff", "overseer"]

    await stage.do(another_overseer)
    await stage.do(lambda work: _kept_from_judith(work, way))
    before = words(await press(stage, JUDITH, "fair.oversee"))
    whose = JUDITH if way == "her own" else AMINA
    said = await stage.do(lambda work: _refused(work, whose))
    assert said == "It cannot be started with these people in this case. Callum Strachan can tell you more."
    assert words(await press(stage, JUDITH, "fair.oversee")) == before
    tries = "Tries that were refused in the last 12 months: {}"
    assert tries.format(0) in before
    assert tries.format(1) in words(await press(stage, CALLUM, "fair.oversee"))
    about_another = await stage.do(lambda work: _refused(work, TOMASZ))
    assert about_another.endswith("Callum Strachan or Judith Cornwell can tell you more.")
    assert tries.format(1) in words(await press(stage, JUDITH, "fair.oversee"))
    assert tries.format(2) in words(await press(stage, CALLUM, "fair.oversee"))


async def test_where_every_overseer_is_concerned_nobody_is_named(stage: Stage) -> None:
    said = await stage.do(lambda work: _refused(work, JUDITH))
    assert said == "It cannot be started with these people in this case."


async def test_an_export_is_refused_alike_where_there_is_no_run(stage: Stage) -> None:
    asked = {"fair-export-whose": JUDITH, "fair-export-reason": "SAR 12"}
    assert await refused(stage, JUDITH, "fair.export", asked)


# The record


async def test_the_record_of_an_ended_run_is_read_and_every_view_is_kept(stage: Stage) -> None:
    await stage.do(lambda work: ended_run(work).id)
    card = await press(stage, JUDITH, "fair.record", run="run1.1")
    text = words(card)
    assert card.title == "Being fair · BF-2026-0001"
    for said in (CONCERN, "Health issues affecting work", "Follow-ups", f"{JUDITH} looked at it"):
        assert said in text
    assert AMINA not in text
    await press(stage, JUDITH, "fair.record", run="run1.1")
    kinds = await stage.do(lambda work: [e.kind for e in fair_runs.entries(work, work.session.get(FairRun, "run1.1"))])
    assert kinds.count("viewed") == 2


async def test_a_run_under_way_shows_what_happened_so_far(stage: Stage) -> None:
    def under_way(work: Work) -> None:
        run = a_run(work)
        given = {"fair-1a": "unsure", "fair-1a-source": "Section 4 is not written yet."}
        fair_runs.log(work, run, run.patient_safety_id, "proposed", page="fair-1a", answers=given)
        fair_runs.log(work, run, run.workforce_id, "agreed", page="fair-1a", about=1)
        fair_runs.log(work, run, run.workforce_id, "reopened", page="fair-1a", reason="There is a new draft.")

    await stage.do(under_way)
    text = words(await press(stage, JUDITH, "fair.record", run="run1.1"))
    for said in (
        "1. Leah Rosenfeld proposed: 20 November 2026, 14:00",
        "Unsure",
        "Section 4 is not written yet.",
        "2. Owen Tregarth agreed to number 1",
        "There is a new draft.",
        "For the workforce team: Owen Tregarth",
    ):
        assert said in text


async def test_a_long_record_goes_on_and_loses_nothing(stage: Stage) -> None:
    def long(work: Work) -> None:
        run = a_run(work)
        for number in range(40):
            given = {"fair-who-is-hurt": f"Number {number}. " + "People who were there. " * 40}
            fair_runs.log(work, run, run.patient_safety_id, "proposed", page="fair-who-is-hurt", answers=given)

    await stage.do(long)
    card = await press(stage, JUDITH, "fair.record", run="run1.1")
    seen = words(card)
    while "More" in [button.label for button in card.all_buttons()]:
        card = await stage.presses(JUDITH, card, "More")
        fits(card)
        seen += words(card)
    assert all(seen.count(f"Number {number}. ") == 1 for number in range(40))
    assert seen.count("People who were there.") == 40 * 40


async def test_every_version_can_be_read(stage: Stage) -> None:
    def two(work: Work) -> None:
        ended_run(work)
        a_run(work, version=2, concern="A second report came in.")

    await stage.do(two)
    newest = await press(stage, JUDITH, "fair.record", run="run1.2")
    assert "What was new: A second report came in." in words(newest)
    before = await stage.presses(JUDITH, newest, "The version before")
    assert CONCERN in words(before)
    assert "The version after" in [button.label for button in before.all_buttons()]


# The export


ASKED = {"fair-export-whose": AMINA, "fair-export-reason": "SAR 2026/12"}
GROUPS_TOLD = {"ethnic-background": "mixed", "sex": "female", "age": "40-54"}


def everything(work: Work) -> None:
    """Two versions about Amina Yusuf in one case; one under her name alone in another; and one about a colleague."""
    first = ended_run(work)
    work.session.add(FairMonitoring(run_id=first.id, groups=GROUPS_TOLD, by_id=first.workforce_id, at=work.now))
    fair_runs.log(work, first, who(work, JUDITH).id, "viewed")
    again = a_run(work, version=2, concern="A second report came in.")
    for number in range(8):
        given = {"fair-who-is-hurt": f"Number {number}. " + "People who were there. " * 40}
        fair_runs.log(work, again, again.patient_safety_id, "proposed", page="fair-who-is-hurt", answers=given)
    a_run(work, 2, about="amina   YUSUF", concern="This one was begun by name.")
    a_run(work, 3, about=TOMASZ, concern="This is about somebody else.")


async def exported(stage: Stage, asked: dict[str, str]) -> str:
    """All that was given to be copied."""
    card = await press(stage, JUDITH, "fair.export", asked)
    assert cards.BEFORE_GIVING_OUT in words(card)
    pieces = [part.text for part in card.body if isinstance(part, Copy)]
    while "More" in [button.label for button in card.all_buttons()]:
        card = await stage.presses(JUDITH, card, "More")
        fits(card)
        pieces += [part.text for part in card.body if isinstance(part, Copy)]
    assert len(pieces) > cards.COPIES
    assert all(len(piece) <= 3000 for piece in pieces)
    return "".join(pieces)


async def test_an_export_holds_everything_about_one_person_and_nothing_about_another(stage: Stage) -> None:
    await stage.do(everything)
    text = await exported(stage, ASKED)
    for said in (
        CONCERN,
        "A second report came in.",
        "This one was begun by name.",
        GROUND,
        "20 years after a case ended, it is reviewed whether to keep it",
        "BF-2026-0001, VERSION 2",
        "BF-2026-0002",
        "Follow your organisation's guidance for health issues affecting work.",
        "Follow the guidance for health issues affecting work: due Friday 27 November 2026; open",
        "Ethnic background: Mixed or multiple ethnic groups",
        "Disability: Not known or not said",
        "Age: 40 to 54",
        f"{JUDITH} looked at it, Friday 20 November 2026: 14:00",
        f"{JUDITH} exported it, Friday 20 November 2026: 14:00 (SAR 2026/12)",
        "For the patient safety team: Leah Rosenfeld",
        "As long as the case",
        "section 14",
    ):
        assert said in text, said
    assert "somebody else" not in text
    assert AMINA not in text
    assert await stage.do(lambda work: text == fair_export.text_of(work, _about_amina(work)))


def _about_amina(work: Work) -> list[FairRun]:
    return fair_export.about(work, people.member(work, who(work, JUDITH)), who(work, AMINA).id)


async def test_every_entry_and_answer_of_a_run_is_in_its_full_text(stage: Stage) -> None:
    def complete(work: Work) -> None:
        run = a_run(work)
        asked = fair_runs.flow_of(run).questions()
        given = {
            key: "2026-11-19" if isinstance(question, Day) else f"Answer {key}." for key, question in asked.items()
        }
        for key in asked:
            fair_runs.log(work, run, run.workforce_id, "proposed", page=key, answers={key: given[key]})
        for kind in ("paused", "resumed", "told", "step taken", "left", "replaced"):
            fair_runs.log(work, run, run.patient_safety_id, kind, reason=f"Why {kind}.")
        text = cards.as_text(fair_history.in_full(work, run))
        for entry in fair_runs.entries(work, run):
            assert f"\n{entry.number}. " in text
            assert (entry.reason or "") in text
        for key, question in asked.items():
            assert question.label in text
            assert (moment(given[key]) if isinstance(question, Day) else given[key]) in text

    await stage.do(complete)


async def test_an_export_is_an_entry_of_every_run_it_holds(stage: Stage) -> None:
    await stage.do(everything)
    await exported(stage, ASKED)
    made = select(FairEntry).where(FairEntry.kind == "exported")
    kept = await stage.do(lambda work: sorted((e.run_id, e.reason) for e in work.session.exec(made)))
    assert kept == [("run1.1", "SAR 2026/12"), ("run1.2", "SAR 2026/12"), ("run2.1", "SAR 2026/12")]


async def test_nothing_held_is_said_and_recorded(stage: Stage) -> None:
    await stage.do(everything)
    card = await press(stage, JUDITH, "fair.export", ASKED | {"fair-export-whose": "Carys Penhallow"})
    assert "Nothing is held about this person in being fair." in words(card)
    assert "exported from being fair" in await stage.do(_audited)


async def test_by_a_name_that_is_on_no_list_whoever_had_left_is_found(stage: Stage) -> None:
    def gone(work: Work) -> None:
        everything(work)
        amina = who(work, AMINA)
        amina.active = False
        work.session.add(amina)

    await stage.do(gone)
    text = await exported(stage, ASKED | {"fair-export-whose": "Amina  yusuf"})
    assert CONCERN in text
    assert "This one was begun by name." in text


async def test_pieces_that_would_not_fit_together_are_not_given(stage: Stage) -> None:
    await stage.do(everything)
    card = await press(stage, JUDITH, "fair.export", ASKED)
    await stage.do(lambda work: fair_runs.log(work, work.session.get(FairRun, "run1.2"), "x", "viewed").number)
    assert fair_export.CHANGED in words(await stage.presses(JUDITH, card, "More"))


async def test_a_later_part_is_for_overseers_too(stage: Stage) -> None:
    await stage.do(everything)
    card = await press(stage, JUDITH, "fair.export", ASKED)
    assert NOT_HERE in words(await stage.presses(LEAH, card, "More"))


def _audited(work: Work) -> list[str]:
    return [entry.what for entry in work.session.exec(select(AuditEntry))]


async def test_nothing_of_a_run_stays_anywhere_else(stage: Stage) -> None:
    await stage.do(everything)
    await press(stage, JUDITH, "fair.oversee")
    await press(stage, JUDITH, "fair.record", run="run1.1")
    await exported(stage, ASKED)

    def rows(work: Work) -> str:
        tables = (Inbox, Action, AuditEntry, Outbox)
        return "\n".join(row.model_dump_json() for table in tables for row in work.session.exec(select(table)))

    kept = await stage.do(rows)
    amina = await stage.do(lambda work: who(work, AMINA).id)
    for word in ("BF-2026", CONCERN, GROUND, "SAR 2026", AMINA, "Health", "mixed", f'"{amina}"'):
        assert word not in kept, word
