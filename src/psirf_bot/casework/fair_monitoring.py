"""Monitoring of being fair by protected group: what is recorded of one person, and what overseers see of all (F05)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlmodel import col, select

from psirf_bot.cards import fair_oversight as cards
from psirf_bot.cards.conversation import said
from psirf_bot.cards.fair import PRIVATE_TASK, TITLE
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_circle, fair_runs
from psirf_bot.casework.actions import button
from psirf_bot.casework.forms import Answers, Form
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.dialogs.questions import Question, one_of
from psirf_bot.domain import monitoring
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.monitoring import GROUPS, NOT_KNOWN, NOT_KNOWN_WORDS, OTHERWISE, SINGLED_OUT, Ended
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import FairMonitoring, FairRun

WHY = (
    "For counting only: to see whether the tool, and what follows from it, falls more on some groups of staff than on "
    "others. Enter what the member of staff has told the trust, as the staff record has it. Do not guess and do not "
    "ask anybody else. Overseers see it added up, never for one person, except to give that person a copy of what is "
    "held about them."
)


# What is recorded of one person


def _record(work: Work, press: Press) -> Reply:
    run = fair_runs.held(work, press, Act.FOLLOW_UP_FAIR)
    if fair_runs.team_of(run, press.by.id) is not Role.WORKFORCE:
        raise fair_runs.refused(work)
    form = Form(
        Act.REPORT,
        "Groups, for counting only",
        "Keep it",
        lambda work, press: questions(),
        lambda work, press, answers: _keep(work, press.by, run, answers),
        explain=WHY,
        about=lambda work, press: run.reference,
        so_far=lambda work, press: _newest(work, run) or {},
        keeps=False,
    )
    return fair_runs.privately(work, press, run, form(work, press))


def questions() -> Sequence[Question]:
    """Each group once; that it is not known is an answer."""
    return [
        one_of(key, group.title, {**group.values, NOT_KNOWN: NOT_KNOWN_WORDS}, f"{group.source}.")
        for key, group in GROUPS.items()
    ]


def _keep(work: Work, by: Member, run: FairRun, answers: Answers) -> Card:
    given = {key: answers[key] for key in GROUPS}
    if _newest(work, run) != given:  # otherwise sent twice
        work.session.add(FairMonitoring(run_id=run.id, groups=given, by_id=by.id, at=work.now))
        fair_runs.log(work, run, by.id, "groups recorded")
    text = "Thank you. It is kept for counting only. You can enter it again if something was wrong."
    back = button(work, "Back", "fair.show", run=run.id)
    return said(f"{TITLE} · {run.reference}", text, back, preview=PRIVATE_TASK)


def _newest(work: Work, run: FairRun) -> dict[str, str] | None:
    theirs = select(FairMonitoring).where(FairMonitoring.run_id == run.id).order_by(col(FairMonitoring.id).desc())
    found = work.session.exec(theirs).first()
    return found.groups if found else None


# What overseers see of all


def _show(work: Work, press: Press) -> Reply:
    if not may(press.by, Act.OVERSEE_FAIR):
        raise fair_runs.refused(work)
    work.record(press.by.id, "looked at the monitoring of being fair")
    always = press.args.get("period") == "always"
    runs = ended(work, press.by, None if always else year_before(work.now))
    fewest = work.trust.being_fair.fewest
    sides = {
        "guidance or management": monitoring.side(runs, SINGLED_OUT, fewest),
        "other ends": monitoring.side(runs, OTHERWISE, fewest),
    }
    other = (
        button(work, "The last 12 months", "fair.monitoring", period="year")
        if always
        else button(work, "Since the beginning", "fair.monitoring", period="always")
    )
    words = "All runs that have ended since the beginning" if always else "Runs that ended in the last 12 months"
    card = cards.monitoring(words, fewest, sides, (other, button(work, "Back", "fair.oversee")))
    return Reply(card=card, replaces=press.place.private, sealed=True)


def ended(work: Work, by: Member, since: datetime | None) -> list[Ended]:
    """The runs that this overseer may count, each once: where its newest version that has ended came to."""
    theirs = select(FairRun).where(FairRun.state == fair_runs.ENDED).order_by(col(FairRun.version))
    versions: dict[str, list[FairRun]] = {}
    for run in work.session.exec(theirs):
        if may(by, Act.OVERSEE_FAIR, fair_circle.facts(work, run)):
            versions.setdefault(run.reference, []).append(run)
    newest = (
        (each[-1], next(filter(None, (_newest(work, run) for run in reversed(each))), {})) for each in versions.values()
    )
    return [
        Ended(run.end, groups)
        for run, groups in newest
        if run.end and run.ended_at and (since is None or run.ended_at >= since)
    ]


def year_before(now: datetime) -> datetime:
    """The same moment a year ago; on 29 February, a day earlier."""
    day = 28 if (now.month, now.day) == (2, 29) else now.day
    return now.replace(year=now.year - 1, day=day)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {"fair.monitoring-record": _record, "fair.monitoring": _show}
