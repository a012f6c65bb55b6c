"""How somebody is reminded: in one digest a working day, or in a message of its own, in their working hours.

Both are living cards. When one is sent it is looked at again: whether it is still relevant and still theirs, and
whether the moment is still right, for a courier that was held up may come to it at night.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from psirf_bot.casework import addresses, post, told
from psirf_bot.casework.deadlines import OPEN, RUNNING, subject_of
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.working_time import ORDINARY, WorkingPattern
from psirf_bot.store.tables import Deadline, Nudge

LEADS = "leads"
"""The reader that is the channel of the leads."""
GATHERING = timedelta(seconds=5)
"""How long a digest waits for the other duties of its morning; longer while some have still to be looked at."""
PERSONAL = frozenset({"up", "put off", "help"})
"""Reminders that are for this reader and nobody else."""
LEADS_CHANNEL: addresses.Purpose = "leads"


class NotYet(Exception):
    """This is no moment for it: it is sent at `at`."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at


def remind(work: Work, deadline: Deadline, person_id: str, why: str) -> None:
    """Remind somebody of a duty in their next working hours; once a day at most."""
    alone = _is_alone(work, deadline)
    day, at = _next_hours(work, person_id)
    if not alone and _has_gone(work, person_id, day):
        day, at = _next_hours(work, person_id, after=day)
    if nudge := noted(work, deadline, person_id, why, day):
        _write(work, deadline, nudge, at)


def remind_tomorrow(work: Work, deadline: Deadline, person_id: str, why: str) -> date:
    """Remind somebody on their next working day, and say which that is. The clock and its ladder go on as before."""
    day, at = _next_hours(work, person_id, after=work.local.date())
    nudge = noted(work, deadline, person_id, why, day)
    nudge = nudge or work.session.exec(_reminded(deadline, person_id, day)).one()
    nudge.why = why
    work.session.add(nudge)
    told.forget(work)
    _write(work, deadline, nudge, at)
    return day


def _write(work: Work, deadline: Deadline, nudge: Nudge, at: datetime) -> None:
    """The message that carries a reminder: the digest of its day, or one of its own in place of what still waits."""
    if not _is_alone(work, deadline):
        _write_digest(work, nudge.person_id, nudge.day, at)
        return
    subject = subject_of(work, deadline, nudge)
    about = f"support:{deadline.subject_id}:{nudge.person_id}" if deadline.subject_kind == "check" else None
    post.living_to_person(work, nudge.person_id, subject, key=post.key_of(work, subject), at=at, about=about)
    theirs = select(Nudge).where(Nudge.deadline_id == deadline.id, Nudge.person_id == nudge.person_id)
    earlier = work.session.exec(theirs.where(Nudge.day < nudge.day)).all()
    post.take_the_place(work, subject, [subject_of(work, deadline, one) for one in earlier])


def _is_alone(work: Work, deadline: Deadline) -> bool:
    rule = work.setting.rules.get(deadline.rule)
    return rule is not None and rule.alone


def tell_leads(work: Work, deadline: Deadline) -> None:
    """What has become late is on the day's card in the channel of the leads."""
    day, at = _next_hours(work, LEADS)
    if noted(work, deadline, LEADS, "late", day):
        subject = f"digest:{LEADS}:{day.isoformat()}"
        if not post.living_once(work, LEADS_CHANNEL, subject, at):
            return
        post.refresh(work, subject)


def is_carried_over(work: Work, kind: str, which: str) -> bool:
    """Look at the moment in which a reminder is about to be sent for the first time.

    Raises NotYet when it has to wait. True when a digest's day has passed, and the next one says what it was to say.
    """
    reader, _, day = which.rpartition(":")
    person_id = reader if kind == "digest" else reader.partition(":")[2]
    today, at = _next_hours(work, person_id)
    if today.isoformat() < day:  # a clock that has been put back
        raise NotYet(work.setting.calendar_beyond.utc(datetime.fromisoformat(day)))
    if kind == "digest" and today.isoformat() != day:
        _carry_over(work, person_id, date.fromisoformat(day), today, at)
        return True
    if at > work.now:
        raise NotYet(at)
    if kind == "digest" and _others_are_due(work):
        raise NotYet(work.now + 3 * GATHERING)
    return False


def wait_for_working_hours(work: Work) -> None:
    """What goes to a channel goes in the usual hours; raises NotYet outside them."""
    _, at = _next_hours(work, LEADS)
    if at > work.now:
        raise NotYet(at)


