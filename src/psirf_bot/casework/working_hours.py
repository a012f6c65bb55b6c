"""When somebody works, in their own words: what is sent to them in their own time, and not before (O08)."""

from collections.abc import Callable, Sequence

from sqlmodel import select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework.deadlines import OPEN
from psirf_bot.casework.due_days import plan_next
from psirf_bot.casework.forms import Answers, Form, Unfit
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.questions import Clock, Json, Question, one_of, several_of
from psirf_bot.domain.authority import Act
from psirf_bot.store.tables import Deadline, WorkingHours

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
USUAL = "Monday to Friday, 9am to 5pm"


def _questions(work: Work, press: Press) -> Sequence[Question]:
    return (
        one_of("which-hours", "Which hours?", {"usual": f"The usual: {USUAL}", "own": "My own, as given here"}),
        several_of("work-days", "On which days?", {day.lower(): day for day in DAYS}, optional=True),
        Clock("work-from", "From when?", "For example 08:30.", optional=True),
        Clock("work-until", "Until when?", "For a night shift, the time in the morning.", optional=True),
    )


def _so_far(work: Work, press: Press) -> Answers:
    hours = work.session.get(WorkingHours, press.by.id)
    if hours is None:
        return {"which-hours": "usual"}
    days: list[str] = [DAYS[day].lower() for day in hours.days]
    return {"which-hours": "own", "work-days": days, "work-from": hours.begin, "work-until": hours.end}


def _set_hours(work: Work, press: Press, answers: Answers) -> Card:
    own = answers["which-hours"] == "own"
    hours = work.session.get(WorkingHours, press.by.id)
    if own:
        days, begin, end = _given(answers)
        hours = hours or WorkingHours(person_id=press.by.id, days=days, begin=begin, end=end)
        hours.days, hours.begin, hours.end = days, begin, end
        work.session.add(hours)
        words = _in_words(days, begin, end)
    else:
        if hours:
            work.session.delete(hours)
        words = USUAL
    work.session.flush()
    work.memo.clear()
    for deadline in work.session.exec(
        select(Deadline).where(Deadline.owner_id == press.by.id, Deadline.state == OPEN)
    ).all():
        plan_next(work, deadline)
        work.session.add(deadline)
    work.record(press.by.id, "set working hours", hours=words)
    return said("Saved", f"You work {words}. I keep what is not urgent to those hours.")


def _given(answers: Answers) -> tuple[list[int], str, str]:
    """The days, and the hours between two different times; all are needed for hours of one's own."""
    missing: dict[str, Json] = {key: answers[key] for key in ("work-days", "work-from", "work-until")}
    problems = {
        key: "Please answer this too, or choose the usual hours." for key, given in missing.items() if not given
    }
    if problems:
        raise Unfit(problems)
    begin, end = str(answers["work-from"]), str(answers["work-until"])
    if begin == end:
        raise Unfit({"work-until": "Please give two different times."})
    chosen = answers["work-days"]
    return [n for n, day in enumerate(DAYS) if isinstance(chosen, list) and day.lower() in chosen], begin, end


def _in_words(days: Sequence[int], begin: str, end: str) -> str:
    next_day = " the next day" if end < begin else ""
    return f"{', '.join(DAYS[day] for day in days)}, {begin} to {end}{next_day}"


HOURS = Form(
    Act.SET_HOURS,
    "When do you work?",
    "Save",
    _questions,
    _set_hours,
    explain="What is not urgent comes in these hours. Quiet hours and bank holidays are kept as well.",
    so_far=_so_far,
)
VERBS: dict[str, Callable[[Work, Press], Reply]] = {"hours.set": HOURS}
