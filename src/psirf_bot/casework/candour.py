"""The duty of candour of a case: how far it has got, as the card shows it and as other capabilities ask.

Its written record is only ever added to (candour_steps.py). Reports that were joined with a case share its record; what
becomes of its clocks when the case changes is in candour_clocks.py.
"""

from collections.abc import Iterable

from sqlmodel import col, select

from psirf_bot.cards import candour as cards
from psirf_bot.cards.answers import moment
from psirf_bot.cards.duties import DutyLine
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import cases, duty_lines, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed
from psirf_bot.casework.deadlines import of_case, running
from psirf_bot.casework.work import Refusal, Work
from psirf_bot.domain import candour
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.candour import Entry, Standing, Step
from psirf_bot.domain.case import State
from psirf_bot.store.tables import CandourStep, Case, Deadline

RULES = ("candour.confirmed", "candour.told", "candour.written", "candour.attempts")

COPY_OF = "copy of"
"""Where a report goes on with the record of those that it was joined with: the line that this one repeats."""

NOT_YOURS = (
    "The duty of candour of this case is looked after by the candour lead, the quality team and those who lead the "
    "service. If you know something that they should know, please tell them."
)
WITHDRAWN = (
    "The report was withdrawn. What is owed to the person stays owed, unless a clinician confirms that the duty of "
    "candour does not apply."
)
APOLOGY_FIRST = "The spoken apology comes before your first contact with the service user (policy, Appendix 4)."


# What other capabilities ask


def standing_of(work: Work, case: Case, record: Iterable[CandourStep] | None = None) -> Standing:
    """How far the case has got with the duty of candour, or had with this part of its record."""
    return candour.standing(_entry(row) for row in (record_of(work, case) if record is None else record))


def contact_gate(work: Work, case: Case) -> str | None:
    """Why the first contact with the service user must wait, in words; None when it may go on (E05, V19)."""
    now = standing_of(work, case)
    why = now.why_to_wait()
    if why is None or (now.applies is None and not may_still_apply(work, case)):
        return None
    return f"{APOLOGY_FIRST} {why} Type candour {case.reference} to see where it is, or ask the candour lead."


def is_suggested(work: Work, case: Case) -> bool:
    """Whether this report, or one that was joined with it, says that candour may apply."""
    found = (cases.report_of(work, each) for each in cases.with_joined(work, case))
    return any(report.candour_may_apply() for report, _ in filter(None, found))


def may_still_apply(work: Work, case: Case) -> bool:
    """Whether a clinician is still to say if it applies: a report suggests it, or they are asked."""
    if standing_of(work, case).applies is not None:
        return False
    return is_suggested(work, case) or bool(running(work, of_case(case), "candour.confirmed"))


# What is shown


def show(work: Work, case: Case, by: Member, note: str = "") -> Card:
    """The case's duty of candour as this person may see it; raises Refusal when they may not."""
    if not allowed(work, by, Act.SEE_CANDOUR, case):
        raise Refusal(NOT_YOURS)
    record = record_of(work, case)
    now = candour.standing(map(_entry, record))
    found = [report for each in cases.with_joined(work, case) if (report := cases.report_of(work, each))]
    sees = allowed(work, by, Act.SEE_CASE, case)
    shown = cards.Shown(
        line=cases.line(work, case),
        reports=[report for report, _ in found],
        what_happened="\n\n".join(filter(None, (report.what_happened for report, _ in found))) if sees else None,
        may_apply=may_still_apply(work, case),
        now=now,
        clocks=[_clock(work, deadline) for deadline in running(work, of_case(case), *RULES)],
        record=[_line(work, row) for row in record],
    )
    steps = _steps(work, case, now) if allowed(work, by, Act.RECORD_CANDOUR, case) else ()
    buttons = _confirming(work, case, by, now)
    if into := joined_with(work, case):
        note, steps, buttons = f"This report was joined with {into.reference}. Please go on there.", (), ()
    elif case.state == State.WITHDRAWN:
        note = " ".join(filter(None, (note, WITHDRAWN if shown.clocks else "This report was withdrawn.")))
    if sees:
        buttons = (*buttons, button(work, "Open the case", "case.show", case=case))
    return cards.candour_card(shown, by.name, note=note, steps=steps, buttons=buttons)


def _confirming(work: Work, case: Case, by: Member, now: Standing) -> tuple[Button, ...]:
    if not allowed(work, by, Act.CONFIRM_CANDOUR, case):
        return ()
    first = now.applies is None
    label = "Confirm whether it applies" if first else "Change what was confirmed"
    return (button(work, label, "candour.confirm", case=case, style="primary" if first else "plain"),)


def _steps(work: Work, case: Case, now: Standing) -> tuple[Button, ...]:
    """What can be recorded now. Somebody who declined can come back, so that they can always have been told."""
    if not now.under_way:
        return ()
    labels = {"candour.told": "Somebody has spoken with them" if now.told_on is None else "Add a conversation"}
    if not now.ended:
        labels["candour.written"] = "The letter is sent" if now.written_on is None else "Add a letter"
        if now.unreachable:
            labels["candour.attempt"] = "Record an attempt"
        elif now.told_on is None:
            labels["candour.unreachable"] = "They cannot be reached"
        labels["candour.declined"] = "They declined, or attempts end"
    return tuple(button(work, label, verb, case=case) for verb, label in labels.items())


def _clock(work: Work, deadline: Deadline) -> DutyLine:
    since = work.setting.calendar.local(deadline.since).date().isoformat()
    rule = work.setting.rules[deadline.rule]
    return duty_lines.line(work, deadline, rule, extra=f"Counted from {moment(since)}.")


def _line(work: Work, row: CandourStep) -> cards.Line:
    at = row.at.astimezone(work.trust.timezone)
    return cards.Line(_entry(row), people.name_of(work, row.who), people.name_of(work, row.by_id), at)


def _entry(row: CandourStep) -> Entry:
    return Entry(Step(row.step), row.on, row.facts)


def joined_with(work: Work, case: Case) -> Case | None:
    """The case that goes on, where this one was joined with it."""
    return work.session.get(Case, case.merged_into) if case.merged_into else None


def record_of(work: Work, case: Case) -> list[CandourStep]:
    """The written record, oldest first, with that of the reports joined with the case."""
    whose = [each.id for each in cases.with_joined(work, case)]
    rows = select(CandourStep).where(col(CandourStep.case_id).in_(whose))
    found = work.session.exec(rows.order_by(col(CandourStep.at), col(CandourStep.id))).all()
    return list({row.facts.get(COPY_OF, row.id): row for row in found}.values())
