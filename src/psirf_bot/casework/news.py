"""What the reporter is told of their report: that it was read, what came of it, and what changed."""

from sqlmodel import select

from psirf_bot.cards.conversation import said
from psirf_bot.casework import post
from psirf_bot.casework.actions import button
from psirf_bot.casework.work import Work
from psirf_bot.domain.case import State
from psirf_bot.store.tables import Case, SupportNeed

HAS_AN_OUTCOME = frozenset({State.DECIDED, State.AWAITING_VERIFICATION, State.RESPONDING, State.CLOSED})


def tell_reporter(work: Work, case: Case, title: str, text: str) -> None:
    """Tell whoever reported it, in private, when the bot can reach them."""
    if case.reporter_id:
        open_it = button(work, "Open your report", "case.show", case=case)
        post.to_person(work, case.reporter_id, said(title, text, open_it, preview="There is news of your report."))


def tell_outcome(work: Work, case: Case) -> bool:
    """Tell the reporter what came of it; not before somebody has spoken to them, if they were involved themselves.

    Returns False while it waits for that; `spoken_to` then tells it.
    """
    if waits_to_be_spoken_to(work, case):
        return False
    outcome = case.outcome or "The quality team closed it."
    tell_reporter(work, case, f"{case.reference} is closed: what changed", outcome)
    for joined in work.session.exec(select(Case).where(Case.merged_into == case.id)):
        text = f"It was looked at together with another report. {outcome}"
        tell_reporter(work, joined, f"{joined.reference} is closed: what changed", text)
    return True


def spoken_to(work: Work, case: Case, person_id: str | None) -> None:
    """Somebody has spoken to this person: news that waited for it can go out."""
    if person_id == case.reporter_id and case.state in HAS_AN_OUTCOME:
        tell_outcome(work, case)


def waits_to_be_spoken_to(work: Work, case: Case) -> bool:
    """Whether somebody has still to speak to the reporter, who was involved, before they learn the outcome."""
    if case.reporter_id is None:
        return False
    theirs = select(SupportNeed).where(SupportNeed.case_id == case.id, SupportNeed.person_id == case.reporter_id)
    return any(need.checked_at is None for need in work.session.exec(theirs))
