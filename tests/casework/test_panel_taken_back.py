"""A confirmed fact that asks for a PSII is taken back: with a reason, in sight, and only with a director."""

from typing import Any

import pytest
from responses import LEAH, MARGUERITE, SANDEEP, press, state
from test_gaps import counted, headings, listed
from test_panel_decision import add_panel, decide, the_panel, voted
from test_panel_facts import CONSIDERED
from test_panel_opening import filled_in

from psirf_bot.casework import panel_taken_back
from psirf_bot.domain.minimum import GRAVE
from stage import Stage, words

NOT_SO = "The coroner found that it was the illness."
TAKEN_BACK = "Confirmed, then taken back: nobody has allowed that yet"
ASKED = "A panel asks to depart from the minimum"


async def saves(stage: Stage, by: str = SANDEEP, **answers: Any) -> Any:
    """The chair alone saves the facts, as they are filled in but for these."""
    form = await press(stage, by, "panel.facts")
    given = filled_in(form) | CONSIDERED | {"could-have": "no"} | answers
    return await press(stage, by, "panel.facts", given)


async def takes_back(stage: Stage, **answers: Any) -> Any:
    stage.later(hours=1)
    return await saves(stage, **{"facts-so": None, "taken-back": NOT_SO} | answers)


async def test_nothing_is_asked_before_anything_was_confirmed(stage: Stage) -> None:
    await voted(stage, ("child-death",))
    form = await press(stage, SANDEEP, "panel.facts")
    assert "taken-back" not in [part.id for part in form.inputs()], "a referral is no minimum"
    await saves(stage, **{"facts-so": None})
    assert (await the_panel(stage)).facts == []


