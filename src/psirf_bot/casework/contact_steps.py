"""What is done with contact: it is agreed, noted as made, changed and ended; what to talk about (App 4 and 5).

Only days are kept, and nothing of what was said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card, Part, Words
from psirf_bot.cards.talking import what_to_talk_about
from psirf_bot.casework import contacts, days_to_avoid, deadlines, first_contact, support
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import case_facts
from psirf_bot.casework.deadlines import happened, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.under_way import also_paused, in_words, response_of
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, one_of, several_of, short_text
from psirf_bot.dialogs.typed import Invalid
from psirf_bot.domain.authority import Act
from psirf_bot.domain.events import Event
from psirf_bot.domain.response import ACCESS, EVERY, next_contact
from psirf_bot.store.tables import Case, Contact

ENDED = "This contact has ended. You can agree it anew on the page of the learning response."
RULE = {contacts.SERVICE_USER: "contact.service-user", contacts.STAFF: "contact.staff"}
AGREED = {contacts.SERVICE_USER: Event.FAMILY_CONTACT_AGREED, contacts.STAFF: Event.STAFF_CONTACT_AGREED}

# What is agreed


def _when(*, first: bool) -> tuple[Question, ...]:
    """At first they may also say that they want none; later such contact is ended."""
    none = {first_contact.NONE: "They want no contact"} if first else {}
    return (
        Day(
            "next",
            "When is the next contact?",
            "Leave it out if they want none." if first else "",
            optional=first,
            coming=True,
            conditional=first,
        ),
        one_of("every", "How often?", EVERY | none),
        short_text(
            "avoid",
            "Days to avoid",
            "For example: 24 December 2026, 21 December to 2 January. Only days, no reasons.",
            optional=True,
            max_length=500,
        ),
        several_of(
            "access",
            "What would make it easier for them to take part?",
            ACCESS,
            "Please ask them. Only what is needed, no reasons.",
            optional=True,
        ),
    )


def _agree_questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    needs = [n for n in support.in_review(work, case) if not support.is_kept_from(work, n, press.by)]
    named = {contacts.SERVICE_USER: contacts.WHOM} | {need.id: need.name[:75] for need in needs}
    return (one_of("whom", "With whom?", named), *_when(first=True))


def _agree(work: Work, press: Press, answers: Answers) -> Card:
    case, chosen = case_of(work, press), str(answers["whom"])
    lead_id = case_facts(work, case).lead_id
    if lead_id is None:
        raise Refusal(f"Nobody leads a learning response to {case.reference} yet.")
    need_id = None if chosen == contacts.SERVICE_USER else chosen
    found = next((c for c in contacts.of_case(work, case) if c.need_id == need_id), None)
    contact = found or Contact(
        id=work.new_id(),
        case_id=case.id,
        with_whom=contacts.STAFF if need_id else contacts.SERVICE_USER,
        need_id=need_id,
        lead_id=lead_id,
        avoid=[],
        access=[],
    )
    if answers["every"] == first_contact.NONE:
        return _wants_none(work, case, contact, press, answers)
    if not answers["next"]:
        raise Unfit({"next": "Please give the day that was agreed, or say below that they want no contact."})
    agreed = _what_was_agreed(work, answers)
    if found and _Agreed.of(found) == agreed:
        return _done(work, case, found, "It is noted")  # pressed twice
    if found and found.next_on:
        raise Unfit(
            {"whom": f"Contact is agreed already: {contacts.in_words(found)} You can change it on the page before."}
        )
    contacts.record(work, press.by.id, "agreed", case, contact)
    _set(work, case, contact, press.by.id, agreed)
    first_contact.look(work, case, press.by.id)
    return _done(work, case, contact, "Contact is agreed")


def _wants_none(work: Work, case: Case, contact: Contact, press: Press, answers: Answers) -> Card:
    if answers["next"]:
        raise Unfit({"every": "You gave a day for the next contact. Please leave it out, or choose how often."})
    whom, before = contacts.whom(work, contact), first_contact.want_none(work, case, response_of(work, case), press.by)
    if contact.need_id not in {each.need_id for each in before}:  # otherwise pressed twice
        contact.every = first_contact.NONE
        contacts.record(work, press.by.id, "not wanted", case, contact)
        contacts.end_one(work, case, contact, press.by.id)
        first_contact.look(work, case, press.by.id)
    back = button(work, "Open the learning response", "response.show", case=case)
    text = f"{whom}: they want no contact, and nobody is reminded of any. It can be agreed later, if they wish."
    return said("It is noted", text, back, preview="It is noted.")


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What was agreed with somebody about the contact with them."""

    next_on: date | None
    every: str | None
    avoid: list[str]
    access: list[str]

    @classmethod
    def of(cls, contact: Contact) -> "_Agreed":
        return cls(contact.next_on, contact.every, contact.avoid, contact.access)


def _what_was_agreed(work: Work, answers: Answers) -> _Agreed:
    day = date.fromisoformat(str(answers["next"]))
    try:
        avoid = days_to_avoid.read(str(answers["avoid"] or ""), work.local)
    except Invalid as why:
        raise Unfit({"avoid": str(why)}) from why
    if day in avoid:
        raise Unfit({"next": "That is one of the days to avoid. Please choose another day."})
    access = answers["access"] if isinstance(answers["access"], list) else []
    return _Agreed(day, str(answers["every"]), [d.isoformat() for d in avoid], access)


def _set(work: Work, case: Case, contact: Contact, by: str, agreed: _Agreed) -> None:
    """The next contact falls on the day that was agreed: its clock is moved there, or begins."""
    contact.next_on, contact.every = agreed.next_on, agreed.every
    contact.avoid, contact.access = agreed.avoid, agreed.access
    work.session.add(contact)
    work.session.flush()
    if agreed.next_on is None:
        return
    about, rule = contacts.subject(case, contact), RULE[contact.with_whom]
    for clock in running(work, about, rule):
        deadlines.move(work, clock, agreed.next_on)
    happened(work, AGREED[contact.with_whom], about, by, agreed={rule: agreed.next_on})


