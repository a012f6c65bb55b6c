"""Words as people type them: made plain, or refused when they cannot be kept."""

import re
import unicodedata
from collections.abc import Iterable


class Invalid(ValueError):
    """The answer cannot be used. The message is shown to the person, next to the question."""


def clean(typed: str) -> str:
    """Return the words without stray space at their ends; raises Invalid for characters that cannot be kept.

    Control characters and lone surrogates break storage or display, and text-direction overrides can make words
    read as something else than was typed.
    """
    if typed.isascii() and typed.isprintable():  # nearly every answer: there is nothing to look for in it
        return typed.strip()
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n").replace("\r", "\n"))
    if _NOT_KEPT.search(text):
        raise Invalid("Some of the characters here cannot be kept. Please take them out or type the words again.")
    return trimmed(text) if any(_can_be_seen(c) for c in text) else ""


def unbroken(typed: str) -> str:
    """The words without halves of characters (lone surrogates), which can neither be stored nor shown again."""
    return typed if typed.isascii() else typed.encode("utf-8", "ignore").decode("utf-8")


def trimmed(typed: str) -> str:
    """The words without anything at their ends that cannot be seen, as what is copied from elsewhere may have."""
    return typed.strip(_SPACES)


_NOT_KEPT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Control characters but for line ends and tabs, lone surrogates, and what turns the direction of the text."""
_SPACES = " \n\t\u00a0\u1680\u202f\u205f\u2060\u3000\ufeff\u2028\u2029" + "".join(map(chr, range(0x2000, 0x2010)))
_MOST = 100_000
"""Characters that are looked at at all."""
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as nothing."""


def _can_be_seen(c: str) -> bool:
    return unicodedata.category(c)[0] in "LNPS" and c not in _FILLERS


NOBODY = frozenset(
    {
        "nobody",
        "no one",
        "noone",
        "no-one",
        "none",
        "n/a",
        "na",
        "no",
        "nothing",
        "no one else",
        "nobody else",
        "just me",
    }
)
"""What people write where no colleague was involved; none of it is a name."""

ALSO_SAID = {
    "yeah": "yes",
    "yep": "yes",
    "nope": "no",
    "don't know": "not-known",
    "dont know": "not-known",
    "not sure": "not-known",
    "unsure": "not-known",
    "unknown": "not-known",
}
"""What people type for answers that have one fixed meaning."""


def is_no_name(typed: str) -> bool:
    """Whether somebody named nobody: in words for that, by saying that they do not know, or with a dash."""
    words = typed.casefold().replace("’", "'").rstrip(".")
    unknown = words == "not known" or ALSO_SAID.get(words) == "not-known"
    return unknown or words in NOBODY or not words.strip("?-–—")


def plain(raw: object) -> str:
    """What was typed or picked, as words. Raises Invalid for a list or an object, whose insides nobody has screened."""
    if raw is None or isinstance(raw, str):
        if raw and len(raw) > _MOST:
            raise Invalid("That is far too long. Please shorten it.")
        return clean(raw or "")
    if isinstance(raw, int | float) and abs(raw) < 10**18:
        return str(raw)
    raise Invalid("Please answer this in words.")


NAMES_APART = r"[,;\n]|(?<![^\s,;])(?:(?i:and)|&)\s(?![^()]*\))"
"""What stands between the names that somebody types: “Amina, Bronwen and Carys”; not within brackets after a name."""


def many(raw: object, apart: str = r"[,;\n]") -> list[str]:
    """Several answers; typed, they stand `apart` by this."""
    if raw is None:
        return []
    parts: Iterable[object] = raw if isinstance(raw, list | tuple) else re.split(apart, plain(raw))
    return [typed for part in parts if (typed := plain(part))]
