"""Whoever verifies a PSII sees what they sign: why it is one, how the panel voted, its reason; and nobody's name."""

import pytest
from decisions import FEMI, WHY, decided_by_a_panel
from responses import (
    AMINA,
    BRONWEN,
    HUSSEIN,
    LEAH,
    MARGUERITE,
    NIAMH,
    SANDEEP,
    case_in,
    clocks,
    fits,
    lead_by,
    press,
    state,
)

from psirf_bot.cards.model import Card, Words
from psirf_bot.casework.case_facts import panel_of
from psirf_bot.casework.work import Work
from stage import Stage, words

REQUIRED = "A PSII as the least: Unexpected death or severe harm under our care (policy §12.3)"
ON_THE_MESSAGE = ["Verify it", "Send it back", "Read the minute", "Open the learning response"]


def labels(card: Card) -> list[str]:
    return [button.label for button in card.all_buttons()]


def asked(stage: Stage) -> Card:
    return next(c for c in reversed(stage.private(MARGUERITE)) if c.title == "A PSII waits for you to verify it")


async def kept_close(stage: Stage) -> None:
    def keep(work: Work) -> None:
        case = case_in(work)
        case.restricted = True
        work.session.add(case)

    await stage.do(keep)


async def test_the_message_says_all_that_is_signed(stage: Stage) -> None:
    await decided_by_a_panel(stage)
    card = asked(stage)
    fits(card)
    text = words(card)
    assert "PSI-2026-0001: incident, Community Nursing" in text
    assert f"What the rules require: {REQUIRED}" in text
    assert "The panel voted: 2 of 3 for it" in text
    assert [part for part in card.body if isinstance(part, Words) and part.typed and part.text == WHY]
    assert labels(card) == ON_THE_MESSAGE
    assert not [name for name in (LEAH, BRONWEN, FEMI, SANDEEP, AMINA) if name in text]
    assert card.preview == "You have a private task."


async def test_every_button_of_the_message_leads_there_and_one_press_verifies(stage: Stage) -> None:
    await decided_by_a_panel(stage)
    assert "The minute of PSI-2026-0001" in (await stage.presses(MARGUERITE, asked(stage), "Read the minute")).title
    assert "What should the panel look at again?" in words(
        await stage.presses(MARGUERITE, asked(stage), "Send it back")
    )
    assert "By Marguerite Oduya" in words(await stage.presses(MARGUERITE, asked(stage), "Verify it"))
    assert await state(stage) == "decided"


async def test_a_long_reason_is_cut_on_the_message_and_whole_on_the_page(stage: Stage) -> None:
    why = "Charts. " * 240 + "The end."
    await decided_by_a_panel(stage, rationale=why)
    assert "The end." not in words(asked(stage))
    assert "Charts.…" in words(asked(stage))
    assert "The end." in words(await press(stage, MARGUERITE, "response.show"))


async def test_what_the_rules_do_not_ask_for_is_said_to_be_chosen(stage: Stage) -> None:
    await decided_by_a_panel(stage)

    def no_facts(work: Work) -> None:
        panel = panel_of(work, case_in(work))
        assert panel
        panel.facts = []
        work.session.add(panel)

    await stage.do(no_facts)
    text = words(await press(stage, MARGUERITE, "response.show"))
    assert "What the rules require: The rules do not ask for a PSII here: the panel chose it" in text


async def test_of_a_case_that_is_kept_close_the_message_has_the_reference_and_the_page_the_rest(stage: Stage) -> None:
    await decided_by_a_panel(stage, restricted=True)
    card = asked(stage)
    fits(card)
    text = words(card)
    assert "PSI-2026-0001" in text
    assert not [said for said in ("incident", "Community Nursing", "severe harm", "2 of 3", WHY) if said in text]
    assert labels(card) == ["Read the minute", "Open the learning response"], "nobody signs what they have not read"
    page = await stage.presses(MARGUERITE, card, "Open the learning response")
    assert REQUIRED in words(page)
    assert WHY in words(page)
    assert "By Marguerite Oduya" in words(await stage.presses(MARGUERITE, page, "Verify the PSII"))


@pytest.mark.parametrize(
    ("name", "reads"), [(MARGUERITE, True), (HUSSEIN, True), (LEAH, True), (SANDEEP, True), (NIAMH, False)]
)
async def test_the_page_has_it_for_those_who_may_see_the_panel(stage: Stage, name: str, reads: bool) -> None:
    await decided_by_a_panel(stage)
    await lead_by(stage, NIAMH)
    page = await press(stage, name, "response.show")
    said = words(page)
    assert (REQUIRED in said, "The panel voted: 2 of 3 for it" in said, WHY in said) == (reads,) * 3
    assert ("The panel" in labels(page)) is reads
    if reads:
        assert "2 votes" in words(await stage.presses(name, page, "The panel"))


async def test_it_is_on_the_page_only_while_it_waits(stage: Stage) -> None:
    await decided_by_a_panel(stage)
    page = await press(stage, MARGUERITE, "response.verify")
    assert WHY not in words(page)
    assert "The panel" in labels(page)


async def test_a_message_about_an_earlier_decision_shows_the_page_first(stage: Stage) -> None:
    await decided_by_a_panel(stage)
    page = await press(stage, MARGUERITE, "response.verify", panel="the one before")
    assert WHY in words(page)
    assert await state(stage) == "awaiting verification"
    await stage.presses(MARGUERITE, page, "Verify the PSII")
    assert await state(stage) == "decided"


async def test_who_comes_second_hears_who_verified_it(stage: Stage) -> None:
    await decided_by_a_panel(stage)
    page = await press(stage, HUSSEIN, "response.show")
    await stage.presses(MARGUERITE, asked(stage), "Verify it")
    for label in ("Verify the PSII", "Send it back"):
        said = words(await stage.presses(HUSSEIN, page, label))
        assert "Marguerite Oduya verified the PSII for PSI-2026-0001 on Friday 20 November 2026." in said
        assert "Nothing more needs to be done." in said


async def test_the_panel_is_no_longer_owed_once_it_has_decided(stage: Stage) -> None:
    await decided_by_a_panel(stage)
    found = await clocks(stage)
    assert (found["panel.opened"][1], found["panel.decided"][1]) == ("done", "done")
