"""The clock of every duty: events open and close deadlines; each knows when its next reminder falls due."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlmodel import and_, col, insert, or_, select

from psirf_bot.cards.conversation import said
from psirf_bot.casework import people, post
from psirf_bot.casework.due_days import plan_next, set_due
from psirf_bot.casework.owners import owners
from psirf_bot.casework.work import Work
from psirf_bot.domain.deadlines import Rule, step
from psirf_bot.domain.events import Event
from psirf_bot.domain.report import Report
from psirf_bot.domain.trust import length_of
from psirf_bot.domain.working_time import ORDINARY
from psirf_bot.store.tables import Case, Deadline, Nudge, Person

OPEN, PAUSED, DONE, DROPPED = "open", "paused", "done", "dropped"
RUNNING = (OPEN, PAUSED)
SHOWN_FOR = timedelta(days=14)
"""How long a reminder is still brought up to date when its duty changes."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event and its duties are about: its kind and which one, and the case it belongs to, if any.

    `named`: whose a duty is, by the kind of owner that its rule has. `service` decides which service lead hears of it.
    """

    kind: str
    id: str
    case: Case | None = None
    service: str | None = None
    named: Mapping[str, str | None] = field(default_factory=dict)


def of_case(case: Case, **named: str | None) -> Subject:
    """A case as the subject of its own duties; `named` by kind of owner, with underscores for spaces."""
    theirs = {"reporter": case.reporter_id, "case owner": case.owner_id}
    theirs |= {kind.replace("_", " "): who for kind, who in named.items()}
    return Subject("case", case.id, case, case.service, theirs)


def happened(
    work: Work,
    event: Event,
    about: Subject,
    by: str,
    *,
    report: Report | None = None,
    since: datetime | None = None,
    agreed: Mapping[str, date] | None = None,
    occurrence: str = "",
    note: str | None = None,
    only: Collection[str] | None = None,
) -> None:
    """Close what this event closes and open what it opens, for this subject. `by` is who made it happen.

    `agreed`: the days agreed with people, by rule. `since`: when the clock began, if not now. `report`: asked by rules
    that are only for some reports. `occurrence`: which time round it is, where the caller knows.
    `only`: the rules of which something is opened, where not all that the event opens are owed.
    """
    theirs = select(Deadline).where(Deadline.subject_kind == about.kind, Deadline.subject_id == about.id)
    known = list(work.session.exec(theirs.with_for_update()))
    rules = work.setting.rules
    for deadline in [d for d in known if d.state in RUNNING and d.rule in rules]:
        rule = rules[deadline.rule]
        if event in rule.closes:
            _done(work, deadline, about, known, by, note)
        elif event in rule.drops:
            settle(work, deadline, DROPPED, by, note or str(event))
    for rule in rules.values():
        day = (agreed or {}).get(rule.id)
        wanted = only is None or rule.id in only
        if wanted and rule.opened_by(event) and _is_owed(rule, event, report) and (rule.due or day):
            _open(work, rule, about, known, since or work.now, day, occurrence)
    work.session.flush()


def began(work: Work, event: Event, about: Sequence[Subject], agreed: Mapping[str, date]) -> None:
    """Open what this event opens for many subjects that are new, and alike but for whose duty it is.

    They are written as rows: an agenda opens hundreds, and nobody needs them as objects yet.
    """
    rows = []
    for rule in work.setting.rules.values() if about else ():
        if rule.opened_by(event) and (rule.due or rule.id in agreed):
            like = _new(work, rule, about[0], work.now, agreed.get(rule.id), "1")
            for subject in about:
                like.id, like.subject_id, like.owner_id, like.step = work.new_id(), subject.id, _owner(rule, subject), 0
                plan_next(work, like)
                rows.append(like.model_dump())
    if rows:
        work.session.execute(insert(Deadline), rows)


def done(work: Work, deadline: Deadline, about: Subject, by: str, note: str | None = None) -> None:
    """This one duty is done, and no other of its kind; where its rule says so it comes back."""
    theirs = select(Deadline).where(Deadline.subject_kind == about.kind, Deadline.subject_id == about.id)
    _done(work, deadline, about, list(work.session.exec(theirs.with_for_update())), by, note)
    work.session.flush()


def _done(work: Work, deadline: Deadline, about: Subject, known: list[Deadline], by: str, note: str | None) -> None:
    settle(work, deadline, DONE, by, note)
    rule = work.setting.rules[deadline.rule]
    if rule.comes_back:
        _open(work, replace(rule, due=rule.comes_back), about, known, work.now, None, "")


def _is_owed(rule: Rule, event: Event, report: Report | None) -> bool:
    """Some duties are only for some reports; where there is no report, nothing is known that would make them owed."""
    if rule.when is None or event is not Event.CASE_REPORTED:
        return True
    return report is not None and rule.when(report)


def _open(
    work: Work, rule: Rule, about: Subject, known: list[Deadline], since: datetime, agreed: date | None, occurrence: str
) -> None:
    """Start the clock of one duty, unless it runs already or this time round has been opened before."""
    before = [d for d in known if d.rule == rule.id]
    if any(d.occurrence == occurrence or (d.state in RUNNING and not occurrence) for d in before):
        return
    deadline = _new(work, rule, about, since, agreed, occurrence or str(len(before) + 1))
    plan_next(work, deadline)
    work.session.add(deadline)
    known.append(deadline)


def _new(work: Work, rule: Rule, about: Subject, since: datetime, agreed: date | None, occurrence: str) -> Deadline:
    deadline = Deadline(
        id=work.new_id(),
        rule=rule.id,
        subject_kind=about.kind,
        subject_id=about.id,
        occurrence=occurrence,
        case_id=about.case.id if about.case else None,
        service=about.service,
        owner_id=_owner(rule, about),
        role=rule.role,
        since=since,
        length=str(rule.due) if rule.due and agreed is None else None,
        source=rule.source,
        due_local="",
        due_at=since,
    )
    set_due(work, deadline, agreed)
    return deadline


def _owner(rule: Rule, about: Subject) -> str | None:
    return None if rule.owner == rule.role else about.named.get(str(rule.owner))


def _as_it_stands(work: Work, deadline: Deadline) -> None:
    """Hold the row, with what a tick may have made of it meanwhile."""
    work.session.flush()
    work.session.refresh(deadline, with_for_update=True)


def settle(work: Work, deadline: Deadline, state: str, by: str, note: str | None = None) -> None:
    """Stop the clock of a duty for good: it was done, or it is owed no longer."""
    _as_it_stands(work, deadline)
    deadline.state, deadline.closed_at, deadline.closed_by, deadline.note = state, work.now, by, note
    deadline.next_at = None
    changed(work, deadline)


def hand_over(work: Work, deadline: Deadline, to: str | None) -> None:
    """Another person owes it from now on; with nobody named, those who hold its role."""
    _as_it_stands(work, deadline)
    before = [someone.id for someone in owners(work, deadline)]
    deadline.owner_id = to
    if deadline.state == OPEN:
        plan_next(work, deadline)
    changed(work, deadline)
    post.refresh(work, *(f"digest:{who}:{work.local.date().isoformat()}" for who in before))
    post.refresh_homes(work, before)


def move(work: Work, deadline: Deadline, day: date) -> None:
    """It is due on another day, which has been agreed."""
    _as_it_stands(work, deadline)
    deadline.length, deadline.step, deadline.moved_from = None, 0, None
    deadline.source = work.setting.rules[deadline.rule].source
    set_due(work, deadline, day)
    if deadline.state == OPEN:
        plan_next(work, deadline)
    changed(work, deadline)


def earlier(work: Work, deadline: Deadline, since: datetime) -> None:
    """Its clock had begun before: what was given for it counts from then, and from when it began if that is earlier."""
    _as_it_stands(work, deadline)
    if since >= deadline.since:
        return
    deadline.since, deadline.step = since, 0
    if deadline.length is not None:
        set_due(work, deadline)
    if deadline.state == OPEN:
        plan_next(work, deadline)
    changed(work, deadline)


def owner_first(work: Work, deadline: Deadline) -> bool:
    """Whether it is late as its clock begins: its owner is told by the caller, and its ladder waits for the next step.

    Nobody has let it slip, so nobody else hears of it at once.
    """
    if deadline.state != OPEN or step(work.setting.rules[deadline.rule], deadline.step).rung is None:
        return False
    deadline.step += 1
    plan_next(work, deadline)
    work.session.add(deadline)
    return True


def serve(work: Work, deadline: Deadline, service: str) -> None:
    """It belongs to another service: that one's lead hears of it from now on."""
    _as_it_stands(work, deadline)
    deadline.service = service
    if deadline.state == OPEN:
        plan_next(work, deadline)
    changed(work, deadline)


