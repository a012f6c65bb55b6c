"""Who may do what: one function, asked on every press and submit. What is not allowed here is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from psirf_bot.domain.case import BEFORE_PANEL, UNDER_WAY, CaseFacts, State
from psirf_bot.domain.people import Role

R = Role
BOARD = frozenset({R.CHIEF_NURSE, R.MEDICAL_DIRECTOR, R.EXECUTIVE})
"""Executives can reach safety information (B14, S04)."""
READS_AS_BOARD = BOARD | {R.NON_EXECUTIVE}
"""A non-executive reads what the board reads, and is asked to do nothing (B14)."""


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
    SEE_HISTORY = "see history"
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
    ASK_FOR_SUPPORT = "ask for support"
    SET_HOURS = "set hours"
    SEE_BOARD = "see the board of what is late"
    SEE_CANDOUR = "see candour"
    CONFIRM_CANDOUR = "confirm candour"
    RECORD_CANDOUR = "record candour"
    OPEN_PANEL = "open the panel"
    SEE_PANEL = "see the panel"
    PREPARE_PANEL = "prepare the panel"
    VOTE = "vote"
    CLOSE_VOTING = "close the voting"
    DECIDE_RESPONSE = "decide response"
    ANSWER_DEPARTURE = "answer a departure from the minimum"
    FILE_MINUTE = "file the minute"
    CHOOSE_LEAD = "choose the response lead"
    NOTIFY = "notify"
    APPROVE_DRAFT = "approve the draft of a report"
    SEE_GAPS = "see the gaps"
    VERIFY_PSII = "verify PSII"
    LEAD_RESPONSE = "lead response"
    PAUSE = "pause"
    RESUME = "resume"
    AGREE_ACTION = "agree safety action"
    RECEIVE_ALERT = "receive alert"
    NAME_ALERT_LEAD = "name the lead of an alert"
    AUTHORISE_ALERT = "authorise an alert's actions"
    SEE_DUTY = "see duty"
    SETTLE_DUTY = "settle duty"
    PAUSE_DUTY = "pause duty"
    START_FAIR = "start being fair"
    SEE_FAIR = "see being fair"
    JOIN_FAIR = "join being fair"
    ANSWER_FAIR = "answer in being fair"
    PAUSE_FAIR = "pause being fair"
    RESUME_FAIR = "go on with being fair"
    LEAVE_FAIR = "leave being fair for the police or safeguarding"
    FOLLOW_UP_FAIR = "follow up being fair"
    REPLACE_FAIR = "ask another colleague into being fair"
    OVERSEE_FAIR = "oversee being fair"


@dataclass(frozen=True, slots=True)
class Member:
    """The person acting, with the roles they hold today, their own and those they stand in for."""

    id: str
    name: str
    roles: frozenset[Role]
    leads: frozenset[str] = frozenset()
    """The services they lead today, their own or one they stand in for."""
    acts_for: frozenset[tuple[str, Role | None]] = frozenset()
    """For whom they stand in today: in one role or, with None, in all."""
    own: frozenset[Role] = frozenset()
    """The roles that are theirs alone, without those they hold today for somebody else."""

    def acts_as(self, person_id: str | None, role: Role) -> bool:
        """Whether they are this person, or stand in for them in this role."""
        return person_id is not None and (
            person_id == self.id or not self.acts_for.isdisjoint({(person_id, None), (person_id, role)})
        )

    @property
    def is_quality(self) -> bool:
        return R.QUALITY in self.roles


@dataclass(frozen=True, slots=True)
class DutyFacts:
    """What authority depends on for a duty with a clock. `kept_from_ids`: those it concerns, or who are passed over."""

    owner_ids: frozenset[str]
    told_ids: frozenset[str] = frozenset()
    """Who has been reminded of it, on whatever rung of the ladder."""
    private: bool = False
    kept_from_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FairFacts:
    """What authority depends on for a run of the being fair tool (§14, L07).

    `pair`: the two who use it, by the team that each is there for. `joined`: those of them who have joined. `state`:
    invited, open, paused, ended or withdrawn. `kept_out_ids`: the person concerned, their line manager and who stands
    in for that one.
    """

    pair: Mapping[Role, str]
    joined: frozenset[str]
    state: str
    kept_out_ids: frozenset[str] = frozenset()


Rule = Callable[[Member, CaseFacts], bool]
DutyRule = Callable[[Member, DutyFacts], bool]
FairRule = Callable[[Member, FairFacts], bool]


def may(actor: Member, act: Act, about: CaseFacts | DutyFacts | FairFacts | None = None) -> bool:
    """Say whether this person may do this, to this case, duty or run if it is about one; the unlisted is refused."""
    if isinstance(about, FairFacts):
        fair_rule = WITH_FAIR.get(act)
        return fair_rule is not None and actor.id not in about.kept_out_ids and fair_rule(actor, about)
    if about is None:
        if act in BY_THEMSELVES:
            return bool(BY_THEMSELVES[act] & actor.own)
        roles = WITHOUT_CASE.get(act, frozenset())
        return bool(roles & actor.roles)
    if isinstance(about, DutyFacts):
        duty_rule = WITH_DUTY.get(act)
        return duty_rule is not None and actor.id not in about.kept_from_ids and duty_rule(actor, about)
    rule = WITH_CASE.get(act)
    return rule is not None and rule(actor, about)


def _reporter(actor: Member, case: CaseFacts) -> bool:
    return case.reporter_id is not None and actor.id == case.reporter_id


def _kept_close(case: CaseFacts) -> bool:
    return case.quality_only or case.restricted or case.state is State.WITHDRAWN


def _before_any_panel(case: CaseFacts) -> bool:
    """Not where a panel has looked at it, even if it was opened again since."""
    return case.state in BEFORE_PANEL and case.chair_id is None


def _sees(actor: Member, case: CaseFacts) -> bool:
    """The quality team and the reporter always; the board and the service's own lead unless it is kept closer."""
    if actor.is_quality or _reporter(actor, case) or actor.id == case.lead_id:
        return True
    if actor.id in case.passed_over_ids:
        return False
    lead = bool(case.service) and case.service in actor.leads
    takes_part = bool(READS_AS_BOARD & actor.roles) or lead or _on_panel(actor, case)
    return leads(actor, case) or (takes_part and not _kept_close(case))


