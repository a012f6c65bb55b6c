"""A claim: of the messages that were found, those that are to be sent now, taken and rendered."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from psirf_bot.cards.model import Card
from psirf_bot.casework import answering, reminders
from psirf_bot.casework.actions import written_together
from psirf_bot.casework.errand import Errand
from psirf_bot.casework.work import Setting
from psirf_bot.delivery.contents import Contents
from psirf_bot.delivery.next_in_line import Waiting
from psirf_bot.delivery.taking import let_go, put_off, take, without_its_words
from psirf_bot.store.database import taken_back_on, without_words

log = logging.getLogger(__name__)

LATE = timedelta(seconds=5)
"""After them it is too late for what is only of use at once."""
AT_ONCE_OR_NEVER = frozenset({answering.PASSING, answering.CARRIED})


class Claim:
    """`now` is the time of the work, `real` that of the leases."""

    def __init__(self, session: Session, setting: Setting, now: datetime, real: datetime) -> None:
        self._session, self._setting, self._now, self._real = session, setting, now, real

    def errands(self, found: Collection[Waiting]) -> list[Errand]:
        """All are rendered together; should one of them be such that it cannot be, each is rendered by itself."""
        try:
            return self._together(found)
        except DBAPIError:
            raise  # another process was first, or the database is away: that says nothing of these messages
        except Exception:  # noqa: BLE001 - which of them it was shows now
            return [errand for message in found for errand in self._alone(message)]

    def _alone(self, message: Waiting) -> list[Errand]:
        """One that cannot be rendered must hold up no others: it is taken without a card, which the courier refuses."""
        try:
            return self._together([message])
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is
            log.error("message %s cannot be shown: %s", message.id, without_words(error))  # noqa: TRY400
            take(self._session, [message], self._real)
            return [_errand(message, None, None)]

    def _together(self, found: Collection[Waiting]) -> list[Errand]:
        """Take those of these messages that are to be sent now, and render them; on an error nothing is left of it."""
        with taken_back_on(Exception, self._session), written_together(self._session):
            contents = Contents(self._session, self._now, self._setting, found)
            ready = [one for message in found if (one := self._made_ready(message, contents))]
            take(self._session, ready, self._real)
            errands = []
            for message in ready:
                card, replaces = contents.of(message)
                if card is None:  # a living card of something that is there no more
                    let_go(self._session, message)
                else:
                    errands.append(_errand(message, card, replaces))
            self._session.flush()
        return errands

    def _made_ready(self, message: Waiting, contents: Contents) -> Waiting | None:
        """The message as it is to be sent; None when it is not, or not now."""
        too_late = message.first_tried_at or self._now - message.created_at > LATE
        if too_late and message.about in AT_ONCE_OR_NEVER:
            let_go(self._session, message)
            return None
        if too_late and message.about == answering.SEALED:
            return without_its_words(self._session, message)
        try:
            if contents.may_go(message):
                return message
            let_go(self._session, message)
        except reminders.NotYet as later:
            put_off(self._session, message, later.at)
        return None


def _errand(message: Waiting, card: Card | None, replaces: str | None) -> Errand:
    """A message that has been taken, as it is to be sent."""
    since = message.first_tried_at if message.state == "uncertain" and not message.message else None
    return Errand(message.id, message.token + 1, message.key, message.platform, message.address, card, replaces, since)
