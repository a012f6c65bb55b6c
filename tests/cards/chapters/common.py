"""What every chapter begins with: the people, a report with its answers, and a card that is shown."""

from dataclasses import dataclass
from typing import Any, Literal

from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Opened
from scenes import scene
from stage import Stage

AMINA, TOMASZ = "Amina Yusuf", "Tomasz Zielinski"
BRONWEN, CARYS = "Bronwen Hale", "Carys Penhallow"
LEAH, SANDEEP, WEI, ROSALIND = "Leah Rosenfeld", "Sandeep Bhullar", "Wei Chen", "Rosalind Achebe"
GRACE, NIAMH, MARGUERITE, FEMI = "Grace Mbeki-Ward", "Niamh Gallagher", "Marguerite Oduya", "Femi Adeyemi"
FIRST = "PSI-2026-0001"

ANSWERS: dict[str, Any] = {
    "danger": "no",
    "event-type": "incident",
    "what-happened": "The evening insulin was given twice. The first nurse had written it on the paper chart in the "
    "car; the second looked at the tablet, which had no signal. Blood sugar was low for an hour and then came back.",
    "when": {"date": "2026-11-20", "time": "09:30"},
    "service": "Community Nursing",
    "place": "At a patient's home",
    "affected": ["patient"],
    "affected-described": "An older adult having care at home",
    "physical-harm": "low",
    "psychological-harm": "none",
    "could-have-led": "yes",
    "made-harder": "Two charts, and no signal in that valley.",
    "done-straight-away": "Sugar was given and checked every ten minutes. The GP was rung.",
    "involved": "yes",
    "colleagues": TOMASZ,
    "clinical-record": "not-yet",
    "candour": "not-known",
    "by": "line-manager",
}
NEAR_MISS = {
    "event-type": "near-miss",
    "what-happened": "The wrong syringe driver was set up, and noticed before use.",
    "involved": None,
    "colleagues": None,
}
IDENTIFIER = {"what-happened": "The evening insulin of 943 476 5919 was given twice."}


@dataclass(frozen=True, slots=True)
class Shown:
    """A card as people see it: a name for its picture, a heading, and where it is shown."""

    slug: str
    title: str
    card: Card
    place: Literal["private", "channel", "home"] = "private"


async def go_on(stage: Stage, card: Card, change: dict[str, Any] | None = None) -> Card:
    """Answer this page as usual, but for the answers given here, and go on."""
    answers = ANSWERS | (change or {})
    given = {i.id: answers.get(i.id.rpartition("/")[2]) for i in card.inputs()}
    return await stage.presses(AMINA, card, "Next", given)


async def to_the_end(stage: Stage, **change: Any) -> Card:
    """Amina Yusuf's report up to check your answers."""
    card = await stage.says(AMINA, "report")
    while "Next" in [button.label for button in card.all_buttons()]:
        card = await go_on(stage, card, change)
    return card


@scene
async def reported(stage: Stage, **change: Any) -> None:
    await stage.presses(AMINA, await to_the_end(stage, **change), "Send the report")
    await stage.settled()


async def opened(stage: Stage, name: str, reference: str = FIRST) -> Card:
    return await stage.says(name, f"case {reference}")


async def own_page(stage: Stage, name: str) -> Card:
    await stage.turn(name, Opened({"user": f"the page of {name}"}))
    await stage.settled()
    return stage.channel(f"the page of {name}")[-1]


def titled(cards: list[Card], title: str) -> Card:
    return next(card for card in cards if card.title == title)


def with_button(cards: list[Card], label: str) -> Card:
    """The newest card that offers this."""
    return next(card for card in reversed(cards) if label in [button.label for button in card.all_buttons()])
