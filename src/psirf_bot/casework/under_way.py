"""The learning response of a case as its clock is read: whether it is under way, and the days that bound it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from psirf_bot.cards.answers import moment
from psirf_bot.casework.deadlines import of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import State
from psirf_bot.domain.response import Limits, limits, noon
from psirf_bot.domain.trust import Due, ResponseType
from psirf_bot.store.tables import Case, LearningResponse


def day_in(answers: Answers, key: str) -> date:
    return date.fromisoformat(str(answers[key]))


def at(work: Work, day: date) -> datetime:
    """A moment on that day, and not one to come."""
    return min(work.now, noon(day, work.setting.calendar))


def in_words(day: date) -> str:
    return moment(day.isoformat())


def started_on(work: Work, response: LearningResponse) -> date:
    assert response.started_at is not None  # noqa: S101 - the callers have looked
    return work.setting.calendar.local(response.started_at).date()


def bounds(work: Work, response: LearningResponse, started: date) -> Limits:
    """The bounds of its time, in the trust's own lengths."""
    lengths = work.setting.rules
    three = lengths["response.three-months"].due or Due(3, "months")
    six = lengths["response.six-months"].due or Due(6, "months")
    kinds: dict[str, ResponseType] = {str(kind): kind for kind in work.trust.responses}
    return limits(kinds[response.kind], started, three, six, work.setting.calendar_beyond)


def day_of(work: Work, case: Case, *rules_: str) -> date | None:
    """The day on which the first of these is due for which a clock runs, with the pauses there have been."""
    due = {clock.rule: clock.due_local for clock in running(work, of_case(case), *rules_)}
    return next((date.fromisoformat(due[rule][:10]) for rule in rules_ if rule in due), None)


def six_months(work: Work, case: Case, response: LearningResponse) -> date:
    limit = day_of(work, case, "response.six-months")
    return limit or bounds(work, response, started_on(work, response)).six_months


def response_of(work: Work, case: Case) -> LearningResponse:
    response = current(work, case)
    if response is None:
        raise Refusal(f"No learning response to {case.reference} has been decided yet.")
    return response


def under_way(work: Work, case: Case) -> LearningResponse:
    """The learning response that has started and not ended. Raises Refusal."""
    response = response_of(work, case)
    if response.started_at is None:
        raise Refusal(f"The learning response to {case.reference} has not started yet.")
    if response.ended_at is not None:
        raise Refusal(f"The learning response to {case.reference} has ended already.")
    return response


def check_target(work: Work, response: LearningResponse, day: date, target: date | None, *, agreed: bool) -> None:
    """Whether the target lies between its bounds (K02 to K05). Raises Unfit."""
    limits = bounds(work, response, day)
    if target is None:
        if agreed:
            raise Unfit({"target": "Please give the day that was agreed."})
        return
    if not agreed:
        raise Unfit({"target": "You said that no time was agreed. Please leave the day out, or say that it was."})
    if target > limits.six_months:
        six = in_words(limits.six_months)
        raise Unfit(
            {"target": f"The policy says never more than six months, which is {six}. Please choose another day."}
        )
    if target > limits.three_months:
        text = (
            f"Three months end on {in_words(limits.three_months)}. Please choose a day until then; if it takes longer,"
        )
        raise Unfit({"target": f"{text} a longer time can be agreed later."})
    if target < limits.earliest:
        early = in_words(limits.earliest)
        raise Unfit({"target": f"The policy gives one to three months: please choose a day from {early} on."})


def also_paused(form: Form) -> Callable[[Work, Press], Reply]:
    """What goes on while the response is paused: then it is for those who may let it go on."""

    def shown(work: Work, press: Press) -> Reply:
        paused = case_of(work, press).state == State.PAUSED
        return (replace(form, act=Act.RESUME) if paused else form)(work, press)

    return shown
