"""Working time, against dates worked out by hand and, for working hours, against a plain walk from hour to hour."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from psirf_bot.domain.trust import Due, QuietHours, Unit
from psirf_bot.domain.working_time import KNOWN_TO, ORDINARY, Calendar, WorkingPattern, YearNotKnown

LONDON = ZoneInfo("Europe/London")
NIGHT = QuietHours(time(19), time(8))
ENGLAND = Calendar.of_england(LONDON, NIGHT)

NIGHTS = WorkingPattern(frozenset(range(5)), time(21), time(7))
NEARLY_ALL_QUIET = WorkingPattern(frozenset(range(5)), time(18, 50), time(8, 10))
LATE_NIGHTS = WorkingPattern(frozenset(range(5)), time(20), time(8, 30))
TUESDAYS_AND_THURSDAYS = WorkingPattern(frozenset({1, 3}), time(10), time(14))
WEEKENDS = WorkingPattern(frozenset({5, 6}), time(7), time(15))

# Bank holidays on weekdays, as GOV.UK lists them for England and Wales.
LISTED = {
    2024: "1 Jan, 29 Mar, 1 Apr, 6 May, 27 May, 26 Aug, 25 Dec, 26 Dec",
    2025: "1 Jan, 18 Apr, 21 Apr, 5 May, 26 May, 25 Aug, 25 Dec, 26 Dec",
    2026: "1 Jan, 3 Apr, 6 Apr, 4 May, 25 May, 31 Aug, 25 Dec, 28 Dec",
    2027: "1 Jan, 26 Mar, 29 Mar, 3 May, 31 May, 30 Aug, 27 Dec, 28 Dec",
    2028: "3 Jan, 14 Apr, 17 Apr, 1 May, 29 May, 28 Aug, 25 Dec, 26 Dec",
}


def is_quiet(calendar: Calendar, moment: datetime) -> bool:
    return calendar.after_quiet(moment) != moment


def on(words: str) -> date:
    """'18 Dec 2026'"""
    return at(f"{words} 00:00").date()


def at(words: str) -> datetime:
    """'18 Dec 2026 09:00', in UTC"""
    return datetime.strptime(words, "%d %b %Y %H:%M").replace(tzinfo=UTC)


def naive(words: str) -> datetime:
    return at(words).replace(tzinfo=None)


def quiet(begin: str, end: str) -> Calendar:
    return Calendar.of_england(LONDON, QuietHours(time.fromisoformat(begin), time.fromisoformat(end)))


# The list


@pytest.mark.parametrize("year", LISTED)
def test_the_bank_holidays_of_england_are_those_that_gov_uk_lists(year: int) -> None:
    weekdays = sorted(day for day in ENGLAND.holidays if day.year == year and day.weekday() < 5)
    assert weekdays == [on(f"{words} {year}") for words in LISTED[year].split(", ")]


def test_no_half_holiday_of_a_region_or_of_another_nation_is_in_the_list() -> None:
    for elsewhere in ("2 Jan 2026", "17 Mar 2026", "15 Jun 2026", "13 Jul 2026", "3 Aug 2026", "30 Nov 2026"):
        assert ENGLAND.is_working_day(on(elsewhere)), elsewhere


def test_a_one_off_bank_holiday_is_no_working_day_and_changes_the_fingerprint() -> None:
    jubilee = on("10 Jun 2027")
    changed = Calendar.of_england(LONDON, NIGHT, extra=[jubilee])
    assert ENGLAND.is_working_day(jubilee)
    assert not changed.is_working_day(jubilee)
    assert changed.working_days_after(on("9 Jun 2027"), 1) == on("11 Jun 2027")
    assert changed.fingerprint() != ENGLAND.fingerprint()


def test_the_fingerprint_depends_on_what_moves_a_deadline_and_on_nothing_else() -> None:
    same = Calendar(frozenset(sorted(ENGLAND.holidays, reverse=True)), KNOWN_TO, LONDON, QuietHours(time(20), time(7)))
    assert same.fingerprint() == ENGLAND.fingerprint()
    assert Calendar(ENGLAND.holidays, KNOWN_TO - 1, LONDON, NIGHT).fingerprint() != ENGLAND.fingerprint()
    assert Calendar(ENGLAND.holidays, KNOWN_TO, ZoneInfo("Europe/Paris"), NIGHT).fingerprint() != ENGLAND.fingerprint()
    assert Calendar.of_england(LONDON, NIGHT, known_to=2029).fingerprint() != ENGLAND.fingerprint()
    assert len(ENGLAND.fingerprint()) <= 16


# Working days


@pytest.mark.parametrize(
    ("trigger", "count", "due"),
    [
        ("18 Dec 2026", 10, "6 Jan 2027"),
        ("1 Apr 2026", 10, "17 Apr 2026"),
        ("24 Dec 2026", 1, "29 Dec 2026"),
        ("24 Dec 2027", 3, "31 Dec 2027"),
        ("30 Mar 2026", 3, "2 Apr 2026"),
        ("31 Dec 2027", 1, "4 Jan 2028"),
        ("19 Dec 2026", 1, "21 Dec 2026"),  # a Saturday's trigger: Monday is day 1
        ("6 Jan 2027", -10, "18 Dec 2026"),
        ("29 Dec 2026", -1, "24 Dec 2026"),
        ("27 Dec 2026", -1, "24 Dec 2026"),
        ("24 Dec 2026", 0, "24 Dec 2026"),
        ("25 Dec 2026", 0, "29 Dec 2026"),
    ],
)
def test_working_days_after(trigger: str, count: int, due: str) -> None:
    assert ENGLAND.working_days_after(on(trigger), count) == on(due)


@pytest.mark.parametrize(
    ("day", "on_or_after", "strictly_after"),
    [
        ("24 Dec 2026", "24 Dec 2026", "29 Dec 2026"),
        ("26 Dec 2026", "29 Dec 2026", "29 Dec 2026"),
        ("28 Dec 2026", "29 Dec 2026", "29 Dec 2026"),
        ("29 Dec 2026", "29 Dec 2026", "30 Dec 2026"),
    ],
)
def test_the_next_working_day(day: str, on_or_after: str, strictly_after: str) -> None:
    assert ENGLAND.on_or_after(on(day)) == on(on_or_after)
    assert ENGLAND.next_working_day(on(day)) == on(strictly_after)


@pytest.mark.parametrize(
    ("earlier", "later", "count"),
    [
        ("18 Dec 2026", "6 Jan 2027", 10),
        ("6 Jan 2027", "18 Dec 2026", -10),
        ("24 Dec 2026", "28 Dec 2026", 0),
        ("24 Dec 2026", "24 Dec 2026", 0),
        ("19 Dec 2026", "21 Dec 2026", 1),
    ],
)
def test_working_days_between(earlier: str, later: str, count: int) -> None:
    assert ENGLAND.working_days_between(on(earlier), on(later)) == count


KNOWN_DAYS = st.dates(date(2013, 1, 1), date(2027, 12, 31))


@given(KNOWN_DAYS, st.integers(-200, 200).filter(bool))
def test_counting_there_and_back_agree(day: date, count: int) -> None:
    due = ENGLAND.working_days_after(day, count)
    assert due.weekday() < 5
    assert due not in ENGLAND.holidays
    assert ENGLAND.working_days_between(day, due) == count
    assert (due > day) == (count > 0)


# The end of the list


@pytest.mark.parametrize(
    "asks",
    [
        lambda: ENGLAND.is_working_day(date(2029, 1, 2)),
        lambda: ENGLAND.is_working_day(date(2029, 1, 6)),  # a Saturday, just as loudly
        lambda: ENGLAND.on_or_after(date(2028, 12, 30)),
        lambda: ENGLAND.next_working_day(date(2028, 12, 29)),
        lambda: ENGLAND.working_days_after(date(2028, 12, 20), 10),
        lambda: ENGLAND.working_days_after(date(2028, 12, 20), 10**9),
        lambda: ENGLAND.working_days_between(date(2028, 12, 20), date(2029, 1, 2)),
        lambda: ENGLAND.working_days_between(date(2029, 1, 2), date(2028, 12, 20)),
        lambda: ENGLAND.due(at("20 Dec 2028 12:00"), Due(10, "working days")),
        lambda: ENGLAND.digest_day(date(2028, 12, 30), ORDINARY),
        lambda: ENGLAND.working_moment(at("29 Dec 2028 17:00"), ORDINARY),
        lambda: ENGLAND.working_moment(at("31 Dec 2028 23:00"), NIGHTS),
    ],
)
def test_a_year_beyond_the_list_fails_loudly_and_says_what_to_do(asks: Callable[[], object]) -> None:
    with pytest.raises(
        YearNotKnown, match=r"2029 are not known.* to 2028. Add the year to \[bank_holidays\]"
    ) as refused:
        asks()
    assert refused.value.year == 2029


def test_a_year_before_the_list_fails_too() -> None:
    with pytest.raises(YearNotKnown, match="2011"):
        ENGLAND.working_days_after(date(2012, 1, 4), -(10**9))


def test_days_and_months_need_no_list() -> None:
    assert ENGLAND.due(at("20 Dec 2028 12:00"), Due(6, "months"))[0] == naive("20 Jun 2029 23:59")
    assert ENGLAND.due(at("20 Dec 2028 12:00"), Due(30, "days"))[0] == naive("19 Jan 2029 23:59")


def test_a_year_added_to_the_list_is_known() -> None:
    longer = Calendar.of_england(LONDON, NIGHT, known_to=2029)
    assert longer.working_days_after(date(2028, 12, 29), 1) == date(2029, 1, 2)


# When a duty is due


@pytest.mark.parametrize(
    ("since", "number", "unit", "local", "utc"),
    [
        ("18 Dec 2026 10:00", 10, "working days", "6 Jan 2027 23:59", "6 Jan 2027 23:59"),
        ("12 Jan 2026 12:00", 2, "working days", "14 Jan 2026 23:59", "14 Jan 2026 23:59"),
        ("10 Jun 2026 22:59", 3, "days", "13 Jun 2026 23:59", "13 Jun 2026 22:59"),
        ("10 Jun 2026 23:00", 3, "days", "14 Jun 2026 23:59", "14 Jun 2026 22:59"),  # already the 11th here
        ("9 Jul 2026 23:30", 1, "working days", "13 Jul 2026 23:59", "13 Jul 2026 22:59"),  # already Friday here
        ("23 Oct 2026 12:00", 2, "days", "25 Oct 2026 23:59", "25 Oct 2026 23:59"),
        ("27 Mar 2026 12:00", 2, "days", "29 Mar 2026 23:59", "29 Mar 2026 22:59"),
        ("26 Mar 2027 12:00", 2, "days", "28 Mar 2027 23:59", "28 Mar 2027 22:59"),
        ("31 Jan 2026 12:00", 1, "months", "28 Feb 2026 23:59", "28 Feb 2026 23:59"),
        ("31 Jan 2028 12:00", 1, "months", "29 Feb 2028 23:59", "29 Feb 2028 23:59"),
        ("31 Aug 2026 12:00", 6, "months", "28 Feb 2027 23:59", "28 Feb 2027 23:59"),
        ("31 Aug 2027 12:00", 6, "months", "29 Feb 2028 23:59", "29 Feb 2028 23:59"),
        ("29 Feb 2028 12:00", 12, "months", "28 Feb 2029 23:59", "28 Feb 2029 23:59"),
        ("30 Nov 2026 12:00", 1, "months", "30 Dec 2026 23:59", "30 Dec 2026 23:59"),
        ("15 Dec 2026 12:00", 3, "months", "15 Mar 2027 23:59", "15 Mar 2027 23:59"),
        ("15 Nov 2026 12:00", 1, "months", "15 Dec 2026 23:59", "15 Dec 2026 23:59"),
        ("31 May 2026 22:30", 36, "months", "31 May 2029 23:59", "31 May 2029 22:59"),
        ("10 Jun 2026 12:00", 2, "hours", "10 Jun 2026 15:00", "10 Jun 2026 14:00"),
        ("24 Oct 2026 22:00", 4, "hours", "25 Oct 2026 02:00", "25 Oct 2026 02:00"),  # 23:00 to 02:00 takes four
        ("28 Mar 2026 23:00", 3, "hours", "29 Mar 2026 03:00", "29 Mar 2026 02:00"),  # 23:00 to 03:00 takes three
        ("27 Mar 2027 23:00", 3, "hours", "28 Mar 2027 03:00", "28 Mar 2027 02:00"),
        ("24 Oct 2026 12:00", 24, "hours", "25 Oct 2026 12:00", "25 Oct 2026 12:00"),
    ],
)
def test_due(since: str, number: int, unit: Unit, local: str, utc: str) -> None:
    assert ENGLAND.due(at(since), Due(number, unit)) == (naive(local), at(utc))


def test_minutes_pass_as_hours_do() -> None:
    assert ENGLAND.due(at("10 Jun 2026 12:00"), Due(90, "minutes")) == (
        naive("10 Jun 2026 14:30"),
        at("10 Jun 2026 13:30"),
    )


def test_the_end_of_an_agreed_date() -> None:
    assert ENGLAND.end_of(on("25 Oct 2026")) == (naive("25 Oct 2026 23:59"), at("25 Oct 2026 23:59"))
    assert ENGLAND.end_of(on("24 Oct 2026")) == (naive("24 Oct 2026 23:59"), at("24 Oct 2026 22:59"))


@given(st.dates(date(2020, 1, 1), date(2028, 1, 1)), st.integers(0, 40))
def test_months_later_is_the_same_day_or_the_months_last(day: date, number: int) -> None:
    noon = datetime.combine(day, time(12), UTC)
    due = ENGLAND.due(noon, Due(number, "months"))[0].date()
    assert (due.year - day.year) * 12 + due.month - day.month == number
    assert due.day == day.day or (due.day < day.day and (due + timedelta(1)).day == 1)


# Local time


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("25 Oct 2026 00:30", "24 Oct 2026 23:30"),
        ("25 Oct 2026 01:30", "25 Oct 2026 00:30"),  # shown twice: the first
        ("25 Oct 2026 02:00", "25 Oct 2026 02:00"),
        ("29 Mar 2026 00:59", "29 Mar 2026 00:59"),
        ("29 Mar 2026 01:00", "29 Mar 2026 01:00"),  # never shown: 02:00 is
        ("29 Mar 2026 01:30", "29 Mar 2026 01:00"),
        ("28 Mar 2027 01:59", "28 Mar 2027 01:00"),
        ("28 Mar 2027 02:00", "28 Mar 2027 01:00"),
        ("28 Mar 2027 02:01", "28 Mar 2027 01:01"),
    ],
)
def test_local_times_on_the_weekends_when_the_clocks_change(local: str, utc: str) -> None:
    assert ENGLAND.utc(naive(local)) == at(utc)
    assert ENGLAND.utc(naive(local)).tzinfo is UTC


def test_a_skipped_time_with_seconds_is_still_the_moment_after_the_gap() -> None:
    assert ENGLAND.utc(naive("28 Mar 2027 01:30") + timedelta(seconds=59, microseconds=999)) == at("28 Mar 2027 01:00")


def test_a_moment_without_a_zone_and_a_local_time_with_one_are_refused() -> None:
    with pytest.raises(ValueError, match="needs its time zone"):
        ENGLAND.local(naive("10 Jun 2026 12:00"))
    with pytest.raises(ValueError, match="no time zone"):
        ENGLAND.utc(at("10 Jun 2026 12:00"))


CLOCKS_CHANGE = [at("29 Mar 2026 01:00"), at("25 Oct 2026 01:00"), at("28 Mar 2027 01:00"), at("31 Oct 2027 01:00")]
MOMENTS = st.one_of(
    st.datetimes(naive("2 Jan 2024 00:00"), naive("1 Jun 2028 00:00"), timezones=st.just(UTC)),
    st.builds(
        lambda change, minutes: change + timedelta(minutes=minutes),
        st.sampled_from(CLOCKS_CHANGE),
        st.integers(-36 * 60, 36 * 60),
    ),
)


@given(MOMENTS)
@example(at("25 Oct 2026 00:30"))
@example(at("25 Oct 2026 01:30"))
def test_local_time_and_back(moment: datetime) -> None:
    local = ENGLAND.local(moment)
    again = timedelta(hours=1) if local.fold else timedelta()  # the second time round is taken for the first
    assert ENGLAND.utc(local.replace(tzinfo=None)) == moment - again


# Quiet hours


@pytest.mark.parametrize(
    ("begin", "end", "moment", "after"),
    [
        ("19:00", "08:00", "13 Jan 2026 18:59", None),
        ("19:00", "08:00", "13 Jan 2026 19:00", "14 Jan 2026 08:00"),
        ("19:00", "08:00", "14 Jan 2026 07:59", "14 Jan 2026 08:00"),
        ("19:00", "08:00", "14 Jan 2026 08:00", None),
        ("19:00", "08:00", "14 Jul 2026 18:00", "15 Jul 2026 07:00"),
        ("19:00", "08:00", "15 Jul 2026 07:00", None),
        ("12:00", "14:00", "14 Jan 2026 13:00", "14 Jan 2026 14:00"),
        ("12:00", "14:00", "14 Jan 2026 23:00", None),
        # the night the clocks go back is an hour longer, the night they go forward an hour shorter
        ("19:00", "08:00", "24 Oct 2026 18:00", "25 Oct 2026 08:00"),
        ("19:00", "08:00", "25 Oct 2026 07:30", "25 Oct 2026 08:00"),
        ("19:00", "08:00", "25 Oct 2026 18:30", None),
        ("19:00", "08:00", "28 Mar 2026 19:00", "29 Mar 2026 07:00"),
        ("19:00", "08:00", "29 Mar 2026 06:59", "29 Mar 2026 07:00"),
        ("19:00", "08:00", "27 Mar 2027 23:00", "28 Mar 2027 07:00"),
        ("19:00", "08:00", "28 Mar 2027 18:00", "29 Mar 2027 07:00"),
        # ends in the hour that is shown twice: once over, it stays over
        ("19:00", "01:30", "25 Oct 2026 00:29", "25 Oct 2026 00:30"),
        ("19:00", "01:30", "25 Oct 2026 01:10", None),
        # begins in that hour, the first time it is shown
        ("01:30", "08:00", "25 Oct 2026 00:29", None),
        ("01:30", "08:00", "25 Oct 2026 00:30", "25 Oct 2026 08:00"),
        ("01:30", "08:00", "25 Oct 2026 01:10", "25 Oct 2026 08:00"),
        # ends, or begins, in the hour that is skipped
        ("19:00", "01:30", "29 Mar 2026 00:59", "29 Mar 2026 01:00"),
        ("19:00", "01:30", "29 Mar 2026 01:00", None),
        ("01:30", "08:00", "28 Mar 2027 00:59", None),
        ("01:30", "08:00", "28 Mar 2027 01:00", "28 Mar 2027 07:00"),
        # the only quarter of an hour that is not quiet is skipped
        ("01:30", "01:15", "27 Mar 2027 12:00", "29 Mar 2027 00:15"),
    ],
)
def test_quiet_hours(begin: str, end: str, moment: str, after: str | None) -> None:
    calendar = quiet(begin, end)
    assert is_quiet(calendar, at(moment)) == (after is not None)
    assert calendar.after_quiet(at(moment)) == at(after or moment)


TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))


@given(MOMENTS, TIMES, TIMES)
def test_after_quiet_hours_is_never_quiet_and_never_earlier(moment: datetime, begin: time, end: time) -> None:
    assume(begin != end)
    calendar = Calendar(frozenset(), KNOWN_TO, LONDON, QuietHours(begin, end))
    after = calendar.after_quiet(moment)
    assert after >= moment
    assert not is_quiet(calendar, after)
    assert is_quiet(calendar, moment) == (after != moment)


# When one person works


@pytest.mark.parametrize(
    ("pattern", "moment", "expected"),
    [
        (ORDINARY, "14 Jan 2026 08:30", "14 Jan 2026 09:00"),
        (ORDINARY, "14 Jan 2026 11:11", "14 Jan 2026 11:11"),
        (ORDINARY, "14 Jan 2026 17:00", "15 Jan 2026 09:00"),
        (ORDINARY, "16 Jan 2026 17:30", "19 Jan 2026 09:00"),  # Friday evening
        (ORDINARY, "14 Jul 2026 07:30", "14 Jul 2026 08:00"),
        (ORDINARY, "24 Dec 2026 17:00", "29 Dec 2026 09:00"),
        (ORDINARY, "23 Oct 2026 16:30", "26 Oct 2026 09:00"),
        (ORDINARY, "27 Mar 2026 17:00", "30 Mar 2026 08:00"),
        (ORDINARY, "25 Mar 2027 17:00", "30 Mar 2027 08:00"),  # over Easter
        (TUESDAYS_AND_THURSDAYS, "14 Jan 2026 11:00", "15 Jan 2026 10:00"),
        (TUESDAYS_AND_THURSDAYS, "15 Jan 2026 14:00", "20 Jan 2026 10:00"),
        (TUESDAYS_AND_THURSDAYS, "24 Dec 2026 14:00", "29 Dec 2026 10:00"),
        (WorkingPattern(frozenset({0}), time(9), time(17)), "20 Dec 2027 17:00", "10 Jan 2028 09:00"),
        (WEEKENDS, "14 Jan 2026 11:00", "17 Jan 2026 08:00"),  # not at 7: quiet until 8
        (WEEKENDS, "24 Oct 2026 15:00", "25 Oct 2026 08:00"),
        (WEEKENDS, "28 Mar 2026 16:00", "29 Mar 2026 07:00"),
        (WEEKENDS, "20 Dec 2026 16:00", "27 Dec 2026 08:00"),  # not on Boxing Day, a Saturday
        (LATE_NIGHTS, "14 Jan 2026 12:00", "15 Jan 2026 08:00"),  # the end of Wednesday's night
        (LATE_NIGHTS, "15 Jan 2026 08:10", "15 Jan 2026 08:10"),
        (LATE_NIGHTS, "17 Jan 2026 08:10", "17 Jan 2026 08:10"),  # Saturday, but Friday's night
        (LATE_NIGHTS, "17 Jan 2026 08:30", "20 Jan 2026 08:00"),
        (LATE_NIGHTS, "24 Dec 2026 12:00", "30 Dec 2026 08:00"),  # Thursday's night ends on Christmas Day
        (NIGHTS, "14 Jan 2026 12:00", "15 Jan 2026 08:00"),  # all their hours are quiet
        (NIGHTS, "15 Jan 2026 03:00", "15 Jan 2026 08:00"),
        (NIGHTS, "16 Jan 2026 08:01", "16 Jan 2026 08:01"),  # for two hours, so that what is due can go
        (NIGHTS, "16 Jan 2026 10:00", "19 Jan 2026 08:00"),
        (NEARLY_ALL_QUIET, "13 Jan 2026 07:59", "13 Jan 2026 08:00"),  # not from 18:50 to 19:00, nor until 08:10
        (NEARLY_ALL_QUIET, "13 Jan 2026 18:50", "14 Jan 2026 08:00"),
        (NIGHTS, "24 Dec 2026 12:00", "29 Dec 2026 08:00"),
        (WorkingPattern(frozenset(range(5)), time(5), time(7)), "14 Jan 2026 05:30", "14 Jan 2026 08:00"),
        (WorkingPattern(frozenset(range(7)), time(0), time(0)), "14 Jan 2026 11:11", "14 Jan 2026 11:11"),
    ],
)
def test_the_next_moment_of_work(pattern: WorkingPattern, moment: str, expected: str) -> None:
    assert ENGLAND.working_moment(at(moment), pattern) == at(expected)


SECONDS = timedelta(seconds=5)


def hours_between(begin: time, end: time) -> float:
    minutes = (end.hour - begin.hour) * 60 + end.minute - begin.minute
    return minutes % (24 * 60) / 60


HOURS = st.sampled_from([time(hour) for hour in range(24) if hour != 1])
"""Whole hours, so that a walk by the hour finds every edge; not that hour which the clocks skip and show twice."""

PATTERNS = st.builds(WorkingPattern, st.frozensets(st.integers(0, 6), min_size=1), HOURS, HOURS)


def worked(day: date, pattern: WorkingPattern) -> bool:
    return day.weekday() in pattern.days and day not in ENGLAND.holidays


def shown_between(clock: time, begin: time, end: time) -> bool:
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def at_work(local: datetime, pattern: WorkingPattern) -> bool:
    """By the clock on the wall alone."""
    if not shown_between(local.time(), pattern.begin, pattern.end):
        return False
    since_yesterday = pattern.end <= pattern.begin and local.time() < pattern.begin
    return worked(local.date() - timedelta(since_yesterday), pattern) and local.date() not in ENGLAND.holidays


@settings(max_examples=150, deadline=None)
@given(MOMENTS, PATTERNS, HOURS, HOURS)
@example(at("25 Oct 2026 00:10"), NIGHTS, time(12), time(0))
@example(at("24 Dec 2026 23:10"), LATE_NIGHTS, time(12), time(14))
def test_a_moment_of_work_is_the_first_that_a_walk_by_the_hour_finds(
    moment: datetime, pattern: WorkingPattern, begin: time, end: time
) -> None:
    assume(begin != end)
    never_meet = all(
        shown_between(time(hour), begin, end)
        for hour in range(24)
        if hour != 1 and shown_between(time(hour), pattern.begin, pattern.end)
    )
    next_hour = moment.replace(minute=0, second=0, microsecond=0)
    for candidate in (moment, *(next_hour + timedelta(hours=n) for n in range(1, 24 * 60))):
        local = candidate.astimezone(LONDON)
        if never_meet:
            first = time(0) if not shown_between(time(0), begin, end) else end
            since = candidate - datetime.combine(local.date(), first, LONDON).astimezone(UTC)
            in_the_morning = timedelta() <= since < timedelta(hours=2) and not shown_between(local.time(), begin, end)
            found = in_the_morning and worked(local.date(), pattern)
        else:
            found = at_work(local, pattern) and not shown_between(local.time(), begin, end)
        if found:
            break
    else:
        raise AssertionError("nobody waits two months for a moment of work")
    calendar = Calendar(ENGLAND.holidays, KNOWN_TO, LONDON, QuietHours(begin, end))
    assert calendar.working_moment(moment, pattern) == candidate
    assert calendar.working_moment(candidate, pattern) == candidate


CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
ANY_PATTERNS = st.builds(WorkingPattern, st.frozensets(st.integers(0, 6), min_size=1), CLOCKS, CLOCKS)
MINUTES = st.integers(0, 14 * 60 + 59).map(lambda seconds: timedelta(seconds=seconds))


@settings(max_examples=400, deadline=None)
@given(MOMENTS, ANY_PATTERNS, CLOCKS, CLOCKS, MINUTES)
@example(at("1 Dec 2026 15:00"), WorkingPattern(frozenset(range(4)), time(20), time(7, 30)), time(19), time(8), SECONDS)
@example(at("1 Dec 2026 15:00"), WorkingPattern(frozenset(range(5)), time(18, 59), time(7)), time(19), time(8), SECONDS)
@example(at("1 Dec 2026 15:00"), WorkingPattern(frozenset(range(5)), time(20), time(8, 1)), time(19), time(8), SECONDS)
@example(at("24 Dec 2026 12:00"), WorkingPattern(frozenset({3}), time(23, 50), time(7)), time(1), time(6), SECONDS)
def test_what_waits_for_a_moment_goes_in_it_whenever_within_minutes_it_is_looked_at_again(
    moment: datetime, pattern: WorkingPattern, begin: time, end: time, later: timedelta
) -> None:
    assume(begin != end and hours_between(end, begin) >= 2)
    calendar = Calendar(ENGLAND.holidays, KNOWN_TO, LONDON, QuietHours(begin, end))
    told = calendar.working_moment(moment, pattern)
    if told == moment:  # "now" is said up to the last moment; what misses that goes at the next
        told = calendar.working_moment(moment + timedelta(days=2), pattern)
        assume(told != moment + timedelta(days=2))
    assert not is_quiet(calendar, told + later)
    assert calendar.working_moment(told + later, pattern) == told + later


@pytest.mark.parametrize(
    ("pattern", "day", "expected"),
    [
        (ORDINARY, "14 Jan 2026", "14 Jan 2026 09:00"),
        (ORDINARY, "14 Jul 2026", "14 Jul 2026 08:00"),
        (ORDINARY, "26 Oct 2026", "26 Oct 2026 09:00"),
        (ORDINARY, "30 Mar 2026", "30 Mar 2026 08:00"),
        (WEEKENDS, "17 Jan 2026", "17 Jan 2026 08:00"),  # begins at 7, quiet until 8
        (WEEKENDS, "25 Oct 2026", "25 Oct 2026 08:00"),
        (WEEKENDS, "29 Mar 2026", "29 Mar 2026 07:00"),
        (WEEKENDS, "28 Mar 2027", "28 Mar 2027 07:00"),
        (NIGHTS, "14 Jan 2026", "14 Jan 2026 08:00"),
        (NIGHTS, "29 Mar 2026", "29 Mar 2026 07:00"),
        (TUESDAYS_AND_THURSDAYS, "15 Jan 2026", "15 Jan 2026 10:00"),
    ],
)
def test_the_morning_of_a_days_digest(pattern: WorkingPattern, day: str, expected: str) -> None:
    assert ENGLAND.next_morning(on(day), pattern) == at(expected)


@given(KNOWN_DAYS, PATTERNS, HOURS, HOURS)
def test_a_digest_is_sent_on_its_day_and_never_in_quiet_hours(
    day: date, pattern: WorkingPattern, begin: time, end: time
) -> None:
    assume(begin != end)
    calendar = Calendar(ENGLAND.holidays, KNOWN_TO, LONDON, QuietHours(begin, end))
    morning = calendar.next_morning(day, pattern)
    assert calendar.local(morning).date() == day
    assert not is_quiet(calendar, morning)


@pytest.mark.parametrize(
    ("pattern", "from_day", "expected"),
    [
        (ORDINARY, "14 Jan 2026", "14 Jan 2026"),
        (ORDINARY, "25 Dec 2026", "29 Dec 2026"),
        (WEEKENDS, "14 Jan 2026", "17 Jan 2026"),
        (WEEKENDS, "26 Dec 2026", "27 Dec 2026"),
        (TUESDAYS_AND_THURSDAYS, "25 Dec 2026", "29 Dec 2026"),
        (NIGHTS, "16 Jan 2026", "16 Jan 2026"),
        (NIGHTS, "17 Jan 2026", "19 Jan 2026"),
    ],
)
def test_the_day_of_the_next_digest(pattern: WorkingPattern, from_day: str, expected: str) -> None:
    assert ENGLAND.digest_day(on(from_day), pattern) == on(expected)


@pytest.mark.parametrize("days", [set(), {7}, {-1}, {0, 9}])
def test_a_pattern_without_a_day_of_the_week_is_refused(days: set[int]) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        WorkingPattern(frozenset(days), time(9), time(17))
