"""The living card of a learning response in the leads' channel, as it changes in place."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from decisions import decided_by_a_panel

from cards.chapters.common import LEAH, MARGUERITE, NIAMH, Shown
from cards.chapters.notifications import CLOSED, LEAD, START, case_in, ended
from cards.chapters.notifications import press as pressed
from psirf_bot.cards.model import Card
from psirf_bot.casework import response_board
from psirf_bot.casework.work import Work
from stage import Stage, words

NO_CONTACT = {"contact": None, "why-not": "not-wanted"}


async def board(stage: Stage) -> AsyncIterator[Shown]:
    async def now(slug: str, title: str, stage_of_it: str) -> Shown:
        def rendered(work: Work) -> Card:
            card = response_board.render(work, case_in(work).id)
            assert card
            return card

        card = await stage.do(rendered)
        assert stage_of_it in words(card), slug
        return Shown(slug, title, card, "channel")

    async def press(name: str, verb: str, given: Mapping[str, Any] | None = None, **args: str) -> None:
        """Press it, and see that it was done: neither refused, nor a form that is not in order."""
        card = await pressed(stage, name, verb, given, **args)
        assert card.title not in {"", "I could not do that"}, (verb, words(card))
        assert not [part.error for part in card.inputs() if part.error], verb

    await decided_by_a_panel(stage)
    yield await now(
        "board-response-waits", "The leads' channel: a PSII waits to be verified", "It waits to be verified"
    )
    await press(MARGUERITE, "response.verify")
    await press(LEAH, "response.lead", LEAD)
    await press(LEAH, "contacts-named.set", NO_CONTACT)
    stage.later(days=10)
    yield await now("board-response-late", "The leads' channel: something is late", "It is to be started")
    await press(LEAH, "minute.filed", {"filed-on": "2026-11-30"})
    await press(NIAMH, "response.start", START)
    await press(NIAMH, "response.report-sent", {"day": "2026-11-30"})
    yield await now("board-response-under-way", "The leads' channel: under way", "Under way.")
    await press(NIAMH, "case.pause", {"reason": "coroner", "review": "2026-12-18"})
    yield await now("board-response-paused", "The leads' channel: paused", "Paused until it is looked at again")
    await press(LEAH, "case.restrict", on="yes")
    yield await now("board-response-restricted", "The leads' channel: a case that is kept close", "kept to the quality")
    await press(LEAH, "case.restrict", on="no")
    await press(NIAMH, "case.resume")
    await ended(stage)
    yield await now("board-response-ended", "The leads' channel: its final report is to be sent", "Ended. The draft")
    await press(MARGUERITE, "report.approve", {"approved": ["draft", "learning"]})
    await press(LEAH, "report.final-sent", {"day": "2026-11-30", "to": ["ics"]})
    await press(LEAH, "case.close", CLOSED)
    yield await now("board-response-closed", "The leads' channel: closed", "Closed on ")
