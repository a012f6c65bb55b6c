"""A PSII waits to be verified: by whom it cannot be, and what it was decided on, for whoever signs it (I16)."""

from psirf_bot.cards.response import Grounds
from psirf_bot.casework import panels
from psirf_bot.casework.case_facts import allowed, panel_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, LearningResponse, Panel

CHOSEN = "The rules do not ask for a PSII here: the panel chose it"


def deciders(work: Work, case: Case, response: LearningResponse) -> set[str]:
    """Whoever chaired the panel, wrote its decision or approved it: the second signature is somebody else's (I16)."""
    panel = panel_of(work, case)
    signed = {panel.chair_id, panel.decided_by, panel.approved_by} if panel else set()
    return {response.decided_by, *filter(None, signed)}


def grounds(work: Work, case: Case, by: Member) -> Grounds | None:
    """For those who may see the panel that decided on it or verify it; None for others, and where no panel did."""
    panel = panel_of(work, case)
    if panel is None or panel.decision != PSII:
        return None
    if not any(allowed(work, by, act, case) for act in (Act.SEE_PANEL, Act.VERIFY_PSII)):
        return None
    required = "; ".join(f"{each.fact} ({each.source})" for each in panels.proposal_of(work, panel).psii)
    words = f"A PSII as the least: {required}" if required else CHOSEN
    return Grounds(words, _votes(work, panel), panel.rationale or "")


def _votes(work: Work, panel: Panel) -> str:
    """How many were for it, and nobody's name."""
    tally = panels.tally_of(work, panel)
    return f"{dict(tally.counts).get(PSII, 0)} of {tally.total} for it" if tally.total else "Nobody voted"
