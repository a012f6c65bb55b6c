"""Finds patient identifiers in what people type, so that none is stored.

Names of people are not looked for: no pattern finds them reliably. `docs/identifiers.md` says what is found, and
how well.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from nhs_number.validate import is_valid


class Kind(StrEnum):
    """The sorts of identifier that can be told by their shape."""

    NHS_NUMBER = "nhs-number"
    DATE_OF_BIRTH = "date-of-birth"
    POSTCODE = "postcode"
    PHONE = "phone"
    EMAIL = "email"
    HOSPITAL_NUMBER = "hospital-number"


@dataclass(frozen=True, slots=True)
class Finding:
    """Where one identifier stands: offsets into the text as typed, end excluded. It never holds the value."""

    kind: Kind
    start: int
    end: int


_NAMES = {
    Kind.NHS_NUMBER: "NHS number",
    Kind.DATE_OF_BIRTH: "date of birth",
    Kind.POSTCODE: "postcode",
    Kind.PHONE: "phone number",
    Kind.EMAIL: "e-mail address",
    Kind.HOSPITAL_NUMBER: "hospital number",
}


def find(text: str) -> list[Finding]:
    """The identifiers in `text`, in order and not overlapping."""
    view, index = _view(text)
    if not _IN_EVERY_ONE.search(view):
        return []
    found: list[Finding] = []
    for rule in _RULES:
        position = 0
        while match := rule.pattern.search(view, position):
            start, end = match.span("value")
            if not rule.accepts(match, text[index[start] : index[end - 1] + 1]):
                position = match.start() + 1
                continue
            # One typed character can stand for several here ("№", "½"): it is taken or left as a whole.
            while start and index[start - 1] == index[start]:
                start -= 1
            while end < len(view) and index[end] == index[end - 1]:
                end += 1
            view[start:end] = _TAKEN * (end - start)
            if rule.kind:
                found.append(Finding(rule.kind, index[start], index[end - 1] + 1))
            position = end
    return sorted(found, key=lambda finding: finding.start)


def mask(text: str) -> str:
    """`text` with words such as "[NHS number removed]" in place of every identifier."""
    # Taking one out can bare another that was run together with it ("3/4/1950-07700 900123"), hence the loop.
    while findings := find(text):
        pieces, kept = [], 0
        for finding in findings:
            pieces += [text[kept : finding.start], f"[{_NAMES[finding.kind]} removed]"]
            kept = finding.end
        text = "".join([*pieces, text[kept:]])
    return text


def words(kinds: Iterable[Kind]) -> str:
    """What to tell the person, without repeating what they typed; empty when nothing was found."""
    found = set(kinds)
    names = [f"{'an' if name[0] in 'Ne' else 'a'} {name}" for kind, name in _NAMES.items() if kind in found]
    if not names:
        return ""
    *others, last = names
    return f"That looks like {', '.join(others)} and {last}." if others else f"That looks like {last}."


# --- The text as a reader sees it: plain lower-case ASCII, one byte a character -----------------------------

_TAKEN = b"\0"  # stands where something has been recognised; no pattern matches it or reaches across it
_OTHER = b"\1"  # any character that is part of no identifier
_LOOKALIKES = {"·": b".", "•": b".", "∙": b".", "⁄": b"/", "∕": b"/", "−": b"-", "\t": b" "}
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


@lru_cache(maxsize=4096)
def _plain(character: str) -> bytes:
    """What a reader sees in one character: nothing for an invisible one, ASCII for a digit of any script."""
    parts = unicodedata.normalize("NFKD", character)
    return b"".join(map(_ascii, parts)) if len(parts) <= 3 else _OTHER  # the long ones are words and ornaments


def _ascii(character: str) -> bytes:
    category = unicodedata.category(character)
    if character in _LINE_ENDS:
        return b"\n"
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    if category == "Nd":
        return str(unicodedata.decimal(character)).encode()
    if category == "Zs":
        return b" "
    if category == "Pd":
        return b"-"
    if category in {"Cc", "Cf", "Mn", "Me"}:  # zero-width characters, soft hyphens, accents
        return b""
    return character.lower().encode() if character.isascii() else _OTHER


_ALL_SEEN = re.compile(r"[\n\x20-\x7e]*+")
"""Text of which a reader sees every character as it was typed: nearly all that is."""


def _view(text: str) -> tuple[bytearray, Sequence[int]]:
    """`text` made plain, and for each of its bytes the offset of the character it came from."""
    if _ALL_SEEN.fullmatch(text):
        return bytearray(text.lower(), "ascii"), range(len(text))
    plain = [_plain(character) for character in text]
    return bytearray(b"".join(plain)), [offset for offset, part in enumerate(plain) for _ in part]


# --- Rules: every repeat is either bounded or possessive, so that no text can make them slow ----------------


@dataclass(frozen=True, slots=True)
class _Rule:
    """One shape: its group `value` is a `kind` or, with none, words of `mask` for the later rules to pass over."""

    kind: Kind | None
    pattern: re.Pattern[bytes]
    accepts: Callable[[re.Match[bytes], str], bool]


_IN_EVERY_ONE = re.compile(rb"[\d@]|at[)\]]")
"""A digit or, in an e-mail address, what stands for its @: without one there is nothing to look for."""
_DIGITS = re.compile(rb"\d+")
_LINE_BREAK = re.compile(rb"[ .-]*\n[ .-]*")


def _always(match: re.Match[bytes], typed: str) -> bool:
    return True


def _passes_check_digit(match: re.Match[bytes], typed: str) -> bool:
    """Ten digits as a number is written: in at most three groups, or one by one. Lists of readings are neither."""
    value = match["value"]
    groups = _DIGITS.findall(_LINE_BREAK.sub(b"", value) if b"\n" in value else value)
    return (len(groups) <= 3 or len(groups) == 10) and is_valid(b"".join(groups).decode())


def _is_of_birth(match: re.Match[bytes], typed: str) -> bool:
    """Whether a full date is called one of birth, or is too old to be that of an event now being reported."""
    return bool(match["called"]) or any(
        int(group) < 2020 for group in _DIGITS.findall(match["value"]) if len(group) == 4
    )


def _is_not_a_measure(match: re.Match[bytes], typed: str) -> bool:
    """Whether "B12 5th" or "L2 4hr" was meant: written small and apart, an ordinal or a unit is no postcode."""
    end = match["inward"][1:]
    if match["apart"] and end in {b"st", b"nd", b"rd", b"th", b"hr", b"yr", b"ug", b"ng", b"bd", b"td", b"pt"}:
        return typed[-1].isupper()
    return True


def _rule(kind: Kind | None, pattern: str, accepts: Callable[[re.Match[bytes], str], bool] = _always) -> _Rule:
    return _Rule(kind, re.compile(pattern.encode()), accepts)


def _gap(more: str = "") -> str:
    """What may stand between a label and its value."""
    small_words = f"is|was|as|for|the|of|a|patient|pt|her|his|their|given|recorded{more}"
    return rf"(?:[\s:=.,()#*'\"|>-]++|(?:{small_words})\b){{0,8}}+"


_GAP = _gap()
_NO = r"(?:(?:numbers?|num|nos?|nr|i\.?d|identifi(?:er|cation)|ref|reference|#)(?:\snumber)?)"

_S = r"[\s./_-]{0,3}"  # between the digits of one number, a line end included
_LOOSE = r"[\s./,_-]{0,3}"  # the same after a label, where there is less doubt

_NHS_LABEL = r"(?<![a-z])(?:n\.?h\.?s\.?|(?:chi|h&c)(?=[\s.-]{0,3}n)|hcn)"
_TEN_DIGITS = rf"\d(?:{_S}\d){{9}}(?!\d)(?![:/]\d)"
_LABELLED_DIGITS = "|".join(rf"\d(?:{_LOOSE}\d){{{more}}}(?!\d)" for more in (9, 10, 8))

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_MONTH_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_NTH = rf"{_DAY}(?:\s?(?:st|nd|rd|th))?(?:\sof)?"
_YEAR = r"(?:19|20)\d\d"

_BETWEEN = r"\s?[/.\s-]\s?"
_DATE = (  # day or month first, or year first
    r"(?=[\djfmasond])(?<!\d)(?<!\d[./-])(?:"
    rf"{_DAY}{_BETWEEN}{_MONTH}{_BETWEEN}{_YEAR}|{_MONTH}{_BETWEEN}{_DAY}{_BETWEEN}{_YEAR}"
    rf"|{_YEAR}{_BETWEEN}{_MONTH}{_BETWEEN}{_DAY}"
    rf"|{_NTH}[\s.,/-]{{0,3}}{_MONTH_NAME}[\s.,/'-]{{0,3}}{_YEAR}"
    rf"|(?<![a-z]){_MONTH_NAME}[\s.-]{{1,2}}{_NTH}[\s.,-]{{1,3}}{_YEAR}"
    rf"|{_YEAR}[\s.,-]{{1,2}}{_MONTH_NAME}[\s.,-]{{1,2}}{_NTH}"
    r")(?!\d)(?![./-]\d)"
)
_BIRTH = r"(?<![a-z])(?:d[\s./-]?o[\s./-]?b|date[\s-]{0,2}of[\s-]{0,2}b(?:ir|ri)th|birth[\s-]?da(?:te|y)|b'?day|born)"
_BIRTH_GAP = _gap(r"|on|at|in|dd/mm/yy(?:yy)?|\d\d?:\d\d")
_PART_DATE = (  # dates that only a label makes clear
    rf"{_DAY}\s?[/.-]\s?{_MONTH}\s?[/.-]\s?\d\d(?!\d)"
    rf"|{_DAY}\s{_MONTH}\s\d\d(?!\d)"
    rf"|{_DAY}/{_MONTH}(?![\d/])(?!\s(?:ago|old))"
    rf"|{_NTH}[\s.,/-]{{0,3}}{_MONTH_NAME}(?:[\s.,/'-]{{1,3}}\d\d(?![\d:]))?"
    rf"|{_MONTH_NAME}[\s.-]{{1,2}}{_NTH}(?![\d:])"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)?\d\d(?!\d)"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
)
_BIRTH_AFTER = (
    rf"[\s(]{{0,3}}(?:(?:is|was|her|his|their|the)\s){{0,3}}{_BIRTH}(?!{_BIRTH_GAP}\0)"  # \0: that label has its own
)

_PHONE_S = r"[\s.()/-]{0,3}"
_PHONE_LABEL = rf"(?<![a-z])(?:tel(?:ephone)?|phone|mob(?:ile)?)\b[\s.]{{0,2}}{_NO}?"
_HOSPITAL_LABEL = (
    rf"(?<![a-z])(?:(?:hosp(?:ital)?|patient|pt|case\s?notes?|casenotes?|k)\b[\s.'-]{{0,3}}{_NO}"
    rf"|(?:mrn|rio|s1|system\s?one|systmone|emis|pas|lorenzo|carenotes|paris)\b[\s.'-]{{0,3}}{_NO}?)"
)
_HOSPITAL_VALUE = r"(?:[a-z]{0,4}[ /-]?\d{5,12}|[a-z]{1,4}[ /-]?\d{4}|[a-z]{0,4}\d{2,4}(?:[ /-]\d{2,6}){1,3})[a-z]?"

_AREA = (
    "(?:a[bl]|b[abdhlnrst]?|c[abfhmortvw]|d[adeghlnty]|e[chnx]?|f[ky]|g[luy]?|h[adgprsux]|i[gmpv]|je|k[atwy]"
    "|l[adelnsu]?|m[ekl]?|n[egnprw]?|o[lx]|p[aehlor]|r[ghm]|s[aegklmnoprstwy]?|t[adfnqrsw]|ub|w[acdfnrsv]?|yo|ze)"
)
_OUTWARD = rf"(?:{_AREA}(?:[1-9]\d?|0)|(?:(?:ec|wc)\d|(?:sw|se|nw|e|n|w)1)[a-hjkmnp-y]|gir)"

# In order: what an earlier rule takes, a later one never sees.
_RULES = [
    _rule(None, rf"(?P<value>\[(?:{'|'.join(_NAMES.values()).lower()}) removed\])"),
    _rule(
        Kind.EMAIL,
        r"(?<![\w.%+'-])(?P<value>[\w.%+'-]++(?:\s?@\s?|\s?[(\[]at[)\]]\s?)(?:[a-z\d-]{1,63}\.){1,6}[a-z]{2,24})",
    ),
    _rule(Kind.NHS_NUMBER, rf"{_NHS_LABEL}[\s.:-]{{0,3}}{_NO}{_GAP}(?P<value>{_LABELLED_DIGITS})"),
    _rule(Kind.NHS_NUMBER, rf"{_NHS_LABEL}{_GAP}(?P<value>{_TEN_DIGITS})"),
    _rule(Kind.DATE_OF_BIRTH, rf"{_BIRTH}{_BIRTH_GAP}(?P<value>{_DATE}|{_PART_DATE})"),
    _rule(Kind.DATE_OF_BIRTH, rf"(?P<value>{_DATE})(?P<called>{_BIRTH_AFTER})?", _is_of_birth),
    _rule(
        Kind.PHONE,
        rf"(?=[+04])(?P<value>(?:\+\s?|(?<!\d)00\s?|(?<!\d))44{_PHONE_S}(?:0{_PHONE_S})?[127](?:{_PHONE_S}\d){{8,9}})(?!\d)",
    ),
    _rule(
        Kind.PHONE,
        rf"(?=[(0])(?<!\d)(?<!\d[:/])(?!{_DAY}[\s.-]{_MONTH}[\s.-])(?P<value>\(?0[127](?:{_PHONE_S}\d){{9}})(?!\d)",
    ),
    _rule(Kind.PHONE, r"(?=[(0])(?<!\d)(?P<value>\(?01\d{3}\)?[\s-]\d{5})(?!\d)"),
    _rule(Kind.PHONE, r"(?P<value>\+\d(?:[\s()-]?\d){8,13})(?!\d)"),  # other countries
    _rule(Kind.PHONE, rf"{_PHONE_LABEL}{_GAP}(?P<value>(?!0[38])\d(?:[\s-]?\d){{5,10}})(?!\d)"),
    _rule(Kind.HOSPITAL_NUMBER, rf"{_HOSPITAL_LABEL}{_GAP}(?P<value>{_HOSPITAL_VALUE})(?![a-z\d])"),
    _rule(Kind.NHS_NUMBER, rf"(?=\d)(?<!\d)(?<!\d[:/])(?P<value>{_TEN_DIGITS})", _passes_check_digit),
    _rule(
        Kind.POSTCODE,
        rf"(?<![a-z\d])(?=[a-z]{{1,2}}\d|gir)(?P<value>{_OUTWARD}(?P<apart>[\s.,-]{{0,3}})(?P<inward>\d[abd-hjlnp-uw-z]{{2}}))(?![a-z\d])",
        _is_not_a_measure,
    ),
]
