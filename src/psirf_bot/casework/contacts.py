"""Contact agreed with the service user, their family or a member of staff: when, how often, and what waits (Q28, R02).

The first contact waits: with a service user for the spoken apology (E05), with staff until they were told (R02).
It is agreed, noted and ended in contact_steps.py.
"""

from datetime import date, timedelta

from sqlmodel import col, select

from psirf_bot.cards.model import Button
from psirf_bot.cards.response import ContactShown
from psirf_bot.casework import candour, days_to_avoid, deadlines, support, under_way
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import case_facts
from psirf_bot.casework.deadlines import Subject, happened, running
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.events import Event
from psirf_bot.domain.response import ACCESS, EVERY
from psirf_bot.store.tables import Case, Contact, Deadline, SupportNeed

SERVICE_USER, STAFF = "service-user", "staff"
WHOM = "The service user or family"


def may_keep(work: Work, case: Case, by: Member) -> bool:
    """Whether this person may agree and record contact: the lead or the quality team, also while the case is paused."""
    facts = case_facts(work, case)
    return facts.lead_id is not None and any(may(by, act, facts) for act in (Act.LEAD_RESPONSE, Act.RESUME))


def of_case(work: Work, case: Case) -> list[Contact]:
    """Contact that was agreed and has not ended."""
    theirs = select(Contact).where(Contact.case_id == case.id, col(Contact.ended_at).is_(None))
    return list(work.session.exec(theirs.order_by(col(Contact.with_whom).desc(), Contact.id)))


def gate(work: Work, case: Case, contact: Contact) -> str | None:
    """Why the first contact has to wait, and what to do; None when it need not, or has been."""
    if contact.first_on is not None:
        return None
    if contact.with_whom == SERVICE_USER:
        return candour.contact_gate(work, case)
    need = _need(work, contact)
    return support.staff_contact_gate(work, need) if need else None


def waits(work: Work, deadline: Deadline) -> str:
    """Why the contact that a duty is about has to wait; empty for one that need not, and for any other duty."""
    contact = work.session.get(Contact, deadline.subject_id) if deadline.subject_kind == "contact" else None
    case = work.session.get(Case, contact.case_id) if contact else None
    return (contact and case and (gate(work, case, contact) or _not_today(work, contact))) or ""


def _not_today(work: Work, contact: Contact) -> str:
    """On a day that they would rather avoid nobody is reminded to be in touch, however late it is (Q28)."""
    day = work.local.date()
    if day.isoformat() not in contact.avoid:
        return ""
    while day.isoformat() in contact.avoid or not work.setting.calendar_beyond.is_working_day(day):
        day += timedelta(days=1)
    return f"Please wait until {under_way.in_words(day)}: today is one of the days to avoid."


def shown_to(work: Work, case: Case, by: Member) -> list[ContactShown]:
    """The contact agreed, for those who keep it. Who is kept from somebody's support sees nothing of theirs here."""
    if not may_keep(work, case, by):
        return []
    found = [c for c in of_case(work, case) if may_know(work, c, by)]
    return [ContactShown(whom(work, c), in_words(c), gate(work, case, c) or "", _buttons(work, case, c)) for c in found]


def whom(work: Work, contact: Contact) -> str:
    need = _need(work, contact)
    return need.name if need else WHOM


def pass_to(work: Work, case: Case, lead_id: str) -> None:
    """Somebody else leads the response: the contact agreed is theirs to keep."""
    for contact in of_case(work, case):
        contact.lead_id = lead_id
        work.session.add(contact)
        for clock in running(work, subject(case, contact)):
            deadlines.hand_over(work, clock, lead_id)


def end_all(work: Work, case: Case, by: str) -> None:
    """The case is closed, withdrawn or joined with another: no more contact is owed for it."""
    for contact in of_case(work, case):
        end_one(work, case, contact, by)


def _need(work: Work, contact: Contact) -> SupportNeed | None:
    return work.session.get(SupportNeed, contact.need_id) if contact.need_id else None


def may_know(work: Work, contact: Contact, by: Member) -> bool:
    need = _need(work, contact)
    return need is None or not support.is_kept_from(work, need, by)


def subject(case: Case, contact: Contact) -> Subject:
    return Subject("contact", contact.id, case, case.service, {"response lead": contact.lead_id})


def in_words(contact: Contact) -> str:
    parts = [f"Last on {under_way.in_words(contact.last_on)}." if contact.last_on else "Not contacted yet."]
    parts.append(f"Next on {under_way.in_words(contact.next_on)}." if contact.next_on else "No next day is agreed.")
    parts.append(f"{EVERY[contact.every or 'once']}.")
    if contact.avoid:
        days = [date.fromisoformat(day) for day in contact.avoid]
        parts.append(f"Not on {days_to_avoid.in_words(days)}.")
    return " ".join([*parts, needs_in_words(contact)]).strip()


def needs_in_words(contact: Contact) -> str:
    """What would make it easier for them to take part (F04); empty where nothing was chosen."""
    chosen = [ACCESS[one] for one in contact.access if one in ACCESS]
    return f"Easier for them: {'; '.join(chosen)}." if chosen else ""


def _buttons(work: Work, case: Case, contact: Contact) -> tuple[Button, ...]:
    name = whom(work, contact)
    labels = {
        "contact.made": "We were in touch",
        "contact.move": "Change it",
        "contact.end": "Contact has ended",
        "contact.talk": "What to talk about",
    }
    return tuple(
        button(work, label, verb, case=case, spoken=f"{label}: {name}", contact=contact.id)
        for verb, label in labels.items()
    )


def record(work: Work, by: str, what: str, case: Case, contact: Contact, **content: object) -> None:
    """In the audit contact with staff has another name: the history of the case does not tell of it."""
    whom = " with staff" if contact.need_id else ""
    work.record(by, f"contact{whom} {what}", case, contact=contact.id, **content)


def end_one(work: Work, case: Case, contact: Contact, by: str) -> None:
    contact.ended_at, contact.next_on = work.now, None
    work.session.add(contact)
    work.session.flush()
    record(work, by, "ended", case, contact)
    happened(work, Event.CONTACT_ENDED, subject(case, contact), by)
