"""Several reports of one event that were joined: everybody named in them hears of the review once, and of its end."""

from typing import Any

import pytest
from responses import (
    AMINA,
    BRONWEN,
    CARYS,
    CLOSE,
    LEAH,
    NIAMH,
    SANDEEP,
    START,
    TOMASZ,
    approved,
    case_in,
    lead_by,
    named,
    press,
    read_case,
    started,
)
from sqlmodel import col, select
from test_reporting import near_miss

from psirf_bot.cards.model import Card
from psirf_bot.casework import cases, news, people, response, support
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Pressed
from psirf_bot.casework.work import Work
from psirf_bot.store.tables import Deadline, Person, SupportNeed
from stage import Stage, shown, words

ENDED = {"day": "2026-11-20", "missing": None}
PLEASE_TELL = "Please tell Tomasz Zielinski that a review starts"


def reference(number: int) -> str:
    return f"PSI-2026-{number:04d}"


async def report(stage: Stage, **answers: Any) -> None:
    """A near miss; whoever it names is checked on by their line manager."""
    card = await near_miss(stage, AMINA, second=answers)
    while "Send the report" not in [button.label for button in card.all_buttons()]:
        given = {i.id: "" if i.id.endswith("/who") else "line-manager" for i in card.inputs()}
        card = await stage.presses(AMINA, card, "Next", given)
    await stage.presses(AMINA, card, "Send the report")
    await stage.settled()


async def on(stage: Stage, number: int, name: str, verb: str, given: dict[str, Any] | None = None) -> Card:
    """Press what this verb stands for, on the case with this number."""

    def action(work: Work) -> str:
        return action_id(work, verb, case=cases.by_reference(work, reference(number)))

    card = shown(await stage.turn(name, Pressed(await stage.do(action), given or {})))
    await stage.settled()
    return card


async def join(stage: Stage, number: int, into: int) -> Card:
    return await on(stage, number, LEAH, "case.merge", {"into": reference(into)})


async def told(stage: Stage) -> list[str]:
    await stage.tick()
    return [card.title for card in stage.private(CARYS)]


async def checks(stage: Stage) -> list[str]:
    """The checks on staff in a review whose clocks run."""

    def found(work: Work) -> list[str]:
        rules = ("support.review-starts", "support.ongoing", "support.review-ended")
        theirs = select(Deadline.rule).where(col(Deadline.rule).in_(rules), col(Deadline.state) == "open")
        return sorted(work.session.exec(theirs).all())

    running: list[str] = await stage.do(found)
    return running


async def test_staff_of_a_report_that_came_through_another_hear_that_a_review_starts(stage: Stage) -> None:
    await report(stage, colleagues=TOMASZ)
    await report(stage)
    await join(stage, 1, into=2)
    await report(stage)
    await on(stage, 3, LEAH, "case.read")
    await stage.do(lambda work: _approve(work, 3))
    await join(stage, 2, into=3)
    assert PLEASE_TELL in await told(stage)


def _approve(work: Work, number: int) -> None:
    case = cases.by_reference(work, reference(number))
    assert case
    chair = work.session.exec(select(Person).where(Person.name == SANDEEP)).one()
    response.decide(work, case, "mdt", people.member(work, chair))


async def test_somebody_named_in_both_is_asked_about_once_and_never_after_the_end(stage: Stage) -> None:
    await report(stage, colleagues=TOMASZ)
    await press(stage, LEAH, "case.read")
    await approved(stage)
    await named(stage)
    await lead_by(stage, NIAMH)
    await report(stage, colleagues=TOMASZ)
    await join(stage, 2, into=1)
    assert (await told(stage)).count(PLEASE_TELL) == 1
    await press(stage, NIAMH, "response.start", START)
    await press(stage, NIAMH, "response.end", ENDED)
    assert await checks(stage) == ["support.review-ended"]
    await press(stage, LEAH, "case.close", CLOSE)
    before = len(stage.private(CARYS))
    stage.later(days=31)
    assert not any("goes on" in title for title in (await told(stage))[before:])


async def test_a_report_joined_after_the_end_opens_no_check_on_a_review_that_is_over(stage: Stage) -> None:
    await started(stage)
    await press(stage, NIAMH, "response.end", ENDED)
    await report(stage, colleagues=TOMASZ)
    await join(stage, 2, into=1)
    assert PLEASE_TELL not in await told(stage)
    assert await checks(stage) == []


async def test_closed_before_it_started_opened_again_and_decided_again_staff_are_told_after_all(stage: Stage) -> None:
    await report(stage, colleagues=TOMASZ)
    await press(stage, LEAH, "case.read")
    await approved(stage)
    await press(stage, LEAH, "case.close", CLOSE)
    assert await checks(stage) == []
    await press(stage, LEAH, "case.reopen")
    await approved(stage)
    assert PLEASE_TELL in await told(stage)
    needs: list[SupportNeed] = await stage.do(lambda work: list(work.session.exec(select(SupportNeed))))
    [why] = await stage.do(lambda work: [support.staff_contact_gate(work, need) for need in needs])
    assert "They have been asked to" in why


