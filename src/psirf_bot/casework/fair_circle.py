"""Who is in the circle of a run of the being fair tool, and who never is (policy §14, L07, L19)."""

from collections.abc import Collection

from sqlmodel import col, select

from psirf_bot.casework import people
from psirf_bot.casework.case_facts import family, staff_named
from psirf_bot.casework.namesakes import meant
from psirf_bot.casework.work import Work, once
from psirf_bot.domain.authority import FairFacts
from psirf_bot.domain.deadlines import FOLLOWS_UP
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
    subjects = meant(work, subject_id, subject_name)
    theirs = select(SupportNeed.passed_over_id).where(
        col(SupportNeed.case_id).in_(family(work, case_id)), col(SupportNeed.person_id).in_({s.id for s in subjects})
    )
    managers = {m for s in subjects for m in (s.line_manager_id, s.passes_over_id)} | set(work.session.exec(theirs))
    managing = {m for m in managers if m}
    return frozenset({s.id for s in subjects} | managing | _standing_in(work, managing))


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

    What follows from an end is not lost with the two: then the overseers see to it.
    """
    run = work.session.get(FairRun, deadline.subject_id)
    if run is None:
        return []
    if deadline.rule == JOIN:
        asked = [who for who in _pair(run).values() if who not in run.joined and not _declined(work, run, who)]
        return _able(work, run, asked)
    found = _able(work, run, run.joined)
    return found if found or deadline.rule not in FOLLOWS_UP else _overseers(work, run)


def reminded(work: Work, deadline: Deadline) -> list[Person]:
    """Those who hear of it: whoever owes it and, where nobody can do it any more, whoever can ask somebody else.

    That is the one who waits for the other or, where there is none, the overseers. An invitation that is not answered
    in time is told to them too.
    """
    run, found = work.session.get(FairRun, deadline.subject_id), owing(work, deadline)
    if run is None:
        return []
    if deadline.rule != JOIN:
        return found or _overseers(work, run)
    waits = _able(work, run, run.joined)
    deserted = bool(run.joined) and not waits
    if found and not deserted and work.now <= deadline.due_at:
        return found
    return [*found, *(waits or _overseers(work, run))]


def _able(work: Work, run: FairRun, whom: Collection[str]) -> list[Person]:
    """Those of the two, of these, who can still take part."""
    out = _out(work, run)
    able = ((team, people.person(work, who)) for team, who in _pair(run).items() if who in whom and who not in out)
    return [someone for team, someone in able if someone and someone.active and team in someone.roles]


def _overseers(work: Work, run: FairRun) -> list[Person]:
    return [someone for someone in people.own_holders(work, Role.OVERSEER) if someone.id not in _out(work, run)]


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
    """Who must be kept out today; of the two also whoever is named in the reports by now."""

    def found() -> frozenset[str]:
        named = staff_named(work, run.case_id).intersection(_pair(run).values())
        return kept_out(work, run.case_id, run.subject_id, run.subject_name) | named

    return once(work, ("kept out", run.id), found)


def case_of(work: Work, run: FairRun) -> Case:
    return work.session.get_one(Case, run.case_id)
