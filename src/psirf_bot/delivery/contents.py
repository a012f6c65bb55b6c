"""What messages say: rendered as things stand when they are taken to be sent, with what they share read only once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from psirf_bot.cards.model import Card, Words
from psirf_bot.casework import living, post
from psirf_bot.casework.work import Setting, Work
from psirf_bot.store.tables import Outbox


class Contents:
    """What these messages say at this moment."""

    def __init__(self, session: Session, now: datetime, setting: Setting, rows: Iterable[Outbox]) -> None:
        self._work = Work(session, now, setting)
        living.read_ahead(self._work, [row.subject for row in rows if row.subject])

    def of(self, row: Outbox) -> tuple[Card | None, str | None]:
        """The card as it is to be shown now, and the message that it replaces, if any. Raises reminders.NotYet."""
        if row.subject is None:
            written = Card.model_validate(row.card)
            return (_labelled(written) if row.may_repeat else written), row.message
        posted = post.hanging(self._work, row.subject).get(row.lane)
        card = living.render(self._work, row.subject)
        # The label goes with the first edit of the card.
        return (_labelled(card) if card and row.may_repeat and posted is None else card), posted


def _labelled(card: Card) -> Card:
    note: Any = Words(text="This may repeat an earlier message.", style="subtle")
    return card.model_copy(update={"body": (note, *card.body)})
