"""The duty of candour, from what a clinician confirms to the letter."""

from collections.abc import AsyncIterator

from cards.chapters.common import BRONWEN, FIRST, GRACE, TOMASZ, Shown, reported
from psirf_bot.cards.model import Card
from stage import Stage


async def candour(stage: Stage) -> AsyncIterator[Shown]:
    await reported(stage)

    async def card() -> Card:
        return await stage.says(GRACE, f"candour {FIRST}")

    yield Shown("candour-new", "Duty of candour: nothing is confirmed yet", await card())
    form = await stage.presses(GRACE, await card(), "Confirm whether it applies")
    yield Shown("candour-form-confirm", "Form: does the duty of candour apply", form)
    done = await stage.presses(GRACE, form, "Confirm", {"ground": "moderate", "opinion": GRACE})
    yield Shown("candour-applies", "Duty of candour: it applies", done)
    done = await stage.presses(GRACE, await card(), "They cannot be reached")
    yield Shown("candour-unreachable", "Duty of candour: the person cannot be reached", done)
    form = await stage.presses(GRACE, await card(), "Record an attempt")
    yield Shown("candour-form-attempt", "Form: an attempt to reach them", form)
    tried = {"tried-on": "2026-11-20", "tried-by": GRACE, "way": "phone", "outcome": "will-ring"}
    await stage.presses(GRACE, form, "Record it", tried)
    form = await stage.presses(GRACE, await card(), "They declined, or attempts end")
    yield Shown("candour-form-declined", "Form: they declined, or attempts end", form)
    ended = {"ended-on": "2026-11-20", "ending": "tried", "reason": "Rang 01632 960123 four times."}
    held = await stage.presses(GRACE, form, "Record it", ended)
    yield Shown("candour-form-held-back", "Form: an identifier in why attempts end", held)
    done = await stage.presses(GRACE, form, "Record it", ended | {"reason": None, "ending": "declined"})
    yield Shown("candour-declined", "Duty of candour: they declined", done)
    form = await stage.presses(GRACE, await card(), "Somebody has spoken with them")
    yield Shown("candour-form-told", "Form: they were spoken to", form)
    told = {"told-on": "2026-11-20", "told-by": BRONWEN, "how": "phone", "whom": "themselves", "apology": "yes"}
    told |= {"support": ["contact"], "enquiries": ["none"]}
    done = await stage.presses(GRACE, form, "Record it", told)
    yield Shown("candour-still-to-do", "Duty of candour: recorded, and what is still to do", done)
    form = await stage.presses(GRACE, await card(), "Somebody has spoken with them")
    await stage.presses(GRACE, form, "Record it", told | {"how": "in-person", "enquiries": ["review"]})
    form = await stage.presses(GRACE, await card(), "The letter is sent")
    yield Shown("candour-form-letter", "Form: the written follow-up", form)
    letter = {"sent-on": "2026-11-20", "sent-by": GRACE, "holds": ["facts", "enquiries", "results", "apology"]}
    done = await stage.presses(GRACE, form, "Record it", letter)
    yield Shown("candour-done", "Duty of candour: told, and written", done)
    yield Shown(
        "candour-as-lead", "Duty of candour, as a service lead sees it", await stage.says(BRONWEN, f"candour {FIRST}")
    )
    yield Shown("candour-refused", "Duty of candour: not for this person", await stage.says(TOMASZ, f"candour {FIRST}"))
    form = await stage.presses(GRACE, await card(), "Change what was confirmed")
    done = await stage.presses(GRACE, form, "Confirm", {"ground": "below", "opinion": GRACE})
    yield Shown("candour-does-not-apply", "Duty of candour: it does not apply", done)
    await reported(stage, relative="yes")
    close = await stage.says(GRACE, "candour PSI-2026-0002")
    yield Shown("candour-kept-close", "Duty of candour of a report that is kept close", close)
