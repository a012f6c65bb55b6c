"""Lists that hold more than one card does: the rest can be reached, in order, by whoever may see it."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from test_reporting import AMINA, BRONWEN, LEAH

from duty_stage import a_case, who
from psirf_bot.cards import adaptive, blockkit
from psirf_bot.cards.check import slack_problems, teams_problems
from psirf_bot.cards.model import Card
from psirf_bot.casework import lists
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Action, Case
from stage import Stage, action, words

HOW_MANY = 20
NEWEST_FIRST = [f"PSI-2026-{n:04d}" for n in range(HOW_MANY, 0, -1)]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Amina has reported twenty times, some of them at the same moment, and nobody has read it."""
    made = Stage(tmp_path)

    def many(work: Work) -> None:
        for n in range(1, HOW_MANY + 1):
            case = a_case(work, n, reporter_id=who(work, AMINA).id, state="reported")
            case.id, case.opened_at = f"case{n:02d}", work.now - timedelta(hours=HOW_MANY - n // 3)
            work.session.add(case)

    await made.do(many)
    yield made
    made.store.close()


def listed(card: Card) -> list[str]:
    """The references on the card, from the top."""
    return [line[:13] for line in words(card).splitlines() if line.startswith("PSI-2026-") and ":" in line]


async def pages(stage: Stage, name: str, card: Card) -> list[Card]:
    """This card and all those behind its button, each of which both platforms show whole."""
    found = [card]
    while any(button.label == "Show more" for button in found[-1].all_buttons()):
        reply = await stage.turn(name, Pressed(action(found[-1], "Show more"), {}))
        assert not reply.replaces, "those before it stay"
        assert reply.card
        found.append(reply.card)
    for each in found:
        message = blockkit.message(each)
        assert slack_problems(message) == teams_problems(adaptive.render(each)) == []
        assert "There is more than can be shown here" not in str(message)
    return found


def references(cards: list[Card]) -> Iterator[str]:
    return (reference for card in cards for reference in listed(card))


@pytest.mark.parametrize(
    ("name", "typed"), [(AMINA, "my reports"), (LEAH, "find community"), (LEAH, "find reported"), (BRONWEN, "find psi")]
)
async def test_everything_on_a_list_can_be_reached_the_newest_first(stage: Stage, name: str, typed: str) -> None:
    found = await pages(stage, name, await stage.says(name, typed))
    assert list(references(found)) == NEWEST_FIRST
    assert "And 12 more." in words(found[0])
    assert "more." not in words(found[-1])


async def test_a_search_that_finds_too_much_says_how_much_more_there_is_and_what_to_do(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "FOUND", 10)
    found = await pages(stage, LEAH, await stage.says(LEAH, "find community"))
    assert list(references(found)) == NEWEST_FIRST[:10]
    assert "And 12 more." in words(found[0])
    assert "And 10 more. Please look for something narrower" in words(found[-1])


async def test_what_somebody_looked_for_is_not_kept_for_the_button(stage: Stage) -> None:
    await stage.says(LEAH, "find communit")
    kept = await stage.do(lambda work: work.session.exec(select(Action).where(Action.verb == "case.more")).all())
    assert kept
    assert "communit" not in str([action.args for action in kept]).lower()


async def test_every_report_that_is_to_be_read_can_be_reached_the_oldest_first(stage: Stage) -> None:
    found = await pages(stage, LEAH, await stage.says(LEAH, "overdue"))
    assert list(references(found)) == NEWEST_FIRST[::-1]


async def test_what_leaves_the_list_in_between_makes_it_pass_over_nothing(stage: Stage) -> None:
    first = await stage.says(LEAH, "overdue")
    await stage.presses(LEAH, first, "I have read this")
    second = await stage.presses(LEAH, first, "Show more")
    assert [*listed(first), *listed(second)] == NEWEST_FIRST[::-1][: len(listed(first)) + 8]


async def test_what_is_left_is_none_by_then(stage: Stage) -> None:
    first = await stage.says(AMINA, "my reports")

    def all_but_eight_go(work: Work) -> None:
        for n in range(1, HOW_MANY - 7):
            work.session.delete(work.session.get_one(Case, f"case{n:02d}"))

    await stage.do(all_but_eight_go)
    assert "There is nothing more in this list" in words(await stage.presses(AMINA, first, "Show more"))


async def test_nobody_else_can_press_it_and_what_has_become_restricted_is_not_shown(stage: Stage) -> None:
    first = await stage.says(BRONWEN, "find community")
    assert "somebody else" in words(await stage.presses(LEAH, first, "Show more"))

    def restricted(work: Work) -> None:
        case = work.session.get_one(Case, "case10")
        case.restricted = True
        work.session.add(case)

    await stage.do(restricted)
    found = await pages(stage, BRONWEN, first)
    assert list(references(found)) == [one for one in NEWEST_FIRST if one != "PSI-2026-0010"]


@pytest.mark.parametrize(
    "typed",
    [
        "find children’s therapy", "find “Children's Therapy”", "find with the panel", "find psi 2026 2",
        "find “PSI–2026–0002”", "find w 12345", "find (W12345)", "find “Leah Rosenfeld”",
    ],
)  # fmt: skip
async def test_what_is_looked_for_is_found_as_a_telephone_writes_it_and_as_the_lists_show_it(
    tmp_path: Path, typed: str
) -> None:
    async with Stage(tmp_path) as stage:

        def one(work: Work) -> None:
            owner = who(work, LEAH).id
            a_case(work, 2, "Children's Therapy", state="in panel", datix_number="W12345", owner_id=owner)
            a_case(work, 3)

        await stage.do(one)
        assert listed(await stage.says(LEAH, typed)) == ["PSI-2026-0002"]


async def test_signs_alone_find_nothing(stage: Stage) -> None:
    assert "Nothing was found" in words(await stage.says(LEAH, "find %"))
