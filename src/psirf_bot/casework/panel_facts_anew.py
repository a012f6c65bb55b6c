"""What is reported has changed since the facts of a panel were confirmed, and suggests now what was not so (I09, B11).

A person looks again before anything is approved, and may find the same. Nothing is kept for it: what the reports said
when the facts were confirmed follows from the dates of their versions, and of their joining.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import aliased
from sqlmodel import col, exists, or_, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.panel import source_words
from psirf_bot.casework import cases, panel_chair, panel_closing, panel_taken_back, panels
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import case_facts, panel_of
from psirf_bot.casework.work import Work, once
from psirf_bot.dialogs.flow import record_of
from psirf_bot.domain.case import State
from psirf_bot.domain.minimum import Requirement, grounds
from psirf_bot.domain.report import Report
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, Panel, ReportVersion

LOOK_AGAIN = "The facts have to be looked at again."
CHANGED = "What is reported has changed since they were confirmed, and gives new grounds for:"
CONFIRM = "Somebody confirms them anew, and may find the same; nothing is approved before that."
NEW_PANEL = "Please open a new panel."
BY_CLOSING = (
    "The way on: close the case with what has been learned so far, reopen it, and open a new panel. What was written "
    "stays."
)
BY_REOPENING = "The way on: reopen the case, and open a new panel."
SINCE = timedelta(microseconds=1)
"""After a change of the same moment: whoever confirms has waited for the case, and sees the change."""

_joined = aliased(Case)
MAY_HAVE_CHANGED = or_(
    exists().where(
        col(ReportVersion.case_id) == col(Panel.case_id),
        col(ReportVersion.number) > 1,
        col(ReportVersion.at) >= col(Panel.facts_at),
    ),
    exists().where(col(_joined.merged_into) == col(Panel.case_id), col(_joined.ended_at) >= col(Panel.facts_at)),
)
"""Of panels: the report was amended, or another joined with it, since the facts were confirmed."""


def of(work: Work, panel: Panel) -> tuple[Requirement, ...]:
    """What has to be looked at again before anybody goes by its facts; once approved, only what needs a PSII."""
    case = work.session.get_one(Case, panel.case_id)
    newest = panel_of(work, case)
    if newest is None or newest.id != panel.id:
        return ()
    found = once(work, ("facts anew", panel.id), lambda: since(work, panel))
    if panel.state != panels.APPROVED:
        return found
    return () if panel.decision == PSII else tuple(each for each in found if each.psii)


def since(work: Work, panel: Panel) -> tuple[Requirement, ...]:
    """What is suggested now, was not when the facts were confirmed, and was not confirmed to be so.

    What was taken back again counts anew. So does all of it where less than the minimum was allowed: that was for the
    event as it was reported then.
    """
    at, asked = panel.facts_at, select(Panel.id).where(Panel.id == panel.id, MAY_HAVE_CHANGED)
    if panel.facts is None or at is None or work.session.exec(asked).first() is None:
        return ()
    case = work.session.get_one(Case, panel.case_id)
    fresh = {fact for fact, _ in grounds_of(work, case) - grounds_of(work, case, before=at)}
    so = set[str]() if panel.departure == panels.AGREED else set(panel.facts) - panel_taken_back.ids(panel)
    return tuple(each for each in work.trust.requirements if each.id in fresh and each.id not in so)


def nobody_has_looked_at(work: Work, case: Case) -> tuple[Requirement, ...]:
    """What the reports suggest that needs a PSII, while no panel has confirmed any facts of the case."""
    panel = panel_of(work, case)
    if panel and panel.state != panels.STOPPED and panel.facts is not None:
        return ()
    suggested = {fact for fact, _ in grounds_of(work, case)}
    return tuple(each for each in work.trust.requirements if each.psii and each.id in suggested)


def grounds_of(
    work: Work, case: Case, *, before: datetime | None = None, without: Collection[str] = ()
) -> frozenset[tuple[str, str]]:
    """What the reports of a case suggest and why, as they are; or as they were `before` a moment, `without` some."""
    found = frozenset[tuple[str, str]]()
    for each, joined_at in _family(work, case):
        if each.id in without or (before and joined_at and joined_at >= before):
            continue
        known = [v for v in _versions(work, each) if before is None or v.number == 1 or v.at < before]
        found |= grounds(record_of(work.setting.report_flow, known[-1].answers)) if known else frozenset()
    return found


def moment(work: Work, case: Case) -> datetime:
    """When facts that are confirmed now were confirmed: after all that is reported by now."""
    changes = []
    for each, joined_at in _family(work, case):
        changes += [joined_at] if joined_at else []
        changes += [version.at for version in _versions(work, each) if version.number > 1]
    return max([work.now, *(at + SINCE for at in changes)])


def _versions(work: Work, case: Case) -> list[ReportVersion]:
    theirs = select(ReportVersion).where(ReportVersion.case_id == case.id)
    return list(work.session.exec(theirs.order_by(col(ReportVersion.number))))


def _family(work: Work, case: Case, joined_at: datetime | None = None) -> Iterator[tuple[Case, datetime | None]]:
    """A case and the reports that were joined with it, each with when it came to be looked at with it."""
    yield case, joined_at
    for other in work.session.exec(select(Case).where(Case.merged_into == case.id).order_by(Case.id)).all():
        yield from _family(work, other, max(filter(None, (joined_at, other.ended_at)), default=None))


# In words


def words(work: Work, panel: Panel) -> str:
    """That the facts have to be looked at again, why, and what to do; empty where they need not be."""
    found = of(work, panel)
    if not found:
        return ""
    named = "; ".join(f"{each.fact} ({source_words(each)})" for each in found)
    case = work.session.get_one(Case, panel.case_id)
    return f"{LOOK_AGAIN} {CHANGED} {named}. {way_on(work, case)}".strip()


def way_on(work: Work, case: Case) -> str:
    """What to do about it from where the case is."""
    state = State(case.state)
    if state is State.IN_PANEL:
        return CONFIRM
    if state is State.CLOSED:
        return BY_REOPENING
    return BY_CLOSING if case_facts(work, case).has_response and state is not State.READ else NEW_PANEL


# Told


def amended(work: Work, case: Case, before: Report, by: str) -> None:
    """An answer of the report was changed: its chair and the quality team hear what that means for the panel."""
    if found := cases.report_of(work, case):
        _tell(work, case, {fact for fact, _ in grounds(found[0]) - grounds(before)}, by)


def joined(work: Work, case: Case, into: Case, by: str) -> None:
    """A report has been joined with another, and may say something graver."""
    theirs = {each.id for each in cases.with_joined(work, case)}
    fresh = grounds_of(work, case) - grounds_of(work, into, without=theirs)
    _tell(work, into, {fact for fact, _ in fresh}, by)


def _tell(work: Work, case: Case, fresh: Collection[str], by: str) -> None:
    work.memo.clear()  # it has just changed
    panel = panel_of(work, case)
    again = [each for each in of(work, panel) if each.id in fresh] if panel else []
    if panel is None or not again:
        return
    kept_close = case.restricted or case.quality_only
    named = "" if kept_close else f" {'; '.join(each.fact for each in again)}."
    text = f"{CHANGED.rstrip(':')}{'.' if kept_close else ':'}{named} {way_on(work, case)}"
    look = button(work, panel_closing.LOOK, "panel.show", case=case, opens=True)
    facts = button(work, "Look at the facts again", "panel.facts", case=case, style="primary", opens=True)
    offers = (facts, look) if panel.state != panels.APPROVED else (look,)
    card = said(f"{case.reference}: the facts have to be looked at again", text, *offers)
    panel_chair.tell(work, case, panel, card, by)
    panel_chair.tell_quality(work, case, card)