def _sees_case(actor: Member, case: CaseFacts) -> bool:
    """The candour lead sees what happened, though not who reported it."""
    passed_over = actor.id in case.passed_over_ids
    return _sees(actor, case) or (R.CANDOUR_LEAD in actor.roles and not _kept_close(case) and not passed_over)


def _sees_reporter(actor: Member, case: CaseFacts) -> bool:
    hidden = case.confidential or case.quality_only
    return actor.is_quality or _reporter(actor, case) or (_sees(actor, case) and not hidden)


def _clinician(actor: Member, case: CaseFacts) -> bool:
    """Who confirms whether the duty of candour applies: a clinician on the board, or the candour lead (V19)."""
    return bool(actor.roles & {R.CANDOUR_LEAD, R.CHIEF_NURSE, R.MEDICAL_DIRECTOR})


def _sees_candour(actor: Member, case: CaseFacts) -> bool:
    """Candour is owed whoever reported it, so its steps are seen where the report itself is kept close."""
    return _clinician(actor, case) or actor.is_quality or (actor.id != case.reporter_id and _sees(actor, case))


def _records_candour(actor: Member, case: CaseFacts) -> bool:
    takes_part = _clinician(actor, case) or actor.is_quality or leads(actor, case)
    return takes_part or (case.service in actor.leads and _sees_candour(actor, case))


def leads(actor: Member, case: CaseFacts) -> bool:
    """The lead, or whoever stands in for them; nobody who is named in the reports does."""
    kept_out = case.passed_over_ids | (case.involved_ids - {case.lead_id})
    return actor.acts_as(case.lead_id, R.RESPONSE_LEAD) and actor.id not in kept_out


def _leads_response(actor: Member, case: CaseFacts) -> bool:
    return actor.is_quality or leads(actor, case)


def _has_a_vote(actor: Member, case: CaseFacts) -> bool:
    """Involved staff, their line managers and whoever has stood back have none, nor do those who stand in for them."""
    takes_part = any(actor.acts_as(member, R.PANEL) for member in case.panel_ids - case.kept_out_ids)
    return takes_part and actor.id not in case.kept_out_ids


