"""A case, from its first reader to its end, and the lists in which it is found."""

from collections.abc import AsyncIterator

from cards.chapters.common import (
    AMINA,
    BRONWEN,
    FIRST,
    LEAH,
    NEAR_MISS,
    SANDEEP,
    TOMASZ,
    Shown,
    opened,
    reported,
    titled,
    with_button,
)
from stage import Stage


async def case(stage: Stage) -> AsyncIterator[Shown]:
    await reported(stage)
    yield Shown("quality-new", "The quality channel: a new report", stage.channel()[0], "channel")
    yield Shown("case-reporter", "A case, as its reporter sees it", await opened(stage, AMINA))
    yield Shown("case-lead", "A case, as a service lead sees it", await opened(stage, BRONWEN))
    yield Shown("case-quality-new", "A new case, as the quality team sees it", await opened(stage, LEAH))
    await stage.presses(LEAH, stage.channel()[0], "I have read this", channel="quality")
    await stage.settled()
    yield Shown("quality-read", "The quality channel: read", stage.channel()[0], "channel")
    yield Shown("news-read", "To the reporter: it has been read", stage.private(AMINA)[-1])
    form = await stage.presses(SANDEEP, await opened(stage, SANDEEP), "Enter the Datix number")
    yield Shown("form-datix-number", "Form: the Datix number", form)
    saved = await stage.presses(SANDEEP, form, "Save the number", {"datix-number": "W12345"})
    yield Shown("datix-number-saved", "The Datix number is saved", saved)
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Add to it")
    yield Shown("form-add", "Form: add to the report", form)
    held = await stage.presses(AMINA, form, "Add this", {"addition": "I rang 01632 960123 as well."})
    yield Shown("form-add-held-back", "Form: an identifier held back", held)
    await stage.presses(AMINA, form, "Add this", {"addition": "The tablet has signal by the window."})
    await stage.settled()
    yield Shown("news-added", "To the owner: the report was added to", stage.private(LEAH)[-1])
    form = await stage.presses(LEAH, await opened(stage, LEAH), "Set the owner")
    yield Shown("form-owner", "Form: the owner", form)
    await stage.presses(LEAH, form, "Make them the owner", {"owner": SANDEEP})
    await stage.settled()
    yield Shown("news-owner", "To a new owner", stage.private(SANDEEP)[-1])
    form = await stage.presses(LEAH, await opened(stage, LEAH), "Amend")
    yield Shown("form-amend-which", "Form: which answer to amend", form)
    form = await stage.presses(LEAH, form, "Go on", {"key": "service"})
    yield Shown("form-amend", "Form: amend an answer", form)
    await stage.presses(LEAH, form, "Go on", {"service": "Podiatry", "why-amended": "It was the other clinic."})
    await stage.settled()
    yield Shown("news-amended", "To the reporter: an answer was amended", stage.private(AMINA)[-1])
    form = await stage.presses(LEAH, await opened(stage, LEAH), "Close")
    yield Shown("form-close", "Form: close the case", form)
    empty = await stage.presses(LEAH, form, "Close and tell reporter", {"outcome": " "})
    yield Shown("form-close-empty", "Form: an answer that is missing", empty)
    closed = await stage.presses(LEAH, form, "Close and tell reporter", {"outcome": "One chart, on paper."})
    yield Shown("case-closed-waits", "Closed: a reporter who was involved is spoken to first", closed)
    await stage.tick()
    asked = with_button(stage.private(BRONWEN), "I have spoken to them")
    await stage.presses(BRONWEN, asked, "I have spoken to them")
    await stage.settled()
    yield Shown("news-closed", "To the reporter: what changed", stage.private(AMINA)[-1])
    yield Shown("case-closed", "A closed case, as the quality team sees it", await opened(stage, LEAH))
    history = await stage.presses(LEAH, await opened(stage, LEAH), "Who did what")
    yield Shown("case-history", "Who did what with a case", history)
    await stage.presses(LEAH, await opened(stage, LEAH), "Reopen")
    await stage.settled()
    yield Shown("news-reopened", "To the reporter: it is looked at again", stage.private(AMINA)[-1])


async def ends(stage: Stage) -> AsyncIterator[Shown]:
    await reported(stage, **NEAR_MISS | {"involved": "yes"})
    restricted = await stage.presses(LEAH, await opened(stage, LEAH), "Restrict")
    await stage.settled()
    yield Shown("case-restricted", "A restricted case, as the quality team sees it", restricted)
    yield Shown("quality-restricted", "The quality channel: restricted", stage.channel()[0], "channel")
    await reported(stage, **NEAR_MISS)
    form = await stage.presses(LEAH, await opened(stage, LEAH, "PSI-2026-0002"), "Join with another")
    yield Shown("form-join", "Form: join with another report", form)
    wrong = await stage.presses(LEAH, form, "Join them", {"into": "PSI-2026-0009"})
    yield Shown("form-join-wrong", "Form: an answer that cannot be used", wrong)
    await stage.presses(LEAH, form, "Join them", {"into": FIRST})
    await stage.settled()
    yield Shown("news-joined", "To the reporter: joined with another report", stage.private(AMINA)[-1])
    yield Shown("case-joined", "A joined case, as its reporter sees it", await opened(stage, AMINA, "PSI-2026-0002"))
    await stage.tick()
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Withdraw it")
    yield Shown("form-withdraw", "Form: withdraw the report", form)
    yield Shown("withdrawn", "The report is withdrawn", await stage.presses(AMINA, form, "Withdraw it", {"why": None}))
    await stage.settled()
    yield Shown("quality-withdrawn", "The quality channel: withdrawn", stage.channel()[0], "channel")
    separated = titled(stage.private(AMINA), "PSI-2026-0002 is looked at by itself again")
    yield Shown("news-separated", "To the reporter: looked at by itself again", separated)
    yield Shown(
        "support-withdrawn",
        "To whoever was to check: withdrawn",
        titled(stage.private(BRONWEN), "A report was withdrawn"),
    )
    again = await stage.presses(AMINA, form, "Withdraw it", {"why": None})
    yield Shown("refusal-moved-on", "The case has moved on", again)


async def lists(stage: Stage) -> AsyncIterator[Shown]:
    yield Shown("my-reports-none", "My reports: none", await stage.says(AMINA, "my reports"))
    yield Shown("overdue-nothing", "What waits: nothing", await stage.says(AMINA, "overdue"))
    await reported(stage)
    await reported(stage, colleagues="Dr Xylo Smith", **{"event-type": "risk"})
    await reported(stage, **NEAR_MISS)
    yield Shown("my-reports", "My reports", await stage.says(AMINA, "my reports"))
    yield Shown("overdue-lead", "What waits for a service lead", await stage.says(BRONWEN, "overdue"))
    yield Shown("overdue-quality", "What waits for the quality team", await stage.says(LEAH, "overdue"))
    yield Shown("find", "Find: what was found", await stage.says(LEAH, "find community"))
    yield Shown("find-nothing", "Find: nothing", await stage.says(LEAH, "find nowhere"))
    yield Shown("refusal-no-case", "No case of that reference", await stage.says(TOMASZ, f"case {FIRST}"))
