"""The first contact in a learning response: with whom it is not agreed yet, and the clock until it is (P07, P08)."""

from collections.abc import Iterator

from sqlmodel import col, or_, select

from psirf_bot.casework import contacts, named_contacts, people, support
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Contact, Deadline, LearningResponse

DUTY = "response.first-contact"
NONE = "none"
"""How often: they want no contact."""


def not_agreed(work: Work, case: Case, response: LearningResponse, by: Member | None) -> Iterator[str]:
    """The family where it has somebody to turn to, and each of the staff of whom this person may know; nobody: all."""
    in_it = or_(col(Contact.ended_at).is_(None), col(Contact.ended_at) >= response.decided_at)
    agreed = set(work.session.exec(select(Contact.need_id).where(Contact.case_id == case.id, in_it)))
    if None not in agreed and named_contacts.serving(work, case, named_contacts.newest(work, case)):
        yield contacts.WHOM
    for need in support.in_review(work, case):
        if need.id not in agreed and not (by and support.is_kept_from(work, need, by)):
            yield need.name


def want_none(work: Work, case: Case, response: LearningResponse, by: Member) -> Iterator[str]:
    """Who said in this response that they want no contact, and with whom none has been agreed since."""
    said = select(Contact).where(Contact.case_id == case.id, Contact.every == NONE)
    kept = {contact.need_id for contact in contacts.of_case(work, case)}
    for contact in work.session.exec(said.where(col(Contact.ended_at) >= response.decided_at).order_by(Contact.id)):
        if contact.need_id not in kept and contacts.may_know(work, contact, by):
            kept.add(contact.need_id)
            yield contacts.whom(work, contact)


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
