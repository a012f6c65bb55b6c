"""The auditor: has every nudge gone that should have gone? Whoever asks gets "all sent" only when all is well."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from psirf_bot.casework.post import PUT_OFF
from psirf_bot.store.tables import Deadline, Outbox, PlatformHold

LATE = timedelta(minutes=10)
IN_DOUBT_TOO_LONG = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(minutes=5)
"""Between two tries of a message, where the platform did not ask for more."""
PUT_OFF_TOO_LONG = timedelta(days=7)
MOST = 1000
"""Counted no further: that many are as alarming as any number, and the answer has to come at once."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """What should have gone and has not, in counts of at most `MOST`."""

    late: int
    """Messages due for longer than `LATE`, where the platform has not asked us to wait."""
    in_doubt: int
    """Messages that may have arrived, for longer than `IN_DOUBT_TOO_LONG`."""
    dead: int
    """Messages that could not be delivered."""
    put_off: int
    """Messages that found no moment in which they may go, for longer than `PUT_OFF_TOO_LONG`."""
    late_deadlines: int
    """Open deadlines whose next nudge has not even been written, for longer than `LATE`."""

    @property
    def said(self) -> str | dict[str, int]:
        """For the health page: "all sent", or what is not well."""
        return {name: count for name, count in asdict(self).items() if count} or "all sent"


def find_unsent(session: Session, now: datetime, real: datetime) -> Unsent:
    """Look through everything that should have gone by `now`. A platform's wish to wait goes by the `real` time."""
    held = exists().where(col(PlatformHold.platform) == Outbox.platform, col(PlatformHold.until) > real)
    in_doubt = col(Outbox.state) == "uncertain", col(Outbox.first_tried_at) < now - IN_DOUBT_TOO_LONG
    overdue = col(Deadline.state) == "open", col(Deadline.next_at) < now - LATE
    return Unsent(
        late=_count(session, select(Outbox.id).where(is_late(now), ~held)),
        in_doubt=_count(session, select(Outbox.id).where(*in_doubt)),
        dead=_count(session, select(Outbox.id).where(Outbox.state == "dead")),
        put_off=_count(session, select(Outbox.id).where(is_put_off(now))),
        late_deadlines=_count(session, select(Deadline.id).where(*overdue)),
    )


def is_late(now: datetime) -> ColumnElement[bool]:
    """A message that has been due for too long, whether it was tried in vain or never."""
    # A refused one is due again at its next try: that it has been waiting shows in its first.
    waiting = (col(Outbox.due_at) < now - LATE) | (col(Outbox.first_tried_at) < now - LATE)
    soon = col(Outbox.due_at) <= now + LONGEST_PAUSE
    return col(Outbox.state).in_(("due", "sending")) & soon & waiting


def is_put_off(now: datetime) -> ColumnElement[bool]:
    """A message that is put off again and again: it is still due in the future, and was written long ago."""
    waits = col(Outbox.state) == "due", col(Outbox.error) == PUT_OFF, col(Outbox.due_at) > now + LONGEST_PAUSE
    return and_(*waits, col(Outbox.created_at) < now - PUT_OFF_TOO_LONG)


def oldest_due(session: Session, now: datetime) -> float:
    """For how many seconds the message that has been due for longest has been waiting for its next try."""
    first = session.exec(select(func.min(Outbox.due_at)).where(Outbox.state == "due")).one()
    return max(0.0, (now - first).total_seconds()) if first else 0.0


def _count(session: Session, which: SelectOfScalar[Any]) -> int:
    count: int = session.execute(select(func.count()).select_from(which.limit(MOST).subquery())).scalar_one()
    return count
