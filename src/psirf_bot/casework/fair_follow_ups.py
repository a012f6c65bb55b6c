"""The end of a run of the being fair tool, what has to be followed up after it, and looking at it again (L17)."""

from collections.abc import Callable, Sequence

from sqlmodel import select

from psirf_bot.cards import fair_outcome as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.model import Card
from psirf_bot.cards.support import OFFERS
from psirf_bot.casework import deadlines, fair_circle, fair_outcome, fair_pair, fair_record, fair_runs
from psirf_bot.casework.actions import button
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.being_fair import NO_NAMES
from psirf_bot.dialogs.questions import Day, People, Question, long_text, several_of, short_text
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.being_fair import ASKED_FIRST, ENDS, follow_ups
from psirf_bot.domain.deadlines import STAYS_OWED
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Deadline, FairRun

TOLD = "fair.told"
LATER = "once those who have to be asked first have been"
"""Why the person is not to be told yet, as it is noted of the duty."""

outcome = fair_outcome.outcome


def end_run(work: Work, run: FairRun, end: str, by: str) -> None:
    """The run has come to this end: its record is frozen, and what follows from it is owed by the two from now on."""
    if run.state == fair_runs.ENDED:
        return
    where, about = fair_runs.where(work, run), fair_runs.subject(run)
    run.state, run.end, run.ended_at = fair_runs.ENDED, end, work.now
    run.review_on = run.paused_why = None
    fair_runs.log(work, run, by, "ended", answers={"end": end})
    run.record = fair_record.freeze(work, run, where, end)
    work.session.add(run)
    deadlines.happened(work, Event.FAIR_ENDED, about, by)
    owed = follow_ups(end, where.turn.record)
    deadlines.happened(work, Event.FAIR_FOLLOWED_UP, about, by, only=owed)
    take_over(work, run, by)
    _tell_the_other(work, run, by)


def take_way_out(work: Work, run: FairRun, way: str, by: str) -> None:
    """A way out taken after the end, which stays as it is: what follows is owed too, and before the person is told."""
    about = fair_runs.subject(run)
    for duty in deadlines.running(work, about, TOLD):
        deadlines.settle(work, duty, deadlines.DROPPED, by, LATER)
    deadlines.happened(work, Event.FAIR_FOLLOWED_UP, about, by, only=ENDS[way].follow_ups)
    _tell_the_other(work, run, by)


def take_over(work: Work, run: FairRun, by: str) -> None:
    """Both have joined this version, or it has ended: what follows from those before it is owed no longer."""
    for before in (version for version in fair_runs.versions(work, run) if version.version < run.version):
        deadlines.happened(work, Event.FAIR_REVISITED, fair_runs.subject(before), by)


def stands_again(work: Work, run: FairRun, by: str) -> FairRun | None:
    """This version has been taken back: the one before it, if any, which is the newest again."""
    before = fair_outcome.standing(work, run)
    if not before:
        return None
    _see_that_they_are_told(work, before[-1], by)
    return before[-1]


def _tell_the_other(work: Work, run: FairRun, by: str) -> None:
    if fair_runs.other(run, by) in run.joined:
        fair_runs.tell(work, run, fair_runs.other(run, by))


def colleague_named(work: Work, run: FairRun, answers: Answers, question: str) -> str:
    """The one colleague who was named. Raises Unfit for the person concerned."""
    who = fair_pair.one_named(answers[question])
    if fair_pair.is_about(work, run, who):
        raise Unfit({question: "Please name somebody else here."})
    return who


# Who tells the person


def _teller(work: Work, press: Press) -> Reply:
    run = fair_runs.held(work, press, Act.FOLLOW_UP_FAIR)
    form = Form(
        Act.REPORT,
        "Who tells them",
        "Save",
        lambda work, press: (_who_tells("teller", "Who tells the member of staff, in person?"),),
        lambda work, press, answers: _name(work, press.by, run, answers),
        explain=f"{cards.A_HUMAN} {cards.I_TELL_NOBODY}",
        about=lambda work, press: run.reference,
        so_far=lambda work, press: _named(run),
        keeps=False,
    )
    return fair_runs.privately(work, press, run, form(work, press))


