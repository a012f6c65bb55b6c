"""Taking messages to be sent, those of a claim at once; and what becomes of one that is not sent now."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, null, update
from sqlmodel import Session

from psirf_bot.cards.fair import not_shown
from psirf_bot.casework.errand import LEASE
from psirf_bot.casework.post import PUT_OFF
from psirf_bot.delivery.next_in_line import Waiting
from psirf_bot.store.direct import table_of
from psirf_bot.store.tables import Outbox


def take(session: Session, messages: Collection[Waiting], real: datetime) -> None:
    """They are this process's own for as long as the lease lasts, under a new token."""
    ids = [message.id for message in messages]
    session.connection().execute(_TAKE, {"ids": ids, "until": real + LEASE, "real": real})


def put_off(session: Session, message: Waiting, until: datetime) -> None:
    """It is due later, and says why."""
    session.connection().execute(_PUT_OFF, {"which": message.id, "until": until})


def let_go(session: Session, message: Waiting) -> None:
    """There is nothing to be sent any more."""
    session.connection().execute(_LET_GO, {"which": message.id})


def without_its_words(session: Session, message: Waiting) -> Waiting:
    """What was kept nowhere else is not sent late: in its place goes word that it was not sent."""
    card = not_shown().model_dump(mode="json")
    session.connection().execute(_SAY_THAT, {"which": message.id, "words": card})
    return message._replace(card=card, message=None, about=None)


_outbox = table_of(Outbox)
_THIS_ONE = _outbox.c.id == bindparam("which")
_IDS: Any = bindparam("ids", expanding=True)
_REAL: Any = bindparam("real", type_=_outbox.c.first_tried_at.type)
_TAKE = (
    update(_outbox)
    .where(_outbox.c.id.in_(_IDS))
    .values(
        state="sending",
        token=_outbox.c.token + 1,
        attempts=_outbox.c.attempts + 1,
        lease_until=bindparam("until"),
        first_tried_at=func.coalesce(_outbox.c.first_tried_at, _REAL),
    )
)
_PUT_OFF = update(_outbox).where(_THIS_ONE).values(due_at=bindparam("until"), error=PUT_OFF)
_LET_GO = update(_outbox).where(_THIS_ONE).values(state="sent", card=null())
_SAY_THAT = update(_outbox).where(_THIS_ONE).values(card=bindparam("words"), message=None, about=None)
