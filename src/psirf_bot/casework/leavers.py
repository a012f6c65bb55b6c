"""What somebody who has left was to others, and not what they owed: somebody else is asked for, once.

Nobody goes on waiting for the contact of a family, or the lead of an alert, who is not here. While somebody stands in
for such a lead, nothing is asked.
"""

from collections.abc import Iterable

from sqlmodel import col, select

from psirf_bot.casework import alerts, contact_gone, people
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Case, LearningResponse, SafetyAlert


def ask_for_others(work: Work) -> None:
    """The people list was taken on, and the duties of leavers have been passed on."""
    for case in _under_way(work):
        contact_gone.contact_has_left(work, case)
    waiting = select(SafetyAlert).where(col(SafetyAlert.authorised_at).is_(None))
    for alert in work.session.exec(waiting.order_by(SafetyAlert.id)).all():
        alerts.see_to(work, alert)
        if alert.reported_at is None and _is_gone(work, alert.lead_id):
            alerts.lead_has_left(work, alert)


def _under_way(work: Work) -> Iterable[Case]:
    """The cases whose learning response was decided and has not ended."""
    open_ = select(LearningResponse.case_id).where(col(LearningResponse.ended_at).is_(None))
    for case in work.session.exec(select(Case).where(col(Case.id).in_(open_)).order_by(Case.reference)).all():
        if (response := current(work, case)) and response.ended_at is None:
            yield case


def _is_gone(work: Work, person_id: str | None) -> bool:
    someone = people.person(work, person_id)
    return someone is not None and not people.acting_for(work, someone).active