def _chairs(actor: Member, case: CaseFacts) -> bool:
    return actor.acts_as(case.chair_id, R.CHAIR) and case.kept_out_ids.isdisjoint({actor.id, case.chair_id})


def _on_panel(actor: Member, case: CaseFacts) -> bool:
    return _has_a_vote(actor, case) or _chairs(actor, case)


def _sees_panel(actor: Member, case: CaseFacts) -> bool:
    if actor.id in case.kept_out_ids:
        return False
    oversees = _directs(actor, case) or (bool(READS_AS_BOARD & actor.roles) and not _kept_close(case))
    return _on_panel(actor, case) or actor.is_quality or oversees


def _prepares(actor: Member, case: CaseFacts) -> bool:
    takes_part = actor.is_quality or _chairs(actor, case)
    return takes_part and actor.id not in case.kept_out_ids and case.state is State.IN_PANEL


def _directs(actor: Member, case: CaseFacts) -> bool:
    """The Chief Nurse, the Medical Director, or whoever stands in for one of them today (V18)."""
    offices = actor.roles & {R.CHIEF_NURSE, R.MEDICAL_DIRECTOR}
    return bool(offices) and actor.id not in case.involved_ids and actor.id not in case.passed_over_ids


def _owes(actor: Member, duty: DutyFacts) -> bool:
    return actor.id in duty.owner_ids or actor.is_quality


def _one_of_the_two(actor: Member, run: FairFacts) -> bool:
    """In the pair, and still of the team that they are there for: by themselves, not for somebody else (L07)."""
    return any(actor.id == who and team in actor.own for team, who in run.pair.items())


def _works_on(*states: str) -> FairRule:
    """One of the two who has joined, while the run is in one of these states."""
    return lambda actor, run: _one_of_the_two(actor, run) and actor.id in run.joined and run.state in states


def _sees_fair(actor: Member, run: FairFacts) -> bool:
    """Whoever has not joined sees the invitation as long as it waits, and nothing of what comes after it."""
    theirs = _works_on("invited", "open", "paused", "ended")(actor, run)
    return theirs or (_one_of_the_two(actor, run) and run.state == "invited") or R.OVERSEER in actor.own


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
    Act.FIND: QUALITY | READS_AS_BOARD | {R.SERVICE_LEAD},
    Act.OPEN_FROM_DATIX: QUALITY,
    Act.SEE_UNTRIAGED: QUALITY,
    Act.ASK_FOR_SUPPORT: EVERYBODY,
    Act.SET_HOURS: EVERYBODY,
    Act.SEE_BOARD: QUALITY | READS_AS_BOARD | {R.SERVICE_LEAD, R.CHAIR, R.CANDOUR_LEAD},
    Act.AGREE_ACTION: QUALITY | {R.RESPONSE_LEAD},
    Act.SEE_GAPS: QUALITY | READS_AS_BOARD | {R.CHAIR},
    Act.OPEN_PANEL: QUALITY,
    Act.RECEIVE_ALERT: QUALITY,
    Act.NAME_ALERT_LEAD: BOARD,
    Act.AUTHORISE_ALERT: BOARD,
}

BY_THEMSELVES: dict[Act, frozenset[Role]] = {
    Act.START_FAIR: frozenset({R.QUALITY, R.WORKFORCE}),
    Act.OVERSEE_FAIR: frozenset({R.OVERSEER}),
}
"""What somebody may do in a role of their own, and not while they stand in for somebody who has it."""

WITH_FAIR: dict[Act, FairRule] = {
    Act.SEE_FAIR: _sees_fair,
    Act.JOIN_FAIR: lambda actor, run: (
        _one_of_the_two(actor, run) and actor.id not in run.joined and run.state == "invited"
    ),
    Act.ANSWER_FAIR: lambda actor, run: _works_on("open")(actor, run) and run.joined >= set(run.pair.values()),
    Act.PAUSE_FAIR: _works_on("open"),
    Act.RESUME_FAIR: _works_on("paused"),
    Act.LEAVE_FAIR: _works_on("invited", "open", "paused", "ended"),
    Act.FOLLOW_UP_FAIR: _works_on("ended"),
    Act.REPLACE_FAIR: _works_on("invited", "open", "paused"),
    Act.OVERSEE_FAIR: lambda actor, run: R.OVERSEER in actor.own,
}

