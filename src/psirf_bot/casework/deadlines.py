"""The clock of every duty: events open and close deadlines; each knows when its next reminder falls due."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count

from sqlmodel import col, func, select

from psirf_bot.casework import post
from psirf_bot.casework.owners import owners, pattern_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.deadlines import Event, Rule, step
from psirf_bot.domain.report import Report
from psirf_bot.domain.working_time import YearNotKnown
from psirf_bot.store.tables import Case, Deadline, Nudge

log = logging.getLogger(__name__)

OPEN, PAUSED, DONE, DROPPED = "open", "paused", "done", "dropped"
RUNNING = (OPEN, PAUSED)
SHOWN_FOR = timedelta(days=14)
"""How long a reminder is still brought up to date when its duty changes."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event and its duties are about: its kind and which one, and the case it belongs to, if any.

    `named`: whose the duties are whose owner the event names. `service` decides which service lead hears of it.
    """

    kind: str
    id: str
    case: Case | None = None
    service: str | None = None
    named: Mapping[str, str | None] = field(default_factory=dict)


def of_case(case: Case, **named: str | None) -> Subject:
    """A case as the subject of its own duties; `named` by kind of owner, spaces as underscores."""
    theirs = {"reporter": case.reporter_id, "case owner": case.owner_id}
    theirs |= {kind.replace("_", " "): who for kind, who in named.items()}
    return Subject("case", case.id, case, case.service, theirs)


def happened(
    work: Work,
    event: Event,
    about: Subject,
    by: str,
    *,
    report: Report | None = None,
    since: datetime | None = None,
    agreed: Mapping[str, date] | None = None,
    occurrence: str = "",
    note: str | None = None,
) -> None:
    """Close what this event closes and open what it opens, for this subject. `by` is who made it happen.

    `agreed`: the days agreed with people, by rule. `since`: when the clock began, if not now. `report`: asked by rules
    that are only for some reports. `occurrence`: which time round it is, where the caller knows.
    """
    _close(work, event, about, by, note)
    for rule in work.setting.rules.values():
        if not rule.opened_by(event) or (rule.when and report and not rule.when(report)):
            continue
        if rule.when and report is None and event in {Event.CASE_REPORTED, Event.CASE_OPENED}:
            continue  # nothing is known that would make it owed
        day = (agreed or {}).get(rule.id)
        if rule.due is not None or day is not None:
            open_deadline(work, rule, about, since=since or work.now, agreed=day, occurrence=occurrence)


def open_deadline(
    work: Work, rule: Rule, about: Subject, *, since: datetime, agreed: date | None = None, occurrence: str = ""
) -> Deadline | None:
    """Start the clock of one duty; None where it runs already, or where this time round has been opened before."""
    same = select(Deadline).where(
        Deadline.subject_kind == about.kind, Deadline.subject_id == about.id, Deadline.rule == rule.id
    )
    before = work.session.exec(same).all()
    if any(d.state in RUNNING or d.occurrence == occurrence for d in before):
        return None
    due_local, due_at, source = due_of(work, rule, since, agreed)
    deadline = Deadline(
        id=work.new_id(),
        rule=rule.id,
        subject_kind=about.kind,
        subject_id=about.id,
        occurrence=occurrence or str(len(before) + 1),
        case_id=about.case.id if about.case else None,
        service=about.service,
        owner_id=None if rule.owner == rule.role else about.named.get(str(rule.owner)),
        role=rule.role,
        since=since,
        length=str(rule.due) if rule.due and agreed is None else None,
        source=source,
        due_local=due_local.isoformat(timespec="minutes"),
        due_at=due_at,
    )
    plan_next(work, deadline)
    work.session.add(deadline)
    work.session.flush()
    return deadline


def due_of(work: Work, rule: Rule, since: datetime, agreed: date | None) -> tuple[datetime, datetime, str]:
    """The local and the exact moment a duty is due, and where that comes from.

    Past the last year whose bank holidays are known the date is worked out all the same, says so, and is worked out
    again when that year is known: a report must not be lost for want of a calendar.
    """
    calendar = work.setting.calendar
    if agreed is not None:
        return *calendar.end_of(agreed), rule.source
    assert rule.due is not None  # noqa: S101 - the caller has looked
    try:
        return *calendar.due(since, rule.due), rule.source
    except YearNotKnown as unknown:
        log.error("%s: %s", rule.id, unknown)  # noqa: TRY400 - there is no fault in the code to trace
        words = f"{rule.source}; the bank holidays of {unknown.year} are not known yet, so this day may change"
        return *work.setting.calendar_beyond.due(since, rule.due), words


def plan_next(work: Work, deadline: Deadline, *, not_before: datetime | None = None) -> None:
    """Work out when the next reminder falls due, leaving out those whose moment has passed."""
    calendar = work.setting.calendar_beyond  # a reminder may be worked out from a date that may still change
    rule = work.setting.rules[deadline.rule]
    asked = owners(work, deadline) if work.setting.rules[deadline.rule].alone else []
    pattern = pattern_of(work, asked[0].id if asked else deadline.owner_id)
    earliest = max(work.now, not_before or work.now)
    due_day = date.fromisoformat(deadline.due_local[:10])
    missed: int | None = None  # the newest late reminder whose moment has passed: nobody has heard of it yet
    for number in count(deadline.step):
        planned = step(rule, number)
        if planned.day is None:
            deadline.step, deadline.next_at = number, calendar.working_moment(earliest, pattern)
            return
        day = _day(work, due_day, planned.day)
        morning = calendar.next_morning(calendar.digest_day(day, pattern), pattern)
        today = planned.day == 0 and calendar.local(earliest).date() == day
        if morning >= earliest or today:
            break
        missed = number if planned.rung is not None else None
    if missed is None:
        deadline.step, deadline.next_at = number, max(morning, earliest)
    else:
        deadline.step, deadline.next_at = missed, calendar.working_moment(earliest, pattern)


def _day(work: Work, due_day: date, offset: int) -> date:
    """So many working days before or after the due day; one that is no working day is reminded of the day before it."""
    calendar = work.setting.calendar_beyond
    anchor = due_day
    while not calendar.is_working_day(anchor):
        anchor -= timedelta(days=1)
    return anchor if offset == 0 else calendar.working_days_after(anchor, offset)


def _close(work: Work, event: Event, about: Subject, by: str, note: str | None) -> None:
    running = select(Deadline).where(
        Deadline.subject_kind == about.kind, Deadline.subject_id == about.id, col(Deadline.state).in_(RUNNING)
    )
    for deadline in work.session.exec(running.with_for_update()).all():
        rule = work.setting.rules.get(deadline.rule)
        if rule and event in rule.closes:
            settle(work, deadline, DONE, by, note)
            if rule.comes_back:
                open_deadline(work, replace(rule, due=rule.comes_back), about, since=work.now)
        elif rule and event in rule.drops:
            settle(work, deadline, DROPPED, by, str(event))


def settle(work: Work, deadline: Deadline, state: str, by: str, note: str | None = None) -> None:
    """Stop the clock of a duty for good: it was done, or it is owed no longer."""
    deadline.state, deadline.closed_at, deadline.closed_by, deadline.note = state, work.now, by, note
    deadline.next_at = None
    work.session.add(deadline)
    work.session.flush()
    changed(work, deadline)


def changed(work: Work, deadline: Deadline) -> None:
    """Whatever shows this duty is brought up to date: the reminders of it, and its owner's own page."""
    shown = select(Nudge).where(Nudge.deadline_id == deadline.id, Nudge.day >= work.local.date() - SHOWN_FOR)
    for nudge in work.session.exec(shown).all():
        post.refresh(work, subject_of(work, deadline, nudge))
    post.refresh_homes(work, (someone.id for someone in owners(work, deadline)))


def subject_of(work: Work, deadline: Deadline, nudge: Nudge) -> str:
    """The living card in which somebody is reminded of a duty: one of its own, or the digest of a day."""
    if work.setting.rules[deadline.rule].alone:
        return f"nudge:{deadline.id}:{nudge.person_id}:{nudge.step}"
    return f"digest:{nudge.person_id}:{nudge.day.isoformat()}"


def running_of(work: Work, case: Case) -> list[Deadline]:
    """The duties of a case whose clocks run or are paused, the first due first."""
    theirs = select(Deadline).where(Deadline.case_id == case.id, col(Deadline.state).in_(RUNNING))
    return list(work.session.exec(theirs.order_by(col(Deadline.due_at), col(Deadline.rule))))


def how_many_late(work: Work) -> int:
    late = select(func.count()).select_from(Deadline).where(Deadline.state == OPEN, col(Deadline.due_at) < work.now)
    return int(work.session.exec(late).one())
