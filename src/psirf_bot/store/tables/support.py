"""Support for the staff concerned: who is to be checked on, and who asked for it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from psirf_bot.store.tables.columns import json


class SupportNeed(SQLModel, table=True):
    """A member of staff named in a report, and who was asked to check on them (App 2, O01)."""

    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    person_id: str | None = Field(default=None, index=True)
    name: str
    wish: str  # line-manager, someone-else, quality
    wished: str | None = None
    """The name of whoever the reporter wished for."""
    passed_over_id: str | None = None
    """The line manager who was to be left out when somebody else was asked for, whoever manages them since."""
    checker_id: str | None = Field(default=None, index=True)
    state: str = "asked"  # asked, on the quality list, checked, stopped
    at: datetime
    checked_at: datetime | None = None


class SupportCheck(SQLModel, table=True):
    """Somebody spoke to a member of staff at one stage: that it happened and what was offered, never what was said."""

    id: int | None = Field(default=None, primary_key=True)
    need_id: str = Field(index=True)
    stage: str
    by_id: str
    at: datetime
    offered: list[str] = json()
    accepted: list[str] = json()
    hr: str | None = None
    """Whether HR is to be asked for more support (O02)."""


class SupportRequest(SQLModel, table=True):
    """A member of staff asked for support for themselves; their line manager never sees it."""

    id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    case_id: str | None = Field(default=None, index=True)
    wish: str
    passed_over_id: str | None = None
    """Their line manager when they asked."""
    taken_by: str | None = None
    state: str = "waiting"  # waiting, taken, done
    at: datetime
    done_at: datetime | None = None
