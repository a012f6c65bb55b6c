"""A learning response's clock: it starts, takes longer and ends (policy §13, K01 to K08)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from psirf_bot.cards.answers import moment
from psirf_bot.cards.model import Card
from psirf_bot.casework import candour, contacts, deadlines, people, support
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.response import changed, drop, tell
from psirf_bot.casework.response_page import LONGER, current, extensions, page
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, long_text, one_of, several_of
from psirf_bot.domain import response as rules
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import State
from psirf_bot.domain.deadlines import Event
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import Limits, limits, noon
from psirf_bot.domain.trust import Due, ResponseType
from psirf_bot.store.tables import Case, Extension, LearningResponse


def _today(work: Work, press: Press) -> Answers:
    return {"day": work.local.date().isoformat()}


def day_in(answers: Answers, key: str) -> date:
    return date.fromisoformat(str(answers[key]))


def _at(work: Work, day: date) -> datetime:
    """A moment on that day, and not one to come."""
    return min(work.now, noon(day, work.setting.calendar))


def in_words(day: date) -> str:
    return moment(day.isoformat())


def _started_on(work: Work, response: LearningResponse) -> date:
    assert response.started_at is not None  # noqa: S101 - the callers have looked
    return work.setting.calendar.local(response.started_at).date()


def _limits(work: Work, response: LearningResponse, started: date) -> Limits:
    """The bounds of its time, in the trust's own lengths."""
    lengths = work.setting.rules
    three = lengths["response.three-months"].due or Due(3, "months")
    six = lengths["response.six-months"].due or Due(6, "months")
    kinds: dict[str, ResponseType] = {str(kind): kind for kind in work.trust.responses}
    return limits(kinds[response.kind], started, three, six, work.setting.calendar_beyond)


def _day_of(work: Work, case: Case, *rules_: str) -> date | None:
    """The day on which the first of these is due for which a clock runs, with the pauses there have been."""
    due = {clock.rule: clock.due_local for clock in running(work, of_case(case), *rules_)}
    return next((date.fromisoformat(due[rule][:10]) for rule in rules_ if rule in due), None)


def _six_months(work: Work, case: Case, response: LearningResponse) -> date:
    limit = _day_of(work, case, "response.six-months")
    return limit or _limits(work, response, _started_on(work, response)).six_months


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


# It starts


def _start_questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    response = response_of(work, case)
    if response.started_at and not press.given:
        raise Refusal(f"It started on {in_words(_started_on(work, response))}. Nothing needs to be done.")
    return (
        Day("day", "On which day did it start?"),
        one_of("agreed", "Is the time it takes agreed with those affected?", rules.TIMEFRAME, "Policy 13."),
        Day(
            "target",
            "By which day is it to be finished?",
            "One to three months from the start, as agreed. Two months from the start if you leave it out.",
            optional=True,
            coming=True,
        ),
    )


def _start_form(work: Work, press: Press) -> Reply:
    """With where the duty of candour has got to: the policy wants it complete when a review starts (E04)."""
    return replace(START, explain=_candour_words(work, case_of(work, press)))(work, press)


def _candour_words(work: Work, case: Case) -> str:
    owed = running(work, of_case(case), *(rule for rule in candour.RULES if rule != "candour.attempts"))
    if not owed:
        return ""
    steps = "; ".join(work.setting.rules[clock.rule].duty.lower() for clock in owed)
    text = "The duty of candour is to be complete when a review starts (policy, Appendix 2). Still to be done"
    return f"{text}: {steps}. Type candour {case.reference} to see where it is, or ask the candour lead."


