"""What the quality team and the reporter do with a case."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ready_reports import send_report
from sqlmodel import select
from test_reporting import AMINA, BRONWEN, LEAH, PAGE_1, PAGE_2, near_miss

from psirf_bot.cards import blockkit
from psirf_bot.cards.check import slack_problems
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import post
from psirf_bot.casework.inbound import Said
from psirf_bot.casework.work import Work
from psirf_bot.delivery.platform import Refused
from psirf_bot.store.tables import Case, Channel, Identity, Outbox, Person
from scenes import scene
from stage import Stage, words

SANDEEP, WEI, MARGUERITE, ROSALIND = "Sandeep Bhullar", "Wei Chen", "Marguerite Oduya", "Rosalind Achebe"


@scene
async def reported(stage: Stage, **answers: Any) -> None:
    """A near miss that Amina sent."""
    await send_report(stage, AMINA, {**PAGE_1, **PAGE_2, **answers})


async def opened(stage: Stage, name: str = LEAH) -> Any:
    return await stage.says(name, "case PSI-2026-0001")


async def test_reading_sets_the_owner_and_tells_the_reporter(stage: Stage) -> None:
    await reported(stage)
    [living] = stage.channel()
    said = await stage.presses(LEAH, living, "I have read this", channel="quality")
    await stage.settled()
    assert words(said) == "Thank you. It is noted that you have read PSI-2026-0001."
    assert stage.private(AMINA)[-1].title == "Your report has been read"
    assert "Owner: Leah Rosenfeld" in words(stage.channel()[0])
    assert len(stage.channel()) == 1, "the living card is edited in place"


async def test_a_second_reader_is_told_that_it_has_moved_on(stage: Stage) -> None:
    await reported(stage)
    [living] = stage.channel()
    await stage.presses(LEAH, living, "I have read this", channel="quality")
    assert "has moved on" in words(await stage.presses(SANDEEP, living, "I have read this", channel="quality"))


async def test_a_stranger_cannot_press_the_quality_teams_buttons(stage: Stage) -> None:
    await reported(stage)
    refused = await stage.presses(WEI, stage.channel()[0], "I have read this", channel="quality")
    assert refused.title == "I could not do that"


async def test_closing_needs_a_reason_and_tells_the_reporter_what_changed(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(LEAH, await opened(stage), "I have read this")
    form = await stage.presses(LEAH, await opened(stage), "Close")
    again = await stage.presses(LEAH, form, "Close and tell reporter", {"outcome": " "})
    assert [i.error for i in again.inputs()] == ["Please answer this. The rest of your words are kept."]
    await stage.presses(LEAH, form, "Close and tell reporter", {"outcome": "Drivers are now stored apart."})
    await stage.settled()
    assert stage.private(AMINA)[-1].title == "PSI-2026-0001 is closed: what changed"
    assert "stored apart" in words(stage.private(AMINA)[-1])


async def test_an_involved_reporter_hears_the_outcome_after_somebody_has_spoken_to_them(stage: Stage) -> None:
    await reported(stage, involved="yes")
    await stage.presses(LEAH, await opened(stage), "I have read this")
    form = await stage.presses(LEAH, await opened(stage), "Close")
    await stage.presses(LEAH, form, "Close and tell reporter", {"outcome": "Drivers are now stored apart."})
    await stage.settled()
    assert not any("closed" in c.title for c in stage.private(AMINA))
    await stage.tick()
    await stage.presses(BRONWEN, stage.private(BRONWEN)[0], "I have spoken to them")
    await stage.settled()
    assert "closed" in stage.private(AMINA)[-1].title


async def test_the_datix_number_is_entered_once(stage: Stage) -> None:
    await reported(stage)
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Enter the Datix number")
    done = await stage.presses(AMINA, form, "Save the number", {"datix-number": "w12345"})
    assert "There is nothing else you need to do on Datix." in words(done), "the clinical record may still wait"
    assert "on Datix as W12345" in words(done)
    assert "There is a case for it" in words(await stage.says(LEAH, "open datix W12345"))
    await reported(stage)
    form = await stage.presses(LEAH, await stage.says(LEAH, "case PSI-2026-0002"), "Enter the Datix number")
    taken = await stage.presses(LEAH, form, "Save the number", {"datix-number": "W12345"})
    assert "already has that number" in words(taken)


async def test_what_is_reported_anew_has_the_datix_number_of_the_report_that_was_withdrawn(stage: Stage) -> None:
    async def enter(reference: str) -> Card:
        form = await stage.presses(AMINA, await stage.says(AMINA, f"case {reference}"), "Enter the Datix number")
        return await stage.presses(AMINA, form, "Save the number", {"datix-number": "W12345"})

    await reported(stage)
    await enter("PSI-2026-0001")
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Withdraw it")
    await stage.presses(AMINA, form, "Withdraw it", {"why": "Sent too early."})
    assert (await stage.says(LEAH, "open datix W12345")).title == "Open a case from Datix", "nobody looks at the other"
    await stage.says(LEAH, "cancel")
    await reported(stage)
    assert "PSI-2026-0002 is on Datix as W12345" in words(await enter("PSI-2026-0002"))
    assert (await stage.says(LEAH, "case W12345")).title.startswith("PSI-2026-0002")
    assert "W12345 is PSI-2026-0002" in words(await stage.says(LEAH, "open datix W12345"))


async def test_what_was_said_when_a_report_was_withdrawn_is_not_called_what_came_of_it(stage: Stage) -> None:
    await reported(stage)
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Withdraw it")
    await stage.presses(AMINA, form, "Withdraw it", {"why": "Sent too early."})
    card = words(await opened(stage))
    assert "Sent too early." in card
    assert "Said when it was withdrawn" in card
    assert "What came of it" not in card


async def test_of_what_turns_out_to_be_an_incident_a_clinician_is_asked_about_candour(stage: Stage) -> None:
    await reported(stage)
    choose = await stage.presses(LEAH, await opened(stage), "Amend")
    form = await stage.presses(LEAH, choose, "Go on", {"key": "event-type"})
    await stage.presses(LEAH, form, "Go on", {"event-type": "incident", "why-amended": "The patient was harmed."})
    await stage.settled()
    assert "Confirm whether the duty of candour applies" in words(await opened(stage)), "who was affected is not known"
    assert stage.private("Grace Mbeki-Ward")[-1].title == "Please look at the duty of candour"


async def test_a_form_left_open_asks_before_another_number_is_overwritten(stage: Stage) -> None:
    async def stands() -> str | None:
        number: str | None = await stage.do(lambda work: work.session.exec(select(Case.datix_number)).one())
        return number

    def save(name: str, form: Card, number: str) -> Any:
        return stage.presses(name, form, "Save the number", {"datix-number": number})

    await reported(stage)
    left_open = await stage.presses(LEAH, await opened(stage), "Enter the Datix number")
    hers = await stage.presses(AMINA, await opened(stage, AMINA), "Enter the Datix number")
    await save(AMINA, hers, "W12345")
    assert "on Datix as W12345" in words(await save(LEAH, left_open, "w 12345")), "the same is fine"
    asked = await save(LEAH, left_open, "W99999")
    assert "W12345 has been entered here meanwhile." in words(asked)
    assert await stands() == "W12345"
    await save(AMINA, await stage.presses(AMINA, await opened(stage, AMINA), "Change the Datix number"), "W12346")
    assert await stands() == "W12346", "whoever sees the number changes it at once"
    asked = await save(LEAH, asked, "W99999")
    assert "W12346 has been entered here meanwhile." in words(asked), "it is yet another one"
    assert await stands() == "W12346"
    assert "on Datix as W99999" in words(await save(LEAH, asked, "W99999"))
    assert await stands() == "W99999"


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (1, "1 message could not be delivered. An administrator can see it with psirf-bot outbox."),
        (2, "2 messages could not be delivered. An administrator can see them with psirf-bot outbox."),
    ],
)
async def test_messages_that_were_lost_are_counted_as_people_count(stage: Stage, lost: int, said: str) -> None:
    def lose(work: Work) -> None:
        facts = {"lane": "web:x", "platform": "web", "address": {}, "state": "dead"}
        for number in range(lost):
            work.session.add(Outbox(key=f"k{number}", due_at=work.now, created_at=work.now, **facts))

    await stage.do(lose)
    assert said in words(await stage.says(LEAH, "overdue"))


async def test_adding_is_screened_kept_once_and_told_to_the_owner(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(LEAH, await opened(stage), "I have read this")
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Add to it")
    held = await stage.presses(AMINA, form, "Add this", {"addition": "It was 943 476 5919"})
    assert "NHS number" in words(held)
    for _ in range(2):
        card = await stage.presses(AMINA, held, "Take it out for me and go on", {"addition": "It was 943 476 5919"})
    await stage.settled()
    assert words(card).count("[NHS number removed]") == 1
    assert stage.private(LEAH)[-1].title == "PSI-2026-0001 was added to"


async def test_whoever_adds_that_somebody_is_in_danger_is_told_whom_to_ring(stage: Stage) -> None:
    await reported(stage)
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Add to it")
    added = await stage.presses(AMINA, form, "Add this", {"addition": "She has stopped breathing."})
    assert "She has stopped breathing." in words(added)
    assert "Nobody reads this chat live." in words(added)
    assert "999" in words(added)


async def test_withdrawing_until_a_panel_looks_at_it(stage: Stage) -> None:
    await reported(stage)
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Withdraw it")
    assert (await stage.presses(AMINA, form, "Withdraw it", {"why": None})).title == "Your report is withdrawn"
    await stage.settled()
    assert "Withdrawn by the reporter" in words(stage.channel()[0])
    assert "has moved on" in words(await stage.presses(AMINA, form, "Withdraw it", {"why": None}))


async def test_amending_keeps_the_earlier_version_and_says_so(stage: Stage) -> None:
    await reported(stage)
    choose = await stage.presses(LEAH, await opened(stage), "Amend")
    form = await stage.presses(LEAH, choose, "Go on", {"key": "service"})
    card = await stage.presses(LEAH, form, "Go on", {"service": "Podiatry", "why-amended": "It was the other clinic."})
    await stage.settled()
    assert "Podiatry" in card.title
    assert "Podiatry" in stage.channel()[0].title
    assert stage.private(AMINA)[-1].title == "PSI-2026-0001 was amended"


async def test_joining_two_reports_of_one_event(stage: Stage) -> None:
    await reported(stage)
    await reported(stage)
    form = await stage.presses(LEAH, await stage.says(LEAH, "case PSI-2026-0002"), "Join with another")
    card = await stage.presses(LEAH, form, "Join them", {"into": "psi-2026-0001"})
    await stage.settled()
    assert card.title.startswith("PSI-2026-0001")
    assert "Joined with another report" in words(stage.channel()[1])


async def test_a_restricted_case_is_for_the_quality_team_and_the_reporter(stage: Stage) -> None:
    await reported(stage)
    assert "syringe" in words(await opened(stage, MARGUERITE))
    await stage.presses(LEAH, await opened(stage), "Restrict")
    await stage.settled()
    assert (await opened(stage, MARGUERITE)).title == "I could not do that"
    assert "syringe" not in words(stage.channel()[0])
    assert "syringe" in words(await opened(stage, AMINA))


async def test_a_service_lead_sees_no_name_of_anybody_involved(stage: Stage) -> None:
    await reported(stage, colleagues="Tomasz Zielinski", confidential="yes")
    card = await opened(stage, BRONWEN)
    assert "Amina" not in words(card)
    assert "Tomasz" not in words(card)


async def test_finding_only_what_one_may_see(stage: Stage) -> None:
    await reported(stage)
    assert "PSI-2026-0001" in words(await stage.says(LEAH, "find community"))
    assert "PSI-2026-0001" not in words(await stage.says(LEAH, "find 100%"))
    assert "PSI-2026-0001" not in words(await stage.says("Carys Penhallow", "find community"))
    assert (await stage.says(AMINA, "find community")).title == "I could not do that"


async def test_my_reports_and_what_waits(stage: Stage) -> None:
    await reported(stage)
    assert "PSI-2026-0001" in words(await stage.says(AMINA, "my reports"))
    assert "PSI-2026-0001" in words(await stage.says(LEAH, "overdue"))
    assert "I have read this" not in words(await stage.says(AMINA, "overdue"))
    assert "Enter the Datix number: PSI-2026-0001" in words(await stage.says(AMINA, "overdue"))


async def test_opening_a_case_for_something_on_datix(stage: Stage) -> None:
    form = await stage.says(LEAH, "open datix w777")
    answers = {"event-type": "incident", "when": "yesterday", "service": "Podiatry"}
    done = await stage.presses(LEAH, form, "Open the case", answers)
    assert "PSI-2026-0001" in words(done)
    assert "W777" in words(await opened(stage))
    assert (await stage.says(AMINA, "open datix w777")).title == "I could not do that"


@pytest.mark.parametrize("typed", ["“W777”", "‘w 777’", "number W777", "#W777", "(W777)", "Datix W777."])
async def test_a_datix_number_is_kept_without_what_was_copied_with_it(stage: Stage, typed: str) -> None:
    form = await stage.says(LEAH, f"open datix {typed}")
    answers = {"event-type": "incident", "when": "yesterday", "service": "Podiatry"}
    assert "It stands for W777 on Datix." in words(await stage.presses(LEAH, form, "Open the case", answers))
    assert "W777 is PSI-2026-0001" in words(await stage.says(LEAH, "open datix w777"))
    for asked in ("W777", typed):
        assert "Datix number: W777" in words(await stage.says(LEAH, f"case {asked}"))


async def test_a_datix_number_that_the_reporter_enters_is_kept_as_it_is_looked_for(stage: Stage) -> None:
    await reported(stage)
    form = await stage.presses(AMINA, await stage.says(AMINA, "PSI-2026-0001"), "Enter the Datix number")
    assert "is on Datix as W900." in words(
        await stage.presses(AMINA, form, "Save the number", {"datix-number": "“W900”"})
    )
    assert "W900 is PSI-2026-0001" in words(await stage.says(LEAH, "open datix W900"))


@pytest.mark.parametrize(
    "typed", ["Ref: PSI-2026-0001.", "“PSI-2026-0001”", "psi 2026 1", "case “PSI–2026–0001”.", "#PSI-2026-0001"]
)
async def test_a_reference_is_understood_as_it_was_copied(stage: Stage, typed: str) -> None:
    await reported(stage)
    assert (await stage.says(LEAH, typed)).title.startswith("PSI-2026-0001")


async def test_the_channel_of_a_purpose_is_set_in_place_by_an_admin(stage: Stage) -> None:
    await stage.turn(WEI, Said("use this channel for panel."), channel="panel", inline=False)
    await stage.settled()
    assert stage.channel("panel")[0].title == "This channel is set"
    await stage.turn(AMINA, Said("use this channel for leads"), channel="panel", inline=False)
    await stage.settled()
    assert "Only an administrator" in words(stage.private(AMINA)[-1])
    assert "Please type this in the channel" in words(await stage.says(WEI, "use this channel for panel"))


async def test_a_channel_where_the_bot_cannot_post_is_not_set(stage: Stage) -> None:
    stage.out.failures.append(Refused("not_in_channel", final=True))
    await stage.turn(WEI, Said("use this channel for panel"), channel="panel", inline=False)
    await stage.settled()
    assert any("Please invite me" in words(c) for c in stage.private(WEI))
    assert await stage.do(lambda work: work.session.get(Channel, ("panel", "web"))) is None


async def test_nobody_is_asked_to_invite_the_bot_on_a_platform_that_was_given_up(stage: Stage) -> None:
    """It has been taken out of the settings: the channel has to be set on the other one."""
    address = {"channel": "C1"}

    def on_slack(work: Work) -> None:
        leah = work.session.exec(select(Person.id).where(Person.name == LEAH)).one()
        work.session.add(Channel(purpose="panel", platform="slack", address=address, set_by=leah, set_at=work.now))
        post.to_address(work, "slack", address, said("Hello", "Hello."))

    stage.courier._senders = {"web": stage.out}
    await stage.do(on_slack)
    stage.courier.kick()
    await stage.settled()
    told = [words(card) for card in stage.private(LEAH)][-1]
    assert "Slack is no longer in the bot's settings. Please type “use this channel for panel” in a channel of" in told
    assert "invite" not in told


async def test_a_deputy_acts_in_the_same_roles_between_the_dates(stage: Stage) -> None:
    form = await stage.says(LEAH, "deputy")
    given = {"deputy": "Amina Yusuf", "from": "today", "until": "21 December 2026"}
    assert (await stage.presses(LEAH, form, "Save", given)).title == "Saved"
    await reported(stage, place=None)
    assert "What waits for you" in (await stage.says(AMINA, "overdue")).title
    assert "I have read this" in words(await stage.says(AMINA, "overdue"))
    stage.later(days=40)
    assert "I have read this" not in words(await stage.says(AMINA, "overdue"))
    assert "Enter the Datix number: PSI-2026-0001" in words(await stage.says(AMINA, "overdue"))


async def test_nobody_learns_whether_a_case_exists(stage: Stage) -> None:
    await reported(stage)
    unknown = words(await stage.says("Carys Penhallow", "case PSI-2026-9999"))
    assert words(await stage.says("Carys Penhallow", "case PSI-2026-0001")) == unknown


async def test_without_a_quality_channel_each_of_the_team_is_told(stage: Stage) -> None:
    await stage.do(lambda work: [work.session.delete(c) for c in work.session.exec(_channels()).all()])
    await reported(stage)
    assert stage.private(LEAH)[0].preview == "A new report is waiting."
    assert "syringe" not in words(stage.private(LEAH)[0])


def _channels() -> Any:
    return select(Channel)


async def test_the_form_keeps_what_was_typed_when_one_field_is_wrong(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    wrong = {**PAGE_1, "when": {"date": "2026-11-21", "time": None}}
    card = await stage.presses(AMINA, card, "Next", wrong)
    errors = {i.id: i.error for i in card.inputs() if i.error}
    assert errors == {"when": "That is in the future. Please give a day and time that have passed."}
    assert next(i for i in card.inputs() if i.id == "what-happened").value == PAGE_1["what-happened"]  # type: ignore[union-attr]


async def test_an_old_case_reads_as_it_was_confirmed_whatever_the_flow_asks_today(stage: Stage) -> None:
    await reported(stage, **{"made-harder": "Two drivers look alike."})
    renamed = stage.trust.model_copy(update={"services": ("Renamed Service",), "wording": {"service": "Which team?"}})
    vars(stage.setting).pop("report_flow", None)
    object.__setattr__(stage.setting, "trust", renamed)
    card = words(await opened(stage))
    assert "Which service was it in? Community Nursing" in card
    assert "Two drivers look alike." in card
    assert "could have led to serious injury" in card


async def test_amending_who_may_see_it_takes_effect_at_once(stage: Stage) -> None:
    await reported(stage)
    assert "Amina" in words(await opened(stage, MARGUERITE))
    choose = await stage.presses(LEAH, await opened(stage), "Amend")
    form = await stage.presses(LEAH, choose, "Go on", {"key": "relative"})
    await stage.presses(LEAH, form, "Go on", {"relative": "yes", "why-amended": "She told us."})
    await stage.settled()
    assert (await opened(stage, MARGUERITE)).title == "I could not do that"
    assert "syringe" not in words(stage.channel()[0])


async def test_the_same_amendment_twice_is_one(stage: Stage) -> None:
    await reported(stage)
    choose = await stage.presses(LEAH, await opened(stage), "Amend")
    form = await stage.presses(LEAH, choose, "Go on", {"key": "service"})
    for _ in range(2):
        await stage.presses(LEAH, form, "Go on", {"service": "Podiatry", "why-amended": "The other clinic."})
    await stage.settled()
    assert [c.title for c in stage.private(AMINA)].count("PSI-2026-0001 was amended") == 1


async def test_the_reporter_of_a_joined_report_hears_what_came_of_it(stage: Stage) -> None:
    await reported(stage)
    await reported(stage)
    form = await stage.presses(LEAH, await stage.says(LEAH, "case PSI-2026-0002"), "Join with another")
    card = await stage.presses(LEAH, form, "Join them", {"into": "PSI-2026-0001"})
    await stage.presses(LEAH, card, "I have read this")
    form = await stage.presses(LEAH, await opened(stage), "Close")
    await stage.presses(LEAH, form, "Close and tell reporter", {"outcome": "Stored apart now."})
    await stage.settled()
    assert "Stored apart now." in words(stage.private(AMINA)[-1])
    assert "PSI-2026-0002" in stage.private(AMINA)[-1].title


async def test_a_passed_over_manager_learns_nothing_and_the_quality_team_knows_why(stage: Stage) -> None:
    card = await near_miss(stage, second={"involved": "yes"})
    card = await stage.presses(AMINA, card, "Next", {i.id: "someone-else" for i in card.inputs()})
    card = await stage.presses(AMINA, card, "Next", {i.id: "Dr Xylo Smith" for i in card.inputs()})
    await stage.presses(AMINA, card, "Send the report")
    await stage.tick()
    assert stage.private(BRONWEN) == []
    assert (await opened(stage, BRONWEN)).title == "I could not do that"
    assert "PSI-2026-0001" not in words(await stage.says(BRONWEN, "find community"))
    waits = words(await stage.says(LEAH, "overdue"))
    assert "tell the line manager nothing" in waits
    assert "Dr Xylo Smith" in waits


async def test_nobody_closes_the_check_on_themselves(stage: Stage) -> None:
    await reported(stage, colleagues="Leah Rosenfeld")
    assert "Leah" not in words(await stage.says(LEAH, "overdue")).replace("Leah Rosenfeld's", "")


async def test_words_of_distress_are_never_filed(stage: Stage) -> None:
    await stage.says(AMINA, "report")
    card = await stage.says(AMINA, "I want to kill myself")
    assert card.title == "Please ring someone now"
    assert not list(card.inputs())
    assert (await stage.says(AMINA, "find me someone, I want to die")).title == "Please ring someone now"


async def test_an_answer_that_begins_like_a_command_is_an_answer(stage: Stage) -> None:
    await stage.says(AMINA, "report")
    await stage.says(AMINA, "no")
    await stage.says(AMINA, "near miss")
    assert "When was it?" in words(await stage.says(AMINA, "Case notes were missing from the trolley"))


async def test_danger_that_is_over_is_told_too(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    await stage.presses(AMINA, card, "Next", {**PAGE_1, "danger": "yes"})
    await stage.presses(AMINA, card, "Next", {**PAGE_1, "danger": "no"})
    await stage.settled()
    assert [c.title for c in stage.channel()] == ["The danger is said to be over", "About the danger reported just now"]
    assert "The reporter no longer says that somebody is in danger." in words(stage.channel()[0])
    await stage.presses(AMINA, card, "Next", {**PAGE_1, "danger": "yes"})
    await stage.settled()
    assert [c.title for c in stage.channel()][2:] == ["Someone may be in danger now"], "said again, it is told anew"
    assert stage.channel()[0].title == "The danger is said to be over"
    pages = [c for c in stage.private(ROSALIND) if c.title != "About the danger reported just now"]
    assert [c.title for c in pages] == ["The danger is said to be over", "Someone may be in danger now"], "and paged"


async def test_the_quality_team_is_given_the_name_that_the_reporter_was_told_it_has(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    card = await stage.presses(AMINA, card, "Next", {**PAGE_1, "danger": "yes"})
    assert "the quality team and the executive on call that somebody may be in danger, with your name" in words(card)
    await stage.settled()
    alarm = stage.channel()[0]
    assert AMINA not in words(alarm), "a channel names nobody"
    answer = await stage.presses(LEAH, alarm, "Who reported this?", channel="quality")
    assert f"{AMINA} reported it. Please ring them" in words(answer)
    refused = await stage.presses(WEI, alarm, "Who reported this?", channel="quality")
    assert AMINA not in words(refused)
    await stage.settled()
    assert AMINA not in " ".join(words(c) for c in stage.channel())


async def test_a_report_that_is_stopped_does_not_end_the_danger(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    await stage.presses(AMINA, card, "Next", {**PAGE_1, "danger": "yes"})
    await stage.settled()
    assert "may ring you" in words(await stage.says(AMINA, "cancel"))
    await stage.settled()
    assert stage.channel()[0].title == "Someone may be in danger now"
    told = [stage.channel()[0], stage.private(ROSALIND)[0]]
    assert not [c for c in told if PAGE_1["what-happened"] in words(c)], "the words of the report are kept no longer"
    assert stage.private(MARGUERITE) == []
    stage.later(minutes=6)
    await stage.tick()
    await stage.settled()
    [page] = stage.private(MARGUERITE)
    assert page.title == "Someone may be in danger now", "nobody has seen it, so the next are paged"
    assert "stopped before it was sent. Please ring the reporter" in words(page)
    assert "Not known yet" not in words(page)


async def test_danger_that_reached_nobody_is_said_to_have_reached_nobody(stage: Stage) -> None:
    def nobody(work: Any) -> None:
        for channel in work.session.exec(_channels()).all():
            work.session.delete(channel)
        for identity in work.session.exec(select(Identity)).all():
            identity.address = {}

    await stage.do(nobody)
    card = await stage.says(AMINA, "report")
    card = await stage.presses(AMINA, card, "Next", {**PAGE_1, "danger": "yes"})
    assert "I could not reach anybody about the danger" in words(card)


async def test_danger_that_cannot_be_delivered_is_told_to_each_of_the_quality_team(stage: Stage) -> None:
    stage.out.failures.append(Refused("not_in_channel", final=True))
    card = await stage.says(AMINA, "report")
    await stage.presses(AMINA, card, "Next", {**PAGE_1, "danger": "yes"})
    await stage.settled()
    assert any(c.title == "Someone may be in danger now" for c in stage.private(LEAH))


async def test_an_amended_kind_of_event_calls_for_its_own_answers_and_drops_the_others(stage: Stage) -> None:
    await reported(stage)

    async def amend(key: str, value: object) -> None:
        choose = await stage.presses(LEAH, await opened(stage), "Amend")
        form = await stage.presses(LEAH, choose, "Go on", {"key": key})
        await stage.presses(LEAH, form, "Go on", {key: value, "why-amended": "We know more now."})

    await amend("event-type", "incident")
    await amend("affected", ["patient"])
    await amend("physical-harm", "severe")
    card = words(await opened(stage))
    assert "LFPSE code 2" in card
    assert "Duty of candour may apply" in card
    assert "could have led to serious injury" not in card
    await amend("event-type", "good-care")
    assert "LFPSE" not in words(await opened(stage))


async def test_what_a_colleague_amended_meanwhile_is_not_overwritten_unread(stage: Stage) -> None:
    await reported(stage)

    async def begin(name: str) -> Card:
        choose = await stage.presses(name, await opened(stage, name), "Amend")
        return await stage.presses(name, choose, "Go on", {"key": "what-happened"})

    async def send(name: str, form: Card, text: str) -> Card:
        return await stage.presses(name, form, "Go on", {"what-happened": text, "why-amended": "We know more now."})

    left_open = await begin(LEAH)
    await send(SANDEEP, await begin(SANDEEP), "Two syringe drivers were mixed up.")
    asked = await send(LEAH, left_open, "The driver was swapped.")
    assert "Sandeep Bhullar has changed this meanwhile. It says now: Two syringe drivers were mixed up." in words(asked)
    assert "Two syringe drivers" in words(await opened(stage))
    assert "The driver was swapped." in words(await send(LEAH, asked, "The driver was swapped."))


async def test_it_cannot_have_happened_after_it_was_reported(stage: Stage) -> None:
    await reported(stage)
    then = stage.now.astimezone(ZoneInfo("Europe/London"))
    stage.later(days=3)

    async def amend(day: datetime) -> str:
        choose = await stage.presses(LEAH, await opened(stage), "Amend")
        form = await stage.presses(LEAH, choose, "Go on", {"key": "when"})
        given = {"when": f"{day:%d %B %Y %H:%M}", "why-amended": "The day was wrong."}
        return words(await stage.presses(LEAH, form, "Go on", given))

    assert "That is after it was reported" in await amend(then + timedelta(days=1))
    assert "That is after it was reported" in await amend(then + timedelta(hours=1))
    assert "after it was reported" not in await amend(then - timedelta(hours=1))


async def test_a_case_from_datix_has_no_report_to_amend(stage: Stage) -> None:
    form = await stage.says(LEAH, "open datix W777")
    await stage.presses(LEAH, form, "Open the case", {"event-type": "risk", "when": "today", "service": "Podiatry"})
    assert "amend it there" in words(await stage.presses(LEAH, await opened(stage), "Amend"))


async def test_a_relatives_report_stays_with_the_quality_team_whatever_is_amended(stage: Stage) -> None:
    await reported(stage, relative="yes")
    choose = await stage.presses(LEAH, await opened(stage), "Amend")
    form = await stage.presses(LEAH, choose, "Go on", {"key": "event-type"})
    await stage.presses(LEAH, form, "Go on", {"event-type": "risk", "why-amended": "It was a risk."})
    await stage.settled()
    assert (await opened(stage, MARGUERITE)).title == "I could not do that"
    assert "syringe" not in words(stage.channel()[0])


async def test_joined_reports_are_told_along_the_chain_and_set_free_by_a_withdrawal(stage: Stage) -> None:
    for _ in range(3):
        await reported(stage)
    for one, other in (("PSI-2026-0001", "PSI-2026-0002"), ("PSI-2026-0002", "PSI-2026-0003")):
        form = await stage.presses(LEAH, await stage.says(LEAH, f"case {one}"), "Join with another")
        await stage.presses(LEAH, form, "Join them", {"into": other})
    last = await stage.says(LEAH, "case PSI-2026-0003")
    form = await stage.presses(LEAH, await stage.presses(LEAH, last, "I have read this"), "Close")
    await stage.presses(LEAH, form, "Close and tell reporter", {"outcome": "Stored apart."})
    await stage.settled()
    closed = [c.title for c in stage.private(AMINA) if "closed" in c.title]
    assert sorted(closed) == [f"PSI-2026-000{n} is closed: what changed" for n in (1, 2, 3)]


async def test_a_report_joined_with_a_withdrawn_one_is_looked_at_by_itself(stage: Stage) -> None:
    await reported(stage)
    await reported(stage)
    form = await stage.presses(LEAH, await stage.says(LEAH, "case PSI-2026-0002"), "Join with another")
    await stage.presses(LEAH, form, "Join them", {"into": "PSI-2026-0001"})
    form = await stage.presses(AMINA, await opened(stage, AMINA), "Withdraw it")
    await stage.presses(AMINA, form, "Withdraw it", {"why": None})
    assert "Reported, not read yet" in words(await stage.says(LEAH, "case PSI-2026-0002"))


async def test_a_deputy_is_told_when_set_and_when_not_any_more_and_only_once(stage: Stage) -> None:
    form = await stage.says(LEAH, "deputy")
    given = {"deputy": "Amina Yusuf", "from": "today", "until": "21 December 2026"}
    for _ in range(2):
        await stage.presses(LEAH, form, "Save", given)
    await stage.presses(LEAH, form, "Save", {"deputy": None, "from": None, "until": None})
    await stage.settled()
    titles = ["You stand in for a colleague", "You no longer stand in for a colleague"]
    assert [c.title for c in stage.private(AMINA)] == titles


async def test_a_deputy_whose_days_are_put_off_reads_which_they_were(stage: Stage) -> None:
    form = await stage.says(LEAH, "deputy")
    given = {"deputy": "Amina Yusuf", "from": "today", "until": "21 December 2026"}
    await stage.presses(LEAH, form, "Save", given)
    await stage.presses(LEAH, form, "Save", given | {"from": "1 December 2026"})
    await stage.settled()
    assert "with the same roles. It was from 20 November 2026 until 21 December 2026." in words(
        stage.private(AMINA)[-1]
    )


async def test_in_a_form_me_is_whoever_typed_it(stage: Stage) -> None:
    form = await stage.says(WEI, "deputy")
    given = {"whose": BRONWEN, "deputy": "Me", "from": "today", "until": "21 December 2026"}
    assert "Wei Chen stands in from 20 November 2026" in words(await stage.presses(WEI, form, "Save", given))
    own = words(await stage.presses(WEI, form, "Save", given | {"whose": "me"}))
    assert "Please name somebody else." in own


async def test_whose_deputy_somebody_else_sets_hears_of_it_and_whoever_set_it_what_it_replaces(stage: Stage) -> None:
    given = {"whose": BRONWEN, "deputy": "Carys Penhallow", "from": "1 December 2026", "until": "31 December 2026"}
    form = await stage.says(WEI, "deputy")
    await stage.presses(WEI, form, "Save", given)
    short = given | {"deputy": "Amina Yusuf", "from": "10 December 2026", "until": "12 December 2026"}
    saved = words(await stage.presses(WEI, form, "Save", short))
    assert "That is instead of Carys Penhallow, from 1 December 2026 until 31 December 2026." in saved
    await stage.presses(WEI, form, "Save", given | {"deputy": None, "from": None, "until": None})
    await stage.settled()
    heard = [words(card) for card in stage.private(BRONWEN) if card.title == "Who stands in for you"]
    assert "Wei Chen has saved that Carys Penhallow stands in for you from 1 December" in heard[0]
    assert "Amina Yusuf stands in for you from 10 December 2026 until 12 December 2026, both included" in heard[1]
    assert "nobody stands in for you any more" in heard[2]


async def test_a_second_leave_does_not_end_the_one_that_goes_on(stage: Stage) -> None:
    form = await stage.says(LEAH, "deputy")
    now = {"deputy": "Carys Penhallow", "from": "today", "until": "27 November 2026"}
    christmas = {"deputy": "Carys Penhallow", "from": "21 December 2026", "until": "31 December 2026"}
    await stage.presses(LEAH, form, "Save", now)
    saved = await stage.presses(LEAH, form, "Save", christmas)
    assert "Carys Penhallow also stands in from 20 November 2026 until 27 November 2026." in words(saved)
    await reported(stage, place=None)
    assert "I have read this" in words(await stage.says("Carys Penhallow", "overdue"))
    assert "already" in words(await stage.presses(LEAH, form, "Save", now))
    other = {"deputy": "Amina Yusuf", "from": "today", "until": "23 November 2026"}
    await stage.presses(LEAH, form, "Save", other)
    assert "I have read this" not in words(await stage.says("Carys Penhallow", "overdue")), "of the same days: one"
    await stage.presses(LEAH, form, "Save", {"deputy": None, "from": None, "until": None})
    await stage.settled()
    last = {name: stage.private(name)[-1].title for name in ("Amina Yusuf", "Carys Penhallow")}
    assert set(last.values()) == {"You no longer stand in for a colleague"}


async def test_of_a_case_that_is_restricted_later_the_leads_channel_no_longer_says_the_service(stage: Stage) -> None:
    await stage.says(WEI, "use this channel for leads", channel="leads")
    await reported(stage)
    for _ in range(5 * 12):
        stage.later(hours=2)
        await stage.tick()
    lists = [words(card) for card in stage.channel("leads") if "PSI-2026-0001" in words(card)]
    assert lists
    assert all("Community Nursing" in said for said in lists)
    await stage.presses(LEAH, await opened(stage), "Restrict")
    await stage.settled()
    now = [words(card) for card in stage.channel("leads") if "PSI-2026-0001" in words(card)]
    assert len(now) == len(lists)
    assert not any("Community Nursing" in said for said in now)


async def test_everything_on_a_full_list_is_there_with_its_buttons_on_slack(stage: Stage) -> None:
    for _ in range(10):
        await reported(stage, colleagues="Dr Xylo Smith")
    card = await stage.says(LEAH, "overdue")
    message = blockkit.message(card)
    assert slack_problems(message) == []
    assert "There is more than can be shown here" not in str(message)
    assert str(message).count("PSI-2026-00") >= 8


async def test_whoever_owned_a_case_hears_that_somebody_else_does(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(LEAH, await opened(stage), "I have read this")
    form = await stage.presses(SANDEEP, await opened(stage, SANDEEP), "Set the owner")
    await stage.presses(SANDEEP, form, "Make them the owner", {"owner": SANDEEP})
    await stage.settled()
    told = stage.private(LEAH)[-1]
    assert told.title == "PSI-2026-0001 has another owner"
    assert "Sandeep Bhullar owns it now" in words(told)
    assert "another owner" not in " ".join(card.title for card in stage.private(SANDEEP))
