"""What is kept only for a while: answers to deliveries, messages that have arrived, and reports never sent."""

from datetime import timedelta

from sqlmodel import col, delete, select, update

from psirf_bot.casework import paging
from psirf_bot.casework.post import PUT_OFF
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Dialog, Inbox, Outbox, PlatformHold

KEEP_ANSWERS = timedelta(days=1)
"""Longer than any platform delivers again; the answers hold people's words."""
KEEP_SENT = timedelta(days=30)
"""Long enough to see what was sent when. Their words are taken out as soon as they have arrived."""
KEEP_DRAFTS = timedelta(days=30)
"""Since somebody last added to it. A report that was sent or cancelled has left its words behind at once."""
LONGEST_WAIT = timedelta(days=1)
"""Longer than any platform asks us to wait, and than any pause between two tries."""


def tidy(work: Work) -> None:
    """Delete what is older than that; the clock has to be right. Cases, reports and the audit are never touched."""
    session, now = work.session, work.now
    _after_a_clock_that_was_ahead(work)
    session.exec(delete(Inbox).where(col(Inbox.at) < now - KEEP_ANSWERS))
    settled = col(Outbox.state).in_(("sent", "let go"))
    session.exec(delete(Outbox).where(settled, col(Outbox.created_at) < now - KEEP_SENT))
    # The emptied row stays: buttons of its old cards then say that the form has ended.
    left = (col(Dialog.state) == "open", col(Dialog.updated_at) < now - KEEP_DRAFTS)
    in_danger = session.exec(select(Dialog.id).where(*left, col(Dialog.danger_told).is_not(None))).all()
    session.exec(update(Dialog).where(*left).values(state="cancelled", answers={}))
    for dialog_id in in_danger:  # the alarm and the pages show words of it too
        paging.show_again(work, dialog_id)


def _after_a_clock_that_was_ahead(work: Work) -> None:
    """What was tried then would wait for as long as it was ahead, and so would all that waits behind it."""
    far = work.now + LONGEST_WAIT
    work.session.exec(delete(PlatformHold).where(col(PlatformHold.until) > far))
    tried = col(Outbox.state).in_(("due", "uncertain")), col(Outbox.first_tried_at).is_not(None)
    stuck = *tried, col(Outbox.due_at) > far, col(Outbox.error).is_distinct_from(PUT_OFF)
    now = {"due_at": work.now, "settled_at": None, "first_tried_at": work.now - LONGEST_WAIT}
    work.session.exec(update(Outbox).where(*stuck).values(now))
