"""Being fair for a named overseer: the page, a run to read, the monitoring, and an export."""

from collections.abc import AsyncIterator
from datetime import timedelta

from cards.chapters.common import AMINA, LEAH, TOMASZ, Shown
from duty_stage import a_case, who
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_record, fair_runs
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import FairMonitoring, FairRun
from stage import Stage, shown

JUDITH, OWEN = "Judith Cornwell", "Owen Tregarth"
GROUPS = {"ethnic-background": "asian", "sex": "female", "disability": "no", "age": "25-39", "trained-abroad": "yes"}

LONG = {
    "fair-who-is-hurt": {
        "fair-who-is-hurt": "The patient, who had low blood sugar for an hour and is afraid of the evenings now. The "
        "family, who were not at home. The member of staff, who is off work. The team of that evening, who were two "
        "short and have not been asked yet how they are. " * 3,
        "fair-what-they-need": "To be told what happened, by somebody who knows. To be asked. Time with occupational "
        "health, and not to be on call alone meanwhile. " * 5,
        "fair-whose-task": "The patient safety team for the family, the line manager for the team. " * 10,
    },
    "fair-1a-ongoing": {
        "fair-1a-ongoing": "yes",
        "fair-1a-ground": "The same step was left out on three evenings, as section 4 says, after it had been talked "
        "about. It is not known why, and nobody else has been asked whether they do so too. " * 5,
    },
}
"""Enough for an export of two cards."""


async def oversight(stage: Stage) -> AsyncIterator[Shown]:
    async def press(name: str, verb: str, given: dict[str, str] | None = None, **args: str) -> Card:
        action = await stage.do(lambda work: action_id(work, verb, **args))
        return shown(await stage.turn(name, Pressed(action, dict(given or {}))))

    await stage.do(_runs)
    page = await press(JUDITH, "fair.oversee")
    yield Shown("fair-oversight-page", "An overseer's page", page)
    yield Shown("fair-oversight-refused", "Being fair, asked for by anybody else", await press(TOMASZ, "fair.oversee"))
    yield Shown(
        "fair-oversight-record-ended", "A run that has ended, to read", await press(JUDITH, "fair.record", run="run1")
    )
    yield Shown(
        "fair-oversight-record-open", "A run under way, to read", await press(JUDITH, "fair.record", run="run2")
    )
    yield Shown(
        "fair-oversight-monitoring-form", "Form: groups", await press(OWEN, "fair.monitoring-record", run="run1")
    )
    recorded = await press(OWEN, "fair.monitoring-record", GROUPS, run="run1")
    yield Shown("fair-oversight-monitoring-recorded", "The groups are recorded", recorded)
    yield Shown("fair-oversight-monitoring", "The monitoring, in steps", await press(JUDITH, "fair.monitoring"))
    yield Shown("fair-oversight-export-form", "Form: an export", await press(JUDITH, "fair.export"))
    asked = {"fair-export-whose": AMINA, "fair-export-reason": "SAR 2026/12"}
    export = await press(JUDITH, "fair.export", asked)
    yield Shown("fair-oversight-export", "An export, to be copied", export)
    rest = await stage.presses(JUDITH, export, "More")
    yield Shown("fair-oversight-export-rest", "The rest of an export", rest)
    nobody = await press(JUDITH, "fair.export", asked | {"fair-export-whose": "Carys Penhallow"})
    yield Shown("fair-oversight-export-nothing", "An export where nothing is held", nobody)


def _runs(work: Work) -> None:
    """One that has ended, one under way, and nine that ended some time ago, with the groups of the people."""
    ended = _run(work, 1, AMINA)
    leah, owen = ended.patient_safety_id, ended.workforce_id
    found = {"fair-1a": "no", "fair-1a-source": "Section 4 of the learning response."}
    fair_runs.log(work, ended, leah, "proposed", page="fair-1a", answers=found)
    fair_runs.log(work, ended, owen, "agreed", page="fair-1a", about=1)
    for page, answers in LONG.items():
        fair_runs.log(work, ended, leah, "proposed", page=page, answers=answers)
    _end(work, ended, "management")
    under_way = _run(work, 2, TOMASZ)
    hurt = {"fair-who-is-hurt": "The patient, the family, and the member of staff, who is off work."}
    fair_runs.log(work, under_way, leah, "proposed", page="fair-who-is-hurt", answers=hurt)
    differs = {"fair-who-is-hurt": "The patient, the family, the member of staff, and the team of that evening."}
    why = "The team was short of two, and has not been asked yet how they are."
    fair_runs.log(work, under_way, owen, "proposed", page="fair-who-is-hurt", answers=differs, reason=why)
    for number in range(3, 12):
        run = _run(work, number, "Somebody Else")
        _end(work, run, "management" if number < 9 else "health")
        work.session.add(FairMonitoring(run_id=run.id, groups=GROUPS, by_id=owen, at=work.now))


def _run(work: Work, number: int, about: str) -> FairRun:
    leah, owen = who(work, LEAH).id, who(work, OWEN).id
    known = about in {AMINA, TOMASZ}
    run = FairRun(
        id=f"run{number}",
        reference=f"BF-2026-{number:04d}",
        case_id=a_case(work, number).id,
        subject_id=who(work, about).id if known else None,
        subject_name=None if known else about,
        concern="The learning response asks why the second check was left out on three evenings.",
        begun_by=leah,
        patient_safety_id=leah,
        workforce_id=owen,
        joined=[leah, owen],
        state=fair_runs.OPEN,
        reading=work.trust.being_fair.after_ongoing_concern,
        tool=work.trust.being_fair.tool,
        at=work.now - timedelta(days=10 * number),
    )
    work.session.add(run)
    work.session.flush()
    return run


def _end(work: Work, run: FairRun, end: str) -> None:
    run.state, run.end, run.ended_at = fair_runs.ENDED, end, work.now
    run.record = fair_record.freeze(work, run, fair_runs.where(work, run), end)
    work.session.add(run)
