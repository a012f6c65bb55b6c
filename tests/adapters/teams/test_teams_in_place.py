"""A card that was shown in place of a message goes into the message as it was shown, and any other card as it is."""

import asyncio

import pytest
from teams_stage import FORM, SAVED, RecordingDesk, address_of

from fakes.teams import FakeTeams, Person
from psirf_bot.adapters.teams import answers
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.adapters.teams.in_place import InPlace
from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Reply

HERE, ELSEWHERE = ("a:1", "17"), ("a:2", "17")


def from_the_outbox(card: Card) -> Card:
    return Card.model_validate_json(card.model_dump_json())


async def test_the_edit_shows_what_the_answer_showed_without_rendering_it_again() -> None:
    in_place = InPlace()
    first = in_place.first(HERE, SAVED)
    assert first == answers.rendered(SAVED)
    assert in_place.again(HERE, from_the_outbox(SAVED)) is first
    again = in_place.again(HERE, SAVED)
    assert again == first
    assert again is not first  # it was let go with the edit


async def test_a_card_whose_edit_never_comes_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psirf_bot.adapters.teams.in_place.KEPT", 0)
    in_place = InPlace()
    first = in_place.first(HERE, SAVED)
    await asyncio.sleep(0.01)
    assert in_place.again(HERE, SAVED) is not first


async def test_the_end_of_one_answers_time_lets_no_later_answer_go(monkeypatch: pytest.MonkeyPatch) -> None:
    in_place = InPlace()
    with monkeypatch.context() as soon:
        soon.setattr("psirf_bot.adapters.teams.in_place.KEPT", 0)
        in_place.first(HERE, SAVED)
    later = in_place.first(HERE, SAVED)
    await asyncio.sleep(0.01)
    assert in_place.again(HERE, SAVED) is later


async def test_another_card_and_another_message_are_rendered_for_themselves() -> None:
    in_place = InPlace()
    in_place.first(HERE, SAVED)
    assert in_place.again(ELSEWHERE, FORM) == answers.rendered(FORM)
    assert in_place.again(HERE, FORM) == answers.rendered(FORM)


async def test_an_edit_need_not_be_what_was_shown(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    desk.answer = Reply(card=FORM)
    await adapter.send(address_of(fake, ada), FORM, "key")
    [message] = fake.messages(ada.chat)
    await ada.press("Send", inputs={"What happened? (optional)": "A near miss"})
    await adapter.update(address_of(fake, ada), message.id, SAVED)
    assert "Saved as PSI-2026-0001." in ada.reads(message)
