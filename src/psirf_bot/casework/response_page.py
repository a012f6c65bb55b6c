"""The page of a case's learning response: its dates, where each comes from, and what this person may do next."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlmodel import col, or_, select

from psirf_bot.cards import response as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.duties import reason_words
from psirf_bot.cards.model import Card
from psirf_bot.casework import contacts, named_contacts, not_yet_noted, partners, people, terms, training, verifying
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import DONE, DROPPED, PAUSED
from psirf_bot.casework.forms import case_of, not_now
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.learning_responses import current, extensions, kind_of, sees
from psirf_bot.casework.response_buttons import rows
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.response import CONSENT, HOW_WELL, PSII, REASONS, SENT_TO
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
AGREED_TARGET = "agreed with those affected (policy §13)"
MOVED = "; moved by a pause from"
"""What is added to where a day comes from that was agreed, once a pause has moved it."""
EVALUATED = {"response": "How the learning response worked", "involving": "How those affected were involved"}
LONGER = "A longer time was agreed"
"""What closes the three-month limit besides the end, as it is kept; with whom it was agreed stands with the new day."""


def page(work: Work, case: Case, by: Member) -> Card:
    """The learning response as this person may see it."""
    response = current(work, case)
    found = _shown(work, case, response, by) if response else None
    return cards.response_card(found, case.reference, contacts.shown_to(work, case, by), rows(work, case, response, by))


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
    notes = [
        *_missing_before(work, case, response),
        *not_yet_noted.lines(work, case, response, by),
        *_notes(response, clocks),
    ]
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


def _notes(response: LearningResponse, clocks: Sequence[Deadline]) -> list[str]:
    """What was noted as clocks stopped, without what the page says elsewhere: the terms say the time anew."""
    said = [clock for clock in clocks if clock.note and clock.note != LONGER and clock.rule != "psii.final"]
    if stands := response.terms_at:
        before = (clock for clock in said if clock.closed_at is None or clock.closed_at <= stands)
        anew = {clock.id for clock in before if (clock.note or "").startswith(terms.TIME)}
        said = [clock for clock in said if clock.id not in anew]
    return [clock.note for clock in said if clock.note]


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
    said = response.evaluation or {}
    for which, label in EVALUATED.items():
        if went := said.get(f"{which}-went"):
            found.append(f"{label}: {HOW_WELL[went].lower()}. {said.get(f'{which}-words') or ''}".strip())
    return found


def _date(work: Work, clock: Deadline) -> str:
    """A day with where it comes from, and whether it stands still or is behind us."""
    source, moved, before = clock.source.partition(MOVED)
    if clock.rule == "response.target" and clock.length is None:
        source = AGREED_TARGET
    words = f"{moment(clock.due_local[:10])}: {source}{moved}{before}"
    if clock.moved_from:
        words += f". It was {moment(clock.moved_from)} until the calendar changed"
    if clock.state == DONE and clock.closed_at:
        words += (
            f". {'A longer time was recorded' if clock.note == LONGER else 'Done'} on {_day(work, clock.closed_at)}"
        )
    if clock.state == PAUSED and clock.paused_at and clock.review_on:
        since, review = _day(work, clock.paused_at), moment(clock.review_on.isoformat())
        words += f". Paused since {since}: {reason_words(clock.reason).lower()}. To be looked at again on {review}"
    return words + "."


def _verification(work: Work, case: Case, response: LearningResponse) -> str:
    if response.kind != PSII:
        return ""
    if response.verified_at is None:
        waits = case.state == State.AWAITING_VERIFICATION
        if not waits:
            return "Not verified: back with the panel"
        return f"Waits for {verifying.BY_OFFICE}" if verifying.can_be(work, case) else verifying.NOBODY
    by = response.verified_as or people.name_of(work, response.verified_by)
    return f"By {by}, {_day(work, response.verified_at)}"


def _extension_words(one: Extension) -> str:
    return (
        f"Longer, until {moment(one.until.isoformat())}. {REASONS[one.reason]}. Patient or family: "
        f"{CONSENT[one.family].lower()}. Staff: {CONSENT[one.staff].lower()}. {one.statement}"
    )


def _day(work: Work, at: datetime) -> str:
    return moment(work.setting.calendar.local(at).date().isoformat())


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"response.show": _show}
