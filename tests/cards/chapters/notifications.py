"""A PSII and those outside: who is told, partners, the draft approved, the final report sent, and the closing words."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlmodel import select

from cards.chapters.common import FIRST, LEAH, MARGUERITE, NEAR_MISS, NIAMH, Shown, opened, reported
from psirf_bot.cards.model import Card
from psirf_bot.casework import final_report, learning_responses, people, response
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Case, Person
from scenes import scene
from stage import Stage, shown

SANDEEP = "Sandeep Bhullar"
TOLD = {"body": ["lfpse", "ics"], "day": "2026-11-20", "why": None}
NOT_NEEDED = {"body": "cqc", "day": None, "why": "The trust that leads tells them for all of us."}
AGREED = {
    "lead-organisation": "ours",
    "lead-name": None,
    "lead-why": "Most of the care was ours, and we have the people for it.",
    "invited": "Lowmere Hospitals: came, agrees.\nLowmere Ambulance: could not come.",
    "agreed-times": "Finished by the end of January. We meet every second Tuesday.",
    "contribution": None,
    "nhse-help": "not-needed",
    "cqc-help": "not-yet",
    "ics-contact": None,
}
LEAD = {"lead": NIAMH, "hours": "8", "time-agreed": "yes", "override": "Her second course is next week."}
START = {"day": "2026-11-20", "agreed": "not-reached", "target": None}
SENT = {"day": "2026-11-20", "to": ["ics", "nhse", "family"]}
CLOSED = {
    "outcome": "Drivers are stored apart, each with its own label.",
    "response-went": "well",
    "response-words": None,
    "involving-went": "partly",
    "involving-words": "Ring the family earlier.",
}


def case_in(work: Work) -> Case:
    return work.session.exec(select(Case).where(Case.reference == FIRST)).one()


async def press(stage: Stage, name: str, verb: str, given: Mapping[str, Any] | None = None, **args: str) -> Card:
    """What stands behind a button of the first case, whoever shows it."""
    action = await stage.do(lambda work: action_id(work, verb, case=case_in(work), **args))
    card = shown(await stage.turn(name, Pressed(action, dict(given or {}))))
    await stage.settled()
    return card


@scene
async def decided(stage: Stage, kind: str) -> None:
    """A near miss for which the chair has approved a learning response."""

    def approve(work: Work) -> None:
        chair = work.session.exec(select(Person).where(Person.name == SANDEEP)).one()
        response.decide(work, case_in(work), kind, people.member(work, chair))

    await reported(stage, **NEAR_MISS | {"other-bodies": ["mhra"]})
    await stage.presses(LEAH, await opened(stage, LEAH), "I have read this")
    await stage.do(approve)
    await stage.settled()


@scene
async def under_way(stage: Stage) -> None:
    """A PSII that was verified, has a lead and has started."""
    await press(stage, MARGUERITE, "response.verify")
    await press(stage, LEAH, "response.lead", LEAD)
    await press(stage, LEAH, "contacts-named.set", {"contact": None, "why-not": "not-wanted"})
    await press(stage, NIAMH, "response.start", START)


@scene
async def ended(stage: Stage) -> None:
    """It has ended, and its final report is owed."""
    await press(stage, NIAMH, "response.end", {"day": "2026-11-20", "missing": "The hospital's own review."})

    def owe(work: Work) -> None:
        case, lead = case_in(work), work.session.exec(select(Person).where(Person.name == NIAMH)).one()
        found = learning_responses.current(work, case)
        if found:
            final_report.ended(work, case, found, people.member(work, lead))

    await stage.do(owe)
    await stage.settled()


async def notifications(stage: Stage) -> AsyncIterator[Shown]:
    await decided(stage, "psii")
    yield Shown("notifications", "Notifications: what is still to do", await press(stage, LEAH, "notifications.show"))
    yield Shown("form-notifications", "Form: who was told", await press(stage, LEAH, "notifications.record"))
    await press(stage, LEAH, "notifications.record", TOLD)
    noted = await press(stage, LEAH, "notifications.record", NOT_NEEDED)
    yield Shown("notifications-noted", "Notifications: some are noted", noted)
    await under_way(stage)
    yield Shown("partners-none", "With other organisations: nothing yet", await press(stage, NIAMH, "partners.show"))
    yield Shown("form-partners", "Form: with other organisations", await press(stage, NIAMH, "partners.record"))
    agreed = await press(stage, NIAMH, "partners.record", AGREED)
    yield Shown("partners", "With other organisations: what is agreed", agreed)
    await ended(stage)
    yield Shown("report-asked", "A draft waits to be approved", stage.private(MARGUERITE)[-1])
    yield Shown("report-too-early", "A report cannot leave yet", await press(stage, LEAH, "report.final-sent"))
    yield Shown("form-report-approve", "Form: approve the draft", await press(stage, MARGUERITE, "report.approve"))
    await press(stage, MARGUERITE, "report.approve", {"approved": ["draft", "learning"]})
    yield Shown("report-approved", "To the lead: the draft is approved", stage.private(NIAMH)[-1])
    refused = await press(stage, LEAH, "case.close")
    yield Shown("close-too-early", "A PSII is closed once its report was sent", refused)
    yield Shown("form-report-sent", "Form: the final report was sent", await press(stage, LEAH, "report.final-sent"))
    await press(stage, LEAH, "report.final-sent", SENT)
    yield Shown("report-sent", "To the lead: the final report was sent", stage.private(NIAMH)[-1])
    await press(stage, LEAH, "response.report-sent", {"day": "2026-11-20"})
    form = await press(stage, LEAH, "case.close")
    yield Shown("form-close-evaluation", "Form: close the case, and how well it went", form)
    closed = await press(stage, LEAH, "case.close", CLOSED)
    yield Shown("case-closed-evaluated", "Closed after a learning response", closed)
