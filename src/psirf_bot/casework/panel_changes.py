"""Who takes part in a panel changes while it is under way: another chair, a report that was joined, somebody leaves.

The chair decides and signs alone, so a decision that is not approved yet goes with the chair who wrote it (I14).
"""

from sqlmodel import col, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import (
    deadlines,
    panel_closing,
    panel_departure,
    panel_members,
    panel_papers,
    panels,
    people,
    post,
)
from psirf_bot.casework.deadlines import DROPPED, RUNNING, happened, of_case, running
from psirf_bot.casework.response_changes import drop
from psirf_bot.casework.work import Work, case_facts
from psirf_bot.domain.authority import Member
from psirf_bot.domain.case import State
from psirf_bot.domain.deadlines import Event
from psirf_bot.store.tables import Case, Deadline, Panel, PanelMember, Person

UNDER_WAY = (panels.VOTING, panels.DECIDED, panels.DEPARTING)

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


# Staff who turn out to be involved, and leavers


def joined(work: Work, case: Case, by: str) -> None:
    """A report that was joined with a case may name those who look at it: they are asked for nothing any more."""
    panel = panels.under_way(work, case)
    if panel is None or case.state != State.IN_PANEL:
        return
    out = case_facts(work, case).kept_out_ids
    for seat in panel_members.all_of(work, panel):
        if seat.person_id in out and running(work, panel_members.vote(case, seat), "panel.vote"):
            happened(work, Event.VOTE_NOT_NEEDED, panel_members.vote(case, seat), by)
    if panel.chair_id in out:
        _ask_once_for_a_chair(work, case)
    panels.refresh(work, panel)


def pass_on_those_of_leavers(work: Work) -> None:
    """Nobody waits for the vote of somebody who has left, and their panels need another chair.

    Comes before the other duties of leavers are passed on: a vote is not passed on.
    """
    left = select(Person.id).where(col(Person.active).is_(False))
    theirs = select(Deadline).where(Deadline.rule == "panel.vote", col(Deadline.state).in_(RUNNING))
    for vote in work.session.exec(theirs.where(col(Deadline.owner_id).in_(left))).all():
        deadlines.settle(work, vote, DROPPED, panel_closing.THE_BOT, "They have left")
    chaired = select(Case, Panel).join(Panel, col(Panel.case_id) == Case.id).where(col(Panel.state).in_(UNDER_WAY))
    for case, panel in work.session.exec(chaired.where(col(Panel.chair_id).in_(left)).order_by(Case.reference)).all():
        _ask_once_for_a_chair(work, case)
        panels.refresh(work, panel)


def _ask_once_for_a_chair(work: Work, case: Case) -> None:
    """Once asked for another chair, the decision is nobody's until the quality team has chosen one."""
    if any(clock.owner_id for clock in running(work, of_case(case), "panel.decided")):
        panel_closing.ask_for_a_chair(work, case)
