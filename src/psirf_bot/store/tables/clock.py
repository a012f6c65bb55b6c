"""Duties with a clock, who is reminded of them, and when people work."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from psirf_bot.store.tables.columns import json


class Deadline(SQLModel, table=True):
    """One duty with a clock: who owes it, by when, and how far its reminders have got (domain/deadlines.py)."""

    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "rule", "occurrence"),
        Index("deadline_next", "state", "next_at"),
        Index("deadline_due", "state", "due_at"),
    )
    id: str = Field(primary_key=True)
    rule: str
    subject_kind: str
    """What it is about: case, check, request, contact, action, alert, danger or trust."""
    subject_id: str
    occurrence: str = "1"
    """Which time round, where a duty comes back: a number, or the month it is for."""
    case_id: str | None = Field(default=None, index=True)
    service: str | None = None
    owner_id: str | None = Field(default=None, index=True)
    """The person who owes it; where there is none, whoever holds `role`."""
    role: str | None = None
    since: datetime
    length: str | None = None
    """How long was given for it, such as "10 working days"; None where a date was agreed."""
    source: str
    due_local: str
    """The moment it is due, as clocks here show it; `due_at` is derived from it again when the calendar changes."""
    due_at: datetime
    moved_from: str | None = None
    """The day it was due before the calendar changed."""
    state: str = "open"  # open, paused, done, dropped
    step: int = 0
    next_at: datetime | None = None
    """When its next reminder falls due."""
    reason: str | None = None
    """Why it is paused."""
    paused_at: datetime | None = None
    stood_still: int = 0
    """How long pauses have lasted so far: in working days where its length is in working days, else in days."""
    review_on: date | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    note: str | None = None


class Nudge(SQLModel, table=True):
    """Somebody is reminded of a duty, at most once a day: in their digest of that day, or in a message of its own.

    `person_id` "leads" is the channel of the leads.
    """

    __table_args__ = (UniqueConstraint("deadline_id", "person_id", "day"), Index("nudge_digest", "person_id", "day"))
    id: int | None = Field(default=None, primary_key=True)
    deadline_id: str
    step: int
    person_id: str
    why: str  # soon, due, late, up (on the ladder), review (of a pause), put off, help
    day: date
    at: datetime


class WorkingHours(SQLModel, table=True):
    """When somebody works, where it is not the usual."""

    person_id: str = Field(primary_key=True)
    days: list[int] = json()
    """0 is Monday."""
    begin: str
    end: str


class Remembered(SQLModel, table=True):
    """A fact that the bot keeps about itself, such as the calendar that deadlines were last worked out with."""

    name: str = Field(primary_key=True)
    value: str