async def test_a_report_that_names_the_lead_is_not_joined_before_somebody_else_leads(stage: Stage) -> None:
    await started(stage)
    await report(stage, colleagues=NIAMH)
    assert "Please choose another lead there first" in words(await join(stage, 2, into=1))
    await lead_by(stage, "Callum Strachan")
    await join(stage, 2, into=1)
    assert "Joined with another report" in words(await on(stage, 2, LEAH, "case.show"))


async def test_contact_can_be_agreed_with_somebody_named_in_a_joined_report_alone(stage: Stage) -> None:
    await read_case(stage)
    await report(stage, colleagues=TOMASZ)
    await join(stage, 2, into=1)
    await approved(stage)
    await named(stage)
    await lead_by(stage, NIAMH)
    assert TOMASZ in words(await press(stage, NIAMH, "contact.agree"))


async def test_whoever_reported_it_too_can_add_to_it_and_the_owner_of_the_whole_hears_of_it(stage: Stage) -> None:
    for _ in range(2):
        await report(stage)
    await on(stage, 1, LEAH, "case.read")
    await join(stage, 2, into=1)
    shown_ = await on(stage, 2, AMINA, "case.show")
    form = await stage.presses(AMINA, shown_, "Add to it")
    assert "The label was torn." in words(
        await stage.presses(AMINA, form, "Add this", {"addition": "The label was torn."})
    )
    await stage.settled()
    news_ = stage.private(LEAH)[-1]
    assert news_.title == "PSI-2026-0002 was added to"
    assert "It is looked at together with PSI-2026-0001." in words(news_)
    assert "The label was torn." in words(await stage.presses(LEAH, news_, "Open the case"))


async def test_an_involved_reporter_is_not_told_that_an_open_case_is_closed(stage: Stage) -> None:
    await report(stage, involved="yes")
    await press(stage, LEAH, "case.read")
    await approved(stage)
    [need] = await stage.do(lambda work: list(work.session.exec(select(SupportNeed))))
    await stage.do(lambda work: _spoken_to(work, need.id))
    await stage.settled()
    assert not any("is closed" in card.title for card in stage.private(AMINA))
    await press(stage, LEAH, "case.close", CLOSE)
    assert any("is closed" in card.title for card in stage.private(AMINA))


def _spoken_to(work: Work, need_id: str) -> None:
    need = work.session.get_one(SupportNeed, need_id)
    need.checked_at = work.now
    work.session.add(need)
    work.session.flush()
    news.spoken_to(work, case_in(work), need.person_id)


@pytest.mark.parametrize("read", [True, False])
async def test_set_free_by_a_withdrawal_it_stands_where_it_stood_and_nobody_is_late(stage: Stage, read: bool) -> None:
    await report(stage)
    await report(stage)
    if read:
        await on(stage, 2, LEAH, "case.read")
    await join(stage, 2, into=1)
    stage.later(days=21)
    await on(stage, 1, AMINA, "case.withdraw", {"why": None})

    def clocks(work: Work) -> dict[str, str]:
        case = cases.by_reference(work, reference(2))
        assert case
        theirs = select(Deadline).where(Deadline.case_id == case.id, Deadline.state == "open")
        return {d.rule: d.due_local[:10] for d in work.session.exec(theirs)}

    running = await stage.do(clocks)
    assert running.get("panel.opened" if read else "report.read", "") > "2026-12-11"
    assert ("report.read" in running) is not read
    assert running["datix.entered"] > "2026-12-11"


async def test_a_report_that_was_joined_is_as_restricted_as_the_whole(stage: Stage) -> None:
    await report(stage)
    await report(stage)
    assert "syringe" in words(await stage.says(BRONWEN, f"case {reference(2)}"))
    await on(stage, 2, LEAH, "case.merge", {"into": reference(1)})
    await press(stage, LEAH, "case.restrict", on="yes")
    for number in (1, 2):
        assert "syringe" not in words(await stage.says(BRONWEN, f"case {reference(number)}"))
        assert "syringe" in words(await stage.says(AMINA, f"case {reference(number)}"))
    assert "Only the quality team and the reporter" in words(await stage.says(LEAH, f"case {reference(2)}"))
    await press(stage, LEAH, "case.restrict", on="no")
    assert "syringe" in words(await stage.says(BRONWEN, f"case {reference(2)}"))


