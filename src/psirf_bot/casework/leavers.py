"""What somebody who has left was to others, and not what they owed: somebody else is asked for, once.

Nobody goes on waiting for the contact of a family, or the lead of an alert, who is not here. While somebody stands in
for such a lead, nothing is asked.
"""

from collections.abc import Iterable

from sqlmodel import col, select

from psirf_bot.cards.conversation import said
from psirf_bot.casework import alerts, contact_gone, people, post
from psirf_bot.casework.learning_responses import current
from psirf_bot.casework.setting_up import from_until
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, LearningResponse, SafetyAlert, StandIn


def ask_for_others(work: Work) -> None:
    """The people list was taken on, and the duties of leavers have been passed on."""
    _deputies_have_left(work)
    for case in _under_way(work):
        contact_gone.contact_has_left(work, case)
    waiting = select(SafetyAlert).where(col(SafetyAlert.authorised_at).is_(None))
    for alert in work.session.exec(waiting.order_by(SafetyAlert.id)).all():
        alerts.see_to(work, alert)
        if alert.reported_at is None and _is_gone(work, alert.lead_id):
            alerts.lead_has_left(work, alert)


def _deputies_have_left(work: Work) -> None:
    """Whoever is away may not read it: administrators, who can set somebody else for them, hear of it too, once."""
    to_come = select(StandIn).where(StandIn.ends >= work.local.date()).order_by(col(StandIn.starts), col(StandIn.id))
    for stand_in in work.session.exec(to_come).all():
        whose, deputy = people.person(work, stand_in.person_id), people.person(work, stand_in.deputy_id)
        if whose is None or deputy is None or not whose.active or deputy.active:
            continue
        work.session.delete(stand_in)
        work.memo.clear()
        days = from_until(stand_in.starts, stand_in.ends)
        for someone in dict.fromkeys([whose.id, *(p.id for p in people.holders(work, Role.ADMIN))]):
            whom = "you" if someone == whose.id else whose.name
            text = f"{deputy.name} has left, and was to stand in for {whom} {days}. Please type deputy to name another."
            post.to_person(work, someone, said("Somebody else is needed to stand in", text))


def _under_way(work: Work) -> Iterable[Case]:
    """The cases whose learning response was decided and has not ended."""
    open_ = select(LearningResponse.case_id).where(col(LearningResponse.ended_at).is_(None))
    for case in work.session.exec(select(Case).where(col(Case.id).in_(open_)).order_by(Case.reference)).all():
        if (response := current(work, case)) and response.ended_at is None:
            yield case


def _is_gone(work: Work, person_id: str | None) -> bool:
    someone = people.person(work, person_id)
    return someone is not None and not people.acting_for(work, someone).active
