"""The draft is approved before it leaves, not by its lead; the final report closes its clock (J04, J05, J10)."""

from datetime import date
from typing import Any

import pytest
from responses import (
    AMINA,
    HUSSEIN,
    LEAH,
    MARGUERITE,
    NIAMH,
    case_in,
    clocks,
    decided,
    press,
    read_case,
    started,
    the_response,
    titles,
)
from sqlmodel import select

from psirf_bot.casework import final_report, learning_responses, people
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry, Deadline, Person
from scenes import scene
from stage import Stage, words

APPROVE = {"approved": ["draft", "learning"]}
SENT: dict[str, Any] = {"day": "2026-11-20", "to": ["ics", "family"]}


@scene
async def ended(stage: Stage, kind: str = "psii") -> None:
    """A learning response that has ended, and what its end opens."""
    await started(stage, kind)
    await press(stage, LEAH, "response.report-sent", {"day": "2026-11-20"})
    await press(stage, NIAMH, "response.end", {"day": "2026-11-20", "missing": None})

    def tell(work: Work) -> None:
        case = case_in(work)
        response = learning_responses.current(work, case)
        assert response
        someone = work.session.exec(select(Person).where(Person.name == NIAMH)).one()
        final_report.ended(work, case, response, people.member(work, someone))  # once, however often it is said

    await stage.do(tell)
    await stage.settled()


async def test_the_end_of_a_psii_asks_the_chief_nurse_and_starts_the_clock(stage: Stage) -> None:
    await ended(stage)
    assert (await clocks(stage))["psii.final"] == ("2026-12-04", "open")
    assert titles(stage, MARGUERITE).count("A draft waits for you to approve it") == 1
    asked = stage.private(MARGUERITE)[-1]
    assert asked.preview == "You have a private task."
    form = await stage.presses(MARGUERITE, asked, "Approve the draft")
    assert form.title == "Approve the draft"


async def test_the_end_of_another_response_does_not(stage: Stage) -> None:
    await ended(stage, "mdt")
    assert "psii.final" not in await clocks(stage)
    assert "A draft waits for you to approve it" not in titles(stage, MARGUERITE)


async def test_approved_then_sent(stage: Stage) -> None:
    await ended(stage)
    refused = words(await press(stage, LEAH, "report.final-sent", SENT))
    assert "has not been approved yet, so it cannot leave" in refused
    await press(stage, HUSSEIN, "report.approve", APPROVE)
    assert titles(stage, NIAMH)[-1] == "The draft is approved"
    await press(stage, LEAH, "report.final-sent", SENT)
    response = await the_response(stage)
    assert response.final_sent_on == date(2026, 11, 20)
    assert response.draft_approved_at is not None
    assert (await clocks(stage))["psii.final"][1] == "done"

    def note(work: Work) -> str | None:
        return work.session.exec(select(Deadline.note).where(Deadline.rule == "psii.final")).one()

    assert await stage.do(note) == (
        "The final report was sent on Friday 20 November 2026 to: Integrated care system (ICS), Patient or family."
    )
    assert titles(stage, NIAMH)[-1] == "The final report was sent"


async def test_pressed_twice_each_is_done_once(stage: Stage) -> None:
    await ended(stage)
    for name in (MARGUERITE, MARGUERITE, HUSSEIN):
        await press(stage, name, "report.approve", APPROVE)
    for day in ("2026-11-20", "2026-11-20"):
        await press(stage, LEAH, "report.final-sent", SENT | {"day": day})
    marguerite = await stage.do(lambda w: w.session.exec(select(Person.id).where(Person.name == MARGUERITE)).one())
    assert (await the_response(stage)).draft_approved_by == marguerite

    def written(work: Work) -> list[str]:
        whats = work.session.exec(select(AuditEntry.what)).all()
        return [what for what in whats if what.startswith(("draft", "final"))]

    assert await stage.do(written) == ["draft of the final report approved", "final report sent"]
    assert titles(stage, NIAMH).count("The draft is approved") == 1
    assert "Nothing needs to be done" in words(await press(stage, LEAH, "report.final-sent"))


async def test_both_the_draft_and_what_it_recommends_are_approved(stage: Stage) -> None:
    await ended(stage)
    assert "Both have to be approved" in words(await press(stage, MARGUERITE, "report.approve", {"approved": "draft"}))
    assert (await the_response(stage)).draft_approved_at is None


@pytest.mark.parametrize("name", [AMINA, LEAH, NIAMH])
async def test_only_the_board_approves_it(stage: Stage, name: str) -> None:
    await ended(stage)
    said = words(await press(stage, name, "report.approve", APPROVE))
    assert "Chief Nurse, the Medical Director or an executive" in said
    assert (await the_response(stage)).draft_approved_at is None


async def test_whoever_led_it_does_not_approve_it(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage, "mdt", HUSSEIN)
    await press(stage, HUSSEIN, "response.start", {"day": "2026-11-20", "agreed": "not-reached", "target": None})
    assert "You lead this learning response" in words(await press(stage, HUSSEIN, "report.approve", APPROVE))
    assert (await the_response(stage)).draft_approved_at is None


async def test_a_draft_is_approved_while_it_is_under_way_and_sent_once_it_has_ended(stage: Stage) -> None:
    await started(stage, "psii")
    await press(stage, MARGUERITE, "report.approve", APPROVE)
    assert (await the_response(stage)).draft_approved_at is not None
    assert "has not ended yet" in words(await press(stage, LEAH, "report.final-sent", SENT))
    assert (await the_response(stage)).final_sent_on is None


async def test_there_is_no_draft_before_it_has_started(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    assert "there is no draft to approve" in words(await press(stage, MARGUERITE, "report.approve", APPROVE))


async def test_it_was_not_sent_before_it_was_approved(stage: Stage) -> None:
    await ended(stage)
    stage.later(days=3)
    await press(stage, MARGUERITE, "report.approve", APPROVE)
    said = words(await press(stage, LEAH, "report.final-sent", SENT))
    assert "approved by Monday 23 November 2026" in said
    assert (await the_response(stage)).final_sent_on is None


async def test_in_a_restricted_case_the_approver_sees_no_more_than_they_need(stage: Stage) -> None:
    await ended(stage)
    await press(stage, LEAH, "case.restrict", on="yes")
    card = await press(stage, MARGUERITE, "report.approve", APPROVE)
    assert card.title == "The draft is approved"
    assert "Niamh" not in words(card)
    again = await press(stage, MARGUERITE, "report.approve", APPROVE)
    assert again.title == "The draft is approved"
