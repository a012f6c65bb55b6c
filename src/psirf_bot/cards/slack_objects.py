"""The small things that Block Kit is made of, so that no words in them are read as markup."""

from datetime import datetime
from typing import Any

from psirf_bot.cards import check

Json = dict[str, Any]

TEXT = 3000  # characters of a text object
HEADER = 150


def plain_text(text: str, most: int = TEXT) -> Json:
    words = (text if len(text) <= most else check.clip(text, most)) if text.strip() else "–"
    return {"type": "plain_text", "text": words, "emoji": False}


def context(text: str) -> Json:
    return {"type": "context", "elements": [plain_text(text)]}


def header(text: str) -> Json:
    if len(text) > HEADER:
        return rich(section(bold(text)))
    return {"type": "header", "text": plain_text(text)}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def section(*runs: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(runs)}


def text_run(text: str) -> Json:
    return {"type": "text", "text": text}


def moment(at: datetime, otherwise: str) -> Json:
    """A moment in the reader's own time."""
    return {"type": "date", "timestamp": int(at.timestamp()), "format": "{date_long}, {time}", "fallback": otherwise}


def bold(text: str) -> Json:
    return text_run(text) | {"style": {"bold": True}}


def with_values(element: Json, **values: object) -> Json:
    """The element with those of the values that are not empty; Slack refuses null and "" as initial values."""
    return element | {name: value for name, value in values.items() if value}