def pass_on(work: Work, person_id: str, day: date) -> None:
    """What somebody was to hear that day and is no longer theirs is told to whoever it belongs to by now."""
    if person_id == LEADS:
        return  # what they hear of is never their own: its owners have been reminded of it
    for deadline, nudge in told.told(work, person_id, day):
        if deadline.state != OPEN or nudge.why in PERSONAL:
            continue
        owing = told.owing(work, deadline)
        for owner in owing if person_id not in owing else ():
            remind(work, deadline, owner, nudge.why)


def _next_hours(work: Work, person_id: str, after: date | None = None) -> tuple[date, datetime]:
    """The next day and moment in which somebody may be reminded, from now or after a day."""
    calendar = work.setting.calendar_beyond
    pattern = ORDINARY if person_id == LEADS else pattern_of(work, person_id)
    if after is None:
        return _next_from_now(work, pattern)
    morning = calendar.next_morning(calendar.digest_day(after + timedelta(days=1), pattern), pattern)
    at = calendar.working_moment(morning, pattern)
    return calendar.local(at).date(), at


def _next_from_now(work: Work, pattern: WorkingPattern) -> tuple[date, datetime]:
    if ("next hours", pattern) not in work.memo:
        calendar = work.setting.calendar_beyond
        at = calendar.working_moment(work.now, pattern)
        work.memo["next hours", pattern] = calendar.local(at).date(), at
    found: tuple[date, datetime] = work.memo["next hours", pattern]
    return found


def noted(work: Work, deadline: Deadline, reader: str, why: str, day: date) -> Nudge | None:
    """Note that somebody is reminded that day; None when that has been noted before."""
    if work.session.exec(_reminded(deadline, reader, day)).first():
        return None
    nudge = Nudge(deadline_id=deadline.id, step=deadline.step, person_id=reader, why=why, day=day, at=work.now)
    work.session.add(nudge)
    work.session.flush()
    told.forget(work)
    return nudge


def _reminded(deadline: Deadline, reader: str, day: date) -> SelectOfScalar[Nudge]:
    return select(Nudge).where(Nudge.deadline_id == deadline.id, Nudge.person_id == reader, Nudge.day == day)


def _digest_key(work: Work, person_id: str, day: date) -> str:
    return post.key_of(work, "digest", person_id, day.isoformat())


def _write_digest(work: Work, person_id: str, day: date, at: datetime) -> None:
    at = max(at, work.now + GATHERING)
    key = _digest_key(work, person_id, day)
    post.living_to_person(work, person_id, f"digest:{person_id}:{day.isoformat()}", key=key, at=at)


def _has_gone(work: Work, person_id: str, day: date) -> bool:
    """Whether the digest of that day has been taken up already: there is one a day."""
    state = post.state_of(work, _digest_key(work, person_id, day))
    return state not in {None, "due"}


def _carry_over(work: Work, person_id: str, day: date, today: date, at: datetime) -> None:
    """A digest whose day has passed before it could be sent: what it was to say is said with the next one."""
    if _has_gone(work, person_id, today):
        today, at = _next_hours(work, person_id, after=today)
    for nudge in work.session.exec(select(Nudge).where(Nudge.person_id == person_id, Nudge.day == day)).all():
        deadline = work.session.get(Deadline, nudge.deadline_id)
        if deadline and _is_alone(work, deadline):
            continue  # its own message tells of it
        if deadline:
            nudge_again = noted(work, deadline, person_id, nudge.why, today)
            if nudge_again:
                nudge_again.step = nudge.step
        work.session.delete(nudge)
    told.forget(work)
    if person_id == LEADS:
        post.living_once(work, LEADS_CHANNEL, f"digest:{LEADS}:{today.isoformat()}", at)
    else:
        _write_digest(work, person_id, today, at)
    before, now = (f"digest:{person_id}:{of.isoformat()}" for of in (day, today))
    post.take_the_place(work, now, [before], put_off=True)


def _others_are_due(work: Work) -> bool:
    if "others are due" not in work.memo:
        work.memo["others are due"] = work.session.exec(_DUE, params={"now": work.now}).first() is not None
    found: bool = work.memo["others are due"]
    return found


_DUE = select(Deadline.id).where(col(Deadline.state).in_(RUNNING), col(Deadline.next_at) <= bindparam("now")).limit(1)
