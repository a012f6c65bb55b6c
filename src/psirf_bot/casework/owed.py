"""What somebody owes today: the database finds what may be theirs, and whose a duty is has the last word."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, func, or_, select

from psirf_bot.casework import owners as whose
from psirf_bot.casework import people
from psirf_bot.casework.deadlines import OPEN
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Deadline, Person, StandIn

MOST = 100
"""How many duties of one person are looked at; more than that are counted."""


def owed_by(work: Work, by: Member, until: datetime) -> tuple[list[Deadline], int]:
    """What this person owes that is due by then, the first due first, and how many more there are.

    The database finds what may be theirs; whose a duty is today has the last word. Those with messages of their own
    are not among them.
    """
    shared = [rule.id for rule in work.setting.rules.values() if not rule.alone]
    here = select(Person.id).where(col(Person.active))
    theirs = or_(
        col(Deadline.owner_id).in_(_principals(work, by.id)),
        or_(col(Deadline.owner_id).is_(None), col(Deadline.owner_id).not_in(here))
        & (col(Deadline.role).in_(_roles(work, by)) | (col(Deadline.role).is_(None) if by.is_quality else False)),
    )
    found = select(Deadline).where(
        Deadline.state == OPEN, col(Deadline.due_at) <= until, col(Deadline.rule).in_(shared), theirs
    )
    first = work.session.exec(found.order_by(col(Deadline.due_at), col(Deadline.rule)).limit(MOST)).all()
    more = 0
    if len(first) == MOST:
        more = int(work.session.exec(select(func.count()).select_from(found.subquery())).one()) - MOST
    known: dict[tuple[str | None, str | None, str | None], bool] = {}
    return [d for d in first if _is_theirs(work, d, by.id, known)], more


def _is_theirs(
    work: Work, deadline: Deadline, person_id: str, known: dict[tuple[str | None, str | None, str | None], bool]
) -> bool:
    """Whether they owe it today; the answer is the same for all duties of one owner, role and service."""
    key = deadline.owner_id, deadline.role, deadline.service
    if key not in known:
        known[key] = any(someone.id == person_id for someone in whose.owners(work, deadline))
    return known[key]


def _principals(work: Work, person_id: str) -> Sequence[str]:
    """This person and those for whom they stand in today, straight or through somebody else."""
    met, today = [person_id], work.local.date()
    for deputy in met:
        away = select(StandIn.person_id).where(
            StandIn.deputy_id == deputy, StandIn.starts <= today, StandIn.ends >= today
        )
        met += [one for one in work.session.exec(away) if one not in met]
    return met


def _roles(work: Work, by: Member) -> list[str]:
    """Their roles; for the quality team also those that nobody holds, whose duties fall to them."""
    orphans = [role for role in Role if not people.holders(work, role)] if by.is_quality else []
    return [*by.roles, *orphans, *((Role.SERVICE_LEAD,) if by.is_quality else ())]
