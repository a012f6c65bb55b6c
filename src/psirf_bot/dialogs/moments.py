"""Days and times as people type them: "today", "yesterday 14:30", "Monday", "20 Nov 2.30pm".

Deliberately narrow: a date that was guessed wrongly is worse in a safety report than one asked for again.
"""

import re
from datetime import date, datetime, time, timedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_WORDS = {"today": 0, "this morning": 0, "this afternoon": 0, "tonight": 0, "yesterday": 1, "last night": 1}
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
_TIMES = ("%H:%M", "%H.%M", "%H%M", "%I%p", "%I:%M%p", "%I.%M%p", "%H:%M:%S")


def read_moment(typed: str, now: datetime) -> tuple[date, time | None] | None:
    """Return the day meant and the time if one was given, or None when it cannot be told for certain."""
    words = re.sub(r"\s+", " ", typed.replace(",", " ").casefold()).strip()
    words = re.sub(r"^(at|on|about|around|roughly) ", "", words)
    if words == "now":
        return now.date(), now.time().replace(second=0, microsecond=0, tzinfo=None)
    day = _read_day(words, now)
    if day:
        return day, None
    for cut in [m.start() for m in re.finditer(r"[ t]", words)]:
        head, tail = words[:cut], re.sub(r"^(at|about|around|roughly) ", "", words[cut + 1 :].strip())
        for day_words, time_words in ((head, tail), (tail, head)):
            day, clock = _read_day(day_words.strip(), now), read_time(time_words)
            if day and clock is not None:
                return day, clock
    clock = read_time(words)
    return (now.date(), clock) if clock is not None and re.search(r"[:.apm]", words) else None


def read_day(typed: str, now: datetime) -> date | None:
    """Return the day meant, past or to come, or None; a day without a year is the nearest one not yet past."""
    words = re.sub(r"\s+", " ", typed.replace(",", " ").casefold()).strip()
    if words == "tomorrow":
        return now.date() + timedelta(days=1)
    day = _read_day(words, now)
    without_year = day is not None and not re.search(r"\d{4}|/\d\d$", words) and words not in _DAY_WORDS
    if day and without_year and day < now.date() and not re.search("ago|last", words):
        later = _strptime_any(f"{words} {now.year + 1}") or _strptime_any(f"{words} {now.year}")
        return later or day
    return day


def read_time(typed: str) -> time | None:
    """Return the time of day meant by 14:30, 1430, 2pm or 2.30 pm, or None."""
    words = re.sub(r"\s+", "", typed.casefold())
    if words in {"midday", "noon"}:
        return time(12)
    if words == "midnight":
        return time(0)
    for form in _TIMES:
        if form == "%H%M" and len(words) != 4:
            continue
        try:
            return datetime.strptime(words, form).time().replace(second=0)  # noqa: DTZ007 - a time of day has no zone
        except ValueError:
            continue
    return None


def _read_day(words: str, now: datetime) -> date | None:
    if words in _DAY_WORDS:
        return now.date() - timedelta(days=_DAY_WORDS[words])
    weekday = words.removeprefix("last ").removeprefix("on ")
    for number, name in enumerate(_WEEKDAYS):
        if weekday in {name, name[:3]}:
            return now.date() - timedelta(days=(now.weekday() - number) % 7 or 7)
    if ago := re.fullmatch(r"(\d{1,3}|an?|two|three) (day|week)s? ago", words):
        count = {"a": 1, "an": 1, "two": 2, "three": 3}.get(ago[1]) or int(ago[1])
        return now.date() - timedelta(days=count * (7 if ago[2] == "week" else 1))
    words = re.sub(r"\b(\d{1,2})(st|nd|rd|th)\b", r"\1", words)
    words = re.sub(rf"^({'|'.join(f'{n}|{n[:3]}' for n in _WEEKDAYS)}) (?=\d)", "", words)
    for form in _WITH_YEAR:
        if day := _strptime(words, form):
            return day
    for form in _WITHOUT_YEAR:
        # The year is tried with the words, because 29 February exists in some years only.
        candidates = (_strptime(f"{words} {year}", f"{form} %Y") for year in (now.year, now.year - 1))
        if found := next((day for day in candidates if day and day <= now.date()), None):
            return found
        if future := _strptime(f"{words} {now.year}", f"{form} %Y"):
            return future  # and is then refused as being in the future
    return None


def _strptime_any(words: str) -> date | None:
    return next((day for form in _WITH_YEAR if (day := _strptime(words, form))), None)


def _strptime(words: str, form: str) -> date | None:
    try:
        return datetime.strptime(words, form).date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return None
