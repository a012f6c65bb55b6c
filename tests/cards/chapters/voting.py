"""Voting in a panel: the ballot, standing back, and how it closes."""

from collections.abc import AsyncIterator

from sqlmodel import select

from cards.chapters.common import BRONWEN, FEMI, LEAH, NEAR_MISS, SANDEEP, TOMASZ, Shown, opened, reported
from duty_stage import who
from psirf_bot.cards.model import Card
from psirf_bot.casework import panel_papers, people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.case_facts import panel_of
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.panel_papers import Opening
from psirf_bot.casework.work import Work
from psirf_bot.domain.panel import Seat
from psirf_bot.store.tables import Case
from stage import Stage, shown

PRIYA = "Priya Raman"
SEATS = {LEAH: Seat.QUALITY, SANDEEP: Seat.QUALITY, BRONWEN: Seat.SERVICE, PRIYA: Seat.EXPERT, FEMI: Seat.EXPERT}


async def voting(stage: Stage) -> AsyncIterator[Shown]:
    async def press(name: str, verb: str, given: dict[str, str] | None = None, **args: str) -> Card:
        action = await stage.do(lambda work: action_id(work, verb, case=work.session.exec(select(Case)).one(), **args))
        card = shown(await stage.turn(name, Pressed(action, dict(given or {}))))
        await stage.settled()
        return card

    await reported(stage, **NEAR_MISS | {"colleagues": TOMASZ})
    await stage.presses(LEAH, await opened(stage, LEAH), "I have read this")
    await stage.do(_open)
    yield Shown("form-panel-vote", "Form: vote on the response", await press(BRONWEN, "panel.vote"))
    given = {"choice": "mdt", "rationale": "The third time this year that two drivers were mixed up."}
    yield Shown("panel-voted", "A vote is counted", await press(BRONWEN, "panel.vote", given))
    refused = await press(TOMASZ, "panel.vote")
    yield Shown("panel-no-vote", "Somebody who has no vote on this one", refused)
    yield Shown("panel-recuse", "Stand back: asked once", await press(SANDEEP, "panel.recuse"))
    await press(LEAH, "panel.vote", {"choice": "aar", "rationale": "A short look may be enough."})
    yield Shown("panel-close-early", "Close the voting before everybody has voted", await press(LEAH, "panel.close"))
    yield Shown("panel-closed", "Voting has closed", await press(LEAH, "panel.close", sure="yes"))
    yield Shown("panel-recused", "Somebody has stood back", await press(SANDEEP, "panel.recuse", sure="yes"))
    yield Shown("panel-needs-chair", "A panel needs a chair", stage.channel()[-1], "channel")


def _open(work: Work) -> None:
    """The panel with its five members; what a person confirmed of the event sets a minimum."""
    case, leah = work.session.exec(select(Case)).one(), who(work, LEAH)
    seats = {who(work, name).id: seat for name, seat in SEATS.items()}
    day, papers = panel_papers.usual_day(work, 3), panel_papers.papers_in({})
    opening = Opening("weekly", who(work, SANDEEP).id, None, seats, day, papers)
    panel_papers.start(work, case, opening, people.member(work, leah))
    panel = panel_of(work, case)
    assert panel
    panel.facts, panel.facts_by, panel.facts_at = ["never-event", "safeguarding"], leah.id, work.now
