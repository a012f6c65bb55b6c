"""Days and times as people type them: "today", "yesterday 14:30", "Monday", "20 Nov 2.30pm".

Deliberately narrow: a date that was guessed wrongly is worse in a safety report than one asked for again.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

_LONGEST = 60
"""Characters; more than this is a sentence, and is not searched for a date."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_WORDS = {
    "today": 0,
    "this morning": 0,
    "this afternoon": 0,
    "this evening": 0,
    "tonight": 0,
    "yesterday": 1,
    "yesterday morning": 1,
    "yesterday afternoon": 1,
    "yesterday evening": 1,
    "last night": 1,
    "day before yesterday": 2,
    "the day before yesterday": 2,
}
_ALSO = {"tues": "tue", "weds": "wed", "thur": "thu", "thurs": "thu", "sept": "sep"}
_WITH_YEAR = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%d %B %Y",
    "%d %b %Y",
    "%d/%m/%y",
    "%B %d %Y",
    "%b %d %Y",
)
_WITHOUT_YEAR = ("%d %B", "%d %b", "%d/%m", "%B %d", "%b %d")
_WRITTEN = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d))?", re.ASCII)
"""How an answer is kept, and read again at every turn."""
_SAYS_WHICH_HALF = re.compile(r"\b(?:morning|noon|afternoon|evening|night|midday|lunch\w*)\b")
_HALF_OF_A_DAY = re.compile(r"(?<![\d:./-])[1-9][:.][0-5]\d(?![\d:./]|\s*[ap]\.?m)", re.ASCII)
"""2:30 may be at night, or in the afternoon; 02:30 is not, and 10:30 is as the clocks of a ward show it."""
_NUMBERS = re.compile(r"\d{1,2}/\d{1,2}", re.ASCII)
_LONG_PAST = timedelta(days=183)
"""A day in numbers alone that was longer ago than this, in another year, was hardly meant so."""
_TIMES = ("%H:%M", "%H.%M", "%H%M", "%I%p", "%I:%M%p", "%I.%M%p", "%H:%M:%S")


def read_moment(typed: str, now: datetime) -> tuple[date, time | None] | None:
    """Return the day meant and the time if one was given, or None when it cannot be told for certain."""
    if written := _WRITTEN.fullmatch(typed):
        return _as_written(written[1], written[2])
    words = re.sub(r"^(at|on|about|around|roughly) ", "", _tidy(typed))
    if written := _WRITTEN.fullmatch(words):
        return _as_written(written[1], written[2])
    if words == "now":
        return now.date(), now.time().replace(second=0, microsecond=0, tzinfo=None)
    if "midnight" in words:
        return None  # the one that began the day, or the one that ended it
    day = _read_day(words, now)
    if day:
        return day, None
    for cut in [m.start() for m in re.finditer(r"[ t]", words)]:
        head, tail = words[:cut].strip(), re.sub(r"^(at|about|around|roughly) ", "", words[cut + 1 :].strip())
        for day_words, time_words in ((head, tail), (tail, head)):
            day, clock = _read_day(day_words, now), read_time(time_words)
            if day and clock is not None and _agree(day_words, time_words, clock):
                return day, clock
    clock = read_time(words)
    # 20.11 may be a date.
    sure = clock is not None and not re.fullmatch(r"[\d. ]+", words) and not _HALF_OF_A_DAY.search(words)
    return (now.date(), clock) if clock is not None and sure else None


def why_unclear(typed: str) -> str:
    """What to ask of whoever typed a moment that cannot be told for certain."""
    words = _tidy(typed)
    if _HALF_OF_A_DAY.search(words) and not _SAYS_WHICH_HALF.search(words):
        return "Is that before or after noon? Please write it like 02:30, 14:30 or 2.30pm, with the day."
    if _NUMBERS.fullmatch(words):
        return "Which day and year is that? Please write it like 20 November 2026."
    return "Please enter a day, for example today, yesterday 14:30 or 20 November."


def _as_written(day: str, clock: str | None) -> tuple[date, time | None] | None:
    try:
        return date.fromisoformat(day), time.fromisoformat(clock) if clock else None
    except ValueError:
        return None


