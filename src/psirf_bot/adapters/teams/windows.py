"""What a window of its own (a dialog) shows: a card, a word that ends it, or a word that keeps what was typed."""

from typing import Any

from psirf_bot.adapters.teams import answers, words
from psirf_bot.cards import adaptive, check
from psirf_bot.cards.model import Card, Words
from psirf_bot.casework.inbound import Reply

Json = dict[str, Any]

_TITLE = 64  # characters; the head of the window has one line


def shown(reply: Reply, submitted: Json) -> Json:
    """The answer to what somebody opened or submitted."""
    if reply.card is None:
        return notice(reply.notice, submitted) if reply.notice else _message(words.DONE)
    rendered = answers.rendered(reply.card, window=True)
    if rendered is None:
        return notice(answers.words_of(reply.card), submitted)
    return _card(reply.card.title, rendered, "large")


def notice(text: str, submitted: Json) -> Json:
    """A word to the person. A window cannot stay as it is beside it, so one that was submitted can be sent again.

    What was typed only goes back to where it came from; nothing of it is kept here.
    """
    if not submitted:
        return _message(text)
    body = (Words(text=text), Words(text=words.NOT_LOST, style="subtle"))
    rendered = adaptive.render(Card(title=words.PLEASE_READ, preview=words.PLEASE_READ, body=body), window=True)
    again = {"type": "Action.Submit", "title": words.TRY_AGAIN, "style": "positive", "data": submitted}
    rendered["body"].append({"type": "ActionSet", "actions": [again]})
    if check.card_bytes(rendered) > check.CARD_HARD:  # more than any card of ours could hold
        return _message(text)
    return _card(words.PLEASE_READ, rendered, "medium")


def _card(title: str, rendered: Json, height: str) -> Json:
    attachment = {"contentType": answers.ADAPTIVE_CARD, "content": rendered}
    value = {"title": check.clip(title, _TITLE), "height": height, "width": "medium", "card": attachment}
    return {"task": {"type": "continue", "value": value}}


def _message(text: str) -> Json:
    """The window closes, and the client shows this."""
    return {"task": {"type": "message", "value": text}}
