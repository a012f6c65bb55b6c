"""The clocks of the duty of candour when the case changes under it: amended, joined with another, or withdrawn.

It is owed to the person and not to a report. So it goes on with the case that goes on, and what was done stays done.
"""

from collections.abc import Sequence
from datetime import datetime

from psirf_bot.cards.answers import moment
from psirf_bot.cards.conversation import said
from psirf_bot.cards.support import PRIVATE_TASK
from psirf_bot.casework import cases, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.candour import COPY_OF, RULES, WITHDRAWN, is_suggested, may_still_apply, record_of, standing_of
from psirf_bot.casework.deadlines import DROPPED, earlier, happened, of_case, owner_first, running, settle
from psirf_bot.casework.owners import in_role, owners
from psirf_bot.casework.work import Work
from psirf_bot.domain.candour import Standing, Step
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.domain.report import Report
from psirf_bot.store.tables import CandourStep, Case, Deadline

CONFIRMED, TOLD, WRITTEN = "candour.confirmed", "candour.told", "candour.written"

AMENDED = "The report was amended. Duty of candour may apply; a clinician decides."
JOINED = "Another report of the same event was joined with it. Duty of candour may apply; a clinician decides."
SEPARATED = "The report that it was joined with was withdrawn, so this one is looked at by itself again."
LATE = "The days count from the report, so that {day} has passed already."


# What changes


def amended(work: Work, case: Case, before: Report, by: str) -> None:
    """An answer of the report was corrected: what it suggests now is asked, also where the answer was No before."""
    found = cases.report_of(work, case)
    if found is None:
        return
    if not (report := found[0]).candour_may_apply():
        if report.is_an_incident() and report.affected is None:  # it was taken for something else, and nobody was asked
            bring_in_line(work, case, by, AMENDED, ask_since=work.now)
        return
    if standing_of(work, case).applies is False:
        if before.candour_may_apply() and before.harm_codes() == report.harm_codes():
            return
        _write_change(work, case, by, "amended")
    bring_in_line(work, case, by, AMENDED, ask_since=work.now)


def joined(work: Work, case: Case, into: Case, by: str) -> None:
    """A report has been joined with another, which goes on with whatever ran on it. That one of them was Yes holds."""
    theirs = standing_of(work, case)
    of_both = record_of(work, into)
    joined_ids = {each.id for each in cases.with_joined(work, case)}
    ours = standing_of(work, into, [row for row in of_both if row.case_id not in joined_ids])
    asked = theirs.applies is None and may_still_apply(work, case)
    ran = {clock.rule: clock.since for clock in running(work, of_case(case), *RULES)}
    _stop(work, case, by, str(Event.CASE_DROPPED))
    now = standing_of(work, into, of_both).applies
    if theirs.applies or ours.applies:
        if not now:
            _write_change(work, into, by, "joined-yes")
    elif now is False and (ours.applies is None or asked):
        _write_change(work, into, by, "joined")
    ask = ran.get(CONFIRMED, work.now) if asked or may_still_apply(work, into) else None
    bring_in_line(work, into, by, JOINED, ask_since=ask)
    for clock in running(work, of_case(into), *RULES):
        earlier(work, clock, ran.get(clock.rule, clock.since))


def withdrawn(work: Work, case: Case, freed: Sequence[Case], by: str) -> None:
    """A report was withdrawn. `freed`: those that had been joined with it; each goes on with the record of all.

    Where none of them goes on with the duty it stays with the case, and the candour lead is told.
    """
    apart = [cases.with_joined(work, each) for each in (case, *freed)]
    record = [row for family in apart for row in record_of(work, family[0])]
    for each, *others in apart:
        own = {each.id, *(other.id for other in others)}
        if theirs := [_copy(row, each) for row in record if row.case_id not in own]:
            work.session.add_all(theirs)
            work.session.flush()
    for each in freed:
        for clock in running(work, of_case(each), TOLD, WRITTEN):
            earlier(work, clock, _start(work, each))
        bring_in_line(work, each, by, SEPARATED, anew=True)
    if any(may_still_apply(work, each) or standing_of(work, each).applies for each in freed):
        _stop(work, case, by, "it goes on with a report that was joined with this one")
    elif running(work, of_case(case), *RULES):
        _tell(work, case, by, WITHDRAWN)


def came_back(work: Work, case: Case, by: str) -> None:
    """Somebody who had declined talks with us again: what has not been done is owed to them from now on."""
    happened(work, Event.CANDOUR_OWED, of_case(case), by, since=work.now)
    _close_what_is_done(work, case, by, standing_of(work, case))


