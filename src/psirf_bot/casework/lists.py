"""Lists: my reports, what waits for me, and finding a case."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlmodel import col, func, or_, select

from psirf_bot.cards import cases as cards
from psirf_bot.cards.model import Button, Card, Part, Words
from psirf_bot.casework import board, cases, support_lists
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.forms import Answers, Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import short_text
from psirf_bot.domain.authority import BOARD, Act, Member
from psirf_bot.domain.case import State
from psirf_bot.store.tables import Case, Outbox, Person

BESIDE_DUTIES = 4
"""Cases shown where duties are shown too, so that both fit on one card."""
NOTHING_WAITS = "Nothing waits for you. Thank you."
SHOWN = 8
MOST_CHECKS = 3
"""So that a card holds everything that it begins to list, buttons included, on every platform."""


def my_reports(work: Work, by: Member) -> Card:
    mine = select(Case).where(Case.reporter_id == by.id).order_by(col(Case.opened_at).desc())
    nothing = "You have not reported anything yet."
    found = work.session.exec(mine).all()
    return _list(work, by, "Your reports", nothing, found[:SHOWN], more=max(0, len(found) - SHOWN))


def what_waits(work: Work, by: Member, *, most: int = SHOWN) -> Card:
    """What waits for this person: colleagues to check on, reports to be read, messages that could not be sent."""
    parts = support_lists.checks_to_make(work, by)
    unread: Sequence[Case] = ()
    more = 0
    if allowed(work, by, Act.SEE_UNTRIAGED):
        parts += _for_the_quality_team(work, by)
        waiting = select(Case).where(Case.state == State.REPORTED).order_by(col(Case.opened_at))
        unread = work.session.exec(waiting.limit(most)).all()
        more = _count(work, select(func.count()).select_from(Case).where(Case.state == State.REPORTED)) - len(unread)
    return _list(work, by, "What waits for you", NOTHING_WAITS, unread, first=tuple(parts), more=more)


def overdue(work: Work, by: Member) -> Card:
    """What waits for this person, their own duties, and for leads what is late by owner and service."""
    waits, duties = what_waits(work, by, most=BESIDE_DUTIES), board.parts(work, by)
    if not duties:
        return waits
    nothing = waits.body == (Words(text=NOTHING_WAITS),)
    return waits.model_copy(update={"body": (*(() if nothing else waits.body), *duties)})


def _for_the_quality_team(work: Work, by: Member) -> list[Part]:
    parts = support_lists.for_the_quality_team(work, by)
    lost = _count(work, select(func.count()).select_from(Outbox).where(Outbox.state == "dead"))
    if lost:
        text = f"{lost} messages could not be delivered. An administrator can see them with psirf-bot outbox."
        parts.append(Words(text=text, style="warning"))
    return parts


def _and_more(count: int) -> list[Part]:
    return [Words(text=f"And {count} more, once these are done.", style="subtle")] if count > 0 else []


def _count(work: Work, counting: Any) -> int:
    return int(work.session.exec(counting).one())


def find(work: Work, by: Member, words: str) -> Card:
    """Cases by reference, Datix number, service, state or owner, as far as this person may see them."""
    if not allowed(work, by, Act.FIND):
        raise Refusal("Finding cases is for the quality team and leads. Type my reports to see your own.")
    wanted = f"%{_escaped(words.strip().lower())}%"
    owners = select(Person.id).where(func.lower(Person.name).like(wanted, escape="\\"))
    columns = (Case.reference, Case.datix_number, Case.service, Case.state)
    matches = [func.lower(column).like(wanted, escape="\\") for column in columns]
    found = select(Case).where(or_(*matches, col(Case.owner_id).in_(owners)), *_visible_to(by))
    newest = found.order_by(col(Case.opened_at).desc()).limit(SHOWN * 2)
    visible = [case for case in work.session.exec(newest).all() if allowed(work, by, Act.SEE_CASE, case)]
    more = _count(work, select(func.count()).select_from(found.subquery())) - SHOWN
    nothing = "Nothing was found. You can look for a reference, a Datix number, a service, a state or an owner."
    return _list(work, by, "What was found", nothing, visible[:SHOWN], more=max(0, more))


def _find(work: Work, press: Press, answers: Answers) -> Card:
    return find(work, press.by, str(answers["words"]))


FIND = Form(
    Act.FIND,
    "Find a case",
    "Find",
    lambda work, press: (
        short_text("words", "What to look for", "A reference, a Datix number, a service, a state or an owner."),
    ),
    _find,
    keeps=False,
)
VERBS: dict[str, Callable[[Work, Press], Reply]] = {"case.find": FIND}


def _visible_to(by: Member) -> list[Any]:
    """What the database can leave out already; `may` has the last word on each case that is shown."""
    if by.is_quality:
        return []
    open_ = [col(Case.quality_only).is_(False), col(Case.restricted).is_(False), Case.state != State.WITHDRAWN]
    return open_ if BOARD & by.roles else [*open_, col(Case.service).in_(by.leads)]


def one_case(work: Work, by: Member, words: str) -> Case:
    """The case with this reference or Datix number; raises Refusal, in the same words whether or not it exists."""
    case = cases.by_reference(work, words)
    if case is None or not allowed(work, by, Act.SEE_CASE, case):
        raise Refusal("There is no case of that reference that you can open. A reference looks like PSI-2026-0001.")
    return case


def _list(
    work: Work,
    by: Member,
    title: str,
    nothing: str,
    found: Sequence[Case],
    *,
    first: tuple[Part, ...] = (),
    more: int = 0,
) -> Card:
    rows = [(cases.line(work, case), _buttons(work, by, case)) for case in found]
    return cards.list_card(title, nothing, rows, more=more, first=first)


def _buttons(work: Work, by: Member, case: Case) -> tuple[Button, ...]:
    open_it = button(work, "Open", "case.show", case=case, spoken=f"Open {case.reference}")
    if not allowed(work, by, Act.MARK_READ, case):
        return (open_it,)
    read = f"I have read this: {case.reference}"
    return (button(work, "I have read this", "case.read", case=case, style="primary", spoken=read), open_it)


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
