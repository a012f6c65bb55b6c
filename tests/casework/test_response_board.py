"""The living card of a learning response in the leads' channel: stage, next date, who owes what; and no names."""

from typing import Any

import pytest
from responses import (
    AMINA,
    LEAD,
    LEAH,
    MARGUERITE,
    NIAMH,
    START,
    approved,
    case_in,
    decided,
    fits,
    named,
    press,
    read_case,
    started,
)
from test_closing_evaluation import OUTCOME, WELL
from test_final_report import APPROVE, SENT, ended

from psirf_bot.cards.model import Card
from psirf_bot.cards.response_board import LATE
from psirf_bot.casework import response_board
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Channel
from stage import Stage, words

NOBODY = ("Amina", "Niamh", "Leah", "Marguerite", "Sandeep", "Bronwen", "Tomasz")


async def board(stage: Stage) -> Card:
    """The card as it stands now, with nobody's name on it."""

    def rendered(work: Work) -> Card | None:
        return response_board.render(work, case_in(work).id)

    card: Card = await stage.do(rendered)
    fits(card)
    assert not [name for name in NOBODY if name in words(card) + card.preview]
    return card


async def leads_channel(stage: Stage) -> None:
    def add(work: Work) -> None:
        address = {"channel": "leads"}
        work.session.add(Channel(purpose="leads", platform="web", address=address, set_by="x", set_at=stage.now))

    await stage.do(add)


async def hung(stage: Stage) -> None:
    await stage.do(lambda work: response_board.hang(work, case_in(work)))
    await stage.settled()


async def refreshed(stage: Stage) -> None:
    await stage.do(lambda work: response_board.refresh(work, case_in(work)))
    await stage.settled()


async def test_there_is_no_card_before_a_response_is_decided(stage: Stage) -> None:
    await read_case(stage)
    assert await stage.do(lambda work: response_board.render(work, case_in(work).id)) is None
    assert await stage.do(lambda work: response_board.render(work, "no such case")) is None


async def test_a_psii_from_its_decision_to_its_end_in_words(stage: Stage) -> None:
    await read_case(stage)
    await approved(stage, "psii")
    said = words(await board(stage))
    assert "Community Nursing" in said
    assert "It waits to be verified" in said
    assert "The Chief Nurse: Verify the PSII. Due Tuesday 24 November" in said
    assert "The quality team: Choose who leads the learning response" in said
    assert "Next: Notify everybody outside" in said
    assert "2 working days (policy §12.4; our own time limit)." in said, "where the next date comes from"
    await press(stage, MARGUERITE, "response.verify")
    assert "Its lead is to be chosen" in words(await board(stage))
    await press(stage, LEAH, "response.lead", LEAD)
    said = words(await board(stage))
    assert "It is to be started" in said
    assert "The response lead: Start the learning response. Due Friday 27 November." in said
    await named(stage)
    await press(stage, NIAMH, "response.start", START)
    said = words(await board(stage))
    assert "Under way." in said
    assert "Finish the learning response. Due Wednesday 20 January 2027." in said
    assert "Finish within" not in said, "of the clocks that bound its time, only the nearest"


async def test_after_its_end_a_psii_waits_for_its_report(stage: Stage) -> None:
    await ended(stage)
    assert "The draft of the final report is to be approved" in words(await board(stage))
    assert "Send the final report. Due Friday 4 December." in words(await board(stage))
    await press(stage, MARGUERITE, "report.approve", APPROVE)
    assert "The draft is approved, and the final report is to be sent" in words(await board(stage))
    await press(stage, LEAH, "report.final-sent", SENT)
    assert "The quality team can close the case" in words(await board(stage))
    await press(stage, LEAH, "case.close", OUTCOME | WELL)
    said = words(await board(stage))
    assert "Closed on Friday 20 November 2026." in said
    assert "Who owes what" not in said


async def test_paused_until_when_and_who_asked(stage: Stage) -> None:
    await started(stage)
    await press(stage, NIAMH, "case.pause", {"reason": "police", "review": "2026-12-11"})
    said = words(await board(stage))
    assert "Paused until it is looked at again on Friday 11 December. A police investigation." in said
    assert "Next: Finish" not in said, "what stands still is not what comes next"


async def test_sent_back_it_is_with_the_panel_again(stage: Stage) -> None:
    await read_case(stage)
    await approved(stage, "psii")
    await press(stage, MARGUERITE, "response.back", {"why-back": "Please look again at the second dose."})
    said = words(await board(stage))
    assert "Back with the panel" in said
    assert "second dose" not in said


async def test_what_is_late_is_said_kindly(stage: Stage) -> None:
    await read_case(stage)
    await decided(stage)
    assert LATE not in words(await board(stage))
    stage.later(days=11)
    said = words(await board(stage))
    assert "The response lead: Start the learning response. Was due Friday; it is 2 working days late." in said
    assert LATE in said


@pytest.mark.parametrize("kept", ["restricted", "quality_only"])
async def test_of_a_case_that_is_kept_close_there_is_the_reference_only(stage: Stage, kept: str) -> None:
    await started(stage)

    def keep(work: Work) -> None:
        setattr(case := case_in(work), kept, True)
        work.session.add(case)

    await stage.do(keep)
    said = words(await board(stage))
    assert "PSI-2026-0001" in said
    assert "Community Nursing" not in said
    assert "Under way" not in said
    assert "Multi" not in said
    assert "Due" not in said


async def test_private_duties_are_not_on_it(stage: Stage) -> None:
    await read_case(stage, involved="yes")
    await decided(stage)
    said = words(await board(stage))
    assert "how they are" not in said
    assert "member of staff" not in said


async def test_it_hangs_once_and_is_edited_in_place(stage: Stage) -> None:
    await leads_channel(stage)
    await read_case(stage)
    await decided(stage)
    for _ in range(3):
        await hung(stage)
    titled = [card for card in stage.channel("leads") if card.title == "Learning response: PSI-2026-0001"]
    assert len(titled) == 1
    await press(stage, NIAMH, "response.start", START)
    await refreshed(stage)
    [card] = [card for card in stage.channel("leads") if card.title == "Learning response: PSI-2026-0001"]
    assert "Under way" in words(card)
    opened = await stage.presses(NIAMH, card, "Open the learning response", channel="leads")
    assert opened.title == "Learning response"
    refused: Any = await stage.presses(AMINA, card, "Open the learning response", channel="leads")
    assert "Led by" not in words(refused)
