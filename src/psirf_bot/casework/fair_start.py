"""Starting a run of the being fair tool: who, about which concern, and with whom (L01, L07).

Whoever asks for what they may not see or do hears the same, whether there is a case, a learning response or a run, or
not. Nobody who must not take part is told which of the reasons it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import col, or_, select

from psirf_bot.cards import fair_start as cards
from psirf_bot.cards.fair import NOT_ROUTINE, TITLE
from psirf_bot.cards.model import Button, Card, Part, Words
from psirf_bot.casework import (
    addresses,
    cases,
    fair_circle,
    fair_invitation,
    fair_outcome,
    fair_pair,
    fair_runs,
    people,
)
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import NOT_LET_GO, family
from psirf_bot.casework.deadlines import RUNNING
from psirf_bot.casework.fair_invitation import open_it
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.questions import People, Question, long_text
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.case import State
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Deadline, FairRun, LearningResponse

LOOKED_AT = 20
"""So many cases are looked at for an example: whoever may not start in any of these finds their own."""
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
"""For references: nothing that looks like something else, and no vowels, so that they spell nothing."""


# The way in


def asked_for(work: Work, by: Member, rest: str) -> Card:
    """What somebody gets who types `fair PSI-…`, or `fair` alone. It holds nothing of what is in a run."""
    if not rest:
        return _theirs(work, by)
    case = cases.by_reference(work, rest)
    if case and case.merged_into:  # it goes on in the one it was joined with
        case = work.session.get_one(Case, family(work, case.id)[0])
    runs = fair_runs.of_case(work, by, case) if case else []
    starts = case is not None and fair_pair.may_start(work, by, case)
    if case is None or not (runs or starts):
        raise fair_runs.refused(work)
    if not starts:
        return cards.way_in(_by_state(work, by, runs))
    start = button(work, "Start", "fair.start", case=case, person_id=by.id, style="primary", opens=True)
    return cards.way_in(_by_state(work, by, runs), cards.may_start(case.reference), start)


def _theirs(work: Work, by: Member) -> Card:
    """The runs under way in which somebody takes part, those that ended and of which they still owe something, and
    what else they can do about being fair."""
    takes_part = or_(col(FairRun.patient_safety_id) == by.id, col(FairRun.workforce_id) == by.id)
    found = work.session.exec(
        select(FairRun).where(takes_part, col(FairRun.state).in_(fair_runs.UNDER_WAY)).order_by(col(FairRun.at))
    )
    runs = [run for run in found if may(by, Act.SEE_FAIR, fair_circle.facts(work, run))]
    shown = _by_state(work, by, runs)
    if owed := _still_owed(work, by):
        shown[cards.STILL_OWED] = [open_it(work, run, by, _label(work, run)) for run in owed]
    parts: list[Part] = []
    buttons: list[Button] = []
    if may(by, Act.OVERSEE_FAIR):
        parts.append(Words(text=cards.OVERSIGHT))
        buttons.append(button(work, "Oversight", "fair.oversee", person_id=by.id, opens=True))
    if may(by, Act.START_FAIR):
        parts += [Words(text=NOT_ROUTINE), cards.how_to_start(_example(work, by))]
    if not (shown or parts):
        raise fair_runs.refused(work)
    return cards.way_in(shown, parts, *buttons)


def _still_owed(work: Work, by: Member) -> list[FairRun]:
    """The runs that have ended and of which this person still owes something; what it is says too much for a list."""
    running = select(Deadline).where(Deadline.subject_kind == fair_circle.KIND, col(Deadline.state).in_(RUNNING))
    found = {}
    for duty in work.session.exec(running.order_by(col(Deadline.due_at))):
        if any(someone.id == by.id for someone in fair_circle.owing(work, duty)):
            run = work.session.get_one(FairRun, duty.subject_id)
            if run.state == fair_runs.ENDED and may(by, Act.SEE_FAIR, fair_circle.facts(work, run)):
                found[run.id] = run
    return list(found.values())


def _label(work: Work, run: FairRun) -> str:
    """An earlier version says which it is: the newest may be in the list too."""
    earlier = "" if fair_outcome.is_newest(work, run) else f", version {run.version}"
    return f"Open {run.reference}{earlier}"


def _example(work: Work, by: Member) -> str:
    """The case with the newest learning response in which they could start, if any. One that is kept close is not
    named to anybody who did not name it."""
    kept = or_(col(Case.restricted), col(Case.quality_only), Case.state == State.WITHDRAWN)
    close = or_(kept, col(Case.merged_into).is_not(None))
    theirs = select(Case).join(LearningResponse, col(LearningResponse.case_id) == Case.id).where(~close, *NOT_LET_GO)
    newest = theirs.order_by(col(LearningResponse.decided_at).desc(), col(Case.reference).desc()).limit(LOOKED_AT)
    return next((case.reference for case in work.session.exec(newest) if fair_pair.may_start(work, by, case)), "")


def _by_state(work: Work, by: Member, runs: Sequence[FairRun]) -> dict[str, list[Button]]:
    found: dict[str, list[Button]] = {}
    for run in runs:
        found.setdefault(cards.STATES[run.state], []).append(open_it(work, run, by, f"Open {run.reference}"))
    return found


# Starting


def _start(work: Work, press: Press) -> Reply:
    """The form, or the run it begins. Whether they may is asked here, before the form says why not."""
    case = work.session.get(Case, press.case_id or press.args.get("of", ""), with_for_update=True)
    if case is None or not fair_pair.may_start(work, press.by, case):
        raise fair_runs.refused(work)
    form = Form(
        Act.REPORT,
        TITLE,
        "Start and invite",
        _to_start,
        lambda work, press, answers: _begin(work, press.by, case, answers),
        explain=cards.BEFORE_STARTING,
        about=lambda work, press: case.reference,
        keeps=False,
    )
    # No Act of a case is this one's: the form's own button has the case among its arguments.
    return fair_runs.sealed(form(work, replace(press, case_id=None, args={**press.args, "of": case.id})))


def _to_start(work: Work, press: Press) -> Sequence[Question]:
    return (
        long_text("concern", cards.CONCERN, cards.NO_NAMES, max_length=1000),
        People("subject", cards.WHOM, cards.KEPT_HIDDEN, most=1),
        People("colleague", cards.COLLEAGUE, cards.ONE_OF_EACH, most=1),
    )


def _begin(work: Work, by: Member, case: Case, answers: Answers) -> Card:
    concern = str(answers["concern"])
    subject, colleague = (fair_pair.one_named(answers[key]) for key in ("subject", "colleague"))
    known = people.person(work, subject) or fair_pair.who_left(work, subject)
    if known is None:
        fair_pair.check_in_full(work, subject)
    if fair_pair.is_named(people.name_of(work, subject), concern):
        raise Unfit({"concern": cards.NAME_FOUND})
    teams = fair_pair.teams(work, by, colleague)
    whom = {"subject_id": known.id if known else None, "subject_name": None if known else subject}
    fair_pair.check_nobody_is_kept_out(work, by, case, **whom, pair=list(teams.values()))
    whose = known.id if known else subject
    run = fair_pair.under_way_for(work, case, whose) or fair_pair.ended_for(work, case, whose)
    if run is not None and by.id in fair_runs.pair(run) and fair_runs.can_take_part(work, run, by.id):
        ended = run.state == fair_runs.ENDED
        return cards.begun_already(run.reference, open_it(work, run, by, f"Open {run.reference}"), ended=ended)
    if run is not None:
        raise fair_pair.unfit(work, by, fair_circle.kept_out(work, case.id, **whom))
    run = _made(work, by, case, teams, concern=concern, **whom)
    fair_invitation.invite(work, run, by, "invited", colleague)
    reached = addresses.can_be_reached(work, colleague)
    return cards.begun(run.reference, people.name_of(work, colleague), open_it(work, run, by), reached=reached)


def _made(work: Work, by: Member, case: Case, teams: dict[Role, str], **about: Any) -> FairRun:
    new_id = work.new_id()
    run = FairRun(
        id=new_id,
        reference=_reference(work, new_id),
        case_id=case.id,
        begun_by=by.id,
        patient_safety_id=teams[Role.QUALITY],
        workforce_id=teams[Role.WORKFORCE],
        joined=[by.id],
        state=fair_runs.INVITED,
        reading=work.trust.being_fair.after_ongoing_concern,
        tool=work.trust.being_fair.tool,
        wording=fair_runs.wording_today(work),
        at=work.now,
        **about,
    )
    work.session.add(run)
    work.session.flush()
    return run


def _reference(work: Work, run_id: str) -> str:
    """How the person concerned is called: five characters, or as many more as no other run has."""
    number = int(work.setting.audit_key.seal("fair", run_id), 16)
    code = ""
    while len(code) < 5 or work.session.exec(select(FairRun.id).where(FairRun.reference == f"BF-{code}")).first():
        number, which = divmod(number, len(ALPHABET))
        code += ALPHABET[which]
    return f"BF-{code}"


invitation = fair_invitation.invitation

VERBS: dict[str, Callable[[Work, Press], Reply]] = {"fair.start": _start, **fair_invitation.VERBS}
