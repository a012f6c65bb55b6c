"""Being fair: a way out taken alone, how a run ended, what is followed up after it, and a new version."""

from collections.abc import AsyncIterator
from typing import Any

from sqlmodel import select
from test_fair_ends import LEFT, NEW, PATHS, START, TOLD, USED, a_run, answer, confirm_and_end

from cards.chapters.common import LEAH, Shown
from psirf_bot.cards.model import Card
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Deadline
from stage import Stage, shown

OWEN = "Owen Tregarth"


async def being_fair_outcome(stage: Stage) -> AsyncIterator[Shown]:
    async def press(name: str, verb: str, given: dict[str, Any] | None = None, **args: str) -> Card:
        action = await stage.do(lambda work: action_id(work, verb, **{"run": "run1"} | args))
        card = shown(await stage.turn(name, Pressed(action, dict(given or {}))))
        await stage.settled()
        return card

    async def duty(rule: str) -> str:
        asked = select(Deadline.id).where(Deadline.rule == rule, Deadline.subject_id == "run1")
        found: str = await stage.do(lambda work: work.session.exec(asked).one())
        return found

    await stage.do(_ended)
    done = {"day": "2026-11-20", "number": "LA-2026-20"}
    yield Shown("fair-outcome", "Being fair: the tool's next step", await press(OWEN, "fair.show"))
    lado = await duty("fair.lado")
    yield Shown("form-fair-step", "Form: a follow-up is done", await press(OWEN, "fair.step-taken", deadline=lado))
    for rule in ("fair.lado", "fair.police", "fair.pipot"):  # they are asked before anything is said to the person
        await press(OWEN, "fair.step-taken", done, deadline=await duty(rule))
    told = await duty("fair.told")
    yield Shown("form-fair-teller", "Form: who tells the member of staff", await press(LEAH, "fair.teller"))
    named = await press(LEAH, "fair.teller", {"teller": "Bronwen Hale"})
    yield Shown("fair-teller-named", "Being fair: somebody is named to tell them", named)
    yield Shown("form-fair-told", "Form: they were told", await press(LEAH, "fair.step-taken", deadline=told))
    followed_up = await press(LEAH, "fair.step-taken", TOLD, deadline=told)
    yield Shown("fair-followed-up", "Being fair: some of it is followed up", followed_up)
    yield Shown("fair-record-kept", "Being fair: the whole record", await press(LEAH, "fair.kept"))
    yield Shown("form-fair-revisit", "Form: look at it again", await press(OWEN, "fair.revisit"))
    yield Shown("fair-revisited", "Being fair: a new version is open", await press(OWEN, "fair.revisit", NEW))
    await stage.do(_under_way)
    for way, title in (("police", "suspected crime"), ("safeguarding", "safeguarding")):
        form = await press(LEAH, "fair.leave", run="run9", way=way)
        yield Shown(f"form-fair-leave-{way}", f"Form: a way out alone, {title}", form)
    left = await press(LEAH, "fair.leave", LEFT, run="run9", way="police")
    yield Shown("fair-left", "Being fair: a way out was taken alone", left)
    form = await press(OWEN, "fair.leave", run="run9", way="safeguarding")
    yield Shown("form-fair-leave-ended", "Form: a way out alone, after the end", form)
    both = await press(OWEN, "fair.leave", LEFT, run="run9", way="safeguarding")
    yield Shown("fair-left-twice", "Being fair: a second way out was taken after the end", both)


def _ended(work: Work) -> None:
    answer(work, a_run(work), PATHS["appropriate-action"])
    confirm_and_end(work, "appropriate-action")


def _under_way(work: Work) -> None:
    """Another one in the same case, not ended yet."""
    answer(work, a_run(work, id="run9", reference="BF-9Z8Y7"), START | USED)
