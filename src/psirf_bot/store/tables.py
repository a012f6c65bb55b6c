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
    passes_over_id: str | None = None
    """Who is never to be asked about them, because they said so: their line manager at the time."""


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
    hold: str | None = None
    """Why it must not be deleted, however old it is: a legal hold."""


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
    passed_over_id: str | None = None
    """The line manager who was to be left out when somebody else was asked for, whoever manages them since."""
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

    __table_args__ = (
        Index("outbox_due", "state", "due_at"),
        Index("outbox_lane", "lane", "state"),
        Index("outbox_old", "state", "created_at"),
    )
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
    days: list[int] = _json()
    """0 is Monday."""
    begin: str
    end: str


class Remembered(SQLModel, table=True):
    """A fact that the bot keeps about itself, such as the calendar that deadlines were last worked out with."""

    name: str = Field(primary_key=True)
    value: str


class PlatformHold(SQLModel, table=True):
    """A platform asked us to wait until then, by the clock of the leases."""

    platform: str = Field(primary_key=True)
    until: datetime


class SupportCheck(SQLModel, table=True):
    """Somebody spoke to a member of staff at one stage: that it happened and what was offered, never what was said."""

    id: int | None = Field(default=None, primary_key=True)
    need_id: str = Field(index=True)
    stage: str
    by_id: str
    at: datetime
    offered: list[str] = _json()
    accepted: list[str] = _json()
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


class CandourStep(SQLModel, table=True):
    """One step of the duty of candour that was taken: on which day, by whom, and who recorded it."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(index=True)
    step: str  # confirmed, told, written, unreachable, attempt, declined
    on: date
    who: str
    """Who did it: an id, or a name as typed."""
    facts: Object = _json()
    by_id: str
    at: datetime


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
    documents: Object = _json()
    """By document: a link, or the reason why it is not there (I12)."""
    plan_says: str | None = None
    improvement: str | None = None
    """Improvement work that is under way already (I02)."""
    facts: list[str] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """The requirements whose facts somebody confirmed to be so; None while nobody has."""
    facts_not_known: list[str] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
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
    minute: Object | None = Field(default=None, sa_column=Column(JSON, nullable=True))
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


class Training(SQLModel, table=True):
    """A course that somebody did (policy §4). `amount`: days, or hours of engagement."""

    __table_args__ = (UniqueConstraint("person_id", "course", "on"),)
    id: int | None = Field(default=None, primary_key=True)
    person_id: str = Field(index=True)
    course: str
    on: date
    amount: float = 0


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
    facts: Object = _json()
    by_id: str
    at: datetime


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
    final_sent_to: list[str] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    evaluation: Object | None = Field(default=None, sa_column=Column(JSON, nullable=True))
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
    avoid: list[str] = _json()
    """Days on which they would rather not be contacted, each as 2026-12-24."""
    next_on: date | None = None
    first_on: date | None = None
    last_on: date | None = None
    ended_at: datetime | None = None


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
    joined: list[str] = _json()
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
    record: Object | None = Field(default=None, sa_column=Column(JSON, nullable=True))
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
    answers: Object = _json()
    about: int | None = None
    reason: str | None = None
    at: datetime


class FairMonitoring(SQLModel, table=True):
    """To which protected groups the person of one run belongs, for counting alone (F05). The newest of a run counts."""

    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(index=True)
    groups: Object = _json()
    by_id: str
    at: datetime


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