def pause(work: Work, deadline: Deadline, reason: str, review_on: date) -> None:
    """Stop the clock for a lawful reason, by its code, in sight of everybody concerned, until it is reviewed.

    A clock that stands still already has done so since then, and stands still for longer.
    """
    _as_it_stands(work, deadline)
    calendar = work.setting.calendar_beyond
    deadline.state, deadline.paused_at = PAUSED, deadline.paused_at or work.now
    deadline.reason, deadline.review_on = reason, review_on
    deadline.next_at = calendar.next_morning(calendar.digest_day(review_on, ORDINARY), ORDINARY)
    changed(work, deadline)


def resume(work: Work, deadline: Deadline) -> None:
    """Let the clock go on: the day it is due moves by as long as it stood still."""
    _as_it_stands(work, deadline)
    if deadline.state != PAUSED or deadline.paused_at is None:
        return
    calendar, before = work.setting.calendar_beyond, date.fromisoformat(deadline.due_local[:10])
    paused_on = work.setting.calendar.local(deadline.paused_at).date()
    still = (work.local.date() - paused_on).days
    deadline.state, deadline.paused_at, deadline.review_on, deadline.step = OPEN, None, None, 0
    deadline.moved_from = None
    if deadline.length is None:
        set_due(work, deadline, before + timedelta(days=still))
    else:
        in_working_days = length_of(deadline.length).unit == "working days"
        deadline.stood_still += (
            calendar.working_days_between(paused_on, work.local.date()) if in_working_days else still
        )
        set_due(work, deadline)
    plan_next(work, deadline)
    changed(work, deadline)


