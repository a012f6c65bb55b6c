"""Who takes part in a panel changes while it is under way: another chair, a joined report, a leaver, a mistake."""

from datetime import UTC, datetime
from typing import Any

import pytest
from responses import BRONWEN, LEAH, SANDEEP, WEI, case_in, clocks, press, read_case, state, titles
from sqlmodel import select
from test_joined_reports import on, report
from test_panel_decision import WHY, add_panel, decide, panel_in, stands_in
from test_panel_opening import MARGUERITE, change, filled_in, involve, opens, prepares, the_panel, trained, votes_due

from psirf_bot.casework import deadlines, kept_out, minute_kept, panels, people
from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Work
from psirf_bot.domain.minimum import GRAVE
from psirf_bot.store.tables import AuditEntry, Deadline
from scenes import scene
from stage import Stage, words

__all__ = ["trained"]
CALLUM, FEMI, PRIYA = "Callum Strachan", "Femi Adeyemi", "Priya Raman"
ANOTHER = {"chair": CALLUM, "chair-override": "The chair cannot take part."}
VOTED = {LEAH: "mdt", BRONWEN: "mdt", FEMI: "none"}
VOTE = "Vote on the response"
AGAIN = "takes-part-again"
NEEDED, NO_LONGER = "A panel needs a chair", "You no longer chair a panel"


@scene
async def decided(stage: Stage, decision: str = "mdt", **answers: Any) -> None:
    """The chair has written the decision; Callum Strachan could chair too."""
    await change(stage, CALLUM, roles=["executive", "chair"])
    await read_case(stage)
    await stage.do(lambda work: add_panel(work, (GRAVE,) if answers else (), VOTED))
    await decide(stage, decision, **answers)


async def names_another_chair(stage: Stage) -> None:
    form = await press(stage, LEAH, "panel.papers")
    await press(stage, LEAH, "panel.papers", filled_in(form) | ANOTHER)


async def owner_of_the_decision(stage: Stage) -> str:
    def found(work: Work) -> str:
        clock = work.session.exec(select(Deadline).where(Deadline.rule == "panel.decided")).one()
        return people.name_of(work, clock.owner_id)

    name: str = await stage.do(found)
    return name


async def joins(stage: Stage, colleague: str) -> None:
    """A second report of the same event names a colleague, and is joined with the first."""
    await report(stage, colleagues=colleague)
    await on(stage, 2, LEAH, "case.merge", {"into": "PSI-2026-0001"})


async def has_left(stage: Stage, name: str) -> None:
    await change(stage, name, active=False)
    await stage.do(lambda work: kept_out.after_an_import(work, {}))
    await stage.do(deadlines.pass_on_those_of_leavers)
    await stage.settled()


# Another chair


@pytest.mark.parametrize(("decision", "answers"), [("mdt", {}), ("mdt", {"departure": WHY})])
async def test_another_chair_writes_the_decision_anew(stage: Stage, decision: str, answers: Any) -> None:
    await decided(stage, decision, **answers)
    await names_another_chair(stage)
    panel = await the_panel(stage)
    assert (panel.state, panel.decision, panel.rationale, panel.decided_by) == ("voting", None, None, None)
    assert (panel.departure, panel.departure_why) == (None, None)
    assert panel.closed_at is not None, "nobody votes again"
    assert (await clocks(stage, "panel.departure")).get("panel.departure", ("", "dropped"))[1] == "dropped"
    assert await owner_of_the_decision(stage) == CALLUM
    assert "Voting has closed." in words(stage.private(CALLUM)[-1])
    assert "for the chair of this panel" in words(await press(stage, SANDEEP, "panel.approve"))
    kept = await stage.do(lambda work: set(work.session.exec(select(AuditEntry.what))))
    assert "panel decision cleared for another chair" in kept
    await decide(stage, "psii", by=CALLUM)
    await press(stage, CALLUM, "panel.approve")
    assert await state(stage) == "awaiting verification"


async def test_the_papers_alone_leave_the_decision_as_it_is(stage: Stage) -> None:
    await decided(stage)
    form = await press(stage, LEAH, "panel.papers")
    trained_since = {"chair-override": "As before."}
    await press(stage, LEAH, "panel.papers", filled_in(form) | trained_since | {"plan-says": "A review."})
    panel = await the_panel(stage)
    assert (panel.state, panel.decision, panel.plan_says) == ("decided", "mdt", "A review.")


