"""After a restore: what may have been sent, and which references given out, since the backup was made.

Run once, while nothing serves, before the first start. It cannot bring back what people did in the lost time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from psirf_bot.casework import reminders
from psirf_bot.casework.work import Work
from psirf_bot.delivery.tick import CHORES
from psirf_bot.store.tables import AuditEntry, Counter, Outbox, Posted, Remembered

BY = "an administrator on the server"
GAP = 100
"""Numbers left out of each series, in case they were given out in the lost time."""
AT_ONCE = 100
SOON = timedelta(minutes=1)
"""What is due so soon may have gone on its proper day already: a digest waits for a few seconds to be complete."""


class Unfit(Exception):
    """This is no database to be taken up after a restore; says why."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done. `since`: nothing that happened later is in the database."""

    since: datetime
    in_doubt: int
    """Messages that were waiting when the backup was made."""
    written_again: int
    """Messages that fell due in the lost time, or would go now, and may have gone."""
    next_reference: str


def take_up(work: Work, gap: int = GAP) -> Restored:
    """Mark what may have been sent since the backup, and go on after the references that may have been given out.

    Raises Unfit. In Slack each message is looked for before it is sent; on Teams it says that it may repeat.
    """
    since = _newest(work)
    if since is None or since > work.now:
        why = "There is nothing in it yet" if since is None else f"Its newest entry is of {since:%Y-%m-%d %H:%M} UTC"
        raise Unfit(f"{why}. Check PSIRF_DATABASE_URL, and the clock of this machine.")
    waiting = _waiting(work)
    for row in waiting:
        _carry_over(work, row)
    for chore in CHORES:
        while chore(work, AT_ONCE):
            pass
    # Marked only now: a digest that is in doubt counts as gone, and would be told nothing more.
    in_doubt = [row for row in waiting if row.state != "sent" and _doubt(work, row, since)]
    again = [row for row in work.outgoing if row not in waiting and not _is_edit(work, row)]
    for row in again:
        row.may_repeat = True  # written anew, it may have another key than the one that was sent
        if row.due_at <= work.now + SOON:
            _doubt(work, row, since)
    following = _leave_out(work, gap)
    work.record(BY, f"restored from a backup; the next case is {following}", since=since.isoformat(), gap=gap)
    return Restored(since, len(in_doubt), len(again), following)


def _newest(work: Work) -> datetime | None:
    """When the last was written that the database knows of: the backup was made then, or later.

    Not the latest time that stands in it: that may be of a day on which the clock was ahead.
    """
    last = ((AuditEntry.at, AuditEntry.id), (Outbox.created_at, Outbox.id))
    found = [work.session.exec(select(at).order_by(col(number).desc()).limit(1)).first() for at, number in last]
    return max((at for at in found if at), default=None)


def _waiting(work: Work) -> list[Outbox]:
    """Messages that were to go, or were on their way, and whose moment has come since."""
    there = col(Outbox.state).in_(("due", "sending")), col(Outbox.due_at) <= work.now
    return list(work.session.exec(select(Outbox).where(*there).order_by(col(Outbox.id))))


def _carry_over(work: Work, row: Outbox) -> None:
    """What the digest of a day that has passed was to say is said with today's: then that one is in doubt too."""
    kind, _, which = (row.subject or "").partition(":")
    if kind != "digest" or _is_edit(work, row) or which.rpartition(":")[2] >= work.local.date().isoformat():
        return
    if reminders.is_carried_over(work, kind, which):
        row.state = "sent"
        work.session.add(row)


def _doubt(work: Work, row: Outbox, since: datetime) -> bool:
    """It may have gone after the backup: look for it first. An edit does no harm when it is repeated."""
    row.token, row.lease_until, row.settled_at = row.token + 1, None, None
    if _is_edit(work, row):
        row.state = "due"
    else:
        row.state, row.first_tried_at = "uncertain", row.first_tried_at or since
    work.session.add(row)
    return row.state == "uncertain"


def _is_edit(work: Work, row: Outbox) -> bool:
    if row.message or "home" in row.address:
        return True
    return row.subject is not None and work.session.get(Posted, (row.subject, row.lane)) is not None


def _leave_out(work: Work, gap: int) -> str:
    """Go on later in this year's series; returns the reference of the next case."""
    year = work.local.year
    cases = work.session.get(Counter, year, with_for_update=True) or Counter(year=year, last=0)
    cases.last += gap
    name = f"safety actions of {year}"
    actions = work.session.get(Remembered, name, with_for_update=True) or Remembered(name=name, value="0")
    actions.value = str(int(actions.value) + gap)
    work.session.add_all([cases, actions])
    work.session.flush()
    return f"PSI-{year}-{cases.last + 1:04d}"
