"""A duty as somebody sees it: what authority needs to know of it, and how it reads."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from psirf_bot.cards import duties as cards
from psirf_bot.cards.duties import DutyLine, When
from psirf_bot.casework import owners as whose
from psirf_bot.casework import people, support_circle
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import DONE, OPEN, PAUSED
from psirf_bot.casework.told import owing, told_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, DutyFacts, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.deadlines import Rule
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import SIX_MONTHS, STAND_STILL
from psirf_bot.store.tables import Case, Deadline, Panel, PanelMember, SafetyAction, SafetyAlert

LEADS = "leads"
"""The reader that is the leads' channel."""
UP, HELP, PUT_OFF = "up", "help", "put off"
"""Why somebody is reminded who does not owe it, or because they put it off themselves."""


ROLE_WORDS = {
    Role.QUALITY: "the quality team",
    Role.CHAIR: "the panel's chair",
    Role.CHIEF_NURSE: "the Chief Nurse",
    Role.MEDICAL_DIRECTOR: "the Medical Director",
    Role.EXECUTIVE: "the executives",
    Role.SERVICE_LEAD: "the service lead",
    Role.CANDOUR_LEAD: "the candour lead",
}


INSTEAD = {
    "psii.verified": "Find somebody who can verify the PSII",
    "panel.departure": "Find somebody who can answer whether the panel may depart from the minimum",
    "panel.decided": "Choose another chair for the panel",
}
"""What the quality team owes where nobody can do the duty itself."""


def _is_for_quality_instead(deadline: Deadline, rule: Rule) -> bool:
    theirs = deadline.owner_id is None and deadline.role == Role.QUALITY != rule.owner
    return theirs and deadline.rule in INSTEAD


def role_words(rule: Rule) -> str:
    """Who owes it, as a role: never a person's name."""
    if not isinstance(rule.owner, Role):
        return {"whoever is named": "its owner", "chair": "the panel's chair"}.get(rule.owner, f"the {rule.owner}")
    return words_of(rule.owner)


def whose_words(work: Work, deadline: Deadline, rule: Rule) -> str:
    """Who owes it today, as a role: after it was handed over, whoever it was handed to."""
    if deadline.owner_id is None:
        return words_of(deadline.role)
    first = _by_office(work, deadline, rule)
    if first in {None, deadline.owner_id}:
        return role_words(rule)
    someone = people.person(work, deadline.owner_id)
    member = people.member(work, someone) if someone else None
    held = member.roles if member else frozenset()
    if member and deadline.service not in member.leads:
        held -= {Role.SERVICE_LEAD}  # of another service
    if isinstance(rule.owner, Role) and rule.owner in held:
        return role_words(rule)
    return next((words for role, words in ROLE_WORDS.items() if role in held), "whoever it was handed to")


def _by_office(work: Work, deadline: Deadline, rule: Rule) -> str | None:
    """Whose it is as long as it is handed to nobody else; empty for a role's, None where that is not known here."""
    case = work.session.get(Case, deadline.case_id) if deadline.case_id else None
    if isinstance(rule.owner, Role):
        return ""
    return {"reporter": case.reporter_id, "case owner": case.owner_id}.get(rule.owner) if case else None


def words_of(role: str | None) -> str:
    """Those who hold a role; where none is named, the quality team."""
    known = Role(role or Role.QUALITY)
    return ROLE_WORDS.get(known, f"the {known.replace('_', ' ')}")


def duty_facts(work: Work, deadline: Deadline) -> DutyFacts:
    """What authority needs to know of a duty."""
    rule = work.setting.rules.get(deadline.rule)
    return DutyFacts(
        owner_ids=frozenset(owing(work, deadline)),
        told_ids=told_of(work, deadline.id) - {LEADS},
        private=rule is None or rule.private,
        kept_from_ids=support_circle.kept_from(work, deadline),
    )


@dataclass(frozen=True, slots=True)
class Duty:
    """A deadline with what is asked of it again and again while a card is made."""

    deadline: Deadline
    rule: Rule
    case: Case | None
    facts: DutyFacts

    @property
    def in_the_audit(self) -> str:
        """What the audit calls it: which one it was is not kept there."""
        return "a private duty" if self.rule.private else "a duty"


def duty(work: Work, deadline: Deadline) -> Duty | None:
    """None for a duty that this version of the rules no longer has, or that is on nobody's list."""
    rule = work.setting.rules.get(deadline.rule)
    case = work.session.get(Case, deadline.case_id) if deadline.case_id else None
    if rule is None or rule.held_tight:
        return None
    return Duty(deadline, rule, case, duty_facts(work, deadline))


