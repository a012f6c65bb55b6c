"""Every card that the bot shows, made by the real desk in the real conversations of a made-up trust.

A card is one line: drive the stage to where it is shown, and `yield Shown(…)`. Each chapter has a stage of its own, so
that a new card changes no other.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlmodel import select

from psirf_bot.cards import blockkit
from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Added, Chosen, Opened, Pressed, Said
from psirf_bot.delivery.platform import Refused
from psirf_bot.store.tables import Channel
from stage import Stage, shown

AMINA, TOMASZ = "Amina Yusuf", "Tomasz Zielinski"
BRONWEN, CARYS = "Bronwen Hale", "Carys Penhallow"
LEAH, SANDEEP, WEI, ROSALIND = "Leah Rosenfeld", "Sandeep Bhullar", "Wei Chen", "Rosalind Achebe"
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


def on_slack(one: Shown) -> dict[str, Any]:
    """The card as Slack gets it: App Home, a window where there is something to send, otherwise a message."""
    if one.place == "home":
        return blockkit.home(one.card)
    sends = any(one.card.inputs()) or any(button.submits for button in one.card.all_buttons())
    return blockkit.modal(one.card) if sends else blockkit.message(one.card)


async def catalogue(folder: Path) -> list[Shown]:
    """All of them, in the order in which people meet them. `folder` keeps each chapter's database."""
    found: list[Shown] = []
    for chapter in CHAPTERS:
        home = folder / chapter.__name__.strip("_")
        home.mkdir()
        async with Stage(home) as stage:
            found += [one async for one in chapter(stage)]
    return found


async def _help(stage: Stage) -> AsyncIterator[Shown]:
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


async def _report(stage: Stage) -> AsyncIterator[Shown]:
    card = await stage.says(AMINA, "report")
    yield Shown("report-what-happened", "Report: what happened", card)
    wrong = await _next(stage, card, IDENTIFIER | {"when": {"date": "2026-11-21", "time": None}, "service": None})
    yield Shown("report-held-back", "Report: an identifier held back, and two answers to check", wrong)
    card = await _next(stage, card)
    yield Shown("report-who-was-affected", "Report: who was affected", card)
    card = await _next(stage, card)
    yield Shown("report-harm", "Report: harm to the patient", card)
    card = await _next(stage, card)
    yield Shown("report-a-little-more", "Report: a little more, which may be left out", card)
    card = await _next(stage, card)
    yield Shown("report-being-open", "Report: being open with the patient", card)
    card = await _next(stage, await _next(stage, card))
    yield Shown("report-support", "Report: support for a colleague", card)
    other = await _next(stage, card, {"by": "someone-else"})
    yield Shown("report-support-someone-else", "Report: support by somebody else", other)
    card = await stage.presses(AMINA, other, "Back", {})
    card = await _next(stage, card)
    yield Shown("report-check", "Report: check your answers", card)
    stage.later(hours=5)
    yield Shown("report-unfinished", "Report: left unfinished", await stage.says(AMINA, "report"))
    receipt = await stage.presses(AMINA, card, "Send the report")
    yield Shown("report-receipt", "Report: the receipt", receipt)
    yield Shown("report-sent-twice", "Report: sent twice", await stage.presses(AMINA, card, "Send the report"))


async def _other_reports(stage: Stage) -> AsyncIterator[Shown]:
    await _to_the_end(stage, **NEAR_MISS)
    cancelled = await stage.says(AMINA, "cancel")
    yield Shown("report-cancelled", "Report: cancelled", cancelled)
    await stage.says(AMINA, "report")
    yield Shown("report-typed", "Report: typed, one question at a time", await stage.says(AMINA, "no"))
    await stage.says(AMINA, "near miss")
    held_back = await stage.says(AMINA, IDENTIFIER["what-happened"])
    yield Shown("report-typed-held-back", "Report: an identifier typed as an answer", held_back)
    await stage.says(AMINA, "cancel")
    good = await _to_the_end(stage, **(NEAR_MISS | {"event-type": "good-care", "confidential": "yes"}))
    receipt = await stage.presses(AMINA, good, "Send the report")
    yield Shown("report-receipt-good-care", "The receipt for good care, with the name kept back", receipt)


