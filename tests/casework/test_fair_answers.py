"""The two answer the being fair tool: propose, agree, differ, state their own, go back, and confirm."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fair_steps import (
    CONCERN,
    GROUND,
    JUDITH,
    LEAH,
    LONGEST,
    OWEN,
    TOMASZ,
    answer,
    begun,
    both_confirm,
    done,
    filled,
    on_card,
    page,
    press,
    propose,
    reply,
    run_of,
    through,
    where,
)
from sqlmodel import select

from psirf_bot.cards.fair import NOT_HERE, NOT_ROUTINE, PRIVATE_TASK, SYSTEMS_FIRST
from psirf_bot.cards.fair_page import (
    FOR_YOURSELF,
    IN_FULL,
    LAST_TIME,
    READINGS,
    REASON_KEPT,
    proposed_meanwhile,
    the_same,
)
from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_runs
from psirf_bot.casework.fair_answers import CHANGED, KEPT, OVERTAKEN
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.domain.being_fair import ENDS
from psirf_bot.domain.joint import Kind
from psirf_bot.store.tables import Action, AuditEntry, Deadline, FairRun, Inbox, Outbox, Person
from stage import Stage, action, address_of, shown, words

OTHERS = (TOMASZ, "Carys Penhallow", "Sandeep Bhullar", "Amina Yusuf", "Rosalind Achebe")
FIRST = "fair-who-is-hurt"
NHS_NUMBER = "943 476 5919"
DIFFERENT = {"fair-who-is-hurt": "The patient's family.", "reason": "The staff are well."}


@pytest.fixture
async def fair(stage: Stage) -> Stage:
    await begun(stage)
    return stage


def labels(card: Card) -> list[str]:
    return [button.label for button in card.all_buttons()]


async def told(stage: Stage, name: str) -> int:
    """How many private tasks somebody has been told of; they say nothing else."""
    return len([card for card in stage.private(name) if card.title == "A private task"])


async def kinds(stage: Stage) -> list[str]:
    return [entry.kind for entry in await done(stage)]


# The page


async def test_the_first_page_says_what_the_tool_is_for_and_states_the_concern(fair: Stage) -> None:
    card = await page(fair, LEAH)
    for said in (NOT_ROUTINE, SYSTEMS_FIRST, CONCERN, "BF-7K2MQ · PSI-2026-0001 · version 1"):
        assert said in words(card)
    assert "with Owen Tregarth (workforce team)" in words(card)
    assert "with Leah Rosenfeld (patient safety team)" in words(await page(fair, OWEN))
    assert TOMASZ not in words(card)
    assert card.preview == PRIVATE_TASK
    await answer(fair)
    after = words(await page(fair, LEAH))
    assert NOT_ROUTINE not in after
    assert CONCERN not in after
    assert "Precondition 1 of 3" in after


async def test_every_page_offers_a_pause_the_ways_out_and_what_is_agreed(fair: Stage) -> None:
    ways = {"Pause", "Suspected crime", "Safeguarding"}
    for _ in range(2):
        assert {*ways, "What we have agreed"} <= set(labels(await page(fair, LEAH)))
        await propose(fair, LEAH, {})
        for name in (LEAH, OWEN):
            assert {*ways, "What we have agreed"} <= set(labels(await page(fair, name)))
        await on_card(fair, OWEN, await page(fair, OWEN), "Agree")
    assert ways <= set(labels(await through(fair, {"fair-jointly": "no"})))


async def test_every_view_is_kept(fair: Stage) -> None:
    for name in (LEAH, OWEN, JUDITH):
        await page(fair, name)
    await press(fair, OWEN, "fair.agreed")
    seen = [await _name(fair, entry.by_id) for entry in await done(fair, "viewed")]
    assert seen == [LEAH, OWEN, JUDITH, OWEN]


async def _name(stage: Stage, who: str) -> str:
    from psirf_bot.casework.people import name_of

    found: str = await stage.do(lambda work: name_of(work, who))
    return found


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ({"fair-safety-incident": "no"}, "another-process"),
        ({"fair-systems-response": "no"}, "no-systems-response"),
        ({"fair-jointly": "no"}, "not-jointly"),
        ({"fair-1a": "yes", "fair-1a-ongoing": "no"}, "continue-after-1a"),
        ({"fair-1-ongoing": "no"}, "continue-after-1"),
        ({"fair-2a": "no", "fair-2-ongoing": "no"}, "continue-after-2"),
        ({"fair-3": "yes"}, "appropriate-action"),
        ({"fair-4b": "yes"}, "health"),
        ({"fair-5": "yes"}, "mitigation"),
        ({}, "management"),
    ],
)
async def test_by_presses_alone_both_reach_each_end_and_confirm_it(fair: Stage, change: Any, end: str) -> None:
    await through(fair, change)
    card = await page(fair, LEAH)
    assert f"The tool's next step: {ENDS[end].title}" in words(card)
    assert ENDS[end].step in words(card)
    one_is_enough = end.startswith("continue-after")
    assert ("Nothing is decided until both of you confirm." in words(card)) is not one_is_enough
    assert ("Either of you can confirm that." in words(card)) is one_is_enough
    assert (await run_of(fair)).state == fair_runs.OPEN
    await both_confirm(fair)
    run = await run_of(fair)
    assert (run.state, run.end) == (fair_runs.ENDED, end)


# Proposing and agreeing


async def test_one_proposes_and_the_other_agrees(fair: Stage) -> None:
    waits = await propose(fair, LEAH, {})
    assert "Waits for Owen Tregarth" in words(waits)
    assert str(LONGEST[FIRST]) in words(waits)
    assert await told(fair, OWEN) == 1
    asked = await page(fair, OWEN)
    assert "Leah Rosenfeld proposes" in words(asked)
    for said in ("Who is hurt?", LONGEST[FIRST], "Whose responsibility is it to meet that need?"):
        assert str(said) in words(asked)
    assert (await where(fair)).key == FIRST, "what only one has said does not count"
    after = await on_card(fair, OWEN, asked, "Agree")
    assert "Precondition 1 of 3" in words(after)
    assert await told(fair, LEAH) == 1
    assert await kinds(fair) == ["invited", "joined", "proposed", "agreed"]


async def test_the_question_stands_in_full_over_what_is_proposed(fair: Stage) -> None:
    await through(fair, until="fair-1b")
    await propose(fair, LEAH, {})
    asked = words(await page(fair, OWEN))
    for question in (await where(fair)).page.questions:  # type: ignore[union-attr]
        assert question.label in asked


async def test_to_differ_takes_a_reason_which_the_other_reads(fair: Stage) -> None:
    await propose(fair, LEAH, {})
    form = await on_card(fair, OWEN, await page(fair, OWEN), "I see it differently")
    assert {i.id: getattr(i, "value", None) for i in form.inputs()}[FIRST] == LONGEST[FIRST], (
        "filled with their answers"
    )
    given = filled(form, DIFFERENT)
    back = await on_card(fair, OWEN, form, "Propose", given | {"reason": None})
    assert "Leah Rosenfeld proposes something else. Please say why you see it differently." in words(back)
    assert {i.id: getattr(i, "value", None) for i in back.inputs()}[FIRST] == DIFFERENT[FIRST], "nothing typed is lost"
    assert "Waits for Leah Rosenfeld" in words(await on_card(fair, OWEN, back, "Propose", given))
    asked = words(await page(fair, LEAH))
    assert DIFFERENT[FIRST] in asked
    assert DIFFERENT["reason"] in asked
    entry = (await done(fair, Kind.PROPOSED))[-1]
    assert (entry.reason, entry.about) == (DIFFERENT["reason"], (await done(fair, Kind.PROPOSED))[0].number)


def held(card: Card) -> dict[str, Any]:
    """What the inputs of a card hold."""
    return {i.id: getattr(i, "value", None) or None for i in card.inputs()}


def wrong(card: Card) -> dict[str, str]:
    return {i.id: i.error for i in card.inputs() if i.error}


@pytest.mark.parametrize("reason", [None, "Perhaps the family as well."])
async def test_to_propose_the_same_is_not_to_agree(fair: Stage, reason: str | None) -> None:
    await propose(fair, LEAH, {})
    heard = await told(fair, LEAH)
    form = await on_card(fair, OWEN, await page(fair, OWEN), "I see it differently")
    for _ in range(2):  # pressed twice
        back = await on_card(fair, OWEN, form, "Propose", held(form) | {"reason": reason})
        assert wrong(back) == {FIRST: the_same(LEAH)} | ({"reason": REASON_KEPT} if reason else {})
        assert held(back) == held(form) | {"reason": reason}, "nothing typed is lost"
        assert await kinds(fair) == ["invited", "joined", "proposed"]
    audited = await fair.do(lambda work: [e.what for e in work.session.exec(select(AuditEntry))])
    assert audited.count("in a private task") == len(await done(fair)) + len(await done(fair, "viewed"))
    assert await told(fair, LEAH) == heard
    assert "Waits for Owen Tregarth" in words(await page(fair, LEAH))
    await on_card(fair, OWEN, back, "Agree")
    assert await kinds(fair) == ["invited", "joined", "proposed", "agreed"]


async def test_who_fills_in_the_same_at_the_same_time_reads_it_and_agrees_by_a_press(fair: Stage) -> None:
    form = await page(fair, OWEN)
    await propose(fair, LEAH, {})
    back = await on_card(fair, OWEN, form, "Propose", filled(form, {}))
    assert wrong(back) == {FIRST: the_same(LEAH)}
    assert "Leah Rosenfeld proposes" in words(back)
    assert await kinds(fair) == ["invited", "joined", "proposed"]
    await on_card(fair, OWEN, back, "Agree")
    assert await kinds(fair) == ["invited", "joined", "proposed", "agreed"]


async def test_nobody_differs_from_a_proposal_that_they_have_not_read(fair: Stage) -> None:
    waits = await propose(fair, LEAH, {})
    form = await on_card(fair, OWEN, await page(fair, OWEN), "I see it differently")
    change = await on_card(fair, LEAH, waits, "Change my proposal")
    await on_card(fair, LEAH, change, "Propose", filled(change, {FIRST: "Everybody."}))
    given = filled(form, DIFFERENT)
    back = await on_card(fair, OWEN, form, "Propose", given)
    assert wrong(back) == {"reason": proposed_meanwhile(LEAH)}
    assert held(back) == given
    assert "Everybody." in words(back)
    assert (await kinds(fair)).count("proposed") == 2
    await on_card(fair, OWEN, back, "Propose", given)
    theirs = await done(fair, Kind.PROPOSED)
    assert (theirs[-1].about, theirs[-1].reason) == (theirs[-2].number, DIFFERENT["reason"])


async def test_who_agrees_to_what_has_changed_meanwhile_keeps_their_words(fair: Stage) -> None:
    waits = await propose(fair, LEAH, {})
    form = await on_card(fair, OWEN, await page(fair, OWEN), "I see it differently")
    change = await on_card(fair, LEAH, waits, "Change my proposal")
    await on_card(fair, LEAH, change, "Propose", filled(change, {FIRST: "Everybody."}))
    reply = await fair.turn(OWEN, Pressed(action(form, "Agree"), {"reason": "On second thoughts."}))
    assert reply.card is None, "the form stays as it is, words included"
    assert reply.notice == f"{CHANGED} {KEPT}"
    assert (await kinds(fair)).count("agreed") == 0


async def test_a_reason_is_not_lost_where_the_same_has_been_agreed_on_meanwhile(fair: Stage) -> None:
    await propose(fair, LEAH, {})
    asked = await page(fair, OWEN)
    form = await on_card(fair, OWEN, asked, "I see it differently")
    await on_card(fair, OWEN, asked, "Agree")
    before = await kinds(fair)
    back = await on_card(fair, OWEN, form, "Propose", held(form) | {"reason": "On second thoughts."})
    assert wrong(back) == {"reason": REASON_KEPT}
    assert held(back)["reason"] == "On second thoughts."
    after = await on_card(fair, OWEN, form, "Propose", held(form))
    assert "Precondition 1 of 3" in words(after), "without one there is nothing to keep"
    assert await kinds(fair) == before


async def test_what_was_sent_with_a_reason_can_come_twice(fair: Stage) -> None:
    await propose(fair, LEAH, {})
    form = await on_card(fair, OWEN, await page(fair, OWEN), "I see it differently")
    await on_card(fair, OWEN, form, "Propose", filled(form, DIFFERENT))
    await on_card(fair, LEAH, await page(fair, LEAH), "Agree")
    before = await kinds(fair)
    assert "Precondition 1 of 3" in words(await on_card(fair, OWEN, form, "Propose", filled(form, DIFFERENT)))
    assert await kinds(fair) == before


async def test_a_reason_stays_with_a_proposal_when_there_is_nothing_to_differ_from_any_more(fair: Stage) -> None:
    await propose(fair, LEAH, {})
    form = await on_card(fair, OWEN, await page(fair, OWEN), "I see it differently")
    await on_card(fair, OWEN, form, "Propose", filled(form, DIFFERENT | {"reason": "At first."}))
    await on_card(fair, OWEN, form, "Propose", filled(form, {FIRST: "Everybody.", "reason": "Then I asked."}))
    assert [entry.reason for entry in await done(fair, Kind.PROPOSED)] == [None, "At first.", "Then I asked."]


async def test_what_may_be_needed_is_not_called_optional(fair: Stage) -> None:
    await propose(fair, LEAH, {})
    pages = [await on_card(fair, OWEN, await page(fair, OWEN), "I see it differently")]
    reason = next(i for i in pages[0].inputs() if i.id == "reason")
    assert reason.required
    assert "Your colleague reads it." in reason.hint
    await on_card(fair, OWEN, await page(fair, OWEN), "Agree")
    for asks in ("fair-1a-ongoing", "fair-discussed"):
        await through(fair, {"fair-1a": "yes" if asks == "fair-1a-ongoing" else "no"}, until=asks)
        pages.append(await page(fair, LEAH))
        if asks == "fair-1a-ongoing":
            await press(fair, LEAH, "fair.reopen", {"reason": "Section 4."}, page="fair-1a")
    for card in pages:
        assert "(optional)" not in words(card)
    needed = [i for card in pages[1:] for i in card.inputs() if i.label.startswith("If yes")]
    assert len(needed) == 3
    assert all("Needed if you answer yes." in i.hint for i in needed)


async def test_a_proposal_can_be_changed_and_the_other_is_told_once(fair: Stage) -> None:
    waits = await propose(fair, LEAH, {})
    form = await on_card(fair, LEAH, waits, "Change my proposal")
    assert "reason" not in [i.id for i in form.inputs()]
    for _ in range(2):  # pressed twice
        await on_card(fair, LEAH, form, "Propose", filled(form, {FIRST: "Everybody."}))
    assert await kinds(fair) == ["invited", "joined", "proposed", "proposed"]
    assert await told(fair, OWEN) == 1
    assert "Everybody." in words(await page(fair, OWEN))


async def test_to_agree_to_an_older_proposal_shows_the_newest_first(fair: Stage) -> None:
    waits = await propose(fair, LEAH, {})
    asked = await page(fair, OWEN)
    form = await on_card(fair, LEAH, waits, "Change my proposal")
    await on_card(fair, LEAH, form, "Propose", filled(form, {FIRST: "Everybody."}))
    after = await on_card(fair, OWEN, asked, "Agree")
    assert CHANGED in words(after)
    assert "Everybody." in words(after)
    assert Kind.AGREED not in await kinds(fair)
    await on_card(fair, OWEN, after, "Agree")
    assert (await where(fair)).standing.agreed[FIRST][FIRST] == "Everybody."


async def test_nobody_agrees_to_their_own_proposal(fair: Stage) -> None:
    await propose(fair, LEAH, {})
    number = (await done(fair, Kind.PROPOSED))[0].number
    after = await press(fair, LEAH, "fair.agree", about=str(number))
    assert "Waits for Owen Tregarth" in words(after)
    assert Kind.AGREED not in await kinds(fair)


async def test_to_agree_twice_is_to_agree_once(fair: Stage) -> None:
    await propose(fair, LEAH, {})
    asked = await page(fair, OWEN)
    for _ in range(2):
        after = await on_card(fair, OWEN, asked, "Agree")
        assert CHANGED not in words(after)
        assert "Precondition 1 of 3" in words(after)
    assert (await kinds(fair)).count("agreed") == 1


async def test_both_propose_at_the_same_moment(fair: Stage) -> None:
    forms = {LEAH: await page(fair, LEAH), OWEN: await page(fair, OWEN)}
    mine = {LEAH: "A patient.", OWEN: "A family."}
    after = await asyncio.gather(
        *(fair.presses(who, forms[who], "Propose", filled(forms[who], {FIRST: mine[who]})) for who in forms)
    )
    assert (await kinds(fair)).count("proposed") == 1
    late = next(card for card in after if "reason" in [i.id for i in card.inputs()])
    values = {i.id: getattr(i, "value", None) for i in late.inputs()}
    assert values[FIRST] in mine.values()
    theirs = next(answer for answer in mine.values() if answer != values[FIRST])
    assert theirs in words(late), "they see what the other proposes"


async def test_both_change_the_same_at_the_same_moment(fair: Stage) -> None:
    """Whatever comes first, there is one newest proposal, and whoever did not make it can agree."""
    await propose(fair, LEAH, {})
    change = await on_card(fair, LEAH, await page(fair, LEAH), "Change my proposal")
    asked = await page(fair, OWEN)
    await asyncio.gather(
        fair.presses(LEAH, change, "Propose", filled(change, {FIRST: "Everybody."})),
        fair.presses(OWEN, asked, "Agree"),
    )
    now = await where(fair)
    agreed = now.standing.agreed.get(FIRST)
    assert agreed is None or agreed[FIRST] == LONGEST[FIRST], "never what the other has not read"


# Each for themselves


async def test_what_one_states_is_hidden_until_both_have(fair: Stage) -> None:
    await through(fair, {"fair-1a": "yes"}, until="fair-1a-ongoing")
    mine = {"fair-1a-ongoing": "yes", "fair-1a-ground": "A warning was switched off twice."}
    waits = await propose(fair, LEAH, mine)
    assert "Your answer" in words(waits)
    assert "Waits for Owen Tregarth" in words(waits)
    card = await page(fair, OWEN)
    assert FOR_YOURSELF in words(card)
    assert not any(getattr(i, "value", None) for i in card.inputs())
    pages = [card, await press(fair, OWEN, "fair.agreed"), await press(fair, OWEN, "fair.propose")]
    assert not any("switched off twice" in words(each) for each in pages)
    await propose(fair, OWEN, {"fair-1a-ongoing": "no"})
    assert (await where(fair)).end == "continue-after-1a"
    for name in (LEAH, OWEN):
        assert "switched off twice" in words(await page(fair, name))


async def test_only_two_yes_go_on_and_the_page_after_says_which_reading_is_used(fair: Stage) -> None:
    await through(fair, {"fair-1a": "yes"}, until="fair-2a")
    card = words(await page(fair, LEAH))
    assert READINGS["next test"] in card
    await answer(fair, {"fair-2a": "yes"})
    assert READINGS["next test"] not in words(await page(fair, LEAH))


async def test_the_other_reading_goes_to_question_3(stage: Stage) -> None:
    await begun(stage, reading="deliberate harm")
    await through(stage, {"fair-1a": "yes"}, until="fair-3")
    assert READINGS["deliberate harm"] in words(await page(stage, OWEN))


@pytest.mark.parametrize("missing", ["fair-1a-kinds", "fair-1a-ground"])
async def test_an_ongoing_concern_needs_its_ground(fair: Stage, missing: str) -> None:
    await through(fair, {"fair-1a": "yes"}, until="fair-1a-ongoing")
    card = await page(fair, LEAH)
    back = await on_card(fair, LEAH, card, "Send my answer", filled(card, {"fair-1a-ongoing": "yes", missing: None}))
    assert [i.id for i in back.inputs() if i.error] == [missing]
    assert Kind.STATED not in await kinds(fair)


async def test_ones_own_answer_can_be_changed_until_the_other_has_answered(fair: Stage) -> None:
    await through(fair, {"fair-1a": "yes"}, until="fair-1a-ongoing")
    waits = await propose(fair, LEAH, {"fair-1a-ongoing": "no"})
    form = await on_card(fair, LEAH, waits, "Change my answer")
    assert "reason" not in [i.id for i in form.inputs()]
    await on_card(fair, LEAH, form, "Send my answer", filled(form, {"fair-1a-ongoing": "yes"}))
    await propose(fair, OWEN, {"fair-1a-ongoing": "yes"})
    assert (await where(fair)).key == "fair-2a"


async def test_a_discussion_has_its_day(fair: Stage) -> None:
    await through(fair, until="fair-discussed")
    back = await propose(fair, LEAH, {"fair-discussed-on": None})
    assert [i.id for i in back.inputs() if i.error] == ["fair-discussed-on"]
    await propose(fair, LEAH, {})
    assert (await kinds(fair))[-1] == "proposed"


# What is typed


async def test_an_nhs_number_is_not_taken_and_the_words_stay(fair: Stage) -> None:
    card = await page(fair, LEAH)
    given = filled(card, {FIRST: f"Patient {NHS_NUMBER} was hurt."})
    back = await on_card(fair, LEAH, card, "Propose", given)
    assert "looks like an NHS number" in words(back)
    values = {i.id: getattr(i, "value", None) for i in back.inputs()}
    assert values[FIRST] == given[FIRST]
    assert values["fair-whose-task"] == given["fair-whose-task"]
    assert Kind.PROPOSED not in await kinds(fair)
    await on_card(fair, LEAH, back, "Take it out for me and go on", given)
    assert NHS_NUMBER not in words(await page(fair, OWEN))
    assert "was hurt." in words(await page(fair, OWEN))


async def test_an_overtaken_form_says_so_and_keeps_the_words(fair: Stage) -> None:
    form = await page(fair, OWEN)
    gone = {"page": "fair-1b"}
    before = await kinds(fair)
    after = await press(fair, OWEN, "fair.propose", filled(form, {}), **gone)
    assert after.title == "", "words beside the form, which stays"
    assert "overtaken" in words(after)
    assert "Your words are still in the form." in words(after)
    now = await press(fair, OWEN, "fair.propose", **gone)
    assert OVERTAKEN in words(now)
    assert "Who is hurt?" in words(now)
    assert await kinds(fair) == before


# Going back


async def test_either_goes_back_to_a_page_and_says_why(fair: Stage) -> None:
    await through(fair, until="fair-1b")
    await page(fair, LEAH)
    before = await told(fair, LEAH)
    agreed = await press(fair, OWEN, "fair.agreed")
    change = next(b for b in agreed.all_buttons() if b.spoken == "Change: Precondition 2 of 3")
    assert change.label == "Change"
    form = await press(fair, OWEN, "fair.reopen", page="fair-systems-response")
    back = await on_card(fair, OWEN, form, "Look at it again", {"reason": "The response has changed."})
    assert "Owen Tregarth would like to look at this page again" in words(back)
    assert await told(fair, LEAH) == before + 1
    card = await page(fair, LEAH)
    assert "The response has changed." in words(card)
    assert {i.id: getattr(i, "value", None) for i in card.inputs()} == {"fair-systems-response": ("yes",)}
    await answer(fair)
    assert (await where(fair)).key == "fair-1b", "what was agreed later is kept"


async def test_what_was_agreed_is_changed_only_with_a_reason(fair: Stage) -> None:
    await through(fair, until="fair-1b")
    args = {"page": "fair-1a"}
    form = await press(fair, OWEN, "fair.propose", **args)
    given = filled(form, {"fair-1a": "no", "reason": None})
    back = await on_card(fair, OWEN, form, "Propose", given)
    assert [i.id for i in back.inputs() if i.error] == ["reason"]
    await on_card(fair, OWEN, form, "Propose", given | {"reason": "Section 4 is clear."})
    assert "Section 4 is clear." in words(await page(fair, LEAH))
    assert (await where(fair)).key == "fair-1a"


async def test_a_page_that_is_not_on_the_way_cannot_be_gone_back_to(fair: Stage) -> None:
    await through(fair, until="fair-1b")
    for gone in ("fair-1b", "fair-5", "fair-other-process"):
        assert OVERTAKEN in words(await press(fair, OWEN, "fair.reopen", page=gone))
    assert Kind.REOPENED not in await kinds(fair)


async def test_a_page_looked_at_again_by_both_is_looked_at_once(fair: Stage) -> None:
    await through(fair, until="fair-1b")
    for name in (LEAH, OWEN):
        await press(fair, name, "fair.reopen", {"reason": "Once more."}, page="fair-jointly")
    assert (await kinds(fair)).count("reopened") == 1


# The end


async def test_both_confirm_what_they_have_seen(fair: Stage) -> None:
    await through(fair, {"fair-jointly": "no"})
    card = await page(fair, LEAH)
    for _ in range(2):
        after = await on_card(fair, LEAH, card, "Confirm")
        assert "You have confirmed. It waits for Owen Tregarth." in words(after)
    assert "Confirm" not in labels(after)
    assert (await kinds(fair)).count("confirmed") == 1
    last = await page(fair, OWEN)
    assert "Leah Rosenfeld has confirmed." in words(last)
    ended = await on_card(fair, OWEN, last, "Confirm")
    assert (await run_of(fair)).state == fair_runs.ENDED
    assert ENDS["not-jointly"].step in words(ended)
    await on_card(fair, OWEN, last, "Confirm")
    await on_card(fair, LEAH, card, "Confirm")
    assert (await kinds(fair)).count("ended") == 1


async def test_both_confirm_at_the_same_moment(fair: Stage) -> None:
    await through(fair, {"fair-jointly": "no"})
    pages = {name: await page(fair, name) for name in (LEAH, OWEN)}
    await asyncio.gather(*(fair.presses(name, card, "Confirm") for name, card in pages.items() for _ in range(2)))
    found = await kinds(fair)
    assert (found.count("confirmed"), found.count("ended")) == (2, 1)


async def test_long_answers_fit_every_platform_and_can_be_read_in_full(fair: Stage) -> None:
    long = " ".join(["A long answer that goes on."] * 35)
    texts = {key: long for key, value in LONGEST.items() if isinstance(value, str) and len(value) > 20}
    await through(fair, texts | {"fair-1a-source": "Section 4.", "fair-discussed-on": "2026-11-20"})
    card = await page(fair, LEAH)
    assert IN_FULL in words(card)
    assert long not in words(card)
    [change, *_] = [b for b in card.all_buttons() if b.spoken.startswith("Change: Before using the tool")]
    form = shown(await fair.turn(LEAH, Pressed(change.action)))
    assert long in words(form)
    assert (await where(fair)).end == "management", "reading it changes nothing"


async def test_nobody_confirms_what_they_have_not_seen(fair: Stage) -> None:
    await through(fair, {"fair-jointly": "no"})
    card = await page(fair, LEAH)
    await on_card(fair, OWEN, await page(fair, OWEN), "Confirm")
    await press(fair, OWEN, "fair.reopen", {"reason": "Once more."}, page="fair-who-is-hurt")
    await answer(fair, {FIRST: "Everybody."})
    assert (await where(fair)).end == "not-jointly"
    after = await on_card(fair, LEAH, card, "Confirm")
    assert CHANGED in words(after)
    assert "Everybody." in words(after)
    assert (await where(fair)).standing.confirmed == set(), "an earlier confirmation does not count either"
    await both_confirm(fair)
    assert (await run_of(fair)).end == "not-jointly"


# An earlier version


async def test_an_earlier_version_is_filled_in_and_counts_for_nothing(fair: Stage) -> None:
    await through(fair, {"fair-1a": "yes", "fair-1a-ongoing": "no"})
    await both_confirm(fair)
    await begun(fair, version=2)
    card = await page(fair, LEAH)
    assert "version 2" in words(card)
    assert LAST_TIME in words(card)
    assert {i.id: getattr(i, "value", None) for i in card.inputs()}[FIRST] == LONGEST[FIRST]
    assert (await where(fair)).key == FIRST


async def test_of_an_earlier_version_nobody_sees_what_the_other_stated(fair: Stage) -> None:
    await through(fair, {"fair-1a": "yes"}, until="fair-1a-ongoing")
    await propose(fair, LEAH, {"fair-1a-ground": "Mine alone."})
    await propose(fair, OWEN, {"fair-1a-ongoing": "no"})
    await both_confirm(fair)
    await begun(fair, version=2)
    await through(fair, {"fair-1a": "yes"}, until="fair-1a-ongoing")
    filled_in = {
        name: {i.id: getattr(i, "value", None) for i in (await page(fair, name)).inputs()} for name in (LEAH, OWEN)
    }
    assert filled_in[LEAH]["fair-1a-ground"] == "Mine alone."
    assert filled_in[OWEN]["fair-1a-ground"] == ""
    assert filled_in[OWEN]["fair-1a-ongoing"] == ("no",)


# Nobody else


@pytest.mark.parametrize(
    "verb", ["fair.propose", "fair.agree", "fair.reopen", "fair.confirm", "fair.pause", "fair.resume"]
)
async def test_everybody_else_is_refused_in_the_same_words(fair: Stage, verb: str) -> None:
    await propose(fair, LEAH, {})
    before = await done(fair, *(kind for kind in await kinds(fair)), "viewed")
    args = {"page": FIRST, "about": "3", "digest": "x"}
    given = {FIRST: "Mine.", "why": "Mine.", "reason": "Mine."}
    heard = {words(await press(fair, name, verb, given, **args)) for name in (*OTHERS, JUDITH)}
    heard |= {words(await press(fair, TOMASZ, verb, given, **args | {"run": "none"}))}
    assert len(heard) == 1
    assert NOT_HERE in heard.pop()
    opened = {words(await press(fair, name, verb, **args)) for name in (*OTHERS, JUDITH)}
    assert len(opened) == 1
    assert await done(fair, *(kind for kind in await kinds(fair)), "viewed") == before


async def test_the_page_opens_for_nobody_else(fair: Stage) -> None:
    for verb in ("fair.show", "fair.agreed"):
        heard = {words(await press(fair, name, verb)) for name in OTHERS}
        assert len(heard) == 1
        assert NOT_HERE in heard.pop()


SAID = "Zebra crossing."
"""Words that stand nowhere else."""


async def test_what_is_answered_stands_nowhere_but_in_the_run(fair: Stage) -> None:
    answers = {key: SAID for key, value in LONGEST.items() if isinstance(value, str) and len(value) > 12}
    answers |= {"fair-discussed-on": "2026-11-20", "fair-discussed": "education-lead"}
    await propose(fair, LEAH, answers)
    form = await on_card(fair, OWEN, await page(fair, OWEN), "I see it differently")
    await on_card(fair, OWEN, form, "Propose", filled(form, {FIRST: SAID, "reason": SAID}))
    await on_card(fair, LEAH, await page(fair, LEAH), "Agree")
    await through(fair, answers)
    assert SAID in words(await page(fair, LEAH))
    await press(fair, LEAH, "fair.pause", {"why": SAID, "review": "2026-12-18"})
    await press(fair, LEAH, "fair.resume")
    await both_confirm(fair)
    await fair.settled()
    kept: list[str] = await fair.do(
        lambda work: [
            json.dumps(row.model_dump(mode="json"))
            for table in (Inbox, Action, AuditEntry, Deadline)
            for row in work.session.exec(select(table))
        ]
    )
    told_to = {room: "\n".join(map(words, cards)) for room, cards in fair.out.posts.items()}
    for secret in ("Zebra", GROUND, "ongoing concerns", "Question 3"):
        assert not any(secret in row for row in kept), secret
        assert not any(secret in text for text in told_to.values()), secret
    assert "A private task" in told_to[address_of(OWEN)]
    assert not any(
        "private task" in text for room, text in told_to.items() if room not in map(address_of, (LEAH, OWEN))
    )


async def test_replies_are_sealed(fair: Stage) -> None:
    for name, verb in ((LEAH, "fair.show"), (OWEN, "fair.agreed"), (LEAH, "fair.propose"), (OWEN, "fair.pause")):
        found = await reply(fair, name, verb)
        assert found.sealed, verb
        assert not found.keep
        assert found.card
        assert found.card.preview == PRIVATE_TASK


async def test_no_button_names_the_case(fair: Stage) -> None:
    await through(fair, {"fair-jointly": "no"})
    await both_confirm(fair)

    def of_cases(work: Any) -> list[str]:
        found = work.session.exec(select(Action)).all()
        return [a.verb for a in found if a.verb.startswith("fair.") and a.case_id and a.verb != "fair.start"]

    assert await fair.do(of_cases) == []
    assert isinstance(await run_of(fair), FairRun)


# When the other can no longer take part


@pytest.mark.parametrize("how", ["left", "changed teams", "manages"])
async def test_nothing_goes_on_with_somebody_who_can_no_longer_take_part(fair: Stage, how: str) -> None:
    await through(fair, {}, until="fair-3")
    await propose(fair, OWEN, {})
    before = await page(fair, LEAH)
    await fair.do(lambda work: _gone(work, how))
    card = await on_card(fair, LEAH, before, "Agree")
    assert "Your colleague can no longer take part" in words(card)
    assert "Ask another colleague" in [button.label for button in card.all_buttons()]
    assert (await where(fair)).key == "fair-3"


def _gone(work: Work, how: str) -> None:
    everybody = {person.name: person for person in work.session.exec(select(Person)).all()}
    owen = everybody[OWEN]
    if how == "left":
        owen.active = False
    elif how == "changed teams":
        owen.roles = ["staff"]
    else:
        everybody[TOMASZ].line_manager_id = owen.id
        work.session.add(everybody[TOMASZ])
    work.session.add(owen)


async def test_whoever_is_here_hears_at_once_and_whoever_is_not_in_the_morning(fair: Stage) -> None:
    fair.now = datetime(2026, 11, 20, 20, tzinfo=UTC)  # a Friday evening, within the quiet hours
    await page(fair, LEAH)
    before = len(fair.private(LEAH))
    await propose(fair, OWEN, {})
    await fair.settled()
    assert len(fair.private(LEAH)) == before + 1
    await on_card(fair, LEAH, await page(fair, LEAH), "Agree")
    fair.later(minutes=20)
    await propose(fair, OWEN, {})
    await fair.settled()
    assert len(fair.private(LEAH)) == before + 1
    fair.now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    await fair.settled()
    assert len(fair.private(LEAH)) == before + 2


async def test_one_message_is_enough_until_it_is_opened(fair: Stage) -> None:
    """To agree and then propose the next page is two acts, and one thing that waits."""
    await propose(fair, LEAH, {})
    for _ in range(2):
        fair.later(minutes=1)
        await on_card(fair, OWEN, await page(fair, OWEN), "Agree")
        fair.later(minutes=1)
        await propose(fair, OWEN, {})
        heard = await told(fair, LEAH)
        fair.later(minutes=1)
        await press(fair, OWEN, "fair.pause", {"why": "A meeting.", "review": "2026-12-18"})
        await press(fair, OWEN, "fair.resume")
        assert await told(fair, LEAH) == heard
        await on_card(fair, LEAH, await page(fair, LEAH), "Agree")
        fair.later(minutes=1)
        await propose(fair, LEAH, {})
    assert await told(fair, LEAH) == 2, "one for each time that it was their turn again"


async def test_a_message_that_lies_unopened_is_not_the_last_word(fair: Stage) -> None:
    await propose(fair, OWEN, {})
    assert await told(fair, LEAH) == 1
    fair.later(days=4)  # a Monday, or a day like it
    await press(fair, OWEN, "fair.pause", {"why": "A meeting.", "review": "2026-12-18"})
    fair.later(hours=12)
    await fair.settled()
    assert await told(fair, LEAH) >= 2


async def test_a_message_that_could_not_be_delivered_has_told_nobody(fair: Stage) -> None:
    def die(work: Work) -> None:
        leah = work.session.exec(select(Person.id).where(Person.name == LEAH)).one()
        for row in work.session.exec(select(Outbox).where(Outbox.person_id == leah)):
            row.state = "dead"

    await propose(fair, OWEN, {})
    await fair.do(die)
    heard = await told(fair, LEAH)
    await press(fair, OWEN, "fair.pause", {"why": "A meeting.", "review": "2026-12-18"})
    await fair.settled()
    assert await told(fair, LEAH) == heard + 1
