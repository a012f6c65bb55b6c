"""Contact agreed with the service user, their family or a member of staff: when, how often, and what waits (Q28, R02).

The first contact waits: with a service user for the spoken apology (E05), with staff until they were told (R02).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlmodel import col, select

from psirf_bot.cards.answers import moment
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card, Part, Words
from psirf_bot.cards.response import ContactShown
from psirf_bot.cards.talking import what_to_talk_about
from psirf_bot.casework import candour, days_to_avoid, deadlines, support
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import case_facts
from psirf_bot.casework.deadlines import Subject, happened, running
from psirf_bot.casework.forms import Answers, Form, Unfit, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Day, Question, one_of, short_text
from psirf_bot.dialogs.typed import Invalid
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.response import EVERY, next_contact
from psirf_bot.store.tables import Case, Contact, Deadline, SupportNeed

SERVICE_USER, STAFF = "service-user", "staff"
WHOM = "The service user or family"
ENDED = "This contact has ended. You can agree it anew on the page of the learning response."
RULE = {SERVICE_USER: "contact.service-user", STAFF: "contact.staff"}
AGREED = {SERVICE_USER: Event.FAMILY_CONTACT_AGREED, STAFF: Event.STAFF_CONTACT_AGREED}


def may_keep(work: Work, case: Case, by: Member) -> bool:
    """Whether this person may agree and record contact: the lead or the quality team, also while the case is paused."""
    facts = case_facts(work, case)
    return facts.lead_id is not None and any(may(by, act, facts) for act in (Act.LEAD_RESPONSE, Act.RESUME))


def of_case(work: Work, case: Case) -> list[Contact]:
    """Contact that was agreed and has not ended."""
    theirs = select(Contact).where(Contact.case_id == case.id, col(Contact.ended_at).is_(None))
    return list(work.session.exec(theirs.order_by(col(Contact.with_whom).desc(), Contact.id)))


def gate(work: Work, case: Case, contact: Contact) -> str | None:
    """Why the first contact has to wait, and what to do; None when it need not, or has been."""
    if contact.first_on is not None:
        return None
    if contact.with_whom == SERVICE_USER:
        return candour.contact_gate(work, case)
    need = _need(work, contact)
    return support.staff_contact_gate(work, need) if need else None


def waits(work: Work, deadline: Deadline) -> str:
    """Why the contact that a duty is about has to wait; empty for one that need not, and for any other duty."""
    contact = work.session.get(Contact, deadline.subject_id) if deadline.subject_kind == "contact" else None
    case = work.session.get(Case, contact.case_id) if contact else None
    return (contact and case and (gate(work, case, contact) or _not_today(work, contact))) or ""


def _not_today(work: Work, contact: Contact) -> str:
    """On a day that they would rather avoid nobody is reminded to be in touch, however late it is (Q28)."""
    day = work.local.date()
    if day.isoformat() not in contact.avoid:
        return ""
    while day.isoformat() in contact.avoid or not work.setting.calendar_beyond.is_working_day(day):
        day += timedelta(days=1)
    return f"Please wait until {_day(day)}: today is one of the days to avoid."


def shown_to(work: Work, case: Case, by: Member) -> list[ContactShown]:
    """The contact agreed, for those who keep it. Who is kept from somebody's support sees nothing of theirs here."""
    if not may_keep(work, case, by):
        return []
    found = [c for c in of_case(work, case) if _may_know(work, c, by)]
    return [
        ContactShown(whom(work, c), _in_words(c), gate(work, case, c) or "", _buttons(work, case, c)) for c in found
    ]


def whom(work: Work, contact: Contact) -> str:
    need = _need(work, contact)
    return need.name if need else WHOM


def pass_to(work: Work, case: Case, lead_id: str) -> None:
    """Somebody else leads the response: the contact agreed is theirs to keep."""
    for contact in of_case(work, case):
        contact.lead_id = lead_id
        work.session.add(contact)
        for clock in running(work, _subject(case, contact)):
            deadlines.hand_over(work, clock, lead_id)


def end_all(work: Work, case: Case, by: str) -> None:
    """The case is closed, withdrawn or joined with another: no more contact is owed for it."""
    for contact in of_case(work, case):
        _end_one(work, case, contact, by)


def _need(work: Work, contact: Contact) -> SupportNeed | None:
    return work.session.get(SupportNeed, contact.need_id) if contact.need_id else None


def _may_know(work: Work, contact: Contact, by: Member) -> bool:
    need = _need(work, contact)
    return need is None or not support.is_kept_from(work, need, by)


