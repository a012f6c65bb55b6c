"""Whom support of, or contact with, somebody is kept from: whom it is about, and a line manager who is passed over."""

from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Contact, Deadline, Person, SupportNeed, SupportRequest

SOMEONE_ELSE = "someone-else"
"""The wish of whoever wants the line manager to be passed over."""
CHECK, REQUEST, CONTACT = "check", "request", "contact"
"""What the duties that concern one member of staff are about (Deadline.subject_kind)."""


def kept_from(work: Work, deadline: Deadline) -> frozenset[str]:
    """Whom a duty is kept from, whatever their roles; nobody, where it does not concern one member of staff."""
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


def kept_from_check(work: Work, need: SupportNeed, *, afresh: bool = False) -> frozenset[str]:
    """Whoever is to be checked on, and their line manager where somebody else was asked for.

    Who was asked for may have become their line manager since; `afresh`: but is not chosen anew.
    """
    passed_over = _never(work, need.person_id)
    if need.wish == SOMEONE_ELSE:
        passed_over |= {need.passed_over_id, _manager_of(work, need.person_id)}
    if not afresh:
        passed_over.discard(need.checker_id)
    return frozenset(filter(None, {need.person_id, *passed_over}))


def kept_from_request(work: Work, request: SupportRequest) -> frozenset[str]:
    """Whoever asked, and always their line manager: the one they had when they asked, and the one they have now."""
    whose = request.person_id
    passed_over = {request.passed_over_id, _manager_of(work, whose), *_never(work, whose)}
    return frozenset(filter(None, (whose, *passed_over)))


def _never(work: Work, person_id: str | None) -> set[str | None]:
    """Whom somebody never wants to be asked about them: their line manager then, and whoever has become it since."""
    someone = work.session.get(Person, person_id) if person_id else None
    return {someone.passes_over_id, someone.line_manager_id} if someone and someone.passes_over_id else set()


def _manager_of(work: Work, person_id: str | None) -> str | None:
    someone = work.session.get(Person, person_id) if person_id else None
    return someone.line_manager_id if someone else None
