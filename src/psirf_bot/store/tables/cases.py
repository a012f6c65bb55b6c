"""Cases: what was reported, what was added, and who was told of it."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from psirf_bot.store.tables.columns import Object, json


class Counter(SQLModel, table=True):
    """The last case number given out in a year."""

    year: int = Field(primary_key=True)
    last: int


class Case(SQLModel, table=True):
    """A reported event and where it has got to. The words are in its report versions."""

    id: str = Field(primary_key=True)
    reference: str = Field(unique=True)
    state: str = Field(index=True)
    event_type: str
    service: str = Field(index=True)
    occurred: str
    reporter_id: str | None = Field(default=None, index=True)
    confidential: bool = False
    quality_only: bool = False
    restricted: bool = False
    danger: bool = False
    owner_id: str | None = None
    datix_number: str | None = Field(default=None, index=True)
    outcome: str | None = None
    merged_into: str | None = None
    opened_at: datetime
    read_at: datetime | None = None
    ended_at: datetime | None = None
    hold: str | None = None
    """Why it must not be deleted, however old it is: a legal hold."""


class ReportVersion(SQLModel, table=True):
    """The report as confirmed or amended, with each question and answer in the words in which they were shown."""

    __table_args__ = (UniqueConstraint("case_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(index=True)
    number: int
    flow_version: int
    answers: Object = json()
    wording: Object = json()
    by_id: str
    reason: str | None = None
    at: datetime


class Addition(SQLModel, table=True):
    """Something the reporter or the quality team added after the report was sent."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(index=True)
    by_id: str
    text: str
    at: datetime


class CandourStep(SQLModel, table=True):
    """One step of the duty of candour that was taken: on which day, by whom, and who recorded it."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(index=True)
    step: str  # confirmed, told, written, unreachable, attempt, declined
    on: date
    who: str
    """Who did it: an id, or a name as typed."""
    facts: Object = json()
    by_id: str
    at: datetime


class Notification(SQLModel, table=True):
    """Somebody outside was notified of a case, or why they need not be (J08, H07). The newest for each body counts."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(index=True)
    body: str
    on: date | None = None
    why_not: str | None = None
    reference: str | None = None
    """The number that they gave it, such as that of LFPSE (H01)."""
    by_id: str
    at: datetime
