"""Being fair: the way in, starting, and the invitation of a colleague."""

from collections.abc import AsyncIterator
from typing import Any

from responses import approved
from sqlmodel import select

from cards.chapters.common import AMINA, FIRST, LEAH, NEAR_MISS, SANDEEP, TOMASZ, Shown, opened, reported, titled
from psirf_bot.cards.model import Card
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import FairRun, Identity, Person
from stage import Stage, address_of

OWEN, JUDITH, IMOGEN = "Owen Tregarth", "Judith Cornwell", "Imogen Farrow"
GIVEN: dict[str, Any] = {
    "concern": "The response asks why the check of the syringe driver was left out on three evenings.",
    "subject": TOMASZ,
    "colleague": OWEN,
}


async def being_fair_start(stage: Stage) -> AsyncIterator[Shown]:
    async def page(name: str) -> Card:
        """The run as its button opens it for one of the two."""
        way_in = await stage.says(name, f"fair {FIRST}")
        label = next(button.label for button in way_in.all_buttons() if button.label.startswith("Open BF-"))
        return await stage.presses(name, way_in, label)

    await reported(stage, **NEAR_MISS | {"colleagues": None})
    await stage.presses(LEAH, await opened(stage, LEAH), "I have read this")
    await approved(stage)
    await stage.do(_another_of_the_workforce_team)
    yield Shown("fair-refused", "Being fair: the one refusal", await stage.says(AMINA, f"fair {FIRST}"))
    way_in = await stage.says(LEAH, f"fair {FIRST}")
    yield Shown("fair-way-in", "Being fair: how it is started", way_in)
    form = await stage.presses(LEAH, way_in, "Start")
    yield Shown("form-fair-start", "Form: start the being fair tool", form)
    part = await stage.presses(LEAH, form, "Start and invite", GIVEN | {"subject": "Tomasz"})
    yield Shown("form-fair-start-part", "Form: a part of a listed name", part)
    wrong = await stage.presses(LEAH, form, "Start and invite", GIVEN | {"colleague": SANDEEP})
    yield Shown("form-fair-start-wrong-team", "Form: a colleague of the same team", wrong)
    begun = await stage.presses(LEAH, form, "Start and invite", GIVEN)
    await stage.settled()
    yield Shown("fair-begun", "Being fair: it waits for the colleague", begun)
    again = await stage.presses(LEAH, form, "Start and invite", GIVEN)
    yield Shown("fair-begun-already", "Being fair: it has been started", again)
    asked = titled(stage.private(OWEN), "A private task")
    yield Shown("fair-private-task", "A private task", asked)
    yield Shown("fair-invited", "Being fair: an invitation", await stage.presses(OWEN, asked, "Open it"))
    yield Shown("fair-waiting", "Being fair: whoever invited waits", await page(LEAH))
    declined = await stage.presses(OWEN, await page(OWEN), "I cannot take part")
    yield Shown("fair-declined", "Being fair: somebody cannot take part", declined)
    yield Shown("fair-needs-colleague", "Being fair: another colleague is needed", await page(LEAH))
    form = await stage.presses(LEAH, await page(LEAH), "Ask another colleague")
    yield Shown("form-fair-replace", "Form: ask another colleague", form)
    asked_another = await stage.presses(LEAH, form, "Invite them", {"colleague": IMOGEN})
    yield Shown("fair-asked-another", "Being fair: another colleague is asked", asked_another)
    invitation = await page(IMOGEN)
    yield Shown("fair-both-joined", "Being fair: both have joined", await stage.presses(IMOGEN, invitation, "Join"))
    yield Shown("fair-moved-on", "Being fair: joined already", await stage.presses(IMOGEN, invitation, "Join"))
    yield Shown("fair-mine", "Being fair: what somebody takes part in", await stage.says(LEAH, "fair"))
    yield Shown("fair-overseer", "Being fair: the way in of an overseer", await stage.says(JUDITH, "fair"))
    form = await stage.presses(SANDEEP, await stage.says(SANDEEP, f"fair {FIRST}"), "Start")
    cannot = await stage.presses(SANDEEP, form, "Start and invite", GIVEN)
    yield Shown("form-fair-start-cannot", "Form: it cannot be started with these people", cannot)
    await stage.presses(SANDEEP, form, "Start and invite", GIVEN | {"subject": "Jo Ferris (agency)"})
    taken_back = await stage.presses(SANDEEP, await page(SANDEEP), "Take it back")
    yield Shown("fair-taken-back", "Being fair: taken back", taken_back)
    await stage.do(_gone)
    record = await page(JUDITH)
    yield Shown("fair-record-gone", "Being fair: nobody is left to take part", record)
    form = await stage.presses(JUDITH, record, "Ask somebody of the patient safety team")
    yield Shown("form-fair-replace-overseer", "Form: an overseer asks another colleague", form)
    given = {"colleague": SANDEEP, "reason": "Both have moved to another trust."}
    await stage.presses(JUDITH, form, "Invite them", given)
    yield Shown("fair-invited-overseer", "Being fair: an invitation by an overseer", await page(SANDEEP))
    await stage.do(_back)
    ended = await stage.presses(IMOGEN, await stage.says(IMOGEN, f"fair {FIRST}"), "Start")
    ended = await stage.presses(IMOGEN, ended, "Start and invite", GIVEN | {"colleague": SANDEEP})
    yield Shown("fair-ended-already", "Being fair: it has been used before", ended)


def _gone(work: Work) -> None:
    """The two who use it leave the trust."""
    for name in (LEAH, IMOGEN):
        someone = work.session.exec(select(Person).where(Person.name == name)).one()
        someone.active = False
        work.session.add(someone)


def _back(work: Work) -> None:
    """One of them comes back, when the run has ended."""
    someone = work.session.exec(select(Person).where(Person.name == IMOGEN)).one()
    run = work.session.exec(select(FairRun).where(FairRun.state == "invited")).one()
    someone.active, run.state, run.joined = True, "ended", [someone.id]
    work.session.add_all([someone, run])


def _another_of_the_workforce_team(work: Work) -> None:
    someone = Person(id=work.new_id(), name=IMOGEN, roles=["staff", "workforce"])
    address = address_of(IMOGEN)
    identity = Identity(platform="web", team="demo", user=address, person_id=someone.id, address={"user": address})
    work.session.add_all([someone, identity])