async def test_after_the_minute_is_approved_there_is_no_other_chair(stage: Stage) -> None:
    await decided(stage)
    await press(stage, SANDEEP, "panel.approve")
    assert "has moved on" in words(await press(stage, LEAH, "panel.papers", ANOTHER))


async def test_the_chair_who_is_replaced_is_told(stage: Stage) -> None:
    await decided(stage)
    await names_another_chair(stage)
    told = stage.private(SANDEEP)[-1]
    assert (told.title, told.preview) == (NO_LONGER, "You have a private task.")
    assert CALLUM not in words(told)
    await names_another_chair(stage)
    assert titles(stage, SANDEEP).count(NO_LONGER) == 1


async def test_whoever_stood_back_or_hands_it_on_themselves_is_not_told(stage: Stage) -> None:
    await change(stage, CALLUM, roles=["executive", "chair"])
    await read_case(stage)
    await opens(stage)
    await prepares(stage, by=SANDEEP, **ANOTHER)
    assert NO_LONGER not in titles(stage, SANDEEP)
    await press(stage, CALLUM, "panel.recuse", sure="yes")
    await prepares(stage, chair=SANDEEP)
    assert await owner_of_the_decision(stage) == SANDEEP
    assert NO_LONGER not in titles(stage, CALLUM)


# A report that was joined


async def test_a_joined_report_that_names_the_chair_asks_for_another(stage: Stage) -> None:
    await decided(stage, "mdt", departure=WHY)
    await joins(stage, SANDEEP)
    asked = [card for card in stage.channel() if card.title == NEEDED]
    assert len(asked) == 1
    assert SANDEEP not in words(asked[0])
    assert await owner_of_the_decision(stage) == ""
    refused = words(await press(stage, SANDEEP, "panel.approve"))
    assert "not yours to decide any more. The quality team is asked to choose another chair" in refused
    await names_another_chair(stage)
    assert (await the_panel(stage)).state == "voting"
    assert await owner_of_the_decision(stage) == CALLUM


