"""What people are reminded of, by the day: read once, for one reader or for many whose digests go out together."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Deadline, Nudge

Told = tuple[Deadline, Nudge]
"""A duty, and that somebody is reminded of it on a day."""
_MEMO = "told"


def told(work: Work, reader: str, day: date) -> list[Told]:
    """What this reader is reminded of on that day, the first due first."""
    return [(deadline, nudge) for deadline, nudge in _from(work, reader, day) if nudge.day == day]


def told_later(work: Work, reader: str, day: date) -> list[Told]:
    """What this reader is reminded of after that day, the next day first."""
    later = [(deadline, nudge) for deadline, nudge in _from(work, reader, day) if nudge.day > day]
    return sorted(later, key=lambda found: found[1].day)


def read_ahead(work: Work, readers: Collection[tuple[str, date]]) -> None:
    """Read for many readers what they are reminded of from a day on."""
    if not readers:
        return
    since, ids = min(day for _, day in readers), {reader for reader, _ in readers}
    found: dict[str, list[Told]] = {reader: [] for reader in ids}
    rows: Iterable[Any] = work.session.exec(_FROM, params={"readers": list(ids), "since": since})
    for deadline, nudge in rows:
        found[nudge.person_id].append((deadline, nudge))
    work.memo[_MEMO] = _known(work) | {reader: (since, theirs) for reader, theirs in found.items()}


def forget(work: Work) -> None:
    """Somebody is reminded of something else than was read."""
    work.memo.pop(_MEMO, None)


def _from(work: Work, reader: str, day: date) -> list[Told]:
    since, theirs = _known(work).get(reader, (date.max, []))
    if since <= day:
        return theirs
    read_ahead(work, [(reader, day)])
    return _known(work)[reader][1]


def _known(work: Work) -> dict[str, tuple[date, list[Told]]]:
    known: dict[str, tuple[date, list[Told]]] = work.memo.get(_MEMO, {})
    return known


_READERS: Any = bindparam("readers", expanding=True)
_FROM: Any = (
    select(Deadline, Nudge)
    .join(Nudge, col(Nudge.deadline_id) == Deadline.id)
    .where(col(Nudge.person_id).in_(_READERS), col(Nudge.day) >= bindparam("since"))
    .order_by(col(Deadline.due_at), col(Deadline.rule))
)
