"""What messages say: rendered as things stand when they are taken to be sent, with what they share read only once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from psirf_bot.cards.model import Card, Words
from psirf_bot.casework import living, post
from psirf_bot.casework.work import Setting, Work
from psirf_bot.delivery.next_in_line import Waiting


class Contents:
    """What these messages say at this moment."""

    def __init__(self, session: Session, now: datetime, setting: Setting, messages: Iterable[Waiting]) -> None:
        self._work = Work(session, now, setting)
        living.read_ahead(self._work, [message.subject for message in messages if message.subject])

    def may_go(self, message: Waiting) -> bool:
        """Whether it says anything at this moment; to be asked of all before any is taken. Raises reminders.NotYet."""
        return message.subject is None or living.may_go(self._work, message.subject)

    def of(self, message: Waiting) -> tuple[Card | None, str | None]:
        """The card as it is to be shown now, and the message that it replaces, if any."""
        if message.subject is None:
            written = Card.model_validate(message.card)
            return (_labelled(written) if message.may_repeat else written), message.message
        posted = post.hanging(self._work, message.subject).get(message.lane)
        card = living.render(self._work, message.subject)
        # The label goes with the first edit of the card.
        return (_labelled(card) if card and message.may_repeat and posted is None else card), posted


def _labelled(card: Card) -> Card:
    note: Any = Words(text="This may repeat an earlier message.", style="subtle")
    return card.model_copy(update={"body": (note, *card.body)})
