"""The living card of a learning response in the leads' channel, as it changes in place."""

from collections.abc import AsyncIterator

from cards.chapters.common import LEAH, MARGUERITE, NIAMH, Shown
from cards.chapters.notifications import CLOSED, LEAD, START, case_in, decided, ended, press
from psirf_bot.cards.model import Card
from psirf_bot.casework import response_board
from psirf_bot.casework.work import Work
from stage import Stage


async def board(stage: Stage) -> AsyncIterator[Shown]:
    async def now(slug: str, title: str) -> Shown:
        def rendered(work: Work) -> Card:
            card = response_board.render(work, case_in(work).id)
            assert card
            return card

        return Shown(slug, title, await stage.do(rendered), "channel")

    await decided(stage, "psii")
    yield await now("board-response-waits", "The leads' channel: a PSII waits to be verified")
    await press(stage, MARGUERITE, "response.verify")
    await press(stage, LEAH, "response.lead", LEAD)
    stage.later(days=10)
    yield await now("board-response-late", "The leads' channel: something is late")
    await press(stage, NIAMH, "response.start", START)
    yield await now("board-response-under-way", "The leads' channel: under way")
    await press(stage, NIAMH, "case.pause", {"reason": "coroner", "review": "2026-12-18"})
    yield await now("board-response-paused", "The leads' channel: paused")
    await press(stage, LEAH, "case.restrict", on="yes")
    yield await now("board-response-restricted", "The leads' channel: a case that is kept close")
    await press(stage, LEAH, "case.restrict", on="no")
    await press(stage, NIAMH, "case.resume")
    await ended(stage)
    yield await now("board-response-ended", "The leads' channel: its final report is to be sent")
    await press(stage, MARGUERITE, "report.approve", {"approved": ["draft", "learning"]})
    await press(stage, LEAH, "report.final-sent", {"day": "2026-11-30", "to": ["ics"]})
    await press(stage, LEAH, "case.close", CLOSED)
    yield await now("board-response-closed", "The leads' channel: closed")
