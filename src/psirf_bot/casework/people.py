"""Who somebody is, which roles they hold today, who stands in for them, and whom a typed name means."""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from itertools import count
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import String, cast
from sqlmodel import col, select

from psirf_bot.cards.forms import with_people
from psirf_bot.cards.model import Input
from psirf_bot.casework.inbound import Actor, Place
from psirf_bot.casework.work import PersonId, Work
from psirf_bot.dialogs.typed import Invalid, clean
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.store.direct import Prepared, table_of
from psirf_bot.store.tables import Identity, Person, StandIn

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is known where somebody was last seen; saves a write on nearly every turn."""


# Asked on every turn, so past the ORM, in statements that are put together once.
_identity, _person, _stand_in = table_of(Identity), table_of(Person), table_of(StandIn)
KNOWN = Prepared(
    sa.select(_identity.c.address, _identity.c.seen_at, _person)
    .join(_person, _identity.c.person_id == _person.c.id)
    .where(*(_identity.c[key] == sa.bindparam(key) for key in ("platform", "team", "user")))
)
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

HERE_FOR = timedelta(minutes=15)
"""How long somebody counts as being here after they were seen."""


def identify(work: Work, actor: Actor, place: Place, known: Any = None) -> Member:
    """Return the member of staff behind a platform identity, and remember where they can be written to.

    A full member of the tenant or workspace whom the people list does not know yet becomes known by that identity. An
    identity imported before its team was known is claimed by the first team that shows it; the adapter has checked that
    this team is the trust's own. `known`: the row that KNOWN finds, where it has been read.
    """
    who = {"platform": actor.platform, "team": actor.team, "user": actor.user}
    known = known or KNOWN.first(work.session, **who)
    if known is None:
        _claim(work, actor) or _welcome(work, actor)
        work.session.flush()
        known = KNOWN.first(work.session, **who)
    moved = bool(place.private and place.address and known.address != dict(place.address))
    if moved or known.seen_at is None or work.now - known.seen_at > SEEN_EVERY:
        identity = work.session.get_one(Identity, (actor.platform, actor.team, actor.user))
        identity.seen_at = work.now
        if moved:
            identity.address = dict(place.address)
        work.session.add(identity)
    work.memo["known", known.id] = known
    return member(work, known)


def is_here(work: Work, person_id: str) -> bool:
    """Whether somebody has just been seen, so that a word does not disturb them whatever the hour."""
    seen = select(Identity.person_id).where(
        Identity.person_id == person_id, col(Identity.seen_at) > work.now - HERE_FOR
    )
    return work.session.exec(seen).first() is not None


def cannot_be_reached(work: Work, person_id: str, platform: str, address: Mapping[str, str]) -> None:
    """Forget an address that leads nowhere; they give a new one by writing to the bot again."""
    theirs = select(Identity).where(Identity.person_id == person_id, Identity.platform == platform)
    for identity in work.session.exec(theirs):
        if identity.address and identity.address.items() <= address.items():
            identity.address = {}
            work.session.add(identity)


def picked(work: Work, actor: Actor, by: Member) -> PersonId:
    """The id of a member of staff whom somebody picked from a platform's own list."""
    identity = work.session.get(Identity, (actor.platform, actor.team, actor.user)) or _claim(work, actor)
    if identity is None:
        identity = _newcomer(work, actor)
        work.record(by.id, "picked from the platform", who=identity.person_id)
    return PersonId(identity.person_id)


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


def resolve(work: Work, typed: Iterable[str], so_far: Mapping[str, str] | None = None) -> list[str]:
    """Turn names and e-mail addresses into person ids; a name nobody has stays as typed. Raises Invalid when unsure.

    `so_far`: who is meant by the names that were shown, as `as_shown` gave them; they are not guessed at again.
    """
    names = [name.strip() for name in typed if name.strip()]
    known = {plain(name): who for name, who in (so_far or {}).items()}
    unsure = [name for name in names if plain(name) not in known]
    everyone = work.session.exec(select(Person).where(col(Person.active))).all() if unsure else []
    return [known.get(plain(name)) or _one(work, name, everyone) for name in names]


