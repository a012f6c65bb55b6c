"""Whose a duty is today: the person who owes it, whoever stands in for them, or those who hold the role behind it."""

from collections.abc import Collection
from datetime import time
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from psirf_bot.casework import fair_circle, people, support_circle
from psirf_bot.casework.case_facts import allowed, staff_named
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act
from psirf_bot.domain.people import Role
from psirf_bot.domain.working_time import ORDINARY, WorkingPattern
from psirf_bot.store.tables import Case, Deadline, Person, WorkingHours


def owners(work: Work, deadline: Deadline) -> list[Person]:
    """Those who are reminded of a duty. Somebody who has left has none; then the role behind it is asked.

    A duty of the two who use the being fair tool is theirs alone: nobody stands in for them, and no role is behind
    them.
    """
    if deadline.subject_kind == fair_circle.KIND:
        return fair_circle.reminded(work, deadline)
    kept_from = support_circle.kept_from(work, deadline)
    owner = people.person(work, deadline.owner_id)
    acting = people.acting_for(work, owner) if owner and owner.active else None
    if acting and acting.id not in kept_from and not _is_named_in_place_of_the_lead(work, deadline, acting):
        return [acting]
    asked = in_role(work, Role(deadline.role or Role.QUALITY), deadline.service)
    return [someone for someone in asked if someone.id not in kept_from]


def _is_named_in_place_of_the_lead(work: Work, deadline: Deadline, acting: Person) -> bool:
    """Whoever is named in a case's reports does not lead what is learned from it, nor while its lead is away."""
    rule = work.setting.rules.get(deadline.rule)
    if acting.id == deadline.owner_id or deadline.case_id is None or rule is None or rule.owner != "response lead":
        return False
    return acting.id in staff_named(work, deadline.case_id)


def in_role(work: Work, role: Role, service: str | None) -> list[Person]:
    """Those who act in a role today, for a service lead in this service; the quality team where there is nobody."""
    found = people.holders(work, role)
    if role is Role.SERVICE_LEAD:
        found = [someone for someone in found if service in people.member(work, someone).leads]
    return found or people.holders(work, Role.QUALITY)


def on_rung(work: Work, deadline: Deadline, role: Role) -> list[Person]:
    """Those in a role who hear that a duty is late: of candour only who may see it, as the report may be kept close."""
    found = in_role(work, role, deadline.service)
    case = work.session.get(Case, deadline.case_id) if deadline.rule.startswith("candour.") else None
    if case is None:
        return found
    seeing = [one for one in found if allowed(work, people.member(work, one), Act.SEE_CANDOUR, case)]
    return seeing or people.holders(work, Role.QUALITY)


def pattern_of(work: Work, person_id: str | None) -> WorkingPattern:
    """When somebody works: as they have said themselves, or the usual hours."""
    asked = ("hours", person_id)
    if asked not in work.memo:
        work.memo[asked] = _pattern(work.session.get(WorkingHours, person_id) if person_id else None)
    pattern: WorkingPattern = work.memo[asked]
    return pattern


def read_ahead(work: Work, person_ids: Collection[str]) -> None:
    """It is about to be asked when each of these works: read it for all of them."""
    hours = {theirs.person_id: theirs for theirs in work.session.exec(_HOURS, params={"ids": person_ids})}
    work.memo.update({("hours", who): _pattern(hours.get(who)) for who in person_ids})


def _pattern(hours: WorkingHours | None) -> WorkingPattern:
    if hours is None:
        return ORDINARY
    return WorkingPattern(frozenset(hours.days), _clock(hours.begin), _clock(hours.end))


def _clock(text: str) -> time:
    return time.fromisoformat(text)


_IDS: Any = bindparam("ids", expanding=True)
_HOURS = select(WorkingHours).where(col(WorkingHours.person_id).in_(_IDS))