async def _from_a_message(stage: Stage) -> AsyncIterator[Shown]:
    message = Chosen("We set up the wrong syringe driver this morning, and saw it in time.")
    card = shown(await stage.turn(AMINA, message))
    yield Shown("report-from-message", "Report: begun from a message", card)
    await _next(stage, card)
    again = shown(await stage.turn(AMINA, message))
    yield Shown("report-from-message-unfinished", "Report: another one is unfinished", again)


async def _home(stage: Stage) -> AsyncIterator[Shown]:
    yield Shown("home-new", "A person's own page: nothing yet", await _own_page(stage, AMINA), "home")
    await _reported(stage)
    yield Shown("home-quality", "A person's own page: the quality team", await _own_page(stage, LEAH), "home")
    yield Shown("home-lead", "A person's own page: a service lead", await _own_page(stage, BRONWEN), "home")
    await stage.turn(WEI, Added(), channel="ward", inline=False)
    await stage.settled()
    yield Shown("welcome", "The bot was added to a channel", stage.channel("ward")[0], "channel")


async def _danger(stage: Stage) -> AsyncIterator[Shown]:
    first = await stage.says(AMINA, "report")
    card = await _next(stage, first, {"danger": "yes"})
    yield Shown("danger-told", "Danger: what the reporter is told", card)
    await stage.settled()
    yield Shown("danger-channel", "Danger: in the quality channel", stage.channel()[0], "channel")
    yield Shown("danger-executive", "Danger: to the executive on call", stage.private(ROSALIND)[0])
    await _next(stage, first)
    await stage.settled()
    yield Shown("danger-over", "Danger: the reporter says that it is over", stage.private(ROSALIND)[-1])


async def _case(stage: Stage) -> AsyncIterator[Shown]:
    await _reported(stage)
    yield Shown("quality-new", "The quality channel: a new report", stage.channel()[0], "channel")
    yield Shown("case-reporter", "A case, as its reporter sees it", await _open(stage, AMINA))
    yield Shown("case-lead", "A case, as a service lead sees it", await _open(stage, BRONWEN))
    yield Shown("case-quality-new", "A new case, as the quality team sees it", await _open(stage, LEAH))
    await stage.presses(LEAH, stage.channel()[0], "I have read this", channel="quality")
    await stage.settled()
    yield Shown("quality-read", "The quality channel: read", stage.channel()[0], "channel")
    yield Shown("news-read", "To the reporter: it has been read", stage.private(AMINA)[-1])
    form = await stage.presses(SANDEEP, await _open(stage, SANDEEP), "Enter the Datix number")
    yield Shown("form-datix-number", "Form: the Datix number", form)
    saved = await stage.presses(SANDEEP, form, "Save the number", {"datix-number": "W12345"})
    yield Shown("datix-number-saved", "The Datix number is saved", saved)
    form = await stage.presses(AMINA, await _open(stage, AMINA), "Add to it")
    yield Shown("form-add", "Form: add to the report", form)
    held = await stage.presses(AMINA, form, "Add this", {"addition": "I rang 01632 960123 as well."})
    yield Shown("form-add-held-back", "Form: an identifier held back", held)
    await stage.presses(AMINA, form, "Add this", {"addition": "The tablet has signal by the window."})
    await stage.settled()
    yield Shown("news-added", "To the owner: the report was added to", stage.private(LEAH)[-1])
    form = await stage.presses(LEAH, await _open(stage, LEAH), "Set the owner")
    yield Shown("form-owner", "Form: the owner", form)
    await stage.presses(LEAH, form, "Make them the owner", {"owner": SANDEEP})
    await stage.settled()
    yield Shown("news-owner", "To a new owner", stage.private(SANDEEP)[-1])
    form = await stage.presses(LEAH, await _open(stage, LEAH), "Amend")
    yield Shown("form-amend-which", "Form: which answer to amend", form)
    form = await stage.presses(LEAH, form, "Go on", {"key": "service"})
    yield Shown("form-amend", "Form: amend an answer", form)
    await stage.presses(LEAH, form, "Go on", {"service": "Podiatry", "why-amended": "It was the other clinic."})
    await stage.settled()
    yield Shown("news-amended", "To the reporter: an answer was amended", stage.private(AMINA)[-1])
    form = await stage.presses(LEAH, await _open(stage, LEAH), "Close")
    yield Shown("form-close", "Form: close the case", form)
    empty = await stage.presses(LEAH, form, "Close it and tell the reporter", {"outcome": " "})
    yield Shown("form-close-empty", "Form: an answer that is missing", empty)
    closed = await stage.presses(LEAH, form, "Close it and tell the reporter", {"outcome": "One chart, on paper."})
    yield Shown("case-closed-waits", "Closed: a reporter who was involved is spoken to first", closed)
    await stage.presses(BRONWEN, stage.private(BRONWEN)[0], "I have spoken to them")
    await stage.settled()
    yield Shown("news-closed", "To the reporter: what changed", stage.private(AMINA)[-1])
    yield Shown("case-closed", "A closed case, as the quality team sees it", await _open(stage, LEAH))
    await stage.presses(LEAH, await _open(stage, LEAH), "Reopen")
    await stage.settled()
    yield Shown("news-reopened", "To the reporter: it is looked at again", stage.private(AMINA)[-1])


