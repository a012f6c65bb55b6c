"""Days and times in the words people type: understood for certain, or asked for again."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psirf_bot.dialogs.moments import read_day, read_moment, read_time
from psirf_bot.dialogs.questions import Day, Moment
from psirf_bot.dialogs.typed import Invalid

LONDON = ZoneInfo("Europe/London")
TUESDAY = datetime(2026, 11, 24, 14, 0, 30, tzinfo=LONDON)
WHEN = Moment("when", "When?")
DAY = Day("day", "Which day?")


def at(year: int, month: int, day: int, hour: int = 14, minute: int = 0, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON, fold=fold)


MEANT = {
    "now": "2026-11-24T14:00",
    "today": "2026-11-24",
    "Today, 9am": "2026-11-24T09:00",
    "this morning": "2026-11-24",
    "this morning at 9.15": "2026-11-24T09:15",
    "this afternoon 1.30pm": "2026-11-24T13:30",
    "tonight": "2026-11-24",
    "yesterday": "2026-11-23",
    "yesterday 14:30": "2026-11-23T14:30",
    "yesterday 02:30": "2026-11-23T02:30",
    "yesterday 10:30": "2026-11-23T10:30",
    "yesterday morning 9:15": "2026-11-23T09:15",
    "Monday 9:15pm": "2026-11-23T21:15",
    "11/12/2025": "2025-12-11",
    "3/11": "2026-11-03",
    "Yesterday at 2.30 pm": "2026-11-23T14:30",
    "yesterday at 2.30 p.m.": "2026-11-23T14:30",
    "14:30 yesterday": "2026-11-23T14:30",
    "about 3pm yesterday": "2026-11-23T15:00",
    "yesterday morning": "2026-11-23",
    "yesterday evening 19:30": "2026-11-23T19:30",
    "last night": "2026-11-23",
    "last night at 11pm": "2026-11-23T23:00",
    "the day before yesterday": "2026-11-22",
    "yesterday noon": "2026-11-23T12:00",
    "noon": "2026-11-24T12:00",
    "9am": "2026-11-24T09:00",
    "09:00": "2026-11-24T09:00",
    "monday": "2026-11-23",
    "Mon 0730": "2026-11-23T07:30",
    "on Monday at 2pm": "2026-11-23T14:00",
    "last Monday": "2026-11-23",
    "Weds": "2026-11-18",
    "thurs 10:00": "2026-11-19T10:00",
    "last tuesday": "2026-11-17",
    "2 days ago": "2026-11-22",
    "a week ago": "2026-11-17",
    "3 days ago 14:00": "2026-11-21T14:00",
    "20 November": "2026-11-20",
    "20th of November, 2026": "2026-11-20",
    "November 20th": "2026-11-20",
    "20 nov 2.30pm": "2026-11-20T14:30",
    "Fri 20 Nov 14:30": "2026-11-20T14:30",
    "Friday 20 November.": "2026-11-20",
    "yesterday 2.30 p.m.": "2026-11-23T14:30",
    "20/11": "2026-11-20",
    "20/11/26": "2026-11-20",
    "20/11/2026 14:30": "2026-11-20T14:30",
    "20.11.2026": "2026-11-20",
    "20-11-2026": "2026-11-20",
    "3/4/2026": "2026-04-03",
    "20 Sept 2026": "2026-09-20",
    "20 december": "2025-12-20",
    "2026-11-20": "2026-11-20",
    "2026-11-20T14:30": "2026-11-20T14:30",
    "2026-11-20 14:30:59": "2026-11-20T14:30",
}

ASKED_AGAIN = {
    "11/20/2026": "no month 20",
    "31 April": "no such day",
    "last night 2am": "which is this morning, not yesterday",
    "this afternoon 2:30": "half past two at night is no afternoon",
    "yesterday evening 8.00": "the morning is no evening",
    "this morning 14:00": "the afternoon is no morning",
    "yesterday midnight": "the one that began yesterday, or ended it",
    "midnight": "the same",
    "tuesday": "today is Tuesday: today, or a week ago",
    "20/11 2026": "a year, or a time",
    "20/11 2015": "a year, or a time",
    "Monday 20 November": "that was a Friday",
    "yesterday 2:30": "at night, or in the afternoon",
    "Monday 9.15": "in the morning, or in the evening",
    "today 2:30": "at night, or in the afternoon",
    "2:30": "the same",
    "20/11/2026 2:30": "the same",
    "11/12": "12 November, or 11 December that was long ago",
    "25/12": "a slip: 25 December was long ago",
    "2.30": "at night, or in the afternoon",
    "10.11": "a time, or 10 November",
    "1430": "a bare number",
    "14": "a bare number",
    "monday 24": "a bare number",
    "yesterday 1.5": "no time",
    "the 20th": "of which month",
    "last week": "which day",
    "an hour ago": "may be yesterday",
    "2026-11-20T14:30Z": "not a local time",
    "some time on Monday I think, or perhaps on the Tuesday after that, 14:30": "a story",
    "": "nothing",
}

IN_THE_FUTURE = ("tomorrow", "today 14:01", "14:30", "this evening 19:00", "25/11/2026", "2027-01-01", "9999-12-31")
LONG_AGO = ("1066-10-14", "01/01/1900", "20 nov 1430")


@pytest.mark.parametrize(("typed", "stored"), MEANT.items())
def test_a_moment_in_peoples_words(typed: str, stored: str) -> None:
    assert WHEN.parse(typed, TUESDAY) == stored
    assert WHEN.parse(f"  {typed.upper()} ", TUESDAY) == stored


@pytest.mark.parametrize("typed", ASKED_AGAIN)
def test_what_cannot_be_told_for_certain_is_asked_again(typed: str) -> None:
    assert read_moment(typed, TUESDAY) is None
    with pytest.raises(Invalid):
        WHEN.parse(typed, TUESDAY)


def test_what_is_not_clear_is_said() -> None:
    with pytest.raises(Invalid, match=r"before or after noon\?"):
        WHEN.parse("yesterday 2:30", TUESDAY)
    with pytest.raises(Invalid, match="Please enter a day, for example"):
        WHEN.parse("yesterday evening at 9:30", TUESDAY)  # the half of the day is said
    with pytest.raises(Invalid, match="Which day and year"):
        WHEN.parse("11/12", TUESDAY)
    in_january = datetime(2027, 1, 4, 14, 0, tzinfo=LONDON)
    assert WHEN.parse("25/12", in_january) == "2026-12-25", "the other day is no guess"


@pytest.mark.parametrize("typed", IN_THE_FUTURE)
def test_nothing_is_reported_before_it_happens(typed: str) -> None:
    with pytest.raises(Invalid, match=r"in the future|Please enter a day"):
        WHEN.parse(typed, TUESDAY)


@pytest.mark.parametrize("typed", LONG_AGO)
def test_a_year_that_must_be_a_slip(typed: str) -> None:
    with pytest.raises(Invalid, match="check the year"):
        WHEN.parse(typed, TUESDAY)


def test_a_day_alone_takes_no_time() -> None:
    assert DAY.parse("yesterday", TUESDAY) == "2026-11-23"
    with pytest.raises(Invalid, match="the day alone"):
        DAY.parse("yesterday 14:30", TUESDAY)


def test_just_after_midnight_today_has_only_begun() -> None:
    now = at(2026, 11, 24, 0, 10)
    assert WHEN.parse("today", now) == "2026-11-24"
    assert WHEN.parse("today 00:05", now) == "2026-11-24T00:05"
    assert WHEN.parse("yesterday 23:50", now) == "2026-11-23T23:50"
    assert WHEN.parse("last night 23:50", now) == "2026-11-23T23:50"
    with pytest.raises(Invalid, match="in the future"):
        WHEN.parse("today 23:50", now)
    with pytest.raises(Invalid, match="in the future"):
        WHEN.parse("tonight 23:50", now)


def test_the_29th_of_february_is_found_where_there_was_one() -> None:
    assert WHEN.parse("29 February", at(2028, 3, 1)) == "2028-02-29"
    assert WHEN.parse("29/2", at(2029, 1, 5)) == "2028-02-29"
    assert WHEN.parse("29 Feb 2028", at(2030, 1, 5)) == "2028-02-29"
    assert WHEN.parse("yesterday", at(2028, 3, 1)) == "2028-02-29"
    for typed in ("29 February", "29/02/2026", "2026-02-29"):
        with pytest.raises(Invalid, match="Please enter a day"):
            WHEN.parse(typed, at(2026, 3, 1))


def test_when_the_clock_goes_back_the_first_of_the_two_hours_has_passed() -> None:
    """25 October 2026: 01:59 BST is followed by 01:00 GMT. At the second 01:10, the first 01:40 is past."""
    second = at(2026, 10, 25, 1, 10, fold=1)
    assert WHEN.parse("today 01:40", second) == "2026-10-25T01:40"
    with pytest.raises(Invalid, match="in the future"):
        WHEN.parse("today 02:00", second)
    with pytest.raises(Invalid, match="in the future"):
        WHEN.parse("today 01:40", at(2026, 10, 25, 1, 10, fold=0))


def test_an_answer_given_before_the_clock_went_back_still_stands_after_it() -> None:
    given = WHEN.parse("today 01:45", at(2026, 10, 25, 1, 50, fold=0))
    assert WHEN.parse(given, at(2026, 10, 25, 1, 5, fold=1)) == given


def test_when_the_clock_goes_forward_the_hour_that_never_was_is_taken_from_a_clock_not_yet_put_right() -> None:
    """29 March 2026: 00:59 GMT is followed by 02:00 BST."""
    assert WHEN.parse("today 01:30", at(2026, 3, 29, 2, 10)) == "2026-03-29T01:30"
    assert WHEN.parse("yesterday 01:30", at(2026, 3, 30, 9)) == "2026-03-29T01:30"
    with pytest.raises(Invalid, match="in the future"):
        WHEN.parse("today 02:30", at(2026, 3, 29, 2, 10))


NOT_YET_PAST = {
    "today": date(2026, 11, 24),
    "tomorrow": date(2026, 11, 25),
    "monday": date(2026, 11, 30),
    "tuesday": date(2026, 11, 24),
    "Weds": date(2026, 11, 25),
    "21 December": date(2026, 12, 21),
    "21 December 2026": date(2026, 12, 21),
    "3 January": date(2027, 1, 3),
    "Monday 21 December": date(2026, 12, 21),
    "Sun, 3 Jan.": date(2027, 1, 3),
    "Tuesday 21 December": None,  # a Monday; in the year after it is a Tuesday, which hardly anybody means
    "3/1": date(2027, 1, 3),
    "03/01": date(2027, 1, 3),
    "03/01/27": date(2027, 1, 3),
    "1 January 2026": date(2026, 1, 1),
    "yesterday": date(2026, 11, 23),
    "last monday": date(2026, 11, 23),
    "soon": None,
    "": None,
}


@pytest.mark.parametrize(("typed", "day"), NOT_YET_PAST.items())
def test_a_day_of_leave_is_the_nearest_not_yet_past(typed: str, day: date | None) -> None:
    assert read_day(typed, TUESDAY) == day


def test_the_next_29_february() -> None:
    assert read_day("29 February", at(2027, 11, 24)) == date(2028, 2, 29)
    assert read_day("29 February", at(2026, 11, 24)) is None


@pytest.mark.parametrize(
    ("typed", "clock"),
    [
        ("14:30", time(14, 30)),
        ("14.30", time(14, 30)),
        ("1430", time(14, 30)),
        ("0005", time(0, 5)),
        ("2pm", time(14)),
        ("2 PM", time(14)),
        ("2.30pm", time(14, 30)),
        ("12am", time(0)),
        ("12pm", time(12)),
        ("12:30 a.m.", time(0, 30)),
        ("9:05", time(9, 5)),
        ("23:59:59", time(23, 59)),
        ("midday", time(12)),
        ("midnight", time(0)),
        *((wrong, None) for wrong in ("13pm", "24:00", "9:5", "9", "930", "14:60", "-1:00", "٢:٣٠", "²:30", "")),
    ],
)  # fmt: skip
def test_a_time_of_day(typed: str, clock: time | None) -> None:
    assert read_time(typed) == clock


@settings(max_examples=100)
@given(
    st.integers(946_684_800, 2_840_140_800).map(lambda second: datetime.fromtimestamp(second, LONDON)),
    st.sampled_from(("%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%A %d %B %Y", "%d %b", "%B %d", "%Y-%m-%dT%H:%M")),
    st.integers(0, 300),
)
def test_a_past_day_written_in_any_usual_form_is_read_back(now: datetime, form: str, days_ago: int) -> None:
    day = datetime.combine(date.fromordinal(now.date().toordinal() - days_ago), time(0))
    assert read_moment(day.strftime(form), now) == (day.date(), time(0) if "%H" in form else None)
