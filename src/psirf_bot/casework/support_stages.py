"""The four checks on a member of staff: how they are asked for, noted and put off (O01 to O08, R02).

That a check happened is noted, and what was offered; never what was said.
"""

from collections.abc import Callable

from psirf_bot.cards import support as cards
from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, learning_responses, news, onlookers, people, reminders, support_review
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import DONE, RUNNING, happened, running
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.support_circle import SOMEONE_ELSE, kept_from_check
from psirf_bot.casework.support_needs import (
    AFTER_EVENT,
    AT_END,
    AT_START,
    CHECKED,
    DURING,
    STOPPED,
    acting_checker,
    case_of_need,
    due_words,
    has_a_newer,
    may_see_to,
    move,
    subject,
    wish_words,
)
from psirf_bot.casework.support_offers import check_made, offered_button
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Deadline, Nudge, Person, SupportCheck, SupportNeed

NOTED_BY = {
    AFTER_EVENT: Event.CHECKED_AFTER_EVENT,
    AT_START: Event.CHECKED_AT_START,
    DURING: Event.CHECKED_DURING,
    AT_END: Event.CHECKED_AT_END,
}
"""What happens when a stage's check is noted."""


def render(work: Work, deadline: Deadline, nudge: Nudge, *, posted: bool) -> Card | None:
    """The reminder of a check, looked at again as it is sent or edited: still owed, and still for this person to know.

    None where there is nothing to say to somebody who has not been told of it.
    """
    need = work.session.get(SupportNeed, deadline.subject_id)
    someone = people.person(work, nudge.person_id)
    if need is None or someone is None:
        return None
    reader = people.member(work, someone)
    if not someone.active or not may_see_to(work, need, reader):
        return cards.passed_on() if posted else None
    if deadline.state not in RUNNING:
        return _over(work, need, deadline, reader) if posted else None
    if posted and has_a_newer(work, deadline, nudge):
        return cards.there_is_a_newer()
    if not posted and _is_asked_already(work, need, deadline):
        return None
    acting = acting_checker(work, need)
    if acting and acting.id in kept_from_check(work, need):
        acting = None  # whoever stands in is not to know: so it is for the quality team
    if someone.id == need.checker_id or (acting and someone.id == acting.id):
        return _please_check(work, need, deadline)
    if posted or acting is None or nudge.why == "up":
        return _for_the_quality_team(work, need, deadline, acting)
    return None


def _is_asked_already(work: Work, need: SupportNeed, deadline: Deadline) -> bool:
    """Whether the same talk is asked for in another report of the same event: one is enough."""
    same = support_review.also_after_event(work, need) if deadline.rule == AFTER_EVENT else []
    return any(other.id < need.id for other, _ in same)


def _please_check(work: Work, need: SupportNeed, duty: Deadline) -> Card:
    someone = people.person(work, need.person_id)
    is_manager = someone is not None and someone.line_manager_id == need.checker_id
    as_wished = need.wish == ("line-manager" if is_manager else SOMEONE_ELSE)
    return cards.please_check(
        cards.STAGES[duty.rule],
        need.name,
        cases.line(work, case_of_need(work, need)),
        need.wish if as_wished else "quality",
        due_words(work, duty),
        work.trust.support,
        _who_leads(work, need) if duty.rule != AFTER_EVENT else "",
        (
            button(work, "I have spoken to them", "support.done", style="primary", need=need.id, duty=duty.id),
            button(work, "Remind me tomorrow", "support.tomorrow", need=need.id, duty=duty.id),
            button(work, "Someone else should do this", "support.pass", opens=True, need=need.id),
        ),
    )


def _who_leads(work: Work, need: SupportNeed) -> str:
    """Who leads the review, for whoever is to link up with them (O05)."""
    response = learning_responses.current(work, cases.goes_on_as(work, case_of_need(work, need)))
    return people.name_of(work, response.lead_id) if response and response.lead_id else "Nobody is chosen yet"


def _for_the_quality_team(work: Work, need: SupportNeed, duty: Deadline, asked: Person | None) -> Card:
    why = [duty.note] if duty.note else []
    wish = [wish_words(need)] if asked is None or need.wish == SOMEONE_ELSE else []
    return cards.for_the_quality_team(
        cards.STAGES[duty.rule],
        need.name,
        cases.line(work, case_of_need(work, need)),
        asked.name if asked else "",
        [*why, *wish],
        f"{due_words(work, duty)} ({duty.source})",
        (
            button(work, "Choose who checks", "support.choose", style="primary", opens=True, need=need.id),
            button(work, f"I have spoken to {need.name}", "support.done", need=need.id, duty=duty.id),
        ),
    )


