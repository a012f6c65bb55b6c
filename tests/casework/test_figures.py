"""The figures for a committee: what is counted, beside the three months before, and who sees them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from duty_stage import a_case, owed, problems, who
from psirf_bot.cards.model import Facts
from psirf_bot.casework import figures, people
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry, Case, LearningResponse, Person, ReportVersion, SafetyAction
from stage import Stage, words

LEAH, MARGUERITE, NIAMH, BRONWEN, AMINA = (
    "Leah Rosenfeld", "Marguerite Oduya", "Niamh Gallagher", "Bronwen Hale", "Amina Yusuf",
)  # fmt: skip
NUMBERS = count(100)


@contextmanager
def counting(work: Work) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    engine, statements = work.session.get_bind(), list[str]()

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def on(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, 0, tzinfo=UTC)


def reported(work: Work, at: datetime, *harms: str, **facts: Any) -> Case:
    """A case of that day; with each harm in turn as it was reported and amended."""
    case = a_case(work, next(NUMBERS))
    case.opened_at = at
    for name, value in facts.items():
        setattr(case, name, value)
    work.session.add(case)
    for number, harm in enumerate(harms, 1):
        answers = {"physical-harm": harm}
        version = ReportVersion(
            case_id=case.id, number=number, flow_version=1, answers=answers, wording={}, by_id="1", at=at
        )
        work.session.add(version)
    work.session.flush()
    return case


def response(
    work: Work, case: Case, started: datetime | None, ended: datetime | None = None, kind: str = "mdt"
) -> None:
    made = LearningResponse(
        id=f"r{next(NUMBERS)}", case_id=case.id, kind=kind, decided_by="1", decided_at=case.opened_at,
        started_at=started, ended_at=ended, lead_id=who(work, NIAMH).id,
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()


def noted(work: Work, rule: str, at: datetime, days_late: int) -> None:
    duty = owed(work, rule, case=a_case(work, next(NUMBERS), state="withdrawn"))
    duty.state, duty.closed_at, duty.due_at = "done", at, at - timedelta(days=days_late)
    work.session.add(duty)


def an_action(work: Work, agreed: datetime, done: datetime | None = None) -> None:
    number = next(NUMBERS)
    made = SafetyAction(
        id=f"a{number}", reference=f"SA-2026-{number:04d}", service="Podiatry", what="x", measure="x", inequality="x",
        owner_id="1", due_on=agreed.date(), done_at=done, by_id="1", at=agreed,
    )  # fmt: skip
    work.session.add(made)


def arranged(work: Work) -> None:
    """It is 20 November: August to October count, beside May to July."""
    died = reported(work, on(8, 3), "severe", "fatal")
    moderate = reported(work, on(10, 30), "moderate")
    reported(work, on(9, 9), "none")
    reported(work, on(9, 9), event_type="near-miss")
    reported(work, on(9, 9), "severe", state="merged", merged_into=moderate.id)
    reported(work, on(9, 9), "severe", state="withdrawn")
    reported(work, on(11, 1), "severe")
    before = reported(work, on(7, 31), "severe")
    response(work, died, on(8, 13), on(10, 20), kind="psii")
    response(work, moderate, on(11, 2))
    response(work, before, on(8, 20), on(9, 1))
    response(work, before, on(3, 1), on(9, 2))
    noted(work, "candour.told", on(9, 1), 0)
    noted(work, "candour.told", on(9, 1), 2)
    noted(work, "report.read", on(6, 1), 0)
    noted(work, "support.after-event", on(9, 1), 0)
    an_action(work, on(6, 1), done=on(9, 9))
    an_action(work, on(9, 1))
    owed(work, "themes.meeting", -2)


def shown(work: Work, name: str = LEAH) -> Mapping[str, str]:
    card = figures.show(work, people.member(work, who(work, name)))
    assert problems(card) == []
    found = {fact.label: fact.value for part in card.body if isinstance(part, Facts) for fact in part.facts}
    return found | {"title": card.title}


async def test_three_months_beside_the_three_before(tmp_path: Path, database: str) -> None:
    async with Stage(tmp_path, database=database) as stage:
        await stage.do(arranged)
        found = await stage.do(shown)
    wanted = {
        "title": "Figures, August to October 2026",
        "Incidents": "3 (1)",
        "Near misses": "1 (0)",
        "Incidents in which a patient died": "1 (0)",
        "With severe harm": "1 (1)",
        "Patient Safety Incident Investigation": "1 (0)",
        "Begun": "2 (0)",
        "Days from report to start (median)": "15 (none)",
        "Ended": "3 (0)",
        "Days from start to end (median)": "68 (none)",
        "Ended within 3 months": "2 of 3 (none)",
        "Reports read": "none (1 of 1)",
        "Duty of candour, told in person": "1 of 2 (none)",
        "All duties with a clock": "1 of 2 (1 of 1)",
        "Agreed": "1 (1)",
        "Done": "1 (0)",
        "Duties that are late": "1",
        "Learning responses under way": "1",
    }
    assert {label: found.get(label) for label in wanted} == wanted
    assert "With moderate harm" not in found, "what was joined with it told of worse"
    assert "Risks and concerns" not in found, "there were none, now or before"


def _thirteen_months(work: Work) -> None:
    """The first, in which the bot began, is not whole; then two and three by turns, and nine in October."""
    reported(work, on(10, 20, 2025))
    for month in range(11, 23):
        for _ in range(9 if month == 22 else 2 + month % 2):
            reported(work, on((month - 1) % 12 + 1, 28, 2025 + (month > 12)), event_type="near-miss")
    reported(work, on(10, 5), event_type="near-miss", state="withdrawn")
    reported(work, on(11, 5), event_type="near-miss")  # this month is not whole yet


async def test_a_month_that_stands_out_is_said_once_there_are_twelve(tmp_path: Path, database: str) -> None:
    async with Stage(tmp_path, database=database) as stage:
        stage.now = on(10, 20)
        await stage.do(_thirteen_months)
        assert "Near misses a month" not in await stage.do(shown), "eleven whole months"
        stage.now = on(11, 20)
        found = await stage.do(shown)
    assert found["Near misses a month"] == "9 in October: more than usual. 0 to 7 are usual."
    assert "Incidents a month" not in found, "one, before the first whole month"


@pytest.mark.parametrize("year", [2026, 2027])
async def test_as_a_year_ends(stage: Stage, year: int) -> None:
    stage.now = on(2, 10, year)

    def look(work: Work) -> str:
        return shown(work)["title"]

    assert await stage.do(look) == f"Figures, November {year - 1} to January {year}"


async def test_a_month_is_the_trusts_own(stage: Stage) -> None:
    """What is the last evening of July by the clock of the database is August in Britain."""
    await stage.do(lambda work: reported(work, datetime(2026, 7, 31, 23, 30, tzinfo=UTC), "none"))
    assert (await stage.do(shown))["Incidents"] == "1 (0)", "half past midnight on 1 August"


async def test_who_sees_them(stage: Stage) -> None:
    for name in (LEAH, MARGUERITE):
        assert "In brackets: the three months before." in words(await stage.says(name, "figures"))
    for name in (AMINA, BRONWEN):
        said = words(await stage.says(name, "Figures, please."))
        assert "The figures are for those who oversee the responses." in said
        assert "Type overdue" in said
    seen = await stage.do(lambda work: list(work.session.exec(select(AuditEntry.what))))
    assert seen.count("opened the figures") == 2


async def test_leads_who_led_fewer_than_the_policy_asks_are_counted(stage: Stage) -> None:
    """C04: at least two a year."""
    label = "Leads who led fewer than 2 in the last 12 months"
    fewer, _, of = (await stage.do(shown))[label].partition(" of ")

    def led_two(work: Work) -> None:
        for _ in range(2):
            response(work, reported(work, on(9, 1)), on(9, 2))

    await stage.do(led_two)
    assert (await stage.do(shown))[label] == f"{int(fewer) - 1} of {of}"


async def test_a_duty_that_is_late_and_still_open_was_not_in_time(stage: Stage) -> None:
    """Otherwise what nobody ever does would make no figure worse."""

    def one_done_and_one_not(work: Work) -> None:
        noted(work, "candour.told", on(9, 1), 0)
        owed(work, "candour.told", -60, case=a_case(work, next(NUMBERS)))

    await stage.do(one_done_and_one_not)
    assert (await stage.do(shown))["Duty of candour, told in person"] == "1 of 2 (none)"


async def test_what_starts_on_the_day_of_its_report_took_no_days(stage: Stage) -> None:
    """The day alone is given, so it counts as noon: before the hour of a report in the afternoon."""

    def in_the_afternoon(work: Work) -> None:
        response(work, reported(work, on(9, 1) + timedelta(hours=5)), on(9, 1))

    await stage.do(in_the_afternoon)
    assert (await stage.do(shown))["Days from report to start (median)"] == "less than 1 (none)"


async def test_they_take_as_few_questions_for_many_leads_as_for_one(stage: Stage) -> None:
    def asked(work: Work) -> int:
        with counting(work) as statements:
            shown(work)
        return len(statements)

    def many_leads(work: Work) -> None:
        for number in range(50):
            lead = {"id": f"lead{number}", "name": f"Lead {number}", "email": f"lead{number}@fenmarsh.example"}
            work.session.add(Person(**(who(work, NIAMH).model_dump() | lead)))

    few = await stage.do(asked)
    await stage.do(many_leads)
    assert await stage.do(asked) == few


async def test_a_private_duty_is_in_no_figure(stage: Stage) -> None:
    await stage.do(lambda work: noted(work, "support.after-event", on(9, 1), 0))
    assert "All duties with a clock" not in await stage.do(shown)
