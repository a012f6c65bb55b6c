"""Whom a duty is kept from, whatever their roles.

Support of, or contact with, somebody: whom it is about, and a line manager who is passed over. A vote: whoever cannot
give it today.
"""

from psirf_bot.casework import panels, people
from psirf_bot.casework.case_facts import case_facts
from psirf_bot.casework.namesakes import meant
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Contact, Deadline, Panel, PanelMember, SupportNeed, SupportRequest

SOMEONE_ELSE = "someone-else"
"""The wish of whoever wants the line manager to be passed over."""
CHECK, REQUEST, CONTACT = "check", "request", "contact"
"""What the duties that concern one member of staff are about (Deadline.subject_kind)."""
SIGNED = frozenset({"psii.verified", "panel.departure"})
"""The duties of the Chief Nurse or the Medical Director in a case."""
VOTE = "vote"
"""What the duty to vote is about: a member's seat."""


def kept_from(work: Work, deadline: Deadline) -> frozenset[str]:
    """Whom a duty is kept from; nobody, where it does not concern one member of staff."""
    if deadline.subject_kind == VOTE:
        return _kept_from_vote(work, deadline)
    if deadline.rule in SIGNED:
        return _kept_from_signing(work, deadline)
    need_id: str | None = deadline.subject_id if deadline.subject_kind == CHECK else None
    if deadline.subject_kind == CONTACT:
        contact = work.session.get(Contact, deadline.subject_id)
        need_id = contact.need_id if contact else None
    if need_id:
        need = work.session.get(SupportNeed, need_id)
        return kept_from_check(work, need) if need else frozenset()
    if deadline.subject_kind == REQUEST:
        request = work.session.get(SupportRequest, deadline.subject_id)
        return kept_from_request(work, request) if request else frozenset()
    return frozenset()


def _kept_from_signing(work: Work, deadline: Deadline) -> frozenset[str]:
    """Whoever was involved, or is to learn nothing of it: they cannot sign, so they are not asked to help with it."""
    case = work.session.get(Case, deadline.case_id) if deadline.case_id else None
    facts = case_facts(work, case) if case else None
    return facts.involved_ids | facts.passed_over_ids if facts else frozenset()


def _kept_from_vote(work: Work, deadline: Deadline) -> frozenset[str]:
    """Whoever was involved or has stood back; and a stand-in who gives another vote than this one.

    Where nobody can give it today, it is not the quality team's either.
    """
    seat, owner = work.session.get(PanelMember, deadline.subject_id), people.person(work, deadline.owner_id)
    panel = work.session.get(Panel, seat.panel_id) if seat else None
    if panel is None or owner is None:
        return frozenset()
    out = case_facts(work, work.session.get_one(Case, panel.case_id)).kept_out_ids
    acting = people.acting_for(work, owner)
    gives = panels.seat_of(work, panel, people.member(work, acting))
    if gives and gives.id == deadline.subject_id and acting.id not in out:
        return out
    return out | {acting.id} | {someone.id for someone in people.holders(work, Role.QUALITY)}


def kept_from_check(work: Work, need: SupportNeed, *, afresh: bool = False) -> frozenset[str]:
    """Whoever is to be checked on, and their line manager where somebody else was asked for.

    Who was asked for may have become their line manager since; `afresh`: but is not chosen anew.
    """
    someone_else = need.wish == SOMEONE_ELSE
    whom = meant(work, need.person_id, need.name)
    passed_over = {need.passed_over_id} if someone_else else set[str | None]()
    for someone in whom:
        if someone_else or someone.passes_over_id:
            passed_over |= {someone.passes_over_id, someone.line_manager_id}
    if not afresh:
        passed_over.discard(need.checker_id)
    return frozenset(filter(None, {*(someone.id for someone in whom), *passed_over}))


def kept_from_request(work: Work, request: SupportRequest) -> frozenset[str]:
    """Whoever asked, and always their line manager: the one they had when they asked, and the one they have now."""
    whose = request.person_id
    passed_over = {request.passed_over_id, _manager_of(work, whose), *_never(work, whose)}
    return frozenset(filter(None, (whose, *passed_over)))


def _never(work: Work, person_id: str | None) -> set[str | None]:
    """Whom somebody never wants to be asked about them: their line manager then, and whoever has become it since."""
    someone = people.person(work, person_id)
    return {someone.passes_over_id, someone.line_manager_id} if someone and someone.passes_over_id else set()


def _manager_of(work: Work, person_id: str | None) -> str | None:
    someone = people.person(work, person_id)
    return someone.line_manager_id if someone else None