async def test_a_restriction_on_the_way_stays_when_that_report_is_joined_with_an_open_one(stage: Stage) -> None:
    for _ in range(3):
        await report(stage)
    await join(stage, 3, into=1)
    await press(stage, LEAH, "case.restrict", on="yes")
    await join(stage, 1, into=2)
    for number in (1, 3):
        assert "syringe" not in words(await stage.says(BRONWEN, f"case {reference(number)}"))
    assert "syringe" in words(await stage.says(BRONWEN, f"case {reference(2)}"))


async def test_the_channel_keeps_them_as_close_when_the_whole_is_joined_with_a_restricted_one(stage: Stage) -> None:
    for _ in range(3):
        await report(stage)

    def restrict(work: Work) -> None:
        case = cases.by_reference(work, reference(3))
        assert case
        case.restricted = True

    await stage.do(restrict)
    await join(stage, 2, into=1)
    await join(stage, 1, into=3)
    await stage.settled()
    assert not [card.title for card in stage.channel() if "syringe" in words(card)]


async def test_the_channel_keeps_the_words_of_a_joined_report_as_close_as_the_whole(stage: Stage) -> None:
    await report(stage)
    await report(stage)
    await join(stage, 2, into=1)
    await press(stage, LEAH, "case.restrict", on="yes")
    await stage.settled()
    assert not [card.title for card in stage.channel() if "syringe" in words(card)]
    await press(stage, LEAH, "case.restrict", on="no")
    await stage.settled()
    assert len([card for card in stage.channel() if "syringe" in words(card)]) == 2


async def test_whoever_opens_the_whole_reads_which_reports_were_joined_with_it(stage: Stage) -> None:
    for _ in range(3):
        await report(stage)
    await join(stage, 2, into=1)
    await join(stage, 3, into=1)
    assert "Reports joined with it: PSI-2026-0002, PSI-2026-0003" in words(await on(stage, 1, LEAH, "case.show"))
    assert "joined with" not in words(await on(stage, 1, CARYS, "case.show")), "of those that they may open"


async def test_the_datix_number_of_a_report_that_was_joined_is_the_number_of_the_whole(stage: Stage) -> None:
    for _ in range(2):
        await report(stage)
    await on(stage, 2, AMINA, "case.datix", {"datix-number": "W12345"})
    await join(stage, 2, into=1)
    assert "on Datix as W12345" in words(await on(stage, 1, AMINA, "case.datix", {"datix-number": "W12345"}))
    assert (await stage.says(LEAH, "case W12345")).title.startswith(reference(1))


async def test_for_one_talk_nobody_is_asked_twice(stage: Stage) -> None:
    for _ in range(2):
        await report(stage, colleagues=TOMASZ)
    await join(stage, 2, into=1)
    await stage.tick()
    [asked] = stage.private(CARYS)
    await stage.presses(CARYS, asked, "I have spoken to them")
    stage.later(days=4)
    await stage.tick()
    assert {card.title for card in stage.private(CARYS)} == {"Thank you for checking"}


async def test_whose_card_went_with_a_report_that_was_withdrawn_is_asked_by_the_other(stage: Stage) -> None:
    for _ in range(2):
        await report(stage, colleagues=TOMASZ)
    await join(stage, 2, into=1)
    await stage.tick()
    await on(stage, 1, AMINA, "case.withdraw", {"why": None})
    stage.later(days=3)
    await stage.tick()
    assert stage.private(CARYS)[0].title == "This check is no longer needed"
    assert stage.private(CARYS)[-1].title == f"Please check how {TOMASZ} is"


async def test_whoever_reported_it_too_finds_what_came_of_it_in_their_report(stage: Stage) -> None:
    for _ in range(2):
        await report(stage)
    await on(stage, 1, LEAH, "case.read")
    await join(stage, 2, into=1)
    await on(stage, 1, LEAH, "case.close", {"outcome": "Drivers are now stored apart."})
    assert "Drivers are now stored apart." in words(await on(stage, 2, AMINA, "case.show"))
    await on(stage, 1, LEAH, "case.reopen")
    assert "stored apart" not in words(await on(stage, 2, AMINA, "case.show"))


async def test_a_talk_that_was_passed_on_is_passed_on_in_every_report_of_the_event(stage: Stage) -> None:
    for _ in range(2):
        await report(stage, colleagues=TOMASZ)
    await join(stage, 2, into=1)
    await stage.tick()
    form = await stage.presses(CARYS, stage.private(CARYS)[0], "Someone else should do this")
    await stage.presses(CARYS, form, "Pass it on", {"reason": "away", "who": NIAMH})
    stage.later(days=3)
    await stage.tick()
    assert {card.title for card in stage.private(CARYS)} == {"Passed to somebody else", "Thank you for saying so"}
    asked = [card for card in stage.private(NIAMH) if card.title == f"Please check how {TOMASZ} is"]
    assert len(asked) == 1, "and the one before has become a line that says so"
