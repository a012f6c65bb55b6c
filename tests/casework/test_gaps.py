"""The list of gaps: events that need a PSII by their confirmed facts, and have none (B11)."""

from datetime import timedelta
from typing import Any

import pytest
from responses import HUSSEIN, LEAH, MARGUERITE, SANDEEP, WEI, case_in, fits, press
from test_panel_decision import WHY, add_panel, confirmed_later, decide, id_of, panel_in, voted

from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, gaps
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.domain.minimum import GRAVE
from psirf_bot.domain.report import EventType
from psirf_bot.store.tables import Case, LearningResponse, Panel
from stage import Stage, words

NOT_YET = "The panel has not decided yet"
ALLOWED = "Decided otherwise, as the Chief Nurse or the Medical Director allowed"
WITHOUT = "Decided or closed without one, and nobody allowed that"
ON_THE_WAY = "On the way: a PSII waits to be verified"


async def listed(stage: Stage, name: str = MARGUERITE) -> Card:
    card = await stage.says(name, "gaps")
    fits(card)
    return card


def headings(card: Card) -> list[str]:
    return [part.text for part in card.body if part.kind == "words" and part.style == "heading"]


async def counted(stage: Stage) -> int:
    found: int = await stage.do(gaps.count)
    return found


async def approved(stage: Stage, decision: str, **answers: Any) -> None:
    await decide(stage, decision, **answers)
    await press(stage, SANDEEP, "panel.approve")


async def test_a_case_goes_through_the_list(stage: Stage) -> None:
    await voted(stage, None)
    assert (await counted(stage), headings(await listed(stage))) == (0, [])
    await confirmed_later(stage, "child-death")
    assert await counted(stage) == 0, "a referral is no minimum"
    await confirmed_later(stage, GRAVE)
    stage.later(days=3)
    card = await listed(stage)
    assert (await counted(stage), headings(card)) == (1, [NOT_YET])
    assert card.title == "1 event needs a PSII and has none"
    assert "PSI-2026-0001, Community Nursing: Facts confirmed on Friday 20 November 2026, 3 days ago." in words(card)
    await approved(stage, "psii")
    card = await listed(stage)
    assert (await counted(stage), headings(card)) == (0, [ON_THE_WAY])
    assert card.title == "No event that needs a PSII is without one"
    await press(stage, HUSSEIN, "response.verify")
    assert (await counted(stage), headings(await listed(stage))) == (0, [])


