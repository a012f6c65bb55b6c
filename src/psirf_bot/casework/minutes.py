"""The minute of a panel: given as a Word document, and its filing on the Datix record (I13 to I15).

The chat takes no documents, so its card has a link that works for a quarter of an hour. Whether somebody may have the
minute is asked when the link is given and once more when it is followed, and both are in the record.
"""

import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from psirf_bot.cards.answers import instant
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card, Details, Part, Words
from psirf_bot.casework import deadlines, minute_kept, panels, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, panel_of
from psirf_bot.casework.deadlines import RUNNING, of_case
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.minute_kept import minute_of
from psirf_bot.casework.minute_text import DRAFT, Minute, plain
from psirf_bot.casework.panel_page import CANNOT_SHOW
from psirf_bot.casework.response_changes import changed
from psirf_bot.casework.under_way import day_in, in_words
from psirf_bot.casework.work import Press, Refusal, Setting, Work
from psirf_bot.dialogs.questions import Day, Question
from psirf_bot.domain.authority import Act
from psirf_bot.store.tables import Case, Panel, Person

WORKS_FOR = timedelta(minutes=15)
ON_A_CARD = 4000
"""Characters of the minute on one card, so that it fits every platform whatever they are."""
PATH = "/minutes/"
TOKEN = re.compile(r"(\d{1,12})\.([\w-]+)\.([\w-]+)\.([0-9a-f]{64})", re.ASCII)
"""Until when, in seconds, of which panel and for whom; and the seal on all three."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link stands for: the minute of this panel, for this person."""

    panel_id: str
    person_id: str


# The link


def token(setting: Setting, ticket: Ticket, now: datetime) -> str:
    """A ticket that can be carried in an address and cannot be made by anybody else."""
    facts = (str(int((now + WORKS_FOR).timestamp())), ticket.panel_id, ticket.person_id)
    return ".".join((*facts, _seal(setting, *facts)))


def ticket_in(setting: Setting, token: str, now: datetime) -> Ticket | None:
    """The ticket, unless it was forged or its time has passed. Asks nothing of the database."""
    found = TOKEN.fullmatch(token)
    if found is None or not hmac.compare_digest(_seal(setting, *found.group(1, 2, 3)), found[4]):
        return None
    return Ticket(found[2], found[3]) if now < datetime.fromtimestamp(int(found[1]), UTC) else None


def _seal(setting: Setting, *facts: str) -> str:
    return setting.audit_key.seal("link to a minute", *facts)


def reference(work: Work, ticket: Ticket) -> str | None:
    """The case of the minute that somebody's link leads to, if they may have it still. Nothing is recorded."""
    found = _admitted(work, ticket)
    return found[0].reference if found else None


def opened(work: Work, ticket: Ticket) -> Minute | None:
    """The minute for somebody who asked for it with their link, if they may have it still; that is recorded."""
    found = _admitted(work, ticket)
    if found is None:
        return None
    case, panel = found
    work.record(ticket.person_id, "opened the minute", case, panel=panel.id)
    return minute_of(work, case, panel)


def _admitted(work: Work, ticket: Ticket) -> tuple[Case, Panel] | None:
    panel, person = work.session.get(Panel, ticket.panel_id), work.session.get(Person, ticket.person_id)
    if panel is None or person is None or not person.active or not _can_be_read(work, panel):
        return None
    case = work.session.get_one(Case, panel.case_id)
    return (case, panel) if minute_kept.may_be_read(work, people.member(work, person), case, panel) else None


def _can_be_read(work: Work, panel: Panel) -> bool:
    """While voting is open, how people vote is nobody's to read."""
    return panel.state != panels.STOPPED and not panels.voting_is_open(work, panel)


# Its card


def _show(work: Work, press: Press) -> Reply:
    case = work.session.get_one(Case, press.case_id)
    panel = _meant(work, press, case) or panel_of(work, case)
    if panel is None or not minute_kept.may_be_read(work, press.by, case, panel):
        raise Refusal(CANNOT_SHOW)
    if not _can_be_read(work, panel):
        raise Refusal(
            f"Voting on {case.reference} is open, so there is no minute yet. It can be read once it has closed."
        )
    work.record(press.by.id, "was given the minute", case, panel=panel.id)
    return Reply(card=_card(work, press, case, panel), replaces=press.place.private)


def _meant(work: Work, press: Press, case: Case) -> Panel | None:
    """The panel whose minute the button is for; None where it is for whichever is the last."""
    panel = work.session.get(Panel, press.args.get("panel", ""))
    return panel if panel and panel.case_id == case.id else None


def _card(work: Work, press: Press, case: Case, panel: Panel) -> Card:
    """What it is and what to do with it, the link if there is one, and its words for where links do not work."""
    link, minute = _link(work, panel, press.by.id), minute_of(work, case, panel)
    body: list[Part] = [_what_it_is(panel), Words(text=_how(link))]
    if not minute.approved:
        body.insert(
            0, Words(text=f"{DRAFT}. It is worked out as things stand now, and may still change.", style="warning")
        )
    text, part = _parts(plain(minute)), int(press.args.get("part", "1"))
    shown = text[min(part, len(text)) - 1]
    title = "The minute, to copy" if len(text) == 1 else f"The minute, to copy: part {part} of {len(text)}"
    body.append(Details(title=title, text=shown, typed=True))
    return Card(
        title=f"The minute of {case.reference}",
        preview="Your page is ready.",
        body=tuple(body),
        buttons=tuple(_buttons(work, press, case, panel, link, part + 1 if part < len(text) else None)),
    )


