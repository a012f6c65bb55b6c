"""What each new day brings: duties that come with the calendar, and a calendar that may have changed."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta

from sqlmodel import and_, col, or_, select

from psirf_bot.cards.conversation import said
from psirf_bot.casework import audit_head, deadlines, fair_reminders, kept_out, onlookers, paging, post
from psirf_bot.casework.deadlines import DROPPED, OPEN, RUNNING, Subject, happened
from psirf_bot.casework.work import Work
from psirf_bot.domain.events import Event
from psirf_bot.domain.working_time import ORDINARY
from psirf_bot.store.tables import Deadline, Remembered

TRUST = Subject("trust", "trust")
THE_BOT = "the bot"
WRONG = "to be looked at again"
"""In place of the calendar that was last looked at: the machine's clock was ahead."""


def begin(work: Work, most: int = 50) -> int:
    """Do once a day what the day brings, and look at the calendar; returns how many duties were worked out again."""
    today = work.local.date().isoformat()
    day = _remembered(work, "day")
    if day.value != today:
        if day.value > today:  # a clock that was wrong: reminders may have been planned by it
            _remembered(work, "calendar").value = WRONG
        day.value = today
        work.session.add(day)
        _open_what_comes_with_the_calendar(work)
        _write_the_summary(work)
        audit_head.tell_overseers(work)
        onlookers.refresh_deputies(work)
        fair_reminders.look_for_missing_colleagues(work)
    _see_who_is_here(work, today)
    return _look_at_the_calendar(work, most)


def _see_who_is_here(work: Work, today: str) -> None:
    """Each working morning: leave has begun or ended, and what waited for somebody may be somebody else's."""
    if work.setting.calendar_beyond.working_moment(work.now, ORDINARY) > work.now:
        return  # it is said in a channel, so not at night
    seen = _remembered(work, "who is here")
    if seen.value != today:
        seen.value = today
        work.session.add(seen)
        kept_out.look_again(work)


def _open_what_comes_with_the_calendar(work: Work) -> None:
    """The month's meeting on themes (I05), and the clocks of the response plan (G03–G06)."""
    today = work.local.date()
    calendar = work.setting.calendar_beyond
    last = date(today.year, today.month, monthrange(today.year, today.month)[1])
    while not calendar.is_working_day(last):
        last -= timedelta(days=1)
    month = today.isoformat()[:7]
    _end_meetings_long_missed(work, last, month)
    happened(work, Event.MONTH_BEGAN, TRUST, THE_BOT, agreed={"themes.meeting": last}, occurrence=month)
    plan = work.trust.plan
    since = calendar.utc(datetime.combine(plan.published, time(12))) if plan else None
    occurrence = plan.published.isoformat() if plan else ""
    _end_those_of_other_plans(work, since, occurrence)
    if plan:
        happened(work, Event.PLAN_PUBLISHED, TRUST, THE_BOT, since=since, occurrence=occurrence)


def _end_meetings_long_missed(work: Work, day: date, month: str) -> None:
    """A meeting that was not held has climbed the ladder for a month; then the one that is late since is enough."""
    the_month_before = (day.replace(day=1) - timedelta(days=1)).isoformat()[:7]
    for clock in _not_settled_by_people(work, "themes.meeting"):
        why = "not noted as held; a later month's takes its place"
        _end_or_go_on(work, clock, ends=clock.occurrence < the_month_before, goes_on=clock.occurrence == month, why=why)


def _end_those_of_other_plans(work: Work, since: datetime | None, occurrence: str) -> None:
    """A plan that is published anew has clocks of its own, and those of any other end, or of one taken out again."""
    why = "the plan was published anew" if since else "the day of the plan was taken out of the settings"
    for clock in _not_settled_by_people(work, "plan.reviewed", "plan.exercise"):
        came_back = clock.occurrence.isdigit()  # the others are known by the day on which their plan was published
        ours = since is not None and (clock.since >= since if came_back else clock.occurrence == occurrence)
        _end_or_go_on(work, clock, ends=not ours, goes_on=ours, why=why)


def _not_settled_by_people(work: Work, *rules: str) -> list[Deadline]:
    """The clocks that run, and those that the bot itself has ended: by a date that was wrong, perhaps."""
    ended = and_(Deadline.state == DROPPED, Deadline.closed_by == THE_BOT)
    known = select(Deadline).where(Deadline.subject_kind == TRUST.kind, col(Deadline.rule).in_(rules))
    known = known.where(or_(col(Deadline.state).in_(RUNNING), ended))
    return list(work.session.exec(known.order_by(col(Deadline.since), col(Deadline.rule))))


def _end_or_go_on(work: Work, clock: Deadline, *, ends: bool, goes_on: bool, why: str) -> None:
    if ends and clock.state != DROPPED:
        deadlines.settle(work, clock, DROPPED, THE_BOT, why)
    elif goes_on and clock.state == DROPPED:  # the date has been put right
        clock.state, clock.closed_at, clock.closed_by, clock.note = OPEN, None, None, None
        deadlines.worked_out_again(work, clock, anew=True)
        deadlines.changed(work, clock)


def _look_at_the_calendar(work: Work, most: int) -> int:
    """Where bank holidays have changed, the days that were counted with them are worked out again, some at a time."""
    seen, place, count = (_remembered(work, name) for name in ("calendar", "calendar: up to", "calendar: moved"))
    now = work.setting.calendar.fingerprint()
    if seen.value == now:
        return 0
    running = col(Deadline.state).in_(RUNNING), Deadline.id > place.value
    some = select(Deadline).where(*running).order_by(Deadline.id).limit(most if seen.value else 0)
    deadlines_ = work.session.exec(some.with_for_update()).all()
    anew = seen.value == WRONG
    moved = [d for d in deadlines_ if not paging.goes_on(work, d) and deadlines.worked_out_again(work, d, anew=anew)]
    for deadline in moved:
        work.record(THE_BOT, "moved a due day: the calendar changed", deadline=deadline.id, due=deadline.due_local)
    total = int(count.value or 0) + len(moved)
    if deadlines_:
        place.value, count.value = deadlines_[-1].id, str(total)
    else:
        seen.value, place.value, count.value = now, "", ""
        _say_how_many_have_moved(work, total)
    work.session.add_all([seen, place, count])
    return len(deadlines_)


def _say_how_many_have_moved(work: Work, total: int) -> None:
    if total:
        count = "One due day has" if total == 1 else f"{total} due days have"
        text = f"The list of bank holidays has changed. {count} moved; each duty says from which day."
        post.to_channel(work, "quality", said("Some due days have moved", text))


def _write_the_summary(work: Work) -> None:
    """On Mondays, or the first working day after one, the leads' channel gets a summary of the week."""
    calendar, today = work.setting.calendar_beyond, work.local.date()
    monday = today - timedelta(days=today.weekday())
    day = calendar.on_or_after(monday)
    if today <= day + timedelta(days=2):  # or soon after, if the bot was away
        at = calendar.next_morning(day, ORDINARY)
        at = calendar.working_moment(max(at, work.now), ORDINARY)
        post.living_once(work, "leads", f"summary:{monday.isoformat()}", at)


def _remembered(work: Work, name: str) -> Remembered:
    found = work.session.exec(select(Remembered).where(Remembered.name == name).with_for_update()).first()
    return found or Remembered(name=name, value="")