async def test_it_needs_a_reason(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    again = await takes_back(stage, **{"taken-back": None})
    [error] = [part.error for part in again.inputs() if part.error]
    assert "This was confirmed, and asks for a PSII: Unexpected death or severe harm under our care." in error
    assert (await the_panel(stage)).facts_not_known is None


@pytest.mark.parametrize("not_known", [None, [GRAVE]])
async def test_the_chair_alone_does_not_make_the_minimum_go_away(stage: Stage, not_known: list[str] | None) -> None:
    await voted(stage, (GRAVE,))
    await takes_back(stage, **{"facts-not-known": not_known})
    draft = await decide(stage, "none")
    assert (await the_panel(stage)).state == "departing"
    assert "Approve the minute" not in [button.label for button in draft.all_buttons()]
    [asked] = [card for card in stage.private(MARGUERITE) if card.title.startswith(ASKED)]
    assert NOT_SO in words(asked)
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "in panel"
    await press(stage, MARGUERITE, "panel.depart-yes", {"note": None})
    await press(stage, SANDEEP, "panel.approve")
    assert await state(stage) == "decided"


async def test_who_confirmed_it_and_who_took_it_back_stays_in_sight(stage: Stage) -> None:
    await voted(stage, (GRAVE, "child-death"))
    await takes_back(stage)
    line = f"confirmed by {LEAH}, 20 November 2026, 14:00; taken back by {SANDEEP}, 20 November 2026, 15:00. {NOT_SO}"
    assert panel_taken_back.lines(await the_panel(stage)) == (
        f"Unexpected death or severe harm under our care: {line}",
    )
    draft = words(await decide(stage, "psii"))
    assert draft.count(line) == 1
    assert "Unexpected death or severe harm under our care: Yes" not in draft
    panel = await the_panel(stage)
    assert (panel.state, panel.departure) == ("decided", None)
    assert panel_taken_back.lines(panel), "whatever is decided"
    assert "It counts still" in draft


async def test_the_chair_may_say_more_and_the_line_stays(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await takes_back(stage)
    await decide(stage, "none", departure="And the pumps are replaced.")
    panel = await the_panel(stage)
    assert panel_taken_back.besides(panel) == "And the pumps are replaced."
    form = filled_in(await press(stage, SANDEEP, "panel.decide"))
    assert form["departure"] == "And the pumps are replaced."
    await decide(stage, "none", departure=None)
    assert NOT_SO in str((await the_panel(stage)).departure_why)


async def test_saved_again_it_stays_as_it_was_and_confirmed_again_it_is_so(stage: Stage) -> None:
    await voted(stage, (GRAVE, "never-event"))
    await takes_back(stage, **{"facts-so": ["never-event"]})
    before = (await the_panel(stage)).departure_why
    stage.later(hours=1)
    await saves(stage)
    panel = await the_panel(stage)
    assert (panel.facts, panel.facts_not_known, panel.departure_why) == ([GRAVE, "never-event"], [GRAVE], before)
    await saves(stage, **{"facts-so": ["never-event"], "facts-not-known": None})
    assert (await the_panel(stage)).departure_why == before
    await takes_back(stage, **{"facts-so": None, "taken-back": "It is on no list."})
    lines = panel_taken_back.lines(await the_panel(stage))
    assert [line[-15:] for line in lines] == [NOT_SO[-15:], "It is on no list."[-15:]]
    await saves(stage, **{"facts-so": [GRAVE, "never-event"], "facts-not-known": None})
    panel = await the_panel(stage)
    assert (panel.facts, panel.facts_not_known, panel.departure_why) == ([GRAVE, "never-event"], [], None)


async def test_taken_back_it_is_a_gap_of_its_own_until_it_was_allowed(stage: Stage) -> None:
    await voted(stage, (GRAVE,))
    await takes_back(stage)
    card = await listed(stage)
    assert (await counted(stage), headings(card)) == (1, [TAKEN_BACK])
    assert NOT_SO in words(card)
    assert f"taken back by {SANDEEP}" in words(card)
    await decide(stage, "none")
    assert headings(await listed(stage)) == [TAKEN_BACK]
    await press(stage, MARGUERITE, "panel.depart-yes", {"note": None})
    await press(stage, SANDEEP, "panel.approve")
    card = await listed(stage)
    assert TAKEN_BACK not in headings(card)
    assert f"Allowed by {MARGUERITE}" in words(card)


async def test_another_fact_that_stands_is_an_ordinary_gap(stage: Stage) -> None:
    await voted(stage, (GRAVE, "never-event"))
    await takes_back(stage, **{"facts-so": ["never-event"]})
    assert headings(await listed(stage)) == ["The panel has not decided yet"]


async def test_a_second_panel_starts_from_what_the_first_confirmed(stage: Stage) -> None:
    await voted(stage, (GRAVE,), facts_not_known=["maternity"], learning_why="The drivers look alike.")
    await decide(stage, "psii")
    await press(stage, SANDEEP, "panel.approve")
    await press(stage, MARGUERITE, "response.back", {"why-back": "Please look at it again."})
    stage.later(hours=1)
    await stage.do(lambda work: add_panel(work, None, {LEAH: "none"}))
    given = filled_in(await press(stage, SANDEEP, "panel.facts"))
    assert (given["facts-so"], given["facts-not-known"]) == ([GRAVE], ["maternity"])
    assert given["always-consider-why"] == "The drivers look alike."
    await takes_back(stage, **{"taken-back": None})
    assert (await the_panel(stage)).facts is None, "nor does it go away there without a reason"
    await takes_back(stage)
    assert (await the_panel(stage)).facts == [GRAVE]
    assert headings(await listed(stage)) == [TAKEN_BACK]


async def test_four_facts_with_long_reasons_fit(stage: Stage) -> None:
    wanting = [each.id for each in stage.trust.requirements if each.psii]
    await voted(stage, wanting)
    for gone in range(1, len(wanting) + 1):
        await takes_back(stage, **{"facts-so": wanting[gone:] or None, "taken-back": "It was so. " * 18})
    await decide(stage, "none", departure="Because of it all. " * 75)
    assert len(panel_taken_back.lines(await the_panel(stage))) == len(wanting)
    await press(stage, SANDEEP, "panel.show")
    assert [card.title for card in stage.private(MARGUERITE) if card.title.startswith(ASKED)]
