"""Living cards: each is known by its subject, and rendered as things stand when it is sent."""

from collections.abc import Callable
from functools import partial

from psirf_bot.cards.model import Card
from psirf_bot.casework import board, danger, home, reminders
from psirf_bot.casework.view import living_card
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Case


def render(work: Work, subject: str) -> Card | None:
    """The living card of a subject, None when there is nothing to show any more. Raises reminders.NotYet."""
    kind, _, which = subject.partition(":")
    return KINDS[kind](work, which) if kind in KINDS else None


def _case(work: Work, case_id: str) -> Card | None:
    case = work.session.get(Case, case_id)
    return living_card(work, case) if case else None


KINDS: dict[str, Callable[[Work, str], Card | None]] = {
    "case": _case,
    "home": home.page,
    "page": danger.page,
    "digest": partial(reminders.render, kind="digest"),
    "nudge": partial(reminders.render, kind="nudge"),
    "summary": board.summary,
}