def _over(work: Work, need: SupportNeed, duty: Deadline, reader: Member) -> Card:
    """A check that was made, or is owed no longer."""
    if duty.state != DONE:
        return cards.no_longer_needed(_stopped_words(work, need))
    check = check_made(work, need, duty)
    if check is None or check.by_id != reader.id:
        return cards.was_checked(need.name)
    return cards.thank_you(need.name, offered_button(work, check, need))


def _stopped_words(work: Work, need: SupportNeed) -> str:
    if case_of_need(work, need).state == State.WITHDRAWN:
        return "The report was withdrawn, so there is nothing more you need to do. Thank you."
    return "Things have moved on, so there is nothing more you need to do here. Thank you."


# What people press


def found(work: Work, press: Press) -> SupportNeed:
    """The need that a button is about, held for this turn; refused in the same words to whoever it is not for."""
    need = work.session.get_one(SupportNeed, press.args["need"], with_for_update=True)
    if not may_see_to(work, need, press.by):
        raise Refusal(cards.PASSED_ON)
    if need.state == STOPPED:
        raise Refusal(_stopped_words(work, need))
    return need


def _duty(work: Work, press: Press, need: SupportNeed) -> Deadline | None:
    """The check that a button is about, the one after the event if it does not say; None when it has been made."""
    if "duty" in press.args:
        duty = work.session.get(Deadline, press.args["duty"])
        return duty if duty and duty.subject_id == need.id and duty.state in RUNNING else None
    return next(iter(running(work, subject(work, need), AFTER_EVENT)), None)


def _owed_no_longer(work: Work, press: Press, need: SupportNeed) -> Reply:
    """The check that a button is about was made, or dropped without that."""
    duty = work.session.get(Deadline, press.args.get("duty", ""))
    dropped = duty is not None and duty.subject_id == need.id and duty.state != DONE
    return Reply(card=cards.no_longer_needed(_stopped_words(work, need)) if dropped else cards.was_checked(need.name))


def _done(work: Work, press: Press) -> Reply:
    need = found(work, press)
    duty = _duty(work, press, need)
    if duty is None:
        return _owed_no_longer(work, press, need)
    check = note(work, need, duty, press.by)
    return Reply(card=cards.thank_you(need.name, offered_button(work, check, need)), keep=True)


def note(work: Work, need: SupportNeed, duty: Deadline, by: Member) -> SupportCheck:
    """Note that somebody spoke to them at this stage. News that waited for the check after the event can go out."""
    case = case_of_need(work, need)
    check = SupportCheck(need_id=need.id, stage=duty.rule, by_id=by.id, at=work.now, offered=[], accepted=[])
    work.session.add(check)
    if duty.rule == AFTER_EVENT:
        need.state, need.checked_at = CHECKED, work.now
        work.session.add(need)
    work.session.flush()
    happened(work, NOTED_BY[duty.rule], subject(work, need), by.id)
    work.record(by.id, "checked on a member of staff", case, need=need.id, stage=duty.rule)
    if need.checker_id is None:  # whoever speaks to them first stays their contact
        move(work, need, by.id)
    if duty.rule == AFTER_EVENT:
        news.spoken_to(work, case, need.person_id)
        for other, also in support_review.also_after_event(work, need):  # the same event, reported more than once
            note(work, other, also, by)
    onlookers.refresh(work, case, by.id)
    return check


def _tomorrow(work: Work, press: Press) -> Reply:
    need = found(work, press)
    duty = _duty(work, press, need)
    if duty is None:
        return _owed_no_longer(work, press, need)
    day = reminders.remind_tomorrow(work, duty, press.by.id, "put off")
    work.record(press.by.id, "put off a reminder", case_of_need(work, need), deadline=duty.id, until=day.isoformat())
    # A weekday alone is the next one: a holiday, or somebody's working days, may put many between.
    when = f"{day:%A} morning" if (day - work.local.date()).days < 7 else f"{day:%A} {day.day} {day:%B}"
    return Reply(notice=f"I will remind you on {when}. The day it is due does not move: {due_words(work, duty)}.")


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "support.done": _done,
    "support.tomorrow": _tomorrow,
}
