"""Lists: my reports, what waits for me, and finding a case."""

from collections.abc import Sequence

from sqlmodel import col, func, or_, select

from psirf_bot.cards import cases as cards
from psirf_bot.cards.model import Button, Buttons, Card, Part, Words
from psirf_bot.casework import cases, support
from psirf_bot.casework.actions import button
from psirf_bot.casework.work import Refusal, Work, allowed
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.store.tables import Case, Outbox, Person

SHOWN = 10


def my_reports(work: Work, by: Member) -> Card:
    mine = select(Case).where(Case.reporter_id == by.id).order_by(col(Case.opened_at).desc())
    nothing = "You have not reported anything yet. Type report to begin."
    return _list(work, by, "Your reports", nothing, work.session.exec(mine).all())


def what_waits(work: Work, by: Member) -> Card:
    """What waits for this person: reports to be read, colleagues to check on, messages that could not be sent."""
    unread: Sequence[Case] = ()
    extra: list[Part] = []
    for need in support.waiting_for(work, by.id):
        case = work.session.get_one(Case, need.case_id)
        extra += support.check_card(work, case, need).body
        extra.append(Buttons(buttons=support.check_card(work, case, need).buttons))
    if allowed(work, by, Act.SEE_UNTRIAGED):
        unread = work.session.exec(select(Case).where(Case.state == State.REPORTED).order_by(Case.reference)).all()
        extra += _for_the_quality_team(work)
    nothing = "Nothing waits for you. Thank you."
    return _list(work, by, "What waits for you", nothing, unread, extra=tuple(extra), most=25)


def _for_the_quality_team(work: Work) -> list[Part]:
    parts: list[Part] = []
    for need in support.on_the_quality_list(work):
        case = work.session.get_one(Case, need.case_id)
        text = f"Nobody is to check on {need.name} yet ({case.reference}). Please do, or find somebody who will."
        done = button(work, "I have spoken to them", "support.done", case=case, need=need.id)
        parts += [
            Words(text="Support for a member of staff", style="heading"),
            Words(text=text),
            Buttons(buttons=(done,)),
        ]
    lost = work.session.exec(select(func.count()).select_from(Outbox).where(Outbox.state == "dead")).one()
    if lost:
        text = f"{lost} messages could not be delivered. An administrator can see them with psirf-bot outbox."
        parts.append(Words(text=text, style="warning"))
    return parts


def find(work: Work, by: Member, words: str) -> Card:
    """Cases by reference, Datix number, service, state or owner, as far as this person may see them."""
    if not allowed(work, by, Act.FIND):
        raise Refusal("Finding cases is for the quality team and leads. Type my reports to see your own.")
    wanted = f"%{_escaped(words.strip().lower())}%"
    owners = select(Person.id).where(func.lower(Person.name).like(wanted, escape="\\"))
    columns = (Case.reference, Case.datix_number, Case.service, Case.state)
    matches = [func.lower(column).like(wanted, escape="\\") for column in columns]
    found = select(Case).where(or_(*matches, col(Case.owner_id).in_(owners))).order_by(col(Case.opened_at).desc())
    visible = [case for case in work.session.exec(found).all() if allowed(work, by, Act.SEE_CASE, case)]
    nothing = "Nothing was found. You can look for a reference, a Datix number, a service, a state or an owner."
    return _list(work, by, f"Found: {words.strip()[:60]}" if words.strip() else "All cases", nothing, visible)


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
    extra: tuple[Part, ...] = (),
    most: int = SHOWN,
) -> Card:
    rows = [(cases.line(work, case), _buttons(work, by, case)) for case in found[:most]]
    return cards.list_card(title, nothing, rows, more=max(0, len(found) - most), extra=extra)


def _buttons(work: Work, by: Member, case: Case) -> tuple[Button, ...]:
    open_it = button(work, "Open", "case.show", case=case)
    if not allowed(work, by, Act.MARK_READ, case):
        return (open_it,)
    return (button(work, "I have read this", "case.read", case=case, style="primary"), open_it)


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
