"""The first contact in a learning response: with whom it is not agreed yet, and the clock until it is (P07, P08)."""

from collections.abc import Iterator

from sqlmodel import col, or_, select

from psirf_bot.casework import contacts, named_contacts, people, support
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Contact, Deadline, LearningResponse, SupportNeed

DUTY = "response.first-contact"
NONE = "none"
"""How often: they want no contact."""


def not_agreed(work: Work, case: Case, response: LearningResponse, by: Member | None) -> Iterator[str]:
    """The family where it is in the response, and each of the staff of whom this person may know; nobody: all."""
    in_it = or_(col(Contact.ended_at).is_(None), col(Contact.ended_at) >= response.decided_at)
    agreed = work.session.exec(select(Contact).where(Contact.case_id == case.id, in_it))
    with_whom = {_with(work, contact) for contact in agreed}
    if None not in with_whom and named_contacts.family_is_in_it(work, case):
        yield contacts.WHOM
    for need in support.in_review(work, case):
        if support.who_it_is(need) not in with_whom and not (by and support.is_kept_from(work, need, by)):
            yield need.name


def want_none(work: Work, case: Case, response: LearningResponse, by: Member) -> Iterator[Contact]:
    """Those who said in this response that they want no contact, and with whom none has been agreed since."""
    said = select(Contact).where(Contact.case_id == case.id, Contact.every == NONE)
    kept = {_with(work, contact) for contact in contacts.of_case(work, case)}
    for contact in work.session.exec(said.where(col(Contact.ended_at) >= response.decided_at).order_by(Contact.id)):
        if (whom := _with(work, contact)) not in kept and contacts.may_know(work, contact, by):
            kept.add(whom)
            yield contact


def _with(work: Work, contact: Contact) -> str | None:
    """One and the same member of staff, in whichever of the reports that were joined; None for the family."""
    need = work.session.get(SupportNeed, contact.need_id) if contact.need_id else None
    return support.who_it_is(need) if need else None


def look(work: Work, case: Case, by: str = "the bot") -> None:
    """Once it is agreed with everybody of whom the lead may know, or they want none, nobody is reminded of it."""
    response = current(work, case)
    if response is None or not running(work, of_case(case), DUTY):
        return
    lead = people.person(work, response.lead_id)
    if not any(not_agreed(work, case, response, people.member(work, lead) if lead else None)):
        happened(work, Event.FIRST_CONTACT_AGREED, of_case(case), by)


def look_before_reminding(work: Work, deadline: Deadline) -> bool:
    """Whether there is still somebody: they may have left, or said to somebody else that they want no contact."""
    case = work.session.get(Case, deadline.case_id) if deadline.rule == DUTY and deadline.case_id else None
    if case:
        look(work, case)
    return case is None or bool(running(work, of_case(case), DUTY))
