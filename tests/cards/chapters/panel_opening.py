"""The panel is opened, its papers and facts, and the weekly agenda."""

from collections.abc import AsyncIterator
from typing import Any

from cards.chapters.common import LEAH, Shown, opened, reported, titled
from psirf_bot.cards.model import Card, PeopleInput
from psirf_bot.casework import training
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Channel
from stage import Stage

SANDEEP = "Sandeep Bhullar"
OVERSIGHT = """email,course,date,amount
sandeep.bhullar@fenmarsh.example,learning,2024-05-14,2
sandeep.bhullar@fenmarsh.example,oversight,2024-09-11,1
"""


def _set_up(work: Work) -> None:
    training.bring_in(work, OVERSIGHT)
    channel = Channel(purpose="panel", platform="web", address={"channel": "panel"}, set_by="x", set_at=work.now)
    work.session.add(channel)


def _filled_in(card: Card) -> dict[str, Any]:
    """What is filled in on a form, as it is sent in one press."""
    given: dict[str, Any] = {}
    for part in card.inputs():
        value = getattr(part, "value", None)
        if isinstance(value, tuple):
            several = isinstance(part, PeopleInput) or getattr(part, "several", False)
            value = list(value) if several else (value[0] if value else None)
        given[part.id] = value or None
    return given


async def _read(stage: Stage) -> Card:
    await reported(stage)
    await stage.presses(LEAH, stage.channel()[-1], "I have read this", channel="quality")
    return await opened(stage, LEAH)


async def panel_opening(stage: Stage) -> AsyncIterator[Shown]:
    await stage.do(_set_up)
    form = await stage.presses(LEAH, await _read(stage), "Open the panel")
    yield Shown("panel-form-open", "Form: open the panel", form)
    page = await stage.presses(LEAH, form, "Open it", _filled_in(form))
    await stage.settled()
    yield Shown("panel-chair", "To the chair", titled(stage.private(SANDEEP), "You are asked to chair a panel"))
    form = await stage.presses(LEAH, page, "Papers and members")
    yield Shown("panel-form-papers", "Form: the panel's papers and members", form)
    form = await stage.presses(LEAH, page, "Confirm the facts")
    yield Shown("panel-form-facts", "Form: confirm the facts", form)


async def agenda(stage: Stage) -> AsyncIterator[Shown]:
    await stage.do(_set_up)
    yield Shown("agenda-none", "The weekly panel: no case waits", await stage.says(LEAH, "agenda"))
    for _ in range(2):
        await _read(stage)
    form = await stage.says(LEAH, "agenda")
    yield Shown("agenda-form", "Form: the weekly panel", form)
    made = await stage.presses(LEAH, form, "Make the agenda", _filled_in(form))
    yield Shown("agenda-made", "The agenda is made", made)
    await stage.settled()
    card = stage.channel("panel")[0]
    yield Shown("agenda", "The panel's channel: the weekly agenda", card, "channel")
    asked = titled(stage.private(SANDEEP), "You are asked to chair the weekly panel")
    yield Shown("agenda-chair", "To the chair: the weekly panel", asked)
