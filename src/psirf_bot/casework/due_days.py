"""When a duty is due, and when its next reminder falls due: days counted with the calendar and people's hours."""

import logging
from datetime import date, datetime, timedelta
from itertools import count

from psirf_bot.casework.owners import owners, pattern_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.deadlines import LATE_STEPS, Rule, step
from psirf_bot.domain.trust import length_of
from psirf_bot.domain.working_time import ORDINARY, Calendar, WorkingPattern, YearNotKnown
from psirf_bot.store.tables import Deadline

log = logging.getLogger(__name__)

FORESEEN = "; the bank holidays of "
"""What is added to the source of a day that is only foreseen."""


def set_due(work: Work, deadline: Deadline, agreed: date | None = None) -> None:
    """Work out when it is due: the day agreed, or its length after the clock began and without the pauses.

    Past the last year whose bank holidays are known, the date is foreseen, says so, and is worked out again when that
    year is known: a report must not be lost for want of a calendar.
    """
    calendar = work.setting.calendar
    deadline.source = deadline.source.partition(FORESEEN)[0]
    try:
        local, at = _due(calendar, deadline, agreed)
    except YearNotKnown as unknown:
        log.error("%s: %s", deadline.rule, unknown)  # noqa: TRY400 - there is no fault in the code to trace
        deadline.source += f"{FORESEEN}{unknown.year} are not known yet, so this day may change"
        local, at = _due(work.setting.calendar_beyond, deadline, agreed)
    deadline.due_local, deadline.due_at = local.isoformat(timespec="minutes"), at


def _due(calendar: Calendar, deadline: Deadline, agreed: date | None) -> tuple[datetime, datetime]:
    if agreed is not None:
        return calendar.end_of(agreed)
    length = length_of(deadline.length)
    if length.unit in {"hours", "minutes"}:
        return calendar.due(deadline.since + timedelta(days=deadline.stood_still), length)
    local, _ = calendar.due(deadline.since, length)
    if length.unit == "working days":
        return calendar.end_of(calendar.working_days_after(local.date(), deadline.stood_still))
    return calendar.end_of(local.date() + timedelta(days=deadline.stood_still))


def plan_next(work: Work, deadline: Deadline) -> None:
    """Work out when the next reminder falls due: for all who have the same duty by the same day and the same hours."""
    rule = work.setting.rules[deadline.rule]
    pattern = _pattern(work, deadline, rule)
    asked = ("next step", rule.id, deadline.due_local[:10], deadline.step, pattern)
    if asked not in work.memo:
        work.memo[asked] = _next_step(work, rule, date.fromisoformat(deadline.due_local[:10]), deadline.step, pattern)
    deadline.step, deadline.next_at = work.memo[asked]


def _next_step(work: Work, rule: Rule, due_day: date, so_far: int, pattern: WorkingPattern) -> tuple[int, datetime]:
    """The next step of the reminders of a duty, and its moment.

    Those whose moment has passed are left out, but for the newest word that a duty is late: somebody has to hear of it.
    """
    calendar = work.setting.calendar_beyond  # a reminder may be worked out from a date that may still change
    late = calendar.next_morning(_day(calendar, due_day, LATE_STEPS[0], ORDINARY), ORDINARY)
    missed: int | None = None
    for number in count(so_far):
        planned = step(rule, number)
        if planned.day is None:
            moment = calendar.working_moment(work.now, pattern)
            if moment > late:
                continue  # they are away for longer than that: it goes to them with the first word that it is late
            return number, moment
        # Whoever hears that it is late need not wait until its owner is at work.
        hours = pattern if planned.rung is None else ORDINARY
        day = _day(calendar, due_day, planned.day, hours)
        if planned.day > LATE_STEPS[-1]:  # once a week all that is late comes together, as that week begins
            day = calendar.on_or_after(day - timedelta(days=day.weekday()))
        morning = calendar.next_morning(day, hours)
        if morning >= work.now or (planned.day == 0 and work.local.date() == day):
            break
        missed = number if planned.rung is not None else None
    if missed is None:
        return number, max(morning, work.now)
    return missed, calendar.working_moment(work.now, ORDINARY)


def _pattern(work: Work, deadline: Deadline, rule: Rule) -> WorkingPattern:
    """Whose hours the reminder goes by: those of whoever is asked, where it is one person."""
    if deadline.owner_id is None:
        return ORDINARY
    asked = owners(work, deadline) if rule.alone else []
    return pattern_of(work, asked[0].id if len(asked) == 1 else deadline.owner_id)


def _day(calendar: Calendar, due_day: date, offset: int, pattern: WorkingPattern) -> date:
    """The day of somebody's work so many working days from the due day: before it, if possible, until it is late."""
    anchor = due_day
    while not calendar.is_working_day(anchor):
        anchor -= timedelta(days=1)
    day = anchor if offset == 0 else calendar.working_days_after(anchor, offset)
    if offset > 0:
        return calendar.digest_day(day, pattern)
    while calendar.is_bank_holiday(day) or day.weekday() not in pattern.days:
        day -= timedelta(days=1)
    return day
