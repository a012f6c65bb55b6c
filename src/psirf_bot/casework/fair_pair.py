"""Which two may use the being fair tool together, about whom and in which case (policy §14, L07, L19).

Nobody who must not take part is told which of the reasons it is.
"""

from collections.abc import Sequence

from sqlmodel import col, select

from psirf_bot.cards import fair_start as cards
from psirf_bot.casework import cases, fair_circle, fair_runs, learning_responses, people
from psirf_bot.casework.forms import Unfit
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, FairRun, SupportNeed

TEAMS = ((Role.QUALITY, Role.WORKFORCE), (Role.WORKFORCE, Role.QUALITY))
"""The team of the one who starts, and that of the colleague."""


def may_start(work: Work, by: Member, case: Case) -> bool:
    """By a role of their own, in a case with a learning response, and not if they are named in its reports."""
    has_response = learning_responses.current(work, case) is not None
    return may(by, Act.START_FAIR) and has_response and by.id not in _involved(work, case)


def _involved(work: Work, case: Case) -> set[str | None]:
    """The staff named in the case's reports, with those joined with it."""
    ids = [each.id for each in cases.with_joined(work, case)]
    return set(work.session.exec(select(SupportNeed.person_id).where(col(SupportNeed.case_id).in_(ids))))


def own_roles(work: Work, person_id: str) -> list[str]:
    """The roles that somebody has by themselves, while they are on the people list."""
    someone = people.person(work, person_id)
    return someone.roles if someone and someone.active and someone.on_list else []


def teams(work: Work, by: Member, colleague: str) -> dict[Role, str]:
    """The two by the team that each is there for. Raises Unfit."""
    if colleague == by.id:
        raise Unfit({"colleague": cards.NOT_YOURSELF})
    mine, theirs = own_roles(work, by.id), own_roles(work, colleague)
    fitting = [(here, there) for here, there in TEAMS if here in mine]
    for here, there in fitting:
        if there in theirs:
            return {here: by.id, there: colleague}
    raise Unfit({"colleague": cards.wrong_team(fair_runs.TEAM_WORDS[there] for _, there in fitting)})


def check_nobody_is_kept_out(work: Work, case: Case, subject_id: str | None, pair: Sequence[str]) -> None:
    """Raises Unfit, in the same words whichever of the two it is, and why."""
    if not (fair_circle.kept_out(work, case.id, subject_id) | _involved(work, case)).isdisjoint(pair):
        raise unfit(work)


def unfit(work: Work) -> Unfit:
    overseers = [someone.name for someone in people.own_holders(work, Role.OVERSEER)]
    return Unfit({"colleague": cards.cannot_start(overseers)})


def under_way_for(work: Work, case: Case, subject: str) -> FairRun | None:
    """The run under way for this person in this case or in one joined with it: there is never more than one (L19)."""
    ids = [each.id for each in cases.with_joined(work, case)]
    under_way = select(FairRun).where(col(FairRun.case_id).in_(ids), col(FairRun.state).in_(fair_runs.UNDER_WAY))
    return next((run for run in work.session.exec(under_way) if is_about(work, run, subject)), None)


def is_about(work: Work, run: FairRun, subject: str) -> bool:
    """Whether a run is about this person, or somebody with the same name where one of the two was only typed."""
    if run.subject_id and people.person(work, subject):
        return run.subject_id == subject
    return _plain(run.subject_name or people.name_of(work, run.subject_id)) == _plain(people.name_of(work, subject))


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def one_named(answer: object) -> str:
    """The one person in an answer: an id, or a name as typed."""
    return str(answer[0]) if isinstance(answer, list) else str(answer)
