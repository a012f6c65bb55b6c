"""Who leads a learning response: somebody trained, who was not involved, with the time for it (§3.5, §4, B19, B21)."""

from collections.abc import Callable, Sequence

from psirf_bot.cards import response as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, contacts, deadlines, people, post, support
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.response import changed
from psirf_bot.casework.response_page import kind_of, page
from psirf_bot.casework.under_way import response_of
from psirf_bot.casework.work import Press, Work, case_facts
from psirf_bot.dialogs.questions import People, Question, several_of
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.deadlines import Event
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, LearningResponse, Person


def _questions(work: Work, press: Press) -> Sequence[Question]:
    response_of(work, case_of(work, press))
    return (
        People("lead", "Who leads it?", "A name or work e-mail address; nobody who was involved.", most=1),
        several_of(
            "fit-to-lead",
            "Only if they are not on the list of response leads",
            {"yes": "They are trained to lead it, and have the time"},
            optional=True,
        ),
    )


def _so_far(work: Work, press: Press) -> Answers:
    response = response_of(work, case_of(work, press))
    return {"lead": [response.lead_id] if response.lead_id else None}


def _choose(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    response, lead = response_of(work, case), _lead(work, case, answers)
    before = response.lead_id
    if before == lead.id:
        return page(work, case, press.by)
    response.lead_id = lead.id
    work.session.add(response)
    changed(work, case, press.by.id, "response lead chosen", lead.id, before, response=response.id, lead=lead.id)
    happened(work, Event.LEAD_CHOSEN, of_case(case, response_lead=lead.id), press.by.id)
    for clock in running(work, of_case(case)):
        if work.setting.rules[clock.rule].owner == "response lead":
            deadlines.hand_over(work, clock, lead.id)
    contacts.pass_to(work, case, lead.id)
    _tell(work, case, response, press.by, before)
    return page(work, case, press.by)


def _lead(work: Work, case: Case, answers: Answers) -> Person:
    """The person who is to lead it. Raises Unfit for somebody who cannot."""
    named = answers["lead"]
    lead = people.person(work, named[0]) if isinstance(named, list) else None
    if lead is None or not (lead.active and lead.on_list):
        raise Unfit({"lead": "Please choose somebody who is on the people list."})
    family = cases.with_joined(work, case)
    if any(need.person_id == lead.id for each in family for need in support.of_case(work, each)):
        raise Unfit({"lead": f"{lead.name} is named in the report, so somebody else has to lead it."})
    if any(lead.id in case_facts(work, each).passed_over_ids for each in family):
        text = "manages somebody who asked that another person looks after them, so somebody else has to lead it."
        raise Unfit({"lead": f"{lead.name} {text}"})
    if Role.RESPONSE_LEAD not in people.member(work, lead).roles and not answers["fit-to-lead"]:
        text = "is not on the list of response leads. If they are trained and have the time, tick the box below."
        raise Unfit({"lead": f"{lead.name} {text}"})
    return lead


def _tell(work: Work, case: Case, response: LearningResponse, by: Member, before: str | None) -> None:
    if before:
        text = f"Somebody else leads the learning response to {case.reference} now. There is nothing you need to do."
        post.to_person(work, before, said("The lead has changed", text, preview=cards.PRIVATE_TASK))
    if response.lead_id and response.lead_id != by.id:
        open_it = button(work, "Open the learning response", "response.show", case=case, style="primary", opens=True)
        waits = case.state == State.AWAITING_VERIFICATION
        asked = cards.lead_is_asked(case.reference, kind_of(work, response), waits=waits, button=open_it)
        post.to_person(work, response.lead_id, asked)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "response.lead": Form(
        Act.CHOOSE_LEAD,
        "Who leads the learning response?",
        "Ask them to lead it",
        _questions,
        _choose,
        explain="They are told in private.",
        so_far=_so_far,
    ),
}
