"""The draft is approved before it leaves, and the final report is sent (J04, J05, J10).

A report never travels through the chat: those who were involved are shown a draft in person (App 5, R17).
"""

from collections.abc import Callable, Sequence
from datetime import date

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import panel_chair, people, post, two_offices
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import sees
from psirf_bot.casework.response_changes import changed, tell
from psirf_bot.casework.response_page import page
from psirf_bot.casework.under_way import day_in, in_words, response_of
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, several_of
from psirf_bot.domain.authority import BOARD, Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import PSII, SENT_TO
from psirf_bot.store.tables import Case, LearningResponse, Person

APPROVED = {"draft": "The draft of the final report", "learning": "Its recommendations and its actions"}
NOBODY_APPROVES = (
    "The PSII has ended, and nobody I could ask can approve the draft of its report. Please ask somebody on the board "
    "who did not lead it and was not involved. (Policy 12.4.)"
)
NOT_IN_CHAT = "The report itself stays where you keep it: it does not go through this chat."


# A PSII has ended


def ended(work: Work, case: Case, response: LearningResponse, by: Member) -> None:
    """A PSII has ended: its final report is owed from that day, and its draft waits to be approved (policy §12.4)."""
    if response.kind != PSII or response.final_sent_on or is_owed(work, case):
        return
    about = of_case(case, response_lead=response.lead_id)
    happened(work, Event.PSII_ENDED, about, by.id, since=response.ended_at)
    if response.draft_approved_at is None:
        _ask_to_approve(work, case, response)


def is_owed(work: Work, case: Case) -> bool:
    """Whether a PSII has ended and its final report is not noted as sent."""
    return bool(running(work, of_case(case), "psii.final"))


def _ask_to_approve(work: Work, case: Case, response: LearningResponse) -> None:
    """The Chief Nurse; where they lead it or were involved the Medical Director, and else an executive."""
    offices = (people.holders(work, role) for role in (*two_offices.OFFICES, Role.EXECUTIVE))
    asked = next(filter(None, ([p for p in office if _may_approve(work, case, response, p)] for office in offices)), [])
    if not asked:
        panel_chair.tell_quality(work, case, said(f"{case.reference}: a draft waits", NOBODY_APPROVES))
    for someone in asked:
        approve = button(work, "Approve the draft", "report.approve", case=case, style="primary", opens=True)
        text = (
            f"The PSII to {case.reference} has ended. Before its report leaves the trust, somebody on the board has to "
            f"approve the draft, its recommendations and its actions. (Policy 12.4.) {NOT_IN_CHAT}"
        )
        post.to_person(
            work, someone.id, said("A draft waits for you to approve it", text, approve, preview=PRIVATE_TASK)
        )


def _may_approve(work: Work, case: Case, response: LearningResponse, someone: Person) -> bool:
    by = people.member(work, someone)
    leads = by.acts_as(response.lead_id, Role.RESPONSE_LEAD)
    return not leads and allowed(work, by, Act.APPROVE_DRAFT, case)


# The draft is approved


def _approve(work: Work, press: Press) -> Reply:
    """A form; pressed twice, or after somebody else approved it, the page with who did."""
    case, by = case_of(work, press), press.by
    if not by.roles & BOARD:
        raise Refusal(
            "The draft is approved by the Chief Nurse, the Medical Director or an executive, or by whoever stands in "
            "for them. Please ask one of them."
        )
    response = response_of(work, case)
    if by.acts_as(response.lead_id, Role.RESPONSE_LEAD):
        raise Refusal("You lead this learning response, so somebody else on the board has to approve the draft.")
    if response.draft_approved_at:
        return Reply(card=_seen_by(work, case, by), replaces=press.place.private)
    if response.started_at and case.state in {State.RESPONDING, State.PAUSED, State.CLOSED}:
        if not allowed(work, by, Act.APPROVE_DRAFT, case):
            raise Refusal("This one is for somebody else to approve. There is nothing you need to do.")
    else:
        raise Refusal(f"The learning response to {case.reference} is not under way, so there is no draft to approve.")
    return APPROVE(work, press)


