"""Cases as the rest of casework needs them: opened, found, read back, and told about."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from psirf_bot.cards.answers import Reading
from psirf_bot.cards.cases import CaseLine
from psirf_bot.casework import people
from psirf_bot.casework.deadlines import happened, of_case
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.flow import record_of
from psirf_bot.dialogs.questions import Json
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.report import EventType, Report
from psirf_bot.store.tables import Addition, Case, Counter, ReportVersion


def open_case(work: Work, **facts: Any) -> Case:
    """A new case with the next reference of the year: unique, rising, never reused."""
    year = work.local.year
    counter = work.session.exec(select(Counter).where(Counter.year == year).with_for_update()).first()
    counter = counter or Counter(year=year, last=0)
    counter.last += 1
    work.session.add(counter)
    case = Case(
        id=work.new_id(),
        reference=f"PSI-{year}-{counter.last:04d}",
        state=State.REPORTED,
        opened_at=work.now,
        **facts,
    )
    work.session.add(case)
    work.session.flush()
    return case


def begin_clocks(work: Work, case: Case, by: str, *, since: datetime | None = None) -> None:
    """The duties that come with a case: its report has to be read, put on Datix, and perhaps told to the patient.

    `since`: when they begin, if not with the report.
    """
    since = since or case.opened_at
    found = report_of(work, case)
    event = Event.CASE_REPORTED if found else Event.CASE_OPENED
    happened(work, event, of_case(case), by, report=found[0] if found else None, since=since)
    if found is None and case.event_type == EventType.INCIDENT:
        happened(work, Event.CANDOUR_ASKED, of_case(case), by, since=since)
    if case.datix_number:
        happened(work, Event.DATIX_ENTERED, of_case(case), by, note="Recorded before")


def with_joined(work: Work, case: Case) -> list[Case]:
    """A case with the reports that were joined with it, and those that had been joined with them."""
    joined = work.session.exec(select(Case).where(Case.merged_into == case.id).order_by(Case.id)).all()
    return [case, *(each for one in joined for each in with_joined(work, one))]


def goes_on_as(work: Work, case: Case) -> Case:
    """The case that a report which was joined with it is looked at with; any other is its own."""
    while case.merged_into:
        case = work.session.get_one(Case, case.merged_into)
    return case


AROUND = " .,;:!?()#“”‘’\"'"
"""What may stand around something that was copied from a sentence."""
_TYPED = re.compile(r"PSI[-\s\u2010-\u2015\u2212]*(\d{4})[-\s\u2010-\u2015\u2212]+(\d{1,8})", re.ASCII)
"""A reference as people type it, psi 2026 1, or as it stands where a word processor made dashes of its hyphens."""
_SAID_BEFORE = re.compile(rf"(?:(?:CASE|DATIX|REF|REFERENCE|NUMBER)[{re.escape(AROUND)}]+)+")


def as_kept(words: str) -> str:
    """A reference or a Datix number as it is kept, however it was typed or copied: “Ref: psi 2026 1.”, “W 12345”."""
    said = words.strip(AROUND).upper()
    said = said[before.end() :] if (before := _SAID_BEFORE.match(said)) else said
    typed = _TYPED.fullmatch(said)
    return f"PSI-{typed[1]}-{typed[2]:0>4}" if typed else "".join(said.split())


def by_reference(work: Work, words: str) -> Case | None:
    """The case with this reference, however it was typed, or with this Datix number."""
    wanted = as_kept(words)
    by_name = work.session.exec(select(Case).where(Case.reference == wanted)).first()
    ended = col(Case.state).in_((State.MERGED, State.WITHDRAWN))  # another may go on with its number
    on_datix = select(Case).where(Case.datix_number == wanted).order_by(ended, Case.id)
    return by_name or work.session.exec(on_datix).first()


def line(work: Work, case: Case) -> CaseLine:
    return CaseLine(
        case.reference,
        State(case.state),
        EventType(case.event_type),
        case.service,
        case.occurred,
        people.owner_named(work, case.owner_id),
        case.datix_number or "",
    )


def newest_version(work: Work, case: Case) -> ReportVersion | None:
    versions = select(ReportVersion).where(ReportVersion.case_id == case.id)
    return work.session.exec(versions.order_by(col(ReportVersion.number).desc())).first()


def write_version(
    work: Work,
    case: Case,
    answers: Mapping[str, Json],
    read: Mapping[str, Reading],
    by: str,
    reason: str | None = None,
) -> None:
    """Keep the answers as they stand now, with the words in which they were shown."""
    before = newest_version(work, case)
    version = ReportVersion(
        case_id=case.id,
        number=before.number + 1 if before else 1,
        flow_version=work.setting.report_flow.version,
        answers=dict(answers),
        wording=dict(read),
        by_id=by,
        reason=reason,
        at=work.now,
    )
    work.session.add(version)
    work.session.flush()


def report_of(work: Work, case: Case) -> tuple[Report, ReportVersion] | None:
    """The report behind a case, from its confirmed answers; None for a case opened from Datix."""
    version = newest_version(work, case)
    return (record_of(work.setting.report_flow, version.answers), version) if version else None


def additions(work: Work, case: Case) -> list[Addition]:
    return list(work.session.exec(select(Addition).where(Addition.case_id == case.id).order_by(col(Addition.id))))


def living_subject(case: Case) -> str:
    """The subject of the case's living card in the quality channel."""
    return f"case:{case.id}"
