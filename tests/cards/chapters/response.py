"""The learning response: what the panel decides, who leads it, its clocks, and contact with those affected."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from decisions import decided_by_a_panel
from responses import LEAD, approved
from sqlmodel import select

from cards.chapters.common import LEAH, MARGUERITE, NEAR_MISS, NIAMH, TOMASZ, Shown, opened, reported, titled
from psirf_bot.cards.model import Card
from psirf_bot.store.tables import SupportNeed
from stage import Stage

START = {"day": "2026-11-20", "agreed": "not-reached", "target": None}
LONGER = {
    "until": "2027-04-20",
    "reason": "partner",
    "statement": "The family knows. The drivers are stored apart meanwhile.",
    "family": "agreed",
    "staff": "attempted",
    "tried-on": "2026-11-20",
    "tried-how": "By telephone with each of the staff, twice.",
    "beyond": None,
}
CONTACT = {"whom": "service-user", "next": "2026-11-27", "every": "two-weeks", "avoid": "24 December to 2 January"}
PAUSE = {"reason": "coroner", "review": "2026-12-11"}
ENDED = {"day": "2026-11-20", "missing": "The hospital's own review."}


async def verification(stage: Stage) -> AsyncIterator[Shown]:
    """What the Chief Nurse signs, and who comes second."""
    await decided_by_a_panel(stage)
    asked = titled(stage.private(MARGUERITE), "A PSII waits for you to verify it")
    yield Shown("response-verify", "A PSII waits to be verified", asked)
    page = await stage.presses(MARGUERITE, asked, "Open the learning response")
    yield Shown("response-to-verify", "Learning response: what the Chief Nurse signs", page)
    await stage.presses(MARGUERITE, asked, "Verify it")
    late = await stage.presses(MARGUERITE, asked, "Send it back")
    yield Shown("response-verified-already", "Somebody has verified it already", late)


async def verification_kept_close(stage: Stage) -> AsyncIterator[Shown]:
    await decided_by_a_panel(stage, restricted=True)
    asked = titled(stage.private(MARGUERITE), "A PSII waits for you to verify it")
    yield Shown("response-verify-kept-close", "A PSII waits to be verified: a case that is kept close", asked)


async def response(stage: Stage) -> AsyncIterator[Shown]:
    async def page(name: str) -> Card:
        return await stage.presses(name, await opened(stage, name), "Learning response")

    async def press(name: str, label: str, given: Mapping[str, Any] | None = None) -> Card:
        """Press a button of the page as it is by then."""
        card = await stage.presses(name, await page(name), label, given)
        await stage.settled()
        return card

    await reported(stage, **NEAR_MISS | {"colleagues": TOMASZ})
    await stage.presses(LEAH, await opened(stage, LEAH), "I have read this")
    await approved(stage, "psii")
    await press(LEAH, "Choose the lead", LEAD)
    waits = await page(LEAH)
    yield Shown("response-waits", "Learning response: a PSII waits to be verified", waits)
    yield Shown("response-asked", "Asked to lead a learning response", stage.private(NIAMH)[-1])
    yield Shown("form-response-back", "Form: send it back to the panel", await press(MARGUERITE, "Send it back"))
    yield Shown("response-verified", "Learning response: verified", await press(MARGUERITE, "Verify the PSII"))
    await press(LEAH, "The named contact", {"contact": None, "why-not": "nobody-affected"})
    yield Shown("form-response-start", "Form: start the learning response", await press(NIAMH, "Start it"))
    await press(NIAMH, "Start it", START)
    sent = await press(NIAMH, "The initial report was sent")
    yield Shown("form-response-report", "Form: the initial report was sent", sent)
    yield Shown("form-contact-agree", "Form: agree contact", await press(NIAMH, "Agree contact"))
    yield Shown("contact-agreed", "Contact is agreed", await press(NIAMH, "Agree contact", CONTACT))
    talk = await press(NIAMH, "What to talk about")
    yield Shown("contact-talk", "What to talk about with the patient or family", talk)
    yield Shown("form-contact-made", "Form: contact was made", await press(NIAMH, "We were in touch"))
    yield Shown("form-contact-move", "Form: change contact", await press(NIAMH, "Change it"))
    need = await stage.do(lambda work: work.session.exec(select(SupportNeed.id)).first())
    waits = await press(NIAMH, "Agree contact", CONTACT | {"whom": need})
    yield Shown("contact-waits", "Contact with staff is agreed, and waits", waits)
    talk = await stage.presses(NIAMH, waits, "What to talk about")
    yield Shown("contact-talk-staff", "What to talk about with a member of staff", talk)
    yield Shown("form-response-extend", "Form: agree a longer time", await press(NIAMH, "Agree a longer time"))
    longer = await press(NIAMH, "Agree a longer time", LONGER)
    yield Shown("response-under-way", "Learning response: under way, longer, with contact", longer)
    yield Shown("form-case-pause", "Form: pause the learning response", await press(NIAMH, "Pause it"))
    yield Shown("response-paused", "Learning response: paused", await press(NIAMH, "Pause it", PAUSE))
    await press(NIAMH, "Go on again")
    yield Shown("form-response-end", "Form: the learning response has ended", await press(NIAMH, "It has ended"))
    yield Shown("response-ended", "Learning response: ended", await press(NIAMH, "It has ended", ENDED))
    yield Shown("contact-ended", "Contact has ended", await press(NIAMH, "Contact has ended"))
