"""Who writes, and where they can be written to: somebody by what a platform says of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from psirf_bot.casework.inbound import Actor, Place
from psirf_bot.casework.people import member
from psirf_bot.casework.work import PersonId, Work
from psirf_bot.dialogs.typed import Invalid, clean
from psirf_bot.domain.authority import Member
from psirf_bot.domain.people import Role
from psirf_bot.store.direct import Prepared, table_of
from psirf_bot.store.tables import Identity, Person

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is known where somebody was last seen; saves a write on nearly every turn."""
# Asked on every turn, so past the ORM, in statements that are put together once.
_identity, _person = table_of(Identity), table_of(Person)
KNOWN = Prepared(
    sa.select(_identity.c.address, _identity.c.seen_at, _person)
    .join(_person, _identity.c.person_id == _person.c.id)
    .where(*(_identity.c[key] == sa.bindparam(key) for key in ("platform", "team", "user")))
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
    if not known.on_list and (name := _name_of(actor)) not in {"", known.name}:  # else the people list says it
        person = work.session.get_one(Person, known.id)
        person.name = name
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
    newcomer = Person(id=work.new_id(), name=_name_of(actor) or "A member of staff", roles=[Role.STAFF], on_list=False)
    # In Teams the bot can write only to those who have it; they show that by writing first.
    address = {} if actor.platform == "teams" else first_address(actor.platform, actor.team, actor.user)
    identity = Identity(
        platform=actor.platform, team=actor.team, user=actor.user, person_id=newcomer.id, address=address
    )
    work.session.add_all([newcomer, identity])
    work.session.flush()
    return identity


def _name_of(actor: Actor) -> str:
    """The name that a platform has for somebody; empty where it has none that a database keeps."""
    try:
        return clean(actor.name)
    except Invalid:
        return ""


def first_address(platform: str, team: str, user: str) -> dict[str, str]:
    """Where somebody can be written to before they have written; nowhere on a platform that is not set up."""
    if not team:
        return {}
    return {"user": user, "tenant": team} if platform == "teams" else {"user": user}