def _who_tells(id: str, label: str) -> Question:
    return People(id, label, "One of you two, or another colleague: for example their line manager.", most=1)


def _named(run: FairRun) -> Answers:
    return {"teller": [run.teller]} if run.teller else {}


def _name(work: Work, by: Member, run: FairRun, answers: Answers) -> Card:
    who = colleague_named(work, run, answers, "teller")
    if who != run.teller:
        run.teller = who
        work.session.add(run)
        fair_runs.log(work, run, by.id, "teller named", answers={"teller": who})
    return outcome(work, run, by)


# One thing that was followed up


def _step_taken(work: Work, press: Press) -> Reply:
    """A follow-up is done: noted with its day and, for most, a number; of the telling never what was said."""
    run = fair_runs.held(work, press)
    duty = work.session.get(Deadline, press.args.get("deadline", ""))
    if duty is None or (duty.subject_kind, duty.subject_id) != (fair_circle.KIND, run.id):
        raise fair_runs.refused(work)
    owes = any(
        someone.id == press.by.id for someone in fair_circle.owing(work, duty)
    )  # an overseer, if the two are gone
    if not (owes or may(press.by, Act.FOLLOW_UP_FAIR, fair_circle.facts(work, run))):
        raise fair_runs.refused(work)
    if duty.state not in deadlines.RUNNING:  # pressed twice, or by the other
        return fair_runs.privately(work, press, run, Reply(card=outcome(work, run, press.by)))
    told = duty.rule == TOLD
    form = Form(
        Act.REPORT,
        "They were told" if told else "It is done",
        "Save",
        lambda work, press: _about_telling() if told else _about_a_step(),
        lambda work, press, answers: _done(work, press.by, run, duty, answers),
        explain=cards.before_noting(
            duty.rule, work.setting.rules[duty.rule].duty, newest=fair_outcome.is_newest(work, run)
        ),
        about=lambda work, press: run.reference,
        so_far=lambda work, press: _named(run) if told else {},
        keeps=False,
    )
    return fair_runs.privately(work, press, run, form(work, press))


def _about_telling() -> Sequence[Question]:
    return (
        _who_tells("teller", "Who told them, in person?"),
        Day("day", "On which day?"),
        several_of("support", "What support were they offered?", OFFERS),
    )


def _about_a_step() -> Sequence[Question]:
    number = short_text(
        "number",
        "Reference number",
        "If there is one. No names, and no patient's number.",
        optional=True,
        max_length=60,
    )
    return (Day("day", "On which day?"), number)


def _done(work: Work, by: Member, run: FairRun, duty: Deadline, answers: Answers) -> Card:
    kept = {**answers, "rule": duty.rule, "deadline": duty.id}
    kind = "step taken"
    if duty.rule == TOLD:
        kind, run.teller = "told", _told_by(work, run, answers)
        kept["teller"] = run.teller
        work.session.add(run)
    fair_runs.log(work, run, by.id, kind, answers=kept)
    about = fair_runs.subject(run)
    deadlines.done(work, duty, about, by.id)
    if duty.rule in ASKED_FIRST:
        _see_that_they_are_told(work, run, by.id)
    return outcome(work, run, by)


def _see_that_they_are_told(work: Work, run: FairRun, by: str) -> None:
    """Once all who have to be asked first have been, it is owed that the person is told: once, of the newest
    version."""
    about = fair_runs.subject(run)
    told = select(Deadline).where(Deadline.subject_kind == about.kind, Deadline.subject_id == about.id)
    told = told.where(Deadline.rule == TOLD, Deadline.state != deadlines.DROPPED)
    if not fair_outcome.is_newest(work, run):
        return
    if not work.session.exec(told).first() and not deadlines.running(work, about, *ASKED_FIRST):
        deadlines.happened(work, Event.FAIR_FOLLOWED_UP, about, by, only={TOLD})


