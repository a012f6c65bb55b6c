"""Stage directions for the learning response: a case that was read, and any of its buttons pressed by anybody."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select
from test_reporting import AMINA, BRONWEN, LEAH
from test_triage import reported

from psirf_bot.cards import adaptive, blockkit, check
from psirf_bot.cards.model import Card
from psirf_bot.casework import (
    learning_responses,
    notifications,
    people,
    response,
    training,
)
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Case, Deadline, LearningResponse, Person
from psirf_bot.trust_file import sample_training_text
from scenes import scene
from stage import Stage, shown

NIAMH, CALLUM, MARGUERITE, HUSSEIN = "Niamh Gallagher", "Callum Strachan", "Marguerite Oduya", "Hussein Al-Tamimi"
SANDEEP, WEI, TOMASZ, CARYS = "Sandeep Bhullar", "Wei Chen", "Tomasz Zielinski", "Carys Penhallow"


def case_in(work: Work) -> Case:
    return work.session.exec(select(Case).where(Case.reference == "PSI-2026-0001")).one()


async def press(stage: Stage, name: str, verb: str, given: Mapping[str, Any] | None = None, **args: str) -> Card:
    """Press what this verb stands for, on the first case; None as an answer is left empty."""
    action = await stage.do(lambda work: action_id(work, verb, case=case_in(work), **args))
    card = shown(await stage.turn(name, Pressed(action, dict(given or {}))))
    if card.title:  # otherwise words beside the card that stays
        fits(card)
    await stage.settled()
    return card


def fits(card: Card) -> None:
    """Every card fits every platform."""
    form = any(card.inputs())
    assert check.slack_problems(blockkit.modal(card) if form else blockkit.message(card)) == [], card.title
    assert check.teams_problems(adaptive.render(card)) == [], card.title


@scene
async def trained(stage: Stage) -> None:
    """The training of the sample trust has been brought in."""
    await stage.do(lambda work: training.bring_in(work, sample_training_text()))


@scene
async def read_case(stage: Stage, **answers: Any) -> None:
    """A near miss that the quality team has read; its reporter was not involved unless the answers say so."""
    await reported(stage, **answers)
    await press(stage, LEAH, "case.read")


@scene
async def decided(stage: Stage, kind: str = "mdt", lead: str = NIAMH, by: str = SANDEEP) -> Card:
    """The chair has approved what the panel decided, and the quality team has chosen who leads."""
    await approved(stage, kind, by)
    await named(stage)
    return await lead_by(stage, lead)


@scene
async def lead_by(stage: Stage, lead: str) -> Card:
    """The quality team chooses who leads."""
    return await press(stage, LEAH, "response.lead", LEAD | {"lead": lead, "override": f"{lead} is free."})


@scene
async def approved(stage: Stage, kind: str = "mdt", by: str = SANDEEP) -> None:
    def approve(work: Work) -> None:
        someone = work.session.exec(select(Person).where(Person.name == by)).one()
        response.decide(work, case_in(work), kind, people.member(work, someone))
        notifications.owed_from_now(work, case_in(work), someone.id)

    await stage.do(approve)
    await stage.settled()


@scene
async def started(stage: Stage, kind: str = "mdt", **answers: Any) -> Card:
    await read_case(stage)
    await decided(stage, kind)
    if kind == "psii":
        await press(stage, MARGUERITE, "response.verify")
    return await press(stage, NIAMH, "response.start", START | answers)


@scene
async def named(stage: Stage) -> None:
    """Everybody affected has somebody to turn to, as far as the quality team has to see to it (B12)."""
    await press(stage, LEAH, "contacts-named.set", {"contact": None, "why-not": "nobody-affected"})


LEAD: dict[str, Any] = {"lead": NIAMH, "hours": "8", "time-agreed": ["yes"], "override": "Nobody else is free."}
START: dict[str, Any] = {"day": "2026-11-20", "agreed": "not-reached", "target": None}
CLOSE: dict[str, Any] = {
    "outcome": "Drivers are stored apart.",
    "response-went": "well",
    "response-words": None,
    "involving-went": "well",
    "involving-words": None,
}
LONGER: dict[str, Any] = {
    "until": "2027-04-20",
    "reason": "partner",
    "statement": "The family knows. The drivers are stored apart meanwhile.",
    "family": "agreed",
    "staff": "attempted",
    "tried-on": "2026-11-20",
    "tried-how": "By telephone with each of the staff, twice.",
    "beyond": None,
}


async def state(stage: Stage) -> str:
    found: str = await stage.do(lambda work: case_in(work).state)
    return found


async def the_response(stage: Stage) -> LearningResponse:
    found: LearningResponse = await stage.do(lambda work: learning_responses.current(work, case_in(work)))
    return found


async def clocks(stage: Stage, *kinds: str) -> dict[str, tuple[str, str]]:
    """The clocks of the case by rule: the day each is due, and its state; the newest of each."""

    def found(work: Work) -> dict[str, tuple[str, str]]:
        theirs = select(Deadline).where(Deadline.case_id == case_in(work).id).order_by(col(Deadline.occurrence))
        return {
            d.rule: (d.due_local[:10], d.state)
            for d in work.session.exec(theirs)
            if d.rule.startswith(kinds or ("response.", "psii.", "panel."))
        }

    shown_: dict[str, tuple[str, str]] = await stage.do(found)
    return shown_


def titles(stage: Stage, name: str) -> list[str]:
    return [card.title for card in stage.private(name)]


__all__ = ["AMINA", "BRONWEN", "LEAH"]
