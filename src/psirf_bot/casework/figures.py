"""The figures of three months beside the three before them, for the committees of the Board (N03, N04, S02, S14).

Numbers alone, of the whole trust: no case and no person. The database counts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from sqlmodel import and_, col, func, select
from sqlmodel import case as when_

from psirf_bot.cards import figures as cards
from psirf_bot.cards.figures import Line
from psirf_bot.cards.model import Card
from psirf_bot.casework import training
from psirf_bot.casework.case_facts import NOT_LET_GO, allowed
from psirf_bot.casework.deadlines import DONE, DROPPED, OPEN
from psirf_bot.casework.learning_responses import kinds
from psirf_bot.casework.work import Refusal, Work
from psirf_bot.domain.authority import Act, Member
from psirf_bot.domain.case import State
from psirf_bot.domain.control_chart import MOST, usual
from psirf_bot.domain.response import day_after
from psirf_bot.domain.trust import Due
from psirf_bot.store.tables import Case, Deadline, LearningResponse, ReportVersion, SafetyAction

MONTHS = 3
WORST_FIRST = list(cards.HARM)
NONE = "none"
NOTED_IN_TIME = {
    "report.read": "Reports read",
    "candour.told": "Duty of candour, told in person",
    "candour.written": "Duty of candour, written follow-up",
    "panel.decided": "Panels decided",
    "notifications.made": "Notifications made",
    "action.done": "Safety actions done",
}
"""The duties of which a committee asks first."""
IN_ALL = "All duties with a clock"


@dataclass(frozen=True, slots=True)
class Months:
    """Whole months, in the trust's own time: the first day, and the first day after them."""

    first: date
    after: date

    def holds(self, work: Work, moment: Any) -> tuple[Any, Any]:
        """That a column of the database lies within them."""
        utc = work.setting.calendar_beyond.utc
        first, after = (utc(datetime.combine(day, time())) for day in (self.first, self.after))
        return col(moment) >= first, col(moment) < after


def show(work: Work, by: Member) -> Card:
    """The last three whole months, for whoever oversees the responses."""
    if not allowed(work, by, Act.SEE_GAPS):
        raise Refusal("The figures are for those who oversee the responses. Type overdue to see what you owe yourself.")
    this_month = work.local.date().replace(day=1)
    now = Months(_months_before(this_month), this_month)
    before = Months(_months_before(now.first), now.first)
    work.record(by.id, "opened the figures")
    groups = [(title, _side_by_side(figures(work, now), figures(work, before))) for title, figures in GROUPS.items()]
    groups[1:1] = [(cards.MONTHLY, list(_by_month(work, this_month)))]
    return cards.figures_card(now.first, now.after - timedelta(days=1), [*groups, ("Today", list(_today(work)))])


def _months_before(first: date, months: int = MONTHS) -> date:
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def _side_by_side(now: Mapping[str, str], before: Mapping[str, str]) -> list[Line]:
    """Each figure with the one before; what there was neither now nor then is left out."""
    return [Line(label, value, before[label]) for label, value in now.items() if {value, before[label]} - {"0", NONE}]


def _reports(work: Work, months: Months) -> dict[str, str]:
    """What was reported, by kind, without what was withdrawn; of incidents the harm as last told.

    Reports that were joined count as one, with the worst harm that any of them told of.
    """
    told = (*months.holds(work, Case.opened_at), Case.state != State.WITHDRAWN)
    kinds_of = select(col(Case.event_type), func.count()).where(*told, Case.state != State.MERGED)
    found = _counted(work, kinds_of.group_by(col(Case.event_type)))
    newest = select(func.max(ReportVersion.number)).where(ReportVersion.case_id == Case.id).correlate(Case)
    last = (ReportVersion.case_id == Case.id, ReportVersion.number == newest.scalar_subquery())
    harm = col(ReportVersion.answers)["physical-harm"].as_string()
    graver = select(func.coalesce(Case.merged_into, Case.id), harm).select_from(Case).join(ReportVersion, and_(*last))
    graver = graver.where(*told, Case.event_type == "incident", harm.in_(cards.HARM))
    worst: dict[str, str] = {}
    for one, grade in work.session.exec(graver):
        worst[one] = min(worst.get(one, grade), grade, key=WORST_FIRST.index)
    harms = Counter(worst.values())
    return {label: str(found.get(kind, 0)) for kind, label in cards.KINDS.items()} | {
        label: str(harms[grade]) for grade, label in cards.HARM.items()
    }


def _by_month(work: Work, this_month: date) -> Iterator[Line]:
    """What is usual in a month, and whether the last one stands out (S02); nothing before there are enough of them."""
    begins = [_months_before(this_month, ago) for ago in range(MOST, -1, -1)]
    months = [Months(*both) for both in pairwise(begins)]
    told = (Case.state != State.WITHDRAWN, Case.state != State.MERGED)
    counting = [func.sum(when_((and_(*month.holds(work, Case.opened_at)), 1), else_=0)) for month in months]
    since = Months(begins[0], this_month).holds(work, Case.opened_at)
    rows = work.session.execute(select(col(Case.event_type), *counting).where(*told, *since).group_by(Case.event_type))
    found = {kind: [int(count) for count in counts] for kind, *counts in rows}
    first = work.session.exec(select(func.min(Case.opened_at))).one()
    whole = sum(first is not None and month.first > work.setting.calendar.local(first).date() for month in months)
    for kind, label in cards.KINDS.items():
        counts = found.get(kind, [])[-whole:] if whole else []
        if any(counts) and (seen := usual(counts)):
            yield Line(f"{label} a month", cards.month_words(months[-1].first, seen))


