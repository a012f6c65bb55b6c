"""What goes with a learning response and nobody has noted yet, for whoever keeps it (M01, P07 to P09, P11, Q35).

The page says so until it is done, or the case is closed. Contact alone has a clock too (first_contact.py).
"""

from collections.abc import Iterator

from sqlmodel import col, select

from psirf_bot.casework import cases, contacts, first_contact, named_contacts, nobody_affected
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.store.tables import Case, LearningResponse, SafetyAction

TELL_THEM = "Please tell the patient or family that it has ended, also where they took no part."


def lines(work: Work, case: Case, response: LearningResponse, by: Member) -> list[str]:
    """In a line each, for whoever leads the response and the quality team."""
    if not contacts.may_keep(work, case, by):
        return []
    return list(_after_the_end(work, case) if response.ended_at else _before(work, case, response, by))


def _before(work: Work, case: Case, response: LearningResponse, by: Member) -> Iterator[str]:
    if without := ", ".join(first_contact.not_agreed(work, case, response, by)):
        yield f"No contact is agreed yet with: {without}."
    if none := ", ".join(contacts.whom(work, each) for each in first_contact.want_none(work, case, response, by)):
        yield f"They want no contact: {none}."
    if response.started_at and response.terms is None:
        yield "The terms of reference are not set yet."


def _after_the_end(work: Work, case: Case) -> Iterator[str]:
    if nobody_affected.parts(named_contacts.newest(work, case))[0] != nobody_affected.NOBODY:
        yield TELL_THEM
    together = [each.id for each in cases.with_joined(work, case)]
    if work.session.exec(select(SafetyAction.id).where(col(SafetyAction.case_id).in_(together))).first() is None:
        yield "No safety action is agreed from it yet."