async def _ends(stage: Stage) -> AsyncIterator[Shown]:
    await _reported(stage, **NEAR_MISS | {"involved": "yes"})
    restricted = await stage.presses(LEAH, await _open(stage, LEAH), "Restrict")
    await stage.settled()
    yield Shown("case-restricted", "A restricted case, as the quality team sees it", restricted)
    yield Shown("quality-restricted", "The quality channel: restricted", stage.channel()[0], "channel")
    await _reported(stage, **NEAR_MISS)
    form = await stage.presses(LEAH, await _open(stage, LEAH, "PSI-2026-0002"), "Join with another")
    yield Shown("form-join", "Form: join with another report", form)
    wrong = await stage.presses(LEAH, form, "Join them", {"into": "PSI-2026-0009"})
    yield Shown("form-join-wrong", "Form: an answer that cannot be used", wrong)
    await stage.presses(LEAH, form, "Join them", {"into": FIRST})
    await stage.settled()
    yield Shown("news-joined", "To the reporter: joined with another report", stage.private(AMINA)[-1])
    yield Shown("case-joined", "A joined case, as its reporter sees it", await _open(stage, AMINA, "PSI-2026-0002"))
    form = await stage.presses(AMINA, await _open(stage, AMINA), "Withdraw it")
    yield Shown("form-withdraw", "Form: withdraw the report", form)
    yield Shown("withdrawn", "The report is withdrawn", await stage.presses(AMINA, form, "Withdraw it", {"why": None}))
    await stage.settled()
    yield Shown("quality-withdrawn", "The quality channel: withdrawn", stage.channel()[0], "channel")
    separated = _titled(stage.private(AMINA), "PSI-2026-0002 is looked at by itself again")
    yield Shown("news-separated", "To the reporter: looked at by itself again", separated)
    yield Shown("support-withdrawn", "To whoever was to check: withdrawn", stage.private(BRONWEN)[-1])
    again = await stage.presses(AMINA, form, "Withdraw it", {"why": None})
    yield Shown("refusal-moved-on", "The case has moved on", again)


async def _lists(stage: Stage) -> AsyncIterator[Shown]:
    yield Shown("my-reports-none", "My reports: none", await stage.says(AMINA, "my reports"))
    yield Shown("overdue-nothing", "What waits: nothing", await stage.says(AMINA, "overdue"))
    await _reported(stage)
    await _reported(stage, colleagues="Dr Xylo Smith", **{"event-type": "risk"})
    await _reported(stage, **NEAR_MISS)
    yield Shown("my-reports", "My reports", await stage.says(AMINA, "my reports"))
    yield Shown("overdue-lead", "What waits for a service lead", await stage.says(BRONWEN, "overdue"))
    yield Shown("overdue-quality", "What waits for the quality team", await stage.says(LEAH, "overdue"))
    yield Shown("find", "Find: what was found", await stage.says(LEAH, "find community"))
    yield Shown("find-nothing", "Find: nothing", await stage.says(LEAH, "find nowhere"))
    yield Shown("refusal-no-case", "No case of that reference", await stage.says(TOMASZ, f"case {FIRST}"))


async def _support(stage: Stage) -> AsyncIterator[Shown]:
    await _reported(stage, by="quality")
    nobody = _titled(stage.channel(), "Someone needs a person to check on them")
    yield Shown("support-nobody", "The quality channel: nobody to check yet", nobody, "channel")
    await _reported(stage)
    asked = stage.private(CARYS)[0]
    yield Shown("support-check", "Please check on a colleague", asked)
    done = await stage.presses(CARYS, asked, "I have spoken to them")
    yield Shown("support-thank-you", "Thank you for checking", done)
    passed = await stage.presses(BRONWEN, stage.private(BRONWEN)[0], "Someone else should do this")
    yield Shown("support-passed-on", "Someone else should check", passed)