def _decided(work: Work, months: Months) -> dict[str, str]:
    """What panels decided on, by kind, without what they decided otherwise before it began."""
    decided = select(col(LearningResponse.kind), func.count()).where(*months.holds(work, LearningResponse.decided_at))
    found = _counted(work, decided.where(*NOT_LET_GO).group_by(col(LearningResponse.kind)))
    return {label: str(found.get(kind, 0)) for kind, label in kinds(work).items()}


def _responses(work: Work, months: Months) -> dict[str, str]:
    """What began and ended, and how long that took (K01 to K03)."""
    with_case = select(Case.opened_at, LearningResponse.started_at).join(Case, col(LearningResponse.case_id) == Case.id)
    began = work.session.exec(with_case.where(*months.holds(work, LearningResponse.started_at))).all()
    ended = select(LearningResponse.started_at, LearningResponse.ended_at)
    ended = ended.where(*months.holds(work, LearningResponse.ended_at))
    took = [(begun, end) for begun, end in work.session.exec(ended) if begun and end]
    three = work.setting.rules["response.three-months"].due or Due(3, "months")
    local = work.setting.calendar.local
    within = [e for s, e in took if local(e).date() <= day_after(local(s).date(), three, work.setting.calendar_beyond)]
    return {
        "Begun": str(len(began)),
        "Days from report to start (median)": _middle(work, began),
        "Ended": str(len(took)),
        "Days from start to end (median)": _middle(work, took),
        f"Ended within {three}": _of(len(within), len(took)),
    }


def _in_time(work: Work, months: Months) -> dict[str, str]:
    """Of the duties that were due, how many were noted by their day: one that is still open was not."""
    private = {rule.id for rule in work.setting.rules.values() if rule.private}
    in_time = func.sum(when_((col(Deadline.closed_at) <= col(Deadline.due_at), 1), else_=0))
    due = (col(Deadline.state).in_((OPEN, DONE)), *months.holds(work, Deadline.due_at))  # by the index of these two
    counting = select(col(Deadline.rule), in_time, func.count()).where(*due).group_by(col(Deadline.rule))
    rows = work.session.exec(counting)
    found = {rule: (int(early), count) for rule, early, count in rows if rule not in private}
    together = sum(early for early, _ in found.values()), sum(count for _, count in found.values())
    named = {label: _of(*found.get(rule, (0, 0))) for rule, label in NOTED_IN_TIME.items()}
    return named | {IN_ALL: _of(*together)}


def _actions(work: Work, months: Months) -> dict[str, str]:
    def count(*which: Any) -> str:
        return str(work.session.exec(select(func.count()).select_from(SafetyAction).where(*which)).one())

    # Not by its state, lest the database look at whatever was ever done.
    reviews = (Deadline.subject_kind == "action", Deadline.rule == "action.reviewed", Deadline.state != DROPPED)
    reviewed = select(func.count()).select_from(Deadline).where(*reviews)
    return {
        "Agreed": count(*months.holds(work, SafetyAction.at)),
        "Done": count(*months.holds(work, SafetyAction.done_at)),
        "Reviewed": str(work.session.exec(reviewed.where(*months.holds(work, Deadline.closed_at))).one()),
    }


def _today(work: Work) -> Iterator[Line]:
    """How it stands, and the leads who have led fewer responses in a year than they are to (C04)."""
    open_rules = [rule.id for rule in work.setting.rules.values() if not rule.private]
    late = select(func.count()).select_from(Deadline).where(Deadline.state == OPEN, col(Deadline.due_at) < work.now)
    yield Line("Duties that are late", str(work.session.exec(late.where(col(Deadline.rule).in_(open_rules))).one()))
    under_way = (
        select(func.count())
        .select_from(LearningResponse)
        .where(col(LearningResponse.started_at).is_not(None), col(LearningResponse.ended_at).is_(None))
    )
    yield Line("Learning responses under way", str(work.session.exec(under_way).one()))
    wanted, leads = work.trust.training.on(work.local.date()).responses_a_year, training.leads(work)
    led = training.led_by_everybody(work)
    fewer = [lead for lead in leads if led.get(lead.id, 0) < wanted]
    yield Line(f"Leads who led fewer than {wanted} in the last 12 months", _of(len(fewer), len(leads)))


def _counted(work: Work, counting: Any) -> dict[str, int]:
    return dict(work.session.exec(counting).all())


def _middle(work: Work, spans: Iterable[Sequence[datetime | None]]) -> str:
    """The median, from day to day: one that takes very long says little of the others."""
    local = work.setting.calendar.local
    days = [(local(until).date() - local(since).date()).days for since, until in spans if since and until]
    middle = median(days) if days else None
    if middle is None:
        return NONE
    return f"{middle:.0f}" if middle >= 1 else "less than 1"


def _of(some: int, all_of_them: int) -> str:
    return f"{some} of {all_of_them}" if all_of_them else NONE


GROUPS: dict[str, Callable[[Work, Months], dict[str, str]]] = {
    "Reports": _reports,
    "Learning responses decided on": _decided,
    "How long they take": _responses,
    "Noted in time": _in_time,
    "Safety actions": _actions,
}