async def test_a_joined_report_that_names_a_member_ends_their_reminders(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await joins(stage, FEMI)
    due = await votes_due(stage)
    assert due[FEMI][1] == "dropped"
    assert {how for name, (_, how) in due.items() if name != FEMI} == {"open"}
    assert FEMI not in words(stage.channel("panel")[-1])
    assert NEEDED not in [card.title for card in stage.channel()]


async def test_a_report_joined_with_a_case_that_is_decided_asks_for_nothing(stage: Stage) -> None:
    await decided(stage)
    await press(stage, SANDEEP, "panel.approve")
    await joins(stage, SANDEEP)
    assert NEEDED not in [card.title for card in stage.channel()]


# Leavers


async def test_nobody_waits_for_the_vote_of_a_leaver(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await has_left(stage, FEMI)
    due = await votes_due(stage)
    assert due[FEMI] == ("2026-11-27", "dropped")
    assert {how for name, (_, how) in due.items() if name != FEMI} == {"open"}


async def test_the_seat_of_a_leaver_counts_only_with_the_vote_they_gave(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await press(stage, FEMI, "panel.vote", {"choice": "mdt", "rationale": "As we said."})
    before = len(await stage.do(lambda work: panels.members(work, panel_in(work))))
    assert PRIYA in words(stage.channel("panel")[-1])
    out = await stage.do(kept_out.as_it_stands)
    for name in (FEMI, PRIYA):
        await change(stage, name, active=False)
    await stage.do(lambda work: kept_out.after_an_import(work, out))
    await stage.settled()
    card = words(stage.channel("panel")[-1])
    assert f"1 of {before - 1} has voted" in card
    assert (FEMI in card, PRIYA in card) == (True, False)
    asked = words(await press(stage, LEAH, "panel.close"))
    assert SANDEEP in asked, "who has not voted yet and works here"
    assert PRIYA not in asked
    closed = words(await press(stage, LEAH, "panel.close", sure="yes"))
    assert f"Voted: 1 of {before - 1}" in closed


@pytest.mark.parametrize("written", [True, False])
async def test_a_chair_who_leaves_is_replaced(stage: Stage, written: bool) -> None:
    await decided(stage)
    if not written:
        await stage.do(lambda work: setattr(panel_in(work), "state", panels.VOTING))
    for _ in range(2):
        await has_left(stage, SANDEEP)
    assert [card.title for card in stage.channel()].count(NEEDED) == 1, "asked once"
    assert await owner_of_the_decision(stage) == ""
    assert f"{SANDEEP} is not on the people list" in words(await prepares(stage))
    await names_another_chair(stage)
    assert await owner_of_the_decision(stage) == CALLUM
    await decide(stage, "mdt", by=CALLUM)
    await press(stage, CALLUM, "panel.approve")
    assert await state(stage) == "decided"


# Who is reminded of a vote


async def reminded_of(stage: Stage) -> dict[str, list[str]]:
    """By the member whose vote it is: who is reminded of it."""

    def found(work: Work) -> dict[str, list[str]]:
        asked = work.session.exec(select(Deadline).where(Deadline.rule == "panel.vote", Deadline.state == "open"))
        return {people.name_of(work, d.owner_id): [who.name for who in owners(work, d)] for d in asked}

    given: dict[str, list[str]] = await stage.do(found)
    return given


async def test_whoever_stands_in_is_reminded_of_the_vote_that_they_can_give(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    assert await reminded_of(stage) == {name: [name] for name in (LEAH, SANDEEP, BRONWEN, PRIYA, FEMI)}
    await stands_in(stage, WEI, BRONWEN, PRIYA, FEMI)
    reminded = await reminded_of(stage)
    assert sorted(reminded[name] for name in (BRONWEN, PRIYA, FEMI)) == [[], [], [WEI]]
    [theirs] = [name for name in (BRONWEN, PRIYA, FEMI) if reminded[name]]
    await press(stage, WEI, "panel.vote", {"choice": "mdt", "rationale": "Three alike."})
    assert (await votes_due(stage))[theirs][1] == "done"


async def test_a_member_who_stands_in_is_reminded_of_their_own_vote(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await stands_in(stage, PRIYA, BRONWEN)
    reminded = await reminded_of(stage)
    assert (reminded[PRIYA], reminded[BRONWEN]) == ([PRIYA], [])


@pytest.mark.parametrize("deputy", ["Tomasz Zielinski", "Carys Penhallow"])
async def test_nobody_who_was_involved_is_reminded_by_standing_in(stage: Stage, deputy: str) -> None:
    await read_case(stage, colleagues="Tomasz Zielinski")
    await opens(stage)
    await stands_in(stage, deputy, FEMI)
    assert (await reminded_of(stage))[FEMI] == [], "nor the quality team, who cannot give it either"
    stage.now = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    await stage.tick()
    reminded = {name for name in (deputy, FEMI, PRIYA) for card in stage.private(name) if VOTE in words(card)}
    assert reminded == {PRIYA}


async def test_the_reminder_says_when_voting_closes(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    stage.now = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    await stage.tick()
    assert "Due today. Voting closes at 17:00." in words(stage.private(PRIYA)[-1])


# Decided anew, and opened by mistake


async def test_facts_that_come_to_light_are_decided_anew_and_the_earlier_minute_stays(stage: Stage) -> None:
    await decided(stage, "none")
    await press(stage, SANDEEP, "panel.approve")
    first = await the_panel(stage)
    assert (await state(stage), (await clocks(stage, "case."))["case.closed"][1]) == ("decided", "open")
    stage.later(hours=1)
    await opens(stage)
    second = await the_panel(stage)
    assert (await state(stage), second.id != first.id, second.state) == ("in panel", True, "voting")
    assert (await clocks(stage, "case."))["case.closed"][1] == "dropped"
    stage.later(days=10)
    await stage.tick()
    await prepares(stage, datix="Datix W1", chronology="https://files.example/1", accounts="Nobody saw it.")
    consider = {"always-consider": "no", "always-consider-why": "It is known.", "could-have": "no"}
    form = await press(stage, LEAH, "panel.facts")
    await press(stage, LEAH, "panel.facts", filled_in(form) | consider | {"facts-so": ["never-event"]})
    await decide(stage, "psii", **{"without-quorum": "Nobody could come."})
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "awaiting verification"

    def minutes(work: Work) -> int:
        return len(minute_kept.approved(work, case_in(work)))

    assert await stage.do(minutes) == 2


async def test_what_has_a_learning_response_is_not_decided_anew(stage: Stage) -> None:
    await decided(stage, "mdt")
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "decided"
    assert list((await press(stage, LEAH, "panel.open")).inputs()) == []


@pytest.mark.parametrize("name", [LEAH, SANDEEP])
async def test_a_panel_opened_by_mistake_is_taken_off(stage: Stage, name: str) -> None:
    await read_case(stage)
    page = await opens(stage)
    if name == SANDEEP:
        page = await press(stage, SANDEEP, "panel.show")
    panel = await the_panel(stage)
    sure = await stage.presses(name, page, "Take it off")
    assert await state(stage) == "in panel"
    done = await stage.presses(name, sure, "Take it off")
    await stage.settled()
    assert (done.title, await state(stage)) == ("PSI-2026-0001 is taken off the panel", "read")
    assert await stage.do(lambda work: panels.under_way(work, case_in(work))) is None
    assert {how for _, how in (await votes_due(stage)).values()} == {"dropped"}
    due = await clocks(stage)
    assert (due["panel.opened"], due["panel.decided"][1]) == (("2026-11-27", "open"), "dropped")
    assert "stopped" in words(stage.channel("panel")[-1])
    assert ("A panel was taken off" in titles(stage, SANDEEP)) is (name == LEAH)
    again = await press(stage, name, "panel.stop", panel=panel.id, sure="yes")
    assert again.title == done.title
    stage.later(hours=1)
    await opens(stage)
    assert (await the_panel(stage)).id != panel.id
    stale = await press(stage, name, "panel.stop", panel=panel.id, sure="yes")
    assert ("it was taken off before" in words(stale), await state(stage)) == (True, "in panel")


@pytest.mark.parametrize("name", [BRONWEN, WEI, MARGUERITE])
async def test_nobody_else_takes_it_off(stage: Stage, name: str) -> None:
    await read_case(stage)
    await opens(stage)
    assert "by its chair or the quality team" in words(await press(stage, name, "panel.stop", sure="yes"))
    assert await state(stage) == "in panel"


async def test_once_somebody_has_voted_it_goes_on(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await press(stage, BRONWEN, "panel.vote", {"choice": "mdt", "rationale": "Three alike."})
    assert "somebody has voted" in words(await press(stage, LEAH, "panel.stop", sure="yes"))
    page = await press(stage, LEAH, "panel.show")
    assert "Take it off" not in [button.label for button in page.all_buttons()]


async def test_a_confirmed_minimum_is_not_taken_off_with_its_panel(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await stage.do(lambda work: setattr(panel_in(work), "facts", [GRAVE]))
    assert "a PSII is its minimum" in words(await press(stage, LEAH, "panel.stop", sure="yes"))
    assert await state(stage) == "in panel"


# Stood back by mistake


async def test_whoever_stood_back_by_mistake_takes_part_again(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    form = await press(stage, LEAH, "panel.papers")
    assert AGAIN not in [part.id for part in form.inputs()], "nobody has stood back"
    await press(stage, FEMI, "panel.recuse", sure="yes")
    await prepares(stage, **{AGAIN: [FEMI]})
    assert titles(stage, FEMI)[-1] == "You take part in a panel again"
    assert (await reminded_of(stage))[FEMI] == [FEMI]
    await press(stage, FEMI, "panel.vote", {"choice": "mdt", "rationale": "Three alike."})
    assert (await clocks_of_votes(stage))[FEMI] == ["dropped", "done"]


async def test_a_form_that_was_open_meanwhile_undoes_no_standing_back(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    form = await press(stage, LEAH, "panel.papers")
    await press(stage, FEMI, "panel.recuse", sure="yes")
    again = await press(stage, LEAH, "panel.papers", filled_in(form))
    assert f"{FEMI} cannot sit on this one" in words(again)


async def test_only_whoever_stood_back_and_was_not_involved_comes_back(stage: Stage) -> None:
    await read_case(stage)
    await opens(stage)
    await press(stage, FEMI, "panel.recuse", sure="yes")
    assert f"{WEI} cannot come back to this one" in words(await prepares(stage, **{AGAIN: [WEI]}))
    await press(stage, PRIYA, "panel.recuse", sure="yes")
    await involve(stage, FEMI)
    assert f"{FEMI} cannot come back to this one" in words(await prepares(stage, **{AGAIN: [FEMI]}))
    assert FEMI not in await reminded_of(stage)


async def clocks_of_votes(stage: Stage) -> dict[str, list[str]]:
    def found(work: Work) -> dict[str, list[str]]:
        asked = work.session.exec(select(Deadline).where(Deadline.rule == "panel.vote").order_by(Deadline.occurrence))
        states: dict[str, list[str]] = {}
        for clock in asked:
            states.setdefault(people.name_of(work, clock.owner_id), []).append(clock.state)
        return states

    given: dict[str, list[str]] = await stage.do(found)
    return given