def as_shown(work: Work, who: Iterable[str]) -> dict[str, str]:
    """These people, or names that were typed, by what is shown for them: namesakes are told apart by a number."""
    names = {someone: name_of(work, someone).replace(",", "") for someone in who}  # between names there are commas
    shown = told_apart(names)
    return {shown[someone]: someone for someone in names}


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """People's names by their ids, with a number for namesakes: it does not hang on the order in which they are
    shown."""
    shown: dict[str, str] = {}
    for who, name in sorted(names.items()):
        labels = (name if n == 1 else f"{name} ({n})" for n in count(1))
        shown[who] = next(label for label in labels if label not in shown.values())
    return shown


def filled_in(work: Work, input: Input, who: Iterable[str]) -> Input:
    """An input for people with these in it: picked where the platform can do that, otherwise by what is shown."""
    shown = as_shown(work, who)
    theirs = select(Identity).where(Identity.platform == "slack", col(Identity.person_id).in_(shown.values()))
    return with_people(input, shown, {i.person_id: i.user for i in work.session.exec(theirs)})


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


def _claim(work: Work, actor: Actor) -> Identity | None:
    waiting = work.session.get(Identity, (actor.platform, "", actor.user))
    if waiting is None:
        return None
    claimed = Identity(
        platform=actor.platform,
        team=actor.team,
        user=actor.user,
        person_id=waiting.person_id,
        address=waiting.address,
    )
    work.session.delete(waiting)
    work.session.add(claimed)
    return claimed


def _welcome(work: Work, actor: Actor) -> Identity:
    identity = _newcomer(work, actor)
    work.record(identity.person_id, "joined from the platform")
    return identity


def _newcomer(work: Work, actor: Actor) -> Identity:
    """Somebody whom the people list does not know, under the name that the platform has for them."""
    try:
        name = clean(actor.name)
    except Invalid:  # characters that no database keeps
        name = ""
    newcomer = Person(id=work.new_id(), name=name or "A member of staff", roles=[Role.STAFF], on_list=False)
    # In Teams the bot can write only to those who have it; they show that by writing first.
    address = {} if actor.platform == "teams" else first_address(actor.platform, actor.team, actor.user)
    identity = Identity(
        platform=actor.platform, team=actor.team, user=actor.user, person_id=newcomer.id, address=address
    )
    work.session.add_all([newcomer, identity])
    work.session.flush()
    return identity


def _one(work: Work, typed: str, everyone: Sequence[Person]) -> str:
    someone = work.session.get(Person, typed)
    if someone:
        return someone.id if someone.active else someone.name
    wanted = plain(typed)
    found = [p for p in everyone if wanted in {plain(p.name), plain(p.email or "")}]
    found = [p for p in found if p.on_list] or list(found)
    if len(found) > 1:
        raise Invalid(f"There are {len(found)} people called {typed}. Please give a work e-mail address instead.")
    if found:
        return found[0].id
    names = {alike: p.name for p in everyone if (alike := plain(p.name))[:1] == wanted[:1]}
    nearest = get_close_matches(wanted, names, n=1, cutoff=0.8)
    if nearest:
        raise Invalid(
            f"Nobody on the people list is called that. Did you mean {names[nearest[0]]}? "
            "If not, please add where they work, for example (agency)."
        )
    if "@" in typed:
        raise Invalid("Nobody on the people list has that e-mail address. Please check it, or give their name.")
    return typed


def plain(name: str) -> str:
    """A name or an address for comparing: phones turn apostrophes, and people change capitals and spaces."""
    return " ".join(unicodedata.normalize("NFC", name).replace("’", "'").casefold().split())


def first_address(platform: str, team: str, user: str) -> dict[str, str]:
    """Where somebody can be written to before they have written; nowhere on a platform that is not set up."""
    if not team:
        return {}
    return {"user": user, "tenant": team} if platform == "teams" else {"user": user}
