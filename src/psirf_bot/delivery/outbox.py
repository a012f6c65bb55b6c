"""The queue of messages in the application's own table: what to send next, and what became of it.

due -> sending -> sent | due again (refused) | uncertain -> read back -> sent | due again -> dead (visible)

Any number of processes may share it. Whoever changes a row holds its lock and knows its token, so that one that was
stopped for too long finds that its message is no longer its own.
"""

import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from psirf_bot.cards.fair import not_shown
from psirf_bot.casework import answering, undelivered
from psirf_bot.casework.errand import LEASE, Errand
from psirf_bot.casework.work import Setting, Work
from psirf_bot.delivery.arrivals import Arrival, note_arrivals
from psirf_bot.delivery.claim import AT_ONCE_OR_NEVER, Claim
from psirf_bot.delivery.next_in_line import next_in_line
from psirf_bot.delivery.platform import Refused, Uncertain
from psirf_bot.store.tables import Outbox, PlatformHold, Posted

log = logging.getLogger(__name__)

SEND_WITHIN = timedelta(seconds=30)
"""From taking a message until its platform has answered: well within the lease, so nobody else may hold it."""
MOST_TRIES = 30
LOOK_FOR = timedelta(minutes=15)
"""How long a message that may have arrived is looked for, where somebody is to hear if it did not."""
LOOK_FOR_LOST_EVERY = timedelta(seconds=1)
"""Where one process alone has the queue, a lease seldom runs out, and a look at all of them costs as much as a
claim."""
CLAIMING = 0x70736972666F78
"""The lock under which the replicas on PostgreSQL claim one after another: any number that nothing else there locks."""
Settles = Callable[[str], timedelta]
"""How long an uncertain message of a platform may still turn up before it is looked for."""


