"""The same thing again, and things going wrong: one turn, one answer, and a kind word with a reference."""

import asyncio
import re

import pytest
from slack_office import CASE, FORM, THANKS, RecordingDesk, deliver_event, open_form, posted

from fakes.slack import FakeSlack, Fault, Person
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Reply


async def test_five_deliveries_at_once_are_one_turn_with_one_answer(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    desk.reply = Reply(card=THANKS)
    await ada.slash("/psirf", "help")
    desk.reply = Reply(card=FORM)
    await ada.slash("/psirf", "report")
    again = fake.sent[-1]
    desk.done.clear()
    answers = await asyncio.gather(*(fake.deliver(again.body, again.headers) for _ in range(5)))
    await adapter.stop()
    assert [answer.status for answer in answers] == [200] * 5
    assert desk.done == []
    assert fake.server.attempts["views.open"] == 1


async def test_five_first_deliveries_of_words_are_noticed_once(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    desk.reply = Reply(notice="Not saved yet.")
    statuses = await asyncio.gather(*(deliver_event(fake) for _ in range(5)))
    await fake.until(lambda: fake.messages("U0ADA"))
    await adapter.stop()
    assert statuses == [200] * 5
    assert len(desk.deliveries) == 5
    assert len(desk.done) == 1
    assert len(fake.messages("U0ADA")) == 1


async def test_nothing_is_acknowledged_before_it_is_committed(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    desk.reply, desk.slow = Reply(), asyncio.Event()
    told = [asyncio.create_task(ada.dm("report")), asyncio.create_task(fake.person("U0BEN").slash("/psirf", "help"))]
    await fake.until(lambda: len(desk.deliveries) == 2)
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in told)
    desk.slow.set()
    for task in told:
        answer = await task
        assert answer
        assert answer.status == 200


SECRET = "Mrs Example fell, NHS number 943 476 5919"


def reference_in(text: str) -> str:
    found = re.search(r"Reference ([A-Z2-9]{6})$", text)
    assert found, text
    return found[1]


async def test_a_failure_on_our_side_keeps_the_form_and_gives_a_reference(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, caplog: pytest.LogCaptureFixture
) -> None:
    await open_form(ada, fake)
    desk.failing = ValueError(SECRET)
    answer = await ada.submit_view({"In your own words": SECRET})
    assert answer
    assert answer.status == 200
    said = ada.view_errors["what"]
    assert said.startswith("Sorry, something went wrong on our side. Your words are still in the form.")
    assert reference_in(said) in caplog.text
    assert "943 476" not in caplog.text


async def test_a_failure_on_our_side_is_told_wherever_it_happens(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, caplog: pytest.LogCaptureFixture
) -> None:
    await open_form(ada, fake)
    form = ada.open_view
    message = await posted(fake, adapter, {"user": "U0ADA"}, CASE)
    desk.failing = ValueError(SECRET)
    await ada.press("Back")
    await fake.until(lambda: ada.open_view is not form)
    await ada.press("I have read this", message=message)
    await ada.slash("/psirf", "report")
    await fake.until(lambda: len(ada.ephemerals) == 2)
    await ada.dm("report")
    await fake.until(lambda: len(fake.messages("U0ADA")) == 2)
    assert ada.open_view
    pushed = ada.open_view.words.splitlines()[-1]
    told = [pushed, *(m.words for m in ada.ephemerals), fake.messages("U0ADA")[-1].words]
    assert len({reference_in(words) for words in told}) == 4
    assert all(reference_in(words) in caplog.text for words in told)
    assert "Example" not in caplog.text


async def test_a_failure_after_the_acknowledgement_is_told_too(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(card: Card) -> None:
        raise KeyError(card.title)

    monkeypatch.setattr("psirf_bot.adapters.slack.screen._modal", broken)
    answer = await ada.slash("/psirf", "report")
    (message,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert answer.body == ""
    assert reference_in(message.words)


async def test_stop_waits_for_what_is_under_way(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    fake.fail_next("views.open", Fault.slow(0.1), Fault.slow(0.1))
    await asyncio.gather(ada.slash("/psirf", "report"), fake.person("U0BEN").slash("/psirf", "report"))
    await adapter.stop(grace=1.0)
    assert ada.open_view
    assert fake.open_view("U0BEN")
    late = await ada.slash("/psirf", "report")
    assert late.status == 503
    assert len(desk.deliveries) == 2


async def test_stop_does_not_wait_for_ever(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    desk.slow = asyncio.Event()
    hanging = asyncio.create_task(ada.slash("/psirf", "report"))
    await fake.until(lambda: desk.deliveries)
    async with asyncio.timeout(0.5):
        await adapter.stop(grace=0.05)
    assert (await hanging).status == 500
