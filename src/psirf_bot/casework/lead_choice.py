"""Who leads a learning response: somebody trained, who was not involved, with the time for it (§3.5, §4, B19, B21)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlmodel import col, select

from psirf_bot.cards import response as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, contacts, deadlines, people, post, training
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import case_facts, staff_named
from psirf_bot.casework.deadlines import Subject, happened, of_case, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current, kind_of
from psirf_bot.casework.response_changes import changed, tell
from psirf_bot.casework.response_page import page
from psirf_bot.casework.under_way import in_words, response_of, started_on
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Number, People, Question, long_text, one_of, several_of
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, LearningResponse, Person

THE_BOT = "the bot"
LED = (State.DECIDED, State.AWAITING_VERIFICATION, State.RESPONDING, State.PAUSED)
"""Where a case has a response that somebody leads, or is to lead."""
BACK_WITH_THE_PANEL = (State.READ, State.IN_PANEL)
"""Where a PSII that was not verified keeps its lead, and nobody can be chosen before the panel has decided again."""
MOST = 8
"""Response leads who are shown above the form."""
WHY = {
    "time": "I do not have the time",
    "close": "I was involved, or I am close to somebody who was",
    "other": "Another reason",
    "not-said": "I would rather not say",
}
"""Why somebody cannot lead it."""


def _questions(work: Work, press: Press) -> Sequence[Question]:
    response_of(work, case_of(work, press))
    return (
        People("lead", "Who leads it?", "A name or work e-mail address; nobody who was involved.", most=1),
        Number("hours", "Hours of protected time a week", "Policy 3.5: from 1 to 40.", least=1, most=40),
        several_of("time-agreed", "Is the time agreed?", {"yes": "Their service lead has agreed to it"}),
        long_text(
            "override",
            "Why do they lead it before their training is complete?",
            "Only if it is not. The quality team, the chair and they themselves can read it.",
            optional=True,
            max_length=1000,
        ),
    )


def _form(work: Work, press: Press) -> Reply:
    return replace(CHOOSE, explain=_who_there_is(work))(work, press)


def _who_there_is(work: Work) -> str:
    """The response leads with their training and how much they have led, for whoever chooses (C01 to C06)."""
    found = training.leads(work)
    lines = [f"{lead.name}: {training.lead_words(work, lead.id)}" for lead in found[:MOST]]
    more = [f"And {len(found) - MOST} more."] if len(found) > MOST else []
    return "\n".join(["They are told in private. On the list of response leads:", *lines, *more])


def _so_far(work: Work, press: Press) -> Answers:
    response = response_of(work, case_of(work, press))
    if response.lead_id is None:
        return {}
    return {"lead": [response.lead_id], "hours": response.hours_a_week, "override": response.lead_override}


def _choose(work: Work, press: Press, answers: Answers) -> Card:
    case = case_of(work, press)
    response, lead = response_of(work, case), _lead(work, case, answers)
    lacks = training.lead_lacks(work, lead.id)
    reason, hours = str(answers["override"] or "") or None, int(str(answers["hours"]))
    if lacks and reason is None:
        text = (
            f"{lead.name} still needs: {'; '.join(lacks)}. If they are to lead it all the same, give the reason below."
        )
        raise Unfit({"lead": text})
    before, agreed = response.lead_id, (hours, reason if lacks else None)
    if lacks and before not in {None, lead.id} and reason == response.lead_override:
        raise Unfit({"override": f"That was the reason for somebody else. Please give one for {lead.name}."})
    if before == lead.id and agreed == (response.hours_a_week, response.lead_override):
        return page(work, case, press.by)  # pressed twice
    hours_before = response.hours_a_week
    response.lead_id, (response.hours_a_week, response.lead_override) = lead.id, agreed
    work.session.add(response)
    what = "response lead chosen before their training was complete" if lacks else "response lead chosen"
    facts = {"response": response.id, "lead": lead.id, "hours": hours, "lacks": lacks, "why": reason}
    changed(work, case, press.by.id, what, lead.id, before, **facts)
    if before != lead.id:
        _hand_to(work, case, lead.id, press.by)
        _tell(work, case, response, press.by, before)
    elif hours != hours_before:
        text = f"You have {hours} hours a week for the learning response to {case.reference} from now on."
        tell(work, case, press.by, [lead.id], "Your protected time has changed", text)
    return page(work, case, press.by)


def _lead(work: Work, case: Case, answers: Answers) -> Person:
    """The person who is to lead it. Raises Unfit for somebody who cannot, whatever their training."""
    named = answers["lead"]
    lead = people.person(work, named[0]) if isinstance(named, list) else None
    if lead is None or not (lead.active and lead.on_list):
        raise Unfit({"lead": "Please choose somebody who is on the people list."})
    passed_over = (case_facts(work, each).passed_over_ids for each in cases.with_joined(work, case))
    if lead.id in staff_named(work, case.id).union(*passed_over):
        raise Unfit({"lead": cannot_lead(lead)})
    return lead


def cannot_lead(someone: Person) -> str:
    """The same words whatever the reason, so that they give none away."""
    return f"{someone.name} cannot lead this one. Please choose somebody else."


def _hand_to(work: Work, case: Case, lead_id: str, by: Member) -> None:
    """What the lead owes is theirs from now on."""
    happened(work, Event.LEAD_CHOSEN, of_case(case, response_lead=lead_id), by.id)
    for clock in running(work, of_case(case)):
        if work.setting.rules[clock.rule].owner == "response lead":
            deadlines.hand_over(work, clock, lead_id)
    contacts.pass_to(work, case, lead_id)


def _tell(work: Work, case: Case, response: LearningResponse, by: Member, before: str | None) -> None:
    if before:
        text = f"Somebody else leads the learning response to {case.reference} now. There is nothing you need to do."
        post.to_person(work, before, said("The lead has changed", text, preview=cards.PRIVATE_TASK))
    if response.lead_id and response.lead_id != by.id:
        open_it = button(work, "Open the learning response", "response.show", case=case, style="primary", opens=True)
        decline = button(work, "I cannot lead this", "response.decline-lead", case=case, opens=True)
        asked = cards.lead_is_asked(
            case.reference,
            kind_of(work, response),
            asked_by="The quality team" if by.is_quality else "The chair of the panel",
            hours=response.hours_a_week,
            waits=case.state == State.AWAITING_VERIFICATION,
            goes_on=_goes_on(work, case, response),
            buttons=(open_it, decline),
        )
        post.to_person(work, response.lead_id, asked)


def _goes_on(work: Work, case: Case, response: LearningResponse) -> str:
    """Since when it is under way, where it has started under somebody else."""
    if response.started_at is None:
        return ""
    paused = " It is paused just now." if case.state == State.PAUSED else ""
    return f"It started on {in_words(started_on(work, response))}, and its dates go on with you.{paused}"


# They cannot


def _theirs(work: Work, press: Press) -> tuple[Case, LearningResponse]:
    """The response, for its lead. Raises Refusal."""
    case = case_of(work, press)
    response = response_of(work, case)
    if not press.by.acts_as(response.lead_id, Role.RESPONSE_LEAD):
        raise Refusal(f"You do not lead the learning response to {case.reference}, so nothing needs to be done.")
    if response.ended_at:
        raise Refusal(f"The learning response to {case.reference} has ended, so nothing needs to be done.")
    return case, response


def _decline_form(work: Work, press: Press) -> Reply:
    _theirs(work, press)
    return DECLINE(work, press)


def _decline(work: Work, press: Press, answers: Answers) -> Card:
    case, response = _theirs(work, press)
    before, why = response.lead_id, str(answers["why"])
    reason = f"{WHY[why]}. {answers['more'] or ''}".strip()
    response.lead_id = response.hours_a_week = response.lead_override = None
    work.session.add(response)
    changed(work, case, press.by.id, "response lead stood down", before, response=response.id, lead=before, why=reason)
    _hand_back(work, case, press.by.id)
    who = press.by.name
    if before and before != press.by.id:
        who = f"{people.name_of(work, before)} (so says {who}, who stands in for them)"
    said_why = f"{who} cannot lead the learning response to {case.reference}. {_then(case)}"
    _tell_that_nobody_leads(work, case, response, press.by.id, f"{said_why} They said: {reason}")
    if before and before != press.by.id:
        text = f"{press.by.name} said for you that you cannot lead the learning response to {case.reference}. Somebody "
        text += "else is chosen. If that is not right, please tell the quality team."
        post.to_person(work, before, said("The lead has changed", text, preview=cards.PRIVATE_TASK))
    text = f"The quality team chooses somebody else to lead the learning response to {case.reference}. "
    return said("Thank you for saying so", text + "There is nothing more you need to do.", preview=cards.PRIVATE_TASK)


def look_for_leavers(work: Work) -> None:
    """The people list was taken on: where whoever leads a response has left, somebody else has to be chosen."""
    gone = select(LearningResponse.case_id).join(Person, col(LearningResponse.lead_id) == col(Person.id))
    gone = gone.where(col(Person.active).is_(False), col(LearningResponse.ended_at).is_(None)).distinct()
    theirs = (
        select(Case)
        .where(col(Case.id).in_(gone), col(Case.state).in_((*LED, *BACK_WITH_THE_PANEL)))
        .order_by(Case.reference)
    )
    for case in work.session.exec(theirs.with_for_update()).all():
        response = current(work, case)
        lead = people.person(work, response.lead_id) if response else None
        if response and not response.ended_at and lead and not lead.active:
            _has_left(work, case, response, lead)


def _has_left(work: Work, case: Case, response: LearningResponse, lead: Person) -> None:
    response.lead_id = response.hours_a_week = response.lead_override = None
    work.session.add(response)
    facts = {"response": response.id, "lead": lead.id, "why": "They have left"}
    changed(work, case, THE_BOT, "response lead stood down", lead.id, **facts)
    _hand_back(work, case, THE_BOT)
    text = (
        f"{lead.name} is no longer on the people list, so nobody leads the learning response to {case.reference}. "
        f"{_then(case)}"
    )
    _tell_that_nobody_leads(work, case, response, THE_BOT, text)


def _hand_back(work: Work, case: Case, by: str) -> None:
    """Nobody leads it: what the lead owed is for those behind them, and somebody has to be chosen."""
    contact_clocks = (
        c for contact in contacts.of_case(work, case) for c in running(work, Subject("contact", contact.id))
    )
    for clock in (*running(work, of_case(case)), *contact_clocks):
        if work.setting.rules[clock.rule].owner == "response lead":
            deadlines.hand_over(work, clock, None)
    if case.state in LED:
        happened(work, Event.RESPONSE_DECIDED, of_case(case), by)


def _then(case: Case) -> str:
    if case.state in LED:
        return "Please choose somebody else."
    return "Nobody has to be chosen before the panel has decided again."


def _tell_that_nobody_leads(work: Work, case: Case, response: LearningResponse, by: str, text: str) -> None:
    """Whoever owns the case, and whoever decided on the response; the quality team where neither can be reached."""
    choose = button(work, "Choose the lead", "response.lead", case=case, style="primary", opens=True)
    offers = (choose,) if case.state in LED else ()
    card = said("Somebody else is needed to lead", text, *offers, preview=cards.PRIVATE_TASK)
    team = [someone.id for someone in people.holders(work, Role.QUALITY)]
    decided_by = response.decided_by if response.decided_by not in case_facts(work, case).kept_out_ids else None
    for whom in ([case.owner_id, decided_by], team):
        reached = [post.to_person(work, who, card) for who in dict.fromkeys(whom) if who and who != by]
        if any(reached):
            return


CHOOSE = Form(
    Act.CHOOSE_LEAD, "Who leads the learning response?", "Ask them to lead it", _questions, _choose, so_far=_so_far
)
DECLINE = Form(
    Act.SEE_CASE,
    "You cannot lead this",
    "Tell the quality team",
    lambda work, press: (
        one_of("why", "Why can you not lead it?", WHY, "You need not say: choose the last one."),
        long_text("more", "Is there anything else they should know?", optional=True, max_length=1000),
    ),
    _decline,
    explain="That is all right: somebody else is asked instead. Only those who choose the lead read what you say.",
)
VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "response.lead": _form,
    "response.decline-lead": _decline_form,
}
