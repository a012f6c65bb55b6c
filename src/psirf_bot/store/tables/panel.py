"""Panels, their members and votes, and the weekly agenda."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from psirf_bot.store.tables.columns import Object, json, json_or_none


class Panel(SQLModel, table=True):
    """A group that decides how to respond to a case, from its opening to the approved minute (policy §12.3).

    `state`: voting, decided (written, not yet approved), departing (the minimum is asked to be departed from),
    approved, stopped. Voting is open while it is "voting" and `closed_at` and `closes_at` have not passed.
    """

    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    route: str  # ordinary, urgent, weekly
    agenda_id: str | None = Field(default=None, index=True)
    state: str = "voting"
    chair_id: str
    chair_override: str | None = None
    """Why somebody chairs it whose training in oversight is not complete (C08)."""
    opened_by: str
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None = None
    documents: Object = json()
    """By document: a link, or the reason why it is not there (I12)."""
    plan_says: str | None = None
    improvement: str | None = None
    """Improvement work that is under way already (I02)."""
    facts: list[str] | None = json_or_none()
    """The requirements whose facts somebody confirmed to be so; None while nobody has."""
    facts_not_known: list[str] | None = json_or_none()
    facts_by: str | None = None
    facts_at: datetime | None = None
    learning: str | None = None
    """Whether the risk is unexpected or the potential to learn great, even outside the plan (I04): yes or no."""
    learning_why: str | None = None
    could_have: str | None = None
    """Whether a near miss or an event without harm could have led to serious harm (I10): yes, no or not-known."""
    decision: str | None = None
    rationale: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    departure_why: str | None = None
    departure: str | None = None  # asked, agreed, refused
    departure_by: str | None = None
    departure_at: datetime | None = None
    departure_note: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    minute: Object | None = json_or_none()
    """The minute as the chair approved it: whatever changes later, it stays (I13, I14)."""
    filed_by: str | None = None
    filed_on: date | None = None


class PanelMember(SQLModel, table=True):
    """Somebody who has a vote in a panel, and why (I11). Whoever stands back gives no reason."""

    __table_args__ = (UniqueConstraint("panel_id", "person_id"),)
    id: str = Field(primary_key=True)
    panel_id: str = Field(index=True)
    person_id: str = Field(index=True)
    seat: str
    recused_at: datetime | None = None


class Vote(SQLModel, table=True):
    """One vote, or a change of it: the newest counts, and all stay in the record."""

    __table_args__ = (UniqueConstraint("member_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    panel_id: str = Field(index=True)
    member_id: str
    """The seat (PanelMember) it was given for."""
    number: int
    by_id: str
    """Whoever gave it: the member, or who stands in for them."""
    choice: str
    rationale: str
    at: datetime


class Agenda(SQLModel, table=True):
    """The weekly panel: one post in its channel, with up to ten cases that each have a thread of their own."""

    id: str = Field(primary_key=True)
    meets_on: date
    by_id: str
    at: datetime
