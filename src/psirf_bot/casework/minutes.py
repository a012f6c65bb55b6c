"""The minute of a panel: given as a Word document, and its filing on the Datix record (I13 to I15).

The chat takes no documents, so its card has a link that works for a quarter of an hour. Whether somebody may have the
minute is asked when the link is given and once more when it is followed, and both are in the record.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card, Details, Part, Words
from psirf_bot.casework import panels, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.minute_content import minute_of
from psirf_bot.casework.minute_text import DRAFT, Minute, plain
from psirf_bot.casework.panel_page import CANNOT_SHOW
from psirf_bot.casework.response import changed
from psirf_bot.casework.under_way import day_in, in_words
from psirf_bot.casework.work import Press, Refusal, Setting, Work, allowed, panel_of
from psirf_bot.dialogs.questions import Day, Question
from psirf_bot.domain.authority import Act
from psirf_bot.domain.deadlines import Event
from psirf_bot.store.tables import Case, Panel, Person

WORKS_FOR = timedelta(minutes=15)
ON_A_CARD = 4000
"""Characters of the minute on one card, so that it fits every platform whatever they are."""
PATH = "/minutes/"


@dataclass(frozen=True)
class ReachedSetting(Setting):
    """The setting of a bot that people's browsers can reach, at `public_url`; without one it gives no links."""

    public_url: str | None = None


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
    until, _, rest = token.partition(".")
    facts, _, seal = rest.rpartition(".")
    panel_id, _, person_id = facts.partition(".")
    if not hmac.compare_digest(_seal(setting, until, panel_id, person_id).encode(), seal.encode(errors="replace")):
        return None
    return Ticket(panel_id, person_id) if now < datetime.fromtimestamp(int(until), UTC) else None


def _seal(setting: Setting, *facts: str) -> str:
    return setting.audit_key.seal("link to a minute", *facts)


def opened(work: Work, ticket: Ticket) -> Minute | None:
    """The minute for somebody who follows their link, if they may have it still; that they opened it is recorded."""
    panel, person = work.session.get(Panel, ticket.panel_id), work.session.get(Person, ticket.person_id)
    if panel is None or person is None or not person.active or not _can_be_read(work, panel):
        return None
    case = work.session.get_one(Case, panel.case_id)
    if not allowed(work, people.member(work, person), Act.SEE_PANEL, case):
        return None
    work.record(person.id, "opened the minute", case, panel=panel.id)
    return minute_of(work, case, panel)


def _can_be_read(work: Work, panel: Panel) -> bool:
    """While voting is open, how people vote is nobody's to read."""
    return panel.state != panels.STOPPED and not panels.voting_is_open(work, panel)


# Its card


def _show(work: Work, press: Press) -> Reply:
    case = work.session.get_one(Case, press.case_id)
    panel = panel_of(work, case)
    if panel is None or not allowed(work, press.by, Act.SEE_PANEL, case):
        raise Refusal(CANNOT_SHOW)
    if not _can_be_read(work, panel):
        raise Refusal(
            f"Voting on {case.reference} is open, so there is no minute yet. It can be read once it has closed."
        )
    work.record(press.by.id, "was given the minute", case, panel=panel.id)
    return Reply(card=_card(work, press, case, panel), replaces=press.place.private)


def _card(work: Work, press: Press, case: Case, panel: Panel) -> Card:
    """What it is and what to do with it, the link if there is one, and its words for where links do not work."""
    link = _link(work, panel, press.by.id)
    body: list[Part] = [_what_it_is(panel), Words(text=_how(link))]
    if panel.state != panels.APPROVED:
        body.insert(0, Words(text=f"{DRAFT}. It may still change.", style="warning"))
    text, part = _parts(plain(minute_of(work, case, panel))), int(press.args.get("part", "1"))
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
    text = (
        "This is the panel's minute, as a Word document. Once the chair has approved it, the quality team files it on "
        "the Datix record with all the papers. (Policy 12.3.)"
    )
    return Words(text=text)


def _how(link: str) -> str:
    if link:
        return (
            "The link below works for 15 minutes. Whoever has it can open the minute, so please do not pass it on. "
            "If links do not work here, copy the words below instead."
        )
    return (
        "I have no web address of my own, so I cannot give you the Word document. Please copy the words below into a "
        "document, or ask your administrator to set PSIRF_PUBLIC_URL."
    )


def _link(work: Work, panel: Panel, who: str) -> str:
    base = work.setting.public_url if isinstance(work.setting, ReachedSetting) else None
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
        found.append(button(work, "The next part", "minute.show", case=case, part=str(next_part)))
    if panel.state == panels.APPROVED and not panel.filed_on and allowed(work, press.by, Act.FILE_MINUTE, case):
        found.append(button(work, "It is filed", "minute.filed", case=case))
    return [*found, button(work, "Back to the panel", "panel.show", case=case)]


# Filed on Datix


def _to_file(work: Work, press: Press) -> tuple[Case, Panel]:
    """The case, held for this turn, and its approved panel. Raises Refusal with what has to be done first."""
    case = case_of(work, press)
    panel = panel_of(work, case)
    if panel is None or panel.state != panels.APPROVED or panel.approved_at is None:
        raise Refusal(
            f"The minute of {case.reference} is not approved yet, so it cannot be filed. The chair approves it."
        )
    if case.datix_number is None:
        raise Refusal(
            f"{case.reference} has no Datix number yet, so there is no record to file its minute on. Please type case "
            f"{case.reference} and press “Enter the Datix number” first."
        )
    return case, panel


def _questions(work: Work, press: Press) -> Sequence[Question]:
    case, panel = _to_file(work, press)
    if panel.filed_on and not press.given:
        raise Refusal(
            f"The minute of {case.reference} was filed on {in_words(panel.filed_on)}. Nothing needs to be done."
        )
    return (Day("filed-on", f"On which day was it filed on Datix {case.datix_number}, with all its papers?"),)


def _filed(work: Work, press: Press, answers: Answers) -> Card:
    case, panel = _to_file(work, press)
    day = day_in(answers, "filed-on")
    if panel.filed_on is None:  # otherwise pressed twice, or by two people
        approved = work.setting.calendar.local(panel.approved_at or work.now).date()
        if day < approved:
            raise Unfit({"filed-on": f"It was approved on {in_words(approved)}: please check the day."})
        panel.filed_by, panel.filed_on = press.by.id, day
        work.session.add(panel)
        changed(work, case, press.by.id, "minute filed", panel=panel.id, day=day.isoformat())
        happened(work, Event.MINUTE_FILED, of_case(case), press.by.id, note=f"Filed on {in_words(day)}")
        panels.refresh(work, panel)
    text = f"Thank you. The minute of {case.reference} was filed on {in_words(panel.filed_on or day)}."
    return said("The minute is filed", text, button(work, "Open the case", "case.show", case=case))


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "minute.show": _show,
    "minute.filed": Form(
        Act.FILE_MINUTE,
        "The minute is filed",
        "Note it",
        _questions,
        _filed,
        explain="The minute and all its papers belong on the Datix record: I cannot put them there. (Policy 12.3.)",
        so_far=lambda work, press: {"filed-on": work.local.date().isoformat()},
    ),
}
