"""The page of a case's learning response: its dates, where each comes from, and what this person may do next."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import col, or_, select

from psirf_bot.cards import response as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.duties import reason_words
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import contacts, named_contacts, partners, people, terms, training, verifying
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DONE, DROPPED, PAUSED, of_case, running
from psirf_bot.casework.forms import case_of, not_now
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current, extensions, kind_of, sees
from psirf_bot.casework.work import Press, Refusal, Work, allowed, panel_of
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import CONSENT, PSII, REASONS, SENT_TO
from psirf_bot.store.tables import Case, Deadline, Extension, LearningResponse

DATES = {
    "psii.verified": "Verify by",
    "psii.day-3": "Initial report by",
    "response.lead": "Choose the lead by",
    "response.started": "Start by",
    "response.target": "Target",
    "response.three-months": "Three-month limit",
    "response.extension": "Extension",
    "response.six-months": "Six months",
    "psii.final": "Final report by",
}
DECLINE = "response.decline-lead"
AGREED_TARGET = "agreed with those affected (policy §13)"
LONGER = "A longer time was agreed"
"""What closes the three-month limit besides the end."""


def page(work: Work, case: Case, by: Member) -> Card:
    """The learning response as this person may see it."""
    response = current(work, case)
    found = _shown(work, case, response, by) if response else None
    return cards.response_card(
        found, case.reference, contacts.shown_to(work, case, by), _rows(work, case, response, by)
    )


def _show(work: Work, press: Press) -> Reply:
    case = case_of(work, press)
    if not sees(work, press.by, case):
        raise Refusal(not_now(work, press, case))
    return Reply(card=page(work, case, press.by), replaces=press.place.private)


def _shown(work: Work, case: Case, response: LearningResponse, by: Member) -> cards.ResponseShown:
    theirs = select(Deadline).where(Deadline.subject_kind == "case", Deadline.subject_id == case.id)
    this_round = or_(col(Deadline.closed_at).is_(None), col(Deadline.closed_at) >= response.decided_at)
    found = work.session.exec(theirs.where(this_round).order_by(col(Deadline.due_at))).all()
    clocks = [clock for clock in found if clock.state != DROPPED and clock.rule in DATES]
    clocks = [clock for clock in clocks if clock.rule != "response.lead" or clock.state != DONE]
    dates = [("Decided", _day(work, response.decided_at))]
    if response.started_at:
        dates.append(("Started", _day(work, response.started_at)))
    dates += [(DATES[clock.rule], _date(work, clock)) for clock in clocks]
    if response.ended_at:
        dates.append(("Ended", _day(work, response.ended_at)))
    notes = [*_missing_before(work, case, response), *(clock.note for clock in clocks if clock.note)]
    notes = [note for note in notes if note != LONGER]
    return cards.ResponseShown(
        case.reference,
        kind_of(work, response),
        people.name_of(work, response.lead_id) or "Nobody yet",
        _verification(work, case, response),
        tuple(dates),
        (
            *training.about_lead(work, response, by, chooses=allowed(work, by, Act.CHOOSE_LEAD, case)),
            *terms.lines(work, response),
            *dict.fromkeys(notes),
            *(_extension_words(e) for e in extensions(work, response)),
            *partners.lines(work, case),
            *_after_the_end(work, response),
        ),
        tuple(named_contacts.lines(work, case, by)),
        verifying.grounds(work, case, by) if case.state == State.AWAITING_VERIFICATION else None,
    )


def _missing_before(work: Work, case: Case, response: LearningResponse) -> list[str]:
    """What others could not tell when an earlier response to the case ended: it may have come to light since (K08)."""
    ended = select(Deadline.note).where(
        Deadline.case_id == case.id,
        Deadline.rule == "response.six-months",
        Deadline.state == DONE,
        col(Deadline.closed_at) < response.decided_at,
        col(Deadline.note).is_not(None),
    )
    return [f"Before, {note[:1].lower()}{note[1:]}" for note in work.session.exec(ended) if note]


def _after_the_end(work: Work, response: LearningResponse) -> list[str]:
    """That the draft was approved, where the final report went, and how well it all worked (J04, J10, P14)."""
    found = []
    if response.draft_approved_at:
        by = people.name_of(work, response.draft_approved_by)
        found.append(f"The draft was approved by {by}, {_day(work, response.draft_approved_at)}.")
    if response.final_sent_on:
        to = ", ".join(SENT_TO[one] for one in response.final_sent_to or ())
        found.append(f"The final report was sent on {moment(response.final_sent_on.isoformat())} to: {to}.")
    return found


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
    lead_id = response.lead_id if response else None
    unfinished = response is not None and response.ended_at is None
    choose, lead = (allowed(work, by, act, case) for act in (Act.CHOOSE_LEAD, Act.LEAD_RESPONSE))
    directs = response is not None and allowed(work, by, Act.VERIFY_PSII, case)
    verify = directs and response is not None and by.id not in verifying.deciders(work, case, response)
    keeps = contacts.may_keep(work, case, by)
    goes_on = state is State.RESPONDING and response is not None and response.ended_at is None
    known = response is not None and (response.started_at is not None or response.ended_at is None)
    notify = known and allowed(work, by, Act.NOTIFY, case)
    starts, waits = lead and waiting and state is State.DECIDED, named_contacts.missing(work, case)
    names, name_first = keeps and unfinished, starts and keeps and not named_contacts.family_has_one(work, case)
    sent = response is not None and response.verified_at and running(work, of_case(case), "psii.day-3")
    offers = (
        (
            choose and unfinished,
            "Change the lead" if response and response.lead_id else "Choose the lead",
            "response.lead",
        ),
        (verify, "Verify the PSII", "response.verify"),
        (verify, "Send it back", "response.back"),
        (name_first, "The named contact", "contacts-named.set"),
        (starts, "Start it", "response.start"),
        (keeps and sent, "The initial report was sent", "response.report-sent"),
        (waiting and by.acts_as(lead_id, Role.RESPONSE_LEAD), "I cannot lead this", DECLINE),
    )
    later = (
        (lead and goes_on, "Agree a longer time", "response.extend"),
        (allowed(work, by, Act.PAUSE, case) and goes_on, "Pause it", "case.pause"),
        (allowed(work, by, Act.RESUME, case), "Go on again", "case.resume"),
        (lead and goes_on, "It has ended", "response.end"),
        (_may_approve(work, case, response, by), "Approve the draft", "report.approve"),
        (notify and _may_leave(response), "The final report was sent", "report.final-sent"),
    )
    around = (
        (lead and unfinished, "Terms of reference", "terms.set"),
        (names and not name_first, "The named contact", "contacts-named.set"),
        (keeps, "Agree contact", "contact.agree"),
        (keeps or notify, "Other organisations", "partners.show"),
        (notify, "Notifications", "notifications.show"),
    )
    back = (
        (panel_of(work, case) is not None and allowed(work, by, Act.SEE_PANEL, case), "The panel", "panel.show"),
        (allowed(work, by, Act.SEE_CASE, case), "Back to the case", "case.show"),
    )
    first = "response.verify" if verify else "contacts-named.set" if name_first else "" if waits else "response.start"
    return tuple(
        tuple(
            button(work, label, verb, case=case, style="primary" if verb == first else "plain")
            for offered, label, verb in row
            if offered
        )
        for row in (offers, later, around, back)
    )


def _may_approve(work: Work, case: Case, response: LearningResponse | None, by: Member) -> bool:
    """Whether they may let the draft leave the trust: not whoever leads the response (J04)."""
    if response is None or response.started_at is None or response.draft_approved_at:
        return False
    return allowed(work, by, Act.APPROVE_DRAFT, case) and not by.acts_as(response.lead_id, Role.RESPONSE_LEAD)


def _may_leave(response: LearningResponse | None) -> bool:
    approved = response is not None and response.draft_approved_at is not None
    return approved and response is not None and response.ended_at is not None and response.final_sent_on is None


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"response.show": _show}
