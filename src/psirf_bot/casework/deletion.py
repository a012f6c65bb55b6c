"""One case is deleted after its review, with all that hangs on it; the audit stays, which holds no words."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Table, delete
from sqlmodel import SQLModel, col, select

from psirf_bot.casework import cases, review
from psirf_bot.casework.deadlines import RUNNING
from psirf_bot.casework.review import Unfit
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.store.tables import (
    Action,
    Agenda,
    AuditEntry,
    Case,
    Deadline,
    FairRun,
    Outbox,
    Panel,
    Posted,
    SafetyAction,
    WebMessage,
)

DONE = "deleted after review"
"""In the audit; being fair is let go by the database only for a case of which this is said (0005)."""
LINKS = ("case_id", "panel_id", "member_id", "response_id", "need_id", "run_id", "deadline_id")
"""The columns by which a row hangs on another."""
STAYS = frozenset({AuditEntry.__tablename__})
Rows = tuple[Table, Column[Any], Sequence[object]]
"""Rows of a table by the keys in one of its columns."""


def delete_case(work: Work, reference: str) -> dict[str, int]:
    """Delete a case that was reviewed; returns how many rows of each table went. Raises Unfit, and nothing is done.

    Reports that were joined with it go too. Its number is not given out again. What hangs in chats stays there.
    """
    case = review.found(work, reference)
    _be_sure(work, case)
    gone = cases.with_joined(work, case)
    references = {one.reference for one in gone}
    for one in gone:
        work.record(review.BY, DONE, one, into=case.reference)
        # Once the case has gone, nothing else can show which one it was.
        work.record(review.BY, f"deleted after review: {one.reference}", None)
    ids = {one.id for one in gone}
    themselves: Rows = (_table(Case), _key(Case), sorted(ids))
    rows = _hanging_on(work, ids)
    agendas = _left_empty(work, ids)
    for other in (SafetyAction, FairRun):
        references |= set(work.session.exec(select(other.reference).where(col(other.id).in_(ids))))
    messages = list(_messages(work, ids | references))
    _session_forgets(work)
    counts: dict[str, int] = {}
    for table, key, keys in [*reversed(rows), *messages, *agendas, themselves]:
        work.session.execute(delete(table).where(key.in_(keys)))
        counts[table.name] = counts.get(table.name, 0) + len(keys)
    return counts


def _be_sure(work: Work, case: Case) -> None:
    """Raises Unfit unless nothing stands against it."""
    years = work.trust.retention.review_after_years
    name = case.reference
    if case.state == State.MERGED:
        into = work.session.get(Case, case.merged_into)
        raise Unfit(f"{name} was joined with {into.reference if into else 'another case'} and goes with that one.")
    if case.state not in review.REVIEWED or case.ended_at is None:
        raise Unfit(f"{name} has not ended: it is {case.state}. Nothing was deleted.")
    if case.ended_at >= review.years_ago(work, years):
        raise Unfit(f"{name} ended less than {years} years ago ([retention] in trust.toml). Nothing was deleted.")
    if why := review.holds(work, case):
        raise Unfit(f"{name} is on legal hold: {'; '.join(why)}. Nothing was deleted.")
    theirs = col(Deadline.case_id).in_([one.id for one in cases.with_joined(work, case)])
    if work.session.exec(select(Deadline.id).where(theirs, col(Deadline.state).in_(RUNNING))).first():
        raise Unfit(f"Something is still to be done about {name}. Nothing was deleted.")


def _hanging_on(work: Work, ids: set[str]) -> list[Rows]:
    """Every row that hangs on the case, and what hangs on those; `ids` grows by theirs. What hangs comes later."""
    found: list[Rows] = []
    seen: set[tuple[str, object]] = set()
    grown = True
    while grown:
        grown = False
        for table in SQLModel.metadata.sorted_tables:
            links = [table.c[name] for name in _links(table) if name in table.c]
            if table.name in STAYS or not links:
                continue
            key = _primary(table)
            hangs = (link.in_(ids) for link in links)
            keys = [one for each in hangs for one in work.session.execute(select(key).where(each)).scalars()]
            if new := [one for one in dict.fromkeys(keys) if (table.name, one) not in seen]:
                seen |= {(table.name, one) for one in new}
                ids |= {one for one in new if isinstance(one, str)}
                found.append((table, key, new))
                grown = True
    return found


def _links(table: Table) -> Sequence[str]:
    """A duty hangs on what it is about too; elsewhere a subject is a person, or a card."""
    return (*LINKS, "subject_id") if table.name == Deadline.__tablename__ else LINKS


def _left_empty(work: Work, ids: set[str]) -> list[Rows]:
    """Weekly agendas on which no other case stood."""
    panels = work.session.exec(select(Panel).where(col(Panel.agenda_id).is_not(None))).all()
    theirs = {panel.agenda_id for panel in panels if panel.id in ids}
    others = {panel.agenda_id for panel in panels if panel.id not in ids}
    return [(_table(Agenda), _key(Agenda), sorted(filter(None, theirs - others)))]


def _messages(work: Work, names: set[str]) -> Iterator[Rows]:
    """Buttons, undelivered messages, where cards hang, and the demonstration's page: whatever names any of it."""

    def names_it(*words: object) -> bool:
        return not names.isdisjoint(re.findall(r"[\w-]+", " ".join(json.dumps(each) for each in words)))

    means = work.session.exec(select(Action.id, Action.args)).all()
    yield _table(Action), _key(Action), [key for key, args in means if names_it(args)]
    waiting = work.session.exec(select(Outbox.id, Outbox.subject, Outbox.about, Outbox.card)).all()
    yield _table(Outbox), _key(Outbox), [number for number, *words in waiting if names_it(*words)]
    hang = work.session.exec(select(Posted.subject).distinct()).all()
    yield _table(Posted), _table(Posted).c.subject, [subject for subject in hang if names_it(subject)]
    shown = work.session.exec(select(WebMessage.id, WebMessage.text, WebMessage.card)).all()
    yield _table(WebMessage), _key(WebMessage), [number for number, *words in shown if names_it(*words)]


def _session_forgets(work: Work) -> None:
    """What this session has read of the case is not written back."""
    work.session.flush()
    work.session.expunge_all()
    work.memo.clear()


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def _primary(table: Table) -> Column[Any]:
    [key] = table.primary_key.columns
    return key


def _key(model: type[SQLModel]) -> Column[Any]:
    return _primary(_table(model))
