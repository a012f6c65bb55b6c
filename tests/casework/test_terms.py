"""The terms of reference: set by whoever leads, with what the family asked for and the time agreed (P09, Q17, K04)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from responses import (
    AMINA,
    CARYS,
    LEAH,
    LONGER,
    NIAMH,
    approved,
    case_in,
    clocks,
    press,
    read_case,
    the_response,
    titles,
    trained,
)
from sqlmodel import select

from psirf_bot.casework import learning_responses, terms
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import AuditEntry
from scenes import scene
from stage import Stage, words

LEAD = {"lead": NIAMH, "hours": "6", "time-agreed": ["yes"], "override": None}
TERMS: dict[str, Any] = {
    "terms": "How syringe drivers are stored, named and handed over.",
    "system": ["people", "tasks", "tools", "organisation"],
    "inequality": "People without a telephone wait longer.",
    "asked-for": "Why nobody noticed on the first evening.",
    "agreed": "agreed",
    "target": "2027-01-15",
}
START = {"day": "2026-11-20", "agreed": "not-reached", "target": None}


@pytest.fixture(autouse=True)
async def _ready(stage: Stage) -> None:
    await trained(stage)
    await read_case(stage)
    await approved(stage)
    await chosen(stage)


@scene
async def chosen(stage: Stage) -> None:
    """The quality team has chosen who leads."""
    await press(stage, LEAH, "response.lead", LEAD)


async def start(stage: Stage) -> None:
    await press(stage, LEAH, "contacts-named.set", {"contact": None, "why-not": "not-wanted"})
    await press(stage, NIAMH, "response.start", START)


async def test_they_are_set_with_what_the_family_asked_for_and_the_time_agreed(stage: Stage) -> None:
    await press(stage, NIAMH, "terms.set", TERMS)
    response = await the_response(stage)
    shown = await stage.do(lambda work: terms.lines(work, response))
    assert shown == [
        "How syringe drivers are stored, named and handed over.\n\n"
        "Parts of the system: People, Tasks, Tools and technology, Organisation. Not looked at: Surroundings.\n\n"
        "About inequality: People without a telephone wait longer.\n\n"
        "Asked for by the patient or family: Why nobody noticed on the first evening.\n\n"
        "The time it takes: agreed with those affected, by Friday 15 January 2027.",
        "Set by Niamh Gallagher, Friday 20 November 2026.",
    ]
    assert response.target_on is not None


async def test_terms_from_before_these_were_asked_are_read_as_they_were_written(stage: Stage) -> None:
    def older(work: Work) -> None:
        response = learning_responses.current(work, case_in(work))
        assert response is not None
        response.terms = "How drivers are stored.\n\nAsked for by the patient or family: Why?\n\nThe time it takes: x."
        response.terms_at = work.now

    await stage.do(older)
    form = await press(stage, NIAMH, "terms.set")
    held = {i.id: getattr(i, "value", None) or None for i in form.inputs()}
    assert held == dict.fromkeys(TERMS) | {"terms": "How drivers are stored.", "asked-for": "Why?"}


async def test_the_longest_of_them_fit_every_platform(stage: Stage) -> None:
    longest = {"terms": "Word " * 599, "inequality": "Word " * 199, "asked-for": "Word " * 199}
    await press(stage, NIAMH, "terms.set", TERMS | longest)
    page = words(await press(stage, NIAMH, "response.show"))
    assert page.count("Word") == 599 + 199 + 199


async def test_all_parts_of_the_system_leave_none_out(stage: Stage) -> None:
    every = [*TERMS["system"], "surroundings"]
    await press(stage, NIAMH, "terms.set", TERMS | {"system": every})
    assert "Not looked at" not in ((await the_response(stage)).terms or "")
    [held] = [i for i in (await press(stage, NIAMH, "terms.set")).inputs() if i.id == "system"]
    assert sorted(getattr(held, "value", ())) == sorted(every)


async def test_there_are_none_before(stage: Stage) -> None:
    response = await the_response(stage)
    assert await stage.do(lambda work: terms.lines(work, response)) == []


async def test_opened_again_they_stand_as_they_were_typed(stage: Stage) -> None:
    await press(stage, NIAMH, "terms.set", TERMS)
    form = await press(stage, NIAMH, "terms.set")
    held = {i.id: getattr(i, "value", None) for i in form.inputs()}
    kept = ("terms", "inequality", "asked-for", "target")
    assert held == {key: TERMS[key] for key in kept} | {"agreed": (), "system": tuple(TERMS["system"])}
    await press(stage, NIAMH, "terms.set", TERMS | {"asked-for": None, "agreed": "not-wanted", "target": None})
    assert (await the_response(stage)).terms == (
        "How syringe drivers are stored, named and handed over.\n\n"
        "Parts of the system: People, Tasks, Tools and technology, Organisation. Not looked at: Surroundings.\n\n"
        "About inequality: People without a telephone wait longer.\n\n"
        "The time it takes: they did not want to agree a time."
    )


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"terms": None}, "Please answer this"),
        ({"terms": "Which human error it was."}, "names a person as the cause"),
        ({"system": ["people"]}, "Please choose two or more"),
        ({"inequality": None}, "Please answer this"),
        ({"inequality": "None."}, "Please say why"),
        ({"target": None}, "Please give the day that was agreed"),
        ({"agreed": "not-reached"}, "You said that no time was agreed"),
        ({"target": "2026-12-01"}, "from Sunday 20 December 2026 on"),
        ({"target": "2027-02-21"}, "Three months end on Saturday 20 February 2027"),
        ({"target": "2027-05-21"}, "never more than six months"),
    ],
)
async def test_what_cannot_be_set(stage: Stage, answers: dict[str, Any], says: str) -> None:
    await start(stage)
    assert says in words(await press(stage, NIAMH, "terms.set", TERMS | answers))
    assert (await the_response(stage)).terms is None


async def test_once_it_has_started_the_day_agreed_moves_its_target(stage: Stage) -> None:
    await start(stage)
    assert (await clocks(stage))["response.target"][0] == "2027-01-20"
    await press(stage, NIAMH, "terms.set", TERMS)
    assert (await clocks(stage))["response.target"] == ("2027-01-15", "open")
    assert (await clocks(stage))["response.three-months"][0] == "2027-02-20"
    await press(stage, NIAMH, "terms.set", TERMS | {"agreed": "not-reached", "target": None})
    assert (await clocks(stage))["response.target"][0] == "2027-01-15", "a day that was agreed stays"


async def test_once_a_longer_time_is_recorded_the_terms_set_no_other_day(stage: Stage) -> None:
    await start(stage)
    await press(stage, NIAMH, "terms.set", TERMS)
    stage.now = datetime(2026, 12, 10, 10, tzinfo=UTC)
    await press(stage, NIAMH, "response.extend", LONGER)
    form = await press(stage, NIAMH, "terms.set")
    assert [i.id for i in form.inputs()] == ["terms", "system", "inequality", "asked-for"]
    anew = TERMS | {"terms": "How drivers are named.", "asked-for": None}
    assert "They stand on the page" in words(await press(stage, NIAMH, "terms.set", anew))
    page = words(await press(stage, NIAMH, "response.show"))
    assert "How drivers are named." in page
    assert "The time it takes: the longer time that was recorded." in page


async def test_set_by_the_quality_team_the_lead_hears_of_it_and_only_once(stage: Stage) -> None:
    for _ in range(2):
        await press(stage, LEAH, "terms.set", TERMS)
    assert titles(stage, NIAMH).count("Terms of reference") == 1

    def audited(work: Work) -> int:
        mine = select(AuditEntry).where(
            AuditEntry.what == "terms of reference set", AuditEntry.case_id == case_in(work).id
        )
        return len(work.session.exec(mine).all())

    assert await stage.do(audited) == 1


@pytest.mark.parametrize("name", [AMINA, CARYS])
async def test_nobody_else_sets_them(stage: Stage, name: str) -> None:
    await press(stage, name, "terms.set", TERMS)
    assert (await the_response(stage)).terms is None


@pytest.mark.parametrize(
    ("answered", "says"),
    [("part", "asked: part of it was answered. Information that was missing: The notes."), ("not-yet", "not answered")],
)
async def test_at_the_end_it_says_whether_what_the_family_asked_was_answered(
    stage: Stage, answered: str, says: str
) -> None:
    await start(stage)
    end = {"day": "2026-11-20", "missing": "The notes."}
    assert [i.id for i in (await press(stage, NIAMH, "response.end")).inputs()] == ["day", "missing"]
    await press(stage, NIAMH, "terms.set", TERMS)
    refused = words(await press(stage, NIAMH, "response.end", end))
    assert "Did the patient or family get an answer to what they asked?" in refused
    assert (await the_response(stage)).ended_at is None
    assert says in words(await press(stage, NIAMH, "response.end", end | {"answered": answered}))
