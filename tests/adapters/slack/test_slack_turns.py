"""What people do in Slack becomes what the desk is brought, and its answer is what they see."""

import asyncio
import re

import pytest
from slack_office import CASE, CHECK, FORM, THANKS, RecordingDesk

from fakes.slack import Channel, FakeSlack, Fault, Message, Person
from psirf_bot.adapters.slack import SlackAdapter, words
from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Actor, Place, Pressed, Reply, Said

ADA = Actor(platform="slack", team="T0FENMARSH", user="U0ADA", name="Ada Field", email="ada.field@fenmarsh.example")
WITH_ADA = Place(conversation="U0ADA", private=True, address={"user": "U0ADA"})


async def posted(fake: FakeSlack, adapter: SlackAdapter, to: dict[str, str], card: Card) -> Message:
    """A message of the bot's that stands in a conversation."""
    ts = await adapter.send(to, card, "k-earlier")
    return next(m for m in fake.messages(next(iter(to.values()))) if m.ts == ts)


async def open_form(ada: Person, fake: FakeSlack) -> None:
    await ada.slash("/psirf", "report")
    await fake.until(lambda: ada.open_view)


# A slash command


async def test_a_command_is_brought_as_words_said_in_private(
    ada: Person, desk: RecordingDesk, quality: Channel
) -> None:
    await ada.slash("/psirf", "find falls &amp; trips ", channel=quality.id)
    assert desk.last.actor == ADA
    assert desk.last.place == WITH_ADA
    assert desk.last.what == Said("find falls & trips")
    assert re.fullmatch(r"slack:cmd:\S+", desk.last.key)


async def test_a_form_opens_as_a_modal(ada: Person, fake: FakeSlack) -> None:
    answer = await ada.slash("/psirf", "report")
    assert (answer.status, answer.body) == (200, "")
    view = await fake.until(lambda: ada.open_view)
    assert view.title == "Report"
    assert not fake.refusals


async def test_a_card_without_inputs_is_shown_to_that_person_alone(
    ada: Person, desk: RecordingDesk, fake: FakeSlack, quality: Channel
) -> None:
    desk.reply = Reply(card=CASE)
    await ada.slash("/psirf", "case PSI-2026-0001", channel=quality.id)
    (shown,) = ada.ephemerals
    assert "Somebody tripped" in shown.words
    assert fake.conversation(quality.id) == []


async def test_a_notice_is_shown_literally_to_that_person_alone(ada: Person, desk: RecordingDesk) -> None:
    desk.reply = Reply(notice="Nothing is called <b> & *c*.")
    await ada.slash("/psirf", "find b")
    (shown,) = ada.ephemerals
    assert shown.words == "Nothing is called <b> & *c*."
    assert shown.text == "Nothing is called &lt;b&gt; &amp; *c*."


async def test_nothing_to_show_is_an_empty_answer(ada: Person, desk: RecordingDesk) -> None:
    desk.reply = Reply()
    answer = await ada.slash("/psirf", "report")
    assert (answer.body, ada.saw_error, ada.ephemerals) == ("", "", [])


