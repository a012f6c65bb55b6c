"""A report by typing alone: danger is told, nothing is filed by accident, and there is a way back and a way out."""

from typing import Any

import pytest
from sqlmodel import select
from test_reporting import AMINA, PAGE_1

from psirf_bot.casework.by_typing import means_send, reported_in, skips
from psirf_bot.casework.inbound import Said
from psirf_bot.dialogs.questions import long_text, one_of, short_text
from psirf_bot.store.tables import Case, Dialog
from ready_made import NOW
from scenes import scene
from stage import Stage, shown, words

HAPPENED = PAGE_1["what-happened"]


async def answers(stage: Stage) -> dict[str, Any]:
    def newest(work: Any) -> dict[str, Any]:
        found = work.session.exec(select(Dialog).where(Dialog.state == "open")).one()
        return dict(found.answers)

    return await stage.do(newest)  # type: ignore[no-any-return]


async def cases(stage: Stage) -> int:
    return len(await stage.do(lambda work: work.session.exec(select(Case)).all()))


async def types(stage: Stage, *said: str) -> str:
    card = None
    for text in said:
        card = await stage.says(AMINA, text)
    assert card
    return words(card)


async def commands(stage: Stage, text: str) -> str:
    return words(shown(await stage.turn(AMINA, Said(text, command=True))))


@scene
async def at_the_check(stage: Stage) -> str:
    card = await types(
        stage, "report", "no", "near miss", HAPPENED, "yesterday 09:30", "community nursing", "skip", "yes"
    )
    while "Check your answers" not in card:
        card = await types(stage, "skip")
    return card


# Danger


@pytest.mark.parametrize(
    "typed", ["yes, he has collapsed", "Yes - there is a patient with a knife in bay 2", "yes there is", "yes please"]
)
async def test_danger_that_is_typed_in_words_is_told(stage: Stage, typed: str) -> None:
    card = await types(stage, "report", typed)
    await stage.settled()
    assert [c.title for c in stage.channel()] == ["Someone may be in danger now"]
    assert "What are you reporting?" in card
    assert ("I noted “Yes”, but not the words after it." in card) == (len(typed) > 12)


@pytest.mark.parametrize(
    "typed", ["not sure", "maybe", "I think so", "he is bleeding", "no, he is bleeding", "yes and no"]
)
async def test_danger_that_is_not_clear_is_asked_again_with_whom_to_ring(stage: Stage, typed: str) -> None:
    card = await types(stage, "report", typed)
    assert "if you are not sure, yes" in card
    assert "ring 999" in card
    assert "danger" not in await answers(stage)
    await types(stage, "yes")
    await stage.settled()
    assert [c.title for c in stage.channel()] == ["Someone may be in danger now"]


# Words that are no answer


@pytest.mark.parametrize("typed", ["who is on call?", "yes", "send", "back", "it was on the ward"])
async def test_words_after_a_slash_command_are_never_an_answer(stage: Stage, typed: str) -> None:
    await types(stage, "report", "no", "near miss")
    before = await answers(stage)
    assert "What I can help with" in await commands(stage, typed)
    assert await answers(stage) == before


async def test_a_slash_command_does_not_send_a_report(stage: Stage) -> None:
    await at_the_check(stage)
    await commands(stage, "send")
    assert await cases(stage) == 0


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("what waits", "What waits for you"),
        ("Waiting.", "What waits for you"),
        ("my report", "Your reports"),
        ("thanks", "What I can help with"),
    ],
)
async def test_our_words_keep_their_meaning_where_a_question_is_open(stage: Stage, typed: str, title: str) -> None:
    await types(stage, "report", "no", "near miss")
    before = await answers(stage)
    assert title in await types(stage, typed)
    assert await answers(stage) == before
    assert title in await commands(stage, typed)


# Back, and nothing


