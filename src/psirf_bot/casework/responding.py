"""A learning response starts, sends its initial report and ends (policy §13); that it takes longer: extending.py."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from psirf_bot.cards.model import Card
from psirf_bot.casework import candour, extending, final_report, first_contact, named_contacts, support, terms
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.response_changes import changed, tell
from psirf_bot.casework.response_page import page
from psirf_bot.casework.under_way import (
    also_paused,
    at,
    check_target,
    day_in,
    in_words,
    response_of,
    started_on,
    under_way,
)
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, long_text, one_of
from psirf_bot.domain import response as rules
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, LearningResponse


def _today(work: Work, press: Press) -> Answers:
    return {"day": work.local.date().isoformat()}


def _as_agreed(work: Work, press: Press) -> Answers:
    """Today, and the day that the terms of reference agreed."""
    target = response_of(work, case_of(work, press)).target_on
    return {**_today(work, press), "target": target.isoformat() if target else None}


# It starts


def _start_questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    response = response_of(work, case)
    if response.started_at and not press.given:
        raise Refusal(f"It started on {in_words(started_on(work, response))}. Nothing needs to be done.")
    return (
        Day("day", "On which day did it start?"),
        one_of("agreed", "Is the time it takes agreed with those affected?", rules.TIMEFRAME, "Policy 13."),
        Day(
            "target",
            "By which day is it to be finished?",
            "Needed if you agreed one: one to three months from the start. Otherwise it is two months.",
            optional=True,
            coming=True,
        ),
    )


def _start_form(work: Work, press: Press) -> Reply:
    """With where the duty of candour has got to: the policy wants it complete when a review starts (E04)."""
    if waits := named_contacts.gate(work, press):
        return waits
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
    check_target(work, response, day, target, agreed=answers["agreed"] == "agreed")
    response.started_at, response.target_on = at(work, day), target
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
    first_contact.look(work, case, by)
    text = f"The learning response to {case.reference} started on {in_words(day)}."
    tell(work, case, press.by, [case.owner_id, response.lead_id], "A learning response has started", text)
    return page(work, case, press.by)


def _check_start(work: Work, case: Case, response: LearningResponse, day: date) -> None:
    if response.verified_at and day < (verified := work.setting.calendar.local(response.verified_at).date()):
        raise Unfit({"day": f"A PSII starts when it is verified, and this one was on {in_words(verified)}."})
    if day < (occurred := date.fromisoformat(case.occurred[:10])):
        raise Unfit({"day": f"That is before it happened, on {in_words(occurred)}."})


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


def _end_questions(work: Work, press: Press) -> Sequence[Question]:
    response = response_of(work, case_of(work, press))
    asks = one_of(
        "answered",
        "Did the patient or family get an answer to what they asked?",
        rules.ANSWERED,
        "What they asked stands in the terms of reference. (Policy 8.1.)",
    )
    return (
        Day("day", "On which day did it end?"),
        *((asks,) if terms.asked_for(response) else ()),
        long_text(
            "missing",
            "Was there information that others could not give?",
            "It can be looked at again when new information comes.",
            optional=True,
            max_length=1000,
        ),
    )


def _at_the_end(answers: Answers) -> str | None:
    """What is noted as it ends: how the questions of those affected were answered, and what nobody could tell."""
    answered, missing = answers.get("answered"), answers["missing"]
    said = (
        f"What the patient or family asked: {rules.ANSWERED[str(answered)].lower()}." if answered else "",
        f"Information that was missing: {missing}" if missing else "",
    )
    return " ".join(filter(None, said)) or None


def _end(work: Work, press: Press, answers: Answers) -> Card:
    case, day = case_of(work, press), day_in(answers, "day")
    response = response_of(work, case)
    if response.ended_at:  # pressed twice, or by two people
        return page(work, case, press.by)
    response = under_way(work, case)
    if day < (started := started_on(work, response)):
        raise Unfit({"day": f"It started on {in_words(started)}, so it cannot have ended before."})
    response.ended_at = max(response.started_at or work.now, at(work, day))
    work.session.add(response)
    facts = {**answers, "day": day.isoformat(), "missing": str(answers["missing"] or "")}
    changed(work, case, press.by.id, "response ended", response.lead_id, response=response.id, **facts)
    about = of_case(case, response_lead=response.lead_id)
    happened(work, Event.RESPONSE_ENDED, about, press.by.id, note=_at_the_end(answers))
    support.review_ended(work, case, press.by.id)
    final_report.ended(work, case, response, press.by)
    then = "Its final report comes next" if final_report.is_owed(work, case) else "You can close the case"
    text = f"The response to {case.reference} ended on {in_words(day)}. {then}: its page shows what there is to do."
    tell(work, case, press.by, [case.owner_id], "A learning response has ended", text)
    return page(work, case, press.by)


START = Form(
    Act.LEAD_RESPONSE, "Start the learning response", "It has started", _start_questions, _start, so_far=_as_agreed
)
VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    **extending.VERBS,
    "response.start": _start_form,
    "response.report-sent": also_paused(
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
        _end_questions,
        _end,
        explain="Those who support the staff involved are told first; please tell the patient or family yourself.",
        so_far=_today,
    ),
}
