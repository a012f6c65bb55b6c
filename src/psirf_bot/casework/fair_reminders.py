"""Reminders of what the two who use the being fair tool still have to do: messages that give nothing away."""

from psirf_bot.cards.fair import nothing_waits, private_task
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_circle
from psirf_bot.casework.actions import button
from psirf_bot.casework.work import Work
from psirf_bot.domain.deadlines import STAYS_OWED
from psirf_bot.store.tables import Deadline, FairRun


def render(work: Work, deadline: Deadline, reader: str, *, posted: bool) -> Card | None:
    """The reminder for one of the two as it is to be shown now; None for nothing. `posted`: it hangs already."""
    owes = deadline.state in {"open", "paused"} and any(p.id == reader for p in fair_circle.owing(work, deadline))
    if not owes:
        return nothing_waits() if posted else None
    run, verb = work.session.get_one(FairRun, deadline.subject_id), "fair.show"
    if reader not in run.joined and deadline.rule in STAYS_OWED:  # an overseer, as the two are gone
        verb = "fair.record"
    return private_task(button(work, "Open it", verb, person_id=reader, style="primary", opens=True, run=run.id))