class OutboxQueue:
    """Works on the outbox within a given session.

    `now` is the time of the work. Leases go by `real`, but on PostgreSQL by its own clock, which all replicas share.
    """

    def __init__(self, setting: Setting, now: Callable[[], datetime], real: Callable[[], datetime]) -> None:
        self._setting, self._now, self._real = setting, now, real
        self._recovered_at = datetime.min.replace(tzinfo=UTC)

    def recover(self, session: Session, settles: Settles, *, all_of_them: bool) -> None:
        """What was being sent when its sender died may have arrived, or may do so until it has settled."""
        real = self._time_of_leases(session)
        lost = select(Outbox).where(Outbox.state == "sending")
        if not all_of_them:
            lost = lost.where(col(Outbox.lease_until) < real)
        for row in session.exec(lost.with_for_update(skip_locked=True)):
            taken_at = (row.lease_until or real) - LEASE
            harmless = self._may_be_repeated(session, row)
            row.state = "due" if harmless else "uncertain"
            row.settled_at = taken_at + SEND_WITHIN + settles(row.platform)  # it may have been sent as late as that
            row.due_at = self._now() + (timedelta() if harmless else max(row.settled_at - real, timedelta()))
            session.add(row)

    def claim(self, session: Session, most: int, settles: Settles) -> list[Errand]:
        """Take the first message of each conversation that is waiting to be sent, where it is due: urgent ones first.

        One that may have arrived holds up nothing but a newer rendering of the same living card, and one that is
        meant for later holds up nothing.
        """
        _wait_for_turn(session)
        real = self._time_of_leases(session)
        if _is_shared(session) or abs(real - self._recovered_at) >= LOOK_FOR_LOST_EVERY:
            self.recover(session, settles, all_of_them=False)
            self._recovered_at = real
        while found := next_in_line(session, now=self._now(), real=real, most=most):
            claim = Claim(session, self._setting, self._now(), real)
            if errands := claim.errands(found):  # none: they were put off or let go, so look further
                return errands
        return []

    def arrived(self, session: Session, arrivals: Collection[Arrival]) -> None:
        """These have been posted."""
        for about in note_arrivals(session, arrivals):
            undelivered.arrived(Work(session, self._now(), self._setting), about)

    def refused(self, session: Session, errand: Errand, refused: Refused) -> None:
        """Not taken, for certain: try again later, or, when that cannot help, say so where people look."""
        row = self._mine(session, errand)
        if row is None:
            return
        why, final, waits = refused.why, refused.final, _waits(row, refused)
        row.error = why
        if refused.shut_out and undelivered.shut_out(Work(session, self._now(), self._setting), row):
            self._forget(session, row)
            row.state, row.card = "sent", None  # somewhere else
        elif row.about in AT_ONCE_OR_NEVER:
            self._put_aside(session, row, refused.retry_after)
        elif errand.message and final and not refused.shut_out:
            # The message to edit is gone or frozen: the news still has to get there.
            self._forget(session, row)
            row.state, row.due_at = "due", self._now()
            _seal(row)
        elif final or (_used_up(row) and not waits):
            log.error(
                "message %s for %s cannot be delivered after %d tries: %s", row.id, row.platform, row.attempts, why
            )
            self._give_up(session, row)
        else:
            row.state, row.due_at = "due", self._later(row.attempts, refused.retry_after)
            if refused.retry_after is not None:
                row.attempts -= 1  # the platform is busy: that says nothing against this message
                self._hold(session, row.platform, refused.retry_after)
            _seal(row)
        session.add(row)

    def uncertain(self, session: Session, errand: Errand, why: str, settle: timedelta) -> None:
        """It may have arrived. An edit can simply be repeated; a new message is looked for once things have settled."""
        row = self._mine(session, errand)
        if row is None:
            return
        row.error = why
        log.warning("message %s for %s may or may not have arrived: %s", row.id, row.platform, why)
        harmless = bool(errand.message) or self._may_be_repeated(session, row)
        if row.about in AT_ONCE_OR_NEVER:
            self._put_aside(session, row)
        elif _used_up(row):
            row.may_repeat = row.may_repeat or not harmless  # said if somebody has it sent again
            self._give_up(session, row)
        elif harmless:
            row.state, row.due_at = "due", self._later(row.attempts, None)
            _seal(row)
        else:
            _seal(row)
            # Where nobody can look, it is repeated at once; then less and less often, as the platform is in trouble.
            goes_on = not settle and row.attempts > 1
            row.due_at = self._later(row.attempts, None) if goes_on else self._now() + settle
            row.state = "uncertain"
            row.settled_at = self._time_of_leases(session) + settle
        session.add(row)

    def _may_be_repeated(self, session: Session, row: Outbox) -> bool:
        """An edit, or a page that takes the place of the one before: sent twice, it is still there once."""
        if row.message or "home" in row.address:
            return True
        return row.subject is not None and session.get(Posted, (row.subject, row.lane)) is not None

    def cannot_look(self, session: Session, errand: Errand, why: Refused | Uncertain) -> None:
        """It cannot be looked for just now: look again, for as long as the auditor takes to raise it and longer.

        What somebody else would have to look after is not left in doubt: after `LOOK_FOR` it is sent, with a word
        that it may repeat.
        """
        row = self._mine(session, errand)
        if row is None:
            return
        looking = self._time_of_leases(session) - (row.first_tried_at or row.created_at)
        waits, retry_after = (_waits(row, why), why.retry_after) if isinstance(why, Refused) else (False, None)
        if (row.about and looking > LOOK_FOR) or (_used_up(row) and not waits):
            self.not_there(session, errand, certain=False)
            return
        row.error, row.state, row.due_at = str(why), "uncertain", self._later(row.attempts, retry_after)
        if retry_after is not None:
            row.attempts -= 1
            self._hold(session, row.platform, retry_after)
        session.add(row)

    def not_there(self, session: Session, errand: Errand, *, certain: bool) -> None:
        """Read back and not found, or impossible to read back: send it again, and if it may repeat, say so."""
        row = self._mine(session, errand)
        if row is None:
            return
        row.state, row.due_at, row.may_repeat = "due", self._now(), row.may_repeat or not certain
        if _used_up(row):
            self._give_up(session, row)
        session.add(row)

    def _put_aside(self, session: Session, row: Outbox, retry_after: float | None = None) -> None:
        """It is not tried again, and its words are kept no longer."""
        row.state, row.card = "sent", None
        if retry_after is not None:
            self._hold(session, row.platform, retry_after)

    def _give_up(self, session: Session, row: Outbox) -> None:
        """It stays where people look, and somebody else looks after what it was about."""
        # A page is published anew when it is opened, and what only repeats something is not missed.
        forgotten = row.about in {*AT_ONCE_OR_NEVER, answering.SEALED}
        row.state = "sent" if "home" in row.address or forgotten else "dead"
        row.card = None if forgotten else row.card
        if row.subject and row.state == "dead":  # it would show the newest: what it stands for need not stay as well
            same = Outbox.subject == row.subject, Outbox.lane == row.lane, col(Outbox.about).is_(None)
            for older in session.exec(select(Outbox).where(Outbox.state == "dead", Outbox.id != row.id, *same)):
                older.state = "sent"
        if row.about:
            undelivered.take_up(Work(session, self._now(), self._setting), row.about)

    def _mine(self, session: Session, errand: Errand) -> Outbox | None:
        """The row, locked until the commit; None when its lease ran out and somebody else has seen to it."""
        held = select(Outbox).where(Outbox.id == errand.id, Outbox.token == errand.token, Outbox.state == "sending")
        return session.exec(held.with_for_update()).first()

    def _forget(self, session: Session, row: Outbox) -> None:
        row.message = None
        posted = session.get(Posted, (row.subject, row.lane)) if row.subject else None
        if posted:
            session.delete(posted)

    def _time_of_leases(self, session: Session) -> datetime:
        if _is_shared(session):
            clock: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
            return clock
        return self._real()

    def _hold(self, session: Session, platform: str, retry_after: float) -> None:
        """The platform asked us to wait: until then only what is urgent, or just asked for, is tried there."""
        until = self._time_of_leases(session) + timedelta(seconds=max(retry_after, 1.0))
        hold = session.get(PlatformHold, platform, with_for_update=True) or PlatformHold(platform=platform, until=until)
        hold.until = max(hold.until, until)
        session.add(hold)

    def _later(self, attempts: int, retry_after: float | None) -> datetime:
        seconds = max(retry_after, 1.0) if retry_after is not None else min(2.0 ** min(attempts, 9), 300)
        return self._now() + timedelta(seconds=seconds)


