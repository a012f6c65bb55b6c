"""Cases that ended so long ago that the trust reviews whether to keep them, and legal holds. Nothing goes by itself.

A trust's records manager decides about each case; `[retention]` in trust.toml says after how many years.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlmodel import col, select

from psirf_bot.casework import cases
from psirf_bot.casework.work import Work
from psirf_bot.domain import identifiers
from psirf_bot.domain.case import State
from psirf_bot.store.tables import Case, LearningResponse

BY = "an administrator on the server"
APART = "; "
"""Between two reasons why one case is kept."""
REVIEWED = (State.CLOSED, State.WITHDRAWN)
"""A report that was joined with another is reviewed with that one."""


class Unfit(Exception):
    """This cannot be done with this case; says why, in words for the administrator."""


@dataclass(frozen=True, slots=True)
class OldCase:
    """A case to be reviewed. Without a word of what it is about."""

    reference: str
    state: str
    ended: date
    joined: tuple[str, ...]
    """The reports that were joined with it."""
    had_psii: bool
    holds: tuple[str, ...]
    """Why it, or a report joined with it, must not be deleted."""

    def __str__(self) -> str:
        parts = [f"{self.reference}  {self.state} {self.ended.isoformat()}"]
        parts += ["PSII"] if self.had_psii else []
        parts += [f"with {', '.join(self.joined)}"] if self.joined else []
        parts += [f"ON HOLD: {'; '.join(self.holds)}"] if self.holds else []
        return "  ".join(parts)


def due(work: Work, years: int) -> list[OldCase]:
    """The cases that ended at least so many years ago, the oldest first."""
    before = years_ago(work, years)
    ended = col(Case.state).in_(REVIEWED), col(Case.ended_at).is_not(None), col(Case.ended_at) < before
    found = work.session.exec(select(Case).where(*ended).order_by(col(Case.ended_at), Case.reference))
    return [_old(work, case, case.ended_at) for case in found if case.ended_at]


def years_ago(work: Work, years: int) -> datetime:
    """What ended before this moment ended at least so many years ago."""
    today = work.local.date()
    leap_day = (today.month, today.day) == (2, 29)
    then = date(today.year - years, today.month, 28 if leap_day else today.day)
    return work.setting.calendar_beyond.utc(datetime.combine(then, time()))


def hold(work: Work, reference: str, reason: str) -> Case:
    """Mark a case as one that must not be deleted, and why. Raises Unfit. Who did it and when is in the audit."""
    case = found(work, reference)
    reason = reason.strip()
    if not reason:
        raise Unfit("Please say why it must be kept, and who says so.")
    if kinds := {finding.kind for finding in identifiers.find(reason)}:
        raise Unfit(f"{identifiers.words(kinds)} Please give the reason without it.")
    # Said twice, it is one hold; another reason is one more.
    if f"{APART}{reason}{APART}" not in f"{APART}{case.hold or ''}{APART}":
        case.hold = APART.join(filter(None, (case.hold, reason)))
    work.session.add(case)
    work.record(BY, "put on legal hold", case, reason=reason)
    return case


def lift(work: Work, reference: str) -> Case:
    """Take the mark off again. Raises Unfit."""
    case = found(work, reference)
    if case.hold is None:
        others = "".join(f" {one} is, which was joined with it: lift that one." for one in held_with(work, case))
        raise Unfit(f"{case.reference} is not on hold.{others}")
    work.record(BY, "lifted the legal hold", case, reason=case.hold)
    case.hold = None
    work.session.add(case)
    return case


def found(work: Work, reference: str) -> Case:
    """The case with this reference. Raises Unfit."""
    case = cases.by_reference(work, reference)
    if case is None:
        raise Unfit(f"There is no case {reference}.")
    return case


def holds(work: Work, case: Case) -> tuple[str, ...]:
    """Why a case must be kept, with those of the reports that were joined with it."""
    return tuple(one.hold for one in cases.with_joined(work, case) if one.hold)


def held_with(work: Work, case: Case) -> list[str]:
    """The reports joined with it that are on hold themselves, so that it cannot be deleted either."""
    return [one.reference for one in cases.with_joined(work, case)[1:] if one.hold]


def _old(work: Work, case: Case, ended: datetime) -> OldCase:
    joined = cases.with_joined(work, case)[1:]
    investigated = select(LearningResponse.id).where(
        LearningResponse.case_id == case.id, LearningResponse.kind == "psii"
    )
    return OldCase(
        case.reference,
        case.state,
        work.setting.calendar_beyond.local(ended).date(),
        tuple(one.reference for one in joined),
        work.session.exec(investigated).first() is not None,
        holds(work, case),
    )
