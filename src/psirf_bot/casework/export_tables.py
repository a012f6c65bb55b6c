"""What stands in the general export: one function for each table, and only what is listed here leaves the bot.

Private matters stay out of it: there is not a word of being fair, checks on staff are days without names, and whatever
is kept to the quality team is a row without its words.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlmodel import col, select

from psirf_bot.casework import cases, panels, people
from psirf_bot.casework.case_facts import is_restricted
from psirf_bot.casework.case_history import NOT_A_PERSON, is_told
from psirf_bot.casework.minute_text import of_json, plain
from psirf_bot.casework.view import ABOUT_STAFF
from psirf_bot.casework.work import Work
from psirf_bot.domain import identifiers
from psirf_bot.domain.case import State
from psirf_bot.store.tables import (
    AuditEntry,
    CandourStep,
    Case,
    Deadline,
    Extension,
    LearningResponse,
    Notification,
    Panel,
    ReportVersion,
    SafetyAction,
    SupportCheck,
    SupportNeed,
)

Cell = str | int | bool | date | datetime | None
Row = tuple[Cell, ...]
KEPT_NAME = "kept to the quality team"
KEPT_WORDS = "Kept to the quality team"
UNNAMED = "a member of staff"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which part is exported: the cases, and what belongs to no case from `since`; nothing of that where it is None."""

    cases: tuple[Case, ...]
    since: datetime | None


def close(work: Work, case: Case) -> bool:
    """Whether its words are for the quality team alone, or were taken back by whoever wrote them."""
    return is_restricted(work, case) or case.quality_only or case.state == State.WITHDRAWN


def who(work: Work, case: Case, person_id: str | None) -> str:
    """A name, unless it is that of a reporter who is kept to the quality team, here or in a report joined with it."""
    if person_id in _kept(work, case):
        return KEPT_NAME
    return people.name_of(work, person_id)


def unnamed(work: Work, case: Case, words: str) -> str:
    """Words that the bot wrote, without a name that is kept elsewhere: side by side, they would tell whose it is."""
    for reporter_id in _kept(work, case):
        words = words.replace(people.name_of(work, reporter_id), KEPT_NAME)
    return words


def _kept(work: Work, case: Case) -> set[str]:
    return {
        c.reporter_id for c in cases.with_joined(work, case) if c.reporter_id and (c.confidential or c.quality_only)
    }


def typed(work: Work, case: Case | None, words: str | None) -> str:
    """What somebody wrote, with patient identifiers masked once more."""
    if not words:
        return ""
    return KEPT_WORDS if case and close(work, case) else identifiers.mask(words)


def _cases(work: Work, chosen: Chosen) -> Iterator[Row]:
    for case in chosen.cases:
        into = work.session.get(Case, case.merged_into) if case.merged_into else None
        yield (
            case.reference, case.state, case.event_type, case.service, case.occurred, case.opened_at, case.read_at,
            case.ended_at, who(work, case, case.reporter_id), case.confidential, case.quality_only,
            is_restricted(work, case), who(work, case, case.owner_id), case.datix_number,
            into.reference if into else "", typed(work, case, case.outcome),
        )  # fmt: skip


def _reports(work: Work, chosen: Chosen) -> Iterator[Row]:
    for case in chosen.cases:
        theirs = select(ReportVersion).where(ReportVersion.case_id == case.id).order_by(col(ReportVersion.number))
        for version in work.session.exec(theirs):
            by = who(work, case, version.by_id)
            for key, read in version.wording.items():
                if read["shown"] and "/" not in key and key not in ABOUT_STAFF:
                    answer = typed(work, case, read["shown"])
                    reason = typed(work, case, version.reason)
                    yield case.reference, version.number, version.at, by, reason, read["label"], answer


def _additions(work: Work, chosen: Chosen) -> Iterator[Row]:
    for case in chosen.cases:
        for added in cases.additions(work, case):
            yield case.reference, added.at, who(work, case, added.by_id), typed(work, case, added.text)


