"""What people are reminded of, who was reminded of a duty and whose it is: read once, for one or for many together."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Deadline, Nudge

Told = tuple[Deadline, Nudge]
"""A duty, and that somebody is reminded of it on a day."""
_MEMO, _OF, _OWING = "told", "told of", "owing"


def told(work: Work, reader: str, day: date) -> list[Told]:
    """What this reader is reminded of on that day, the first due first."""
    return [(deadline, nudge) for deadline, nudge in _from(work, reader, day) if nudge.day == day]


def told_later(work: Work, reader: str, day: date) -> list[Told]:
    """What this reader is reminded of after that day, the next day first."""
    later = [(deadline, nudge) for deadline, nudge in _from(work, reader, day) if nudge.day > day]
    return sorted(later, key=lambda found: found[1].day)


def told_of(work: Work, deadline_id: str) -> frozenset[str]:
    """Everybody who has been reminded of a duty, on whatever day."""
    known: dict[str, frozenset[str]] = work.memo.get(_OF, {})
    return known[deadline_id] if deadline_id in known else _told_of(work, [deadline_id])[deadline_id]


def owing(work: Work, deadline: Deadline) -> Sequence[str]:
    """The ids of those whose duty it is today."""
    known: dict[str, Sequence[str]] = work.memo.get(_OWING, {})
    return known[deadline.id] if deadline.id in known else _owing(work, deadline)


def read_ahead(work: Work, readers: Collection[tuple[str, date]]) -> list[Deadline]:
    """Read for many readers what they are reminded of from a day on, and return all of it."""
    since, ids = min(day for _, day in readers), {reader for reader, _ in readers}
    found: dict[str, list[Told]] = {reader: [] for reader in ids}
    rows: Iterable[Any] = work.session.exec(_FROM, params={"readers": list(ids), "since": since})
    for deadline, nudge in rows:
        found[nudge.person_id].append((deadline, nudge))
    work.memo[_MEMO] = _known(work) | {reader: (since, theirs) for reader, theirs in found.items()}
    return [deadline for theirs in found.values() for deadline, _ in theirs]


def read_ahead_of(work: Work, deadlines: Iterable[Deadline]) -> None:
    """Read of many duties who has been reminded of them, and whose they are: until the work is done they stay so."""
    found = {deadline.id: deadline for deadline in deadlines}
    work.memo[_OF] = _told_of(work, found)
    work.memo[_OWING] = {which: _owing(work, deadline) for which, deadline in found.items()}


def forget(work: Work) -> None:
    """Somebody is reminded of something else than was read."""
    work.memo.pop(_MEMO, None)
    work.memo.pop(_OF, None)
    work.memo.pop(_OWING, None)


def _owing(work: Work, deadline: Deadline) -> Sequence[str]:
    return [someone.id for someone in owners(work, deadline)]


def _from(work: Work, reader: str, day: date) -> list[Told]:
    since, theirs = _known(work).get(reader, (date.max, []))
    if since <= day:
        return theirs
    read_ahead(work, [(reader, day)])
    return _known(work)[reader][1]


def _told_of(work: Work, deadline_ids: Collection[str]) -> dict[str, frozenset[str]]:
    work.session.flush()
    found: dict[str, set[str]] = {deadline_id: set() for deadline_id in deadline_ids}
    for deadline_id, who in work.session.connection().execute(_OF_DUTIES, {"ids": list(found)}):
        found[deadline_id].add(who)
    return {deadline_id: frozenset(told) for deadline_id, told in found.items()}


def _known(work: Work) -> dict[str, tuple[date, list[Told]]]:
    known: dict[str, tuple[date, list[Told]]] = work.memo.get(_MEMO, {})
    return known


_IDS: Any = bindparam("ids", expanding=True)
_OF_DUTIES = select(Nudge.deadline_id, Nudge.person_id).where(col(Nudge.deadline_id).in_(_IDS))
_READERS: Any = bindparam("readers", expanding=True)
_FROM: Any = (
    select(Deadline, Nudge)
    .join(Nudge, col(Nudge.deadline_id) == Deadline.id)
    .where(col(Nudge.person_id).in_(_READERS), col(Nudge.day) >= bindparam("since"))
    .order_by(col(Deadline.due_at), col(Deadline.rule))
)