async def test_an_answer_that_was_emptied_is_empty_after_going_back(stage: Stage) -> None:
    card = await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", PAGE_1)
    filled = {"could-have-led": "yes", "made-harder": "The bell was broken", "colleagues": "Tomasz Zielinski"}
    card = await stage.presses(AMINA, card, "Back", filled)
    card = await stage.presses(AMINA, card, "Next", PAGE_1)
    assert (await answers(stage))["made-harder"] == "The bell was broken"
    await stage.presses(AMINA, card, "Back", {"could-have-led": "", "made-harder": None, "colleagues": []})
    after = await answers(stage)
    assert after["made-harder"] is None
    assert after["colleagues"] is None
    assert after["could-have-led"] == "yes", "what is needed stays until there is another"


async def test_back_goes_one_question_back_and_loses_nothing(stage: Stage) -> None:
    await types(stage, "report", "no", "near miss", HAPPENED)
    back = await stage.says(AMINA, "Back.")
    assert "What happened?" in words(back)
    assert back.asks_now == "what-happened", "which is what Slack shows of it in words"
    assert (await answers(stage))["what-happened"] == HAPPENED
    assert "What are you reporting?" in await types(stage, "back")
    card = await types(stage, "risk or concern")
    assert "When was it?" in card, "and on from where they were"
    kept = await answers(stage)
    assert (kept["what-happened"], kept["event-type"]) == (HAPPENED, "risk")
    assert "gone-back-to" not in kept
    assert "This is the first question" in await types(stage, "go back", "back", "back", "back")


@pytest.mark.parametrize("typed", ["next", "OK.", "keep it", "skip", "no"])
async def test_going_on_after_back_leaves_the_answer_as_it_was(stage: Stage, typed: str) -> None:
    await types(stage, "report", "no", "near miss", HAPPENED)
    assert "Type next to go on without changing it." in await types(stage, "back")
    assert "When was it?" in await types(stage, typed)
    assert (await answers(stage))["what-happened"] == HAPPENED


async def test_after_back_an_option_is_an_answer_and_what_can_be_left_out_can_be_left_out(stage: Stage) -> None:
    await types(stage, "report", "yes", "back", "no")
    assert (await answers(stage))["danger"] == "no"
    await types(stage, "near miss", HAPPENED, "yesterday", "community nursing", "bay 4", "back", "skip")
    assert (await answers(stage))["place"] is None


async def test_after_back_words_that_cannot_be_used_are_asked_again_at_the_same_question(stage: Stage) -> None:
    await types(stage, "report", "no", "near miss", HAPPENED, "yesterday 09:30", "back")
    assert "before or after noon?" in await types(stage, "yesterday 2:30")
    await types(stage, "yesterday 14:30")
    assert str((await answers(stage))["when"]).endswith("T14:30")


async def test_going_on_with_it_leaves_the_question_that_somebody_had_gone_back_to(stage: Stage) -> None:
    await types(stage, "report", "no", "near miss", HAPPENED, "back", "back")
    unfinished = await stage.says(AMINA, "report")
    await stage.presses(AMINA, unfinished, "Go on with it")
    await types(stage, "yesterday 14:30")
    kept = await answers(stage)
    assert (kept["event-type"], str(kept["when"])[-5:]) == ("near-miss", "14:30")


async def test_back_from_the_check_and_an_answer_put_right(stage: Stage) -> None:
    await at_the_check(stage)
    assert "Check your answers" not in await types(stage, "back")
    assert "Check your answers" in await types(stage, "skip")


async def test_no_to_a_place_is_no_place_and_to_what_happened_an_answer(stage: Stage) -> None:
    await types(stage, "report", "no", "near miss", "nothing", "yesterday", "community nursing", "No.")
    kept = await answers(stage)
    assert (kept["what-happened"], kept["place"]) == ("nothing", None)


@pytest.mark.parametrize("typed", ["no", "None", "nothing", "skip", "-", "n/a", "No thanks."])
def test_what_leaves_a_question_out(typed: str) -> None:
    assert skips(short_text("place", "Where?", optional=True), typed, NOW)
    assert not skips(long_text("what", "What happened?"), typed, NOW)
    harm = one_of("harm", "How much harm?", {"none": "No harm", "low": "Low harm"}, optional=True)
    assert skips(harm, typed, NOW) == (typed.casefold() not in {"no", "none"})


# Sending


