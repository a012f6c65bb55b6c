"""Support for staff: the checks by the person chosen, and what somebody asks for themselves."""

from collections.abc import AsyncIterator

from sqlmodel import select

from cards.chapters.common import AMINA, BRONWEN, CARYS, LEAH, Shown, reported, titled, with_button
from psirf_bot.casework import support as support_
from psirf_bot.store.tables import Case
from stage import Stage, words

DONE = "I have spoken to them"


async def support(stage: Stage) -> AsyncIterator[Shown]:
    await reported(stage, by="quality")
    nobody = titled(stage.channel(), "Somebody is needed to check on a colleague")
    yield Shown("support-nobody", "The quality channel: nobody to check yet", nobody, "channel")
    await reported(stage)
    await stage.tick()
    asked = with_button(stage.private(CARYS), DONE)
    yield Shown("support-check", "Please check on a colleague: after the event", asked)
    form = await stage.presses(CARYS, asked, "Someone else should do this")
    yield Shown("support-form-pass", "Form: somebody else should check", form)
    done = await stage.presses(CARYS, asked, DONE)
    yield Shown("support-thank-you", "Thank you for checking", done)
    form = await stage.presses(CARYS, done, "Note what was offered")
    yield Shown("support-form-offered", "Form: what was offered", form)
    noted = {"offered": ["peer-support", "hr"], "accepted": ["peer-support"], "hr": "yes"}
    yield Shown("support-offered", "What was offered is noted", await stage.presses(CARYS, form, "Save", noted))
    mine = with_button(stage.private(BRONWEN), DONE)
    form = await stage.presses(BRONWEN, mine, "Someone else should do this")
    passed = await stage.presses(BRONWEN, form, "Pass it on", {"reason": "away", "who": None})
    yield Shown("support-passed-on", "Someone else should check", passed)
    await stage.settled()
    yield Shown(
        "support-no-longer-theirs",
        "A check that was passed on",
        titled(stage.private(BRONWEN), "Passed to somebody else"),
    )
    yield Shown(
        "support-list", "What waits for the quality team: whom nobody checks on", await stage.says(LEAH, "overdue")
    )
    stage.later(days=3)
    await stage.tick()
    needed = next(c for c in stage.private(LEAH) if "could not do it" in words(c))
    yield Shown("support-needed", "To the quality team: somebody is needed to check", needed)
    form = await stage.presses(LEAH, needed, "Choose who checks")
    yield Shown("support-form-choose", "Form: choose who checks", form)
    chosen = await stage.presses(LEAH, form, "Ask them", {"who": CARYS})
    yield Shown("support-chosen", "Somebody is chosen to check", chosen)
    stage.later(days=2)
    await stage.tick()
    newer = titled(stage.private(CARYS), "A newer message is below")
    yield Shown("support-newer", "A check of which there is a newer reminder", newer)
    late = next(c for c in stage.private(LEAH) if c.title.startswith("No check on"))
    yield Shown("support-late", "To the quality team: nobody has noted a check yet", late)
    yield Shown("support-record", "The checks on staff in a case", await stage.says(LEAH, "support PSI-2026-0002"))


async def support_in_a_review(stage: Stage) -> AsyncIterator[Shown]:
    await reported(stage)
    await stage.tick()
    await stage.presses(CARYS, with_button(stage.private(CARYS), DONE), DONE)
    await stage.do(lambda work: support_.review_starts(work, work.session.exec(select(Case)).one()))
    await stage.tick()
    yield Shown(
        "support-review-starts", "Please tell them that a review starts", with_button(stage.private(CARYS), DONE)
    )
    stage.later(days=32)
    await stage.tick()
    ongoing = next(c for c in stage.private(CARYS) if "goes on" in c.title)
    yield Shown("support-ongoing", "Please check while the review goes on", ongoing)
    await stage.do(lambda work: support_.review_ended(work, work.session.exec(select(Case)).one()))
    await stage.tick()
    ended = next(c for c in stage.private(CARYS) if "has ended" in c.title)
    yield Shown("support-review-ended", "The review has ended", ended)
    over = next(c for c in stage.private(CARYS) if "no longer needed" in c.title)
    yield Shown("support-no-longer-needed", "A check that is no longer needed", over)


async def support_for_yourself(stage: Stage) -> AsyncIterator[Shown]:
    await reported(stage)
    page = await stage.says(AMINA, "support")
    yield Shown("support-page", "Support for yourself", page)
    form = await stage.presses(AMINA, page, "Please ask somebody to get in touch")
    yield Shown("support-form-ask", "Form: ask for support", form)
    asked = await stage.presses(AMINA, form, "Ask for it", {"how": "peer-support"})
    yield Shown("support-asked", "Support is asked for", asked)
    await stage.tick()
    request = titled(stage.private(LEAH), f"{AMINA} asks for support")
    yield Shown("support-request", "To the quality team: somebody asks for support", request)
    yield Shown("support-taken", "Somebody sees to a request", await stage.presses(LEAH, request, "I will see to it"))
    await stage.settled()
    yield Shown("support-seen", "To whoever asked for support", titled(stage.private(AMINA), "You asked for support"))
    form = await stage.presses(AMINA, page, "Not my line manager here")
    yield Shown("support-form-other", "Form: somebody other than my line manager", form)
    other = await stage.presses(AMINA, form, "Ask for somebody else", {"who": None})
    yield Shown("support-other", "Somebody else is asked for", other)
    form = await stage.presses(LEAH, await stage.says(LEAH, "support"), "Please ask somebody to get in touch")
    nobody = await stage.presses(LEAH, form, "Ask for it", {"how": "quality"})
    yield Shown("support-nobody-to-ask", "Support: nobody but their line manager to ask", nobody)
