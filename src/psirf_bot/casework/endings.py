"""How a case ends, and goes on again: closed, withdrawn by its reporter, joined with another, reopened."""

from collections.abc import Callable, Sequence

from sqlmodel import select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.cards.panel import source_words
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import (
    candour_clocks,
    cases,
    contact_gone,
    contacts,
    danger,
    kept_out,
    notifications,
    onlookers,
    panel_facts_anew,
    post,
    support,
    support_review,
)
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, case_facts, involved_in, panel_of
from psirf_bot.casework.changes import changed, tell_owner
from psirf_bot.casework.deadlines import DROPPED, happened, of_case, running, running_of, settle
from psirf_bot.casework.final_report import is_owed
from psirf_bot.casework.forms import Answers, Form, Unfit, about_systems, case_of, not_now
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.news import tell_opened_again, tell_outcome, tell_reporter
from psirf_bot.casework.support_needs import AT_START, DURING
from psirf_bot.casework.view import case_view
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, long_text, one_of, short_text
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.response import HOW_WELL, PSII
from psirf_bot.store.tables import Case, Deadline, LearningResponse

IN_REVIEW = (AT_START, DURING)
"""The checks on staff that go with a learning response."""

EVALUATION = (
    one_of(
        "response-went",
        "How well did the learning response work?",
        HOW_WELL,
        "For us to learn; not for blame. It stands on its page.",
    ),
    long_text("response-words", "What would make it work better?", "No names.", optional=True, max_length=500),
    one_of("involving-went", "How well were those affected involved?", HOW_WELL, "Patient, family and staff."),
    long_text("involving-words", "What would involve them better?", "No names.", optional=True, max_length=500),
)
"""What is asked at the end of a learning response: how good it was, and how good the engagement (P14)."""

# Closed, and reopened


def _close_questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    response = current(work, case)
    if response and response.kind == PSII and response.verified_at and response.ended_at is None:
        raise Refusal(
            f"The PSII to {case.reference} was verified and has not ended, so the case cannot be closed yet. When the "
            "PSII is finished, please record that it has ended. Whether it goes on is for the Chief Nurse or the "
            "Medical Director to decide: if it should not, please ask one of them. (Policy 3.2 and 12.3.)"
        )
    if is_owed(work, case):
        raise Refusal(
            f"The final report of the PSII to {case.reference} is not noted as sent, so the case cannot be closed yet. "
            "Please have its draft approved, send the report, and note that on the page of the learning response; "
            "then close the case. (Policy 12.4.)"
        )
    if running(work, of_case(case), "psii.day-3"):
        raise Refusal(
            f"The initial report on {case.reference} is not noted as sent, so the case cannot be closed yet. Please "
            "note on the page of the learning response on which day it was sent. (Policy 12.4.)"
        )
    _looked_at_first(work, case)
    hint = "The reporter and the leads of the service are sent these words."
    outcome = long_text("outcome", "What came of it, and what changed?", hint, max_length=1500)
    return (outcome, *EVALUATION) if response and response.started_at else (outcome,)


def _looked_at_first(work: Work, case: Case) -> None:
    """Nobody closes by themselves what is reported as grave: a group considers it (I09, I11). Raises Refusal."""
    if found := panel_facts_anew.nobody_has_looked_at(work, case):
        suggested = "; ".join(f"{each.fact} ({source_words(each)})" for each in found)
        raise Refusal(
            f"What is reported in {case.reference} suggests: {suggested}. So a panel looks at it before the case is "
            "closed: please open the panel. If the report has the harm wrong, amend it first, with the reason."
        )


def _evaluation_so_far(work: Work, press: Press) -> Answers:
    """What was said of it when the case was closed before: it may have been opened again since."""
    response = current(work, case_of(work, press))
    return (response.evaluation if response else None) or {}


def _close(work: Work, press: Press, answers: Answers) -> Card:
    about_systems(answers, "outcome")
    case = case_of(work, press)
    response = current(work, case)
    evaluation = {question.id: answers[question.id] for question in EVALUATION if question.id in answers}
    if response and evaluation:
        response.evaluation = evaluation | {"by": press.by.id, "at": work.now.isoformat()}
        work.session.add(response)
    case.state, case.ended_at, case.outcome = State.CLOSED, work.now, str(answers["outcome"])
    changed(work, case, press.by.id, "closed", outcome=case.outcome, evaluation=evaluation)
    happened(work, Event.CASE_CLOSED, of_case(case), press.by.id)
    contacts.end_all(work, case, press.by.id)
    contact_gone.closed(work, case, press.by.id)
    if response and response.ended_at is None:
        _end_with_the_case(work, case, response, press.by)
    for duty in _checks_in_review(work, case):
        settle(work, duty, DROPPED, press.by.id, "The case was closed")
    if not tell_outcome(work, case):
        text = "The reporter was involved, so they are told once the person who is to check on them has spoken to them."
        return said(f"{case.reference} is closed", text, button(work, "Open the case", "case.show", case=case))
    return case_view(work, case, press.by)


def _end_with_the_case(work: Work, case: Case, response: LearningResponse, by: Member) -> None:
    """A learning response does not go on: its lead hears of it, and staff who know of it hear that it ended (O07)."""
    response.ended_at = work.now
    work.session.add(response)
    checks = _checks_in_review(work, case)
    needs = [need for each in cases.with_joined(work, case) for need in support.of_case(work, each)]
    known = response.started_at or any(support.told_that_review_starts(work, need) for need in needs)
    if checks and known:
        support.review_ended(work, case, by.id)
    if response.lead_id and response.lead_id != by.id:
        look = button(work, "Open the learning response", "response.show", case=case, style="primary", opens=True)
        text = (
            f"The quality team has closed {case.reference}, so the learning response that you lead does not go on. "
            "If somebody should hear that from you, please tell them. Thank you for what you have done."
        )
        post.to_person(work, response.lead_id, said("A case you lead on is closed", text, look, preview=PRIVATE_TASK))


