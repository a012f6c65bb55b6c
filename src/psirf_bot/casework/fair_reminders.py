"""Reminders of what the two who use the being fair tool still have to do: messages that give nothing away."""

from sqlmodel import col, select

from psirf_bot.cards.fair import nothing_waits, private_task
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_circle, fair_runs, reminders
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import running
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Deadline, FairRun, Nudge

WAITS_FOR = {fair_runs.INVITED: fair_circle.JOIN, fair_runs.OPEN: "fair.finish", fair_runs.PAUSED: "fair.review"}
"""The duty that a run under way waits for."""
NO_COLLEAGUE = "no colleague"
"""Why somebody is reminded on the morning after one of the two could take part no longer."""


def look_for_missing_colleagues(work: Work) -> None:
    """Where one of the two can no longer take part, somebody who can act hears of it the same day, and only once: the
    reminders of the duty come as ever."""
    under_way = select(FairRun).where(col(FairRun.state).in_(fair_runs.UNDER_WAY)).order_by(col(FairRun.at))
    for run in work.session.exec(under_way).all():
        if all(fair_runs.can_take_part(work, run, who) for who in fair_runs.pair(run)):
            continue
        for duty in running(work, fair_runs.subject(run), WAITS_FOR[run.state]):
            _remind_once(work, run, duty)


def _remind_once(work: Work, run: FairRun, duty: Deadline) -> None:
    told = select(Nudge.person_id).where(Nudge.deadline_id == duty.id, Nudge.why == NO_COLLEAGUE)
    if joined := [entry.at for entry in fair_runs.entries(work, run) if entry.kind == "joined"]:
        told = told.where(col(Nudge.at) >= max(joined))  # whoever has joined since can be missing too
    heard = set(work.session.exec(told))
    for someone in fair_circle.reminded(work, duty):
        if someone.id not in heard:
            reminders.remind(work, duty, someone.id, NO_COLLEAGUE)


def render(work: Work, deadline: Deadline, reader: str, *, posted: bool) -> Card | None:
    """The reminder for one who hears of it as it is to be shown now; None for nothing. `posted`: it hangs already."""
    hears = deadline.state in {"open", "paused"} and any(p.id == reader for p in fair_circle.reminded(work, deadline))
    if not hears:
        return nothing_waits() if posted else None
    # An overseer sees the record there.
    show = button(work, "Open it", "fair.show", person_id=reader, style="primary", opens=True, run=deadline.subject_id)
    return private_task(show)
