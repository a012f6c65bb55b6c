"""Who did what when with a case: from the audit, for the quality team, who may have to show it."""

import re

from sqlmodel import col, select

from psirf_bot.cards import cases as cards
from psirf_bot.cards.answers import instant
from psirf_bot.cards.model import Card, Fact
from psirf_bot.casework import people
from psirf_bot.casework.actions import button
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry, Case

SHOWN = 20
UNNAMED = "a member of staff"
PRIVATE = re.compile(r"support|check|offered|reminder|line manager|stood back|takes part", re.IGNORECASE)
"""Deeds in the audit whose doer is nobody else's business: support for staff, and who stood back from a panel."""
SECRET = re.compile(r"private task|being fair|\bfair\b", re.IGNORECASE)
"""Deeds in the audit that are not told at all."""
NOT_A_PERSON = frozenset({"the bot", "command line", "an administrator on the server"})


def history(work: Work, case: Case, before: int | None = None) -> Card:
    """What was done with a case, the newest first, from before an entry of the audit on."""
    theirs = select(AuditEntry).where(AuditEntry.case_id == case.id)
    if before is not None:
        theirs = theirs.where(col(AuditEntry.id) < before)
    found = work.session.exec(theirs.order_by(col(AuditEntry.id).desc()).limit(SHOWN + 1)).all()
    shown = found[:SHOWN]
    told = ((entry, doer(entry, people.name_of(work, entry.actor_id))) for entry in shown)
    facts = [_fact(work, entry, by) for entry, by in told if by]
    buttons = [button(work, "Back to the case", "case.show", case=case)]
    if len(found) > SHOWN:
        buttons.insert(0, button(work, "Earlier", "case.history", case=case, before=str(shown[-1].id)))
    return cards.history_card(case.reference, facts, tuple(buttons))


def doer(entry: AuditEntry, name: str) -> str | None:
    """Who did it, `name` or less than that; None where not even that it was done is told."""
    if SECRET.search(entry.what):
        return None
    return UNNAMED if PRIVATE.search(entry.what) and entry.actor_id not in NOT_A_PERSON else name


def _fact(work: Work, entry: AuditEntry, by: str) -> Fact:
    """A name stands as it is written: not everybody's begins with a capital letter."""
    at = instant(entry.at.astimezone(work.trust.timezone))
    who = by.capitalize() if by in {UNNAMED, *NOT_A_PERSON} else by
    return Fact(label=at, value=f"{who}: {entry.what}")
