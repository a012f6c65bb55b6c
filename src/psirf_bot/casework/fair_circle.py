"""Who is in the circle of a run of the being fair tool, and who never is (policy §14, L07, L19)."""

from sqlmodel import col, select

from psirf_bot.casework import people
from psirf_bot.casework.case_facts import family
from psirf_bot.casework.work import Work, once
from psirf_bot.domain.authority import FairFacts
from psirf_bot.domain.deadlines import STAYS_OWED
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Deadline, FairEntry, FairRun, Person, StandIn, SupportNeed

KIND = "fair"
"""What the duties of the two are about (Deadline.subject_kind): the id of a run."""
JOIN = "fair.join"


def facts(work: Work, run: FairRun) -> FairFacts:
    """What authority needs to know of a run."""
    return FairFacts(pair=_pair(run), joined=frozenset(run.joined), state=run.state, kept_out_ids=_out(work, run))


def kept_out(work: Work, case_id: str, subject_id: str | None, subject_name: str | None = None) -> frozenset[str]:
    """The person concerned, their line manager now and when support was asked for, and who stands in for one of
    these. Where they are not on the people list, by their name: whoever is, or was, called the same."""
    subjects = _meant(work, subject_id, subject_name)
    theirs = select(SupportNeed.passed_over_id).where(
        col(SupportNeed.case_id).in_(family(work, case_id)), col(SupportNeed.person_id).in_({s.id for s in subjects})
    )
    managers = {m for s in subjects for m in (s.line_manager_id, s.passes_over_id)} | set(work.session.exec(theirs))
    managing = {m for m in managers if m}
    return frozenset({s.id for s in subjects} | managing | _standing_in(work, managing))


def _meant(work: Work, subject_id: str | None, subject_name: str | None) -> list[Person]:
    """The person concerned; until they are known for certain, everybody of that name."""
    someone = people.person(work, subject_id)
    if someone and someone.on_list and someone.active:
        return [someone]
    name = people.plain(someone.name if someone else (subject_name or "").partition("(")[0])
    everyone = work.session.exec(select(Person)) if name else ()
    alike = [person for person in everyone if people.plain(person.name) == name]
    return [*([someone] if someone else []), *alike]


def _standing_in(work: Work, whom: set[str]) -> set[str]:
    """Who stands in for these today, and for those who do."""
    today, found = work.local.date(), set[str]()
    while whom:
        theirs = select(StandIn.deputy_id).where(StandIn.starts <= today, StandIn.ends >= today)
        whom = set(work.session.exec(theirs.where(col(StandIn.person_id).in_(whom)))) - found
        found |= whom
    return found


def owing(work: Work, deadline: Deadline) -> list[Person]:
    """Those of the two who can still do it; an invitation is answered by whoever has not joined yet.

    What is owed by law is not lost with the two: then the overseers hear that something waits.
    """
    run = work.session.get(FairRun, deadline.subject_id)
    if run is None:
        return []
    out, pair = _out(work, run), _pair(run)
    if deadline.rule == JOIN:
        pair = {team: who for team, who in pair.items() if who not in run.joined and not _declined(work, run, who)}
    else:
        pair = {team: who for team, who in pair.items() if who in run.joined}
    able = ((team, people.person(work, who)) for team, who in pair.items() if who not in out)
    found = [someone for team, someone in able if someone and someone.active and team in someone.roles]
    if found or deadline.rule not in STAYS_OWED:
        return found
    return [someone for someone in people.own_holders(work, Role.OVERSEER) if someone.id not in out]


def _declined(work: Work, run: FairRun, who: str) -> bool:
    """Whether somebody has said no since they were asked last."""
    said = False
    for entry in work.session.exec(select(FairEntry).where(FairEntry.run_id == run.id).order_by(col(FairEntry.number))):
        if entry.answers.get("asked") == who:
            said = False
        elif entry.kind == "declined" and entry.by_id == who:
            said = True
    return said


def _pair(run: FairRun) -> dict[Role, str]:
    return {Role.QUALITY: run.patient_safety_id, Role.WORKFORCE: run.workforce_id}


def _out(work: Work, run: FairRun) -> frozenset[str]:
    return once(work, ("kept out", run.id), lambda: kept_out(work, run.case_id, run.subject_id, run.subject_name))


def case_of(work: Work, run: FairRun) -> Case:
    return work.session.get_one(Case, run.case_id)
