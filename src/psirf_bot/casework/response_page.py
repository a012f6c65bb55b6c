"""The page of a case's learning response: its dates, where each comes from, and what this person may do next."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import col, or_, select

from psirf_bot.cards import response as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.duties import reason_words
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import contacts, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DONE, DROPPED, PAUSED, of_case, running
from psirf_bot.casework.forms import case_of, not_now
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Refusal, Work, allowed, case_facts
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import CONSENT, PSII, REASONS
from psirf_bot.domain.trust import NATIONAL_NAMES
from psirf_bot.store.tables import Case, Deadline, Extension, LearningResponse

DATES = {
    "psii.verified": "Verify by",
    "psii.day-3": "Initial report by",
    "response.started": "Start by",
    "response.target": "Target",
    "response.three-months": "Three-month limit",
    "response.extension": "Extension",
    "response.six-months": "Six months",
}
AGREED_TARGET = "agreed with those affected (policy §13)"
LONGER = "A longer time was agreed"
"""What closes the three-month limit besides the end."""


def current(work: Work, case: Case) -> LearningResponse | None:
    """The learning response that was decided last."""
    theirs = select(LearningResponse).where(LearningResponse.case_id == case.id)
    return work.session.exec(theirs.order_by(col(LearningResponse.decided_at).desc())).first()


def kind_of(work: Work, response: LearningResponse) -> str:
    """What kind it is, in the trust's own words with the national name beside them."""
    return kinds(work)[response.kind]


def kinds(work: Work) -> dict[str, str]:
    return {str(kind): cards.kind_words(local, NATIONAL_NAMES[kind]) for kind, local in work.trust.responses.items()}


def extensions(work: Work, response: LearningResponse) -> list[Extension]:
    """The longer times that were agreed, the last one last."""
    theirs = select(Extension).where(Extension.response_id == response.id)
    return list(work.session.exec(theirs.order_by(col(Extension.id))))


def sees(work: Work, by: Member, case: Case) -> bool:
    """Who may open the page. A reporter who was involved hears from their line manager that a review starts (R02)."""
    its_lead = by.acts_as(case_facts(work, case).lead_id, Role.RESPONSE_LEAD)
    leads = by.is_quality or its_lead or allowed(work, by, Act.VERIFY_PSII, case)
    return leads or (allowed(work, by, Act.SEE_CASE, case) and case.reporter_id != by.id)


def page(work: Work, case: Case, by: Member) -> Card:
    """The learning response as this person may see it."""
    response = current(work, case)
    found = _shown(work, case, response) if response else None
    return cards.response_card(
        found, case.reference, contacts.shown_to(work, case, by), _rows(work, case, response, by)
    )


def _show(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    if not sees(work, press.by, case):
        raise Refusal(not_now(work, press, case))
    return Reply(card=page(work, case, press.by), replaces=press.place.private)


def _shown(work: Work, case: Case, response: LearningResponse) -> cards.ResponseShown:
    theirs = select(Deadline).where(Deadline.subject_kind == "case", Deadline.subject_id == case.id)
    this_round = or_(col(Deadline.closed_at).is_(None), col(Deadline.closed_at) >= response.decided_at)
    found = work.session.exec(theirs.where(this_round).order_by(col(Deadline.due_at))).all()
    clocks = [clock for clock in found if clock.state != DROPPED and clock.rule in DATES]
    dates = [("Decided", _day(work, response.decided_at))]
    if response.started_at:
        dates.append(("Started", _day(work, response.started_at)))
    dates += [(DATES[clock.rule], _date(work, clock)) for clock in clocks]
    if response.ended_at:
        dates.append(("Ended", _day(work, response.ended_at)))
    notes = [clock.note for clock in clocks if clock.note and clock.note != LONGER]
    return cards.ResponseShown(
        case.reference,
        kind_of(work, response),
        people.name_of(work, response.lead_id) or "Nobody yet",
        _verification(work, case, response),
        tuple(dates),
        (*dict.fromkeys(notes), *(_extension_words(e) for e in extensions(work, response))),
    )


def _date(work: Work, clock: Deadline) -> str:
    """A day with where it comes from, and whether it stands still or is behind us."""
    target = clock.rule == "response.target" and clock.length is None
    words = f"{moment(clock.due_local[:10])}: {AGREED_TARGET if target else clock.source}"
    if clock.moved_from:
        words += f". It was {moment(clock.moved_from)} until the calendar changed"
    if clock.state == DONE and clock.closed_at:
        words += f". {LONGER if clock.note == LONGER else 'Done'} on {_day(work, clock.closed_at)}"
    if clock.state == PAUSED and clock.paused_at and clock.review_on:
        since, review = _day(work, clock.paused_at), moment(clock.review_on.isoformat())
        words += f". Paused since {since}: {reason_words(clock.reason).lower()}. To be looked at again on {review}"
    return words + "."


def _verification(work: Work, case: Case, response: LearningResponse) -> str:
    if response.kind != PSII:
        return ""
    if response.verified_at is None:
        waits = case.state == State.AWAITING_VERIFICATION
        return "Waits for the Chief Nurse or the Medical Director" if waits else "Not verified: back with the panel"
    by = people.person(work, response.verified_by)
    office = by and {Role.CHIEF_NURSE, Role.MEDICAL_DIRECTOR} & set(by.roles)
    delegate = "" if office else " (standing in)"
    return f"By {people.name_of(work, response.verified_by)}{delegate}, {_day(work, response.verified_at)}"


def _extension_words(one: Extension) -> str:
    return (
        f"Longer, until {moment(one.until.isoformat())}. {REASONS[one.reason]}. Patient or family: "
        f"{CONSENT[one.family].lower()}. Staff: {CONSENT[one.staff].lower()}. {one.statement}"
    )


def _day(work: Work, at: datetime) -> str:
    return moment(work.setting.calendar.local(at).date().isoformat())


def _rows(work: Work, case: Case, response: LearningResponse | None, by: Member) -> tuple[tuple[Button, ...], ...]:
    """What this person may do next, in rows."""
    state, waiting = State(case.state), response is not None and not (response.started_at or response.ended_at)
    unfinished = response is not None and response.ended_at is None
    choose, lead = (allowed(work, by, act, case) for act in (Act.CHOOSE_LEAD, Act.LEAD_RESPONSE))
    verify = allowed(work, by, Act.VERIFY_PSII, case) and response is not None and response.decided_by != by.id
    keeps = contacts.may_keep(work, case, by)
    goes_on = state is State.RESPONDING and response is not None and response.ended_at is None
    offers = (
        (
            choose and unfinished,
            "Change the lead" if response and response.lead_id else "Choose the lead",
            "response.lead",
        ),
        (verify, "Verify the PSII", "response.verify"),
        (verify, "Send it back", "response.back"),
        (lead and waiting and state is State.DECIDED, "Start it", "response.start"),
        (keeps and running(work, of_case(case), "psii.day-3"), "The initial report was sent", "response.report-sent"),
    )
    later = (
        (lead and goes_on, "Agree a longer time", "response.extend"),
        (allowed(work, by, Act.PAUSE, case) and goes_on, "Pause it", "case.pause"),
        (allowed(work, by, Act.RESUME, case), "Go on again", "case.resume"),
        (lead and goes_on, "It has ended", "response.end"),
    )
    agree = (keeps, "Agree contact", "contact.agree")
    back = (allowed(work, by, Act.SEE_CASE, case), "Back to the case", "case.show")
    return tuple(
        tuple(button(work, label, verb, case=case) for offered, label, verb in row if offered)
        for row in (offers, later, (agree, back))
    )


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"response.show": _show}
