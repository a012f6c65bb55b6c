"""News of a report reaches somebody, also when its owner has gone; and nobody hears half of a story."""

import pytest
from responses import CARYS, press
from sqlmodel import select
from test_joined_reports import on
from test_reporting import AMINA, BRONWEN, LEAH, near_miss
from test_support import _by_name as by_name
from test_support import leaves
from test_triage import reported

from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry
from stage import Stage, words


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


# What changed goes to those who lead the service


async def closed(stage: Stage, **answers: object) -> None:
    await reported(stage, **answers)
    await press(stage, LEAH, "case.read")


def carys_is_an_executive_too(work: Work) -> None:
    """She may see the case."""
    carys = by_name(work, CARYS)
    carys.roles = [*carys.roles, "executive"]
    work.session.add(carys)


async def test_what_changed_goes_to_whoever_leads_the_service_to_share_it_there(stage: Stage) -> None:
    """M10: to whom it went is in the audit."""
    await closed(stage)
    await stage.do(carys_is_an_executive_too)
    await press(stage, LEAH, "case.close", {"outcome": "Stored apart."})
    last = stage.private(BRONWEN)[-1]
    assert last.title == "PSI-2026-0001 is closed: what changed"
    assert "Stored apart." in words(last)
    assert AMINA not in words(last)
    assert [card.title for card in stage.private(CARYS)] == [], "she leads another service"
    kept = select(AuditEntry).where(AuditEntry.what == "passed on what changed")
    assert len(await stage.do(lambda work: work.session.exec(kept).all())) == 1


async def test_it_goes_there_after_a_reporter_who_was_involved_has_been_spoken_to(stage: Stage) -> None:
    await closed(stage, involved="yes")
    await stage.tick()
    [check] = stage.private(BRONWEN)
    await press(stage, LEAH, "case.close", {"outcome": "Stored apart."})
    assert not any("what changed" in card.title for card in stage.private(BRONWEN))
    await stage.presses(BRONWEN, check, "I have spoken to them")
    await stage.settled()
    for name in (AMINA, BRONWEN):
        assert [card.title for card in stage.private(name)].count("PSI-2026-0001 is closed: what changed") == 1


async def test_what_is_kept_close_goes_to_nobody_else(stage: Stage) -> None:
    await closed(stage)
    await press(stage, LEAH, "case.restrict", on="yes")
    await press(stage, LEAH, "case.close", {"outcome": "Stored apart."})
    assert not any("what changed" in card.title for card in stage.private(BRONWEN))


async def test_a_lead_who_was_involved_is_not_asked_to_share_it(stage: Stage) -> None:
    await closed(stage, colleagues=BRONWEN)
    await press(stage, LEAH, "case.close", {"outcome": "Stored apart."})
    assert not any("what changed" in card.title for card in stage.private(BRONWEN))
