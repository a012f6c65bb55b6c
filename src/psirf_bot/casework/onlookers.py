"""Whatever shows something of a case is brought up to date when something happens there: pages, and cards."""

from datetime import timedelta

from sqlmodel import col, or_, select

from psirf_bot.casework import cases, panels, people, post
from psirf_bot.casework.case_facts import panel_of
from psirf_bot.casework.reminders import LEADS
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, Deadline, Nudge, Panel, StandIn, SupportNeed


def refresh(work: Work, case: Case, *others: str | None) -> None:
    """Bring up to date the pages of the reporter, the owner, the quality team, those asked to check, and others."""
    checkers = work.session.exec(select(SupportNeed.checker_id).where(SupportNeed.case_id == case.id)).all()
    quality = people.acting_as(work, Role.QUALITY)
    post.refresh_homes(work, (case.reporter_id, case.owner_id, *checkers, *quality, *others))


def refresh_cards(work: Work, case: Case) -> None:
    """Bring up to date the cards of a case that hang in channels: its own, its panels' and agendas', its response's."""
    subjects = [cases.living_subject(case), f"response:{case.id}"]
    if panel_of(work, case):
        hung = select(Panel.id, Panel.agenda_id).where(Panel.case_id == case.id, Panel.state != panels.STOPPED)
        for panel, agenda in work.session.exec(hung.order_by(col(Panel.opened_at))):
            subjects += [f"panel:{panel}", *([f"agenda:{agenda}"] if agenda else [])]
    post.refresh(work, *subjects)


def refresh_joined(work: Work, case: Case) -> None:
    """The cards of the reports that were joined with a case: they are kept as close as the whole."""
    for joined in cases.with_joined(work, case)[1:]:
        refresh_cards(work, joined)


def refresh_leads(work: Work, case: Case) -> None:
    """It is kept close, or no longer, or of another service: every list of the leads' channel that names it says so."""
    days = select(col(Nudge.day)).join(Deadline, col(Nudge.deadline_id) == col(Deadline.id))
    days = days.where(Deadline.case_id == case.id, Nudge.person_id == LEADS).distinct().order_by(col(Nudge.day))
    post.refresh(work, *(f"digest:{LEADS}:{day.isoformat()}" for day in work.session.exec(days)))


def refresh_deputies(work: Work) -> None:
    """On the day on which somebody begins to stand in, or no longer does, their pages show other things."""
    today = work.local.date()
    changing = or_(col(StandIn.starts) == today, col(StandIn.ends) == today - timedelta(days=1))
    for stand_in in work.session.exec(select(StandIn).where(changing)).all():
        post.refresh_homes(work, (stand_in.person_id, stand_in.deputy_id))
