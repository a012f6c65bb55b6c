"""Who leads a learning response: the register, the choice, a no; named contacts and the terms of reference."""

from collections.abc import AsyncIterator
from typing import Any

from sqlmodel import select

from cards.chapters.common import FEMI, LEAH, NEAR_MISS, NIAMH, SANDEEP, TOMASZ, Shown, opened, reported
from psirf_bot.cards.model import Card
from psirf_bot.casework import people, response, training
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Case, Person, SupportNeed
from psirf_bot.trust_file import sample_training_text
from stage import Stage
from stage import shown as answered

CALLUM = "Callum Strachan"
LEAD: dict[str, Any] = {"lead": NIAMH, "hours": "6", "time-agreed": ["yes"], "override": None}
WHY = {"override": "The only one who knows syringe drivers. The deputy chief nurse guides them until the second day."}
TERMS = {
    "terms": "How syringe drivers are stored, named and handed over between the teams of the day and of the night.",
    "system": ["people", "tasks", "tools", "organisation"],
    "inequality": "People who live alone have nobody who notices that a driver has stopped.",
    "asked-for": "Why nobody noticed on the first evening.",
    "agreed": "agreed",
    "target": "2027-01-15",
}


async def leads(stage: Stage) -> AsyncIterator[Shown]:
    async def press(name: str, verb: str, given: dict[str, Any] | None = None) -> Card:
        action = await stage.do(lambda work: action_id(work, verb, case=work.session.exec(select(Case)).one()))
        card = answered(await stage.turn(name, Pressed(action, given or {})))
        await stage.settled()
        return card

    def approve(work: Work) -> None:
        chair = work.session.exec(select(Person).where(Person.name == SANDEEP)).one()
        response.decide(work, work.session.exec(select(Case)).one(), "mdt", people.member(work, chair))

    def show(work: Work) -> Card:
        leah = work.session.exec(select(Person).where(Person.name == LEAH)).one()
        return training.show(work, people.member(work, leah))

    def nobody_checks(work: Work) -> None:
        need = work.session.exec(select(SupportNeed).where(SupportNeed.name == TOMASZ)).one()
        need.checker_id = None
        work.session.add(need)

    await stage.do(lambda work: training.bring_in(work, sample_training_text()))
    await reported(stage, **NEAR_MISS | {"involved": "yes", "colleagues": TOMASZ})
    await stage.presses(LEAH, await opened(stage, LEAH), "I have read this")
    yield Shown("training", "The training register", await stage.do(show))
    await stage.do(approve)
    await stage.settled()
    yield Shown("form-response-lead", "Form: who leads the learning response", await press(LEAH, "response.lead"))
    lacks = await press(LEAH, "response.lead", LEAD | {"lead": CALLUM})
    yield Shown("lead-lacks", "Form: a lead whose training is not complete", lacks)
    chosen = await press(LEAH, "response.lead", LEAD | WHY | {"lead": CALLUM})
    yield Shown("lead-overridden", "Learning response: a lead whose training is not complete", chosen)
    yield Shown("form-lead-decline", "Form: you cannot lead this", await press(CALLUM, "response.decline-lead"))
    declined = await press(CALLUM, "response.decline-lead", {"why": "time", "more": None})
    yield Shown("lead-declined", "They cannot lead it", declined)
    yield Shown("lead-needed", "Somebody else is needed to lead", stage.private(LEAH)[-1])
    await press(LEAH, "response.lead", LEAD)
    yield Shown("lead-asked", "Asked to lead a learning response, or to say no", stage.private(NIAMH)[-1])
    await stage.do(nobody_checks)
    yield Shown("named-contact-missing", "It cannot start yet: nobody to turn to", await press(LEAH, "response.start"))
    yield Shown("form-named-contact", "Form: the named contact", await press(NIAMH, "contacts-named.set"))
    named = await press(NIAMH, "contacts-named.set", {"contact": FEMI, "why-not": None})
    yield Shown("named-contact", "The named contact is noted", named)
    told = stage.private(FEMI)[-1]
    yield Shown("named-contact-told", "You are a named contact", told)
    thanks = await stage.presses(FEMI, told, "I cannot do this")
    yield Shown("named-contact-declined", "They cannot be the contact", thanks)
    await stage.settled()
    yield Shown("named-contact-needed", "Somebody else is needed as the contact", stage.private(NIAMH)[-1])
    await press(NIAMH, "contacts-named.set", {"contact": FEMI, "why-not": None})
    yield Shown("form-terms", "Form: the terms of reference", await press(NIAMH, "terms.set"))
    yield Shown("terms-set", "The terms of reference are set", await press(NIAMH, "terms.set", TERMS))
    page = await press(NIAMH, "response.show")
    yield Shown("response-with-terms", "Learning response: with its terms and named contacts", page)
