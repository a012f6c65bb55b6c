"""A run stands still until a review date, or goes on again (V15)."""

from collections.abc import Callable, Sequence
from datetime import date

from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines, fair_circle, fair_page, fair_pair, fair_runs
from psirf_bot.casework.deadlines import happened, running
from psirf_bot.casework.fair_runs import Where
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.under_way import day_in
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.questions import Day, Question, long_text
from psirf_bot.domain.authority import Act, may
from psirf_bot.domain.being_fair import ENDS
from psirf_bot.domain.events import Event
from psirf_bot.domain.joint import Kind
from psirf_bot.store.tables import FairRun

REVIEW = "fair.review"
GOES_ON = "It goes on already. Here is where it is now."


def pause_until_known(work: Work, run: FairRun, where: Where, by: str) -> None:
    """Where the answers that both agreed on wait for something, the run waits for it too. `by`: who agreed last."""
    end = where.end or ""
    _pause(work, run, by, ENDS[end].step, _usual_day(work))
    if where.turn.record.has_not_been_discussed_yet():
        happened(work, Event.FAIR_TALK_OWED, fair_runs.subject(run), by)


def _pause(work: Work, run: FairRun, by: str, why: str, review_on: date) -> None:
    again = run.state == fair_runs.PAUSED
    run.state, run.paused_why, run.review_on = fair_runs.PAUSED, why, review_on
    work.session.add(run)
    fair_runs.log(work, run, by, "paused", answers={"review": review_on.isoformat()}, reason=why)
    if not again:
        happened(work, Event.FAIR_PAUSED, fair_runs.subject(run), by, agreed={REVIEW: review_on})
    for deadline in running(work, fair_runs.subject(run), REVIEW) if again else ():
        deadlines.move(work, deadline, review_on)


def _usual_day(work: Work) -> date:
    return work.setting.calendar_beyond.working_days_after(work.local.date(), work.trust.being_fair.review_after)


def _questions(work: Work, press: Press) -> Sequence[Question]:
    return (
        long_text("why", "What do you wait for?", "No names, and nothing that identifies a patient.", max_length=500),
        Day("review", "When will you look at it again?", "Both of you are reminded on that day.", coming=True),
    )


def _asked_to_pause(work: Work, press: Press) -> Reply:
    """Either of the two may pause an open run, or choose another day for one that is paused."""
    run = fair_runs.held(work, press)
    facts = fair_circle.facts(work, run)
    if not any(may(press.by, act, facts) for act in (Act.PAUSE_FAIR, Act.RESUME_FAIR)):
        if fair_page.is_one_of_the_two(run, press.by):
            return fair_page.shown(work, press, run)
        raise fair_runs.refused(work)

    def so_far(work: Work, press: Press) -> Answers:
        return {"why": run.paused_why, "review": (run.review_on or _usual_day(work)).isoformat()}

    def do(work: Work, press: Press, answers: Answers) -> Card:
        why, review_on = fair_pair.without_their_name(work, run, answers, "why"), day_in(answers, "review")
        if review_on <= work.local.date():
            raise Unfit({"review": "Please choose a day to come."})
        if (run.state, run.paused_why, run.review_on) != (fair_runs.PAUSED, why, review_on):  # else pressed twice
            _pause(work, run, press.by.id, why, review_on)
            fair_runs.tell(work, run, fair_runs.other(run, press.by.id))
        return fair_page.page(work, run, press.by)

    form = Form(
        Act.REPORT,
        "Pause, and look at it again later",
        "Pause it",
        _questions,
        do,
        explain="Everything stays as it is meanwhile, and nothing counts as no. Either of you can go on at any time.",
        about=lambda work, press: run.reference,
        so_far=so_far,
        keeps=False,
    )
    return fair_page.as_form(work, press, run, form)


def _resume(work: Work, press: Press) -> Reply:
    """Go on: what was not known yet is asked again, and nothing else."""
    run = fair_runs.held(work, press)
    if not may(press.by, Act.RESUME_FAIR, fair_circle.facts(work, run)):
        if fair_page.is_one_of_the_two(run, press.by):  # the other was quicker
            return fair_page.shown(work, press, run, GOES_ON if run.state == fair_runs.OPEN else "")
        raise fair_runs.refused(work)
    now = fair_runs.where(work, run)
    run.state, run.paused_why, run.review_on = fair_runs.OPEN, None, None
    work.session.add(run)
    fair_runs.log(work, run, press.by.id, "resumed")
    for key in (passed.asks()[0] for passed in now.turn.passed):
        if fair_page.NOT_YET in now.standing.agreed[key].values():
            fair_runs.log(work, run, press.by.id, Kind.REOPENED, page=key)
    happened(work, Event.FAIR_RESUMED, fair_runs.subject(run), press.by.id)
    fair_runs.tell(work, run, fair_runs.other(run, press.by.id))
    return fair_page.shown(work, press, run)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"fair.pause": _asked_to_pause, "fair.resume": _resume}