def _told_by(work: Work, run: FairRun, answers: Answers) -> str:
    """Who told the person. Raises Unfit where that was before there was anything to tell."""
    ended = work.setting.calendar.local(run.ended_at or work.now).date().isoformat()
    if str(answers["day"]) < ended:
        raise Unfit({"day": f"The tool came to its end on {moment(ended)}. Please give that day or a later one."})
    return colleague_named(work, run, answers, "teller")


# The whole record


def _kept(work: Work, press: Press) -> Reply:
    """The frozen record, a part at a time; that it was looked at is kept too."""
    run = fair_runs.held(work, press)
    if run.record is None:
        raise fair_runs.refused(work)
    return fair_runs.privately(
        work, press, run, Reply(card=fair_outcome.kept(work, run, int(press.args.get("part", "0"))))
    )


# Looking at it again


def _revisit(work: Work, press: Press) -> Reply:
    """What is new, and with it a new version. Two who press at the same moment make one."""
    run = fair_runs.held(work, press, Act.FOLLOW_UP_FAIR)
    newest = fair_outcome.standing(work, run)[-1]
    if newest.id != run.id:
        return fair_runs.privately(work, press, run, Reply(card=_opened(work, newest, press.by)))
    _only_one(work, run)
    owed = deadlines.running(work, fair_runs.subject(run))
    duties = {wanted: [d.rule for d in owed if (d.rule in STAYS_OWED) is wanted] for wanted in (True, False)}
    words = [[work.setting.rules[rule].duty for rule in rules] for rules in duties.values()]
    question = long_text(
        "new", "What is new, in the learning response or otherwise?", f"{NO_NAMES} Both of you see it.", max_length=1000
    )
    form = Form(
        Act.REPORT,
        "Look at it again",
        "Look at it again",
        lambda work, press: (question,),
        lambda work, press, answers: _opened(work, _again(work, press.by, run, answers), press.by),
        explain=cards.before_looking_again(run.version, *words),
        about=lambda work, press: run.reference,
        keeps=False,
    )
    return fair_runs.privately(work, press, run, form(work, press))


def _only_one(work: Work, run: FairRun) -> None:
    """Raises the one refusal where a run about the same person goes on in this case already (L19)."""
    case = work.session.get_one(Case, run.case_id, with_for_update=True)
    if fair_pair.under_way_for(work, case, run.subject_id or run.subject_name or ""):
        raise fair_runs.refused(work)


def _again(work: Work, by: Member, run: FairRun, answers: Answers) -> FairRun:
    """The next version; what follows from this one is owed until both have joined that one."""
    setting, new = work.trust.being_fair, fair_pair.without_their_name(work, run, answers, "new")
    again = FairRun(
        id=work.new_id(),
        reference=run.reference,
        version=fair_runs.versions(work, run)[-1].version + 1,
        case_id=run.case_id,
        subject_id=run.subject_id,
        subject_name=run.subject_name,
        concern=new,
        begun_by=by.id,
        patient_safety_id=run.patient_safety_id,
        workforce_id=run.workforce_id,
        joined=[by.id],
        state=fair_runs.INVITED,
        reading=setting.after_ongoing_concern,
        tool=setting.tool,
        wording=fair_runs.wording_today(work),
        at=work.now,
    )
    work.session.add(again)
    work.session.flush()
    fair_runs.log(work, run, by.id, "revisited", answers={"version": again.version})
    colleague = fair_runs.other(again, by.id)
    if fair_runs.can_take_part(work, again, colleague):  # otherwise nobody is asked yet
        fair_runs.log(work, again, by.id, "invited", answers={"asked": colleague})
    deadlines.happened(work, Event.FAIR_INVITED, fair_runs.subject(again), by.id)
    fair_runs.tell(work, again, colleague)
    return again


def _opened(work: Work, run: FairRun, by: Member) -> Card:
    open_it = button(work, "Open it", "fair.show", style="primary", opens=True, run=run.id)
    alone = not fair_runs.can_take_part(work, run, fair_runs.other(run, by.id))
    return cards.looked_at_again(run.reference, run.version, open_it, alone=alone)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "fair.teller": _teller,
    "fair.step-taken": _step_taken,
    "fair.kept": _kept,
    "fair.revisit": _revisit,
}