@pytest.mark.parametrize(
    "typed",
    [
        "send", "Send.", "send!", "SEND IT", "send it now", "Send the report", "submit", "Submit it please", "done",
        "confirm", "yes send it", "yes, send", "ok send it", "please send",
    ],
)  # fmt: skip
async def test_a_report_is_sent_in_natural_words(stage: Stage, typed: str) -> None:
    await at_the_check(stage)
    assert "Saved as PSI-2026-0001" in await types(stage, typed)


@pytest.mark.parametrize(
    "typed", ["ok", "yes", "yes please", "do not send", "don't send it", "send it tomorrow", "not done"]
)
def test_what_does_not_send(typed: str) -> None:
    assert not means_send(typed, "Send the report")


async def test_anything_else_says_that_it_is_not_sent_yet_and_how(stage: Stage) -> None:
    assert "press “Send the report” or type send." in await at_the_check(stage)
    assert "Not sent yet. Type send to send it" in await types(stage, "ok")
    assert await cases(stage) == 0


@pytest.mark.parametrize("typed", ["Send.", "done", "send it please"])
async def test_words_that_would_send_are_no_answer_to_a_question_in_words(stage: Stage, typed: str) -> None:
    asked = await types(stage, "report", "no", "near miss", HAPPENED, "yesterday", "community nursing")
    assert "Type skip to leave this out" in asked
    card = await types(stage, typed)
    assert "Not sent yet: this question comes first." in card
    assert "Type skip to leave this out" in card
    assert "place" not in await answers(stage)
    assert await cases(stage) == 0


# Said in one breath


@pytest.mark.parametrize(
    ("typed", "happened"),
    [
        ("report a patient fell out of bed 4 at lunch", "a patient fell out of bed 4 at lunch"),
        ("I want to report that a patient fell", "a patient fell"),
        ("Report: the bell was broken", "the bell was broken"),
        ("I'd like to report a near miss: wrong drug drawn up", "a near miss: wrong drug drawn up"),
        ("report near miss", ""),
        ("report a near miss.", ""),
        ("I want to report an incident please", ""),
        ("I need to report something", ""),
        ("report PSI-2026-0001", ""),
        ("report?", ""),
        ("report how do I do that?", ""),
        ("reporting is hard", ""),
        ("where do I report", ""),
        ("report " + "psi-1-1 near " * 900 + "!", ""),
    ],
)
def test_what_happened_is_found_in_the_words_after_report(typed: str, happened: str) -> None:
    assert reported_in(typed) == happened


@pytest.mark.parametrize("by", [types, commands])
async def test_words_after_report_fill_in_what_happened(stage: Stage, by: Any) -> None:
    card = await by(stage, "report a patient fell out of bed 4 at lunch")
    assert "Your words are filled in under “What happened?”" in card
    assert (await answers(stage))["what-happened"] == "a patient fell out of bed 4 at lunch"
    assert "Is anyone in danger now?" in card
    assert "new words were not taken" in await commands(stage, "report the bell was broken")


async def test_words_after_report_are_screened(stage: Stage) -> None:
    card = await commands(stage, "report 943 476 5919 fell out of bed")
    assert "I have kept your words without it." in card
    assert "stands in the chat" not in card, "a slash command does not stand there"
    assert (await answers(stage))["what-happened"] == "[NHS number removed] fell out of bed"
    await types(stage, "cancel")
    begun = await types(stage, "report 943 476 5919 fell out of bed")
    assert "stands in the chat" in begun
    assert "Type back" not in begun, "it is the first question, and its words stand on that card"


# After a long time


async def test_whoever_goes_on_with_it_can_type_again(stage: Stage) -> None:
    await types(stage, "report", "no", "near miss")
    stage.later(minutes=90)
    card = await stage.says(AMINA, HAPPENED)
    assert card.title == "You have an unfinished report"
    assert "What you typed just now was not taken" in words(card)
    await stage.presses(AMINA, card, "Go on with it")
    assert "When was it?" in await types(stage, HAPPENED)


async def test_typing_goes_on_after_a_long_time_without_any_answer(stage: Stage) -> None:
    await types(stage, "report")
    stage.later(minutes=90)
    assert "was not taken" in await types(stage, "no")
    assert "What are you reporting?" in await types(stage, "no")
