"""A learning response takes longer than three months: why, and with whom that is agreed (policy §13, K05 to K08)."""

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
from psirf_bot.domain.authority import Act
from psirf_bot.domain.deadlines import Event
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Extension


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


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "response.extend": Form(
        Act.LEAD_RESPONSE,
        "Agree a longer time",
        "Record the longer time",
        _extend_questions,
        _extend,
        explain="A response takes no longer than three months, except for an exceptional reason that is agreed with "
        "those affected. (Policy 13.)",
    ),
}
