"""What stands ready in the demo: the panel that waits, and a case in which being fair can be begun."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from psirf_bot import demo
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.store.tables import Case, Person
from stage import Stage, words

OWEN, LEAH, TOMASZ = "Owen Tregarth", "Leah Rosenfeld", "Tomasz Zielinski"
WAITS, GOES_ON = "PSI-2026-0001", "PSI-2026-0002"
CONCERN = "The response asks why the visit stood as made on the tablet."


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as stage:
        yield stage


def states(work: Work) -> dict[str, str]:
    return {case.reference: case.state for case in work.session.exec(select(Case))}


async def test_one_case_waits_for_its_votes_and_the_other_is_under_way(stage: Stage) -> None:
    await stage.do(demo.furnish)
    assert await stage.do(states) == {WAITS: State.IN_PANEL, GOES_ON: State.RESPONDING}
    await stage.settled()
    waiting, _ = stage.channel("panel")
    assert "0 of 5 have voted" in words(waiting)
    assert WAITS in words(waiting)


async def test_the_workforce_lead_begins_being_fair_where_the_leads_see_its_reference(stage: Stage) -> None:
    await stage.do(demo.furnish)
    await stage.settled()
    assert GOES_ON in words(stage.channel("leads")[-1])
    form = await stage.presses(OWEN, await stage.says(OWEN, f"fair {GOES_ON}"), "Start")
    given = {"concern": CONCERN, "subject": TOMASZ, "colleague": LEAH}
    assert f"It waits for {LEAH} to join" in words(await stage.presses(OWEN, form, "Start and invite", given))
    await stage.settled()
    asked = [card for card in stage.private(LEAH) if card.title == "A private task"]
    both = await stage.presses(LEAH, await stage.presses(LEAH, asked[-1], "Open it"), "Join")
    assert "Who is hurt?" in words(await stage.presses(LEAH, both, "Begin"))


async def test_a_demo_that_was_there_before_stays_as_it_is(stage: Stage) -> None:
    await stage.do(demo.put_before_a_panel)
    await stage.do(demo.furnish)
    await stage.do(demo.furnish)
    assert await stage.do(states) == {WAITS: State.IN_PANEL}


async def test_among_other_people_there_is_no_case(stage: Stage) -> None:
    def have_other_addresses(work: Work) -> None:
        for someone in work.session.exec(select(Person)):
            someone.email = f"own.{someone.email}"

    await stage.do(have_other_addresses)
    await stage.do(demo.furnish)
    assert await stage.do(states) == {}
