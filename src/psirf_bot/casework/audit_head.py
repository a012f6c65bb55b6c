"""The head of the audit goes to the overseers each working day: with it a tail that was cut off can be noticed."""

from psirf_bot.cards.retention import audit_head
from psirf_bot.casework import owners, people, post
from psirf_bot.casework.work import Work
from psirf_bot.domain.people import Role
from psirf_bot.store import audit


def tell_overseers(work: Work) -> None:
    """Send everybody who oversees today the head as it is now, in their working hours of today, if they have any."""
    head = audit.head(work.session)[: audit.SHORT]
    if not head:
        return
    calendar, today = work.setting.calendar_beyond, work.local.date()
    card = audit_head(audit.length(work.session), f"{today:%A} {today.day} {today:%B %Y}", head)
    for overseer in people.holders(work, Role.OVERSEER):
        at = calendar.working_moment(work.now, owners.pattern_of(work, overseer.id))
        if calendar.local(at).date() == today:
            post.to_person(work, overseer.id, card, at=at)
