"""Reminders of what the two who use the being fair tool still have to do: theirs alone, saying nothing, on no list."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlmodel import select
from test_fair_ends import (
    BRONWEN,
    CARYS,
    JUDITH,
    LEAH,
    OWEN,
    REFERENCE,
    SANDEEP,
    TOMASZ,
    duties,
    duty,
    ended,
    press,
)

from duty_stage import a_case, who
from psirf_bot.cards.model import Card
from psirf_bot.casework import board, people
from psirf_bot.casework.inbound import Opened
from psirf_bot.casework.work import Work
from psirf_bot.health import health_routes
from psirf_bot.store.tables import Channel, Deadline, Nudge, StandIn, WorkingHours
from stage import Stage, words

MARGUERITE, WEI, ROSALIND = "Marguerite Oduya", "Wei Chen", "Rosalind Achebe"
EVERYBODY_ELSE = (SANDEEP, JUDITH, TOMASZ, CARYS, BRONWEN, MARGUERITE, WEI, ROSALIND)
WAITS, NO_MORE = "Something waits for you.", "Nothing waits here any more."


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def ticks_at(stage: Stage, *moments: str) -> None:
    for moment in moments:
        stage.now = at(moment)
        await stage.tick()


async def days_pass(stage: Stage, until: str) -> None:
    """A tick on every morning and every evening."""
    while (stage.now + timedelta(hours=12)) < at(until):
        stage.later(hours=12)
        await stage.tick()
    await ticks_at(stage, until)


def waiting(stage: Stage, name: str) -> list[Card]:
    return [card for card in stage.private(name) if WAITS in words(card)]


# What the two get


async def test_each_duty_reminds_both_in_a_message_of_its_own_that_says_nothing(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    told_of_the_end = 1
    await stage.tick()
    at_once = ["fair.police", "fair.pipot", "fair.lado"]
    assert len(stage.private(LEAH)) == told_of_the_end + len(at_once)
    assert len(stage.private(OWEN)) == len(at_once)
    await ticks_at(stage, "2026-11-23T09:30")  # the day on which these are due
    assert len(stage.private(OWEN)) == 2 * len(at_once)
    await ticks_at(stage, "2026-11-26T09:30", "2026-11-27T09:30")  # the day before the others are due, and the day
    cards = stage.private(OWEN)
    assert len(cards) > 2 * len(at_once) + 2
    assert {(card.title, card.preview, words(card)) for card in cards} == {
        (cards[0].title, "You have a private task.", words(cards[0]))
    }
    for secret in (REFERENCE, "PSI-2026-0001", "LADO", "police", "fair", TOMASZ):
        assert secret not in words(cards[0])


async def test_a_done_one_becomes_nothing_waits_and_reminds_no_more(stage: Stage) -> None:
    await ended(stage, "appropriate-action")
    await stage.tick()
    before = len(waiting(stage, OWEN))
    given = {"day": "2026-11-20", "number": None}
    await press(stage, LEAH, "fair.step-taken", given, run="run1", deadline=await duty(stage, "fair.lado"))
    assert len(waiting(stage, OWEN)) == before - 1
    assert sum(NO_MORE in words(card) for card in stage.private(OWEN)) == 1
    await ticks_at(stage, "2026-11-23T09:30")
    assert len(waiting(stage, OWEN)) == 2 + 2  # the police and the PIPOT lead, twice each


async def test_reminders_wait_until_quiet_hours_are_over(stage: Stage) -> None:
    stage.now = at("2026-11-20T20:30")  # a Friday
    await ended(stage, "appropriate-action")
    await ticks_at(stage, "2026-11-20T20:31", "2026-11-21T12:00", "2026-11-22T12:00", "2026-11-23T06:30")
    assert stage.private(LEAH) == stage.private(OWEN) == []
    await ticks_at(stage, "2026-11-23T09:30")
    assert len(waiting(stage, OWEN)) == 3
    assert len(waiting(stage, LEAH)) == 4


async def test_each_is_reminded_in_their_own_working_hours(stage: Stage) -> None:
    def tuesdays(work: Work) -> None:
        work.session.add(WorkingHours(person_id=who(work, OWEN).id, days=[1], begin="10:00", end="15:00"))

    await stage.do(tuesdays)
    await ended(stage, "appropriate-action")
    await ticks_at(stage, "2026-11-20T14:30", "2026-11-23T12:00", "2026-11-24T09:30")
    assert waiting(stage, OWEN) == []
    assert len(waiting(stage, LEAH)) > 3
    await ticks_at(stage, "2026-11-24T10:30")
    assert len(waiting(stage, OWEN)) == 3


@pytest.mark.parametrize(
    ("ends", "due"),
    [
        ("2026-11-20T14:00", "2026-11-23"),  # a Friday
        ("2026-11-22T14:00", "2026-11-23"),  # a Sunday
        ("2026-12-24T15:00", "2026-12-29"),  # Christmas Day on a Friday, and a substitute day on Monday
        ("2027-03-25T15:00", "2027-03-30"),  # Good Friday and Easter Monday
    ],
)
async def test_the_lado_is_to_be_told_within_one_working_day(stage: Stage, ends: str, due: str) -> None:
    stage.now = at(ends)
    await ended(stage, "appropriate-action")
    owed = await duties(stage)
    assert {owed["fair.lado"], owed["fair.pipot"], owed["fair.police"]} == {due}


# Nobody else


@pytest.mark.long
async def test_however_late_only_the_two_are_reminded(stage: Stage) -> None:
    for purpose in ("leads", "panel"):
        await stage.do(lambda work, purpose=purpose: work.session.add(a_channel(purpose)))
    await ended(stage, "appropriate-action")
    await days_pass(stage, "2026-12-18T09:30")

    def reminded(work: Work) -> set[str]:
        of_runs = select(Nudge.person_id).join(Deadline, Deadline.id == Nudge.deadline_id)
        found = work.session.exec(of_runs.where(Deadline.subject_kind == "fair"))
        return {people.name_of(work, reader) for reader in found}

    assert await stage.do(reminded) == {LEAH, OWEN}
    assert min(len(waiting(stage, name)) for name in (LEAH, OWEN)) > 6 * 4
    told_of_it = {name: said for name in EVERYBODY_ELSE if (said := [*filter(speaks_of_it, chat(stage, name))])}
    assert told_of_it == {}
    for purpose in ("quality", "panel", "leads"):
        assert not [card for card in stage.channel(purpose) if speaks_of_it(words(card))]


def a_channel(purpose: str) -> Channel:
    return Channel(purpose=purpose, platform="web", address={"channel": purpose}, set_by="x", set_at=at("2026-11-20"))


def chat(stage: Stage, name: str) -> list[str]:
    return [words(card) for card in stage.private(name)]


def speaks_of_it(said: str) -> bool:
    told = (REFERENCE, "LADO", "PIPOT", "guidance", "private task", "regulatory", WAITS)
    return any(word in said for word in told)


@pytest.mark.parametrize("gone", [(OWEN,), (LEAH, OWEN)])
async def test_nobody_is_asked_in_the_place_of_one_who_has_left(stage: Stage, gone: Sequence[str]) -> None:
    def leave(work: Work) -> None:
        for name in gone:
            someone, today = who(work, name), work.local.date()
            ends = today + timedelta(days=90)
            deputy = StandIn(person_id=someone.id, deputy_id=who(work, SANDEEP).id, starts=today, ends=ends)
            someone.active = False
            work.session.add_all([someone, deputy])

    await ended(stage, "appropriate-action")
    told_of_the_end = len(waiting(stage, LEAH))
    await stage.do(leave)
    await days_pass(stage, "2026-12-04T09:30")
    assert stage.private(OWEN) == []
    assert (len(waiting(stage, LEAH)) > told_of_the_end) == (LEAH not in gone)
    # What is owed by law is not lost with the two: an overseer hears that something waits.
    hears = {JUDITH} if len(gone) == 2 else set()
    assert {name for name in EVERYBODY_ELSE if any(map(speaks_of_it, chat(stage, name)))} == hears
    assert not [card for card in stage.channel() if speaks_of_it(words(card))]


async def surfaces(stage: Stage) -> dict[str, str]:
    """Everything on which a duty might show, for everybody, as it is now."""
    seen = {}
    for name in (LEAH, OWEN, *EVERYBODY_ELSE):
        for typed in ("overdue", "find PSI-2026-0001", "find Community Nursing", "case PSI-2026-0001", "my reports"):
            seen[f"{name}: {typed}"] = words(await stage.says(name, typed))
        await stage.turn(name, Opened({"user": f"page of {name}"}))
        await stage.settled()
        seen[f"{name}: own page"] = words(stage.channel(f"page of {name}")[-1])
    summary: Card = await stage.do(lambda work: board.summary(work, "2026-12-14"))
    return seen | {"the week's summary": words(summary), "figures": await figures(stage)}


async def figures(stage: Stage) -> str:
    """The names and labels of what is measured."""
    app = web.Application()
    app.add_routes(health_routes(stage.store, lambda: stage.now))
    async with TestClient(TestServer(app)) as client:
        text = await (await client.get("/metrics")).text()
    return " ".join(line.partition(" ")[0] for line in text.splitlines() if not line.startswith("#"))


@pytest.mark.long
async def test_late_duties_show_on_no_list_board_page_or_summary_and_in_no_figure(tmp_path: Path) -> None:
    seen = {}
    for world in ("without a run", "with one"):
        folder = tmp_path / world
        folder.mkdir()
        async with Stage(folder) as stage:
            await stage.do(a_case)
            if world == "with one":
                await ended(stage, "appropriate-action")
            await days_pass(stage, "2026-12-18T09:30")
            late = await duties(stage)
            seen[world] = await surfaces(stage)
    assert len(late) == 5
    assert max(late.values()) < "2026-12-18"
    assert seen["with one"] == seen["without a run"]
    assert "psirf_outbox_messages" in seen["with one"]["figures"]
