"""Reporting, from help to the receipt, and what is answered when somebody is in danger."""

from collections.abc import AsyncIterator

from cards.chapters.common import (
    AMINA,
    BRONWEN,
    IDENTIFIER,
    LEAH,
    NEAR_MISS,
    ROSALIND,
    WEI,
    Shown,
    go_on,
    own_page,
    reported,
    to_the_end,
)
from psirf_bot.casework.inbound import Added, Chosen, Pressed
from stage import Stage, shown


async def help_(stage: Stage) -> AsyncIterator[Shown]:
    yield Shown("help-staff", "Help, for staff", await stage.says(AMINA, "help"))
    yield Shown("help-quality", "Help, for the quality team", await stage.says(LEAH, "help"))
    quality = await stage.says(LEAH, "help")
    yield Shown("form-find", "Form: find a case", await stage.presses(LEAH, quality, "Find a case"))
    yield Shown("form-datix-which", "Form: which Datix number", await stage.presses(LEAH, quality, "Open from Datix"))
    yield Shown("help-admin", "Help, for an administrator", await stage.says(WEI, "help"))
    yield Shown("help-not-understood", "Words that were not understood", await stage.says(AMINA, "lovely weather"))
    yield Shown("people-to-ring", "People to ring, for words of distress", await stage.says(AMINA, "I can't go on"))
    yield Shown("refusal", "Not for this person", await stage.says(AMINA, "find podiatry"))
    old = shown(await stage.turn(AMINA, Pressed("an-older-button")))
    yield Shown("refusal-old-button", "A button of an older message", old)
    yield Shown("nothing-to-cancel", "Nothing to cancel", await stage.says(AMINA, "cancel"))


async def home(stage: Stage) -> AsyncIterator[Shown]:
    yield Shown("home-new", "A person's own page: nothing yet", await own_page(stage, AMINA), "home")
    await reported(stage)
    yield Shown("home-quality", "A person's own page: the quality team", await own_page(stage, LEAH), "home")
    yield Shown("home-lead", "A person's own page: a service lead", await own_page(stage, BRONWEN), "home")
    await stage.turn(WEI, Added(), channel="ward", inline=False)
    await stage.settled()
    yield Shown("welcome", "The bot was added to a channel", stage.channel("ward")[0], "channel")


async def report(stage: Stage) -> AsyncIterator[Shown]:
    card = await stage.says(AMINA, "report")
    yield Shown("report-what-happened", "Report: what happened", card)
    wrong = await go_on(stage, card, IDENTIFIER | {"when": {"date": "2026-11-21", "time": None}, "service": None})
    yield Shown("report-held-back", "Report: an identifier held back, and two answers to check", wrong)
    card = await go_on(stage, card)
    yield Shown("report-who-was-affected", "Report: who was affected", card)
    card = await go_on(stage, card)
    yield Shown("report-harm", "Report: harm to the patient", card)
    card = await go_on(stage, card)
    yield Shown("report-a-little-more", "Report: a little more, which may be left out", card)
    card = await go_on(stage, card)
    yield Shown("report-being-open", "Report: being open with the patient", card)
    card = await go_on(stage, await go_on(stage, card))
    yield Shown("report-support", "Report: support for a colleague", card)
    other = await go_on(stage, card, {"by": "someone-else"})
    yield Shown("report-support-someone-else", "Report: support by somebody else", other)
    card = await stage.presses(AMINA, other, "Back", {})
    card = await go_on(stage, card)
    yield Shown("report-check", "Report: check your answers", card)
    stage.later(hours=5)
    yield Shown("report-unfinished", "Report: left unfinished", await stage.says(AMINA, "report"))
    receipt = await stage.presses(AMINA, card, "Send the report")
    yield Shown("report-receipt", "Report: the receipt", receipt)
    yield Shown("report-sent-twice", "Report: sent twice", await stage.presses(AMINA, card, "Send the report"))


async def other_reports(stage: Stage) -> AsyncIterator[Shown]:
    await to_the_end(stage, **NEAR_MISS)
    cancelled = await stage.says(AMINA, "cancel")
    yield Shown("report-cancelled", "Report: cancelled", cancelled)
    await stage.says(AMINA, "report")
    yield Shown("report-typed", "Report: typed, one question at a time", await stage.says(AMINA, "no"))
    await stage.says(AMINA, "near miss")
    held_back = await stage.says(AMINA, IDENTIFIER["what-happened"])
    yield Shown("report-typed-held-back", "Report: an identifier typed as an answer", held_back)
    await stage.says(AMINA, "cancel")
    good = await to_the_end(stage, **(NEAR_MISS | {"event-type": "good-care", "confidential": "yes"}))
    receipt = await stage.presses(AMINA, good, "Send the report")
    yield Shown("report-receipt-good-care", "The receipt for good care, with the name kept back", receipt)


async def from_a_message(stage: Stage) -> AsyncIterator[Shown]:
    message = Chosen("We set up the wrong syringe driver this morning, and saw it in time.")
    card = shown(await stage.turn(AMINA, message))
    yield Shown("report-from-message", "Report: begun from a message", card)
    await go_on(stage, card)
    again = shown(await stage.turn(AMINA, message))
    yield Shown("report-from-message-unfinished", "Report: another one is unfinished", again)


async def danger(stage: Stage) -> AsyncIterator[Shown]:
    first = await stage.says(AMINA, "report")
    card = await go_on(stage, first, {"danger": "yes"})
    yield Shown("danger-told", "Danger: what the reporter is told", card)
    await stage.settled()
    yield Shown("danger-channel", "Danger: in the quality channel", stage.channel()[0], "channel")
    page = stage.private(ROSALIND)[0]
    yield Shown("danger-executive", "Danger: to the executive on call", page)
    seen = await stage.presses(ROSALIND, page, "I have seen this and will act")
    yield Shown("danger-thank-you", "Danger: the executive has seen it", seen)
    await stage.settled()
    yield Shown("danger-seen", "Danger: the page, once it has been seen", stage.private(ROSALIND)[0])
    await go_on(stage, first)
    await stage.settled()
    yield Shown("danger-over", "Danger: the reporter says that it is over", stage.private(ROSALIND)[-1])
