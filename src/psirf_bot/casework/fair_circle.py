"""Who is in the circle of a run of the being fair tool, and who never is (policy §14, L07, L19)."""

from sqlmodel import col, select

from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import FairFacts
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Deadline, FairRun, Person, StandIn, SupportNeed

KIND = "fair"
"""What the duties of the two are about (Deadline.subject_kind): the id of a run."""
JOIN = "fair.join"


def facts(work: Work, run: FairRun) -> FairFacts:
    """What authority needs to know of a run."""
    return FairFacts(
        pair={Role.QUALITY: run.patient_safety_id, Role.WORKFORCE: run.workforce_id},
        joined=frozenset(run.joined),
        state=run.state,
        kept_out_ids=kept_out(work, run.case_id, run.subject_id),
    )


def kept_out(work: Work, case_id: str, subject_id: str | None) -> frozenset[str]:
    """The person concerned, their line manager now and when support was asked for, and who stands in for one of
    these."""
    someone = work.session.get(Person, subject_id) if subject_id else None
    if someone is None:
        return frozenset()
    theirs = select(SupportNeed.passed_over_id).where(
        SupportNeed.case_id == case_id, SupportNeed.person_id == someone.id
    )
    managers = {someone.line_manager_id, someone.passes_over_id, *work.session.exec(theirs)} - {None}
    today = work.local.date()
    deputies = select(StandIn.deputy_id).where(
        col(StandIn.person_id).in_(managers), StandIn.starts <= today, StandIn.ends >= today
    )
    return frozenset({someone.id, *filter(None, managers), *work.session.exec(deputies)})


def owing(work: Work, deadline: Deadline) -> list[Person]:
    """Those of the two whose a duty is; an invitation is answered by whoever has not joined yet."""
    run = work.session.get(FairRun, deadline.subject_id)
    if run is None:
        return []
    pair = [run.patient_safety_id, run.workforce_id]
    theirs = [who for who in pair if who not in run.joined] if deadline.rule == JOIN else pair
    out = kept_out(work, run.case_id, run.subject_id)
    found = (work.session.get(Person, who) for who in theirs if who not in out)
    return [someone for someone in found if someone and someone.active]


def case_of(work: Work, run: FairRun) -> Case:
    return work.session.get_one(Case, run.case_id)
