"""Learning responses, what was agreed around them, and what comes of them."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from psirf_bot.store.tables.columns import Object, json, json_or_none


class LearningResponse(SQLModel, table=True):
    """The learning response to a case: what kind, who leads it, and its dates (policy §13)."""

    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    kind: str  # psii, mdt, swarm, aar
    lead_id: str | None = Field(default=None, index=True)
    decided_by: str
    decided_at: datetime
    verified_by: str | None = None
    verified_at: datetime | None = None
    verified_as: str | None = None
    """Their name with the office they held that day, or for whom they stood in (B06)."""
    started_at: datetime | None = None
    target_on: date | None = None
    ended_at: datetime | None = None
    hours_a_week: int | None = None
    """The protected time that was agreed for its lead (B19)."""
    lead_override: str | None = None
    """Why somebody leads it whose training is not complete (C01 to C06)."""
    terms: str | None = None
    """Its terms of reference (P09, Q17)."""
    terms_by: str | None = None
    terms_at: datetime | None = None
    draft_approved_by: str | None = None
    draft_approved_at: datetime | None = None
    """Whoever let the draft leave the trust, and when (J04)."""
    final_sent_on: date | None = None
    final_sent_to: list[str] | None = json_or_none()
    evaluation: Object | None = json_or_none()
    """How well the response and the engagement went, in the words of whoever closed it (P14)."""


class Extension(SQLModel, table=True):
    """A longer time for a learning response: why, and with whom it was agreed or what was tried (K05–K07)."""

    id: int | None = Field(default=None, primary_key=True)
    response_id: str = Field(index=True)
    until: date
    reason: str
    statement: str
    family: str  # agreed, attempted, not-involved
    staff: str
    by_id: str
    at: datetime


class Contact(SQLModel, table=True):
    """Contact that was agreed with a service user, their family or a member of staff during a response (Q28)."""

    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    with_whom: str  # service-user, staff
    need_id: str | None = Field(default=None, index=True)
    """The member of staff, as named in the report."""
    lead_id: str
    every: str | None = None
    avoid: list[str] = json()
    """Days on which they would rather not be contacted, each as 2026-12-24."""
    access: list[str] = json()
    """What would make it easier for them to take part, of what can be chosen (F04)."""
    next_on: date | None = None
    first_on: date | None = None
    last_on: date | None = None
    ended_at: datetime | None = None


class NamedContact(SQLModel, table=True):
    """Whom somebody affected can turn to during a learning response (B12). The newest for each counts."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(index=True)
    whom: str
    """The patient or family: service-user; a member of staff: the id of their SupportNeed."""
    contact_id: str | None = None
    why_not: str | None = None
    by_id: str
    at: datetime


class Partnership(SQLModel, table=True):
    """What was agreed with other organisations about a case (J01 to J07). The newest counts."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(index=True)
    facts: Object = json()
    by_id: str
    at: datetime


class SafetyAction(SQLModel, table=True):
    """Something to be done so that it does not happen again, with its measure and its owner (M01–M07)."""

    id: str = Field(primary_key=True)
    reference: str = Field(unique=True)
    case_id: str | None = Field(default=None, index=True)
    service: str
    what: str
    measure: str
    inequality: str
    """What was considered about inequality (F03)."""
    owner_id: str = Field(index=True)
    due_on: date
    done_at: datetime | None = None
    review_on: date | None = None
    closed_at: datetime | None = None
    by_id: str
    at: datetime


class SafetyAlert(SQLModel, table=True):
    """A National Patient Safety Alert, its clinical lead, and the executive's word that the actions are done (S08)."""

    id: str = Field(primary_key=True)
    number: str = Field(unique=True)
    title: str
    due_on: date
    lead_id: str | None = Field(default=None, index=True)
    named_by: str | None = None
    reported_at: datetime | None = None
    """When the clinical lead said that the actions are completed."""
    authorised_by: str | None = None
    authorised_at: datetime | None = None
    by_id: str
    at: datetime
