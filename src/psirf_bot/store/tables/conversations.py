"""What people say and press: what is half done, what buttons mean, and what has had its effect."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from psirf_bot.store.tables.columns import Object, json, json_or_none


class Channel(SQLModel, table=True):
    """The channel of a purpose (quality, panel, leads) on one platform."""

    purpose: str = Field(primary_key=True)
    platform: str = Field(primary_key=True)
    address: Object = json()
    before: Object | None = json_or_none()
    """The one it took the place of: it serves again if the bot cannot post in the new one."""
    set_by: str
    set_at: datetime


class Dialog(SQLModel, table=True):
    """A conversation under way. The answers are the state; nothing else about progress is kept."""

    id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    flow: str
    answers: Object = json()
    state: str = "open"  # open, done, cancelled
    danger_told: str | None = None
    """What has been told of danger so far, and whom it reached (see casework/danger.py)."""
    danger_reached: str = "nobody"
    case_id: str | None = None
    created_at: datetime
    updated_at: datetime


class Action(SQLModel, table=True):
    """What a button means. Only the opaque id travels; the rest stays here."""

    id: str = Field(primary_key=True)
    verb: str
    args: Object = json()
    case_id: str | None = None
    person_id: str | None = None


class Inbox(SQLModel, table=True):
    """A delivery that has had its effect, and the answer that it got."""

    key: str = Field(primary_key=True)
    reply: Object = json()
    at: datetime = Field(index=True)


class WebMessage(SQLModel, table=True):
    """A message in the built-in chat page: in somebody's private chat, or in a channel."""

    id: int | None = Field(default=None, primary_key=True)
    room: str = Field(index=True)
    key: str = Field(unique=True)
    author: str
    text: str | None = None
    card: Object | None = json_or_none()
    revision: int = Field(index=True)
    at: datetime
