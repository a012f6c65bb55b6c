"""Working time: when a duty is due, and when somebody may be told about it (V02).

Deadlines count on the trust's own calendar: working days are Monday to Friday less England's bank holidays, months
clamp to the month's end, and a duty counted in days is due at the end of its local day. Messages wait for the end of
quiet hours and for the hours a person works. Moments are aware and in UTC; local dates and times are naive.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from psirf_bot.domain import bank_holidays
from psirf_bot.domain.trust import KNOWN_TO, Due, QuietHours

KNOWN_FROM = 2012
"""The first year of the GOV.UK list (england-and-wales). Years after the last one can be foreseen, not promised."""

ONE_DAY = timedelta(days=1)
LAST_MINUTE = time(23, 59)
LONG_ENOUGH = timedelta(minutes=15)
"""A message that is due may have to wait for others: in less than this it might miss its moment each day anew."""
AFTER_QUIET = timedelta(hours=2)
"""How long after quiet hours somebody who works in them alone may be told: not when they have gone to sleep."""


class YearNotKnown(Exception):
    """A date was needed in a year whose bank holidays are not known: better no date than a wrong one."""

    def __init__(self, year: int, known_to: int) -> None:
        self.year = year
        super().__init__(
            f"The bank holidays of {year} are not known: the list runs from {KNOWN_FROM} to {known_to}. "
            f"Add the year to [bank_holidays] in trust.toml."
        )


@dataclass(frozen=True, slots=True)
class WorkingPattern:
    """The days and the local hours in which one person works; a night's work belongs to the day it begins on."""

    days: frozenset[int]
    """As date.weekday() counts them: 0 is Monday."""
    begin: time
    end: time
    """At or before `begin`: on the next day."""

    def __post_init__(self) -> None:
        if not self.days or not self.days <= frozenset(range(7)):
            raise ValueError("A working pattern needs at least one day, from 0 (Monday) to 6 (Sunday).")


ORDINARY = WorkingPattern(frozenset(range(5)), time(9), time(17))


@cache
def _listed(known_to: int) -> frozenset[date]:
    return frozenset().union(*map(bank_holidays.of_year, range(KNOWN_FROM, known_to + 1)))


