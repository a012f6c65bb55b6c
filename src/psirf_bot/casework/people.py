"""Who somebody is, which roles they hold today, and who stands in for them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import String, cast
from sqlmodel import col, select

from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.store.direct import Prepared, table_of
from psirf_bot.store.tables import Person, StandIn

_stand_in = table_of(StandIn)
COVERS = Prepared(
    sa.select(_stand_in)
    .where(_stand_in.c.starts <= sa.bindparam("today"), _stand_in.c.ends >= sa.bindparam("today"))
    .order_by(_stand_in.c.id.desc())
)

ANYBODY_COVERS = Prepared(
    sa.select(sa.literal_column("1").label("so")).where(
        sa.exists().where(_stand_in.c.starts <= sa.bindparam("today"), _stand_in.c.ends >= sa.bindparam("today"))
    )
)


class Known(Protocol):
    """What has to be known of a person to say what they may do: a Person, or as much of its row."""

    id: str
    name: str
    roles: list[str]
    service: str | None
    line_manager_id: str | None
    active: bool
    on_list: bool


def member(work: Work, person: "Known") -> Member:
    """The person with the roles they hold today, by themselves and for those they stand in for."""
    offices, acts_for = _today(work, person, {person.id})
    roles = frozenset({Role.STAFF} | {role for role, _ in offices})
    leads = frozenset(service for role, service in offices if role is Role.SERVICE_LEAD and service)
    own = frozenset(Role(role) for role in person.roles) if person.active else frozenset[Role]()
    return Member(person.id, person.name, roles, leads, frozenset(acts_for), own)


def person(work: Work, person_id: str | None) -> Person | None:
    """Somebody by their id. Kept until the memo is cleared: a session forgets whom nobody holds, and reads again."""
    found: Person | None = work.memo.get(("person", person_id))
    if found is None and person_id:
        found = work.session.get(Person, person_id)
        if found:
            work.memo["person", person_id] = found
    return found


def known(work: Work, person_id: str) -> "Known | None":
    """What is known of somebody, for reading: of whose turn this is it has been read already."""
    read: Known | None = work.memo.get(("known", person_id))
    return read or person(work, person_id)


def name_of(work: Work, who: str | None) -> str:
    """The name behind a person id; words typed for somebody who is not on the list are their own name."""
    found = person(work, who)
    return found.name if found else (who or "")


def owner_named(work: Work, who: str | None) -> str:
    """Whose something is, by name; somebody who has left is shown as that, until it is made somebody else's."""
    found = person(work, who)
    return f"{found.name} (has left)" if found and not found.active else name_of(work, who)


def holders(work: Work, role: Role) -> list[Person]:
    """Those who act in this role today: its holders, or whoever stands in for them."""
    known: list[Person] | None = work.memo.get(role)
    if known is None:
        known = work.memo[role] = _holders(work, role)
    return list(known)


def _holders(work: Work, role: Role) -> list[Person]:
    people = work.session.exec(select(Person).where(col(Person.active), _holds(role)).order_by(Person.name)).all()
    acting = [acting_for(work, p, role) for p in people]
    return list({p.id: p for p in acting}.values())


def roles_held(work: Work) -> frozenset[Role]:
    """The roles that anybody here holds."""
    known: frozenset[Role] | None = work.memo.get("roles held")
    if known is None:
        lists = work.session.exec(select(cast(Person.roles, String)).where(col(Person.active)).distinct())
        known = work.memo["roles held"] = frozenset(Role(role) for roles in lists for role in json.loads(roles))
    return known


def own_holders(work: Work, role: Role) -> list[Person]:
    """Those who have this role by themselves, whether they are here today or not."""
    return list(work.session.exec(select(Person).where(col(Person.active), _holds(role)).order_by(Person.name)))


def with_emails(work: Work, emails: Iterable[str]) -> list[Person]:
    """The active people with these addresses, in this order."""
    found = (
        work.session.exec(select(Person).where(Person.email == email, col(Person.active))).first() for email in emails
    )
    return [p for p in found if p]


def acting_for(work: Work, who: Person, role: Role | None = None) -> Person:
    """Whoever acts for this person today: themselves, or their deputy while they are away."""
    asked = (who.id, role)
    if asked not in work.memo:
        work.memo[asked] = _acting_for(work, who, role)
    acting: Person = work.memo[asked]
    return acting


def _acting_for(work: Work, who: Person, role: Role | None) -> Person:
    met = {who.id}
    while True:
        away = [s for s in standing_in_today(work) if s.person_id == who.id and s.role in {None, role}]
        deputies = (work.session.get(Person, s.deputy_id) for s in away)
        deputy = next((d for d in deputies if d and d.active), None)
        if deputy is None or deputy.id in met:
            return who
        met.add(deputy.id)
        who = deputy


def acting_as(work: Work, role: Role) -> list[str]:
    """The ids of those who hold a role, and of those who stand in for one of them today."""
    holding = list(work.session.exec(select(Person.id).where(col(Person.active), _holds(role))))
    standing_in = [s for s in standing_in_today(work) if s.person_id in holding and s.role in {None, role}]
    return [*holding, *(stand_in.deputy_id for stand_in in standing_in)]


def _holds(role: Role) -> Any:
    return cast(Person.roles, String).contains(f'"{role}"')  # roles are a JSON list


Office = tuple[Role, str | None]
"""A role with the service it is held in."""


def _today(work: Work, person: "Known", met: set[str]) -> tuple[set[Office], set[tuple[str, Role | None]]]:
    """Their offices with those of whoever they stand in for, and for whom that is: in one role, or (None) in all."""
    if not person.active:
        return set(), set()
    offices: set[Office] = {(Role(r), person.service) for r in person.roles}
    acts_for: set[tuple[str, Role | None]] = set()
    for stand_in in standing_in_today(work):
        if stand_in.deputy_id != person.id:
            continue
        principal = work.session.get(Person, stand_in.person_id)
        if principal and principal.id not in met:
            only = Role(stand_in.role) if stand_in.role else None
            theirs, in_turn = _today(work, principal, {*met, principal.id})
            offices |= {(role, service) for role, service in theirs if only in {None, role}}
            acts_for |= {(principal.id, only)}
            acts_for |= {(whom, only or role) for whom, role in in_turn if None in {only, role} or only == role}
    return offices, acts_for


def standing_in_today(work: Work) -> Sequence[Any]:
    """Everybody who stands in for somebody today, the newest arrangement first: few, and asked for again and again."""
    today = work.local.date()
    if "standing in" not in work.memo:
        work.session.flush()
        work.memo["standing in"] = COVERS.all(work.session, today=today)
    found: Sequence[Any] = work.memo["standing in"]
    return found


def nobody_stands_in(work: Work) -> None:
    """It has been asked whether anybody does today."""
    work.memo["standing in"] = ()
