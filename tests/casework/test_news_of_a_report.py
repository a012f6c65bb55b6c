"""News of a report reaches somebody, also when its owner has gone; and nobody hears half of a story."""

import pytest
from responses import press
from test_joined_reports import on
from test_reporting import AMINA, BRONWEN, LEAH, near_miss
from test_support import _by_name as by_name
from test_support import leaves
from test_triage import reported

from psirf_bot.casework.work import Work
from stage import Stage


async def moves_on(stage: Stage, name: str) -> None:
    def other_work(work: Work) -> None:
        someone = by_name(work, name)
        someone.roles = ["staff"]
        work.session.add(someone)

    await stage.do(other_work)


@pytest.mark.parametrize("goes", [leaves, moves_on])
async def test_what_happens_to_a_case_whose_owner_has_gone_is_told_to_the_channel(stage: Stage, goes: object) -> None:
    await reported(stage)
    await press(stage, LEAH, "case.read")
    await goes(stage, LEAH)  # type: ignore[operator]
    await press(stage, AMINA, "case.add", {"addition": "The pump was recalled."})
    await press(stage, AMINA, "case.withdraw", {"why": None})
    titles = [card.title for card in stage.channel()]
    assert titles[1:] == ["PSI-2026-0001 was added to", "PSI-2026-0001 was withdrawn"]
    assert not any("was " in card.title for card in stage.private(LEAH))


async def test_those_whose_report_was_joined_hear_that_it_goes_on(stage: Stage) -> None:
    for name in (AMINA, BRONWEN):
        await stage.presses(name, await near_miss(stage, name), "Send the report")
    await on(stage, 1, LEAH, "case.read")
    await on(stage, 2, LEAH, "case.merge", {"into": "PSI-2026-0001"})
    await on(stage, 1, LEAH, "case.close", {"outcome": "Stored apart."})
    await on(stage, 1, LEAH, "case.reopen")
    for name in (AMINA, BRONWEN):
        assert stage.private(name)[-1].title == "Your report is being looked at again"


async def test_who_has_not_heard_that_it_was_closed_does_not_hear_that_it_is_opened_again(stage: Stage) -> None:
    await reported(stage, involved="yes")
    await press(stage, LEAH, "case.read")
    await press(stage, LEAH, "case.close", {"outcome": "Stored apart."})
    await press(stage, LEAH, "case.reopen")
    assert stage.private(AMINA)[-1].title == "Your report has been read"