@dataclass(frozen=True, slots=True)
class Calendar:
    """One trust's calendar: its bank holidays, its time zone and its quiet hours."""

    holidays: frozenset[date]
    known_to: int
    """The last year whose bank holidays are listed."""
    zone: ZoneInfo
    quiet: QuietHours

    @classmethod
    def of_england(
        cls, zone: ZoneInfo, quiet: QuietHours, *, extra: Iterable[date] = (), known_to: int = KNOWN_TO
    ) -> "Calendar":
        """England's bank holidays with their substitute days, and `extra` one-off days such as a coronation."""
        return cls(_listed(known_to) | frozenset(extra), known_to, zone, quiet)

    def fingerprint(self) -> str:
        """A short text that changes when deadlines have to be worked out again on this calendar."""
        parts = [str(self.known_to), str(self.zone), *(day.isoformat() for day in sorted(self.holidays))]
        return sha256(" ".join(parts).encode()).hexdigest()[:12]

    # Working days

    def is_bank_holiday(self, day: date) -> bool:
        """Raises YearNotKnown for a year that is not listed, on whatever day of the week."""
        if not KNOWN_FROM <= day.year <= self.known_to:
            raise YearNotKnown(day.year, self.known_to)
        return day in self.holidays

    def is_working_day(self, day: date) -> bool:
        return not self.is_bank_holiday(day) and day.weekday() < 5

    def on_or_after(self, day: date) -> date:
        """The day itself if it is a working day, else the next one."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def next_working_day(self, day: date) -> date:
        """The first working day after this one."""
        return self.on_or_after(day + ONE_DAY)

    def working_days_after(self, day: date, count: int) -> date:
        """The working day so many after the trigger day, which is day 0; before it if the count is negative."""
        if count == 0:
            return self.on_or_after(day)
        step = ONE_DAY if count > 0 else -ONE_DAY
        for _ in range(abs(count)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def working_days_between(self, earlier: date, later: date) -> int:
        """How many working days after `earlier` the day `later` is; negative if it comes before."""
        step = ONE_DAY if earlier <= later else -ONE_DAY
        count = 0
        day = earlier
        while day != later:
            day += step
            count += self.is_working_day(day)
        return count if earlier <= later else -count

    # Local time

    def local(self, at: datetime) -> datetime:
        """The same moment as the trust's clocks show it."""
        if at.tzinfo is None:
            raise ValueError("A moment needs its time zone.")
        return at.astimezone(self.zone)

    def utc(self, local: datetime) -> datetime:
        """The moment at which the trust's clocks show this: the first, if twice; the moment after the gap, if never."""
        if local.tzinfo is not None:
            raise ValueError("A local time carries no time zone: the calendar has it.")
        first, second = (local.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first <= second:
            return first
        moment = second.replace(second=0, microsecond=0)  # before the gap; clocks change on the minute
        while self.local(moment).replace(tzinfo=None) < local:
            moment += timedelta(minutes=1)
        return moment

    def end_of(self, day: date) -> tuple[datetime, datetime]:
        """The last minute of a local day, as naive local time and in UTC."""
        local = datetime.combine(day, LAST_MINUTE)
        return local, self.utc(local)

    def due(self, since: datetime, length: Due) -> tuple[datetime, datetime]:
        """When a duty is due that began at `since`, as naive local time and in UTC; the end of the day unless hours."""
        day = self.local(since).date()
        match length.unit:
            case "working days":
                return self.end_of(self.working_days_after(day, length.number))
            case "days":
                return self.end_of(day + timedelta(days=length.number))
            case "months":
                return self.end_of(_months_after(day, length.number))
            case hours_or_minutes:  # as they pass, also when the clocks change
                at = since.astimezone(UTC) + timedelta(**{hours_or_minutes: length.number})
                return self.local(at).replace(tzinfo=None), at

    # When to tell somebody

    def after_quiet(self, at: datetime) -> datetime:
        """The moment itself, or the end of the quiet hours that it lies in."""
        today = self.local(at).date()
        for day in (today - ONE_DAY, today, today + ONE_DAY):
            begin, end = self._span(day, self.quiet.begin, self.quiet.end)
            if begin <= at < end:
                at = end
        return at

    def digest_day(self, on_or_after: date, pattern: WorkingPattern) -> date:
        """The first day from this one on which the person works and which is no bank holiday."""
        day = on_or_after
        while self.is_bank_holiday(day) or day.weekday() not in pattern.days:
            day += ONE_DAY
        return day

    def next_morning(self, day: date, pattern: WorkingPattern) -> datetime:
        """When the day's digest may be sent: as the person begins, or when quiet hours end if that is later.

        Somebody who begins work in the evening's quiet hours is told when the morning's end, on the same day.
        """
        at = self.after_quiet(self.utc(datetime.combine(day, pattern.begin)))
        if self.local(at).date() == day:
            return at
        return self.after_quiet(self.utc(datetime.combine(day, time.min)))

    def working_moment(self, at: datetime, pattern: WorkingPattern) -> datetime:
        """The first moment from this one in the person's hours, and neither in quiet hours nor on a bank holiday.

        Work that begins on a bank holiday is taken as not done. Where next to none of somebody's hours are out of quiet
        hours, they are told within `AFTER_QUIET` of their end on the morning of a day they work. A moment to come
        always lasts: whoever asks again within the next minutes is told "now", so that what is due can go.
        """
        day = self.digest_day(self.local(at).date() - ONE_DAY, pattern)  # last night's work may still go on
        while True:
            for begin, end in self._stretches(day, pattern):
                found = max(at, begin)
                if found < end and not self.is_bank_holiday(self.local(found).date()):
                    return found
            day = self.digest_day(day + ONE_DAY, pattern)

    def _stretches(self, day: date, pattern: WorkingPattern) -> Iterator[tuple[datetime, datetime]]:
        """When somebody may be told of something in the work that begins on a day."""
        stretches = list(self._out_of_quiet(*self._span(day, pattern.begin, pattern.end)))
        if not stretches:
            begin, end = next(self._out_of_quiet(*self._span(day, time.min, time.min)))
            stretches = [(begin, min(end, begin + AFTER_QUIET))]
        midnight = self.utc(datetime.combine(day + ONE_DAY, time.min))
        for begin, end in stretches:
            stops = midnight if begin < midnight < end and self.is_bank_holiday(day + ONE_DAY) else end
            if stops - begin >= LONG_ENOUGH:
                yield begin, stops

    def _out_of_quiet(self, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches between two moments that are out of quiet hours, and long enough for a message to go in."""
        while (begin := self.after_quiet(begin)) < end:
            until = min(end, self._next_quiet(begin))
            if until - begin >= LONG_ENOUGH:
                yield begin, until
            begin = until

    def _next_quiet(self, at: datetime) -> datetime:
        """When quiet hours begin next after a moment that is out of them."""
        today = self.local(at).date()
        begins = (self._span(day, self.quiet.begin, self.quiet.end)[0] for day in (today, today + ONE_DAY))
        return next(begin for begin in begins if begin > at)

    def _span(self, day: date, begin: time, end: time) -> tuple[datetime, datetime]:
        """The hours that begin on a day, in UTC, run past midnight if they must."""
        last = day if begin < end else day + ONE_DAY
        return self.utc(datetime.combine(day, begin)), self.utc(datetime.combine(last, end))


def _months_after(day: date, count: int) -> date:
    """The same day of a later month, or that month's last day if it is shorter."""
    years, month = divmod(day.month - 1 + count, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