def _checks_in_review(work: Work, case: Case) -> list[Deadline]:
    return [duty for each in cases.with_joined(work, case) for duty in running_of(work, each) if duty.rule in IN_REVIEW]


def _reopen(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    if not allowed(work, press.by, Act.REOPEN, case):
        raise Refusal(not_now(work, press, case))
    case.state, case.ended_at, case.outcome = State.READ, None, None
    changed(work, case, press.by.id, "reopened")
    happened(work, Event.CASE_REOPENED, of_case(case), press.by.id)
    tell_opened_again(work, case)
    return Reply(card=case_view(work, case, press.by), replaces=press.place.private)


# Withdrawn, and joined with another


def _not_decided_yet(work: Work, press: Press, instead: str) -> None:
    """Once a panel has decided how to learn from it, a report is not taken away. Raises Refusal."""
    case = case_of(work, press)
    if current(work, case) or panel_of(work, case):
        raise Refusal(f"A panel has looked at {case.reference} and decided how to learn from it. {instead}")


def _withdraw_questions(work: Work, press: Press) -> Sequence[Question]:
    instead = "So it cannot be withdrawn any more. If something in it is wrong, please add to it: your words are read."
    _not_decided_yet(work, press, instead)
    if panel_facts_anew.nobody_has_looked_at(work, case := case_of(work, press)):
        raise Refusal(
            f"{case.reference} says that somebody died or came to severe harm, so a panel looks at it first. If "
            "something in it is wrong, please add to it: your words are read, and the quality team can put it right."
        )
    return (long_text("why", "Is there anything the quality team should know?", optional=True, max_length=500),)


def _merge_questions(work: Work, press: Press) -> Sequence[Question]:
    instead = "So it cannot be joined with another report. You can join the other one with this one instead."
    _not_decided_yet(work, press, instead)
    return (short_text("into", "Reference of the other case", "For example PSI-2026-0001.", max_length=30),)


def _withdraw(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    case.state, case.ended_at, case.outcome = State.WITHDRAWN, work.now, str(answers["why"] or "") or None
    changed(work, case, press.by.id, "withdrawn", why=case.outcome)
    happened(work, Event.CASE_DROPPED, of_case(case), press.by.id)
    contacts.end_all(work, case, press.by.id)
    support.stop_asking(work, case)
    danger.withdrawn(work, case, press.by)
    freed = work.session.exec(select(Case).where(Case.merged_into == case.id).order_by(Case.id)).all()
    for joined in freed:
        joined.state = State.READ if joined.read_at else State.REPORTED
        joined.merged_into = joined.ended_at = None
        changed(work, joined, press.by.id, "separated again")
        cases.begin_clocks(work, joined, press.by.id, since=work.now)
        if joined.read_at:
            happened(work, Event.CASE_READ, of_case(joined), press.by.id)
        tell_reporter(
            work, joined, f"{joined.reference} is looked at by itself again", "The other report was withdrawn."
        )
    candour_clocks.withdrawn(work, case, freed, press.by.id)
    tell_owner(work, case, press.by, f"{case.reference} was withdrawn", "The reporter withdrew it.")
    text = (
        f"{case.reference} is withdrawn. If it is on Datix, please tell the quality team, who look after that record."
    )
    return said("Your report is withdrawn", text)


def _merge(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    into = cases.by_reference(work, str(answers["into"]))
    if into is None or into.id == case.id or State(into.state).has_ended:
        raise Unfit({"into": "There is no other case under way with that reference. Please check it."})
    response = current(work, into)
    goes_on = response is not None and response.ended_at is None
    if goes_on and response and response.lead_id in involved_in(work, case) | case_facts(work, case).passed_over_ids:
        text = f"Whoever leads the response to {into.reference} cannot lead it with this report in it. Please choose"
        raise Unfit({"into": f"{text} another lead there first, and then join the two."})
    case.state, case.merged_into, case.ended_at = State.MERGED, into.id, work.now
    changed(work, case, press.by.id, "merged into another case", into=into.id)
    onlookers.refresh_joined(work, case)  # what they go with now may be restricted
    happened(work, Event.CASE_DROPPED, of_case(case), press.by.id)
    candour_clocks.joined(work, case, into, press.by.id)
    if goes_on and response and State(into.state) in support_review.GOES_ON:
        support_review.joined(work, into, response.verified_at or response.decided_at, press.by.id)
    changed(work, into, press.by.id, "another case was merged into it", merged=case.id)
    kept_out.joined(work, into, press.by.id)
    panel_facts_anew.joined(work, case, into, press.by.id)
    notifications.as_it_stands(work, into, press.by.id)
    contact_gone.joined(work, into)
    text = "It is about the same event as another report, so the two are looked at together. Nothing you wrote is lost."
    tell_reporter(work, case, f"{case.reference} was joined with another report", text)
    return case_view(work, into, press.by)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "case.close": Form(
        Act.CLOSE,
        "Close the case",
        "Close and tell reporter",
        _close_questions,
        _close,
        so_far=_evaluation_so_far,
    ),
    "case.reopen": _reopen,
    "case.withdraw": Form(
        Act.WITHDRAW,
        "Withdraw the report",
        "Withdraw it",
        _withdraw_questions,
        _withdraw,
        explain="You can withdraw a report until a panel looks at it. The quality team still sees that there was one.",
    ),
    "case.merge": Form(
        Act.MERGE,
        "Join with another report",
        "Join them",
        _merge_questions,
        _merge,
        explain="For two reports of the same event. This one then points to the other.",
    ),
}
