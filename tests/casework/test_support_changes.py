"""Support, when people say it twice, leave, go away or change places between two steps."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from responses import press
from test_reporting import near_miss
from test_support import (
    AMINA,
    BRONWEN,
    CARYS,
    DONE,
    LEAH,
    NIAMH,
    PASS,
    SANDEEP,
    TOMASZ,
    TOMORROW,
    at,
    away,
    duties,
    leaves,
    need_of,
    on_case,
    own_page,
    reported,
)
from test_support import _by_name as by_name

from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, support, support_needs
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.store.tables import WorkingHours
from stage import Stage, shown, words


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as made:
        yield made


async def never_my_manager(stage: Stage, page: Card) -> None:
    form = await stage.presses(TOMASZ, page, "Never my line manager")
    await stage.presses(TOMASZ, form, "Ask for somebody else", {"who": None})
    await stage.settled()


async def choose(stage: Stage, who: str) -> None:
    need = await need_of(stage)
    action = await stage.do(lambda work: action_id(work, "support.choose", need=need.id))
    form = shown(await stage.turn(LEAH, Pressed(action, {})))
    await stage.presses(LEAH, form, "Ask them", {"who": who})
    await stage.settled()


async def test_chosen_when_all_is_over_nobody_is_said_to_be_asked(stage: Stage) -> None:
    await reported(stage)
    await at(stage)
    await stage.presses(CARYS, stage.private(CARYS)[0], DONE)
    need = await need_of(stage)

    def close(work: Work) -> str:
        case = support_needs.case_of_need(work, need)
        case.state = State.CLOSED
        work.session.add(case)
        return action_id(work, "support.choose", need=need.id)

    form = shown(await stage.turn(LEAH, Pressed(await stage.do(close), {})))
    chosen = words(await stage.presses(LEAH, form, "Ask them", {"who": NIAMH}))
    assert f"The case is closed, so no check on {TOMASZ} is due." in chosen
    assert f"If there is another one, {NIAMH} will be asked. That is instead of {CARYS}." in chosen


async def asks_for_support(stage: Stage) -> None:
    form = await stage.presses(TOMASZ, await own_page(stage, TOMASZ), "Please ask somebody to get in touch")
    await stage.presses(TOMASZ, form, "Ask for it", {"how": "quality"})
    await stage.tick()


async def test_asked_for_twice_whoever_was_found_meanwhile_stays(stage: Stage) -> None:
    await reported(stage)
    page = await own_page(stage, TOMASZ)
    await never_my_manager(stage, page)
    await choose(stage, NIAMH)
    await stage.tick()
    told = len(stage.channel())
    await never_my_manager(stage, page)
    assert stage.private(NIAMH)[0].title == "Please check how Tomasz Zielinski is"
    assert len(stage.channel()) == told, "nobody is looked for again"


async def test_a_line_manager_is_never_kept_because_nobody_else_was_named(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    await never_my_manager(stage, await own_page(stage, TOMASZ))
    assert stage.private(CARYS)[0].title == "Passed to somebody else"
    assert (await need_of(stage)).checker_id is None


async def test_somebody_else_than_the_manager_stays_and_is_told_of_the_wish(stage: Stage) -> None:
    await reported(stage, by="quality")
    await choose(stage, NIAMH)
    await stage.tick()
    assert "Please do not raise it with their line manager" not in words(stage.private(NIAMH)[0])
    await never_my_manager(stage, await own_page(stage, TOMASZ))
    assert "Please do not raise it with their line manager" in words(stage.private(NIAMH)[0])


async def test_a_request_of_somebody_who_has_left_ends_and_the_quality_team_knows(stage: Stage) -> None:
    await asks_for_support(stage)
    [asked] = stage.private(LEAH)
    await leaves(stage, TOMASZ)
    await at(stage, days=3)
    assert [card.title for card in stage.private(LEAH)][:2] == ["No longer needed", "A request for support has stopped"]
    assert "no longer on the people list" in words(await stage.presses(LEAH, asked, "Somebody has been in touch"))
    await at(stage, days=6)
    assert not any("asks for support" in card.title for card in stage.private(LEAH))
    assert "asks for support" not in words(await stage.says(LEAH, "overdue"))


@pytest.mark.parametrize("why", ["away", "manager"])
async def test_a_request_that_its_taker_cannot_see_to_can_be_taken_by_somebody_else(stage: Stage, why: str) -> None:
    await asks_for_support(stage)
    await stage.presses(LEAH, stage.private(LEAH)[0], "I will see to it")

    def becomes_the_manager(work: Work) -> None:
        someone = by_name(work, TOMASZ)
        someone.line_manager_id = by_name(work, LEAH).id
        work.session.add(someone)

    if why == "away":
        await away(stage, LEAH, CARYS)
    else:
        await stage.do(becomes_the_manager)
    await at(stage, days=3)
    card = next(card for card in stage.private(SANDEEP)[1:] if "asks for support" in card.title)
    taken = await stage.presses(SANDEEP, card, "I will see to it")
    assert "Who sees to it: Sandeep Bhullar" in words(taken)
    await stage.settled()
    assert "Sandeep Bhullar of the quality team has seen" in words(stage.private(TOMASZ)[-1])


async def test_a_check_that_was_dropped_is_not_said_to_have_been_made(stage: Stage) -> None:
    await reported(stage)
    await on_case(stage, lambda work, case: support.review_starts(work, case))
    await stage.tick()
    card = next(card for card in stage.private(CARYS) if "review starts" in card.title)
    await on_case(stage, lambda work, case: support.review_ended(work, case))
    await stage.settled()
    for label in (DONE, TOMORROW):
        assert "no longer needed" in words(await stage.presses(CARYS, card, label))


async def test_a_day_that_is_more_than_a_week_away_is_said_with_its_date(stage: Stage) -> None:
    """Friday 25 December and Friday 1 January are holidays, and Carys works on Fridays alone."""

    def fridays(work: Work) -> None:
        work.session.add(WorkingHours(person_id=by_name(work, CARYS).id, days=[4], begin="09:00", end="17:00"))

    await stage.do(fridays)
    stage.now = datetime(2026, 12, 18, 10, 0, tzinfo=UTC)
    await reported(stage)
    await stage.tick()
    said = words(await stage.presses(CARYS, stage.private(CARYS)[0], TOMORROW))
    assert "I will remind you on Friday 8 January." in said


async def test_one_talk_after_one_event_that_was_reported_twice_is_enough(stage: Stage) -> None:
    for name in (AMINA, BRONWEN):
        await reported(stage, name)
    await stage.tick()
    first = stage.private(CARYS)[0]

    def other(work: Work) -> str:
        return action_id(work, "case.merge", case=cases.by_reference(work, "PSI-2026-0002"))

    await stage.turn(LEAH, Pressed(await stage.do(other), {"into": "PSI-2026-0001"}))
    await stage.presses(CARYS, first, DONE)
    await stage.settled()
    assert await duties(stage, "open") == []
    assert "Thank you for checking" in stage.private(CARYS)[1].title


async def test_two_events_are_two_talks(stage: Stage) -> None:
    for name in (AMINA, BRONWEN):
        await reported(stage, name)
    await stage.tick()
    await stage.presses(CARYS, stage.private(CARYS)[0], DONE)
    assert len(await duties(stage, "open")) == 1


async def test_a_report_that_turns_out_to_be_a_relatives_leaves_the_checks_to_the_quality_team(stage: Stage) -> None:
    await reported(stage)
    await stage.tick()
    form = await press(stage, LEAH, "case.amend")
    form = await stage.presses(LEAH, form, "Go on", {"key": "relative"})
    await stage.presses(LEAH, form, "Go on", {"relative": "yes", "why-amended": "They told us."})
    await stage.settled()
    assert stage.private(CARYS)[0].title == "Passed to somebody else"
    assert "Nobody is to check on Tomasz Zielinski yet" in words(await stage.says(SANDEEP, "overdue"))


async def test_where_everybody_who_could_find_somebody_is_kept_from_it_the_reporter_is_told(stage: Stage) -> None:
    """Leah is to be checked on by somebody else than Sandeep, her manager; nobody else is in the quality team."""
    card = await near_miss(stage, LEAH, second={"involved": "yes"})
    while "Send the report" not in [b.label for b in card.all_buttons()]:
        given = {i.id: "" if i.id.endswith("/who") else "someone-else" for i in card.inputs()}
        card = await stage.presses(LEAH, card, "Next", given)
    receipt = await stage.presses(LEAH, card, "Send the report")
    await stage.settled()
    assert "I have nobody to ask who could check on you" in words(receipt)
    assert [card.title for card in stage.channel()] == ["PSI-2026-0001: near miss, Community Nursing"]


async def test_nobody_is_asked_to_check_on_somebody_who_left_while_the_report_was_written(stage: Stage) -> None:
    card = await near_miss(stage, second={"colleagues": TOMASZ})
    while "Send the report" not in [b.label for b in card.all_buttons()]:
        card = await stage.presses(AMINA, card, "Next", {i.id: "line-manager" for i in card.inputs()})
    await leaves(stage, TOMASZ)
    receipt = await stage.presses(AMINA, card, "Send the report")
    assert "to check on" not in words(receipt)
    await stage.tick()
    assert stage.private(CARYS) == []
    assert stage.private(LEAH)[-1].title == "Checks on a member of staff have stopped"


async def test_whoever_passes_a_check_on_is_not_asked_again_as_a_deputy(stage: Stage) -> None:
    await reported(stage)
    await away(stage, CARYS, NIAMH)
    await stage.tick()
    form = await stage.presses(NIAMH, stage.private(NIAMH)[0], PASS)
    again = await stage.presses(NIAMH, form, "Pass it on", {"reason": "do-not-get-on", "who": CARYS})
    assert f"You stand in for {CARYS} today. Please choose somebody else" in words(again)
    await stage.presses(NIAMH, again, "Pass it on", {"reason": "do-not-get-on", "who": None})
    assert (await need_of(stage)).checker_id is None


async def test_a_check_that_is_somebody_elses_by_now_is_not_passed_on(stage: Stage) -> None:
    await reported(stage, by="quality")
    await choose(stage, LEAH)
    await stage.tick()
    form = await stage.presses(LEAH, stage.private(LEAH)[0], PASS)
    await choose(stage, NIAMH)
    await stage.tick()
    sent = await stage.presses(LEAH, form, "Pass it on", {"reason": "away", "who": None})
    assert "This has been passed to somebody else" in words(sent)
    assert stage.private(NIAMH)[-1].title == "Please check how Tomasz Zielinski is"


async def test_whoever_asks_again_for_what_nobody_can_see_any_more_is_given_the_numbers(stage: Stage) -> None:
    await asks_for_support(stage)
    await leaves(stage, LEAH)
    await leaves(stage, SANDEEP)
    form = await stage.presses(TOMASZ, await own_page(stage, TOMASZ), "Please ask somebody to get in touch")
    again = await stage.presses(TOMASZ, form, "Ask for it", {"how": "quality"})
    assert again.title == "Please ring one of these"


async def test_the_channel_hears_once_that_somebody_is_needed_however_many_checks_wait(stage: Stage) -> None:
    for name in (AMINA, BRONWEN):
        await reported(stage, name)
    await stage.tick()
    await leaves(stage, CARYS)
    needed = [card for card in stage.channel() if card.title == "Somebody is needed to check on a colleague"]
    assert len(needed) == 1
    await at(stage, days=3)
    asked = [card for card in stage.private(LEAH) if card.title == f"Somebody is needed to check on {TOMASZ}"]
    assert len(asked) == 2
