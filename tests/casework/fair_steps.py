"""Stage directions for the being fair tool: a run with both who use it, and any of its pages answered by presses.

`await begun(stage)`, `await answer(stage, {"fair-1a": "yes"})`, `await through(stage, {"fair-5": "yes"})`.
"""

from collections.abc import Mapping
from typing import Any

from responses import LEAH, TOMASZ, fits, started
from sqlmodel import col, select

from duty_stage import who
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_runs
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.deadlines import happened
from psirf_bot.casework.inbound import Pressed, Reply
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.being_fair import EACH_FOR_THEMSELVES
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, FairEntry, FairRun
from scenes import scene
from stage import Stage, shown

OWEN, JUDITH, SANDEEP = "Owen Tregarth", "Judith Cornwell", "Sandeep Bhullar"
CONCERN = "The learning response asks whether a check was left out on purpose."
GROUND = "The learning response found that a warning was switched off."

LONGEST: dict[str, Any] = {
    "fair-who-is-hurt": "A patient and their family, and the member of staff.",
    "fair-what-they-need": "To know what happened, and support.",
    "fair-whose-task": "The patient safety team; occupational health.",
    "fair-safety-incident": "yes",
    "fair-other-process": "another",
    "fair-systems-response": "yes",
    "fair-jointly": "yes",
    "fair-1a": "unsure",
    "fair-1a-source": "Section 4 leaves it open.",
    "fair-1a-ongoing": "yes",
    "fair-1a-kinds": ["reckless"],
    "fair-1a-ground": GROUND,
    "fair-1b": "yes",
    "fair-1c": "yes",
    "fair-1d": "not-known",
    "fair-discussed": "supervisor",
    "fair-discussed-on": "2026-11-20",
    "fair-1-ongoing": "yes",
    "fair-1-kinds": ["reckless"],
    "fair-1-ground": GROUND,
    "fair-2a": "yes",
    "fair-2b": "no",
    "fair-2-ongoing": "yes",
    "fair-2-kinds": ["reckless"],
    "fair-2-ground": GROUND,
    "fair-3": "no",
    "fair-3-which": ["recklessness"],
    "fair-3-source": "Section 5.",
    "fair-3-bodies": ["none"],
    "fair-4a": "no",
    "fair-4b": "no",
    "fair-5": "no",
}
"""An answer to every question; these lead through every test of the tool to its last end."""


@scene
async def begun(stage: Stage, *, subject: str = TOMASZ, **run: Any) -> str:
    """A run that both have joined, in a case with a learning response, made by hand. Its id."""
    if not await stage.do(lambda work: work.session.exec(select(Case)).first()):
        await started(stage)
    for name in (LEAH, OWEN):
        await stage.says(name, "help")
    found: str = await stage.do(lambda work: _begun(work, subject, run))
    await stage.settled()
    return found


def _begun(work: Work, subject: str, given: Mapping[str, Any]) -> str:
    case = work.session.exec(select(Case).order_by(col(Case.reference))).first()
    leah, owen = who(work, LEAH), who(work, OWEN)
    assert case
    facts: dict[str, Any] = {
        "id": work.new_id(),
        "reference": "BF-7K2MQ",
        "case_id": case.id,
        "subject_id": who(work, subject).id,
        "concern": CONCERN,
        "begun_by": leah.id,
        "patient_safety_id": leah.id,
        "workforce_id": owen.id,
        "joined": [leah.id, owen.id],
        "state": fair_runs.OPEN,
        "reading": work.trust.being_fair.after_ongoing_concern,
        "tool": work.trust.being_fair.tool,
        "at": work.now,
    }
    run = FairRun(**facts | dict(given))
    work.session.add(run)
    work.session.flush()
    fair_runs.log(work, run, leah.id, "invited")
    happened(work, Event.FAIR_INVITED, fair_runs.subject(run), leah.id)
    fair_runs.log(work, run, owen.id, "joined")
    happened(work, Event.FAIR_JOINED, fair_runs.subject(run), owen.id)
    return run.id


def the_run(work: Work) -> FairRun:
    """The newest run."""
    run = work.session.exec(select(FairRun).order_by(col(FairRun.at).desc(), col(FairRun.version).desc())).first()
    assert run
    return run


