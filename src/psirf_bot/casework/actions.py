"""Buttons: an opaque id travels, its meaning stays here."""

import json
from typing import Literal

from psirf_bot.cards.model import Button
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Action, Case

_MEANING = json.JSONEncoder(sort_keys=True).encode


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
    meaning = _MEANING([verb, case_id, person_id, args])
    found = work.setting.audit_key.seal("action", meaning)[:24]
    if found not in work.setting.known_actions:
        _keep(work, Action(id=found, verb=verb, args=dict(args), case_id=case_id, person_id=person_id))
    return found


def _keep(work: Work, action: Action) -> None:
    """Write it, unless it is there. One that was there before this session began is not looked for again."""
    written: set[str] = work.session.info.setdefault("actions", set())
    if work.session.get(Action, action.id) is None:
        work.session.add(action)
        written.add(action.id)
    elif action.id not in written:
        work.setting.known_actions.add(action.id)
