"""The messages of the chat page: works for the store, each within one transaction.

Every change gets the next revision of one count for all rooms, so that "what is new since" is one number. That takes a
single writer, as SQLite has.
"""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from psirf_bot.cards.model import Card, Input
from psirf_bot.store.tables import WebMessage
from psirf_bot.store.tables.columns import Object

BOT = "bot"
"""The author of what the bot posts; people are named by their e-mail addresses."""

MOST_AT_ONCE = 500
HELD = {"value", "day", "clock", "on_slack"}
"""What an input holds of what was typed or picked."""


def post(
    session: Session,
    room: str,
    key: str,
    author: str,
    at: datetime,
    *,
    text: str | None = None,
    card: Card | None = None,
) -> WebMessage:
    """Add a message; the one that was posted with this key before, if there is one."""
    if found := with_key(session, key):
        return found
    held = _as_json(card) if card else None
    message = WebMessage(room=room, key=key, author=author, text=text, card=held, revision=newest(session) + 1, at=at)
    session.add(message)
    session.flush()
    return message


def replace(session: Session, id: int, card: Card) -> int | None:
    """Put a card in the place of a message; returns its revision now, None when the message is not there."""
    message = session.get(WebMessage, id)
    if message is None:
        return None
    held = _as_json(card)
    if message.card != held:  # the same card once more is no news
        message.card, message.text, message.revision = held, None, newest(session) + 1
        session.add(message)
    return message.revision


def with_key(session: Session, key: str) -> WebMessage | None:
    return session.exec(select(WebMessage).where(WebMessage.key == key)).first()


def since(session: Session, revision: int) -> list[WebMessage]:
    """What was added or changed after this revision, in that order; the rest of it on the next call if it is a lot."""
    changed = select(WebMessage).where(WebMessage.revision > revision).order_by(col(WebMessage.revision))
    return list(session.exec(changed.limit(MOST_AT_ONCE)))


def newest(session: Session) -> int:
    """The newest revision; 0 before the first message."""
    return session.exec(select(func.max(WebMessage.revision))).one() or 0


def newest_from_bot(session: Session) -> dict[str, int]:
    """For each room, the newest revision of what the bot posted there."""
    by_room = select(WebMessage.room, func.max(WebMessage.revision)).where(WebMessage.author == BOT)
    return dict(session.exec(by_room.group_by(WebMessage.room)).all())


def card_in(message: WebMessage) -> Card | None:
    return Card.model_validate(message.card) if message.card else None


def without_refused(card: Card) -> Card:
    """The card as it may be kept: what has something wrong with it is emptied, as it may hold an identifier."""
    body = (
        type(part).model_validate(part.model_dump(exclude=HELD)) if isinstance(part, Input) and part.error else part
        for part in card.body
    )
    return card.model_copy(update={"body": tuple(body)})


def _as_json(card: Card) -> Object:
    return card.model_dump(mode="json")
