"""A run of the being fair tool stands still until a review date, and goes on again."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fair_steps import (
    LEAH,
    OWEN,
    answer,
    begun,
    both_confirm,
    done,
    filled,
    on_card,
    page,
    press,
    propose,
    run_of,
    the_run,
    through,
    where,
)
from sqlmodel import col, select

from psirf_bot.casework import fair_runs
from psirf_bot.casework.fair_answers import NOT_OPEN
from psirf_bot.domain.being_fair_settings import BeingFairSettings
from psirf_bot.domain.joint import Kind
from psirf_bot.store.tables import Deadline
from stage import Stage, words

IN_TEN = date(2026, 12, 4)
"""Ten working days after Friday 20 November 2026."""
PAUSE = {"why": "The report comes next week.", "review": "2026-12-18"}


@pytest.fixture
async def fair(stage: Stage) -> Stage:
    await begun(stage)
    return stage


async def clocks(stage: Stage) -> dict[str, tuple[str, str]]:
    """The duties of the run by rule: the day each is due and its state, the newest of each."""

    def found(work: Any) -> dict[str, tuple[str, str]]:
        theirs = select(Deadline).where(Deadline.subject_id == the_run(work).id).order_by(col(Deadline.occurrence))
        return {d.rule: (d.due_local[:10], d.state) for d in work.session.exec(theirs)}

    clocks_: dict[str, tuple[str, str]] = await stage.do(found)
    return clocks_


def values(card: Any) -> dict[str, Any]:
    return {i.id: getattr(i, "value", None) for i in card.inputs()}


async def test_either_pauses_it_until_a_day_to_come(fair: Stage) -> None:
    form = await on_card(fair, OWEN, await page(fair, OWEN), "Pause")
    assert values(form)["review"] == IN_TEN.isoformat()
    before = len(fair.private(LEAH))
    paused = await on_card(fair, OWEN, form, "Pause it", PAUSE)
    for said in (PAUSE["why"], "Friday 18 December 2026", "nothing counts as no"):
        assert said in words(paused)
    assert {"Go on now", "Change the day", "What we have agreed", "Suspected crime", "Safeguarding"} <= {
        button.label for button in paused.all_buttons()
    }
    run = await run_of(fair)
    assert (run.state, run.review_on, run.paused_why) == (fair_runs.PAUSED, date(2026, 12, 18), PAUSE["why"])
    found = await clocks(fair)
    assert found["fair.review"] == ("2026-12-18", "open")
    assert found["fair.finish"][1] == "dropped"
    assert len(fair.private(LEAH)) == before + 1
    assert words(await page(fair, LEAH)) == words(paused).replace(
        "with Leah Rosenfeld (patient safety team)", "with Owen Tregarth (workforce team)"
    )


async def test_the_day_is_one_to_come(fair: Stage) -> None:
    today = fair.now.date().isoformat()
    back = await press(fair, LEAH, "fair.pause", PAUSE | {"review": today})
    assert [i.id for i in back.inputs() if i.error] == ["review"]
    assert values(back)["why"] == PAUSE["why"]
    assert (await run_of(fair)).state == fair_runs.OPEN


async def test_the_day_can_be_changed(fair: Stage) -> None:
    paused = await press(fair, LEAH, "fair.pause", PAUSE)
    form = await on_card(fair, OWEN, paused, "Change the day")
    assert values(form) == PAUSE
    for _ in range(2):
        await on_card(fair, OWEN, form, "Pause it", PAUSE | {"review": "2027-01-08"})
    assert (await clocks(fair))["fair.review"] == ("2027-01-08", "open")
    assert (await run_of(fair)).review_on == date(2027, 1, 8)
    assert len(await done(fair, "paused")) == 2


async def test_the_form_says_which_run_it_is_about(fair: Stage) -> None:
    assert "BF-7K2MQ" in words(await press(fair, LEAH, "fair.pause"))
    paused = await press(fair, LEAH, "fair.pause", PAUSE)
    assert "BF-7K2MQ" in words(await on_card(fair, OWEN, paused, "Change the day"))


async def test_what_waited_still_waits_when_it_goes_on(fair: Stage) -> None:
    await propose(fair, LEAH, {})
    asked = await page(fair, OWEN)
    paused = await press(fair, LEAH, "fair.pause", PAUSE)
    await on_card(fair, LEAH, paused, "Go on now")
    assert (await run_of(fair)).state == fair_runs.OPEN
    found = await clocks(fair)
    assert found["fair.review"][1] == "done"
    assert found["fair.finish"][1] == "open"
    await on_card(fair, OWEN, asked, "Agree")
    assert (await where(fair)).key == "fair-safety-incident"


async def test_while_it_is_paused_nothing_can_be_answered(fair: Stage) -> None:
    form = await page(fair, OWEN)
    await propose(fair, LEAH, {})
    asked = await page(fair, OWEN)
    await press(fair, LEAH, "fair.pause", PAUSE)
    refused = await on_card(fair, OWEN, form, "Propose", filled(form, {}))
    assert refused.title == "", "words beside the form, which stays"
    for said in ("It is paused", "“Go on now”", "Your words are still in the form"):
        assert said in words(refused)
    after = await on_card(fair, OWEN, asked, "Agree")
    assert NOT_OPEN[fair_runs.PAUSED] in words(after)
    assert "Go on now" in words(after)
    assert [entry.kind for entry in await done(fair)][2:] == ["proposed", "paused"]


async def test_going_on_twice_is_going_on_once(fair: Stage) -> None:
    paused = await press(fair, LEAH, "fair.pause", PAUSE)
    theirs = await page(fair, OWEN)
    await asyncio.gather(fair.presses(LEAH, paused, "Go on now"), fair.presses(OWEN, theirs, "Go on now"))
    assert len(await done(fair, "resumed")) == 1
    again = await on_card(fair, LEAH, paused, "Go on now")
    assert "Who is hurt?" in words(again)


NOT_KNOWN = [
    ("fair-2a", {"fair-1b": "yes", "fair-1c": "yes", "fair-1d": "yes"}),
    ("fair-2b", {}),
    ("fair-3", {}),
    ("fair-4a", {}),
    ("fair-4b", {}),
    ("fair-5", {}),
]


@pytest.mark.parametrize(("key", "others"), NOT_KNOWN)
async def test_what_is_not_known_yet_pauses_and_is_asked_again(fair: Stage, key: str, others: dict[str, Any]) -> None:
    card = await through(fair, others | {key: "not-yet"})
    run = await run_of(fair)
    assert (run.state, run.review_on) == (fair_runs.PAUSED, IN_TEN)
    assert "The tool waits until more is known. Nothing counts as no." in words(card)
    assert (await clocks(fair))["fair.review"] == (IN_TEN.isoformat(), "open")
    back = await on_card(fair, LEAH, await page(fair, LEAH), "Go on now")
    assert key in [i.id for i in back.inputs()]
    assert "This was not known yet when you paused." in words(back)
    assert len(await done(fair, Kind.REOPENED)) == 1
    await through(fair, others)
    await both_confirm(fair)
    assert (await run_of(fair)).end == "management"


async def test_the_discussion_comes_first(fair: Stage) -> None:
    await through(fair, {"fair-discussed": "not-yet"})
    assert "Discuss it with the individual's supervisor or education lead" in words(await page(fair, LEAH))
    found = await clocks(fair)
    assert found["fair.discussed"] == ("2026-11-27", "open")
    assert found["fair.review"] == (IN_TEN.isoformat(), "open")
    await press(fair, OWEN, "fair.resume")
    assert (await where(fair)).key == "fair-discussed"
    assert (await clocks(fair))["fair.discussed"][1] == "open"
    await answer(fair, {"fair-discussed": "both"})
    assert (await clocks(fair))["fair.discussed"][1] == "done"
    assert (await where(fair)).key == "fair-1-ongoing"


async def test_the_trust_says_after_how_many_working_days_it_is_looked_at_again(tmp_path: Path) -> None:
    async with Stage(tmp_path, being_fair=BeingFairSettings(review_after=3)) as stage:
        await begun(stage)
        await through(stage, {"fair-3": "not-yet"})
        assert (await run_of(stage)).review_on == date(2026, 11, 25)


async def test_on_the_day_both_are_reminded_of_a_private_task(fair: Stage) -> None:
    await press(fair, LEAH, "fair.pause", PAUSE | {"review": "2026-12-01"})
    before = {name: len(fair.private(name)) for name in (LEAH, OWEN)}
    fair.later(days=11)
    await fair.tick()
    for name, count in before.items():
        [card] = [card for card in fair.private(name)[count:] if card.title == "A private task"]
        assert "Go on now" in words(await fair.presses(name, card, "Open it"))
