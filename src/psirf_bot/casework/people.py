"""Who somebody is, which roles they hold today, who stands in for them, and whom a typed name means."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches

from sqlalchemy import func
from sqlmodel import col, or_, select

from psirf_bot.casework.inbound import Actor, Place
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.questions import Invalid
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import PersonRow, Role
from psirf_bot.store.tables import Identity, Person, StandIn

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is known where somebody was last seen; saves a write on nearly every turn."""


def identify(work: Work, actor: Actor, place: Place) -> Member:
    """Return the member of staff behind a platform identity, and remember where they can be written to.

    A full member of the tenant or workspace whom the people list does not know yet becomes known by that identity. An
    identity imported before its team was known is claimed by the first team that shows it; the adapter has checked that
    this team is the trust's own.
    """
    identity = work.session.get(Identity, (actor.platform, actor.team, actor.user))
    if identity is None:
        identity = _claim(work, actor) or _welcome(work, actor)
    if place.private and place.address and identity.address != dict(place.address):
        identity.address = dict(place.address)
    if identity.seen_at is None or work.now - identity.seen_at > SEEN_EVERY:
        identity.seen_at = work.now
    work.session.add(identity)
    person = work.session.get_one(Person, identity.person_id)
    return member(work, person)


def member(work: Work, person: Person) -> Member:
    """The person with the roles they hold today, by themselves and for those they stand in for."""
    own = {Role(r) for r in person.roles} | {Role.STAFF}
    for stand_in in _standing_in_today(work, StandIn.deputy_id == person.id):
        principal = work.session.get(Person, stand_in.person_id)
        theirs = {Role(r) for r in principal.roles} if principal and principal.active else set()
        own |= theirs & {Role(stand_in.role)} if stand_in.role else theirs
    return Member(person.id, person.name, frozenset(own), person.service)


def person(work: Work, person_id: str | None) -> Person | None:
    return work.session.get(Person, person_id) if person_id else None


def name_of(work: Work, who: str | None) -> str:
    """The name behind a person id; words typed for somebody who is not on the list are their own name."""
    found = person(work, who)
    return found.name if found else (who or "")


def holders(work: Work, role: Role) -> list[Person]:
    """Those who act in this role today: its holders, or whoever stands in for them."""
    people = work.session.exec(select(Person).where(col(Person.active)).order_by(Person.name)).all()
    acting = [acting_for(work, p, role) for p in people if role in p.roles]
    return list({p.id: p for p in acting}.values())


def with_emails(work: Work, emails: Iterable[str]) -> list[Person]:
    """The active people with these addresses, in this order."""
    found = (
        work.session.exec(select(Person).where(Person.email == email, col(Person.active))).first() for email in emails
    )
    return [p for p in found if p]


def acting_for(work: Work, who: Person, role: Role | None = None) -> Person:
    """Whoever acts for this person today: themselves, or their deputy while they are away."""
    met = {who.id}
    while True:
        away = [s for s in _standing_in_today(work, StandIn.person_id == who.id) if s.role in {None, role}]
        deputy = work.session.get(Person, away[0].deputy_id) if away else None
        if deputy is None or not deputy.active or deputy.id in met:
            return who
        met.add(deputy.id)
        who = deputy


def resolve(work: Work, typed: Iterable[str]) -> list[str]:
    """Turn names and e-mail addresses into person ids; a name nobody has stays as typed. Raises Invalid when unsure."""
    return [_one(work, name.strip()) for name in typed if name.strip()]


def take_on(work: Work, rows: Iterable[PersonRow], teams: Mapping[str, str]) -> tuple[int, int, int]:
    """Bring the people list up to date from people.csv; returns how many were added, changed, and have left.

    `teams` gives the Slack team and the Entra tenant that the ids in the file belong to.
    """
    known = {p.email: p for p in work.session.exec(select(Person).where(col(Person.on_list))) if p.email}
    added = changed = 0
    listed: dict[str, tuple[Person, PersonRow]] = {}
    for row in rows:
        found = known.get(row.email) or _by_identity(work, row, teams)
        before = found.model_dump() if found else None
        someone = found or Person(id=work.new_id(), name=row.name, roles=[])
        someone.name, someone.email, someone.service = row.name, row.email, row.service
        someone.roles, someone.active, someone.on_list = sorted(row.roles), True, True
        work.session.add(someone)
        listed[row.email] = (someone, row)
        added += found is None
        changed += before is not None and before != someone.model_dump()
        _give_identities(work, someone, row, teams)
    work.session.flush()
    for someone, row in listed.values():
        manager = listed.get(row.line_manager or "")
        someone.line_manager_id = manager[0].id if manager else None
    left = [p for email, p in known.items() if email not in listed and p.active]
    for someone in left:
        someone.active = False
    return added, changed, len(left)


def _standing_in_today(work: Work, whose: object) -> list[StandIn]:
    today = work.local.date()
    covers = select(StandIn).where(whose, StandIn.starts <= today, StandIn.ends >= today)  # type: ignore[arg-type]
    return list(work.session.exec(covers.order_by(col(StandIn.id).desc())))


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
    newcomer = Person(id=work.new_id(), name=actor.name or "A member of staff", roles=[Role.STAFF], on_list=False)
    identity = Identity(platform=actor.platform, team=actor.team, user=actor.user, person_id=newcomer.id, address={})
    work.session.add_all([newcomer, identity])
    work.session.flush()
    work.record(newcomer.id, "joined from the platform")
    return identity


def _one(work: Work, typed: str) -> str:
    if work.session.get(Person, typed):
        return typed
    same = or_(func.lower(Person.name) == typed.lower(), func.lower(Person.email) == typed.lower())
    found = work.session.exec(select(Person).where(col(Person.active), same)).all()
    if len(found) > 1:
        raise Invalid(f"There are {len(found)} people called {typed}. Please give a work e-mail address instead.")
    if found:
        return found[0].id
    everyone = work.session.exec(select(Person.name).where(col(Person.active))).all()
    nearest = get_close_matches(typed, everyone, n=1, cutoff=0.8)
    if nearest:
        raise Invalid(f"Nobody on the people list is called that. Did you mean {nearest[0]}?")
    if "@" in typed:
        raise Invalid("Nobody on the people list has that e-mail address. Please check it, or give their name.")
    return typed


def _by_identity(work: Work, row: PersonRow, teams: Mapping[str, str]) -> Person | None:
    """Somebody who reported before they were listed, and is now listed with that platform's id."""
    for platform, user in (("slack", row.slack_id), ("teams", row.teams_id)):
        identity = work.session.get(Identity, (platform, teams.get(platform, ""), user)) if user else None
        someone = work.session.get(Person, identity.person_id) if identity else None
        if someone and not someone.on_list:
            return someone
    return None


def _give_identities(work: Work, someone: Person, row: PersonRow, teams: Mapping[str, str]) -> None:
    ids = {"slack": row.slack_id, "teams": row.teams_id, "web": row.email if "web" in teams else None}
    for platform, user in ids.items():
        if not user:
            continue
        identity = work.session.get(Identity, (platform, teams.get(platform, ""), user))
        identity = identity or Identity(
            platform=platform,
            team=teams.get(platform, ""),
            user=user,
            person_id=someone.id,
            address={"user": user} if platform in {"slack", "web"} else {},
        )
        identity.person_id = someone.id
        work.session.add(identity)
