"""How a case ends when a panel has decided on it already, and what its duties do when the service changes."""

from typing import Any

import pytest
from ready_reports import send_report
from responses import (
    AMINA,
    BRONWEN,
    CLOSE,
    LEAH,
    MARGUERITE,
    NIAMH,
    START,
    case_in,
    clocks,
    decided,
    press,
    read_case,
    started,
    state,
    titles,
)
from sqlmodel import select
from test_named_contacts import HARMED
from test_panel_decision import add_panel
from test_triage import opened, reported

from psirf_bot.casework import cases
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.store.tables import Deadline
from scenes import scene
from stage import Stage, words

SUPPORT = ("support.",)
CONTACT: dict[str, Any] = {"whom": "service-user", "next": "2026-11-27", "every": "week", "avoid": None}


@scene
async def sent_back(stage: Stage) -> None:
    """A PSII that was decided and not verified: the case is as it was when it was read."""
    await decided(stage, "psii")
    await press(stage, MARGUERITE, "response.back", {"why-back": "Please look at the second dose again."})


# Withdrawn, or joined, after a decision


async def test_what_a_panel_has_decided_on_is_not_withdrawn_or_joined(stage: Stage) -> None:
    await reported(stage)
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Withdraw it")
    await press(stage, LEAH, "case.read")
    await sent_back(stage)
    await reported(stage)
    assert "cannot be withdrawn any more" in words(await press(stage, AMINA, "case.withdraw"))
    kept_open = await stage.presses(AMINA, form, "Withdraw it", {"why": None})
    assert "cannot be withdrawn any more" in words(kept_open)
    refused = await press(stage, LEAH, "case.merge", {"into": "PSI-2026-0002"})
    assert "cannot be joined with another report" in words(refused)
    assert await state(stage) == "read"


async def test_a_case_that_was_opened_again_is_not_withdrawn(stage: Stage) -> None:
    await started(stage)
    await press(stage, LEAH, "case.close", CLOSE)
    await press(stage, LEAH, "case.reopen")
    assert "cannot be withdrawn any more" in words(await press(stage, AMINA, "case.withdraw", {"why": None}))
    assert await state(stage) == "read"


