"""The tables. Times are aware UTC; a JSON value is replaced whole, never changed in place."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

Object = dict[str, Any]


def _json() -> Any:
    return Field(sa_column=Column(JSON, nullable=False))


class Person(SQLModel, table=True):
    """Somebody who works for the trust. Known by platform identities, never by name alone."""

    id: str = Field(primary_key=True)
    name: str
    email: str | None = Field(default=None, unique=True)
    roles: list[str] = _json()
    service: str | None = None
    line_manager_id: str | None = Field(default=None, index=True)
    active: bool = True
    on_list: bool = True
    """False for a full member of the tenant or workspace who is not in people.csv."""


class Identity(SQLModel, table=True):
    """One person on one platform: (Slack team, user id) or (Entra tenant, object id)."""

    platform: str = Field(primary_key=True)
    team: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    address: Object = _json()
    """Where this person can be written to in private; empty when the bot cannot reach them there yet."""
    seen_at: datetime | None = None


class StandIn(SQLModel, table=True):
    """Who acts for somebody between two dates, both included; for one role or, with none named, for all."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: str = Field(index=True)
    deputy_id: str = Field(index=True)
    role: str | None = None
    starts: date
    ends: date


class Channel(SQLModel, table=True):
    """The channel of a purpose (quality, panel, leads) on one platform."""

    purpose: str = Field(primary_key=True)
    platform: str = Field(primary_key=True)
    address: Object = _json()
    before: Object | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """The one it took the place of: it serves again if the bot cannot post in the new one."""
    set_by: str
    set_at: datetime


class Dialog(SQLModel, table=True):
    """A conversation under way. The answers are the state; nothing else about progress is kept."""

    id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    flow: str
    answers: Object = _json()
    state: str = "open"  # open, done, cancelled
    danger_told: str | None = None
    """What has been told of danger so far, and whom it reached (see casework/danger.py)."""
    danger_reached: str = "nobody"
    case_id: str | None = None
    created_at: datetime
    updated_at: datetime


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


class ReportVersion(SQLModel, table=True):
    """The report as confirmed or amended, with each question and answer in the words in which they were shown."""

    __table_args__ = (UniqueConstraint("case_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(index=True)
    number: int
    flow_version: int
    answers: Object = _json()
    wording: Object = _json()
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


class SupportNeed(SQLModel, table=True):
    """A member of staff named in a report, and who was asked to check on them (App 2, O01)."""

    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    person_id: str | None = Field(default=None, index=True)
    name: str
    wish: str  # line-manager, someone-else, quality
    wished: str | None = None
    """The name of whoever the reporter wished for."""
    checker_id: str | None = Field(default=None, index=True)
    state: str = "asked"  # asked, on the quality list, checked, stopped
    at: datetime
    checked_at: datetime | None = None


class Action(SQLModel, table=True):
    """What a button means. Only the opaque id travels; the rest stays here."""

    id: str = Field(primary_key=True)
    verb: str
    args: Object = _json()
    case_id: str | None = None
    person_id: str | None = None


class Inbox(SQLModel, table=True):
    """A delivery that has had its effect, and the answer that it got."""

    key: str = Field(primary_key=True)
    reply: Object = _json()
    at: datetime = Field(index=True)


class Outbox(SQLModel, table=True):
    """A message to be sent, or a living card to be brought up to date, to one conversation of one platform."""

    __table_args__ = (Index("outbox_due", "state", "due_at"), Index("outbox_lane", "lane", "state"))
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    lane: str
    platform: str
    address: Object = _json()
    subject: str | None = Field(default=None, index=True)
    """A living card's subject: it is rendered when sent, and edited in place where it has been posted before."""
    person_id: str | None = None
    card: Object | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    message: str | None = None
    """The message to replace; after sending, the message that was posted."""
    about: str | None = None
    """What it is about, for what must be done when it cannot be delivered."""
    may_repeat: bool = False
    """An earlier try may have arrived, and the platform cannot say: the message then says so itself."""
    state: str = "due"  # due, sending, uncertain, sent, dead
    due_at: datetime
    attempts: int = 0
    token: int = 0
    lease_until: datetime | None = None
    first_tried_at: datetime | None = None
    error: str | None = None
    created_at: datetime


class Posted(SQLModel, table=True):
    """Where a living card hangs."""

    subject: str = Field(primary_key=True)
    lane: str = Field(primary_key=True)
    platform: str
    address: Object = _json()
    message: str


class Counter(SQLModel, table=True):
    """The last case number given out in a year."""

    year: int = Field(primary_key=True)
    last: int


class AuditEntry(SQLModel, table=True):
    """One thing somebody did. No free text; chained per case and sealed into one global head."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str | None = Field(default=None, index=True)
    at: datetime
    actor_id: str
    what: str
    digest: str
    key_id: str
    case_seal: str
    seal: str


class WebMessage(SQLModel, table=True):
    """A message in the built-in chat page: in somebody's private chat, or in a channel."""

    id: int | None = Field(default=None, primary_key=True)
    room: str = Field(index=True)
    key: str = Field(unique=True)
    author: str
    text: str | None = None
    card: Object | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    revision: int = Field(index=True)
    at: datetime
