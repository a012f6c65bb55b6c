"""When somebody works: set, shown again, taken back, and kept to by their reminders."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import select

from psirf_bot.cards.model import Card
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.deadlines import Subject, happened
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.owners import pattern_of
from psirf_bot.casework.work import Work
from psirf_bot.domain.events import Event
from psirf_bot.domain.working_time import ORDINARY
from psirf_bot.store.tables import Deadline, Person, WorkingHours
from stage import Stage, shown, words

TOMASZ = "Tomasz Zielinski"
NIGHTS = {
    "which-hours": "own",
    "work-days": ["thursday", "monday"],
    "work-from": "12:00",
    "work-until": "07:00",
}


async def hours(stage: Stage, given: Mapping[str, Any] | None = None) -> Card:
    action = await stage.do(lambda work: action_id(work, "hours.set"))
    return shown(await stage.turn(TOMASZ, Pressed(action, dict(given or {}))))


async def kept(stage: Stage) -> WorkingHours | None:
    found: WorkingHours | None = await stage.do(lambda work: work.session.exec(select(WorkingHours)).first())
    return found


async def test_hours_of_ones_own_are_kept_and_shown_again(stage: Stage) -> None:
    said = await hours(stage, NIGHTS)
    assert "You work Monday, Thursday, 12:00 to 07:00 the next day." in words(said)
    row = await kept(stage)
    assert row
    assert (row.days, row.begin, row.end) == ([0, 3], "12:00", "07:00")
    form = {i.id: i for i in (await hours(stage)).inputs()}
    assert "own" in str(form["which-hours"])
    assert "07:00" in str(form["work-until"])


async def test_the_usual_hours_take_ones_own_back(stage: Stage) -> None:
    await hours(stage, NIGHTS)
    said = await hours(stage, NIGHTS | {"which-hours": "usual"})
    assert "Monday to Friday, 9am to 5pm" in words(said)
    assert await kept(stage) is None
    tomasz = await stage.do(lambda work: work.session.exec(select(Person.id).where(Person.name == TOMASZ)).one())
    assert await stage.do(lambda work: pattern_of(work, tomasz)) == ORDINARY


@pytest.mark.parametrize(
    ("wrong", "marked"),
    [
        ({"work-days": []}, {"work-days"}),
        ({"work-from": None, "work-until": None}, {"work-from", "work-until"}),
        ({"work-until": "12:00"}, {"work-until"}),
        ({"work-from": "late"}, {"work-from"}),
    ],
)
async def test_hours_that_cannot_be_used_are_asked_again(stage: Stage, wrong: dict[str, Any], marked: set[str]) -> None:
    card = await hours(stage, NIGHTS | wrong)
    assert {i.id for i in card.inputs() if i.error} == marked
    assert await kept(stage) is None


async def test_the_next_reminder_moves_to_the_new_hours(stage: Stage) -> None:
    def owed(work: Work) -> None:
        who = work.session.exec(select(Person.id).where(Person.name == TOMASZ)).one()
        about = Subject("action", "a1", None, "Podiatry", {"whoever is named": who})
        happened(work, Event.ACTION_AGREED, about, who, agreed={"action.done": date(2026, 12, 21)})

    async def next_at() -> datetime:
        found = await stage.do(lambda work: work.session.exec(select(Deadline.next_at)).one())
        at: datetime = found if found.tzinfo else found.replace(tzinfo=UTC)
        return at

    await stage.do(owed)
    assert await next_at() == datetime(2026, 12, 7, 9, tzinfo=UTC)  # ten working days before, on a Monday
    await hours(stage, NIGHTS)
    assert await next_at() == datetime(2026, 12, 7, 12, tzinfo=UTC)
    await hours(stage, NIGHTS | {"work-days": ["thursday"]})
    assert await next_at() == datetime(2026, 12, 3, 12, tzinfo=UTC)
    await hours(stage, {"which-hours": "usual"})
    assert await next_at() == datetime(2026, 12, 7, 9, tzinfo=UTC)