def _subject(case: Case, contact: Contact) -> Subject:
    return Subject("contact", contact.id, case, case.service, {"response lead": contact.lead_id})


def _day(day: date) -> str:
    return moment(day.isoformat())


def _in_words(contact: Contact) -> str:
    parts = [f"Last on {_day(contact.last_on)}." if contact.last_on else "Not contacted yet."]
    parts.append(f"Next on {_day(contact.next_on)}." if contact.next_on else "No next day is agreed.")
    parts.append(f"{EVERY[contact.every or 'once']}.")
    if contact.avoid:
        days = [date.fromisoformat(day) for day in contact.avoid]
        parts.append(f"Not on {days_to_avoid.in_words(days)}.")
    return " ".join(parts)


def _buttons(work: Work, case: Case, contact: Contact) -> tuple[Button, ...]:
    name = whom(work, contact)
    labels = {
        "contact.made": "We were in touch",
        "contact.move": "Change it",
        "contact.end": "Contact has ended",
        "contact.talk": "What to talk about",
    }
    return tuple(
        button(work, label, verb, case=case, spoken=f"{label}: {name}", contact=contact.id)
        for verb, label in labels.items()
    )


# What is agreed


def _when(work: Work) -> tuple[Question, ...]:
    return (
        Day("next", "When is the next contact?", coming=True),
        one_of("every", "How often?", EVERY),
        short_text(
            "avoid",
            "Days to avoid",
            "For example: 24 December 2026, 21 December to 2 January. Only days, no reasons.",
            optional=True,
            max_length=500,
        ),
    )


def _agree_questions(work: Work, press: Press) -> Sequence[Question]:
    case = case_of(work, press)
    needs = [n for n in support.in_review(work, case) if not support.is_kept_from(work, n, press.by)]
    named = {SERVICE_USER: WHOM} | {need.id: need.name[:75] for need in needs}
    return (one_of("whom", "With whom?", named), *_when(work))


def _agree(work: Work, press: Press, answers: Answers) -> Card:
    case, chosen = case_of(work, press), str(answers["whom"])
    lead_id = case_facts(work, case).lead_id
    if lead_id is None:
        raise Refusal(f"Nobody leads a learning response to {case.reference} yet.")
    need_id = None if chosen == SERVICE_USER else chosen
    day, every, avoid = _what_was_agreed(work, answers)
    found = next((c for c in of_case(work, case) if c.need_id == need_id), None)
    if found and (found.next_on, found.every, found.avoid) == (day, every, avoid):
        return _done(work, case, found, "It is noted")  # pressed twice
    if found and found.next_on:
        raise Unfit({"whom": f"Contact is agreed already: {_in_words(found)} You can change it on the page before."})
    contact = found or Contact(
        id=work.new_id(),
        case_id=case.id,
        with_whom=STAFF if need_id else SERVICE_USER,
        need_id=need_id,
        lead_id=lead_id,
    )
    _record(work, press.by.id, "agreed", case, contact)
    _set(work, case, contact, press.by.id, day, every, avoid)
    return _done(work, case, contact, "Contact is agreed")


def _what_was_agreed(work: Work, answers: Answers) -> tuple[date, str, list[str]]:
    day = date.fromisoformat(str(answers["next"]))
    try:
        avoid = days_to_avoid.read(str(answers["avoid"] or ""), work.local)
    except Invalid as why:
        raise Unfit({"avoid": str(why)}) from why
    if day in avoid:
        raise Unfit({"next": "That is one of the days to avoid. Please choose another day."})
    return day, str(answers["every"]), [d.isoformat() for d in avoid]


def _set(
    work: Work, case: Case, contact: Contact, by: str, day: date | None, every: str | None, avoid: list[str]
) -> None:
    """The next contact falls on that day: its clock is moved there, or begins."""
    contact.next_on, contact.every, contact.avoid = day, every, avoid
    work.session.add(contact)
    work.session.flush()
    if day is None:
        return
    about, rule = _subject(case, contact), RULE[contact.with_whom]
    for clock in running(work, about, rule):
        deadlines.move(work, clock, day)
    happened(work, AGREED[contact.with_whom], about, by, agreed={rule: day})


def _record(work: Work, by: str, what: str, case: Case, contact: Contact, **content: object) -> None:
    """In the audit contact with staff has another name: the history of the case does not tell of it."""
    whom = " with staff" if contact.need_id else ""
    work.record(by, f"contact{whom} {what}", case, contact=contact.id, **content)