def _deadlines(work: Work, chosen: Chosen) -> Iterator[Row]:
    """Those that stand on boards; nobody's private duties."""
    for case in chosen.cases:
        theirs = select(Deadline).where(Deadline.case_id == case.id).order_by(col(Deadline.due_at), Deadline.id)
        for duty in work.session.exec(theirs):
            rule = work.setting.rules.get(duty.rule)
            if rule is None or rule.private or rule.held_tight:
                continue
            yield (
                case.reference, duty.rule, rule.duty, who(work, case, duty.owner_id) or duty.role, duty.since,
                duty.due_local, duty.state, duty.reason, duty.closed_at, who(work, case, duty.closed_by), duty.source,
            )  # fmt: skip


def _panels(work: Work, chosen: Chosen) -> Iterator[Row]:
    for case, panel in _panels_of(work, chosen):
        facts = None if panel.facts is None else "; ".join(panel.facts)
        yield (
            case.reference, panel.route, panel.state, panel.opened_at, panel.closes_at, panel.closed_at,
            who(work, case, panel.chair_id), facts, panel.decision, typed(work, case, panel.rationale),
            who(work, case, panel.decided_by), panel.decided_at, panel.departure,
            typed(work, case, panel.departure_why),
            who(work, case, panel.departure_by), typed(work, case, panel.departure_note),
            who(work, case, panel.approved_by), panel.approved_at, panel.filed_on,
        )  # fmt: skip


def _minutes(work: Work, chosen: Chosen) -> Iterator[Row]:
    """Approved minutes as they were kept; nobody's vote stands in one."""
    for case, panel in _panels_of(work, chosen):
        if panel.minute and panel.state == panels.APPROVED:
            minute = unnamed(work, case, plain(of_json(panel.minute)))
            yield case.reference, panel.approved_at, typed(work, case, minute)


def _votes(work: Work, chosen: Chosen) -> Iterator[Row]:
    """The votes that count of panels that are over, in an order that says nothing about whose they are."""
    for case, panel in _panels_of(work, chosen):
        if panel.state == panels.APPROVED:
            given = ((vote.choice, typed(work, case, vote.rationale)) for vote in panels.votes(work, panel).values())
            for choice, reason in sorted(given):
                yield case.reference, panel.approved_at, choice, reason


def _panels_of(work: Work, chosen: Chosen) -> Iterator[tuple[Case, Panel]]:
    for case in chosen.cases:
        theirs = select(Panel).where(Panel.case_id == case.id).order_by(col(Panel.opened_at), Panel.id)
        for panel in work.session.exec(theirs):
            yield case, panel


def _responses(work: Work, chosen: Chosen) -> Iterator[Row]:
    for case, one in _responses_of(work, chosen):
        evaluation = "; ".join(f"{key}: {words}" for key, words in (one.evaluation or {}).items() if words)
        yield (
            case.reference, one.kind, who(work, case, one.lead_id), one.decided_at, who(work, case, one.decided_by),
            one.verified_at, unnamed(work, case, one.verified_as or ""), one.started_at, one.target_on, one.ended_at,
            typed(work, case, one.terms),
            one.draft_approved_at, one.final_sent_on, "; ".join(one.final_sent_to or []), typed(work, case, evaluation),
        )  # fmt: skip


def _extensions(work: Work, chosen: Chosen) -> Iterator[Row]:
    for case, one in _responses_of(work, chosen):
        theirs = select(Extension).where(Extension.response_id == one.id).order_by(col(Extension.id))
        for longer in work.session.exec(theirs):
            words = typed(work, case, longer.reason), typed(work, case, longer.statement)
            yield (
                case.reference,
                longer.until,
                *words,
                longer.family,
                longer.staff,
                who(work, case, longer.by_id),
                longer.at,
            )


def _responses_of(work: Work, chosen: Chosen) -> Iterator[tuple[Case, LearningResponse]]:
    for case in chosen.cases:
        theirs = select(LearningResponse).where(LearningResponse.case_id == case.id)
        for one in work.session.exec(theirs.order_by(col(LearningResponse.decided_at), LearningResponse.id)):
            yield case, one


def _notifications(work: Work, chosen: Chosen) -> Iterator[Row]:
    for case in chosen.cases:
        theirs = select(Notification).where(Notification.case_id == case.id).order_by(col(Notification.id))
        for made in work.session.exec(theirs):
            by = who(work, case, made.by_id)
            yield case.reference, made.body, made.on, typed(work, case, made.why_not), made.reference, by, made.at


