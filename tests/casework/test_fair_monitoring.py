"""Monitoring of being fair: who records the groups, what is counted, and what overseers see of it (F05)."""

from datetime import UTC, datetime, timedelta

import pytest
from responses import AMINA, LEAH, SANDEEP
from sqlmodel import col, select
from test_fair_oversight import JUDITH, OWEN, a_run, ended_run, press, refused

from duty_stage import who
from psirf_bot.cards.fair import PRIVATE_TASK
from psirf_bot.casework import fair_monitoring, people
from psirf_bot.casework.work import Work
from psirf_bot.domain.monitoring import GROUPS, NOT_KNOWN, Ended
from psirf_bot.store.tables import Action, AuditEntry, FairEntry, FairMonitoring, Inbox
from stage import Stage, words

TOLD = {
    "ethnic-background": "black",
    "sex": "male",
    "disability": "no",
    "age": "25-39",
    "trained-abroad": "yes",
}


def recorded(work: Work) -> list[dict[str, str]]:
    return [row.groups for row in work.session.exec(select(FairMonitoring).order_by(col(FairMonitoring.id)))]


# What is recorded


async def test_the_workforce_team_records_each_group_once_and_may_leave_any_open(stage: Stage) -> None:
    await stage.do(lambda work: ended_run(work).id)
    form = await press(stage, OWEN, "fair.monitoring-record", run="run1.1")
    assert [i.id for i in form.inputs()] == list(GROUPS)
    assert all(i.options[-1].value == NOT_KNOWN for i in form.inputs())  # type: ignore[union-attr]
    assert AMINA not in words(form)
    given = TOLD | {"disability": NOT_KNOWN}
    done = await press(stage, OWEN, "fair.monitoring-record", given, run="run1.1")
    assert done.preview == PRIVATE_TASK
    assert "kept for counting only" in words(done)
    assert await stage.do(recorded) == [given]


async def test_what_was_recorded_is_filled_in_and_the_same_again_is_not_kept_twice(stage: Stage) -> None:
    await stage.do(lambda work: ended_run(work).id)
    await press(stage, OWEN, "fair.monitoring-record", TOLD, run="run1.1")
    await press(stage, OWEN, "fair.monitoring-record", TOLD, run="run1.1")
    form = await press(stage, OWEN, "fair.monitoring-record", run="run1.1")
    assert [i.value for i in form.inputs()] == [(value,) for value in TOLD.values()]
    await press(stage, OWEN, "fair.monitoring-record", TOLD | {"age": "40-54"}, run="run1.1")
    assert await stage.do(recorded) == [TOLD, TOLD | {"age": "40-54"}]


@pytest.mark.parametrize("name", [LEAH, SANDEEP, JUDITH, AMINA])
async def test_nobody_else_records_them(stage: Stage, name: str) -> None:
    await stage.do(lambda work: ended_run(work).id)
    assert await refused(stage, name, "fair.monitoring-record", run="run1.1")
    assert await refused(stage, name, "fair.monitoring-record", TOLD, run="run1.1")
    assert await stage.do(recorded) == []


async def test_nothing_is_recorded_before_the_end(stage: Stage) -> None:
    await stage.do(lambda work: a_run(work).id)
    assert await refused(stage, OWEN, "fair.monitoring-record", run="run1.1")


async def test_what_is_recorded_stands_nowhere_else(stage: Stage) -> None:
    await stage.do(lambda work: ended_run(work).id)
    await press(stage, OWEN, "fair.monitoring-record", TOLD, run="run1.1")

    def rows(work: Work) -> str:
        tables = (Inbox, Action, AuditEntry, FairEntry)
        return "\n".join(row.model_dump_json() for table in tables for row in work.session.exec(select(table)))

    kept = await stage.do(rows)
    assert "groups recorded" in kept
    assert "25-39" not in kept
    assert "black" not in kept.casefold()


# What is counted


def counted(work: Work, since: datetime | None = None, by: str = JUDITH) -> list[Ended]:
    return fair_monitoring.ended(work, people.member(work, who(work, by)), since)


def grouped(work: Work, run_id: str, **groups: str) -> None:
    work.session.add(FairMonitoring(run_id=run_id, groups=groups, by_id="x", at=work.now))
    work.session.flush()


async def test_each_person_is_counted_once_at_the_newest_end_with_the_newest_groups(stage: Stage) -> None:
    def counts(work: Work) -> None:
        grouped(work, ended_run(work, end="health").id, sex="female")
        grouped(work, "run1.1", sex="male", age="25-39")
        ended_run(work, version=2, end="management")
        a_run(work, version=3)
        a_run(work, 2)
        assert counted(work) == [Ended("management", {"sex": "male", "age": "25-39"})]
        grouped(work, "run1.2", sex="female")
        assert counted(work) == [Ended("management", {"sex": "female"})]

    await stage.do(counts)


async def test_only_the_last_twelve_months_or_all(stage: Stage) -> None:
    def counts(work: Work) -> None:
        old = ended_run(work, 1)
        old.ended_at = work.now - timedelta(days=366)
        work.session.add(old)
        ended_run(work, 2, end="mitigation")
        year = fair_monitoring.year_before(work.now)
        assert [run.end for run in counted(work, year)] == ["mitigation"]
        assert [run.end for run in counted(work)] == ["health", "mitigation"]

    await stage.do(counts)


async def test_a_run_that_is_kept_from_an_overseer_is_not_counted_for_them(stage: Stage) -> None:
    def counts(work: Work) -> None:
        ended_run(work, about=JUDITH)
        assert counted(work) == []

    await stage.do(counts)


def test_a_year_before_the_29th_of_february_is_the_28th() -> None:
    assert fair_monitoring.year_before(datetime(2028, 2, 29, 9, tzinfo=UTC)) == datetime(2027, 2, 28, 9, tzinfo=UTC)


# What overseers see


async def test_overseers_see_steps_and_that_they_looked_is_recorded(stage: Stage) -> None:
    def seven(work: Work) -> None:
        for number in range(1, 8):
            run = ended_run(work, number, end="management" if number > 1 else "health")
            grouped(work, run.id, **TOLD)

    await stage.do(seven)
    card = await press(stage, JUDITH, "fair.monitoring")
    text = words(card)
    assert card.preview == PRIVATE_TASK
    assert "Runs that ended in the last 12 months" in text
    assert "Appropriate management: 5 to 9" in text
    assert "Health issues affecting work: fewer than 5" in text
    assert "Male: guidance or management 5 to 9; other ends fewer than 5" in text
    assert "Female: guidance or management fewer than 5; other ends fewer than 5" in text
    for exact in (": 7", ": 6", ": 1 ", ": 0"):
        assert exact not in text
    always = await stage.presses(JUDITH, card, "Since the beginning")
    assert "All runs that have ended since the beginning" in words(always)
    audited = await stage.do(lambda work: [entry.what for entry in work.session.exec(select(AuditEntry))])
    assert audited.count("looked at the monitoring of being fair") == 2


async def test_with_no_run_at_all_there_is_the_same_table(stage: Stage) -> None:
    text = words(await press(stage, JUDITH, "fair.monitoring"))
    assert text.count("fewer than 5") == 1 + 7 + 2 * sum(len(group.values) for group in GROUPS.values())
