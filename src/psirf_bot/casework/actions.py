"""Buttons: an opaque id travels, its meaning stays here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from psirf_bot.cards.model import Button
from psirf_bot.casework.work import Work
from psirf_bot.store.direct import Prepared, connection_of, table_of
from psirf_bot.store.tables import Action, Case

MOST_KNOWN = 50_000
"""So many buttons are known to be in the database; past that all are looked for again, so that memory has an end."""
_TOGETHER = "buttons to be written together"


def button(
    work: Work,
    label: str,
    verb: str,
    *,
    case: Case | None = None,
    person_id: str | None = None,
    style: Literal["plain", "primary", "danger"] = "plain",
    submits: bool = False,
    validates: bool = False,
    opens: bool = False,
    spoken: str = "",
    **args: str,
) -> Button:
    """A button that means `verb` with these arguments; for one person alone when `person_id` is given."""
    action = action_id(work, verb, case=case, person_id=person_id, **args)
    return Button(
        label=label, action=action, style=style, submits=submits, validates=validates, opens=opens, spoken=spoken
    )


def action_id(work: Work, verb: str, *, case: Case | None = None, person_id: str | None = None, **args: str) -> str:
    """The id of this meaning: opaque, and the same one for as long as it means the same."""
    case_id = case.id if case else None
    meaning = repr((verb, case_id, person_id, sorted(args.items())))
    found = work.setting.audit_key.seal("action", meaning)[:24]
    if found not in work.setting.known_actions:
        _keep(work, {"id": found, "verb": verb, "args": args, "case_id": case_id, "person_id": person_id})
    return found


@contextmanager
def written_together(session: Session) -> Iterator[None]:
    """The buttons of all the cards that are made within are written in one statement at its end."""
    waiting: dict[str, dict[str, Any]] = {}
    session.info[_TOGETHER] = waiting
    try:
        yield
    finally:
        session.info.pop(_TOGETHER, None)
    if waiting:
        in_order = sorted(waiting.items())  # two processes that write the same ones do not wait for each other
        WRITE[connection_of(session).dialect.name].each(session, [action for _, action in in_order])
        _written_in(session).update(waiting)


def _keep(work: Work, action: dict[str, Any]) -> None:
    """Write it, unless it is there. One that was there before this session began is not looked for again.

    What this session wrote may still be taken back, in part or in all.
    """
    which, waiting, known = action["id"], work.session.info.get(_TOGETHER), work.setting.known_actions
    if waiting is not None:
        waiting[which] = action
    elif WRITE[connection_of(work.session).dialect.name].change(work.session, **action):
        _written_in(work.session).add(which)
    elif which not in _written_in(work.session):
        if len(known) >= MOST_KNOWN:
            known.clear()
        known.add(which)


def _written_in(session: Session) -> set[str]:
    written: set[str] = session.info.setdefault("actions", set())
    return written


def _write(dialect: Any) -> Prepared:
    """Those that are there already stay as they are."""
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in table_of(Action).columns}
    return Prepared(dialect.insert(table_of(Action)).values(values).on_conflict_do_nothing())


WRITE = {"sqlite": _write(sqlite), "postgresql": _write(postgresql)}
