"""What is to be sent, where it hangs, and which platform asked to wait."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from psirf_bot.store.tables.columns import Object, json, json_or_none


class Outbox(SQLModel, table=True):
    """A message to be sent, or a living card to be brought up to date, to one conversation of one platform."""

    __table_args__ = (
        Index("outbox_due", "state", "due_at"),
        Index("outbox_lane", "lane", "state"),
        Index("outbox_old", "state", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    lane: str
    platform: str
    address: Object = json()
    subject: str | None = Field(default=None, index=True)
    """A living card's subject: it is rendered when sent, and edited in place where it has been posted before."""
    person_id: str | None = None
    card: Object | None = json_or_none()
    message: str | None = None
    """The message to replace; after sending, the message that was posted."""
    about: str | None = None
    """What it is about, for what must be done when it cannot be delivered."""
    may_repeat: bool = False
    """An earlier try may have arrived, and the platform cannot say: the message then says so itself."""
    state: str = "due"  # due, sending, uncertain, sent, dead, let go
    due_at: datetime
    attempts: int = 0
    token: int = 0
    lease_until: datetime | None = None
    first_tried_at: datetime | None = None
    settled_at: datetime | None = None
    """Until then a message that may have arrived may still turn up; by the clock of the leases."""
    error: str | None = None
    created_at: datetime


class Posted(SQLModel, table=True):
    """Where a living card hangs."""

    subject: str = Field(primary_key=True)
    lane: str = Field(primary_key=True)
    platform: str
    address: Object = json()
    message: str


class PlatformHold(SQLModel, table=True):
    """A platform asked us to wait until then, by the clock of the leases."""

    platform: str = Field(primary_key=True)
    until: datetime
