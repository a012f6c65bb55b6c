"""A learning response's dates, and those of the contact kept during it (policy §13, Appendices 4 and 5)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from psirf_bot.domain.trust import Due, ResponseType
from psirf_bot.domain.working_time import Calendar

PSII: ResponseType = "psii"

TIMEFRAME = {
    "agreed": "Agreed with those affected",
    "not-wanted": "They did not want to agree a time",
    "not-reached": "They could not be reached to agree a time",
}
"""Whether the time it takes was agreed with those affected (K04)."""

PARTS_OF_THE_SYSTEM = {
    "people": "People",
    "tasks": "Tasks",
    "tools": "Tools and technology",
    "surroundings": "Surroundings",
    "organisation": "Organisation",
}
"""The parts of the system that a learning response looks at, as SEIPS has them; never one alone (A05, D02)."""

ANSWERED = {
    "all": "All of it was answered",
    "part": "Part of it was answered",
    "not-yet": "Not answered yet",
    "not-wanted": "They did not want an answer",
}
"""Whether those affected had an answer to what they asked (G08)."""

REASONS = {
    "partner": "A partner asked us to wait",
    "information": "Information is not available yet",
    "capacity": "Too few people to do it in time",
    "complexity": "It is more complex than it looked",
    "other": "Another exceptional reason",
}
"""Why a learning response takes longer (K05)."""

CONSENT = {
    "agreed": "Agreed with them",
    "attempted": "We tried to agree it, and could not",
    "not-involved": "They are not involved, or chose not to be",
}
"""With whom a longer time was agreed, or what was tried (K06)."""

WITH_WHOM = {
    "agreed": "agreed with the {whom}",
    "attempted": "tried but not agreed with the {whom}",
    "not-involved": "the {whom} not involved, or chose not to be",
}
FAMILY, STAFF = "patient or family", "staff"


def consent_words(family: str, staff: str) -> str:
    """Where the day of a longer time comes from: no more than was answered (K06)."""
    if family == staff == "agreed":
        said = "agreed with those affected"
    else:
        said = "; ".join(WITH_WHOM[how].format(whom=whom) for how, whom in ((family, FAMILY), (staff, STAFF)))
    return f"{said} (policy §13)"


SENT_TO = {
    "commissioner": "Commissioner",
    "ics": "Integrated care system (ICS)",
    "nhse": "NHS England",
    "cqc": "Care Quality Commission (CQC)",
    "partners": "Other organisations that took part",
    "family": "Patient or family",
    "staff": "Staff who were involved, in person",
}
"""To whom a final report may go (J10)."""

HOW_WELL = {"very-well": "Very well", "well": "Well", "partly": "Partly", "not-well": "Not well"}
"""How good a learning response was, and how good the engagement (P14)."""

PAUSES = {"coroner": "The coroner asked us to", "police": "The police asked us to", "partner": "A partner asked us to"}

EVERY = {"once": "Once", "week": "Every week", "two-weeks": "Every two weeks", "four-weeks": "Every four weeks"}
WEEKS: Mapping[str, int] = {"week": 1, "two-weeks": 2, "four-weeks": 4}

ACCESS = {
    "language": "An interpreter for their language",
    "signed": "British Sign Language",
    "format": "Large print, easy read or another format",
    "somebody": "Somebody with them, such as an advocate",
    "place": "A place that they can get to, or a quiet one",
    "remote": "By telephone or video",
    "time": "More time, or breaks",
}
"""What may make it easier for somebody to take part: what is chosen is kept, and no reasons (F04)."""

STAND_STILL = ("response.target", "response.three-months", "response.extension")
"""The clocks that a pause stops: they stand still and go on together."""
SIX_MONTHS = "response.six-months"
"""Not stopped by a pause: policy §13 has it as a reason for more than three months, and six as the most (K03)."""
CLOCKS = (*STAND_STILL, SIX_MONTHS)
"""The clocks of a response that has started."""

SHORT: frozenset[ResponseType] = frozenset({"swarm", "aar"})
"""Done within days as a rule: a month would be no earliest day for them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The days that bound a learning response: those between which its target lies, and six months (K02, K03)."""

    earliest: date
    three_months: date
    six_months: date


def limits(kind: ResponseType, started: date, three_months: Due, six_months: Due, calendar: Calendar) -> Limits:
    """The bounds of a response that started on this day, with the trust's own lengths for the two later ones."""
    earliest = started if kind in SHORT else day_after(started, Due(1, "months"), calendar)
    return Limits(earliest, day_after(started, three_months, calendar), day_after(started, six_months, calendar))


def day_after(day: date, length: Due, calendar: Calendar) -> date:
    """The day on which something is due that began on this one."""
    return calendar.due(noon(day, calendar), length)[0].date()


def noon(day: date, calendar: Calendar) -> datetime:
    """A moment that stands for a day of which no time is known."""
    return calendar.utc(datetime.combine(day, time(12)))


def next_contact(last: date, every: str, avoid: Collection[date], today: date, calendar: Calendar) -> date | None:
    """The next day for contact after the last: a working day that they need not avoid (Q28). None after a single one.

    Contact that was recorded late, or missed, is not owed once for each time: the next one lies in the days to come.
    """
    weeks = WEEKS.get(every)
    if weeks is None:
        return None
    day = last + timedelta(weeks=weeks)
    while day < today:
        day += timedelta(weeks=weeks)
    while day in avoid or not calendar.is_working_day(day):
        day += timedelta(days=1)
    return day
