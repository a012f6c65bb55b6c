"""Something graver is reported after the facts of a panel were confirmed: they are looked at again (I09, B11)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from decisions import FEMI
from ready_reports import send_report
from responses import AMINA, BRONWEN, CALLUM, CLOSE, LEAD, LEAH, MARGUERITE, NIAMH, SANDEEP, START, press
from test_joined_reports import on
from test_panel_facts import confirms
from test_panel_opening import filled_in, opens, the_panel, trained

from psirf_bot import demo
from psirf_bot.casework import gaps
from psirf_bot.domain.minimum import GRAVE
from scenes import scene
from stage import Stage, words

__all__ = ["trained"]
TOLD = "PSI-2026-0001: the facts have to be looked at again"
LOOK_AGAIN = "The facts have to be looked at again. What is reported has changed since they were confirmed"
NAMED = "Unexpected death or severe harm under our care (policy §12.3)"
NO_MINIMUM = "The facts set no minimum"
LIGHT = {**demo.REPORT, "when": "2026-11-19T20:10", "physical-harm": "low"}
DECISION = {"decision": "none", "rationale": "It is over.", "departure": None}
NONE_SO = {"facts-so": None, "facts-not-known": None}


@scene
async def confirmed(stage: Stage, **answers: Any) -> None:
    """Low harm is reported; a panel is opened, nothing that has a set response is found so, and everybody votes."""
    await send_report(stage, AMINA, LIGHT | answers)
    await press(stage, LEAH, "case.read")
    await opens(stage, datix="Datix W1", chronology="None yet", accounts="None yet")
    await confirms(stage, **NONE_SO)
    for name in (LEAH, BRONWEN, FEMI):
        await press(stage, name, "panel.vote", {"choice": "aar", "rationale": "As we said."})


async def amends(stage: Stage, key: str, value: Any) -> None:
    await press(stage, LEAH, "case.amend", {key: value, "why-amended": "We know more now."}, key=key)


async def dies(stage: Stage) -> None:
    stage.later(hours=1)
    await amends(stage, "physical-harm", "fatal")


async def decides(stage: Stage, **answers: Any) -> str:
    """The chair closes, decides and approves, as far as they may."""
    await press(stage, SANDEEP, "panel.close", sure="yes")
    await press(stage, SANDEEP, "panel.decide", DECISION | answers)
    return words(await press(stage, SANDEEP, "panel.approve"))


async def looked_again(stage: Stage, *facts: str) -> None:
    form = await press(stage, LEAH, "panel.facts")
    given = filled_in(form) | {"facts-so": list(facts) or None, "facts-not-known": None}
    await press(stage, LEAH, "panel.facts", given)


async def told(stage: Stage, name: str) -> list[str]:
    return [words(card) for card in stage.private(name) if card.title == TOLD]


async def counted(stage: Stage) -> int:
    found: int = await stage.do(gaps.count)
    return found


async def test_the_chair_and_the_quality_team_are_told_in_words(stage: Stage) -> None:
    await confirmed(stage)
    await dies(stage)
    assert [card.title for card in stage.channel()].count(TOLD) == 1
    [to_chair] = await told(stage, SANDEEP)
    for text in (to_chair, words(stage.channel()[-1])):
        assert "gives new grounds for: Unexpected death or severe harm under our care." in text
        assert "nothing is approved before that" in text
        assert "Look at the facts again" in text
    assert LOOK_AGAIN in words(await press(stage, BRONWEN, "panel.vote")), "whoever votes reads it too"
    await amends(stage, "made-harder", "Two charts, and no light.")
    await amends(stage, "psychological-harm", "none")
    assert len(await told(stage, SANDEEP)) == 1, "told of what is graver, and not of every change"


async def test_what_is_kept_close_is_not_said_in_the_channel(stage: Stage) -> None:
    await confirmed(stage)
    await press(stage, LEAH, "case.restrict", on="yes")
    await dies(stage)
    assert stage.channel()[-1].title == TOLD
    assert "severe harm" not in words(stage.channel()[-1])


async def test_page_card_decision_and_draft_say_so_and_nothing_is_approved(stage: Stage) -> None:
    await confirmed(stage)
    await press(stage, SANDEEP, "panel.close", sure="yes")
    await dies(stage)
    page, form = await press(stage, SANDEEP, "panel.show"), await press(stage, SANDEEP, "panel.decide")
    draft = await press(stage, SANDEEP, "panel.decide", DECISION)
    for card in (page, form, draft):
        assert LOOK_AGAIN in words(card)
        assert NAMED in words(card)
        assert NO_MINIMUM not in words(card)
    assert "The group decides." not in words(page).partition("What the rules propose")[2].partition("Papers")[0]
    pressed = [button.label for button in draft.all_buttons()]
    assert ("Approve the minute" in pressed, "Look at the facts again" in pressed) == (False, True)
    assert LOOK_AGAIN in words(await press(stage, SANDEEP, "minute.show"))
    assert LOOK_AGAIN in words(await press(stage, SANDEEP, "panel.approve"))
    assert (await the_panel(stage)).state == "decided"


async def test_that_it_is_so_makes_a_psii_the_minimum(stage: Stage) -> None:
    await confirmed(stage)
    await dies(stage)
    form = await press(stage, LEAH, "panel.facts")
    assert filled_in(form)["facts-so"] == [GRAVE], "it is suggested, over what was not found so"
    assert LOOK_AGAIN in words(form)
    assert "only a suggestion from the report" not in words(form)
    stage.later(hours=1)
    await looked_again(stage, GRAVE)
    await press(stage, SANDEEP, "panel.close", sure="yes")
    assert "A PSII is the minimum here" in words(await press(stage, SANDEEP, "panel.decide", DECISION))


@pytest.mark.parametrize("hours", [0, 1])
async def test_a_person_may_find_again_that_it_is_not_so(stage: Stage, hours: int) -> None:
    await confirmed(stage)
    await dies(stage)
    assert await counted(stage) == 1
    if hours:
        stage.later(hours=hours)
    await looked_again(stage)
    assert await counted(stage) == 0
    assert "The minute of PSI-2026-0001 is approved" in await decides(stage)


async def test_what_was_not_known_is_looked_at_again_too(stage: Stage) -> None:
    await confirmed(stage)
    await confirms(stage, **{"facts-so": None, "facts-not-known": [GRAVE]})
    await dies(stage)
    form = filled_in(await press(stage, LEAH, "panel.facts"))
    assert (form["facts-so"], form["facts-not-known"]) == ([GRAVE], None)
    assert LOOK_AGAIN in await decides(stage)


async def test_graver_harm_is_looked_at_again_and_less_is_not(stage: Stage) -> None:
    await confirmed(stage, **{"physical-harm": "severe"})
    stage.later(hours=1)
    await amends(stage, "physical-harm", "moderate")
    await amends(stage, "physical-harm", "severe")
    assert LOOK_AGAIN not in words(await press(stage, SANDEEP, "panel.show")), "as it was when it was confirmed"
    await amends(stage, "physical-harm", "fatal")
    assert LOOK_AGAIN in words(await press(stage, SANDEEP, "panel.show"))
    stage.later(hours=1)
    await looked_again(stage)
    await amends(stage, "physical-harm", "severe")
    assert LOOK_AGAIN not in words(await press(stage, SANDEEP, "panel.show"))


async def test_what_was_confirmed_to_be_so_needs_no_second_look(stage: Stage) -> None:
    await confirmed(stage)
    await confirms(stage, **{"facts-so": [GRAVE]})
    await dies(stage)
    assert await told(stage, SANDEEP) == []
    assert LOOK_AGAIN not in words(await press(stage, SANDEEP, "panel.show"))


async def grave_and_departed_from(stage: Stage, *, taken_back: bool) -> None:
    """Severe harm is found so, and perhaps taken back; the Chief Nurse allows less than a PSII."""
    await confirmed(stage, **{"physical-harm": "severe"})
    await confirms(stage, **{"facts-so": [GRAVE], "facts-not-known": None})
    if taken_back:
        await confirms(stage, **NONE_SO, **{"taken-back": "It was not severe, the scan says."})
    await press(stage, SANDEEP, "panel.close", sure="yes")
    less = {"decision": "aar", "rationale": "We know enough.", "departure": "The scan was clear."}
    await press(stage, SANDEEP, "panel.decide", less)
    await press(stage, MARGUERITE, "panel.depart-yes", {"note": None})


@pytest.mark.parametrize("taken_back", [True, False])
async def test_less_than_the_minimum_was_allowed_for_the_harm_as_it_was_reported_then(
    stage: Stage, taken_back: bool
) -> None:
    await grave_and_departed_from(stage, taken_back=taken_back)
    await dies(stage)
    assert len(await told(stage, SANDEEP)) == 1
    assert LOOK_AGAIN in words(await press(stage, SANDEEP, "panel.show"))
    assert filled_in(await press(stage, LEAH, "panel.facts"))["facts-so"] == [GRAVE]
    assert LOOK_AGAIN in words(await press(stage, SANDEEP, "panel.approve"))
    stage.later(hours=1)
    await looked_again(stage, GRAVE)
    refused = words(await press(stage, SANDEEP, "panel.approve"))
    assert "is approved" not in refused
    psii = {"decision": "psii", "rationale": "He has died.", "departure": None}
    await press(stage, SANDEEP, "panel.decide", psii)
    assert "The minute of PSI-2026-0001 is approved" in words(await press(stage, SANDEEP, "panel.approve"))


async def test_the_chair_hears_of_it_in_their_working_hours_and_whoever_stands_in_for_them(stage: Stage) -> None:
    await confirmed(stage)
    form = await stage.says(SANDEEP, "deputy")
    leave = {"deputy": CALLUM, "from": "2026-11-20", "until": "2026-12-20"}
    await stage.presses(SANDEEP, form, "Save", leave)
    stage.now = datetime(2026, 11, 21, 1, tzinfo=UTC)
    await amends(stage, "physical-harm", "fatal")
    assert not [*await told(stage, CALLUM), *await told(stage, SANDEEP)], "not in the night before a Saturday"
    stage.now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    await stage.tick()
    assert (len(await told(stage, CALLUM)), len(await told(stage, SANDEEP))) == (1, 0)


async def test_a_graver_report_that_is_joined_with_it_counts(stage: Stage) -> None:
    await confirmed(stage)
    await send_report(stage, AMINA, LIGHT | {"physical-harm": "fatal"})
    await on(stage, 2, LEAH, "case.read")
    stage.later(hours=1)
    await on(stage, 2, LEAH, "case.merge", {"into": "PSI-2026-0001"})
    assert len(await told(stage, SANDEEP)) == 1
    assert filled_in(await press(stage, LEAH, "panel.facts"))["facts-so"] == [GRAVE]
    assert LOOK_AGAIN in await decides(stage)
    assert await counted(stage) == 1


async def test_another_report_of_the_same_harm_changes_nothing(stage: Stage) -> None:
    await confirmed(stage, **{"physical-harm": "severe"})
    await send_report(stage, AMINA, LIGHT | {"physical-harm": "severe"})
    await on(stage, 2, LEAH, "case.read")
    stage.later(hours=1)
    await on(stage, 2, LEAH, "case.merge", {"into": "PSI-2026-0001"})
    assert await told(stage, SANDEEP) == []
    assert LOOK_AGAIN not in words(await press(stage, SANDEEP, "panel.show"))


async def test_a_form_that_was_open_meanwhile_is_shown_once_more(stage: Stage) -> None:
    await confirmed(stage)
    form = await press(stage, LEAH, "panel.facts")
    await dies(stage)
    stage.later(minutes=5)
    given = filled_in(form) | {"always-consider-why": "Much to learn."}
    once_more = await stage.presses(LEAH, form, "Confirm them", given)
    assert "has changed since you opened this form" in words(once_more)
    assert filled_in(once_more)["facts-so"] == [GRAVE]
    assert filled_in(once_more)["always-consider-why"] == "Much to learn."
    assert LOOK_AGAIN in words(await press(stage, SANDEEP, "panel.show")), "nobody has seen it before they confirmed"
    await stage.presses(LEAH, once_more, "Confirm them", filled_in(once_more))
    assert (await the_panel(stage)).facts == [GRAVE]


async def test_a_panel_is_not_taken_off_meanwhile(stage: Stage) -> None:
    await send_report(stage, AMINA, LIGHT)
    await press(stage, LEAH, "case.read")
    await opens(stage)
    await confirms(stage, **NONE_SO)
    await dies(stage)
    assert "its facts have to be looked at again" in words(await press(stage, LEAH, "panel.stop", sure="yes"))


# Once it was decided


@scene
async def under_way(stage: Stage) -> None:
    await confirmed(stage)
    await decides(stage, decision="aar")
    await press(stage, LEAH, "contacts-named.set", {"contact": FEMI, "why-not": None})
    await press(stage, LEAH, "response.lead", LEAD)
    await press(stage, NIAMH, "response.start", START)


async def test_a_response_under_way_is_listed_with_the_way_on(stage: Stage) -> None:
    await under_way(stage)
    assert await counted(stage) == 0
    await dies(stage)
    way_on = "close the case with what has been learned so far, reopen it, and open a new panel"
    listed = words(await stage.says(MARGUERITE, "gaps"))
    assert "1 event needs a PSII and has none" in listed
    assert "Suggested since: Unexpected death or severe harm under our care." in listed
    for text in (
        listed,
        (await told(stage, SANDEEP))[-1],
        words(stage.channel()[-1]),
        words(await press(stage, SANDEEP, "panel.show")),
        words(await press(stage, LEAH, "panel.open")),
    ):
        assert way_on in text


async def test_closed_reopened_and_looked_at_by_a_new_panel_it_is_a_gap_until_a_psii_is_verified(stage: Stage) -> None:
    await under_way(stage)
    await dies(stage)
    await press(stage, LEAH, "case.close", CLOSE)
    assert "reopen the case, and open a new panel" in words(await stage.says(MARGUERITE, "gaps"))
    await press(stage, LEAH, "case.reopen")
    assert "Please open a new panel." in words(await stage.says(MARGUERITE, "gaps"))
    stage.later(hours=1)
    await opens(stage, datix="Datix W1", chronology="None yet", accounts="None yet")
    assert await counted(stage) == 1, "a new panel has confirmed nothing yet"
    form = await press(stage, LEAH, "panel.facts")
    assert filled_in(form)["facts-so"] == [GRAVE]
    await looked_again(stage, GRAVE)
    await press(stage, SANDEEP, "panel.close", sure="yes")
    await press(stage, SANDEEP, "panel.decide", DECISION | {"decision": "psii", "without-quorum": "It waits."})
    await press(stage, SANDEEP, "panel.approve")
    assert await counted(stage) == 0
    await press(stage, MARGUERITE, "response.verify")
    assert await counted(stage) == 0


async def test_decided_without_a_response_a_new_panel_can_be_opened(stage: Stage) -> None:
    await confirmed(stage)
    await decides(stage)
    await dies(stage)
    assert "Please open a new panel." in words(await stage.says(MARGUERITE, "gaps"))
    assert (await press(stage, LEAH, "panel.open")).title == "Open the panel"


async def test_a_psii_is_the_minimum_whatever_else_is_reported(stage: Stage) -> None:
    await confirmed(stage)
    await decides(stage, decision="psii")
    await dies(stage)
    assert await told(stage, SANDEEP) == []
    assert LOOK_AGAIN not in words(await press(stage, SANDEEP, "panel.show"))
    assert await counted(stage) == 0


async def test_the_card_of_an_earlier_panel_says_that_a_later_one_looks_at_it(stage: Stage) -> None:
    await confirmed(stage)
    assert "is approved" in await decides(stage)
    stage.later(hours=1)
    await opens(stage, datix="Datix W1", chronology="None yet", accounts="None yet")
    earlier, now = stage.channel("panel")
    assert "Decided and approved by the chair: No further response. A later panel looks at it again." in words(earlier)
    assert "later panel" not in words(now)
    await confirms(stage)
    await decides(stage, **{"without-quorum": "It waits."})
    earlier, now = stage.channel("panel")
    assert "A later panel looked at it again." in words(earlier)
    assert "Decided and approved by the chair: No further response." in words(now)
    assert "later panel" not in words(now)