async def run_of(stage: Stage) -> FairRun:
    found: FairRun = await stage.do(the_run)
    return found


async def where(stage: Stage) -> fair_runs.Where:
    found: fair_runs.Where = await stage.do(lambda work: fair_runs.where(work, the_run(work)))
    return found


async def done(stage: Stage, *kinds: str) -> list[FairEntry]:
    """What happened in the run; of these kinds, if any, and otherwise all but the looking."""
    found: list[FairEntry] = await stage.do(lambda work: fair_runs.entries(work, the_run(work)))
    return [entry for entry in found if (entry.kind in kinds if kinds else entry.kind != "viewed")]


async def reply(stage: Stage, name: str, verb: str, given: Mapping[str, Any] | None = None, **args: str) -> Reply:
    """Press what this verb stands for, of the newest run; None as an answer is left empty."""
    run = args.pop("run", "") or (await run_of(stage)).id
    pressed = await stage.do(lambda work: action_id(work, verb, run=run, **args))
    return await stage.turn(name, Pressed(pressed, dict(given or {})))


async def press(stage: Stage, name: str, verb: str, given: Mapping[str, Any] | None = None, **args: str) -> Card:
    """The same, and what they see of it, which fits every platform."""
    card = shown(await reply(stage, name, verb, given, **args))
    if card.title:  # otherwise words beside the card that stays
        fits(card)
    await stage.settled()
    return card


@scene
async def page(stage: Stage, name: str) -> Card:
    """Where the run is now, as one of the two sees it."""
    return await press(stage, name, "fair.show")


async def on_card(stage: Stage, name: str, card: Card, label: str, given: Mapping[str, Any] | None = None) -> Card:
    """Press a button of a card that they have."""
    after = await stage.presses(name, card, label, given)
    if after.title:
        fits(after)
    await stage.settled()
    return after


@scene
async def propose(stage: Stage, name: str, answers: Mapping[str, Any]) -> Card:
    """Fill in the page that waits; what is not given here is answered as on the longest way."""
    card = await page(stage, name)
    label = "Send my answer" if (await where(stage)).each_for_themselves else "Propose"
    return await on_card(stage, name, card, label, filled(card, answers))


def filled(card: Card, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What the inputs of a card hold. Without an ongoing concern there is no ground, and without a talk no day."""
    given = {i.id: (LONGEST | dict(answers)).get(i.id) for i in card.inputs()}
    for key in EACH_FOR_THEMSELVES & given.keys():
        if given[key] == "no":
            given |= {key.replace("-ongoing", end): None for end in ("-kinds", "-ground")}
    if given.get("fair-discussed") == "not-yet":
        given["fair-discussed-on"] = None
    return given


@scene
async def answer(
    stage: Stage, answers: Mapping[str, Any] | None = None, *, first: str = LEAH, second: str = OWEN
) -> Card:
    """Both answer the page that waits: one proposes and the other agrees, or each for themselves. What the second
    sees after it."""
    await propose(stage, first, answers or {})
    if (await where(stage)).each_for_themselves:
        return await propose(stage, second, answers or {})
    return await on_card(stage, second, await page(stage, second), "Agree")


async def through(stage: Stage, answers: Mapping[str, Any] | None = None, *, until: str = "") -> Card:
    """Answer page after page, until the run comes to an end, waits, or has the page that asks `until`."""
    card = await page(stage, LEAH)
    takes = (LEAH, OWEN)
    while (await run_of(stage)).state == fair_runs.OPEN and (asked := (await where(stage)).page):
        if until in asked.asks():
            break
        own = {key: answers[key] for key in asked.asks() if key in answers} if answers else {}
        card = await answer(stage, own, first=takes[0], second=takes[1])
        takes = takes[1], takes[0]
    return card


@scene
async def both_confirm(stage: Stage) -> Card:
    """Both, or one where that is enough: when not both state a ground for a concern."""
    ended = await on_card(stage, LEAH, await page(stage, LEAH), "Confirm")
    if not (await where(stage)).closes_by_itself:
        ended = await on_card(stage, OWEN, await page(stage, OWEN), "Confirm")
    return ended


__all__ = ["LEAH", "TOMASZ"]
