"""A learning response and those named in the report: they hear of it from their contact first (App 2, 3 and 5; R02)."""

from datetime import datetime

from sqlmodel import col, select

from psirf_bot.casework import cases, people
from psirf_bot.casework.deadlines import DONE, DROPPED, RUNNING, happened, running, settle
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.support_circle import CHECK, SOMEONE_ELSE
from psirf_bot.casework.support_needs import (
    AFTER_EVENT,
    AT_END,
    AT_START,
    BOT,
    DURING,
    STOPPED,
    begin,
    can_check,
    case_of_need,
    has_left,
    of_case,
    subject,
)
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Deadline, SupportNeed

GOES_ON = frozenset({State.DECIDED, State.RESPONDING, State.PAUSED})
"""Where those named hear of a review that has not ended."""


def review_starts(work: Work, case: Case, by: str = BOT) -> None:
    """A learning response starts: each member of staff hears of it from their contact before its lead is in touch."""
    _hear_of_it(work, in_review(work, case), by)


def joined(work: Work, into: Case, since: datetime, by: str) -> None:
    """A report was joined with a case whose response was decided on `since`: those not asked about yet are now."""
    _hear_of_it(work, [need for need in in_review(work, into) if _is_to_be_told(work, need, since)], by)


def goes_on(work: Work, need: SupportNeed) -> bool:
    """Somebody left out of the people list for a while is on it again: what a review still owes them is asked anew."""
    case = cases.goes_on_as(work, case_of_need(work, need))
    response, theirs = (
        current(work, case),
        [each for each in in_review(work, case) if who_it_is(each) == who_it_is(need)],
    )
    if response is None:
        return False
    if response.ended_at:
        owed = theirs if _is_dropped(work, need, AT_END) else []
        begin(work, owed, Event.REVIEW_ENDED, BOT)
        return bool(owed)
    if State(case.state) not in GOES_ON:
        return False
    if _is_to_be_told(work, need, response.verified_at or response.decided_at):
        _hear_of_it(work, theirs, BOT)
        return True
    owed = theirs if _is_dropped(work, need, DURING) else []
    for each in owed:
        happened(work, Event.REVIEW_STARTS, subject(work, each), BOT, only={DURING})
    return bool(owed)


def _is_to_be_told(work: Work, need: SupportNeed, since: datetime) -> bool:
    """Whether nobody has been asked to tell them of the review decided on `since`, or that was dropped."""
    last = _last_told(work, need)
    return last is None or last.since < since or last.state == DROPPED


def _is_dropped(work: Work, need: SupportNeed, rule: str) -> bool:
    last = _newest(work, need, rule)
    return last is not None and (last.state, last.note) == (DROPPED, str(Event.CHECKS_STOPPED))


def _hear_of_it(work: Work, needs: list[SupportNeed], by: str) -> None:
    for need in needs:
        if need.checker_id and not can_check(work, need, people.person(work, need.checker_id)):
            need.checker_id = None
            work.session.add(need)
    begin(work, needs, Event.REVIEW_STARTS, by)


def review_ended(work: Work, case: Case, by: str = BOT) -> None:
    """A learning response has ended: their contact tells them, and looks for support that is needed now (O07, O08)."""
    for need in _family(work, case):  # somebody named in several reports may have been asked about in each
        for duty in running(work, subject(work, need), AT_START, DURING):
            settle(work, duty, DROPPED, by, str(Event.REVIEW_ENDED))
    begin(work, in_review(work, case), Event.REVIEW_ENDED, by)


def also_after_event(work: Work, need: SupportNeed) -> list[tuple[SupportNeed, Deadline]]:
    """The same check on the same person by the same contact, owed in another report of the same event."""
    family = _family(work, case_of_need(work, need))
    same = [other for other in family if other.id != need.id and who_it_is(other) == who_it_is(need)]
    theirs = [other for other in same if need.checker_id and other.checker_id == need.checker_id]
    return [(other, duty) for other in theirs for duty in running(work, subject(work, other), AFTER_EVENT)]


def told_that_review_starts(work: Work, need: SupportNeed) -> bool:
    """Whether their contact has said that they told this person of the review that was started last (R02)."""
    last = _last_told(work, need)
    return last is not None and last.state == DONE


def staff_contact_gate(work: Work, need: SupportNeed) -> str | None:
    """Why whoever leads the response has to wait before they first contact this person (R02); None when they may.

    The words name nobody but that person: who checks on them is for the quality team alone to know.
    """
    last = _last_told(work, need)
    if last is not None and last.state == DONE:
        return None
    if last is not None and last.state in RUNNING:
        return (
            f"Please wait before you contact {need.name}. The person who supports them tells them first that a review "
            "starts, and that it is about learning and not blame (policy Appendix 5). They have been asked to."
        )
    return (
        f"Please wait before you contact {need.name}, and ask the quality team. Nobody has been asked to tell them "
        "first that a review starts (policy Appendix 5)."
    )


def _last_told(work: Work, need: SupportNeed) -> Deadline | None:
    """The newest duty to tell this person of a review, also where it belongs to another report of the same event."""
    return _newest(work, need, AT_START)


def _newest(work: Work, need: SupportNeed, rule: str) -> Deadline | None:
    same = [other.id for other in _family(work, case_of_need(work, need)) if who_it_is(other) == who_it_is(need)]
    theirs = select(Deadline).where(
        Deadline.subject_kind == CHECK, col(Deadline.subject_id).in_(same), Deadline.rule == rule
    )
    return work.session.exec(theirs.order_by(col(Deadline.since).desc(), col(Deadline.occurrence).desc())).first()


def in_review(work: Work, case: Case) -> list[SupportNeed]:
    """Those named in a case or in one that was joined with it, each once; a manager passed over in one is in all."""
    needs = [need for need in _family(work, case) if need.state != STOPPED and not has_left(work, need)]
    needs.sort(key=lambda need: (need.wish != SOMEONE_ELSE, need.id))
    return list({who_it_is(need): need for need in reversed(needs)}.values())


def who_it_is(need: SupportNeed) -> str:
    """The same for somebody who is named in two reports that were joined, and another for another of that name."""
    return need.person_id or need.name.casefold()


def _family(work: Work, case: Case) -> list[SupportNeed]:
    """The needs of a case and of all that it was joined with, on whichever side."""
    while case.merged_into:
        case = work.session.get_one(Case, case.merged_into)
    needs, joined = [], [case]
    while joined:
        case = joined.pop()
        needs += of_case(work, case)
        joined += work.session.exec(select(Case).where(Case.merged_into == case.id)).all()
    return needs