@pytest.mark.parametrize(
    "fault", [Fault.refused("expired_trigger_id"), Fault.throttled(), Fault.failing(), Fault.hang(), Fault.drop()]
)
async def test_a_form_that_cannot_be_opened_comes_as_a_message_that_opens_it(
    ada: Person, fake: FakeSlack, fault: Fault
) -> None:
    fake.fail_next("views.open", fault)
    await ada.slash("/psirf", "report")
    (message,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert message.buttons == ["Open the form"]
    await ada.press("Open the form", message=message)
    assert await fake.until(lambda: ada.open_view)


async def test_a_trigger_that_another_delivery_has_used_is_no_reason_for_a_second_form(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter
) -> None:
    fake.fail_next("views.open", Fault.refused("exchanged_trigger_id"))
    await ada.slash("/psirf", "report")
    await adapter.stop()
    assert fake.messages("U0ADA") == []


async def test_a_card_too_strange_for_slack_still_says_its_preview(ada: Person, desk: RecordingDesk) -> None:
    desk.reply = Reply(card=CASE.model_copy(update={"buttons": CASE.buttons * 700}))
    await ada.slash("/psirf", "case PSI-2026-0001")
    (shown,) = ada.ephemerals
    assert shown.words == CASE.preview


# A modal


async def test_a_submission_brings_the_action_and_what_was_given(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    await ada.submit_view({"In your own words": "A fall on the ward"})
    assert desk.last.what == Pressed("a-next", {"what": "A fall on the ward", "more": None})
    assert desk.last.place == WITH_ADA
    assert desk.last.key.startswith("slack:view:")


async def test_the_next_card_takes_the_place_of_the_one_submitted(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(card=CHECK, notice="Please read it once more.")
    await ada.submit_view({"In your own words": "A fall"})
    assert ada.open_view
    assert "A fall on the ward" in ada.open_view.words
    assert "Please read it once more." in ada.open_view.words
    assert ada.open_view.content["close"]["text"] == "Close"  # it is not done yet: there is something to press
    assert "submit" not in ada.open_view.content


async def test_the_last_card_ends_in_done(ada: Person, fake: FakeSlack, desk: RecordingDesk) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(card=THANKS)
    await ada.submit_view({"In your own words": "A fall"})
    assert ada.open_view
    assert ada.open_view.content["close"]["text"] == "Done"


async def test_a_notice_stands_under_the_first_input_and_the_words_stay(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(notice="Not saved yet, please press again.")
    await ada.submit_view({"In your own words": "A fall"})
    assert ada.view_errors == {"what": "Not saved yet, please press again."}
    assert ada.open_view
    assert ada.open_view.typed["what", "value"]["value"] == "A fall"


async def test_a_notice_about_a_view_without_inputs_is_laid_upon_it(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    asks = FORM.model_copy(update={"body": FORM.body[:1]})
    await open_form(ada, fake)
    desk.reply = Reply(card=asks)
    await ada.submit_view({"In your own words": "A fall"})
    desk.reply = Reply(notice="Not saved yet, please press again.")
    await ada.submit_view()
    assert ada.open_view
    assert "Not saved yet, please press again." in ada.open_view.words
    await ada.close_view()
    assert ada.open_view
    assert ada.open_view.title == "Report"


async def test_nothing_more_to_show_closes_the_modal(ada: Person, fake: FakeSlack, desk: RecordingDesk) -> None:
    await open_form(ada, fake)
    desk.reply = Reply()
    await ada.submit_view({"In your own words": "A fall"})
    assert ada.open_view is None


async def test_a_press_in_a_modal_brings_what_is_typed_and_turns_the_page(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    ada.fill({"In your own words": "Half a sen"})
    desk.reply = Reply(card=CHECK)
    await ada.press("Back")
    assert desk.last.what == Pressed("a-back", {"what": "Half a sen", "more": None})
    assert desk.last.place == WITH_ADA
    assert desk.last.key.startswith("slack:act:")
    await fake.until(lambda: ada.open_view and ada.open_view.title == "Check your answers")
    assert not fake.refusals


async def test_a_page_that_changed_meanwhile_is_turned_all_the_same(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(card=CHECK)
    fake.fail_next("views.update", Fault.refused("hash_conflict"))
    await ada.press("Back")
    await fake.until(lambda: ada.open_view and ada.open_view.title == "Check your answers")


async def test_a_page_that_cannot_be_turned_comes_as_a_message(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(card=CHECK)
    fake.fail_next("views.update", Fault.failing(503))
    await ada.press("Back")
    (message,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert message.buttons == ["Send"]


async def test_a_notice_about_a_press_in_a_modal_leaves_the_typed_words_alone(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    form = ada.open_view
    ada.fill({"In your own words": "Half a sen"})
    desk.reply = Reply(notice="Not saved yet, please press again.")
    await ada.press("Back")
    await fake.until(lambda: ada.open_view is not form)
    assert ada.open_view
    assert "Not saved yet, please press again." in ada.open_view.words
    await ada.close_view()
    assert ada.open_view is form
    assert form.typed["what", "value"]["value"] == "Half a sen"


async def test_a_notice_that_cannot_be_laid_upon_the_modal_is_sent(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply(notice="Not saved yet, please press again.")
    fake.fail_next("views.push", Fault.refused("push_limit_reached"))
    await ada.press("Back")
    (message,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert message.words == "Not saved yet, please press again."


async def test_a_press_whose_answer_travels_by_itself_says_so_in_the_modal(
    ada: Person, fake: FakeSlack, desk: RecordingDesk
) -> None:
    await open_form(ada, fake)
    desk.reply = Reply()
    await ada.press("Cancel")
    await fake.until(lambda: ada.open_view and words.SENT in ada.open_view.words)


# A message


async def test_a_press_in_a_direct_message_changes_that_message(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    message = await posted(fake, adapter, {"user": "U0ADA"}, CASE)
    desk.reply = Reply(card=THANKS)
    await ada.press("I have read this", message=message)
    assert desk.last.what == Pressed("a-read", {})
    assert desk.last.place == Place(conversation="U0ADA", private=True, message=message.ts, address={"user": "U0ADA"})
    await fake.until(lambda: "PSI-2026-0001" in message.words and not message.buttons)
    assert len(fake.messages("U0ADA")) == 1
    assert ada.ephemerals == []


async def test_a_press_in_a_channel_is_answered_beside_it_to_that_person_alone(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, quality: Channel
) -> None:
    message = await posted(fake, adapter, {"channel": quality.id}, CASE)
    desk.reply = Reply(card=THANKS)
    await ada.press("I have read this", message=message)
    assert desk.last.place == Place(
        conversation=quality.id, private=False, message=message.ts, address={"channel": quality.id}
    )
    (shown,) = await fake.until(lambda: ada.ephemerals)
    assert (shown.channel, shown.edits) == (quality.id, 0)
    assert "Saved as PSI-2026-0001" in shown.words
    assert message.edits == 0


async def test_a_form_after_a_press_in_a_channel_opens_as_a_modal(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, quality: Channel
) -> None:
    message = await posted(fake, adapter, {"channel": quality.id}, CASE)
    await ada.press("I have read this", message=message)
    assert await fake.until(lambda: ada.open_view)
    assert message.edits == 0


@pytest.mark.parametrize("where", ["C0QUALITY", "U0ADA"])
async def test_a_notice_after_a_press_is_for_that_person_alone(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, quality: Channel, where: str
) -> None:
    message = await posted(fake, adapter, {"user" if where == "U0ADA" else "channel": where}, CASE)
    desk.reply = Reply(notice="Somebody else has read it already.")
    await ada.press("I have read this", message=message)
    (shown,) = await fake.until(lambda: ada.ephemerals)
    assert shown.words == "Somebody else has read it already."
    assert message.edits == 0


async def test_what_cannot_be_shown_beside_a_message_is_sent(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, quality: Channel
) -> None:
    message = await posted(fake, adapter, {"channel": quality.id}, CASE)
    fake.fail_next("chat.postEphemeral", Fault.refused("user_not_in_channel"))
    desk.reply = Reply(card=THANKS)
    await ada.press("I have read this", message=message)
    (sent,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert "Saved as PSI-2026-0001" in sent.words


async def test_a_message_that_cannot_be_changed_is_answered_beside(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    message = await posted(fake, adapter, {"user": "U0ADA"}, CASE)
    fake.fail_next("chat.update", Fault.refused("edit_window_closed"))
    desk.reply = Reply(card=THANKS)
    await ada.press("I have read this", message=message)
    assert await fake.until(lambda: ada.ephemerals)


async def test_a_press_in_an_ephemeral_card_is_private_and_replaces_it(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, quality: Channel
) -> None:
    desk.reply = Reply(card=CASE)
    await ada.slash("/psirf", "case PSI-2026-0001", channel=quality.id)
    (shown,) = ada.ephemerals
    desk.reply = Reply(card=THANKS)
    await ada.press("I have read this", message=shown)
    assert desk.last.place == WITH_ADA  # there is no such message to come back to later
    await fake.until(lambda: shown.edits)
    assert "Saved as PSI-2026-0001" in shown.words
    assert ada.ephemerals == [shown]


async def test_an_ephemeral_card_that_cannot_be_replaced_is_answered_beside(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, quality: Channel
) -> None:
    desk.reply = Reply(card=CASE)
    await ada.slash("/psirf", "case PSI-2026-0001", channel=quality.id)
    fake.fail_next("response_url", Fault.failing(500))
    desk.reply = Reply(card=THANKS)
    await ada.press("I have read this", message=ada.ephemerals[0])
    await fake.until(lambda: len(ada.ephemerals) == 2)


async def test_opening_a_link_is_nothing_for_the_desk(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    message = await posted(fake, adapter, {"user": "U0ADA"}, CASE)
    answer = await ada.press("Guidance", message=message)
    assert answer.status == 200
    assert desk.deliveries == []


# Words in a conversation


async def test_words_in_a_direct_message_are_brought_as_they_were_typed(ada: Person, desk: RecordingDesk) -> None:
    desk.reply = Reply()
    answer = await ada.dm("find <b> & ada.field@fenmarsh.example https://guide.example/a?b=1")
    assert answer
    assert answer.status == 200
    assert desk.last.what == Said("find <b> & ada.field@fenmarsh.example https://guide.example/a?b=1")
    assert desk.last.place == Place(conversation="U0ADA", private=True, inline=False, address={"user": "U0ADA"})
    assert desk.last.key.startswith("slack:evt:Ev")


async def test_a_mention_in_a_channel_is_brought_without_the_mention(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, quality: Channel
) -> None:
    desk.reply = Reply(notice="I have sent you a private message.")
    await ada.say(f"<@{fake.bot_user_id}> use this channel for <@U0BEN>", channel=quality.id)
    assert desk.last.what == Said("use this channel for <@U0BEN>")
    assert desk.last.place == Place(
        conversation=quality.id, private=False, inline=False, address={"channel": quality.id}
    )
    (shown,) = await fake.until(lambda: ada.ephemerals)
    assert shown.words == "I have sent you a private message."
    assert fake.messages(quality.id) == []


async def test_only_a_notice_answers_words_in_a_direct_message(
    ada: Person, fake: FakeSlack, desk: RecordingDesk, adapter: SlackAdapter
) -> None:
    desk.reply = Reply(notice="Not saved yet: please send that again.")
    await ada.dm("report")
    (message,) = await fake.until(lambda: fake.messages("U0ADA"))
    assert message.words == "Not saved yet: please send that again."
    desk.reply = Reply()
    await ada.dm("report")
    await adapter.stop()
    assert len(fake.messages("U0ADA")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"bot_id": "B0OTHER"},
        {"bot_id": "B0PSIRF", "user": "U0PSIRFBOT"},
        {"user": "U0PSIRFBOT"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "bot_message"},
        {"edited": {"user": "U0ADA", "ts": "1.2"}},
        {"channel_type": "channel"},
        {"channel_type": "mpim"},
        {"type": "reaction_added"},
        {"text": None},
    ],
)
async def test_what_apps_say_and_what_is_edited_is_not_answered(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, change: dict[str, object]
) -> None:
    answer = await deliver_event(fake, **change)
    assert answer == 200
    assert desk.deliveries == []


@pytest.mark.parametrize("subtype", ["file_share", "me_message", "thread_broadcast"])
async def test_words_sent_with_a_file_are_words_all_the_same(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, subtype: str
) -> None:
    assert await deliver_event(fake, subtype=subtype) == 200
    assert desk.last.what == Said("report")


async def deliver_event(fake: FakeSlack, **change: object) -> int:
    said = {"type": "message", "channel_type": "im", "user": "U0ADA", "text": "report", "channel": "D1", "ts": "1.1"}
    envelope = {
        "type": "event_callback",
        "team_id": fake.team_id,
        "event_id": "Ev1",
        "event": said | change,
        "authorizations": [{"user_id": fake.bot_user_id, "team_id": fake.team_id, "is_enterprise_install": False}],
    }
    answer = await fake.post.event(envelope)
    return answer.status


# The same thing again, and things going wrong


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
    assert "943" not in caplog.text


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
