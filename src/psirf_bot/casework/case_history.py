"""Who did what when with a case: from the audit, for the quality team, who may have to show it.

What staff were promised stays between few is not in it: not even that it was done, since it may be clear who did it.
"""

import re
from collections.abc import Iterator
from itertools import islice

from sqlmodel import col, select

from psirf_bot.cards import cases as cards
from psirf_bot.cards.answers import instant
from psirf_bot.cards.model import Card, Fact
from psirf_bot.casework import people
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import case_facts, family, involved_in
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Member
from psirf_bot.store.tables import AuditEntry, Case, Panel, PanelMember

SHOWN = 20
SECRET = re.compile(r"private task|being fair|\bfair\b", re.IGNORECASE)
"""Deeds in the audit that are of being fair."""
PRIVATE = re.compile(
    r"support|check|offered|reminder|line manager|stood back|takes part|with staff|private duty", re.IGNORECASE
)
"""Deeds in the audit of support for staff, and of who stood back from a panel."""
OF_A_PANEL = re.compile(r"panel|\bvot|\bminute\b|\bdeparture\b", re.IGNORECASE)
"""Deeds in the audit that are nobody's business who is kept out of the panel."""
NOT_A_PERSON = frozenset({"the bot", "command line", "an administrator on the server"})


def history(work: Work, case: Case, by: Member, before: int | None = None) -> Card:
    """What was done with a case, the newest first, from before an entry of the audit on."""
    found = list(islice(_told(work, case, by, before), SHOWN + 1))
    shown = found[:SHOWN]
    buttons = [button(work, "Back to the case", "case.show", case=case)]
    if len(found) > SHOWN:
        buttons.insert(0, button(work, "Earlier", "case.history", case=case, before=str(shown[-1].id)))
    return cards.history_card(case.reference, [_fact(work, entry) for entry in shown], tuple(buttons))


def is_told(what: str) -> bool:
    """Whether a deed is anybody else's business."""
    return not (SECRET.search(what) or PRIVATE.search(what))


def _told(work: Work, case: Case, by: Member, before: int | None) -> Iterator[AuditEntry]:
    theirs = select(AuditEntry).where(AuditEntry.case_id == case.id)
    if before is not None:
        theirs = theirs.where(col(AuditEntry.id) < before)
    panels_too = by.id not in _out_of_panels(work, case)
    for entry in work.session.exec(theirs.order_by(col(AuditEntry.id).desc())):
        if is_told(entry.what) and (panels_too or not OF_A_PANEL.search(entry.what)):
            yield entry


def _out_of_panels(work: Work, case: Case) -> frozenset[str]:
    """Who has no business with any panel on this event: also one that was stopped, and in a report that it joined."""
    whole = work.session.get_one(Case, family(work, case.id)[0])
    back = select(PanelMember.person_id).join(Panel, col(Panel.id) == PanelMember.panel_id)
    stood_back = work.session.exec(back.where(Panel.case_id == case.id, col(PanelMember.recused_at).is_not(None)))
    return involved_in(work, whole) | case_facts(work, case).kept_out_ids | set(stood_back)


def _fact(work: Work, entry: AuditEntry) -> Fact:
    """A name stands as it is written: not everybody's begins with a capital letter."""
    at = instant(entry.at.astimezone(work.trust.timezone))
    by = people.name_of(work, entry.actor_id)
    return Fact(label=at, value=f"{by.capitalize() if by in NOT_A_PERSON else by}: {entry.what}")