async def test_a_departure_stays_on_the_list_even_when_the_case_is_closed(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await decide(stage, "none", departure=WHY)
    assert headings(await listed(stage)) == [NOT_YET]
    await press(stage, HUSSEIN, "panel.depart-yes", {"note": None})
    await press(stage, SANDEEP, "panel.approve")
    for closes in (False, True):
        if closes:
            await press(stage, LEAH, "case.close", {"outcome": "The pumps were replaced."})
        card = await listed(stage)
        assert (await counted(stage), headings(card)) == (1, [ALLOWED])
        assert f"Allowed by {HUSSEIN} on Friday 20 November 2026. {WHY}" in words(card)


async def test_a_psii_sent_back_is_a_gap_again_and_closed_it_is_one_that_nobody_allowed(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await approved(stage, "psii")
    await press(stage, MARGUERITE, "response.back", {"why-back": "Please look at the other unit's PSII."})
    assert (await counted(stage), headings(await listed(stage))) == (1, [NOT_YET])
    stage.later(days=1)
    await stage.do(lambda work: add_panel(work, None, {}))
    assert await counted(stage) == 1, "a new panel has confirmed nothing else yet"

    def close(work: Work) -> None:
        case = case_in(work)
        case.state = State.CLOSED
        work.session.add(case)

    await stage.do(close)
    card = await listed(stage)
    assert (await counted(stage), headings(card)) == (1, [WITHOUT])
    assert "The case is closed." in words(card)


async def test_what_a_newer_panel_confirms_counts(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    stage.later(days=1)
    await stage.do(lambda work: add_panel(work, (), {}))
    assert await counted(stage) == 0


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.MERGED])
async def test_a_case_that_is_no_more_is_no_gap(stage: Stage, state: State) -> None:
    await voted(stage, (GRAVE,))

    def end(work: Work) -> None:
        case = case_in(work)
        case.state = state
        work.session.add(case)

    await stage.do(end)
    assert await counted(stage) == 0


async def test_a_stopped_panel_does_not_count(stage: Stage) -> None:
    await voted(stage, (GRAVE,))

    def stop(work: Work) -> None:
        panel = panel_in(work)
        panel.state = "stopped"
        work.session.add(panel)

    await stage.do(stop)
    assert await counted(stage) == 0


@pytest.mark.parametrize(
    ("name", "kept_close", "sees", "opens"),
    [
        (MARGUERITE, False, True, True),
        (MARGUERITE, True, True, True),
        (LEAH, True, True, True),
        ("Rosalind Achebe", False, True, True),
        ("Rosalind Achebe", True, False, False),
    ],
)
async def test_who_may_not_see_the_case_reads_its_reference_alone(
    stage: Stage, name: str, kept_close: bool, sees: bool, opens: bool
) -> None:
    await voted(stage, (GRAVE,))

    def keep(work: Work) -> None:
        case = case_in(work)
        case.restricted = kept_close
        work.session.add(case)

    await stage.do(keep)
    card = await listed(stage, name)
    assert "PSI-2026-0001" in words(card)
    assert ("Community Nursing" in words(card)) is sees
    assert ("Open PSI-2026-0001" in [b.label for b in card.all_buttons()]) is opens


@pytest.mark.parametrize("name", [WEI, "Amina Yusuf", "Bronwen Hale"])
async def test_the_list_is_for_those_who_oversee(stage: Stage, name: str) -> None:
    await voted(stage, (GRAVE,))
    assert "PSI-2026-0001" not in words(await stage.says(name, "gaps"))


async def test_a_long_list_shows_the_oldest_and_says_how_many_more(stage: Stage) -> None:
    states = {
        State.IN_PANEL: ("voting", None),
        State.DECIDED: ("approved", "agreed"),
        State.CLOSED: ("approved", None),
        State.AWAITING_VERIFICATION: ("approved", None),
    }

    def fill(work: Work) -> None:
        leah = id_of(work, LEAH)
        for number in range(28):
            state = list(states)[number % 4]
            panel_state, departure = states[state]
            about = {"service": "Podiatry", "event_type": EventType.INCIDENT, "occurred": "2026-11-01"}
            case = cases.open_case(work, **about)
            case.state = state
            work.session.add(case)
            panel = Panel(
                id=work.new_id(),
                case_id=case.id,
                route="weekly",
                chair_id=leah,
                opened_by=leah,
                opened_at=work.now,
                closes_at=work.now,
                documents={},
                state=panel_state,
                facts=[GRAVE],
                facts_at=work.now - timedelta(days=number),
                decision="none",
                departure=departure,
                departure_by=leah,
                departure_at=work.now,
                departure_why="Because of this. " * 80,
            )
            work.session.add(panel)

    await stage.do(fill)
    card = await listed(stage)
    assert await counted(stage) == 21
    assert headings(card) == [NOT_YET, ALLOWED, WITHOUT, ON_THE_WAY]
    assert words(card).count("And 2 more") == 4
    shown = [b.label for b in card.all_buttons()][:5]
    assert shown == [f"Open PSI-2026-{n:04d}" for n in (25, 21, 17, 13, 9)], "the oldest facts first"


async def test_a_verified_psii_of_before_is_enough(stage: Stage) -> None:
    await voted(stage, (GRAVE,))

    def verified(work: Work) -> None:
        case: Case = case_in(work)
        leah = id_of(work, LEAH)
        done = LearningResponse(
            id=work.new_id(),
            case_id=case.id,
            kind="psii",
            decided_by=leah,
            decided_at=work.now,
            verified_by=leah,
            verified_at=work.now,
        )
        work.session.add(done)

    await stage.do(verified)
    assert await counted(stage) == 0
