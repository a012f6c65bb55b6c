"""Who signed a part of a minute: when, in which office, or standing in for whom (B06, I16)."""

from datetime import datetime

from sqlmodel import col, select

from psirf_bot.cards.answers import instant
from psirf_bot.casework import people
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Panel, Person, StandIn

OFFICES = {Role.CHIEF_NURSE: "Chief Nurse", Role.MEDICAL_DIRECTOR: "Medical Director"}


def when(work: Work, at: datetime | None) -> str:
    """A moment in local time; nothing where there was none."""
    return instant(work.setting.calendar.local(at)) if at else ""


def chaired(work: Work, who: str | None, panel: Panel) -> str:
    """Who signed as the chair, and that it was for the chair if it was somebody else; nothing if nobody has."""
    if who is None:
        return ""
    chair = f"{people.name_of(work, panel.chair_id)}, chair of the panel"
    return chair if who == panel.chair_id else f"{people.name_of(work, who)}, standing in for {chair}"


def officer(work: Work, who: str | None, at: datetime | None) -> str:
    """Who signed as the Chief Nurse or the Medical Director, or for which of them they stood in that day."""
    name, signer = people.name_of(work, who), people.person(work, who)
    office = office_of(signer)
    if at is None or office:
        return ", ".join(filter(None, (name, office)))
    day = work.setting.calendar.local(at).date()
    covers = select(StandIn).where(StandIn.deputy_id == who, StandIn.starts <= day, StandIn.ends >= day)
    for stand_in in work.session.exec(covers.order_by(col(StandIn.id).desc())):
        principal = people.person(work, stand_in.person_id)
        if principal and office_of(principal) and stand_in.role in {None, *OFFICES}:
            return f"{name}, standing in for {principal.name}, {office_of(principal)}"
    return f"{name}, standing in for the Chief Nurse or the Medical Director"


def office_of(person: Person | None) -> str:
    """Chief Nurse or Medical Director, if they are one."""
    return next((words for role, words in OFFICES.items() if person and role in person.roles), "")