def _used_up(row: Outbox) -> bool:
    return row.attempts >= MOST_TRIES


def _waits(row: Outbox, refused: Refused) -> bool:
    """Whether it waits for as long as it takes: the platform has asked for it, or an administrator has to mend it.

    What somebody else would have to look after does not wait for an administrator while other messages go.
    """
    return refused.retry_after is not None or (refused.ours and not row.about)


def _seal(row: Outbox) -> None:
    """Take out words that are to be kept nowhere: if anything is sent later, it says that they were not shown."""
    if row.about == answering.SEALED:
        row.card, row.message, row.about = not_shown().model_dump(mode="json"), None, None


_IN_TURN = select(
    func.pg_advisory_xact_lock(CLAIMING),
    *(func.set_config(option, "off", True) for option in ("enable_bitmapscan", "enable_sort")),
)


def _wait_for_turn(session: Session) -> None:
    """Two that claim at once would each see a conversation as free. SQLite has one writer; elsewhere a lock holds.

    What PostgreSQL's planner knows of a queue is out of date before it has been written down: without a hint it reads
    all of a long one at each claim, and sorts it. So it is to go along the index until it has enough.
    """
    if _is_shared(session):
        session.execute(_IN_TURN)


def _is_shared(session: Session) -> bool:
    """Whether other processes may work on the queue too."""
    return session.get_bind().dialect.name == "postgresql"
