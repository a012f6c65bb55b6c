"""From a person to a stored, numbered, handed-on report."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select

from psirf_bot.casework.inbound import Platform, Pressed, Said
from psirf_bot.casework.work import Setting
from psirf_bot.domain.trust import Platforms
from psirf_bot.store.tables import Case, Dialog, Identity, Inbox, Person, ReportVersion
from ready_made import KEY
from scenes import scene
from stage import Stage, action, address_of, words

AMINA, BRONWEN, LEAH, TOMASZ, CARYS = (
    "Amina Yusuf",
    "Bronwen Hale",
    "Leah Rosenfeld",
    "Tomasz Zielinski",
    "Carys Penhallow",
)
PAGE_1: dict[str, Any] = {
    "danger": "no",
    "event-type": "near-miss",
    "what-happened": "The wrong syringe driver was set up and noticed before use.",
    "when": {"date": "2026-11-20", "time": "09:30"},
    "service": "Community Nursing",
    "place": None,
}
PAGE_2: dict[str, Any] = {"could-have-led": "yes"}


@scene
async def near_miss(stage: Stage, name: str = AMINA, *, first: Any = None, second: Any = None) -> Any:
    card = await stage.says(name, "report")
    card = await stage.presses(name, card, "Next", {**PAGE_1, **(first or {})})
    return await stage.presses(name, card, "Next", {**PAGE_2, **(second or {})})


async def test_a_near_miss_takes_six_answers_on_two_pages(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    required = [i.id for i in card.inputs() if i.required]
    card = await stage.presses(AMINA, card, "Next", PAGE_1)
    required += [i.id for i in card.inputs() if i.required]
    card = await stage.presses(AMINA, card, "Next", PAGE_2)
    assert required == ["danger", "event-type", "what-happened", "when", "service", "could-have-led"]
    assert "Check your answers" in words(card)


async def test_the_report_is_saved_numbered_and_handed_on(stage: Stage) -> None:
    receipt = await stage.presses(AMINA, await near_miss(stage), "Send the report")
    await stage.settled()
    assert "Saved as PSI-2026-0001. It is not on Datix yet." in words(receipt)
    assert "What happened: The wrong syringe driver" in words(receipt)
    [card] = stage.channel()
    assert card.title == "PSI-2026-0001: near miss, Community Nursing"
    assert "Amina" not in words(card)
    assert any("Saved as PSI-2026-0001" in words(c) for c in stage.private(AMINA)), "the receipt stays in the chat"


async def test_references_rise_and_are_never_reused(stage: Stage) -> None:
    for number in (1, 2, 3):
        receipt = await stage.presses(AMINA, await near_miss(stage), "Send the report")
        assert f"PSI-2026-{number:04d}" in words(receipt)


async def test_nothing_is_written_before_it_is_confirmed(stage: Stage) -> None:
    await near_miss(stage)
    assert await stage.do(lambda work: work.session.exec(select(func.count()).select_from(Case)).one()) == 0
    assert stage.channel() == []


async def test_cancel_saves_nothing_and_deletes_what_was_typed(stage: Stage) -> None:
    card = await stage.presses(AMINA, await near_miss(stage), "Cancel")
    assert "Nothing was saved" in words(card)
    dialogs = await stage.do(lambda work: work.session.exec(select(Dialog)).all())
    assert [(d.state, d.answers) for d in dialogs] == [("cancelled", {})]


async def test_an_unfinished_report_is_offered_again_and_resumed(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    await stage.presses(AMINA, card, "Next", PAGE_1)
    stage.later(hours=5)
    card = await stage.says(AMINA, "report")
    assert card.title == "You have an unfinished report"
    card = await stage.presses(AMINA, card, "Go on with it")
    assert next(i.id for i in card.inputs()) == "could-have-led"


async def test_back_and_change_show_what_was_answered(stage: Stage) -> None:
    check = await near_miss(stage)
    card = await stage.presses(AMINA, check, "Change")
    values = {i.id: getattr(i, "value", None) for i in card.inputs()}
    assert values["service"] == ("Community Nursing",)
    card = await stage.presses(AMINA, card, "Next", {**PAGE_1, "service": "Podiatry"})
    assert "Podiatry" in words(card)
    card = await stage.presses(AMINA, card, "Change")
    assert "Page 1" in words(card)


async def test_a_confirm_of_answers_that_changed_since_shows_them_again(stage: Stage) -> None:
    old = await near_miss(stage)
    card = await stage.presses(AMINA, old, "Change")
    await stage.presses(AMINA, card, "Next", {**PAGE_1, "service": "Podiatry"})
    card = await stage.presses(AMINA, old, "Send the report")
    assert "Check your answers" in words(card)
    assert "Podiatry" in words(card)


async def test_a_service_that_was_taken_out_of_the_settings_meanwhile_is_asked_for_again(stage: Stage) -> None:
    check = await near_miss(stage, first={"service": "Podiatry"})
    stage.trust = stage.trust.model_copy(update={"services": ("Community Nursing",)})
    stage.setting = Setting(stage.trust, stage.setting.new_id, KEY)
    stage.desk = stage.new_desk()
    again = await stage.presses(AMINA, check, "Send the report")
    assert {i.id for i in again.inputs() if i.error} == {"service"}
    assert "What you answered can no longer be chosen." in words(again)


async def test_the_same_delivery_five_times_at_once_gives_one_report_and_one_answer(stage: Stage) -> None:
    check = await near_miss(stage)
    press = Pressed(action(check, "Send the report"))
    replies = await asyncio.gather(*(stage.turn(AMINA, press, key="same") for _ in range(5)))
    assert len({r.model_dump_json() for r in replies}) == 1
    assert await stage.do(lambda work: work.session.exec(select(func.count()).select_from(Case)).one()) == 1


async def test_a_second_press_on_send_says_where_the_report_is(stage: Stage) -> None:
    check = await near_miss(stage)
    await stage.presses(AMINA, check, "Send the report")
    card = await stage.presses(AMINA, check, "Send the report")
    assert "saved as PSI-2026-0001" in words(card)


async def test_danger_is_told_at_once_and_the_report_goes_on(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    card = await stage.presses(AMINA, card, "Next", {**PAGE_1, "danger": "yes"})
    await stage.settled()
    [urgent] = stage.channel()
    assert urgent.title == "Someone may be in danger now"
    assert "Amina" not in words(urgent)
    [private] = stage.private("Rosalind Achebe")
    assert "Amina Yusuf" in words(private)
    assert "could-have-led" in [i.id for i in card.inputs()]


async def test_danger_is_told_even_when_the_page_comes_back_with_a_problem(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    bad = {**PAGE_1, "danger": "yes", "what-happened": "NHS number 943 476 5919 fell"}
    card = await stage.presses(AMINA, card, "Next", bad)
    await stage.settled()
    assert [c.title for c in stage.channel()] == ["Someone may be in danger now"]
    assert "943" not in words(stage.channel()[0])
    masked = await stage.presses(AMINA, card, "Take it out for me and go on", bad)
    assert "could-have-led" in [i.id for i in masked.inputs()]
    await stage.settled()
    assert [c.title for c in stage.channel()][1:] == ["More about the danger reported just now"]
    assert "[NHS number removed] fell" in words(stage.channel()[1])


async def test_a_mistake_on_an_earlier_page_is_shown_there_and_typed_words_do_not_answer_it(stage: Stage) -> None:
    later = await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", PAGE_1)
    first = await stage.presses(AMINA, later, "Back", {})
    card = await stage.presses(AMINA, first, "Next", {**PAGE_1, "when": {"date": "2999-01-01", "time": ""}})
    assert [i.id for i in card.inputs() if i.error] == ["when"]
    assert "Page 1" in words(card)
    assert card.asks_now == "", "the answer from before still stands"
    offered = [button.label for button in card.all_buttons()]
    assert offered == ["Next", "Cancel"], "there is nothing in it to take out"


async def test_an_identifier_is_never_stored_and_the_words_stay_in_the_form(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    text = "Patient 943 476 5919 was given the wrong dose"
    card = await stage.presses(AMINA, card, "Next", {**PAGE_1, "what-happened": text})
    field = next(i for i in card.inputs() if i.id == "what-happened")
    assert field.value == text
    assert "NHS number" in field.error
    assert "943" not in field.error
    everything = await stage.do(_everything_stored)
    assert "943 476" not in everything


KEEP = "It identifies no patient: keep my words"


@pytest.mark.parametrize("allowed", [True, False])
async def test_what_looks_like_an_identifier_is_kept_on_teams_alone_and_only_where_the_trust_allows_it(
    tmp_path: Path, allowed: bool
) -> None:
    given = {**PAGE_1, "what-happened": "Batch 943 476 5919 of the pump was wrong"}
    async with Stage(tmp_path, platforms=Platforms(keep_identifiers_on_teams=allowed)) as stage:
        await stage.do(_is_on_all_platforms)
        offers = {}
        platforms: tuple[Platform, ...] = ("web", "slack", "teams")
        for platform in platforms:
            await stage.says(AMINA, "cancel")
            page = await stage.says(AMINA, "report", platform=platform)
            held = await stage.presses(AMINA, page, "Next", given, platform=platform)
            offers[platform] = [b for b in held.all_buttons() if b.label == KEEP]
        assert {platform for platform, offered in offers.items() if offered} == ({"teams"} if allowed else set())
        for button in offers["teams"]:
            await stage.turn(AMINA, Pressed(button.action, given), platform="slack")  # as a changed client may
            assert "943 476" not in await stage.do(_everything_stored)
            await stage.turn(AMINA, Pressed(button.action, given), platform="teams")
            assert "943 476" in await stage.do(_everything_stored)


def _is_on_all_platforms(work: Any) -> None:
    amina = work.session.exec(select(Person).where(Person.name == AMINA)).one()
    for platform in ("slack", "teams"):
        user = address_of(AMINA)
        work.session.add(Identity(platform=platform, team="demo", user=user, person_id=amina.id, address={}))


def _everything_stored(work: Any) -> str:
    connection = work.session.connection().connection
    return "\n".join(connection.iterdump()) if hasattr(connection, "iterdump") else ""


async def test_whoever_is_to_check_gets_service_time_and_kind_but_not_the_words(stage: Stage) -> None:
    card = await near_miss(stage, second={"colleagues": "Tomasz Zielinski"})
    card = await stage.presses(AMINA, card, "Next", {i.id: "line-manager" for i in card.inputs()})
    await stage.presses(AMINA, card, "Send the report")
    await stage.tick()
    [asked] = stage.private(CARYS)
    assert asked.preview == "You have a private task."
    assert "Tomasz Zielinski" in words(asked)
    assert "Community Nursing" in words(asked)
    assert "syringe" not in words(asked)


async def test_someone_else_chosen_means_nothing_reaches_the_manager(stage: Stage) -> None:
    card = await near_miss(stage, second={"colleagues": "Tomasz Zielinski"})
    card = await stage.presses(AMINA, card, "Next", {i.id: "someone-else" for i in card.inputs()})
    card = await stage.presses(AMINA, card, "Next", {i.id: "Niamh Gallagher" for i in card.inputs()})
    await stage.presses(AMINA, card, "Send the report")
    await stage.tick()
    assert stage.private(CARYS) == []
    assert "Tomasz" in words(stage.private("Niamh Gallagher")[0])


async def test_a_relatives_report_reaches_the_quality_team_only(stage: Stage) -> None:
    card = await near_miss(stage, second={"colleagues": "Tomasz Zielinski", "relative": "yes"})
    await stage.presses(AMINA, card, "Send the report")
    await stage.tick()
    assert stage.private(CARYS) == []
    assert any("syringe" not in words(c) and c.title.startswith("PSI-2026-0001") for c in stage.channel())
    waits = await stage.says(LEAH, "overdue")
    assert "Tomasz Zielinski" in words(waits)


async def test_a_question_is_answered_by_typing_just_as_by_card(stage: Stage) -> None:
    await stage.says(AMINA, "report")
    for typed in ("no", "near miss", PAGE_1["what-happened"], "today 09:30", "community nursing", "skip", "yes"):
        card = await stage.says(AMINA, typed)
    for _ in range(12):
        if "Check your answers" in words(card):
            break
        card = await stage.says(AMINA, "skip")
    typed_answers = await stage.do(lambda work: dict(work.session.exec(select(Dialog)).one().answers))
    await stage.presses(TOMASZ, await near_miss(stage, TOMASZ), "Send the report")
    version = await stage.do(lambda work: work.session.exec(select(ReportVersion)).one().answers)
    assert typed_answers == version
    receipt = await stage.says(AMINA, "send")
    assert "Saved as PSI-2026-0002" in words(receipt)


async def test_words_of_distress_come_first_and_nothing_typed_is_silent(stage: Stage) -> None:
    assert "116 123" in words(await stage.says(AMINA, "I can't cope any more, I want to die"))
    assert "report" in words(await stage.says(AMINA, "what is the weather")).lower()


async def test_an_unknown_button_says_what_to_do(stage: Stage) -> None:
    reply = await stage.turn(AMINA, Pressed("no-such-action"))
    assert reply.card
    assert "older message" in words(reply.card)


async def test_a_button_for_somebody_else_does_nothing(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    refused = await stage.presses(TOMASZ, card, "Next", PAGE_1)
    assert "somebody else" in words(refused)


async def test_report_typed_in_a_channel_goes_on_in_private(stage: Stage) -> None:
    reply = await stage.turn(AMINA, Said("report"), channel="quality", inline=False)
    await stage.settled()
    assert reply.card is None
    assert reply.notice == "I have sent you a private message."
    assert "Is anyone in danger now?" in words(stage.private(AMINA)[0])


async def test_the_inbox_never_holds_what_was_refused(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    await stage.presses(AMINA, card, "Next", {**PAGE_1, "what-happened": "born 1/2/1950, 943 476 5919"})
    stored = await stage.do(lambda work: [str(i.reply) for i in work.session.exec(select(Inbox)).all()])
    assert not any("943" in reply for reply in stored)


async def test_an_identifier_typed_as_an_answer_is_taken_out_at_once_and_no_button_is_promised(stage: Stage) -> None:
    await stage.says(AMINA, "report")
    await stage.says(AMINA, "no")
    await stage.says(AMINA, "near miss")
    card = words(await stage.says(AMINA, "It was given to 943 476 5919 at lunch"))
    assert "That looks like an NHS number. I have kept your words without it." in card
    assert "still stands in the chat: please delete it there" in card
    assert "take it out for you" not in card
    assert "943" not in card
    assert "When was it?" in card
    [dialog] = await stage.do(lambda work: [dict(d.answers) for d in work.session.exec(select(Dialog))])
    assert dialog["what-happened"] == "It was given to [NHS number removed] at lunch"


async def test_an_identifier_typed_alone_is_no_answer(stage: Stage) -> None:
    for typed in ("report", "no", "near miss"):
        await stage.says(AMINA, typed)
    card = words(await stage.says(AMINA, "943 476 5919"))
    assert "These were not kept, but they still stand in the chat" in card
    assert "Your other answers are kept." in card
    assert "The rest of your words are kept" not in card
    assert "When was it?" in words(await stage.says(AMINA, "It was given to the wrong patient"))
