"""The dates of a learning response and of the contact during it, on the real calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psirf_bot.domain.response import EVERY, WEEKS, limits, next_contact
from psirf_bot.domain.trust import Due, ResponseType, Trust
from psirf_bot.domain.working_time import Calendar
from psirf_bot.trust_file import load_trust


def _calendar() -> Calendar:
    trust, mistakes = load_trust(None)
    assert isinstance(trust, Trust), mistakes
    return Calendar.of_england(trust.timezone, trust.quiet_hours)


CALENDAR = _calendar()
THREE, SIX = Due(3, "months"), Due(6, "months")


@pytest.mark.parametrize(
    ("kind", "started", "earliest", "three", "six"),
    [
        ("psii", "2026-11-20", "2026-12-20", "2027-02-20", "2027-05-20"),
        ("psii", "2026-11-30", "2026-12-30", "2027-02-28", "2027-05-30"),  # months clamp to their end
        ("mdt", "2027-08-31", "2027-09-30", "2027-11-30", "2028-02-29"),  # a leap year
        ("mdt", "2027-01-31", "2027-02-28", "2027-04-30", "2027-07-31"),
        ("swarm", "2026-11-20", "2026-11-20", "2027-02-20", "2027-05-20"),  # done within days as a rule
        ("aar", "2026-03-28", "2026-03-28", "2026-06-28", "2026-09-28"),
    ],
)
def test_the_bounds_of_a_response(kind: ResponseType, started: str, earliest: str, three: str, six: str) -> None:
    found = limits(kind, date.fromisoformat(started), THREE, SIX, CALENDAR)
    assert [str(d) for d in (found.earliest, found.three_months, found.six_months)] == [earliest, three, six]


def test_the_bounds_follow_the_lengths_that_a_trust_has_set() -> None:
    found = limits("psii", date(2026, 11, 20), Due(60, "working days"), Due(180, "days"), CALENDAR)
    assert (str(found.three_months), str(found.six_months)) == ("2027-02-17", "2027-05-19")


@pytest.mark.parametrize(
    ("last", "every", "avoid", "today", "due"),
    [
        ("2026-11-20", "once", [], "2026-11-20", None),
        ("2026-11-20", "week", [], "2026-11-20", "2026-11-27"),
        ("2026-11-20", "two-weeks", [], "2026-11-20", "2026-12-04"),
        ("2026-11-20", "four-weeks", [], "2026-11-20", "2026-12-18"),
        ("2026-12-18", "week", [], "2026-12-18", "2026-12-29"),  # 25 is Christmas Day, 28 stands in for Boxing Day
        ("2026-12-10", "two-weeks", ["2026-12-24"], "2026-12-10", "2026-12-29"),
        ("2026-12-17", "week", ["2026-12-24", "2026-12-29", "2026-12-30"], "2026-12-17", "2026-12-31"),
        ("2026-11-21", "week", [], "2026-11-21", "2026-11-30"),  # a Saturday, so the Monday after
        ("2027-03-19", "week", [], "2027-03-19", "2027-03-30"),  # Good Friday, then Easter Monday
        ("2026-11-06", "week", [], "2026-11-20", "2026-11-20"),  # recorded late: not owed for the days that are past
        ("2026-11-05", "week", [], "2026-11-20", "2026-11-26"),
    ],
)
def test_the_next_contact(last: str, every: str, avoid: list[str], today: str, due: str | None) -> None:
    days = {date.fromisoformat(day) for day in avoid}
    found = next_contact(date.fromisoformat(last), every, days, date.fromisoformat(today), CALENDAR)
    assert found == (date.fromisoformat(due) if due else None)


DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(DAYS, st.sampled_from(sorted(EVERY)), st.sets(DAYS, max_size=40), st.integers(0, 90))
def test_the_next_contact_is_the_first_day_that_may_be(last: date, every: str, avoid: set[date], late: int) -> None:
    today = last + timedelta(days=late)
    found = next_contact(last, every, avoid, today, CALENDAR)
    if every == "once":
        assert found is None
        return
    assert found is not None
    assert found > last
    assert found >= today
    assert CALENDAR.is_working_day(found)
    assert found not in avoid
    rhythm = [last + timedelta(weeks=WEEKS[every] * n) for n in range(1, 200)]
    meant = next(day for day in rhythm if day >= today)
    between = [meant + timedelta(days=n) for n in range((found - meant).days)]
    assert all(day in avoid or not CALENDAR.is_working_day(day) for day in between)
