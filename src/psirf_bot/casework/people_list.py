"""Taking on the people list. The key is a platform's own id; an address alone can pass from one person to another."""

from collections.abc import Iterable, Mapping

from sqlmodel import SQLModel, col, delete, select, update

from psirf_bot.casework import post
from psirf_bot.casework.identities import first_address
from psirf_bot.casework.people import person
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import PersonRow
from psirf_bot.store.tables import (
    Action,
    Case,
    Contact,
    Deadline,
    Dialog,
    FairRun,
    Identity,
    LearningResponse,
    NamedContact,
    Nudge,
    Outbox,
    Panel,
    PanelMember,
    Person,
    SafetyAction,
    SafetyAlert,
    StandIn,
    SupportCheck,
    SupportNeed,
    SupportRequest,
    Training,
    Vote,
    WorkingHours,
)


def take_on(work: Work, rows: Iterable[PersonRow], teams: Mapping[str, str]) -> tuple[int, int, int]:
    """Bring the people list up to date from people.csv; returns how many were added, changed, and have left.

    `teams` gives the Slack team and the Entra tenant that the ids in the file belong to.
    """
    rows = list(rows)
    on_list = work.session.exec(select(Person).where(col(Person.on_list))).all()
    before = {p.id: p.model_dump() for p in on_list}
    identities = _identities(work, teams)
    ids_before = _whose(identities)
    _forget_ids_of_a_mistaken_team(work, teams)
    known = _recognised(work, rows, on_list, identities)
    listed = {row.email: known.get(row.email) or Person(id=work.new_id(), name=row.name, roles=[]) for row in rows}
    for someone in on_list:  # an address may have passed to somebody else, and only one at a time can have it
        if someone.email in listed and listed[someone.email] is not someone:
            someone.email = None
    work.session.flush()
    held: dict[str, list[Identity]] = {}
    for identity in identities.values():
        held.setdefault(identity.person_id, []).append(identity)
    for row in rows:
        someone, manager = listed[row.email], listed.get(row.line_manager or "")
        someone.name, someone.email, someone.service = row.name, row.email, row.service
        someone.roles, someone.active, someone.on_list = sorted(row.roles), True, True
        someone.line_manager_id = manager.id if manager else None
        work.session.add(someone)
        _give_identities(work, someone, row, teams, identities, held.get(someone.id, []))
    here = {p.id for p in listed.values()}
    left = [p for p in on_list if p.active and p.id not in here]
    for someone in left:
        someone.active = False
    work.session.flush()
    moved = {who for _, who in ids_before ^ _whose(_identities(work, teams))}  # an id is what a role is given to
    changed = [p for p in listed.values() if p.id in before and (p.model_dump() != before[p.id] or p.id in moved)]
    work.memo.clear()
    post.refresh_homes(work, (p.id for p in [*changed, *left]))
    return len(here - before.keys()), len(changed), len(left)


Identities = dict[tuple[str, str], Identity]
"""By platform and user, as far as they belong to the trust's own team."""


def _identities(work: Work, teams: Mapping[str, str]) -> Identities:
    every = work.session.exec(select(Identity).order_by(Identity.team)).all()  # claimed ones after those still waiting
    return {(i.platform, i.user): i for i in every if i.team in {"", teams.get(i.platform) or i.team}}


def _forget_ids_of_a_mistaken_team(work: Work, teams: Mapping[str, str]) -> None:
    """Ids that were taken on under another team, and that nobody has shown: nothing could be delivered to them."""
    for platform, team in teams.items():
        if team:
            unseen = delete(Identity).where(col(Identity.platform) == platform, col(Identity.seen_at).is_(None))
            listed = select(Person.id).where(col(Person.on_list))
            others = col(Identity.team).not_in(["", team])
            work.session.exec(unseen.where(others, col(Identity.person_id).in_(listed)))


def _whose(identities: Identities) -> set[tuple[tuple[str, str], str]]:
    return {(key, identity.person_id) for key, identity in identities.items()}


