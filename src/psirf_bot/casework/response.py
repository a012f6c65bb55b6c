"""The learning response to a case: what the panel decided, who leads it, and its verification (§3.2, §12.3).

Its page is casework/response_page.py, its dates casework/responding.py, the contact during it casework/contacts.py.
"""

from collections.abc import Callable, Sequence

from psirf_bot.cards.answers import moment
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import news, people, response_board, support, two_offices, verifying
from psirf_bot.casework.case_facts import allowed, case_facts, panel_of
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.forms import Answers, Form, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current, kind_of, sees
from psirf_bot.casework.minute_signers import officer
from psirf_bot.casework.response_changes import changed, drop, tell
from psirf_bot.casework.response_page import page
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, long_text
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, LearningResponse

OF_A_DECISION = ("psii.verified", "psii.day-3", "response.started")
"""The clocks that another kind of response stops: it starts its own. Another lead goes on with those that run."""


# What the panel decided


def decide(work: Work, case: Case, kind: str, by: Member) -> LearningResponse:
    """The chair approved that there is to be a learning response (I14): a PSII waits to be verified (I16).

    One that was sent back to the panel is decided anew; its lead stays.
    """
    sent_back = _not_started(work, case)
    response = sent_back or LearningResponse(
        id=work.new_id(), case_id=case.id, kind=kind, decided_by=by.id, decided_at=work.now
    )
    response.kind, response.decided_by, response.decided_at = kind, by.id, work.now
    work.session.add(response)
    drop(work, case, OF_A_DECISION, by.id, "decided again")
    case.state = State.AWAITING_VERIFICATION if kind == PSII else State.DECIDED
    changed(work, case, by.id, "response decided", response.lead_id, response=response.id, kind=kind)
    about = of_case(case, response_lead=response.lead_id)
    if response.lead_id is None:
        happened(work, Event.RESPONSE_DECIDED, about, by.id)
    if kind == PSII:
        happened(work, Event.PSII_DECIDED, about, by.id)
        verifying.ask(work, case, response, by)
    else:
        _may_start(work, case, response, by.id)
    if sent_back is None:
        _tell_the_reporter(work, case)
    elif response.lead_id:
        _tell_the_lead(work, case, response, by)
    response_board.hang(work, case)
    return response


def let_go(work: Work, case: Case, by: Member) -> None:
    """There is to be no learning response after all: one that was sent back to the panel is over."""
    response = _not_started(work, case)
    if response:
        response.ended_at = work.now
        work.session.add(response)
        drop(work, case, (*OF_A_DECISION, "response.lead"), by.id, "the panel decided on something else")
        changed(work, case, by.id, "response let go", response.lead_id, response=response.id)


def _not_started(work: Work, case: Case) -> LearningResponse | None:
    response = current(work, case)
    return response if response and response.started_at is None and response.ended_at is None else None


def _may_start(work: Work, case: Case, response: LearningResponse, by: str) -> None:
    """Nothing waits any more. Line managers hear of it first, so that they can tell those who were involved (R02)."""
    happened(work, Event.RESPONSE_DUE_TO_START, of_case(case, response_lead=response.lead_id), by)
    support.review_starts(work, case, by)


def _tell_the_lead(work: Work, case: Case, response: LearningResponse, by: Member) -> None:
    """They were asked to wait when it was sent back to the panel."""
    kind = kind_of(work, response)
    if response.kind == PSII:
        title = f"{case.reference}: please wait a little longer"
        text = f"The panel decided on it again: {kind}. It waits to be verified once more; I will tell you when it is."
    else:
        title = "You can start the learning response"
        text = f"The panel decided again on {case.reference}: {kind}. It need not be verified, so it can start. "
        text += "Please start it as soon as you can."
    tell(work, case, by, [response.lead_id], title, text)


def _tell_the_reporter(work: Work, case: Case) -> None:
    if any(need.person_id == case.reporter_id for need in support.of_case(work, case)):
        return  # they hear it from whoever checks on them (R02)
    text = (
        f"There will be a learning response to {case.reference}. It looks for what made things hard, "
        "not for whom to blame. You will be told what comes of it."
    )
    news.tell_reporter(work, case, "It was decided how to learn from your report", text)


# Verification


