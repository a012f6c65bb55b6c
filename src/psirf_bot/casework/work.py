"""One unit of work in hand: everything that a casework function may use, all of it given from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import event
from sqlmodel import Session

from psirf_bot.casework.errand import Errand
from psirf_bot.casework.inbound import Place, Platform
from psirf_bot.dialogs.flow import Flow
from psirf_bot.dialogs.report import report_flow
from psirf_bot.domain.authority import Member
from psirf_bot.domain.deadlines import Rule, rules_of
from psirf_bot.domain.report import Report
from psirf_bot.domain.trust import Trust
from psirf_bot.domain.working_time import Calendar
from psirf_bot.store import audit
from psirf_bot.store.audit import AuditKey
from psirf_bot.store.tables import (
    Case,
    FairEntry,
    FairRun,
    LearningResponse,
    Outbox,
    Panel,
    PanelMember,
    Person,
    StandIn,
    SupportNeed,
    Vote,
)

FORESEEN = 15
"""Years after the known ones for which bank holidays are foreseen."""


@dataclass(frozen=True)
class Setting:
    """What stays the same from turn to turn: the trust, where ids come from, and the key of the audit chain."""

    trust: Trust
    new_id: Callable[[], str]
    audit_key: AuditKey
    public_url: str | None = None
    """Where browsers reach the bot, for links to documents; None where they do not."""
    old_keys: tuple[AuditKey, ...] = ()
    """Keys that were in use before: what they sealed stays known, nothing new is sealed with them."""

    @property
    def all_keys(self) -> dict[str, AuditKey]:
        """Every key that may have sealed an entry of the audit, by its id."""
        return {key.id: key for key in (*self.old_keys, self.audit_key)}

    @cached_property
    def known_actions(self) -> set[str]:
        """The ids of buttons that are known to be in the database, where they stay; forgotten when a commit fails."""
        return set()

    @cached_property
    def report_flow(self) -> Flow[Report]:
        """The report flow in this trust's services, bodies and words."""
        return report_flow(self.trust.services, {b.id: b.name for b in self.trust.other_bodies}).reworded(
            self.trust.wording
        )

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Every duty with a clock, with this trust's own lengths, owners and ladders."""
        return rules_of(self.trust.deadlines)

    @cached_property
    def calendar(self) -> Calendar:
        """This trust's working days, as far as their bank holidays are known."""
        extra, known_to = self.trust.bank_holidays.extra, self.trust.bank_holidays.known_to
        return Calendar.of_england(self.trust.timezone, self.trust.quiet_hours, extra=extra, known_to=known_to)

    @cached_property
    def calendar_beyond(self) -> Calendar:
        """The same, with the years after that as they are foreseen: for dates that say that they may change."""
        extra, known_to = self.trust.bank_holidays.extra, self.trust.bank_holidays.known_to + FORESEEN
        return Calendar.of_england(self.trust.timezone, self.trust.quiet_hours, extra=extra, known_to=known_to)


@dataclass(frozen=True, slots=True)
class Work:
    """The session of this transaction and the moment it is about. `now` is aware UTC.

    `outgoing`: the messages written in it; `errands`: those that it has claimed itself, to be handed to the courier as
    soon as it is committed. `memo`: what has been worked out, such as who does what today; cleared by whatever changes
    it.
    """

    session: Session
    now: datetime
    setting: Setting
    outgoing: list[Outbox] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)
    memo: dict[object, Any] = field(default_factory=dict)

    @property
    def trust(self) -> Trust:
        return self.setting.trust

    @property
    def local(self) -> datetime:
        """The moment as people here read it on the clock."""
        return self.now.astimezone(self.setting.trust.timezone)

    def new_id(self) -> str:
        return self.setting.new_id()

    def forget(self) -> None:
        """What was begun has been taken back."""
        self.memo.clear()
        self.outgoing.clear()
        self.errands.clear()

    def record(self, by: str, what: str, case: Case | None = None, **content: object) -> None:
        """Add to the audit chain that `by` did `what`. The content is digested, not kept."""
        key = self.setting.audit_key
        audit.append(
            self.session, key, at=self.now, actor_id=by, what=what, case_id=case.id if case else None, content=content
        )


@dataclass(frozen=True, slots=True)
class Press:
    """A button pressed or a form sent: what the action means, who did it and where, and what the inputs held."""

    verb: str
    args: Mapping[str, str]
    case_id: str | None
    given: Mapping[str, object]
    by: Member
    platform: Platform
    place: Place


class PersonId(str):
    """The id of somebody who was picked, not typed: among names it is nobody's words, so there is nothing to screen."""


class Refusal(Exception):
    """Not done, in words for the person: what is so, and what to do next."""


T = TypeVar("T")
FACTS = (Case, FairEntry, FairRun, LearningResponse, Panel, PanelMember, Person, StandIn, SupportNeed, Vote)
"""What is read again and again in one turn, and seldom written."""


@event.listens_for(Session, "before_flush")
def _note_changed_facts(session: Session, *_: object) -> None:
    if any(isinstance(row, FACTS) for rows in (session.new, session.dirty, session.deleted) for row in rows):
        session.info["facts"] = session.info.get("facts", 0) + 1


def once(work: Work, asked: object, find: Callable[[], T]) -> T:
    """What `find` finds, kept until one of the FACTS is written. After waiting for a lock, clear the memo."""
    session = work.session
    if session.new or session.dirty or session.deleted:
        session.flush()
    written = session.info.get("facts", 0)
    kept = work.memo.get(asked)
    if kept is None or kept[0] != written:
        kept = work.memo[asked] = (written, find())
    found: T = kept[1]
    return found
