"""A learning response takes longer than three months: why, and with whom that is agreed or was tried to be.

Policy §13, K05 to K08. One that is recorded late is kept, and says so.
"""

from collections.abc import Callable, Sequence
from datetime import date

from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines, people
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import extensions
from psirf_bot.casework.response_changes import changed, drop, tell
from psirf_bot.casework.response_page import LONGER, page
from psirf_bot.casework.under_way import day_in, day_of, in_words, six_months, under_way
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.questions import Day, Question, long_text, one_of, several_of
from psirf_bot.domain import response as rules
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Extension, LearningResponse


def _extend_questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    six = in_words(six_months(work, case, under_way(work, case)))
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
        Day("tried-on", "Only if you could not agree it: when did you try last?", optional=True),
        long_text(
            "tried-how",
            "Only if you could not agree it: what was tried?",
            "Each time: when, how and with whom, as the patient, the family or the staff. No names.",
            optional=True,
            max_length=1000,
        ),
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
    limit, six = day_of(work, case, "response.extension", "response.three-months"), six_months(work, case, response)
    if until == limit and extensions(work, response):  # pressed twice, or by two people
        return page(work, case, press.by)
    beyond = until > six
    _check_until(work, until, limit, six, told=bool(answers["beyond"]))
    late = _late(work, limit)
    reason, family, staff = (str(answers[key]) for key in ("reason", "family", "staff"))
    statement = "\n\n".join(filter(None, (str(answers["statement"]), _tried(answers), late)))
    one = Extension(
        response_id=response.id,
        until=until,
        reason=reason,
        statement=statement,
        family=family,
        staff=staff,
        by_id=press.by.id,
        at=work.now,
    )
    work.session.add(one)
    facts = {"until": until.isoformat(), "reason": reason, "statement": statement, "family": family, "staff": staff}
    changed(work, case, press.by.id, "extension recorded", response.lead_id, response=response.id, **facts)
    agreement = rules.consent_words(family, staff)
    _set_clocks(work, case, response, until, f"{agreement}. {late}".removesuffix(".") if late else agreement, press.by)
    text = f"{case.reference} takes longer, until {in_words(until)}: {agreement}. {late}".strip()
    told = [case.owner_id, response.lead_id, *(p.id for p in people.holders(work, Role.CHIEF_NURSE) if beyond)]
    title = "A learning response takes more than six months" if beyond else "A learning response takes longer"
    tell(work, case, press.by, told, title, text)
    return page(work, case, press.by)


def _set_clocks(work: Work, case: Case, response: LearningResponse, until: date, source: str, by: Member) -> None:
    """The longer time takes the place of the limit that ran; its day says what it rests on wherever it is shown."""
    about = of_case(case, response_lead=response.lead_id)
    drop(work, case, ("response.target",), by.id, "a longer time was recorded")
    for earlier in running(work, about, "response.extension"):
        deadlines.move(work, earlier, until)
    agreed = {"response.extension": until}
    happened(work, Event.EXTENSION_AGREED, about, by.id, agreed=agreed, note=LONGER)
    for clock in running(work, about, "response.extension"):
        clock.source = source + clock.source.removeprefix(work.setting.rules[clock.rule].source)
        deadlines.changed(work, clock)


def _tried(answers: Answers) -> str:
    """What was tried where it could not be agreed: at least one attempt, with its day (K06). Raises Unfit."""
    on, how = answers.get("tried-on"), str(answers.get("tried-how") or "")
    if "attempted" in {answers["family"], answers["staff"]}:
        missing = {"tried-on": "Please give the day of the last attempt.", "tried-how": "Please say what was tried."}
        if unsaid := {key: text for key, text in missing.items() if not answers.get(key)}:
            raise Unfit(unsaid)
    last = f"Last on {in_words(day_in(answers, 'tried-on'))}." if on else ""
    return " ".join(filter(None, (f"Tried: {how}" if how else "", last)))


def _late(work: Work, limit: date | None) -> str:
    """That it comes after the limit, where it does: kept all the same, and said (K06)."""
    if limit is None or work.local.date() <= limit:
        return ""
    return f"Recorded late, on {in_words(work.local.date())}: there was time until {in_words(limit)}."


def _check_until(work: Work, until: date, limit: date | None, six_months: date, *, told: bool) -> None:
    if until <= work.local.date():
        raise Unfit({"until": "Please choose a day to come."})
    if limit and until <= limit:
        raise Unfit({"until": f"There is time until {in_words(limit)} already. Please choose a later day."})
    if until > six_months and not told:
        text = "The policy says never more than six months. If it cannot be helped, tick the last box: the Chief Nurse"
        raise Unfit({"until": f"Six months end on {in_words(six_months)}. {text} is told."})


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "response.extend": Form(
        Act.LEAD_RESPONSE,
        "Agree a longer time",
        "Record the longer time",
        _extend_questions,
        _extend,
        explain="A response takes no longer than three months, except for an exceptional reason that is agreed with "
        "those affected, or that you tried to agree with them. (Policy 13.)",
    ),
}
