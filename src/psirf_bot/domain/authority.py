"""Who may do what: one function, asked on every press and submit. What is not allowed here is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from psirf_bot.domain.case import BEFORE_PANEL, UNDER_WAY, CaseFacts, State
from psirf_bot.domain.people import Role

R = Role
BOARD = frozenset({R.CHIEF_NURSE, R.MEDICAL_DIRECTOR, R.EXECUTIVE})
"""Executives can reach safety information (B14, S04)."""


class Act(StrEnum):
    """Everything somebody can ask the bot to do."""

    REPORT = "report"
    SET_DEPUTY = "set deputy"
    SET_DEPUTY_FOR_OTHERS = "set deputy for others"
    SET_CHANNEL = "set channel"
    FIND = "find"
    OPEN_FROM_DATIX = "open from datix"
    SEE_UNTRIAGED = "see untriaged"
    SEE_CASE = "see case"
    SEE_REPORTER = "see reporter"
    ADD = "add"
    WITHDRAW = "withdraw"
    ENTER_DATIX = "enter datix"
    MARK_READ = "mark read"
    SET_OWNER = "set owner"
    AMEND = "amend"
    MERGE = "merge"
    RESTRICT = "restrict"
    CLOSE = "close"
    REOPEN = "reopen"
    CHECKED_ON_STAFF = "checked on staff"


@dataclass(frozen=True, slots=True)
class Member:
    """The person acting, with the roles they hold today, their own and those they stand in for."""

    id: str
    name: str
    roles: frozenset[Role]
    leads: frozenset[str] = frozenset()
    """The services they lead today, their own or one they stand in for."""

    @property
    def is_quality(self) -> bool:
        return R.QUALITY in self.roles


Rule = Callable[[Member, CaseFacts], bool]


def may(actor: Member, act: Act, case: CaseFacts | None = None) -> bool:
    """Say whether this person may do this, to this case where it is about one. Anything not listed is refused."""
    if case is None:
        roles = WITHOUT_CASE.get(act, frozenset())
        return bool(roles & actor.roles)
    rule = WITH_CASE.get(act)
    return rule is not None and rule(actor, case)


def _reporter(actor: Member, case: CaseFacts) -> bool:
    return case.reporter_id is not None and actor.id == case.reporter_id


def _sees(actor: Member, case: CaseFacts) -> bool:
    """The quality team and the reporter always; the board and the service's own lead unless it is kept closer."""
    if actor.is_quality or _reporter(actor, case):
        return True
    kept_close = case.quality_only or case.restricted or case.state is State.WITHDRAWN
    if actor.id in case.passed_over_ids:
        return False
    lead = bool(case.service) and case.service in actor.leads
    return not kept_close and (bool(BOARD & actor.roles) or lead)


def _sees_reporter(actor: Member, case: CaseFacts) -> bool:
    hidden = case.confidential or case.quality_only
    return actor.is_quality or _reporter(actor, case) or (_sees(actor, case) and not hidden)


def _quality(*states: State) -> Rule:
    return lambda actor, case: actor.is_quality and case.state in states


def _either(*states: State) -> Rule:
    return lambda actor, case: (actor.is_quality or _reporter(actor, case)) and case.state in states


EVERYBODY = frozenset({R.STAFF})
QUALITY = frozenset({R.QUALITY})

WITHOUT_CASE: dict[Act, frozenset[Role]] = {
    Act.REPORT: EVERYBODY,
    Act.SET_DEPUTY: EVERYBODY,
    Act.SET_DEPUTY_FOR_OTHERS: frozenset({R.ADMIN}),
    Act.SET_CHANNEL: frozenset({R.ADMIN}),
    Act.FIND: QUALITY | BOARD | {R.SERVICE_LEAD},
    Act.OPEN_FROM_DATIX: QUALITY,
    Act.SEE_UNTRIAGED: QUALITY,
}

WITH_CASE: dict[Act, Rule] = {
    Act.SEE_CASE: _sees,
    Act.SEE_REPORTER: _sees_reporter,
    Act.ADD: _either(*UNDER_WAY, State.CLOSED),
    Act.WITHDRAW: lambda actor, case: _reporter(actor, case) and case.state in BEFORE_PANEL,
    Act.ENTER_DATIX: _either(*UNDER_WAY, State.CLOSED),
    Act.MARK_READ: _quality(State.REPORTED),
    Act.SET_OWNER: _quality(*UNDER_WAY),
    Act.AMEND: _quality(*UNDER_WAY),
    Act.MERGE: _quality(*BEFORE_PANEL),
    Act.RESTRICT: _quality(*UNDER_WAY, State.CLOSED),
    # Not while a panel has it, nor while a PSII waits to be verified: neither can be settled by closing it (I09, I16).
    Act.CLOSE: _quality(State.READ, State.DECIDED, State.RESPONDING, State.PAUSED),
    Act.REOPEN: _quality(State.CLOSED),
    Act.CHECKED_ON_STAFF: lambda actor, case: actor.is_quality or actor.id in case.checker_ids,
}
