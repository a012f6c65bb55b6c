"""Runs of the being fair tool, what was answered in them, and what is counted of them."""

from datetime import date, datetime

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from psirf_bot.store.tables.columns import Object, json, json_or_none


class FairRun(SQLModel, table=True):
    """One use of the being fair tool by two people, about one person in one case (policy §14, L19).

    `state`: invited, open, paused, ended, or withdrawn by whoever invited before the other joined. To look at it again
    makes a new one, with the next `version`; the earlier ones stay as they are (L17).
    """

    __table_args__ = (UniqueConstraint("reference", "version"),)
    id: str = Field(primary_key=True)
    reference: str = Field(index=True)
    """How the person concerned is called everywhere; it gives nothing away."""
    version: int = 1
    case_id: str = Field(index=True)
    subject_id: str | None = Field(default=None, index=True)
    """The person concerned; shown nowhere."""
    subject_name: str | None = None
    """Their name, where they are not on the people list."""
    concern: str
    """What concern the learning response raised (L01), or what is new since the version before."""
    begun_by: str
    patient_safety_id: str
    workforce_id: str
    joined: list[str] = json()
    state: str = "invited"
    reading: str
    """How "only continue with the tool if" was read in this run (V14)."""
    tool: str
    """The version of the tool that was used."""
    wording: Object = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """The words of its questions, by id: those that it began with."""
    review_on: date | None = None
    paused_why: str | None = None
    end: str | None = None
    """Where it came to: the id of an end (domain/being_fair.py)."""
    ended_at: datetime | None = None
    record: Object | None = json_or_none()
    """What was asked in which words, what was answered by whom and when, and the next step, as it stood at the end."""
    teller: str | None = None
    """Who tells the person, in person: an id, or a name as typed."""
    at: datetime


class FairEntry(SQLModel, table=True):
    """One thing that happened in a run of the being fair tool; none is ever changed (domain/joint.py)."""

    __table_args__ = (UniqueConstraint("run_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(index=True)
    number: int
    by_id: str
    kind: str
    """Those of domain/joint.py; and invited, joined, declined, withdrawn, replaced, paused, resumed, left, ended,
    revisited, teller named, told, step taken, groups recorded, viewed, exported."""
    page: str = ""
    answers: Object = json()
    about: int | None = None
    reason: str | None = None
    at: datetime


class FairMonitoring(SQLModel, table=True):
    """To which protected groups the person of one run belongs, for counting alone (F05). The newest of a run counts."""

    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(index=True)
    groups: Object = json()
    by_id: str
    at: datetime