WITH_DUTY: dict[Act, DutyRule] = {
    Act.SEE_DUTY: lambda actor, duty: _owes(actor, duty) or actor.id in duty.told_ids,
    Act.SETTLE_DUTY: lambda actor, duty: _owes(actor, duty),
    Act.PAUSE_DUTY: lambda actor, duty: _owes(actor, duty) and not duty.private,
}

WITH_CASE: dict[Act, Rule] = {
    Act.SEE_CASE: _sees_case,
    Act.SEE_REPORTER: _sees_reporter,
    Act.SEE_HISTORY: _quality(*State),
    Act.ADD: _either(*UNDER_WAY, State.CLOSED, State.MERGED),
    Act.WITHDRAW: lambda actor, case: _reporter(actor, case) and _before_any_panel(case),
    Act.ENTER_DATIX: _either(*UNDER_WAY, State.CLOSED),
    Act.MARK_READ: _quality(State.REPORTED),
    Act.SET_OWNER: _quality(*UNDER_WAY),
    Act.AMEND: _quality(*UNDER_WAY),
    Act.MERGE: lambda actor, case: actor.is_quality and _before_any_panel(case),
    Act.RESTRICT: _quality(*UNDER_WAY, State.CLOSED),
    # Not while a panel has it, nor while a PSII waits to be verified: neither can be settled by closing it (I09, I16).
    Act.CLOSE: _quality(State.READ, State.DECIDED, State.RESPONDING, State.PAUSED),
    Act.REOPEN: _quality(State.CLOSED),
    Act.SEE_CANDOUR: _sees_candour,
    Act.CONFIRM_CANDOUR: _clinician,
    Act.RECORD_CANDOUR: _records_candour,
    Act.OPEN_PANEL: lambda actor, case: (
        actor.is_quality and (case.state is State.READ or (case.state is State.DECIDED and not case.has_response))
    ),
    Act.SEE_PANEL: _sees_panel,
    Act.PREPARE_PANEL: _prepares,
    Act.VOTE: lambda actor, case: _has_a_vote(actor, case) and case.state is State.IN_PANEL,
    Act.CLOSE_VOTING: _prepares,
    Act.DECIDE_RESPONSE: lambda actor, case: _chairs(actor, case) and case.state is State.IN_PANEL,
    Act.ANSWER_DEPARTURE: lambda actor, case: _directs(actor, case) and case.state is State.IN_PANEL,
    Act.VERIFY_PSII: lambda actor, case: _directs(actor, case) and case.state is State.AWAITING_VERIFICATION,
    Act.FILE_MINUTE: _quality(*UNDER_WAY, State.CLOSED),
    Act.CHOOSE_LEAD: lambda actor, case: (
        (actor.is_quality or _chairs(actor, case))
        and case.state in {State.DECIDED, State.AWAITING_VERIFICATION, State.RESPONDING, State.PAUSED}
    ),
    Act.NOTIFY: _quality(*UNDER_WAY, State.CLOSED),
    Act.APPROVE_DRAFT: lambda actor, case: (
        bool(actor.roles & BOARD)
        and actor.id not in case.involved_ids | case.passed_over_ids
        and case.state in {State.RESPONDING, State.PAUSED, State.CLOSED}
    ),
    Act.LEAD_RESPONSE: lambda actor, case: (
        _leads_response(actor, case) and case.state in {State.DECIDED, State.RESPONDING}
    ),
    Act.PAUSE: lambda actor, case: _leads_response(actor, case) and case.state is State.RESPONDING,
    Act.RESUME: lambda actor, case: _leads_response(actor, case) and case.state is State.PAUSED,
    Act.AGREE_ACTION: lambda actor, case: _leads_response(actor, case) and case.state in {*UNDER_WAY, State.CLOSED},
    Act.CHECKED_ON_STAFF: lambda actor, case: actor.is_quality or actor.id in case.checker_ids,
}