# The clocks


def bring_in_line(
    work: Work, case: Case, by: str, why: str, *, ask_since: datetime | None = None, anew: bool = False
) -> None:
    """Start the clocks of what is owed as the record stands now, and stop the others.

    `ask_since`: when it was first to be asked whether it applies, if a clinician is to say so. `why`: what those are
    told who owe it, if they are asked anew or it is late already. `anew`: those that run have only just begun, too.
    """
    now, about = standing_of(work, case), of_case(case)
    before = set() if anew else {clock.id for clock in running(work, about, *RULES)}
    if now.applies is False:
        happened(work, Event.CANDOUR_DOES_NOT_APPLY, about, by)
        return
    if now.applies is None and ask_since is not None:
        happened(work, Event.CANDOUR_ASKED, about, by, since=ask_since)
    confirmed = now.applies and running(work, about, CONFIRMED)
    if confirmed or (_is_lacking(work, case, now) and (now.applies or is_suggested(work, case))):
        event = Event.CANDOUR_CONFIRMED if now.applies else Event.CANDOUR_OWED
        happened(work, event, about, by, since=_start(work, case))
    _close_what_is_done(work, case, by, now)
    begun = [clock for clock in running(work, about, CONFIRMED, TOLD, WRITTEN) if clock.id not in before]
    late = [clock for clock in begun if owner_first(work, clock)]
    if why and (late or any(clock.rule == CONFIRMED for clock in begun)):
        _tell(work, case, by, why, late)


def _is_lacking(work: Work, case: Case, now: Standing) -> bool:
    """Whether something is owed and not done whose clock does not run."""
    clocks = {clock.rule for clock in running(work, of_case(case), TOLD, WRITTEN)}
    owed = {TOLD: now.told_on is None, WRITTEN: now.written_on is None}
    return not now.ended and any(so and rule not in clocks for rule, so in owed.items())


def _start(work: Work, case: Case) -> datetime:
    """When the clock began: with the first report that suggests it; where none does, with the first of them."""
    family = cases.with_joined(work, case)
    found = [(each, cases.report_of(work, each)) for each in family]
    suggests = [each for each, report in found if report and report[0].candour_may_apply()]
    return min(each.opened_at for each in suggests or family)


def _close_what_is_done(work: Work, case: Case, by: str, now: Standing) -> None:
    done = {
        Event.TOLD_IN_PERSON: now.told_on is not None,
        Event.LETTER_SENT: now.written_on is not None,
        Event.CANNOT_BE_REACHED: now.unreachable,
        Event.DECLINED: now.ended,
    }
    for event in (event for event, so in done.items() if so):
        happened(work, event, of_case(case), by, note="Recorded before")


def _stop(work: Work, case: Case, by: str, note: str) -> None:
    for clock in running(work, of_case(case), *RULES):
        settle(work, clock, DROPPED, by, note)


# What is written of it


def _write_change(work: Work, case: Case, by: str, why: str) -> None:
    """Whether it applies rests on something else now; the record says so, and why."""
    changed = CandourStep(
        case_id=case.id, step=Step.CHANGED, on=work.local.date(), who=by, facts={"why": why}, by_id=by, at=work.now
    )
    work.session.add(changed)
    work.session.flush()
    work.record(by, "duty of candour: changed", case, why=why)


def _copy(row: CandourStep, case: Case) -> CandourStep:
    facts = {**row.facts, COPY_OF: row.facts.get(COPY_OF, row.id)}
    return CandourStep(case_id=case.id, step=row.step, on=row.on, who=row.who, facts=facts, by_id=row.by_id, at=row.at)


def _tell(work: Work, case: Case, by: str, why: str, late: Sequence[Deadline] = ()) -> None:
    """Tell those who owe it, in private."""
    asked = {someone.id for clock in running(work, of_case(case), *RULES) for someone in owners(work, clock)}
    asked = asked or {someone.id for someone in in_role(work, Role.CANDOUR_LEAD, case.service)}
    days = " and ".join(dict.fromkeys(moment(clock.due_local[:10]) for clock in late))
    text = " ".join(filter(None, (f"{case.reference}: {why}", days and LATE.format(day=days))))
    look = button(work, "Open duty of candour", "candour.show", case=case, style="primary", opens=True)
    for person_id in sorted(asked - {by}):
        post.to_person(work, person_id, said("Please look at the duty of candour", text, look, preview=PRIVATE_TASK))
