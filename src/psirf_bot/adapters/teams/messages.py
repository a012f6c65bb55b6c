"""The words of somebody's message in Teams: its HTML without markup, images, attachments and names of staff."""

import html
import re
from collections.abc import Collection, Iterator

from psirf_bot.cards import check
from psirf_bot.casework.inbound import COLLEAGUE

MOST = 4_000  # characters; more than the question takes, so that the person is told what to shorten
_READ = 60_000  # characters of HTML; Teams itself takes no longer message

# No tag contains another, and no part of it is tried twice: the time grows with the length alone. The standard
# library's parser takes a second for ten thousand characters of “<a ”.
_TAG = re.compile(r"""(<(?=[a-zA-Z/!?])(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>)""")
_NAME = re.compile(r"</?([a-zA-Z][\w-]*)")
_SOMEBODY = re.compile(r"""/Mention\b|itemprop=["']?mri\b""", re.IGNORECASE)
_EMOJI = re.compile(r"""<(?:emoji\b|img\b(?=[^<>]*/Emoji))[^<>]*\balt=["']([^"'<>]{1,20})["']""", re.IGNORECASE)
_ENDLESS = re.compile(r"&#x?[0-9a-f]{9,};?", re.IGNORECASE)  # no character has such a number
_AT = re.compile(r"<at\b[^<>]*>[^<>]*</at>", re.IGNORECASE)
_LINES = re.compile(r"p|div|br|hr|li|ul|ol|tr|table|blockquote|pre|codeblock|h[1-6]")
_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset({"script", "style"})
_SPACE = re.compile(r"\s")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_AGAIN = re.compile(rf"\b{COLLEAGUE}(?:\s+{COLLEAGUE}\b)+")  # Teams mentions each part of a name by itself

_FILES = ("image/", "video/", "audio/", "application/")
_FILE = "application/vnd.microsoft.teams.file."
_NO_FILES = "application/vnd.microsoft."  # cards, which links, mentions and apps bring along


def has_files(attachments: Collection[object]) -> bool:
    """Whether a picture or a file came with a message."""
    return any(
        kind.startswith(_FILE) or (kind.startswith(_FILES) and not kind.startswith(_NO_FILES))
        for kind in map(_kind, attachments)
    )


def rich_words(attachments: Collection[object], mentions: Collection[str]) -> str:
    """The words of a message whose HTML alone holds them, without the mentions of the bot: `<at>its name</at>`."""
    parts = [a.get("content") for a in attachments if isinstance(a, dict) and _kind(a) == "text/html"]
    content = "\n".join(part for part in parts if isinstance(part, str))[:_READ]
    for name in (re.escape(_TAG.sub("", mention)) for mention in mentions):
        content = re.sub(rf"<(at|span)\b[^<>]*>{name}</\1>", " ", content)
    return words(content, is_html=True)


def without_names(text: str) -> str:
    """Plain words as they were typed, without the names of those who are mentioned in them."""
    return _AGAIN.sub(COLLEAGUE, _AT.sub(COLLEAGUE, text))


def _kind(attachment: object) -> str:
    kind = attachment.get("contentType") if isinstance(attachment, dict) else None
    return kind.casefold() if isinstance(kind, str) else ""


def words(content: str, *, is_html: bool) -> str:
    """What the message says, a line for each paragraph, at most `MOST` characters of it."""
    text = "".join(_shown(content[:_READ])) if is_html else _AT.sub(COLLEAGUE, content[:_READ])
    lines = (" ".join(line.split()) for line in _CONTROL.sub(" ", text).split("\n"))
    return check.clip(_AGAIN.sub(COLLEAGUE, "\n".join(line for line in lines if line)), MOST)


def _shown(content: str) -> Iterator[str]:
    left_out, depth = "", 0  # the name of the element whose content is passed over, and how often it is open
    for number, piece in enumerate(_TAG.split(content)):
        if number % 2 == 0:
            yield "" if left_out else html.unescape(_ENDLESS.sub("", _SPACE.sub(" ", piece)))
            continue
        name, closes, empty = _name(piece), piece.startswith("</"), piece.endswith("/>")
        if left_out and not (closes and _LINES.fullmatch(name)):  # the end of a paragraph is the end of any mention
            depth += 0 if name != left_out or empty else -1 if closes else 1
            left_out = left_out if depth else ""
        elif closes:
            left_out, depth = "", 0
            yield "\n" if _LINES.fullmatch(name) else ""
        elif name == "at" or _SOMEBODY.search(piece):
            left_out, depth = ("", 0) if empty else (name, 1)
            yield COLLEAGUE
        elif emoji := _EMOJI.search(piece):
            yield html.unescape(emoji[1])
        elif name in _UNSEEN:
            left_out, depth = name, 1
        else:
            yield "\n" if _LINES.fullmatch(name) else " " if name in _CELLS else ""


def _name(tag: str) -> str:
    found = _NAME.match(tag)
    return found[1].lower() if found else ""