def _done(work: Work, case: Case, contact: Contact, title: str) -> Card:
    waits = contacts.gate(work, case, contact)
    body: list[Part] = [Words(text=f"{contacts.whom(work, contact)}. {contacts.in_words(contact)}", typed=True)]
    body += [Words(text=waits, style="warning")] if waits else []
    talk = button(work, "What to talk about", "contact.talk", case=case, contact=contact.id)
    back = button(work, "Open the learning response", "response.show", case=case)
    return Card(title=title, preview="It is noted.", body=tuple(body), buttons=(talk, back))


def _talk(work: Work, press: Press) -> Reply:
    """What the policy has people talk about, for whoever keeps the contact: they act on it themselves (App 4 and 5)."""
    case, contact = _found(work, press)
    back = button(work, "Open the learning response", "response.show", case=case)
    whom = ". ".join(filter(None, (contacts.whom(work, contact), contacts.needs_in_words(contact))))
    card = what_to_talk_about(whom, staff=contact.with_whom == contacts.STAFF, back=back)
    return Reply(card=card, replaces=press.place.private)


# What becomes of it


def _found(work: Work, press: Press) -> tuple[Case, Contact]:
    """The contact that a button is about, for somebody who keeps it. Raises Refusal."""
    case = case_of(work, press)
    contact = work.session.get_one(Contact, press.args["contact"], with_for_update=True)
    if not contacts.may_keep(work, case, press.by) or not contacts.may_know(work, contact, press.by):
        raise Refusal(f"This is for whoever leads the response, or the quality team. Type case {case.reference}.")
    return case, contact


def _made_questions(work: Work, press: Press) -> Sequence[Question]:
    case, contact = _found(work, press)
    if waits := contacts.gate(work, case, contact):
        raise Refusal(waits)
    return (
        Day("day", "On which day were you in touch?"),
        Day(
            "next",
            "Which day did you agree for the next time?",
            "Leave it out to go by what was agreed before.",
            optional=True,
            coming=True,
        ),
    )


def _made(work: Work, press: Press, answers: Answers) -> Card:
    case, contact = _found(work, press)
    day, today = date.fromisoformat(str(answers["day"])), work.local.date()
    agreed = date.fromisoformat(str(answers["next"])) if answers["next"] else None
    if day < (occurred := date.fromisoformat(case.occurred[:10])):
        raise Unfit({"day": f"That is before it happened, on {in_words(occurred)}. Please check the day."})
    again = contact.last_on is not None and day <= contact.last_on  # pressed twice, or recorded already
    if contact.ended_at:
        raise Refusal(ENDED)
    if again and agreed in {None, contact.next_on}:
        later = day != contact.last_on
        return _done(work, case, contact, "A later day is noted already" if later else "It is noted")
    avoid = {date.fromisoformat(one) for one in contact.avoid}
    if agreed and (agreed in avoid or agreed <= day):
        raise Unfit({"next": "Please choose a later day, and none of those to avoid."})
    contacts.record(work, press.by.id, "made", case, contact, day=day.isoformat())
    contact.first_on, contact.last_on = contact.first_on or day, day
    happened(work, Event.CONTACT_MADE, contacts.subject(case, contact), press.by.id)
    calendar = work.setting.calendar_beyond
    following = agreed or next_contact(day, contact.every or "once", avoid, today, calendar)
    _set(work, case, contact, press.by.id, replace(_Agreed.of(contact), next_on=following))
    return _done(work, case, contact, "Thank you. It is noted")


def _move_so_far(work: Work, press: Press) -> Answers:
    _, contact = _found(work, press)
    avoid = days_to_avoid.in_words([date.fromisoformat(day) for day in contact.avoid])
    next_on = contact.next_on.isoformat() if contact.next_on else None
    return {"next": next_on, "every": contact.every, "avoid": avoid, "access": contact.access}


def _move(work: Work, press: Press, answers: Answers) -> Card:
    case, contact = _found(work, press)
    if contact.ended_at:
        raise Refusal(ENDED)
    agreed = _what_was_agreed(work, answers)
    if _Agreed.of(contact) != agreed:
        contacts.record(work, press.by.id, "moved", case, contact, day=str(agreed.next_on))
        _set(work, case, contact, press.by.id, agreed)
    return _done(work, case, contact, "It is changed")


def _end(work: Work, press: Press) -> Reply:
    case, contact = _found(work, press)
    if contact.ended_at is None:  # otherwise pressed twice
        contacts.end_one(work, case, contact, press.by.id)
    back = button(work, "Open the learning response", "response.show", case=case)
    text = "Nobody is reminded of it any more. If it was the last time, please thank them and say sorry once more."
    return Reply(card=said("Contact has ended", text, back), replaces=press.place.private)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "contact.agree": also_paused(Form(Act.LEAD_RESPONSE, "Agree contact", "It is agreed", _agree_questions, _agree)),
    "contact.made": also_paused(
        Form(
            Act.LEAD_RESPONSE,
            "Contact was made",
            "Note it",
            _made_questions,
            _made,
            explain="Only the day is kept, and nothing of what was said.",
            so_far=lambda work, press: {"day": work.local.date().isoformat()},
        )
    ),
    "contact.move": also_paused(
        Form(
            Act.LEAD_RESPONSE,
            "Change what was agreed",
            "Change it",
            lambda work, press: _when(first=False),
            _move,
            so_far=_move_so_far,
        )
    ),
    "contact.end": _end,
    "contact.talk": _talk,
}