def worked_out_again(work: Work, deadline: Deadline, *, anew: bool = False) -> bool:
    """The calendar has changed: work the due day out again. Whether it has moved; then it says where from.

    `anew`: its reminders were planned by a clock that was wrong, so they begin again, as they do where the day moves.
    """
    if deadline.rule not in work.setting.rules:
        return False  # this version has no such duty
    before = deadline.due_local
    if deadline.length is not None:
        set_due(work, deadline)
    if deadline.state == OPEN:  # mornings may have moved where the day has not
        if anew or deadline.due_local != before:
            deadline.step = 0
        plan_next(work, deadline)
    work.session.add(deadline)
    if deadline.due_local == before:
        return False
    deadline.moved_from = before[:10]
    changed(work, deadline)
    return True


def pass_on_those_of_leavers(work: Work) -> None:
    """Duties of somebody who has left go to whoever stands in for them, else to the holders of the role behind them.

    What the owner of a case owes goes to the quality team once they are no longer in it: they could not do it.
    """
    left = col(Deadline.owner_id).in_(select(Person.id).where(col(Person.active).is_(False)))
    of_cases = col(Deadline.rule).in_([name for name, rule in work.setting.rules.items() if rule.owner == "case owner"])
    theirs = or_(left, and_(of_cases, col(Deadline.owner_id).is_not(None))), col(Deadline.state).in_(RUNNING)
    known = work.session.exec(select(Deadline).where(*theirs, col(Deadline.rule).in_(work.setting.rules))).all()
    passed_on = [(d, owner) for d in known if (owner := people.person(work, d.owner_id)) and _is_past(work, d, owner)]
    for deadline, owner in passed_on:
        deputy = None if owner.active else people.acting_for(work, owner)
        hand_over(work, deadline, deputy.id if deputy and deputy.active else None)
    if passed_on:
        count = "One duty" if len(passed_on) == 1 else f"{len(passed_on)} duties"
        moved = any(owner.active for _, owner in passed_on)
        whose = "people who have left or are no longer in the quality team" if moved else "people who have left"
        text = f"{count} of {whose} went to whoever stands in for them or holds the role. Type overdue."
        post.to_channel(work, "quality", said("Duties have passed on", text))


def _is_past(work: Work, deadline: Deadline, owner: Person) -> bool:
    """Whether it can be its owner's no longer."""
    if not owner.active:
        return True
    is_case_owners = work.setting.rules[deadline.rule].owner == "case owner"
    return is_case_owners and not people.member(work, owner).is_quality


def changed(work: Work, deadline: Deadline) -> None:
    """Whatever shows this duty is brought up to date: its reminders, and its owners' own pages."""
    work.session.add(deadline)
    work.session.flush()
    shown = select(Nudge).where(Nudge.deadline_id == deadline.id, Nudge.day >= work.local.date() - SHOWN_FOR)
    nudges = list(work.session.exec(shown.order_by(col(Nudge.day))))
    if not work.setting.rules[deadline.rule].alone:  # of digests, the newest, and the one that says when it is back
        today = work.local.date()
        nudges = list({(nudge.person_id, nudge.day > today): nudge for nudge in nudges}.values())
    subjects = {subject_of(work, deadline, nudge) for nudge in nudges}
    owing = owners(work, deadline)
    # A digest also lists what its reader was not reminded of that day.
    subjects |= {f"digest:{someone.id}:{work.local.date().isoformat()}" for someone in owing}
    if deadline.case_id:
        subjects.add(f"response:{deadline.case_id}")
    post.refresh(work, *sorted(subjects))
    post.refresh_homes(work, (someone.id for someone in owing))


def subject_of(work: Work, deadline: Deadline, nudge: Nudge) -> str:
    """The living card in which somebody is reminded of a duty: one of its own, or the digest of a day."""
    if work.setting.rules[deadline.rule].alone:
        return f"nudge:{deadline.id}:{nudge.person_id}:{nudge.day.isoformat()}"
    return f"digest:{nudge.person_id}:{nudge.day.isoformat()}"


def running(work: Work, about: Subject, *rule_ids: str) -> list[Deadline]:
    """The duties of a subject whose clocks run or are paused, the first due first; only of these rules, if any."""
    theirs = select(Deadline).where(
        Deadline.subject_kind == about.kind, Deadline.subject_id == about.id, col(Deadline.state).in_(RUNNING)
    )
    if rule_ids:
        theirs = theirs.where(col(Deadline.rule).in_(rule_ids))
    return list(work.session.exec(theirs.order_by(col(Deadline.due_at), col(Deadline.rule))))


def running_of(work: Work, case: Case) -> list[Deadline]:
    """The duties of a case, whoever they are about, whose clocks run or are paused, the first due first."""
    theirs = select(Deadline).where(Deadline.case_id == case.id, col(Deadline.state).in_(RUNNING))
    return list(work.session.exec(theirs.order_by(col(Deadline.due_at), col(Deadline.rule))))