def _candour(work: Work, chosen: Chosen) -> Iterator[Row]:
    """Which step of the duty of candour was taken on which day; not to whom, and not what was said."""
    for case in chosen.cases:
        theirs = select(CandourStep).where(CandourStep.case_id == case.id).order_by(col(CandourStep.id))
        for step in work.session.exec(theirs):
            yield case.reference, step.step, step.on, step.at


def _actions(work: Work, chosen: Chosen) -> Iterator[Row]:
    by_id = {case.id: case for case in chosen.cases}
    for action in work.session.exec(select(SafetyAction).order_by(SafetyAction.reference)):
        case = by_id.get(action.case_id or "")
        without = action.case_id is None and chosen.since is not None and action.at >= chosen.since
        if case or without:
            owner = who(work, case, action.owner_id) if case else people.name_of(work, action.owner_id)
            words = (typed(work, case, each) for each in (action.what, action.measure, action.inequality))
            yield (
                action.reference, case.reference if case else "", action.service, *words, owner, action.due_on,
                action.done_at, action.review_on, action.closed_at,
            )  # fmt: skip


def _checks(work: Work, chosen: Chosen) -> Iterator[Row]:
    """That somebody spoke to a member of staff at a stage; neither who nor with whom (App 2)."""
    for case in chosen.cases:
        theirs = select(SupportCheck.stage, SupportCheck.at).join(
            SupportNeed, col(SupportNeed.id) == SupportCheck.need_id
        )
        for stage, at in work.session.exec(theirs.where(SupportNeed.case_id == case.id).order_by(col(SupportCheck.id))):
            yield case.reference, stage, work.setting.calendar.local(at).date()


def _audit(work: Work, chosen: Chosen) -> Iterator[Row]:
    """Who did what when. Without ids, digests and seals, from which what is left out could be worked out."""
    by_id = {case.id: case for case in chosen.cases}
    for entry in work.session.exec(select(AuditEntry).order_by(col(AuditEntry.id))):
        case = by_id.get(entry.case_id or "")
        without = entry.case_id is None and chosen.since is not None and entry.at >= chosen.since
        if (case or without) and is_told(entry.what):
            by = who(work, case, entry.actor_id) if case else _nameless(entry.actor_id)
            yield case.reference if case else "", entry.at, by, entry.what


def _nameless(actor: str) -> str:
    return actor if actor in NOT_A_PERSON else UNNAMED


TABLES: dict[str, tuple[tuple[str, ...], Callable[[Work, Chosen], Iterator[Row]]]] = {
    "cases": (
        ("case", "state", "event type", "service", "occurred", "recorded", "read", "ended", "reporter", "confidential",
         "from a relative", "restricted", "owner", "datix number", "joined with", "outcome"), _cases,
    ),
    "reports": (("case", "version", "at", "by", "reason for the change", "question", "answer"), _reports),
    "additions": (("case", "at", "by", "words"), _additions),
    "deadlines": (
        ("case", "rule", "duty", "owner", "since", "due", "state", "paused because", "closed", "closed by", "source"),
        _deadlines,
    ),
    "panels": (
        ("case", "route", "state", "opened", "voting closes", "voting closed", "chair", "confirmed facts", "decision",
         "why", "decided by", "decided", "departure", "departure asked because", "departure answered by",
         "departure note", "approved by", "approved", "filed on Datix"), _panels,
    ),
    "minutes": (("case", "approved", "minute"), _minutes),
    "votes": (("case", "approved", "choice", "reason"), _votes),
    "responses": (
        ("case", "kind", "lead", "decided", "decided by", "verified", "verified by", "started", "target", "ended",
         "terms of reference", "draft approved", "final report sent", "sent to", "evaluation"), _responses,
    ),
    "extensions": (("case", "until", "reason", "statement", "family", "staff", "by", "at"), _extensions),
    "notifications": (("case", "body", "on", "why not", "reference", "by", "at"), _notifications),
    "candour": (("case", "step", "on", "recorded"), _candour),
    "safety_actions": (
        ("action", "case", "service", "what", "measure", "inequality", "owner", "due", "done", "review", "closed"),
        _actions,
    ),
    "support_checks": (("case", "stage", "on"), _checks),
    "audit": (("case", "at", "by", "what"), _audit),
}  # fmt: skip


def start_of(work: Work, day: date) -> datetime:
    """The first moment of a day here."""
    return work.setting.calendar.utc(datetime.combine(day, time()))
