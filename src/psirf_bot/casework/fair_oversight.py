"""What named overseers see: how much the tool is used, every run that is not kept from them, and its record."""

from collections.abc import Callable

from sqlmodel import col, select

from psirf_bot.cards import fair_oversight as cards
from psirf_bot.cards.model import Button, Card
from psirf_bot.casework import fair_circle, fair_export, fair_history, fair_monitoring, fair_pair, fair_runs, people
from psirf_bot.casework.actions import button
from psirf_bot.casework.deadlines import running
from psirf_bot.casework.fair_history import STATES
from psirf_bot.casework.inbound import Reply
from psirf_bot.casework.work import Press, Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import FairRun

SHOWN = 10


def overview(work: Work, by: Member, start: int = 0) -> Card:
    """The private page of an overseer. Raises Refusal for everybody else."""
    if not may(by, Act.OVERSEE_FAIR):
        raise fair_runs.refused(work)
    runs = [run for run in _all(work) if may(by, Act.OVERSEE_FAIR, fair_circle.facts(work, run))]
    year_ago = fair_monitoring.year_before(work.now)
    runs.sort(key=lambda run: run.state != fair_runs.WITHDRAWN)  # a version taken back does not hide the one before
    newest = list({run.reference: run for run in runs}.values())
    newest.sort(key=lambda run: (run.at, run.reference), reverse=True)
    return cards.overview(
        sum(run.at >= year_ago for run in runs),
        sum(run.state in fair_runs.UNDER_WAY for run in newest),
        fair_pair.tries(work, by.id, year_ago),
        [_row(work, run) for run in newest[start : start + SHOWN]],
        _buttons(work, start + SHOWN if len(newest) > start + SHOWN else None),
    )


def _all(work: Work) -> list[FairRun]:
    """Every version of every run, the later versions later."""
    return list(work.session.exec(select(FairRun).order_by(col(FairRun.reference), col(FairRun.version))))


def _row(work: Work, run: FairRun) -> cards.Row:
    name = fair_history.name_of(run)
    read = button(work, "Read", "fair.record", opens=True, spoken=f"Read {name}", run=run.id)
    return cards.Row(name, fair_circle.case_of(work, run).reference, STATES[run.state], read)


def _buttons(work: Work, start: int | None) -> list[Button]:
    more = [button(work, "More", "fair.oversee", start=str(start))] if start else []
    return [
        *more,
        button(work, "Monitoring", "fair.monitoring", opens=True),
        button(work, "Subject-access export", "fair.export", opens=True),
    ]


def record_of(work: Work, run: FairRun, by: Member, part: int = 1) -> Card:
    """A run as an overseer reads it; that they looked becomes part of it. The caller has checked that they may.

    They change nothing in it; where the two are gone, they find somebody else, or see to what is owed outside.
    """
    fair_runs.viewed(work, run, by)
    parts = cards.parts_of(fair_history.to_read(work, run))
    part = min(part, len(parts))
    more = [button(work, "More", "fair.record", run=run.id, part=str(part + 1))] if part < len(parts) else []
    gone = _gone(work, run)
    another = [_replacing(work, run, team) for team in gone]
    back = button(work, "Back to the overview", "fair.oversee")
    buttons = [*more, *another, *_owed(work, run, by), *_beside(work, run), back]
    return cards.record(fair_history.name_of(run), part, len(parts), parts[part - 1], buttons, gone.values())


def _gone(work: Work, run: FairRun) -> dict[Role, str]:
    """Those of the two who can no longer take part in a run under way: their names, by the team they were there for."""
    if run.state not in fair_runs.UNDER_WAY:
        return {}
    pair = fair_circle.facts(work, run).pair
    return {
        team: people.name_of(work, who) for team, who in pair.items() if not fair_runs.can_take_part(work, run, who)
    }


def _owed(work: Work, run: FairRun, by: Member) -> list[Button]:
    """What this overseer has to see to, because the two who owed it are gone."""
    found = []
    for duty in running(work, fair_runs.subject(run)):
        if any(someone.id == by.id for someone in fair_circle.owing(work, duty)):
            label = f"Done: {work.setting.rules[duty.rule].duty}"
            found.append(button(work, label, "fair.step-taken", opens=True, run=run.id, deadline=duty.id))
    return found


def _replacing(work: Work, run: FairRun, team: Role) -> Button:
    label = f"Ask somebody of the {fair_runs.TEAM_WORDS[team]}"
    return button(work, label, "fair.replace", opens=True, run=run.id, team=team)


def _beside(work: Work, run: FairRun) -> list[Button]:
    """The versions before and after this one."""
    words = {-1: "The version before", 1: "The version after"}
    by_version = {each.version: each for each in fair_runs.versions(work, run)}
    found = ((label, by_version.get(run.version + step)) for step, label in words.items())
    return [button(work, label, "fair.record", run=each.id) for label, each in found if each]


def _oversee(work: Work, press: Press) -> Reply:
    card = overview(work, press.by, int(press.args.get("start", "0")))
    work.record(press.by.id, "looked at the list of being fair runs")
    return Reply(card=card, replaces=press.place.private, sealed=True)


def _record(work: Work, press: Press) -> Reply:
    run = fair_runs.held(work, press, Act.OVERSEE_FAIR)
    card = record_of(work, run, press.by, int(press.args.get("part", "1")))
    return Reply(card=card, replaces=press.place.private, sealed=True)


VERBS: dict[str, Callable[[Work, Press], Reply]] = {
    "fair.oversee": _oversee,
    "fair.record": _record,
    **fair_monitoring.VERBS,
    **fair_export.VERBS,
}
