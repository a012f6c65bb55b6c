"""Slack's own marks in what people write: mentions, links, channels, and three characters that are escaped."""

import re

from psirf_bot.casework.inbound import COLLEAGUE, Said
from psirf_bot.dialogs.typed import unbroken

IN_WORDS = ""
"""Where those stand who were mentioned in words, not picked in an input."""

_MOST = 10  # mentioned colleagues who are looked up
_PERSON = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>")
_LINK = re.compile(r"<(?:https?://|mailto:|tel:)[^<>|]*\|([^<>]*)>")
_BARE_LINK = re.compile(r"<((?:https?://|mailto:|tel:)[^<>|]*)>")
_CHANNEL = re.compile(r"<#[^<>|]*(?:\|([^<>]*))?>")
_EVERYBODY = re.compile(r"<!(here|channel|everyone)[^<>]*>")
_LABELLED = re.compile(r"<![^<>|]*\|([^<>]*)>")  # a group of people, or a date
_GROUP = re.compile(r"<!subteam\^[^<>|]*>")


def heard(text: str, *, bot: str = "") -> tuple[Said, dict[str, list[str]]]:
    """The words as they were typed, without the mention of the bot, and the user ids of the others mentioned."""
    if bot:
        text = re.sub(rf"<@{re.escape(bot)}(\|[^<>]*)?>", " ", text)
    mentioned = list(dict.fromkeys(_PERSON.findall(text)))[:_MOST]
    return Said(plain(text)), {IN_WORDS: mentioned} if mentioned else {}


def plain(text: str) -> str:
    """The words of a message, without Slack's marks."""
    text = _CHANNEL.sub(lambda found: f"#{found[1]}" if found[1] else "a channel", text)
    text = _GROUP.sub("a group", _LABELLED.sub(r"\1", _EVERYBODY.sub(r"@\1", text)))
    text = _BARE_LINK.sub(r"\1", _LINK.sub(r"\1", _PERSON.sub(COLLEAGUE, unbroken(text))))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