async def test_contact_that_was_agreed_is_never_left_behind_by_joining(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    await press(stage, NIAMH, "contact.agree", CONTACT)
    await sent_back(stage)
    await reported(stage)
    await press(stage, LEAH, "case.merge", {"into": "PSI-2026-0002"})
    assert await state(stage) == "read"
    assert (await clocks(stage, "contact."))["contact.service-user"] == ("2026-11-27", "open")


# Closed during a learning response


@pytest.mark.parametrize("begun", [False, True])
async def test_a_verified_psii_is_not_closed_before_it_has_ended(stage: Stage, begun: bool) -> None:
    if begun:
        await started(stage, "psii")
    else:
        await read_case(stage)
        await decided(stage, "psii")
        await press(stage, MARGUERITE, "response.verify")
    before = await state(stage)
    for given in ({}, CLOSE):
        refused = words(await press(stage, LEAH, "case.close", given))
        assert "was verified and has not ended, so the case cannot be closed yet" in refused
        assert "Chief Nurse or the Medical Director" in refused
    assert await state(stage) == before
    assert (await clocks(stage, "psii.day-3"))["psii.day-3"][1] == "open"


async def test_a_psii_that_has_ended_is_closed(stage: Stage) -> None:
    await started(stage, "psii")
    await press(stage, NIAMH, "response.end", {"day": "2026-11-20", "missing": None})
    await press(stage, MARGUERITE, "report.approve", {"approved": ["draft", "learning"]})
    await press(stage, LEAH, "report.final-sent", {"day": "2026-11-20", "to": ["cqc"]})
    assert "initial report" in words(await press(stage, LEAH, "case.close", CLOSE))
    await press(stage, LEAH, "response.report-sent", {"day": "2026-11-20"})
    await press(stage, LEAH, "case.close", CLOSE)
    assert await state(stage) == "closed"


async def test_a_psii_that_was_sent_back_can_be_closed(stage: Stage) -> None:
    await read_case(stage)
    await sent_back(stage)
    await press(stage, LEAH, "case.close", CLOSE)
    assert await state(stage) == "closed"


async def test_closing_during_a_response_ends_it_for_staff_and_tells_its_lead(stage: Stage) -> None:
    await read_case(stage, involved="yes")
    await decided(stage)
    await press(stage, NIAMH, "response.start", START)
    await press(stage, LEAH, "case.close", CLOSE)
    found = await clocks(stage, *SUPPORT)
    assert {rule: how for rule, (_, how) in found.items()} == {
        "support.after-event": "open",
        "support.review-starts": "dropped",
        "support.ongoing": "dropped",
        "support.review-ended": "open",
    }
    assert titles(stage, NIAMH)[-1] == "A case you lead on is closed"


async def test_closing_before_a_response_starts_stops_what_staff_were_to_be_told(stage: Stage) -> None:
    await read_case(stage, involved="yes")
    await decided(stage)
    await press(stage, LEAH, "case.close", CLOSE)
    found = await clocks(stage, *SUPPORT)
    assert {rule: how for rule, (_, how) in found.items()} == {
        "support.after-event": "open",
        "support.review-starts": "dropped",
        "support.ongoing": "dropped",
    }
    assert titles(stage, NIAMH)[-1] == "A case you lead on is closed"


async def test_staff_who_know_of_a_review_that_never_starts_hear_that_it_ended(stage: Stage) -> None:
    await read_case(stage, involved="yes")
    await decided(stage)
    await stage.tick()
    [told] = [card for card in stage.private(BRONWEN) if "review starts" in card.title]
    await stage.presses(BRONWEN, told, "I have spoken to them")
    await press(stage, LEAH, "case.close", CLOSE)
    found = await clocks(stage, *SUPPORT)
    assert found["support.review-starts"][1] == "done"
    assert found["support.review-ended"][1] == "open"


async def test_closed_after_its_response_has_ended_the_lead_is_left_in_peace(stage: Stage) -> None:
    await started(stage)
    await press(stage, NIAMH, "response.end", {"day": "2026-11-20", "missing": None})
    await press(stage, LEAH, "case.close", CLOSE)
    assert "A case you lead on is closed" not in titles(stage, NIAMH)


async def test_closed_twice_nobody_is_told_twice_that_the_review_ended(stage: Stage) -> None:
    await read_case(stage, involved="yes")
    await decided(stage)
    await press(stage, NIAMH, "response.start", START)
    await press(stage, LEAH, "case.close", CLOSE)
    await press(stage, LEAH, "case.reopen")
    await press(stage, LEAH, "case.close", CLOSE)
    ended = select(Deadline).where(Deadline.rule == "support.review-ended")
    assert len(await stage.do(lambda work: list(work.session.exec(ended)))) == 1


# Another service


async def test_every_duty_goes_to_the_service_that_it_turned_out_to_be(stage: Stage) -> None:
    await read_case(stage, involved="yes")
    await decided(stage)
    await press(stage, NIAMH, "response.start", START)
    await press(stage, NIAMH, "contact.agree", CONTACT)
    await press(stage, LEAH, "case.amend", {"service": "Podiatry", "why-amended": "The other clinic."}, key="service")

    def services(work: Work) -> set[tuple[str, str | None]]:
        theirs = select(Deadline).where(Deadline.case_id == case_in(work).id, Deadline.state == "open")
        return {(duty.subject_kind, duty.service) for duty in work.session.exec(theirs)}

    assert await stage.do(services) == {("case", "Podiatry"), ("contact", "Podiatry"), ("check", "Podiatry")}


# Grave, and no panel has looked at it


@pytest.mark.parametrize("grave", [{"physical-harm": "fatal"}, {"psychological-harm": "severe"}])
async def test_what_is_reported_as_grave_is_not_closed_before_a_panel_has_looked_at_it(
    stage: Stage, grave: dict[str, Any]
) -> None:
    await read_case(stage)
    form = await press(stage, LEAH, "case.close")
    assert form.title == "Close the case"
    await graver(stage, grave)
    for given in ({}, {"outcome": "Nothing."}):
        refused = words(await press(stage, LEAH, "case.close", given))
        assert "suggests: Unexpected death or severe harm under our care (policy §12.3)" in refused
        assert "please open the panel" in refused
    assert await state(stage) == "read"
    await graver(stage, {"physical-harm": "low", "psychological-harm": "low"})
    assert "names a person" in words(await press(stage, LEAH, "case.close", {"outcome": "It was human error."}))
    await press(stage, LEAH, "case.close", {"outcome": "It was another visit."})
    assert await state(stage) == "closed", "what the report had wrong is amended, and stays on the record"


async def test_what_is_reported_as_grave_is_not_withdrawn_either(stage: Stage) -> None:
    await read_case(stage)
    await graver(stage, {"physical-harm": "fatal"})
    assert "please add to it" in words(await press(stage, AMINA, "case.withdraw", {"why": None}))
    assert await state(stage) == "read"


async def test_grave_in_a_report_that_was_joined_it_is_not_closed_either(stage: Stage) -> None:
    await read_case(stage)
    await send_report(stage, AMINA, HARMED)
    join = {"into": "PSI-2026-0001"}
    await stage.presses(LEAH, await stage.says(LEAH, "case PSI-2026-0002"), "Join with another", join)
    assert "suggests: Unexpected death or severe harm" in words(await press(stage, LEAH, "case.close"))


async def test_once_a_panel_has_confirmed_the_facts_they_are_not_asked_for_again(stage: Stage) -> None:
    await read_case(stage)
    await graver(stage, {"physical-harm": "fatal"})

    def looked_at(work: Work) -> None:
        add_panel(work, (), {})
        case_in(work).state = State.READ  # decided, closed and opened again since

    await stage.do(looked_at)
    assert (await press(stage, LEAH, "case.close")).title == "Close the case"


async def graver(stage: Stage, harm: dict[str, Any]) -> None:
    """The report is amended."""

    def amend(work: Work) -> None:
        found = cases.newest_version(work, case_in(work))
        assert found is not None
        answers = {**found.answers, "event-type": "incident", "affected": ["patient"], "physical-harm": "none", **harm}
        cases.write_version(work, case_in(work), answers, {}, "x", "We know more by now.")

    await stage.do(amend)
