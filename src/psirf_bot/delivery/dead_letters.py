"""Messages that are stuck, as whoever runs the bot sees and settles them: never a word of what they say."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from psirf_bot.casework.work import Work
from psirf_bot.delivery.auditor import is_late, is_put_off
from psirf_bot.store.tables import Outbox

BY = "command line"


@dataclass(frozen=True, slots=True)
class Stuck:
    """One message that did not simply arrive."""

    id: int
    state: str
    platform: str
    kind: str
    since: datetime
    tries: int
    error: str

    def __str__(self) -> str:
        since = f"{self.since:%Y-%m-%d %H:%M} UTC"
        return (
            f"{self.id}  {self.state:9}  {self.platform:5}  {self.kind:9}  since {since}  tries {self.tries}"
            f"  {self.error}".rstrip()
        )


def stuck(work: Work) -> list[Stuck]:
    """What could not be delivered, is in doubt, or has been waiting for long; the oldest first."""
    odd = col(Outbox.state).in_(("dead", "uncertain")) | is_late(work.now) | is_put_off(work.now)
    rows = work.session.exec(select(Outbox).where(odd).order_by(col(Outbox.id)))
    return [
        Stuck(row.id or 0, row.state, row.platform, _kind(row), _since(row, work.now), row.attempts, row.error or "")
        for row in rows
    ]


def retry(work: Work, ids: Collection[int] = ()) -> list[int]:
    """Put these back to be sent, or without `ids` all whose matter nobody else has taken up. Returns which."""
    rows = [row for row in _dead(work, ids) if ids or row.about is None]
    for row in rows:
        row.state, row.due_at, row.attempts, row.error = "due", work.now, 0, None
        work.session.add(row)
        work.record(BY, "message put back to be sent", message=row.id)
    return [row.id or 0 for row in rows]


def let_go(work: Work, ids: Collection[int]) -> list[int]:
    """Take note that these will never be delivered: they are no longer counted, and what they say is taken out."""
    rows = _dead(work, ids) if ids else []
    for row in rows:
        work.record(BY, "undelivered message let go", message=row.id)
        row.state, row.card = "let go", None
        work.session.add(row)
    return [row.id or 0 for row in rows]


def _dead(work: Work, ids: Collection[int]) -> list[Outbox]:
    dead = select(Outbox).where(Outbox.state == "dead").order_by(col(Outbox.id)).with_for_update()
    return list(work.session.exec(dead.where(col(Outbox.id).in_(ids)) if ids else dead))


def _since(row: Outbox, now: datetime) -> datetime:
    """Since when it waits: one that is put off is only due in the future."""
    return row.first_tried_at or (row.due_at if row.due_at <= now else row.created_at)


def _kind(row: Outbox) -> str:
    """What sort of message it is, without saying which matter it is about."""
    return (row.about or row.subject or "message").partition(":")[0]
