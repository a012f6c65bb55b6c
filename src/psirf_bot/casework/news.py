"""What the reporter is told of their report: that it was read, what came of it, and what changed.

What changed goes to those who lead its service too, to share it there (policy §3.3; App 2 and 3, M10).
"""

from sqlmodel import select

from psirf_bot.cards.conversation import said
from psirf_bot.casework import cases, people, post
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, staff_named
from psirf_bot.casework.support_needs import STOPPED
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act
from psirf_bot.domain.case import State
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, SupportNeed

PLEASE_SHARE = (
    "If it helps your teams, please share with them what changed, once those who were involved have been spoken to. "
    "Name nobody."
)


def tell_reporter(work: Work, case: Case, title: str, text: str) -> None:
    """Tell whoever reported it, in private, when the bot can reach them."""
    if case.reporter_id:
        open_it = button(work, "Open your report", "case.show", case=case)
        post.to_person(work, case.reporter_id, said(title, text, open_it, preview="There is news of your report."))


def tell_outcome(work: Work, case: Case) -> bool:
    """Tell the reporter what came of it, those whose reports were joined with it, and those who lead its service.

    A reporter who was involved hears it once they have been spoken to (`spoken_to`), and the service not before.
    Returns whether the reporter has.
    """
    told = _tell(work, case, case)
    _tell_joined(work, case, case)
    if told:
        _pass_on(work, case)
    return told


def _pass_on(work: Work, case: Case) -> None:
    """Tell those who lead its service what changed, to share it there; to whom it went is in the audit (M10).

    Whoever may not see the case is not told; whoever reported it, or is named in it, hears of it as such.
    """
    knowing = {*(each.reporter_id for each in cases.with_joined(work, case)), *staff_named(work, case.id)}
    title = f"{case.reference} is closed: what changed"
    text = f"{case.outcome or ''}\n\n{PLEASE_SHARE}"
    told = []
    for lead in (people.member(work, someone) for someone in people.holders(work, Role.SERVICE_LEAD)):
        if case.service in lead.leads and lead.id not in knowing and allowed(work, lead, Act.SEE_CASE, case):
            open_it = button(work, "Open the case", "case.show", case=case)
            if post.to_person(work, lead.id, said(title, text, open_it, preview="There is news of a case.")):
                told.append(lead.id)
    if told:
        work.record("the bot", "passed on what changed", case, to=sorted(told))


def tell_opened_again(work: Work, case: Case) -> None:
    """Tell those who have heard what came of it, with their report or with one that was joined, that it goes on."""
    for each in cases.with_joined(work, case):
        if not waits_to_be_spoken_to(work, each):
            text = f"{each.reference} has been opened again."
            tell_reporter(work, each, "Your report is being looked at again", text)


def spoken_to(work: Work, case: Case, person_id: str | None) -> None:
    """Somebody has spoken to this person: news that waited for it can go out."""
    root = cases.goes_on_as(work, case)
    if person_id == case.reporter_id and root.state == State.CLOSED:
        told = _tell(work, case, root)
        if told and case is root:
            _pass_on(work, case)


def _tell(work: Work, about: Case, root: Case) -> bool:
    if waits_to_be_spoken_to(work, about):
        return False
    together = "" if about is root else "It was looked at together with another report. "
    outcome = root.outcome or "The quality team closed it."
    tell_reporter(work, about, f"{about.reference} is closed: what changed", together + outcome)
    return True


def _tell_joined(work: Work, case: Case, root: Case) -> None:
    for joined in work.session.exec(select(Case).where(Case.merged_into == case.id)).all():
        _tell(work, joined, root)
        _tell_joined(work, joined, root)


def waits_to_be_spoken_to(work: Work, case: Case) -> bool:
    """Whether somebody has still to speak to the reporter, who was involved, before they learn the outcome."""
    if case.reporter_id is None:
        return False
    theirs = select(SupportNeed).where(SupportNeed.case_id == case.id, SupportNeed.person_id == case.reporter_id)
    return any(need.checked_at is None and need.state != STOPPED for need in work.session.exec(theirs))
