"""How somebody is reminded: in one digest a working day, or in a message of its own, in their working hours.

Both are living cards. When one is sent it is looked at again: whether it is still relevant and still theirs, and
whether the moment is still right, for a courier that was held up may come to it at night.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from psirf_bot.cards.model import Card
from psirf_bot.casework import digest, people, post, support
from psirf_bot.casework.deadlines import RUNNING, subject_of
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.working_time import ORDINARY
from psirf_bot.store.tables import Deadline, Nudge, Posted

LEADS = "leads"
"""The reader that is the channel of the leads."""
GATHERING = timedelta(seconds=5)
"""How long a digest waits for the other duties of its morning; longer while some have still to be looked at."""
LEADS_CHANNEL: post.Purpose = "leads"


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
    nudge = _noted(work, deadline, person_id, why, day)
    if nudge is None:
        return
    if alone:
        subject = subject_of(work, deadline, nudge)
        about = f"support:{deadline.subject_id}:{person_id}" if deadline.subject_kind == "check" else None
        post.living_to_person(work, person_id, subject, key=post.key_of(work, subject), at=at, about=about)
    else:
        _write_digest(work, person_id, day, at)


def remind_tomorrow(work: Work, deadline: Deadline, person_id: str, why: str) -> date:
    """Remind somebody with the digest of their next working day, and say which that is."""
    day, at = _next_hours(work, person_id, after=work.local.date())
    if _noted(work, deadline, person_id, why, day) is None:
        for nudge in work.session.exec(_reminded(deadline, person_id, day)):
            nudge.why = why
            work.session.add(nudge)
    _write_digest(work, person_id, day, at)
    return day


def _is_alone(work: Work, deadline: Deadline) -> bool:
    rule = work.setting.rules.get(deadline.rule)
    return rule is not None and rule.alone


def tell_leads(work: Work, deadline: Deadline) -> None:
    """What has become late is on the day's card in the channel of the leads."""
    day, at = _next_hours(work, LEADS)
    if _noted(work, deadline, LEADS, "late", day):
        subject = f"digest:{LEADS}:{day.isoformat()}"
        if not post.living_once(work, LEADS_CHANNEL, subject, at):
            return
        post.refresh(work, subject)


def render(work: Work, which: str, *, kind: str) -> Card | None:
    """The card of a reminder as it is to be sent or edited now; None where there is nothing to say. Raises NotYet."""
    reader, _, day = which.rpartition(":")
    person_id = reader if kind == "digest" else reader.partition(":")[2]
    if not _is_posted(work, f"{kind}:{which}"):
        today, at = _next_hours(work, person_id)
        if today.isoformat() < day:  # a clock that has been put back
            raise NotYet(work.setting.calendar_beyond.utc(datetime.fromisoformat(day)))
        if kind == "digest" and today.isoformat() != day:
            _carry_over(work, person_id, date.fromisoformat(day), today, at)
            return None
        if at > work.now:
            raise NotYet(at)
        if kind == "digest" and _others_are_due(work):
            raise NotYet(work.now + 3 * GATHERING)
    return RENDERERS[kind](work, which)


def _next_hours(work: Work, person_id: str, after: date | None = None) -> tuple[date, datetime]:
    """The next day and moment in which somebody may be reminded, from now or after a day."""
    calendar = work.setting.calendar_beyond
    pattern = ORDINARY if person_id == LEADS else pattern_of(work, person_id)
    if after is None:
        at = calendar.working_moment(work.now, pattern)
    else:
        at = calendar.next_morning(calendar.digest_day(after + timedelta(days=1), pattern), pattern)
    return calendar.local(at).date(), at


def _noted(work: Work, deadline: Deadline, reader: str, why: str, day: date) -> Nudge | None:
    """Note that somebody is reminded that day; None when that has been noted before."""
    if work.session.exec(_reminded(deadline, reader, day)).first():
        return None
    nudge = Nudge(deadline_id=deadline.id, step=deadline.step, person_id=reader, why=why, day=day, at=work.now)
    work.session.add(nudge)
    work.session.flush()
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
            nudge_again = _noted(work, deadline, person_id, nudge.why, today)
            if nudge_again:
                nudge_again.step = nudge.step
        work.session.delete(nudge)
    if person_id == LEADS:
        post.living_once(work, LEADS_CHANNEL, f"digest:{LEADS}:{today.isoformat()}", at)
    else:
        _write_digest(work, person_id, today, at)


def _others_are_due(work: Work) -> bool:
    due = select(Deadline.id).where(col(Deadline.state).in_(RUNNING), col(Deadline.next_at) <= work.now)
    return work.session.exec(due.limit(1)).first() is not None


def _is_posted(work: Work, subject: str) -> bool:
    return work.session.exec(select(Posted.lane).where(Posted.subject == subject)).first() is not None


def _own(work: Work, which: str) -> Card | None:
    """A message of its own, for one person about one duty."""
    deadline_id, person_id, day = which.split(":")
    deadline = work.session.get(Deadline, deadline_id)
    reminded = select(Nudge).where(
        Nudge.deadline_id == deadline_id, Nudge.person_id == person_id, Nudge.day == date.fromisoformat(day)
    )
    nudge = work.session.exec(reminded).first()
    newer = select(Nudge.id).where(
        Nudge.deadline_id == deadline_id, Nudge.person_id == person_id, Nudge.day > date.fromisoformat(day)
    )
    if not _is_posted(work, f"nudge:{which}") and work.session.exec(newer).first():
        return None  # held up until the next one came: one of them is enough
    someone = people.person(work, person_id)
    if deadline is None or nudge is None or someone is None or not someone.active:
        return None
    return support.render_nudge(work, deadline, person_id, nudge.step)


RENDERERS: dict[str, Callable[[Work, str], Card | None]] = {"digest": digest.render, "nudge": _own}
