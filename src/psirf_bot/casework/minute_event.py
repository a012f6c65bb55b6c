"""What a minute says of the event itself, so that whoever reads it needs no other page."""

from collections.abc import Iterator

from psirf_bot.cards.answers import instant, moment
from psirf_bot.cards.cases import harm_facts
from psirf_bot.casework import cases
from psirf_bot.casework.minute_text import Line
from psirf_bot.casework.work import Work
from psirf_bot.domain import identifiers
from psirf_bot.domain.case import State
from psirf_bot.domain.report import EventType, Report
from psirf_bot.store.tables import Case

KEPT = "Kept to the quality team"
ON_DATIX = "Described on Datix, from which the case was opened"


def event(work: Work, case: Case) -> Iterator[Line]:
    """The event as its report stands confirmed; of a case that is kept close, neither its words nor its harm."""
    found = cases.report_of(work, case)
    report = found[0] if found else None
    kept_close = case.restricted or case.quality_only or case.state == State.WITHDRAWN
    yield Line("Case reference", case.reference)
    yield Line("Datix number", case.datix_number or "Not on Datix yet")
    if joined := cases.with_joined(work, case)[1:]:
        yield Line("Other reports of it, joined", ", ".join(each.reference for each in joined))
    yield Line("Event type", EventType(case.event_type).label)
    yield Line("Service", case.service)
    yield Line("When it happened", moment(case.occurred))
    yield Line("Recorded", instant(work.setting.calendar.local(case.opened_at)))
    yield Line("Harm, as reported", KEPT if kept_close else _harm(report))
    yield Line("What happened, as reported", KEPT if kept_close else _what_happened(report))


def _harm(report: Report | None) -> str:
    if report is None:
        return ON_DATIX
    grades = "; ".join(f"{fact.label}: {fact.value}" for fact in harm_facts(report))
    return grades or "No grade of harm was reported"


def _what_happened(report: Report | None) -> str:
    """Masked: a trust may let people keep identifiers in a report, and the minute says that it names no patient."""
    if report is None:
        return ON_DATIX
    return identifiers.mask(report.what_happened or "") or "Not said"
