"""England's bank holidays as GOV.UK lists them since 2012; what is proclaimed later a trust adds itself (ADR 29)."""

from datetime import date, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import MO, relativedelta

_FIRST_MONDAY, _LAST_MONDAY = relativedelta(weekday=MO(1)), relativedelta(weekday=MO(-1))
_ONE_DAY = timedelta(days=1)
_WEEKEND = {5, 6}  # as date.weekday() counts
_MOVED = {
    date(2012, 5, 28): date(2012, 6, 4),
    date(2020, 5, 4): date(2020, 5, 8),
    date(2022, 5, 30): date(2022, 6, 2),
}
"""What was on another day in a year of jubilee or remembrance."""
_ONCE = frozenset({date(2012, 6, 5), date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)})
"""Two jubilees, a funeral and a coronation."""


def of_year(year: int) -> frozenset[date]:
    """Every bank holiday of a year: where one falls on a weekend, that day and the one that stands in for it."""
    easter_sunday = easter(year)
    fixed = [date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)]
    mondays = [date(year, 5, 1) + _FIRST_MONDAY, date(year, 5, 31) + _LAST_MONDAY, date(year, 8, 31) + _LAST_MONDAY]
    days = {*fixed, easter_sunday - 2 * _ONE_DAY, easter_sunday + _ONE_DAY, *(_MOVED.get(day, day) for day in mondays)}
    for day in fixed:
        if day.weekday() in _WEEKEND:
            days.add(_next_working_day(day, days))
    return frozenset(days | {day for day in _ONCE if day.year == year})


def _next_working_day(day: date, off: set[date]) -> date:
    while day in off or day.weekday() in _WEEKEND:
        day += _ONE_DAY
    return day
