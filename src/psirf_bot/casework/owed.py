"""What somebody owes today: the database finds what may be theirs, and whose a duty is has the last word."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, func, or_, select

from psirf_bot.casework import owners as whose
from psirf_bot.casework import people, support_circle
from psirf_bot.casework.deadlines import OPEN
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Deadline, Person

MOST = 100
"""How many duties of one person are looked at; more than that are counted."""
MOST_AHEAD = 10 * MOST
"""How many duties of many people are read ahead; where there are more, each person's are read for themselves."""
NO_ROLE = ""
"""In place of the role of a duty that is the quality team's where it is nobody's."""


def owed_by(work: Work, by: Member, until: datetime, *, but: str = "") -> tuple[list[Deadline], int]:
    """What this person owes that is due by then, the first due first, and how many more there are.

    Those with messages of their own are not among them, nor those of the rule `but`.
    """
    ahead: list[Deadline] | None = work.memo.get(("owed", by.id, until))
    if ahead is not None:
        return [deadline for deadline in ahead if deadline.rule != but], 0
    asked = _asked_of(work, [by], until)
    asked["rules"] = [rule for rule in asked["rules"] if rule != but]
    first = work.session.exec(_FIRST, params={**asked, "most": MOST}).all()
    more = 0
    if len(first) == MOST:
        more = work.session.connection().execute(_NUMBER, asked).scalar_one() - MOST
    return _shared_out(work, first, [by])[by.id], more


def read_ahead(work: Work, readers: Collection[Member], until: datetime) -> Sequence[Deadline]:
    """Read at once what these owe that is due by then: until the work is done nothing of it may change."""
    found = work.session.exec(_FIRST, params={**_asked_of(work, readers, until), "most": MOST_AHEAD}).all()
    if len(found) == MOST_AHEAD:
        return []
    work.memo.update({("owed", who, until): theirs for who, theirs in _shared_out(work, found, readers).items()})
    return found


def _asked_of(work: Work, readers: Collection[Member], until: datetime) -> dict[str, Any]:
    """What the database is asked: whose duties they may be, themselves or by their roles."""
    no_role = [NO_ROLE] if any(by.is_quality for by in readers) else []
    return {
        "until": until,
        "rules": [rule.id for rule in work.setting.rules.values() if not rule.alone],
        "owners": _principals(work, readers),
        "roles": [*{role for by in readers for role in _roles(work, by)}, *no_role],
    }


def _shared_out(work: Work, deadlines: Sequence[Deadline], readers: Collection[Member]) -> dict[str, list[Deadline]]:
    """Which of these each of them owes today; the answer is the same for all duties of one owner, role and service."""
    owed: dict[str, list[Deadline]] = {by.id: [] for by in readers}
    known: dict[tuple[str | None, ...], set[str]] = {}
    for deadline in deadlines:
        of_one_case = deadline.case_id if deadline.rule in support_circle.SIGNED else None
        key = deadline.owner_id, deadline.role, deadline.service, of_one_case
        if key not in known:
            known[key] = {someone.id for someone in whose.owners(work, deadline)} & owed.keys()
        for who in known[key]:
            owed[who].append(deadline)
    return owed


def _principals(work: Work, readers: Collection[Member]) -> Sequence[str]:
    """These people and those for whom they stand in today, straight or through somebody else."""
    met = [by.id for by in readers]
    for deputy in met:
        met += [s.person_id for s in people.standing_in_today(work) if s.deputy_id == deputy and s.person_id not in met]
    return met


def _roles(work: Work, by: Member) -> list[str]:
    """Their roles; for the quality team also those that nobody holds, whose duties fall to them."""
    orphans = set(Role) - people.roles_held(work) if by.is_quality else set()
    return [*by.roles, *orphans, *((Role.SERVICE_LEAD,) if by.is_quality else ())]


def _several(name: str) -> Any:
    return bindparam(name, expanding=True)


_HERE = select(Person.id).where(col(Person.active))
_NOBODYS = or_(col(Deadline.owner_id).is_(None), col(Deadline.owner_id).not_in(_HERE))
_OWED = select(Deadline).where(
    Deadline.state == OPEN,
    col(Deadline.due_at) <= bindparam("until"),
    col(Deadline.rule).in_(_several("rules")),
    or_(
        col(Deadline.owner_id).in_(_several("owners")),
        _NOBODYS & func.coalesce(Deadline.role, NO_ROLE).in_(_several("roles")),
    ),
)
_FIRST = _OWED.order_by(col(Deadline.due_at), col(Deadline.rule)).limit(bindparam("most"))
_NUMBER = select(func.count()).select_from(_OWED.subquery())