def _approved(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    response, ticked = response_of(work, case), answers["approved"]
    if not isinstance(ticked, list) or set(ticked) != set(APPROVED):
        text = "Both have to be approved before anything leaves. If one is not ready, please tell whoever leads it."
        raise Unfit({"approved": text})
    response.draft_approved_by, response.draft_approved_at = press.by.id, work.now
    work.session.add(response)
    changed(work, case, press.by.id, "draft of the final report approved", response.lead_id, response=response.id)
    text = f"The draft of the report on {case.reference} is approved, with its recommendations and actions."
    tell(work, case, press.by, [case.owner_id, response.lead_id], "The draft is approved", f"{text} {_then(response)}")
    return _seen_by(work, case, press.by)


def _seen_by(work: Work, case: Case, by: Member) -> Card:
    """Some who approve it may not open the page: a case may be kept to the quality team."""
    if sees(work, by, case):
        return page(work, case, by)
    return said(
        "The draft is approved", f"Thank you. It is noted for {case.reference}. {_then(response_of(work, case))}"
    )


def _then(response: LearningResponse) -> str:
    return "It can be sent." if response.ended_at else "It can be sent once the learning response has ended."


# The final report is sent


def _ready(work: Work, press: Press) -> LearningResponse:
    """The response whose report may leave. Raises Refusal."""
    case = case_of(work, press)
    response = response_of(work, case)
    if response.ended_at is None or response.started_at is None:
        raise Refusal(f"The learning response to {case.reference} has not ended yet. Please record first that it has.")
    if response.draft_approved_at is None:
        raise Refusal(
            f"The draft of the report on {case.reference} has not been approved yet, so it cannot leave. Please ask "
            "the Chief Nurse, the Medical Director or an executive to approve it. (Policy 12.4.)"
        )
    return response


def _sent_questions(work: Work, press: Press) -> Sequence[Question]:
    response = _ready(work, press)
    if response.final_sent_on and not press.given:
        raise Refusal(f"The final report was sent on {in_words(response.final_sent_on)}. Nothing needs to be done.")
    return (
        Day("day", "On which day was it sent?"),
        several_of("to", "To whom?", SENT_TO),
    )


def _sent(work: Work, press: Press, answers: Answers) -> Card:
    case, day = case_of(work, press), day_in(answers, "day")
    response = _ready(work, press)
    if response.final_sent_on:  # pressed twice, or by two people
        return page(work, case, press.by)
    if day < (earliest := _earliest(work, response)):
        raise Unfit({"day": f"It had ended and its draft was approved by {in_words(earliest)}: please check the day."})
    to = [str(one) for one in answers["to"]] if isinstance(answers["to"], list) else []
    response.final_sent_on, response.final_sent_to = day, to
    work.session.add(response)
    facts = {"response": response.id, "day": day.isoformat(), "to": to}
    changed(work, case, press.by.id, "final report sent", response.lead_id, **facts)
    note = f"The final report was sent on {in_words(day)} to: {', '.join(SENT_TO[one] for one in to)}."
    happened(work, Event.FINAL_REPORT_SENT, of_case(case, response_lead=response.lead_id), press.by.id, note=note)
    text = f"The final report on {case.reference} was sent on {in_words(day)}."
    tell(work, case, press.by, [case.owner_id, response.lead_id], "The final report was sent", text)
    return page(work, case, press.by)


def _earliest(work: Work, response: LearningResponse) -> date:
    """The day from which it may have left: it had ended, and the draft was approved."""
    both = filter(None, (response.ended_at, response.draft_approved_at))
    return max(work.setting.calendar.local(at).date() for at in both)


APPROVE = Form(
    Act.APPROVE_DRAFT,
    "Approve the draft",
    "I approve it",
    lambda work, press: (several_of("approved", "What do you approve?", APPROVED),),
    _approved,
    explain=f"Nothing leaves the trust before this. (Policy 12.4.) {NOT_IN_CHAT}",
)
VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "report.approve": _approve,
    "report.final-sent": Form(
        Act.NOTIFY,
        "The final report was sent",
        "Note it",
        _sent_questions,
        _sent,
        explain="Staff who were involved are shown it in person, never in the chat. (Policy, Appendix 5.)",
        so_far=lambda work, press: {"day": work.local.date().isoformat()},
    ),
}
