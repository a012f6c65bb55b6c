"""Living cards: each is known by its subject, and rendered as things stand when it is sent."""

from collections.abc import Callable, Collection
from datetime import date

from sqlmodel import col, select

from psirf_bot.cards.model import Card
from psirf_bot.casework import (
    board,
    danger,
    digest,
    fair_circle,
    fair_reminders,
    home,
    panel_card,
    panel_opening,
    post,
    reminders,
    response_board,
    support,
)
from psirf_bot.casework.view import living_card
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Case, Deadline, Nudge


def render(work: Work, subject: str) -> Card | None:
    """The living card of a subject, None when there is nothing to show any more."""
    kind, _, which = subject.partition(":")
    return KINDS[kind](work, which) if kind in KINDS else None


def may_go(work: Work, subject: str) -> bool:
    """Look at the moment in which a card is about to be sent, for the first time or again; False when it says nothing.

    What is no longer its reader's to hear is passed on now, before anything that goes out with it is taken: there it
    can still stand. Raises reminders.NotYet.
    """
    kind, _, which = subject.partition(":")
    return kind not in MOMENTS or post.is_posted(work, subject) or MOMENTS[kind](work, which)


def read_ahead(work: Work, subjects: Collection[str]) -> None:
    """These are about to be rendered: read for all of them at once what each would read by itself."""
    if subjects:
        post.look_up_hanging(work, subjects)
    digest.read_ahead(work, [which for kind, _, which in (one.partition(":") for one in subjects) if kind == "digest"])


def _case(work: Work, case_id: str) -> Card | None:
    case = work.session.get(Case, case_id)
    return living_card(work, case) if case else None


def _moment_of_digest(work: Work, which: str) -> bool:
    if reminders.is_carried_over(work, "digest", which):
        return False
    person_id, _, day = which.rpartition(":")
    reminders.pass_on(work, person_id, date.fromisoformat(day))
    return True


def _moment_of_own_message(work: Work, which: str) -> bool:
    reminders.is_carried_over(work, "nudge", which)
    return True


def _moment_of_summary(work: Work, _: str) -> bool:
    reminders.wait_for_working_hours(work)
    return True


def _own_message(work: Work, which: str) -> Card | None:
    """A message of its own for one person about one duty, on one day."""
    deadline_id, person_id, day = which.split(":")
    theirs = select(Nudge).where(Nudge.deadline_id == deadline_id, Nudge.person_id == person_id)
    newest = work.session.exec(theirs.order_by(col(Nudge.day).desc())).all()
    nudge = next((nudge for nudge in newest if nudge.day.isoformat() == day), None)
    deadline = work.session.get(Deadline, deadline_id)
    if nudge is None or deadline is None:
        return None
    posted = post.is_posted(work, f"nudge:{which}")
    if not posted and nudge is not newest[0]:
        return None  # held up until the next one came: one of them is enough
    if deadline.subject_kind == fair_circle.KIND:
        return fair_reminders.render(work, deadline, nudge.person_id, posted=posted)
    return support.render_nudge(work, deadline, nudge, posted=posted)


KINDS: dict[str, Callable[[Work, str], Card | None]] = {
    "case": _case,
    "home": home.page,
    "page": danger.page,
    "danger": danger.alarm,
    "digest": digest.render,
    "nudge": _own_message,
    "summary": board.summary,
    "panel": panel_card.render,
    "agenda": panel_opening.agenda,
    "response": response_board.render,
}
MOMENTS: dict[str, Callable[[Work, str], bool]] = {
    "digest": _moment_of_digest,
    "nudge": _moment_of_own_message,
    "summary": _moment_of_summary,
}
"""What goes only at a good moment."""