def _start(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    response = response_of(work, case)
    if response.started_at:  # pressed twice, or by two people
        return page(work, case, press.by)
    day, target = day_in(answers, "day"), day_in(answers, "target") if answers["target"] else None
    _check_start(work, case, response, day)
    _check_target(work, response, day, target, agreed=answers["agreed"] == "agreed")
    response.started_at, response.target_on = _at(work, day), target
    case.state = State.RESPONDING
    work.session.add(response)
    how = rules.TIMEFRAME[str(answers["agreed"])]
    by = press.by.id
    changed(work, case, by, "response started", response.lead_id, response=response.id, day=day.isoformat(), agreed=how)
    happened(
        work,
        Event.RESPONSE_STARTED,
        of_case(case, response_lead=response.lead_id),
        by,
        since=response.started_at,
        agreed={"response.target": target} if target else None,
        note=f"The time it takes: {how.lower()}.",
    )
    text = f"The learning response to {case.reference} started on {in_words(day)}."
    tell(work, case, press.by, [case.owner_id, response.lead_id], "A learning response has started", text)
    return page(work, case, press.by)


def _check_start(work: Work, case: Case, response: LearningResponse, day: date) -> None:
    if response.verified_at and day < (verified := work.setting.calendar.local(response.verified_at).date()):
        raise Unfit({"day": f"A PSII starts when it is verified, and this one was on {in_words(verified)}."})
    if day < (occurred := date.fromisoformat(case.occurred[:10])):
        raise Unfit({"day": f"That is before it happened, on {in_words(occurred)}."})


def _check_target(work: Work, response: LearningResponse, day: date, target: date | None, *, agreed: bool) -> None:
    bounds = _limits(work, response, day)
    if target is None:
        if agreed:
            raise Unfit({"target": "Please give the day that was agreed."})
        return
    if target > bounds.six_months:
        six = in_words(bounds.six_months)
        raise Unfit(
            {"target": f"The policy says never more than six months, which is {six}. Please choose another day."}
        )
    if target > bounds.three_months:
        text = (
            f"Three months end on {in_words(bounds.three_months)}. Please choose a day until then; if it takes longer,"
        )
        raise Unfit({"target": f"{text} a longer time can be agreed later."})
    if target < bounds.earliest:
        early = in_words(bounds.earliest)
        raise Unfit({"target": f"The policy gives one to three months: please choose a day from {early} on."})


# It takes longer


def _extend_questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    six = in_words(_six_months(work, case, under_way(work, case)))
    return (
        Day("until", "Until which day?", coming=True),
        one_of("reason", "Why does it take longer?", rules.REASONS),
        long_text(
            "statement",
            "What does that mean for people, and for what is not done yet?",
            "The effect on those affected, and the risk of what waits: which interim safety actions are in place?",
            max_length=1500,
        ),
        one_of("family", "Is it agreed with the patient or family?", rules.CONSENT),
        one_of("staff", "Is it agreed with the staff affected?", rules.CONSENT),
        several_of(
            "beyond",
            "Only if it takes more than six months",
            {"yes": f"It goes on after {six}; the Chief Nurse is told"},
            optional=True,
        ),
    )


def _extend(work: Work, press: Press, answers: Answers) -> Card:
    case, until = case_of(work, press), day_in(answers, "until")
    response = under_way(work, case)
    limit, six = _day_of(work, case, "response.extension", "response.three-months"), _six_months(work, case, response)
    if until == limit and extensions(work, response):  # pressed twice, or by two people
        return page(work, case, press.by)
    beyond = until > six
    _check_until(work, until, limit, six, told=bool(answers["beyond"]))
    reason, family, staff = (str(answers[key]) for key in ("reason", "family", "staff"))
    one = Extension(
        response_id=response.id,
        until=until,
        reason=reason,
        statement=str(answers["statement"]),
        family=family,
        staff=staff,
        by_id=press.by.id,
        at=work.now,
    )
    work.session.add(one)
    facts = {"until": until.isoformat(), "reason": reason, "statement": one.statement, "family": family, "staff": staff}
    changed(work, case, press.by.id, "extension agreed", response.lead_id, response=response.id, **facts)
    about = of_case(case, response_lead=response.lead_id)
    drop(work, case, ("response.target",), press.by.id, "a longer time was agreed")
    for earlier in running(work, about, "response.extension"):
        deadlines.move(work, earlier, until)
    happened(
        work,
        Event.EXTENSION_AGREED,
        about,
        press.by.id,
        agreed={"response.extension": until},
        note=LONGER,
    )
    text = f"A longer time was agreed for {case.reference}: until {in_words(until)}."
    told = [case.owner_id, response.lead_id, *(p.id for p in people.holders(work, Role.CHIEF_NURSE) if beyond)]
    title = "A learning response takes more than six months" if beyond else "A learning response takes longer"
    tell(work, case, press.by, told, title, text)
    return page(work, case, press.by)


def _check_until(work: Work, until: date, limit: date | None, six_months: date, *, told: bool) -> None:
    if until <= work.local.date():
        raise Unfit({"until": "Please choose a day to come."})
    if limit and until <= limit:
        raise Unfit({"until": f"There is time until {in_words(limit)} already. Please choose a later day."})
    if until > six_months and not told:
        text = "The policy says never more than six months. If it cannot be helped, tick the last box: the Chief Nurse"
        raise Unfit({"until": f"Six months end on {in_words(six_months)}. {text} is told."})


# Its initial report, and its end


def _report_sent(work: Work, press: Press, answers: Answers) -> Card:
    case, day = case_of(work, press), day_in(answers, "day")
    response = response_of(work, case)
    if response.verified_at is None:
        raise Refusal("The initial report belongs to a PSII that has been verified. There is none here.")
    if day < (verified := work.setting.calendar.local(response.verified_at).date()):
        raise Unfit({"day": f"The PSII was verified on {in_words(verified)}. Please choose a day from then on."})
    about = of_case(case, response_lead=response.lead_id)
    if running(work, about, "psii.day-3"):  # otherwise pressed twice
        changed(work, case, press.by.id, "initial report sent", response=response.id, day=day.isoformat())
        note = f"The initial report was sent on {in_words(day)}."
        happened(work, Event.INITIAL_REPORT_SENT, about, press.by.id, note=note)
    return page(work, case, press.by)


def _end(work: Work, press: Press, answers: Answers) -> Card:
    case, day = case_of(work, press), day_in(answers, "day")
    response = response_of(work, case)
    if response.ended_at:  # pressed twice, or by two people
        return page(work, case, press.by)
    response = under_way(work, case)
    if day < (started := _started_on(work, response)):
        raise Unfit({"day": f"It started on {in_words(started)}, so it cannot have ended before."})
    missing = str(answers["missing"] or "")
    response.ended_at = max(response.started_at or work.now, _at(work, day))
    work.session.add(response)
    facts = {"day": day.isoformat(), "missing": missing}
    changed(work, case, press.by.id, "response ended", response.lead_id, response=response.id, **facts)
    note = f"Information that was missing: {missing}" if missing else None
    happened(work, Event.RESPONSE_ENDED, of_case(case, response_lead=response.lead_id), press.by.id, note=note)
    support.review_ended(work, case, press.by.id)
    text = f"The response to {case.reference} ended on {in_words(day)}. You can close the case with what changed."
    tell(work, case, press.by, [case.owner_id], "A learning response has ended", text)
    return page(work, case, press.by)


START = Form(
    Act.LEAD_RESPONSE, "Start the learning response", "It has started", _start_questions, _start, so_far=_today
)
VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "response.start": _start_form,
    "response.extend": Form(
        Act.LEAD_RESPONSE,
        "Agree a longer time",
        "Record the longer time",
        _extend_questions,
        _extend,
        explain="A response takes no longer than three months, except for an exceptional reason that is agreed with "
        "those affected. (Policy 13.)",
    ),
    "response.report-sent": contacts.also_paused(
        Form(
            Act.LEAD_RESPONSE,
            "The initial report",
            "It was sent",
            lambda work, press: (Day("day", "On which day was it sent?"),),
            _report_sent,
            so_far=_today,
        )
    ),
    "response.end": Form(
        Act.LEAD_RESPONSE,
        "The learning response has ended",
        "It has ended",
        lambda work, press: (
            Day("day", "On which day did it end?"),
            long_text(
                "missing",
                "Was there information that others could not give?",
                "It can be looked at again when new information comes.",
                optional=True,
                max_length=1000,
            ),
        ),
        _end,
        explain="Those who support the staff involved are told first; please tell the patient or family yourself.",
        so_far=_today,
    ),
}