async def _setting_up(stage: Stage) -> AsyncIterator[Shown]:
    yield Shown("channel-where", "A channel is set in the channel", await stage.says(WEI, "use this channel for panel"))
    await stage.turn(WEI, Said("use this channel for panel"), channel="panel", inline=False)
    await stage.settled()
    yield Shown("channel-set", "A channel is set", stage.channel("panel")[0], "channel")
    yield Shown("channel-sure", "A channel is set: to the administrator", stage.private(WEI)[0])
    stage.out.failures.append(Refused("not_in_channel", final=True))
    await stage.turn(WEI, Said("use this channel for leads"), channel="leads", inline=False)
    await stage.settled()
    not_set = _titled(stage.private(WEI), "A channel cannot be used")
    yield Shown("channel-not-set", "A channel that the bot cannot post in", not_set)
    yield Shown("form-deputy-admin", "Form: a deputy, for an administrator", await stage.says(WEI, "deputy"))
    form = await stage.says(LEAH, "deputy")
    yield Shown("form-deputy", "Form: a deputy", form)
    given = {"deputy": SANDEEP, "from": "21 December 2026", "until": "24 December 2026"}
    yield Shown("deputy-saved", "A deputy is set", await stage.presses(LEAH, form, "Save", given))
    await stage.settled()
    yield Shown("deputy-told", "To the deputy", stage.private(SANDEEP)[-1])
    await stage.presses(LEAH, form, "Save", {"deputy": None, "from": None, "until": None})
    await stage.settled()
    yield Shown("deputy-over", "To a deputy who is no longer one", stage.private(SANDEEP)[-1])


async def _from_datix(stage: Stage) -> AsyncIterator[Shown]:
    form = await stage.says(LEAH, "open datix W777")
    yield Shown("form-open-datix", "Form: open a case from Datix", form)
    given = {"event-type": "incident", "when": "yesterday", "service": "Podiatry"}
    yield Shown("datix-opened", "A case from Datix is opened", await stage.presses(LEAH, form, "Open the case", given))
    yield Shown("datix-known", "Datix: there is a case for it", await stage.says(SANDEEP, "open datix W777"))
    yield Shown("case-from-datix", "A case from Datix", await _open(stage, LEAH))
    await stage.do(_no_channels)
    await _reported(stage)
    yield Shown("quality-private", "A new report where no channel is set", stage.private(SANDEEP)[-1])


CHAPTERS: tuple[Callable[[Stage], AsyncIterator[Shown]], ...] = (
    _help,
    _home,
    _report,
    _other_reports,
    _from_a_message,
    _danger,
    _case,
    _ends,
    _support,
    _lists,
    _from_datix,
    _setting_up,
)


async def _next(stage: Stage, card: Card, change: dict[str, Any] | None = None) -> Card:
    """Answer this page as usual, but for the answers given here, and go on."""
    answers = ANSWERS | (change or {})
    given = {i.id: answers.get(i.id.rpartition("/")[2]) for i in card.inputs()}
    return await stage.presses(AMINA, card, "Next", given)


async def _to_the_end(stage: Stage, **change: Any) -> Card:
    """Amina Yusuf's report up to check your answers."""
    card = await stage.says(AMINA, "report")
    while "Next" in [button.label for button in card.all_buttons()]:
        card = await _next(stage, card, change)
    return card


async def _reported(stage: Stage, **change: Any) -> None:
    await stage.presses(AMINA, await _to_the_end(stage, **change), "Send the report")
    await stage.settled()


async def _open(stage: Stage, name: str, reference: str = FIRST) -> Card:
    return await stage.says(name, f"case {reference}")


async def _own_page(stage: Stage, name: str) -> Card:
    await stage.turn(name, Opened({"user": f"the page of {name}"}))
    await stage.settled()
    return stage.channel(f"the page of {name}")[-1]


def _titled(cards: list[Card], title: str) -> Card:
    return next(card for card in cards if card.title == title)


def _no_channels(work: Any) -> None:
    for channel in work.session.exec(select(Channel)).all():
        work.session.delete(channel)
