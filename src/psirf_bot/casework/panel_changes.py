"""Who takes part in a panel changes while it is under way: another chair, a report that was joined, somebody leaves.

The chair decides and signs alone, so a decision that is not approved yet goes with the chair who wrote it (I14).
"""

from collections.abc import Sequence

from sqlmodel import select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import (
    deadlines,
    panel_departure,
    panel_members,
    panel_papers,
    panels,
    people,
    post,
)
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import involved_in
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.forms import Answers, Unfit
from psirf_bot.casework.response_changes import drop
from psirf_bot.casework.work import Work
from psirf_bot.dialogs.questions import People
from psirf_bot.domain.authority import Member
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Panel, PanelMember, Person

# Another chair


def another_chair(work: Work, case: Case, panel: Panel, chair: Person, override: str | None, by: Member) -> None:
    """Somebody else chairs it from now on, decides and writes it down; both are told. Chosen again, nothing changes."""
    before = panel.chair_id
    panel.chair_id, panel.chair_override = chair.id, override
    for clock in running(work, of_case(case), "panel.decided"):
        if chair.id != before or clock.owner_id is None:
            deadlines.hand_over(work, clock, chair.id)
    if chair.id == before:
        return
    if panel.state in {panels.DECIDED, panels.DEPARTING}:
        _unwritten(work, case, panel, by)
    panel_papers.tell_chair(work, case, panel, by)
    _tell_the_one_before(work, case, panel, before, by)


def _unwritten(work: Work, case: Case, panel: Panel, by: Member) -> None:
    """The new chair writes the decision. What was written is in the audit, as it was when it was saved."""
    content = {"decision": panel.decision, "why": panel.rationale, "written_by": panel.decided_by}
    work.record(by.id, "panel decision cleared for another chair", case, panel=panel.id, **content)
    panel.state = panels.VOTING
    panel.closed_at = panel.closed_at or min(work.now, panel.closes_at)
    panel.decision = panel.rationale = panel.decided_by = panel.decided_at = None
    panel_departure.cleared(panel)
    drop(work, case, ("panel.departure",), by.id, "another chair decides")


def _tell_the_one_before(work: Work, case: Case, panel: Panel, before: str, by: Member) -> None:
    """They were asked to chair it. Whoever has stood back knows that they do not."""
    theirs = select(PanelMember).where(PanelMember.panel_id == panel.id, PanelMember.person_id == before)
    seat, someone = work.session.exec(theirs).first(), people.person(work, before)
    if before == by.id or someone is None or not someone.active or (seat and seat.recused_at):
        return
    text = f"Somebody else chairs the panel on {case.reference} now. There is nothing you need to decide. Thank you."
    post.to_person(work, before, said("You no longer chair a panel", text, preview=PRIVATE_TASK))


# Whoever has stood back by mistake

TAKES_PART_AGAIN = People(
    "takes-part-again",
    "Only if somebody stood back by mistake: who takes part again?",
    "They are told, and can stand back again. Please ask them first.",
    optional=True,
)


def may_come_back(work: Work, panel: Panel, by: Member) -> list[PanelMember]:
    """Those who have stood back, for the quality team to undo that; nobody who was involved."""
    return list(_stood_back(work, panel).values()) if by.is_quality else []


def _stood_back(work: Work, panel: Panel) -> dict[str, PanelMember]:
    involved = involved_in(work, work.session.get_one(Case, panel.case_id))
    theirs = (m for m in panel_members.all_of(work, panel) if m.recused_at)
    return {m.person_id: m for m in theirs if m.person_id not in involved}


def those_back(work: Work, panel: Panel, answers: Answers) -> list[PanelMember]:
    """The seats of those who take part again. Raises Unfit for somebody who has not stood back, or must not."""
    given = answers.get("takes-part-again")
    named = given if isinstance(given, list) else []
    seats = _stood_back(work, panel)
    if unknown := [people.name_of(work, who) for who in named if who not in seats]:
        text = f"{unknown[0]} cannot come back to this one. Please leave the name out."
        raise Unfit({"takes-part-again": text})
    return [seats[who] for who in named]


def take_part_again(work: Work, case: Case, panel: Panel, seats: Sequence[PanelMember], by: Member) -> None:
    """They have a vote again, are asked for it and told so."""
    closes_on = panel.closes_at.astimezone(work.trust.timezone).date()
    for seat in seats:
        seat.recused_at = None
        work.session.add(seat)
        work.session.flush()
        work.record(by.id, "takes part again", case, panel=panel.id, member=seat.id)
        if seat.id not in panels.votes(work, panel):
            agreed = {"panel.vote": closes_on}
            happened(work, Event.VOTE_ASKED_FOR, panel_members.vote(case, seat), by.id, agreed=agreed)
        text = (
            f"The quality team noted that you take part in the panel on {case.reference} after all. If that is not so, "
            "please press Stand back on its card; you need give no reason."
        )
        look = button(work, "Open the panel", "panel.show", case=case, style="primary", opens=True)
        post.to_person(work, seat.person_id, said("You take part in a panel again", text, look, preview=PRIVATE_TASK))