def _done(work: Work, case: Case, contact: Contact, title: str) -> Card:
    waits = gate(work, case, contact)
    body: list[Part] = [Words(text=f"{whom(work, contact)}. {_in_words(contact)}", typed=True)]
    body += [Words(text=waits, style="warning")] if waits else []
    talk = button(work, "What to talk about", "contact.talk", case=case, contact=contact.id)
    back = button(work, "Open the learning response", "response.show", case=case)
    return Card(title=title, preview="It is noted.", body=tuple(body), buttons=(talk, back))


def _talk(work: Work, press: Press) -> Reply:
    """What the policy has people talk about, for whoever keeps the contact: they act on it themselves (App 4 and 5)."""
    case, contact = _found(work, press)
    back = button(work, "Open the learning response", "response.show", case=case)
    card = what_to_talk_about(whom(work, contact), staff=contact.with_whom == STAFF, back=back)
    return Reply(card=card, replaces=press.place.private)


# What becomes of it


def _found(work: Work, press: Press) -> tuple[Case, Contact]:
    """The contact that a button is about, for somebody who keeps it. Raises Refusal."""
    case = case_of(work, press)
    contact = work.session.get_one(Contact, press.args["contact"], with_for_update=True)
    if not may_keep(work, case, press.by) or not _may_know(work, contact, press.by):
        raise Refusal(f"This is for whoever leads the response, or the quality team. Type case {case.reference}.")
    return case, contact


def _made_questions(work: Work, press: Press) -> Sequence[Question]:
    case, contact = _found(work, press)
    if waits := gate(work, case, contact):
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
        raise Unfit({"day": f"That is before it happened, on {_day(occurred)}. Please check the day."})
    again = contact.last_on is not None and day <= contact.last_on  # pressed twice, or recorded already
    if contact.ended_at:
        raise Refusal(ENDED)
    if again and agreed in {None, contact.next_on}:
        later = day != contact.last_on
        return _done(work, case, contact, "A later day is noted already" if later else "It is noted")
    avoid = {date.fromisoformat(one) for one in contact.avoid}
    if agreed and (agreed in avoid or agreed <= day):
        raise Unfit({"next": "Please choose a later day, and none of those to avoid."})
    _record(work, press.by.id, "made", case, contact, day=day.isoformat())
    contact.first_on, contact.last_on = contact.first_on or day, day
    happened(work, Event.CONTACT_MADE, _subject(case, contact), press.by.id)
    calendar = work.setting.calendar_beyond
    following = agreed or next_contact(day, contact.every or "once", avoid, today, calendar)
    _set(work, case, contact, press.by.id, following, contact.every, contact.avoid)
    return _done(work, case, contact, "Thank you. It is noted")


def _move_so_far(work: Work, press: Press) -> Answers:
    _, contact = _found(work, press)
    avoid = days_to_avoid.in_words([date.fromisoformat(day) for day in contact.avoid])
    return {"next": contact.next_on.isoformat() if contact.next_on else None, "every": contact.every, "avoid": avoid}


def _move(work: Work, press: Press, answers: Answers) -> Card:
    case, contact = _found(work, press)
    if contact.ended_at:
        raise Refusal(ENDED)
    day, every, avoid = _what_was_agreed(work, answers)
    if (contact.next_on, contact.every, contact.avoid) != (day, every, avoid):
        _record(work, press.by.id, "moved", case, contact, day=day.isoformat())
        _set(work, case, contact, press.by.id, day, every, avoid)
    return _done(work, case, contact, "It is changed")


def _end(work: Work, press: Press) -> Reply:
    case, contact = _found(work, press)
    if contact.ended_at is None:  # otherwise pressed twice
        _end_one(work, case, contact, press.by.id)
    back = button(work, "Open the learning response", "response.show", case=case)
    text = "Nobody is reminded of it any more. If it was the last time, please thank them and say sorry once more."
    return Reply(card=said("Contact has ended", text, back), replaces=press.place.private)


def _end_one(work: Work, case: Case, contact: Contact, by: str) -> None:
    contact.ended_at, contact.next_on = work.now, None
    work.session.add(contact)
    work.session.flush()
    _record(work, by, "ended", case, contact)
    happened(work, Event.CONTACT_ENDED, _subject(case, contact), by)


def also_paused(form: Form) -> Callable[[Work, Press], Reply]:
    """What goes on while the response is paused: then it is for those who may let it go on."""

    def shown(work: Work, press: Press) -> Reply:
        paused = case_of(work, press).state == State.PAUSED
        return (replace(form, act=Act.RESUME) if paused else form)(work, press)

    return shown


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
            lambda work, press: _when(work),
            _move,
            so_far=_move_so_far,
        )
    ),
    "contact.end": _end,
    "contact.talk": _talk,
}