def reference(work: Work, deadline: Deadline) -> str:
    """The reference of its case, safety action or alert; empty for a duty of the trust's own."""
    if deadline.subject_kind == "action":
        action = work.session.get(SafetyAction, deadline.subject_id)
        return action.reference if action else ""
    if deadline.subject_kind == "alert":
        alert = work.session.get(SafetyAlert, deadline.subject_id)
        return alert.number if alert else ""
    case = work.session.get(Case, deadline.case_id) if deadline.case_id else None
    return case.reference if case else ""


def line(work: Work, deadline: Deadline, rule: Rule, *, extra: str = "", waits: str = "") -> DutyLine:
    """A duty in a few words, as things stand now. `waits`: what it has to wait for; then it is not called late."""
    moved = ""
    if deadline.moved_from:
        before = cards.day_words(date.fromisoformat(deadline.moved_from[:10]), work.local.date())
        moved = f" It was {before} before the bank holidays changed."
    dated = f"{deadline.length} ({deadline.source})" if deadline.length else deadline.source
    instead = _is_for_quality_instead(deadline, rule)
    whose_it_is = words_of(Role.QUALITY) if instead else whose_words(work, deadline, rule)
    return DutyLine(
        what=INSTEAD[rule.id] if instead else rule.duty,
        when=when(work, deadline),
        due=_agreed(work, deadline, waits)
        if waits
        else due(work, deadline) + moved + _closes(work, deadline) + _goes_on_in_a_pause(work, deadline),
        reference=reference(work, deadline),
        source=dated,
        extra=extra,
        service=deadline.service or "",
        owed_by=whose_it_is[:1].upper() + whose_it_is[1:],
    )


def when(work: Work, deadline: Deadline) -> When:
    if deadline.state == PAUSED:
        return "paused"
    if deadline.state != OPEN:
        return "done" if deadline.state == DONE else "dropped"
    if deadline.due_at < work.now:
        return "late"
    return "today" if deadline.due_local[:10] == work.local.date().isoformat() else "soon"


def due(work: Work, deadline: Deadline) -> str:
    """When it is due, or until when its clock stands still, in words."""
    now, at = work.local, datetime.fromisoformat(deadline.due_local)
    today = now.date()
    if deadline.state == PAUSED:
        return cards.paused_words(deadline.reason, deadline.review_on, today)
    late_by = work.setting.calendar_beyond.working_days_between(at.date(), today) if at.date() < today else 0
    return cards.due_words(at, now.replace(tzinfo=None), late_by)


def _closes(work: Work, deadline: Deadline) -> str:
    """A vote is wanted before the day is over: its panel closes at an hour of that day."""
    seat = work.session.get(PanelMember, deadline.subject_id) if deadline.subject_kind == "vote" else None
    panel = work.session.get(Panel, seat.panel_id) if seat else None
    if panel is None or panel.closed_at is not None:
        return ""
    return f" Voting closes at {panel.closes_at.astimezone(work.trust.timezone):%H:%M}."


def _goes_on_in_a_pause(work: Work, deadline: Deadline) -> str:
    """The six months go on while a response is paused: whoever hears of them reads that it is, and why (K03)."""
    case = work.session.get(Case, deadline.case_id) if deadline.rule == SIX_MONTHS and deadline.case_id else None
    if case is None or case.state != State.PAUSED or deadline.state != OPEN:
        return ""
    stands_still = select(Deadline).where(
        Deadline.case_id == case.id, col(Deadline.rule).in_(STAND_STILL), Deadline.state == PAUSED
    )
    clock = work.session.exec(stands_still).first()
    why = cards.paused_words(clock.reason, clock.review_on, work.local.date()) if clock else "Paused."
    return f" The response is paused; the six months go on. {why}"


def _agreed(work: Work, deadline: Deadline, waits: str) -> str:
    day, today = date.fromisoformat(deadline.due_local[:10]), work.local.date()
    return f"{waits} The day agreed {'was' if day < today else 'is'} {cards.day_words(day, today)}."


def names_of_owners(work: Work, by: Member, found: Duty) -> str:
    """Who owes it, for a private message: by name where it is one or two people whom the reader may know of."""
    handed = found.case and _by_office(work, found.deadline, found.rule) not in {None, found.deadline.owner_id}
    known = found.case is not None and allowed(work, by, Act.SEE_REPORTER, found.case)
    if found.rule.owner == "reporter" and not handed and not known:
        return "The reporter"
    theirs = whose.owners(work, found.deadline)
    if len(theirs) <= 2:
        return " and ".join(someone.name for someone in theirs)
    words = whose_words(work, found.deadline, found.rule)
    return words[:1].upper() + words[1:]