def read_day(typed: str, now: datetime) -> date | None:
    """Return the day meant, past or to come, or None; a day without a year is the nearest one not yet past."""
    words, today = _tidy(typed), now.date()
    if words == "tomorrow":
        return today + timedelta(days=1)
    weekday = _weekday(words)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    named, rest = _without_weekday(words)
    day = next((day for day in _in_years(rest, (now.year, now.year + 1)) if day >= today), None)
    return day if day and named in {None, day.weekday()} else _read_day(words, now)


def read_time(typed: str) -> time | None:
    """Return the time of day meant by 14:30, 1430, 2pm or 2.30 pm, or None."""
    words = re.sub(r"([ap])\.m\.?$", r"\1m", re.sub(r"\s+", "", typed[:_LONGEST].casefold()))
    if words in {"midday", "noon"}:
        return time(12)
    if words == "midnight":
        return time(0)
    if not re.fullmatch(r"\d{1,2}[:.]\d\d([:.]\d\d)?([ap]m)?|\d{1,2}[ap]m|\d{4}", words, re.ASCII):
        return None  # strptime would read 1.5 as five past one
    for form in _TIMES:
        try:
            return datetime.strptime(words, form).time().replace(second=0)  # noqa: DTZ007 - a time of day has no zone
        except ValueError:
            continue
    return None


def _tidy(typed: str) -> str:
    if len(typed) > _LONGEST:
        return ""
    words = re.sub(r"\b(\d{1,2})(st|nd|rd|th)( of)?\b", r"\1", typed.replace(",", " ").rstrip(" .!").casefold())
    return " ".join(_ALSO.get(word, word) for word in words.split())


def _agree(day_words: str, time_words: str, clock: time) -> bool:
    """Whether day and time fit: not "last night 2am", which is today, nor 20/11 2026, which is a year.

    Nor "yesterday 2:30", which may be the afternoon.
    """
    if _HALF_OF_A_DAY.search(time_words) and "morning" not in day_words:
        return False
    a_year = re.fullmatch(r"(19|20)\d\d", time_words) and re.search(r"\d", day_words)
    if a_year and not re.search(r"\d{4}", day_words):
        return False
    if "morning" in day_words:
        return clock < time(12)
    return clock >= time(12) or not re.search("afternoon|evening|night", day_words)


def _weekday(words: str) -> int | None:
    return next((n for n, name in enumerate(_WEEKDAYS) if words in {name, name[:3]}), None)


def _without_weekday(words: str) -> tuple[int | None, str]:
    """The day of the week that stands before a date, as the bot itself writes it, and the date."""
    first, _, rest = words.partition(" ")
    named = _weekday(first)
    return named, words if named is None else rest


def _read_day(words: str, now: datetime) -> date | None:
    """The day meant, looking back."""
    today = now.date()
    if words in _DAY_WORDS:
        return today - timedelta(days=_DAY_WORDS[words])
    weekday = _weekday(words.removeprefix("last ").removeprefix("on "))
    if weekday is not None:
        days = (today.weekday() - weekday) % 7
        if days == 0 and not words.startswith("last "):
            return None  # on a Monday, "Monday" may be today or a week ago
        return today - timedelta(days=days or 7)
    if ago := re.fullmatch(r"(\d{1,3}|an?|two|three) (day|week)s? ago", words):
        count = {"a": 1, "an": 1, "two": 2, "three": 3}.get(ago[1]) or int(ago[1])
        return today - timedelta(days=count * (7 if ago[2] == "week" else 1))
    named, rest = _without_weekday(words)
    day = _calendar_day(rest, now)
    return day if day is None or named in {None, day.weekday()} else None


def _calendar_day(words: str, now: datetime) -> date | None:
    for form in _WITH_YEAR:
        if day := _strptime(words, form):
            return day
    days = _in_years(words, (now.year, now.year - 1))
    past = next((day for day in days if day <= now.date()), None)
    to_come = bool(days) and days[0] > now.date()
    if past and to_come and _NUMBERS.fullmatch(words) and now.date() - past > _LONG_PAST:
        return None  # in November 11/12 may be meant for 12 November, or for a day to come
    return past or (days[0] if days else None)  # one still to come is then refused as being in the future


def _in_years(words: str, years: Sequence[int]) -> list[date]:
    """What a day and month mean in each of these years; 29 February exists in some years only."""
    found = (_strptime(f"{words} {year}", f"{form} %Y") for form in _WITHOUT_YEAR for year in years)
    return [day for day in found if day]


def _strptime(words: str, form: str) -> date | None:
    try:
        return datetime.strptime(words, form).date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return None