def _what_it_is(panel: Panel) -> Words:
    if panel.filed_on:
        return Words(text=f"It was filed on the Datix record on {in_words(panel.filed_on)}. Nothing needs to be done.")
    if panel.state == panels.APPROVED:
        files = "Approved. The quality team now files it on the Datix record, with all the papers. (Policy 12.3.)"
        return Words(text=f"{files} It stays as it is; what comes later is added at its end.")
    return Words(text="This is the panel's minute so far. When the chair approves it, it stays as it is then.")


def _how(link: str) -> str:
    if link:
        return (
            "The button opens a page that gives it to you as a Word document, for 15 minutes. Whoever has its link can "
            "get it too, so please do not pass it on. If links do not work here, copy the words instead."
        )
    return (
        "I have no web address of my own, so I cannot give it to you as a Word document. Please copy the words below "
        "into one, or ask your administrator to set PSIRF_PUBLIC_URL."
    )


def _link(work: Work, panel: Panel, who: str) -> str:
    base = work.setting.public_url
    return f"{base}{PATH}{token(work.setting, Ticket(panel.id, who), work.now)}" if base else ""


def _parts(text: str) -> list[str]:
    """The text in pieces for one card each, cut between lines where there are any."""
    parts = []
    while len(text) > ON_A_CARD:
        cut = max(text.rfind("\n", 0, ON_A_CARD), text.rfind(" ", 0, ON_A_CARD))
        cut = cut if cut > ON_A_CARD // 2 else ON_A_CARD
        parts.append(text[:cut])
        text = text[cut:].lstrip("\n")
    return [*parts, text]


def _buttons(work: Work, press: Press, case: Case, panel: Panel, link: str, next_part: int | None) -> list[Button]:
    found = [Button(label="Open the Word document", url=link, style="primary")] if link else []
    if next_part:
        found.append(button(work, "The next part", "minute.show", case=case, panel=panel.id, part=str(next_part)))
    if panel.state == panels.APPROVED and not panel.filed_on and allowed(work, press.by, Act.FILE_MINUTE, case):
        found.append(button(work, "It is filed", "minute.filed", case=case, panel=panel.id))
    return [*found, *_earlier(work, press, case, panel), button(work, "Back to the panel", "panel.show", case=case)]


def _earlier(work: Work, press: Press, case: Case, panel: Panel) -> list[Button]:
    """The button to the minute before this one, where an earlier panel looked at the case."""
    before = minute_kept.earlier(work, press.by, case, panel)[:1]
    return [button(work, "The minute before this one", "minute.show", case=case, panel=each.id) for each in before]


# Filed on Datix


def _file(work: Work, press: Press) -> Reply:
    """Ask for the day. The form is for one minute from the first: sent twice, it does not file the next one too."""
    case = case_of(work, press)
    owed = [panel for panel in minute_kept.approved(work, case) if panel.filed_on is None]
    panel = _meant(work, press, case) or (owed[0] if owed else panel_of(work, case))
    return FORM(work, replace(press, args={**press.args, "panel": panel.id}) if panel else press)


def _to_file(work: Work, press: Press) -> tuple[Case, Panel, datetime]:
    """The case, held for this turn, its panel and when that was approved. Raises Refusal with what comes first."""
    case = case_of(work, press)
    panel = _meant(work, press, case)
    if panel is None or panel.state != panels.APPROVED or panel.approved_at is None:
        raise Refusal(
            f"The minute of {case.reference} is not approved yet, so it cannot be filed. The chair approves it."
        )
    if case.datix_number is None:
        raise Refusal(
            f"{case.reference} has no Datix number yet, so there is no record to file its minute on. Please type case "
            f"{case.reference} and press “Enter the Datix number” first."
        )
    return case, panel, work.setting.calendar.local(panel.approved_at)


def _questions(work: Work, press: Press) -> Sequence[Question]:
    case, panel, _ = _to_file(work, press)
    if panel.filed_on and not press.given:
        raise Refusal(
            f"The minute of {case.reference} was filed on {in_words(panel.filed_on)}. Nothing needs to be done."
        )
    return (Day("filed-on", f"On which day was it filed on Datix {case.datix_number}, with all its papers?"),)


def _filed(work: Work, press: Press, answers: Answers) -> Card:
    case, panel, approved_at = _to_file(work, press)
    day = day_in(answers, "filed-on")
    if panel.filed_on is None:  # otherwise pressed twice, or by two people
        if day < approved_at.date():
            raise Unfit({"filed-on": f"It was approved on {in_words(approved_at.date())}: please check the day."})
        panel.filed_by, panel.filed_on = press.by.id, day
        work.session.add(panel)
        changed(work, case, press.by.id, "minute filed", panel=panel.id, day=day.isoformat())
        owed = minute_kept.clock(work, panel, "minute.filed")
        if owed and owed.state in RUNNING:
            deadlines.done(work, owed, of_case(case), press.by.id, note=f"Filed on {in_words(day)}")
        panels.refresh(work, panel)
    text = f"Thank you. The minute of {case.reference} was filed on {in_words(panel.filed_on or day)}."
    return said("The minute is filed", text, button(work, "Open the case", "case.show", case=case))


FORM = Form(
    Act.FILE_MINUTE,
    "The minute is filed",
    "Note it",
    _questions,
    _filed,
    explain="The minute and all its papers belong on the Datix record: I cannot put them there. (Policy 12.3.)",
    about=lambda work, press: f"Approved on {instant(_to_file(work, press)[2])}",
    so_far=lambda work, press: {"filed-on": work.local.date().isoformat()},
)

VERBS: dict[str, Callable[[Work, Press], Reply]] = {"minute.show": _show, "minute.filed": _file}
