"""What goes to Teams: messages with a card, and what a pressed button shows at once."""

import logging
from typing import Any

from psirf_bot.cards import adaptive, check, plain
from psirf_bot.cards.model import Card

log = logging.getLogger(__name__)

Json = dict[str, Any]

ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
_WORDS = "application/vnd.microsoft.activity.message"
_ERROR = "application/vnd.microsoft.error"
_TEXT = 10_000  # characters of a message that has to do without its card
_TOAST = 1_000


def message(card: Card, shown: Json | None) -> Json:
    """A message that shows the card, rendered as `shown`; its words alone when Teams would not take the card."""
    if shown is None:
        return {"type": "message", "textFormat": "plain", "summary": card.preview, "text": words_of(card, _TEXT)}
    attachment = {"contentType": ADAPTIVE_CARD, "content": shown}
    return {"type": "message", "summary": card.preview, "attachments": [attachment]}


def pressed(card: Card, shown: Json | None) -> Json:
    """What the person who pressed sees: the card in place of theirs, or its words while their card stays as it is."""
    if shown is None:
        return notice(words_of(card))
    return {"statusCode": 200, "type": ADAPTIVE_CARD, "value": shown}


def notice(text: str) -> Json:
    """A word to the person who pressed; the card stays, and what is typed on it too."""
    return {"statusCode": 200, "type": _WORDS, "value": text}


def error(status: int, code: str, text: str) -> Json:
    """The client shows this as an error; the card stays."""
    return {"statusCode": status, "type": _ERROR, "value": {"code": code, "message": text}}


def rendered(card: Card, *, window: bool = False) -> Json | None:
    """The card as Teams takes it; None when it would not, which is a mistake of ours."""
    shown = adaptive.render(card, window=window)
    problems = check.teams_problems(shown)
    if problems:
        log.error("a card for Teams goes out as plain words: %s", "; ".join(problems))
        return None
    return shown


def words_of(card: Card, most: int = _TOAST) -> str:
    """The words that stand in for a card."""
    return check.clip(plain.render(card), most)
