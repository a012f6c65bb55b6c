"""Votes are given and changed in private, and members stand back (policy §12.3, I11).

How voting closes: casework/panel_closing.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import func, select

from psirf_bot.cards import check
from psirf_bot.cards import votes as cards
from psirf_bot.cards.model import Card
from psirf_bot.casework import panel_card, panel_chair, panel_closing, panel_facts_anew, panel_members, panels
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import panel_of
from psirf_bot.casework.deadlines import happened
from psirf_bot.casework.forms import Answers, Form, case_of
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.panel_card import clock_words
from psirf_bot.casework.panel_closing import takes_part
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.dialogs.questions import Question, long_text, one_of
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import Role
from psirf_bot.domain.response import PSII
from psirf_bot.store.tables import Case, Panel, PanelMember, Vote

NO_VOTE = "You do not have a vote on this one. If you think you should, please ask the quality team."
"""The same words for everybody who has none, whatever the reason, and whether or not there is a panel."""
LABEL = 75
"""Characters of a choice; the least that a platform takes."""


# A vote


@dataclass(frozen=True, slots=True)
class Ballot:
    """What somebody votes on, for which seat, and the vote that counts for it so far."""

    case: Case
    panel: Panel
    seat: PanelMember
    so_far: Vote | None


def _vote(work: Work, press: Press) -> Reply:
    """The ballot, or the vote it brings. Whether they have one is asked here, before the form says why not."""
    ballot = _ballot(work, press)
    form = Form(
        Act.VOTE,
        "Vote on the response",
        "Send my vote",
        _questions,
        lambda work, press, answers: _cast(work, press.by, ballot, answers),
        explain=_before_voting(work, press.by, ballot),
        about=panel_card.about,
        so_far=lambda work, press: _own(press.by, ballot),
        keeps=False,
    )
    return form(work, press)


def _ballot(work: Work, press: Press) -> Ballot:
    """What they vote on, while they can. Raises Refusal."""
    case = case_of(work, press)
    panel = panel_of(work, case)
    seat = panels.seat_of(work, panel, press.by) if panel else None
    if panel is None or seat is None or not takes_part(work, press.by, case, Act.VOTE):
        raise Refusal(NO_VOTE)
    if not panels.voting_is_open(work, panel) or case.state != State.IN_PANEL:
        kept = " Your words are still in the form." if press.given else ""
        where = f"Type panel {case.reference} to see where it is now."
        raise Refusal(f"Voting on {case.reference} has closed, so no vote can be given or changed.{kept} {where}")
    return Ballot(case, panel, seat, panels.votes(work, panel).get(seat.id))


def _before_voting(work: Work, by: Member, ballot: Ballot) -> str:
    panel, so_far = ballot.panel, ballot.so_far
    found = panels.proposal_of(work, panel) if panel.facts is not None else None
    proposal, until = cards.proposed(found, panels.choices(work)[PSII]), clock_words(work, panel.closes_at)
    proposal = "\n\n".join(filter(None, (panel_facts_anew.words(work, panel), proposal)))
    others = so_far is not None and so_far.by_id != by.id
    at_once, for_another = work.trust.panel.shows_votes == "at once", ballot.seat.person_id != by.id
    return cards.before_voting(proposal, until, for_another=for_another, others=others, at_once=at_once)


def _questions(work: Work, press: Press) -> Sequence[Question]:
    options = {choice: check.clip(words, LABEL) for choice, words in panels.choices(work).items()}
    return (
        one_of("choice", "What should the response be?", options),
        long_text("rationale", "Why?", "A few sentences. No names of patients or staff.", max_length=1500),
    )


def _own(by: Member, ballot: Ballot) -> Answers:
    """Their own vote so far. One that somebody else gave for this seat is not put into their mouth."""
    vote = ballot.so_far
    return {"choice": vote.choice, "rationale": vote.rationale} if vote and vote.by_id == by.id else {}


def _cast(work: Work, by: Member, ballot: Ballot, answers: Answers) -> Card:
    if _own(by, ballot) != answers:  # otherwise the same vote again
        _count(work, by, ballot, str(answers["choice"]), str(answers["rationale"]))
    case, until = ballot.case, clock_words(work, ballot.panel.closes_at)
    change = button(work, "Change my vote", "panel.vote", case=case, opens=True)
    words = panels.choices(work)[str(answers["choice"])]
    return cards.counted(case.reference, words, until, for_another=ballot.seat.person_id != by.id, change=change)


def _count(work: Work, by: Member, ballot: Ballot, choice: str, rationale: str) -> None:
    case, panel, seat = ballot.case, ballot.panel, ballot.seat
    newest = select(func.max(Vote.number)).where(Vote.member_id == seat.id)
    number = (work.session.exec(newest).one() or 0) + 1
    given: dict[str, Any] = {"number": number, "choice": choice, "rationale": rationale}
    work.session.add(Vote(panel_id=panel.id, member_id=seat.id, by_id=by.id, at=work.now, **given))
    work.session.flush()
    work.record(by.id, "voted", case, panel=panel.id, seat=seat.id, **given)
    happened(work, Event.VOTED, panel_members.vote(case, seat), by.id)
    panels.refresh(work, panel)


# Standing back


def _stand_back(work: Work, press: Press) -> Reply:
    """Asks once whether they mean it. Whoever votes or chairs for somebody else stands back for themselves alone."""
    case, by = case_of(work, press), press.by
    panel = panel_of(work, case)
    own = _own_row(work, panel, by) if panel else None
    if own and own.recused_at:
        return Reply(card=cards.stood_back(case.reference), replaces=press.place.private)
    chairs = panel is not None and takes_part(work, by, case, Act.DECIDE_RESPONSE)
    seats = [m for m in panels.members(work, panel) if by.acts_as(m.person_id, Role.PANEL)] if panel else []
    votes = bool(seats) and takes_part(work, by, case, Act.VOTE)
    if panel is None or not (chairs or votes):
        raise Refusal(NO_VOTE)
    if panel.state != panels.VOTING or case.state != State.IN_PANEL:
        raise Refusal(f"The decision on {case.reference} has been written. Please tell the quality team instead.")
    if press.args.get("sure") != "yes":
        back = button(work, "Stand back", "panel.recuse", case=case, style="primary", sure="yes")
        stay = button(work, panel_closing.LOOK, "panel.show", case=case, opens=True)
        card = cards.stand_back(case.reference, chairs=chairs, back=back, stay=stay)
        return Reply(card=card, replaces=press.place.private)
    own = own or PanelMember(id=work.new_id(), panel_id=panel.id, person_id=by.id, seat="member")
    own.recused_at = work.now
    work.session.add(own)
    work.session.flush()
    work.record(by.id, "stood back", case, panel=panel.id, member=own.id)
    for seat in seats:  # whoever acts for somebody else is no longer asked for their vote either
        happened(work, Event.VOTE_NOT_NEEDED, panel_members.vote(case, seat), by.id)
    if chairs:
        panel_chair.ask_for_another(work, case)
    panels.refresh(work, panel)
    return Reply(card=cards.stood_back(case.reference), replaces=press.place.private)


def _own_row(work: Work, panel: Panel, by: Member) -> PanelMember | None:
    theirs = select(PanelMember).where(PanelMember.panel_id == panel.id, PanelMember.person_id == by.id)
    return work.session.exec(theirs).first()


close_those_due = panel_closing.close_those_due

VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "panel.vote": _vote,
    "panel.recuse": _stand_back,
    "panel.close": panel_closing.close,
}
