"""A panel that was opened by mistake is taken off, while nobody has voted and its facts ask for no PSII."""

from sqlmodel import select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.casework import panel_facts_anew, panel_members, panels, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, panel_of
from psirf_bot.casework.deadlines import happened, of_case, running
from psirf_bot.casework.forms import case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.response_changes import changed
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Panel, Vote


def may_stop(work: Work, case: Case, panel: Panel, by: Member) -> bool:
    """Whether this person may take it off now: its chair and the quality team, while there is nothing to lose by it."""
    return allowed(work, by, Act.CLOSE_VOTING, case) and not _why_not(work, panel)


def _why_not(work: Work, panel: Panel) -> str:
    """What has happened already that a mistake would not explain; empty if nothing."""
    if panel.state == panels.STOPPED:
        return "it was taken off before"
    if panel.state != panels.VOTING or panel.departure:
        return "its decision has been written"
    if work.session.exec(select(Vote.id).where(Vote.panel_id == panel.id)).first() is not None:
        return "somebody has voted"
    if panels.proposal_of(work, panel).needs_psii:
        return "by the facts that were confirmed a PSII is its minimum"
    return "its facts have to be looked at again" if panel_facts_anew.of(work, panel) else ""


def stop(work: Work, press: Press) -> Reply:
    """Ask once whether they mean it; then nobody is asked for anything any more, and the case waits for a panel."""
    case, by = case_of(work, press), press.by
    panel = work.session.get(Panel, press.args["panel"]) if "panel" in press.args else panel_of(work, case)
    if panel and panel.state == panels.STOPPED and panels.under_way(work, case) is None:
        return Reply(card=_stopped(work, case), replaces=press.place.private)  # pressed twice
    if panel is None or panel.case_id != case.id or not allowed(work, by, Act.CLOSE_VOTING, case):
        raise Refusal("A panel is taken off by its chair or the quality team, while it is under way.")
    if why_not := _why_not(work, panel):
        raise Refusal(f"This panel cannot be taken off any more: {why_not}. It goes on until its minute is approved.")
    if press.args.get("sure") != "yes":
        return Reply(card=_sure(work, case, panel), replaces=press.place.private)
    _stop(work, case, panel, by)
    return Reply(card=_stopped(work, case), replaces=press.place.private)


def _stop(work: Work, case: Case, panel: Panel, by: Member) -> None:
    panel.state, case.state = panels.STOPPED, State.READ
    for seat in panel_members.all_of(work, panel):
        if running(work, panel_members.vote(case, seat), "panel.vote"):
            happened(work, Event.VOTE_NOT_NEEDED, panel_members.vote(case, seat), by.id, note="the panel was taken off")
    happened(work, Event.PANEL_STOPPED, of_case(case), by.id)
    panels.refresh(work, panel)
    changed(work, case, by.id, "panel stopped", panel.chair_id, panel=panel.id)
    if panel.chair_id != by.id:
        text = f"The panel on {case.reference} was opened by mistake. There is nothing you need to do. Thank you."
        post.to_person(work, panel.chair_id, said("A panel was taken off", text, preview=PRIVATE_TASK))


def _sure(work: Work, case: Case, panel: Panel) -> Card:
    text = "Nobody is asked to vote on it any more. The case waits for a panel again, and can be closed without one."
    off = button(work, "Take it off", "panel.stop", case=case, style="primary", panel=panel.id, sure="yes")
    stay = button(work, "Leave it as it is", "panel.show", case=case)
    return said(f"Take {case.reference} off the panel?", text, off, stay, preview="There is a question for you.")


def _stopped(work: Work, case: Case) -> Card:
    text = "Nobody is asked to vote on it any more. A panel can be opened for it when it is time."
    look = button(work, "Back to the case", "case.show", case=case)
    return said(f"{case.reference} is taken off the panel", text, look)
