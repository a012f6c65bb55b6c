"""The panel of a case as the rest of casework reads it: its members, their votes, whether voting is open."""

from collections.abc import Mapping

from sqlmodel import col, exists, or_, select

from psirf_bot.cards.response import kind_words
from psirf_bot.casework import post
from psirf_bot.casework.case_facts import case_facts, involved_in, panel_of
from psirf_bot.casework.work import Work, once
from psirf_bot.domain.authority import Member
from psirf_bot.domain.minimum import Proposal, proposal
from psirf_bot.domain.panel import WITHOUT_RESPONSE, Quorum, Seat, Tally, missing, tally
from psirf_bot.domain.people import Role
from psirf_bot.domain.trust import NATIONAL_NAMES
from psirf_bot.store.tables import Case, Panel, PanelMember, Person, Vote

VOTING, DECIDED, DEPARTING, APPROVED, STOPPED = "voting", "decided", "departing", "approved", "stopped"
ASKED, AGREED, REFUSED = "asked", "agreed", "refused"
"""How far a departure from the minimum has got."""


def subject(panel: Panel) -> str:
    """The subject of its living card in the panel's channel."""
    return f"panel:{panel.id}"


def under_way(work: Work, case: Case) -> Panel | None:
    """The panel that has not come to its approved minute yet."""
    panel = panel_of(work, case)
    return panel if panel and panel.state != APPROVED else None


def voting_is_open(work: Work, panel: Panel) -> bool:
    return panel.state == VOTING and panel.closed_at is None and work.now < panel.closes_at


def members(work: Work, panel: Panel) -> list[PanelMember]:
    """Those who have a vote: not whoever has stood back or, as a report joined since may show, was involved.

    The seat of whoever has left counts only with the vote that they gave.
    """
    theirs = select(PanelMember).where(
        PanelMember.panel_id == panel.id,
        col(PanelMember.recused_at).is_(None),
        or_(
            ~exists().where(col(Person.id) == col(PanelMember.person_id), col(Person.active).is_(False)),
            exists().where(col(Vote.member_id) == col(PanelMember.id)),
        ),
    )
    found = once(work, ("members", panel.id), lambda: work.session.exec(theirs.order_by(PanelMember.id)).all())
    involved = involved_in(work, work.session.get_one(Case, panel.case_id))
    return [m for m in found if m.person_id not in involved]


def seat_of(work: Work, panel: Panel, by: Member) -> PanelMember | None:
    """The seat they vote for: their own, or that of a member whom they stand in for today."""
    theirs = [m for m in members(work, panel) if by.acts_as(m.person_id, Role.PANEL)]
    return min(theirs, key=lambda m: (m.person_id != by.id, m.id), default=None)


def votes(work: Work, panel: Panel) -> dict[str, Vote]:
    """The vote that counts of each member who has one, by the member's row: the newest."""
    return dict(once(work, ("votes", panel.id), lambda: _votes(work, panel)))


def _votes(work: Work, panel: Panel) -> dict[str, Vote]:
    seats = {m.id for m in members(work, panel)}
    kept_out = case_facts(work, work.session.get_one(Case, panel.case_id)).kept_out_ids
    given = select(Vote).where(Vote.panel_id == panel.id).order_by(col(Vote.number))
    newest = {vote.member_id: vote for vote in work.session.exec(given) if vote.member_id in seats}
    return {member: vote for member, vote in newest.items() if vote.by_id not in kept_out}


def tally_of(work: Work, panel: Panel) -> Tally:
    return tally(vote.choice for vote in votes(work, panel).values())


def quorum_lacks(work: Work, panel: Panel) -> dict[Seat, int]:
    """How many votes of which group are still wanted for the quorum (I11)."""
    given = votes(work, panel)
    quorum: Quorum = work.trust.panel.quorum
    return missing(quorum, (Seat(m.seat) for m in members(work, panel) if m.id in given))


def proposal_of(work: Work, panel: Panel) -> Proposal:
    """What the rules propose from the facts that somebody confirmed."""
    return proposal(work.trust.requirements, panel.facts or ())


def choices(work: Work) -> Mapping[str, str]:
    """Everything that can be voted for and decided, in the trust's own words (I07)."""
    responses = {str(kind): kind_words(local, NATIONAL_NAMES[kind]) for kind, local in work.trust.responses.items()}
    return responses | {str(choice): words for choice, words in WITHOUT_RESPONSE.items()}


def refresh(work: Work, panel: Panel) -> None:
    """Bring its card up to date wherever it hangs, and the agenda that lists it."""
    work.session.add(panel)
    work.session.flush()
    post.refresh(work, subject(panel))
    if panel.agenda_id:
        post.refresh(work, f"agenda:{panel.agenda_id}")
