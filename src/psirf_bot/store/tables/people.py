"""Who works for the trust, where they are known, and who stands in for them."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from psirf_bot.store.tables.columns import Object, json


class Person(SQLModel, table=True):
    """Somebody who works for the trust. Known by platform identities, never by name alone."""

    id: str = Field(primary_key=True)
    name: str
    email: str | None = Field(default=None, unique=True)
    roles: list[str] = json()
    service: str | None = None
    line_manager_id: str | None = Field(default=None, index=True)
    active: bool = True
    on_list: bool = True
    """False for a full member of the tenant or workspace who is not in people.csv."""
    passes_over_id: str | None = None
    """Who is never to be asked about them, because they said so: their line manager at the time."""


class Identity(SQLModel, table=True):
    """One person on one platform: (Slack team, user id) or (Entra tenant, object id)."""

    platform: str = Field(primary_key=True)
    team: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    address: Object = json()
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


class Training(SQLModel, table=True):
    """A course that somebody did (policy §4). `amount`: days, or hours of engagement."""

    __table_args__ = (UniqueConstraint("person_id", "course", "on"),)
    id: int | None = Field(default=None, primary_key=True)
    person_id: str = Field(index=True)
    course: str
    on: date
    amount: float = 0