def _recognised(
    work: Work, rows: Iterable[PersonRow], on_list: Iterable[Person], identities: Identities
) -> dict[str, Person]:
    """Who is known already, by the address in their row: listed under a platform's id, or under the address.

    An address does not stand for somebody who has been seen under another id of a platform that the row names. Last
    come those who were not listed so far, but have been seen under that id.
    """
    people = {p.id: p for p in on_list}
    found: dict[str, Person] = {}
    under = {r.email: [i for key in _ids(r) if (i := identities.get(key))] for r in rows}
    for email, theirs in under.items():
        if someone := next((people[i.person_id] for i in theirs if i.person_id in people), None):
            found[email] = people.pop(someone.id)
    by_email = {p.email: p for p in people.values()}
    seen = {(i.person_id, i.platform) for i in identities.values() if i.seen_at}
    for row in rows:
        holder = by_email.get(row.email)
        if holder and row.email not in found and not any((holder.id, platform) in seen for platform, _ in _ids(row)):
            found[row.email] = holder
    for email in under.keys() - found.keys():
        if newcomer := next((p for i in under[email] if (p := person(work, i.person_id)) and not p.on_list), None):
            found[email] = newcomer
    return found


def _ids(row: PersonRow) -> list[tuple[str, str]]:
    return [(p, user) for p, user in (("slack", row.slack_id), ("teams", row.teams_id)) if user]


def _give_identities(
    work: Work,
    someone: Person,
    row: PersonRow,
    teams: Mapping[str, str],
    identities: Identities,
    held: Iterable[Identity],
) -> None:
    """Make the ids in their row theirs, and take away any other that they had on the same platform."""
    given = _ids(row) + ([("web", row.email)] if "web" in teams else [])
    for old in held:
        if old.platform in dict(given) and (old.platform, old.user) not in given:
            work.session.delete(identities.pop((old.platform, old.user)))
    for platform, user in given:
        team = teams.get(platform, "")
        identity = identities.get((platform, user)) or Identity(
            platform=platform,
            team=team,
            user=user,
            person_id=someone.id,
            address=first_address(platform, team, user),
        )
        newcomer = person(work, identity.person_id)
        if newcomer and newcomer.id != someone.id and not newcomer.on_list:
            _hand_over(work, newcomer, someone)
        identity.person_id = someone.id
        work.session.add(identity)


THEIRS: tuple[tuple[type[SQLModel], str], ...] = (
    (Case, "reporter_id"),
    (Case, "owner_id"),
    (Dialog, "person_id"),
    (SupportNeed, "person_id"),
    (SupportNeed, "checker_id"),
    (SupportNeed, "passed_over_id"),
    (Action, "person_id"),
    (Outbox, "person_id"),
    (StandIn, "person_id"),
    (StandIn, "deputy_id"),
    (Person, "line_manager_id"),
    (Person, "passes_over_id"),
    (Deadline, "owner_id"),
    (Nudge, "person_id"),
    (SupportCheck, "by_id"),
    (SupportRequest, "person_id"),
    (SupportRequest, "passed_over_id"),
    (SupportRequest, "taken_by"),
    (LearningResponse, "lead_id"),
    (Panel, "chair_id"),
    (PanelMember, "person_id"),
    (Vote, "by_id"),
    (Training, "person_id"),
    (NamedContact, "contact_id"),
    (Contact, "lead_id"),
    (SafetyAction, "owner_id"),
    (SafetyAlert, "lead_id"),
    (FairRun, "subject_id"),
    (FairRun, "teller"),
)
"""Wherever a row belongs to a person, or names one whom people are led to."""


def _hand_over(work: Work, newcomer: Person, someone: Person) -> None:
    """What somebody did before they were listed is theirs: they are one person, now known by both."""
    work.session.flush()
    for table, column in THEIRS:
        theirs = update(table).where(getattr(table, column) == newcomer.id)
        work.session.exec(theirs.values({column: someone.id}))
    if work.session.get(WorkingHours, someone.id) is None:
        hours = update(WorkingHours).where(col(WorkingHours.person_id) == newcomer.id)
        work.session.exec(hours.values(person_id=someone.id))
    newcomer.active = False
    work.record(someone.id, "taken for the same person", newcomer=newcomer.id)
