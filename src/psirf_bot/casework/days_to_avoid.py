"""Days on which somebody would rather not be contacted, as people type them and as they read them back (Q28)."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from psirf_bot.dialogs import moments
from psirf_bot.dialogs.typed import Invalid

LONGEST = 120
"""Days that a range may have. Contact with somebody who would rather have none for longer ends, and is agreed anew."""


def read(typed: str, now: datetime) -> list[date]:
    """The days that were typed, such as "24 December, 31 December" or "21 December to 2 January". Raises Invalid."""
    days: set[date] = set()
    for part in re.split(r"[,;\n]| and ", typed):
        if part.strip():
            days |= _range(part.strip(), now)
    return sorted(days)


def _range(part: str, now: datetime) -> set[date]:
    first, *rest = re.split(r" to | until | till |\s*–\s*| - ", part, maxsplit=1)
    if rest and re.fullmatch(r"\d{1,2}(st|nd|rd|th)?", first):  # 21 to 24 December
        first = f"{first} {rest[0].partition(' ')[2]}"
    begin = moments.read_day(first, now)
    end = begin if begin is None or not rest else moments.read_day(rest[0], now.replace(*_ymd(begin)))
    if begin is None or end is None:
        raise Invalid(f"I could not read “{part[:40]}”. Please give days like 24 December 2026, with commas between.")
    if not 0 <= (end - begin).days <= LONGEST:
        raise Invalid(f"“{part[:40]}” ends before it begins, or is very long. Please check the days, with their year.")
    return {begin + timedelta(days=n) for n in range((end - begin).days + 1)}


def _ymd(day: date) -> tuple[int, int, int]:
    return day.year, day.month, day.day


def in_words(days: Sequence[date]) -> str:
    """Days in words, those that follow one another as a range."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(_short(run[0]) + (f" to {_short(run[-1])}" if len(run) > 1 else "") for run in runs)


def _short(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
