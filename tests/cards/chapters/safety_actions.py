"""Safety actions, Patient Safety Alerts, and the hours that people work."""

from collections.abc import AsyncIterator

from cards.chapters.common import FEMI, LEAH, ROSALIND, Shown
from stage import Stage

ACTION = {
    "what-is-done": "One chart for insulin, on the tablet only.",
    "measure": "Paper charts found in cars, counted each month; we hope for none.",
    "action-owner": FEMI,
    "service": "Community Nursing",
    "action-due": "2026-12-21",
    "inequality": "Nothing found, because every household gets the same chart.",
}
ALERT = {
    "alert-number": "NatPSA/2026/014/MHRA",
    "alert-title": "Insulin leakage from pen needles",
    "alert-due": "2026-12-18",
}


async def actions(stage: Stage) -> AsyncIterator[Shown]:
    form = await stage.says(LEAH, "action")
    yield Shown("form-action-new", "Form: agree a safety action", form)
    saved = await stage.presses(LEAH, form, "Save", ACTION)
    yield Shown("action-saved", "A safety action, saved, for the quality team", saved)
    await stage.settled()
    told = stage.private(FEMI)[-1]
    yield Shown("action-yours", "A safety action, told to its owner", told)
    hand = await stage.presses(FEMI, told, "This is not for me")
    yield Shown("form-action-hand", "Form: this is not for me", hand)
    yield Shown("form-action-done", "Form: it is done", await stage.presses(FEMI, told, "It is done"))
    drop = await stage.presses(LEAH, saved, "No longer needed")
    yield Shown("form-action-drop", "Form: a safety action is no longer needed", drop)
    yield Shown("actions", "The list of safety actions, for the quality team", await stage.says(LEAH, "actions"))
    done = await stage.presses(FEMI, told, "It is done", {"what-was-done": "Paper charts were taken out."})
    yield Shown("action-done", "A safety action that is done", done)
    review = await stage.presses(FEMI, done, "Review it")
    yield Shown("form-action-review", "Form: review a safety action", review)
    given = {"still-relevant": "yes", "measure-shows": "no", "review-note": "Six were found in May."}
    reviewed = await stage.presses(FEMI, done, "Review it", given)
    yield Shown("action-reviewed", "A safety action that was reviewed", reviewed)
    await stage.settled()
    yield Shown("action-may-change", "A safety action that may need to change", stage.channel()[-1], "channel")


async def alerts(stage: Stage) -> AsyncIterator[Shown]:
    form = await stage.says(LEAH, "alert")
    yield Shown("form-alert-new", "Form: a Patient Safety Alert has come in", form)
    yield Shown("alert-saved", "A Patient Safety Alert, saved", await stage.presses(LEAH, form, "Save", ALERT))
    await stage.settled()
    asked = stage.private(ROSALIND)[-1]
    yield Shown("alert-name-lead", "An executive is asked to name a clinical lead", asked)
    lead = await stage.presses(ROSALIND, asked, "Name the clinical lead")
    yield Shown("form-alert-lead", "Form: name the clinical lead", lead)
    await stage.presses(ROSALIND, asked, "Name the clinical lead", {"alert-lead": FEMI})
    await stage.settled()
    told = stage.private(FEMI)[-1]
    yield Shown("alert-lead", "The clinical lead of an alert is told", told)
    report = await stage.presses(FEMI, told, "Report them complete")
    yield Shown("form-alert-report", "Form: the alert's actions are complete", report)
    evidence = {"evidence": "All needles were swapped; the count is in the alerts folder."}
    await stage.presses(FEMI, told, "Report them complete", evidence)
    await stage.settled()
    asked = stage.private(ROSALIND)[-1]
    yield Shown("alert-authorise", "An executive is asked to authorise", asked)
    yield Shown("form-alert-back", "Form: send the alert back", await stage.presses(ROSALIND, asked, "Send it back"))
    yield Shown("alerts", "The list of open alerts", await stage.says(LEAH, "alerts"))
    done = await stage.presses(ROSALIND, asked, "Authorise as complete")
    yield Shown("alert-authorised", "An alert whose actions are authorised", done)
    await stage.settled()
    yield Shown("alert-complete", "The lead hears that an alert is complete", stage.private(FEMI)[-1])