def _waiting(work: Work, press: Press, case: Case) -> LearningResponse:
    """The PSII that waits, for somebody who may verify it and did not decide on it themselves. Raises Refusal."""
    response = current(work, case)
    if response is None or not allowed(work, press.by, Act.VERIFY_PSII, case):
        if response and response.verified_at and sees(work, press.by, case):
            day = moment(work.setting.calendar.local(response.verified_at).date().isoformat())
            by = people.name_of(work, response.verified_by)
            raise Refusal(f"{by} verified the PSII for {case.reference} on {day}. Nothing more needs to be done.")
        if case.state != State.AWAITING_VERIFICATION and sees(work, press.by, case):
            raise Refusal(f"{case.reference} does not wait to be verified. Type case {case.reference} to see it.")
        if press.by.roles & set(two_offices.OFFICES) and case.state == State.AWAITING_VERIFICATION:
            text = f"The PSII for {case.reference} is for somebody else to verify."
            raise Refusal(f"{text} There is nothing you need to do.")
        if press.by.roles & set(two_offices.OFFICES):
            raise Refusal(f"{case.reference} does not wait to be verified. There is nothing you need to do.")
        raise Refusal("Only the Chief Nurse or the Medical Director, or whoever stands in for them, can verify a PSII.")
    if press.by.id in verifying.deciders(work, case, response):
        raise Refusal("You took the decision, so somebody else has to verify it. (Policy 3.2 and 12.3.)")
    return response


def _verify(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    latest = current(work, case)
    if latest is None or latest.verified_by != press.by.id:  # otherwise pressed twice, or on two cards
        response, panel = _waiting(work, press, case), panel_of(work, case)
        if panel and (press.args.get("panel") or panel.id) != panel.id:
            again = "This was decided anew since you were asked. Please read it once more."
            return Reply(card=page(work, case, press.by), notice=again)
        response.verified_by, response.verified_at = press.by.id, work.now
        response.verified_as = officer(work, press.by.id, work.now)
        case.state = State.DECIDED
        work.session.add(response)
        changed(work, case, press.by.id, "PSII verified", response.lead_id, response=response.id)
        happened(work, Event.PSII_VERIFIED, of_case(case, response_lead=response.lead_id), press.by.id)
        _may_start(work, case, response, press.by.id)
        text = f"The PSII for {case.reference} is verified, so it can start. Please start it as soon as you can."
        tell(work, case, press.by, [response.lead_id], "You can start the PSII", text)
        text = f"{case.reference}: please send the notifications and, by day 3, the initial report. (Policy 3.2, 12.4.)"
        tell(work, case, press.by, [case.owner_id or response.decided_by], "The PSII is verified", text)
    return Reply(card=page(work, case, press.by), replaces=press.place.private)


def _back_questions(work: Work, press: Press) -> Sequence[Question]:
    return (long_text("why-back", "What should the panel look at again?", max_length=1000),)


def _back(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    response = _waiting(work, press, case)
    reason = str(answers["why-back"])
    case.state = State.READ
    changed(work, case, press.by.id, "PSII sent back to the panel", response.lead_id, response=response.id, why=reason)
    drop(work, case, ("psii.verified",), press.by.id, reason)
    happened(work, Event.PSII_NOT_VERIFIED, of_case(case, response_lead=response.lead_id), press.by.id)
    title = f"{case.reference} is sent back to the panel"
    decided_by = response.decided_by if response.decided_by not in case_facts(work, case).kept_out_ids else None
    whom = [case.owner_id, decided_by]
    tell(work, case, press.by, whom, title, f"It was not verified as a PSII. To look at again: {reason}")
    text = f"The PSII for {case.reference} was not verified yet; the panel looks at it again. Please wait."
    tell(work, case, press.by, [w for w in [response.lead_id] if w not in whom], "Please wait", text)
    return said(title, "Those who recorded the decision have your reason. Nothing else waits for it.")


BACK = Form(Act.VERIFY_PSII, "Send it back to the panel", "Send it back", _back_questions, _back)


def _back_form(work: Work, press: Press) -> Reply:
    _waiting(work, press, case_of(work, press))  # says who verified it, where somebody has
    return BACK(work, press)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "response.verify": _verify,
    "response.back": _back_form,
}
