"""A PSII waits to be verified: by whom, and what it was decided on, for whoever signs it (I16)."""

from psirf_bot.cards import response as cards
from psirf_bot.cards.model import Card
from psirf_bot.cards.response import Grounds
from psirf_bot.casework import cases, panel_chair, panels, people, post, two_offices
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, panel_of
from psirf_bot.casework.deadlines import of_case, running
from psirf_bot.casework.learning_responses import current, kind_of
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, LearningResponse, Panel

CHOSEN = "The rules do not ask for a PSII here: the panel chose it"
BY_OFFICE = "the Chief Nurse or the Medical Director"
NOBODY = f"Nobody can verify it today: somebody has to stand in for {BY_OFFICE}"


# By whom


def deciders(work: Work, case: Case, response: LearningResponse) -> set[str]:
    """Whoever chaired the panel, wrote its decision or approved it: the second signature is somebody else's (I16)."""
    panel = panel_of(work, case)
    signed = {panel.chair_id, panel.decided_by, panel.approved_by} if panel else set()
    return {response.decided_by, *filter(None, signed)}


def can_be(work: Work, case: Case) -> bool:
    """Whether somebody can verify it today."""
    response = current(work, case)
    return response is not None and bool(two_offices.holders(work, _may_verify(work, case, response)))


def _may_verify(work: Work, case: Case, response: LearningResponse) -> two_offices.Can:
    """Not whoever was involved in the event, is to learn nothing of it, or took part in deciding it."""
    decided = deciders(work, case, response)
    return lambda p: p.id not in decided and allowed(work, people.member(work, p), Act.VERIFY_PSII, case)


def ask(work: Work, case: Case, response: LearningResponse, by: Member) -> None:
    """It was just decided. The Chief Nurse is asked, or where they cannot verify it the Medical Director."""
    may_verify = _may_verify(work, case, response)
    for clock in running(work, of_case(case), "psii.verified"):
        two_offices.hand_on(work, clock, may_verify)
    able = [[p for p in people.holders(work, role) if may_verify(p)] for role in two_offices.OFFICES]
    for someone in (asked := able[0] or able[1]):
        post.to_person(work, someone.id, _card(work, case, response, people.member(work, someone)))
    if not asked:
        _say_that_nobody_can(work, case, by.id)


def see_to(work: Work, case: Case) -> None:
    """Who can verify it may have changed: whoever can is asked; where nobody can any more, that is said, once."""
    response = current(work, case)
    if case.state != State.AWAITING_VERIFICATION or response is None:
        return
    for clock in running(work, of_case(case), "psii.verified"):
        asked = two_offices.hand_on(work, clock, _may_verify(work, case, response))
        for someone in asked or ():
            at = work.setting.calendar_beyond.working_moment(work.now, pattern_of(work, someone.id))
            post.to_person(work, someone.id, _card(work, case, response, people.member(work, someone)), at=at)
        if asked is not None:
            _shown_anew(work, case)
        if asked == []:
            _say_that_nobody_can(work, case)


def _shown_anew(work: Work, case: Case) -> None:
    """Its panel's card says for whom it waits."""
    if panel := panel_of(work, case):
        panels.refresh(work, panel)


def _say_that_nobody_can(work: Work, case: Case, by: str = "") -> None:
    """To the quality team, and to the chair unless they have just been answered."""
    card = two_offices.nobody_verifies(case.reference)
    panel_chair.tell_quality(work, case, card)
    if panel := panel_of(work, case):
        panel_chair.tell(work, case, panel, card, by)


# What they sign


def _card(work: Work, case: Case, response: LearningResponse, by: Member) -> Card:
    """What they sign, and all that they need for it; of a case that is kept close they read that on its page."""
    kept_close = case.restricted or case.quality_only
    panel, found = panel_of(work, case), grounds(work, case, by)
    of = panel.id if panel and found else ""
    verify = button(work, "Verify it", "response.verify", case=case, style="primary", panel=of)
    back = button(work, "Send it back", "response.back", case=case, opens=True)
    minute = button(work, "Read the minute", "minute.show", case=case, opens=True, panel=of)
    look = button(work, "Open the learning response", "response.show", case=case, opens=True)
    return cards.please_verify(
        case.reference if kept_close else cases.line(work, case).heading,
        kind_of(work, response),
        found,
        *(() if kept_close else (verify, back)),
        *((minute,) if found and allowed(work, by, Act.SEE_PANEL, case) else ()),
        look,
        kept_close=kept_close,
    )


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
