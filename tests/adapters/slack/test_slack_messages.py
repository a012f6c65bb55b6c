"""Presses in messages and words in conversations: what the desk is brought, and who sees the answer where."""

import pytest
from slack_office import CASE, THANKS, WITH_ADA, RecordingDesk, deliver_event, posted

from fakes.slack import Channel, FakeSlack, Fault, Person
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.casework.inbound import Place, Pressed, Reply, Said

HERE = {"channel": "C0QUALITY"}

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
        conversation=quality.id, private=False, message=message.ts, address=HERE, channel=HERE
    )
    (shown,) = await fake.until(lambda: ada.ephemerals)
    assert (shown.channel, shown.edits) == (quality.id, 0)
    assert "Saved as PSI-2026-0001" in shown.words
    assert message.edits == 0


async def test_a_card_beside_a_direct_message_leaves_it_as_it_is(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    message = await posted(fake, adapter, {"user": "U0ADA"}, CASE)
    desk.reply = Reply(card=THANKS, replaces=False)
    await ada.press("I have read this", message=message)
    assert await fake.until(lambda: ada.ephemerals)
    assert message.edits == 0


async def test_a_press_in_a_thread_is_answered_in_the_thread(
    ada: Person, fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, quality: Channel
) -> None:
    root = await posted(fake, adapter, {"channel": quality.id}, THANKS)
    message = await posted(fake, adapter, {"channel": quality.id}, CASE)
    message.thread_ts = root.ts
    desk.reply = Reply(card=THANKS)
    await ada.press("I have read this", message=message)
    (shown,) = await fake.until(lambda: ada.ephemerals)
    assert shown.thread_ts == root.ts


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
    assert isinstance(desk.last.what, Said)
    assert desk.last.what.text == "use this channel for a colleague"
    assert [actor.name for actor in desk.last.what.picked] == ["Ben Marsh"]
    assert desk.last.place == Place(conversation=quality.id, private=False, inline=False, address=HERE, channel=HERE)
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


PHOTO = {"id": "F0PHOTO", "name": "hoist.jpg", "mimetype": "image/jpeg", "filetype": "jpg", "mode": "hosted"}


@pytest.mark.parametrize("mention", ["", "<@U0BEN> "])
async def test_a_file_that_comes_with_words_is_told(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, mention: str
) -> None:
    fake.add_user("U0BEN", "Ben Ashworth")
    await deliver_event(fake, subtype="file_share", files=[PHOTO], text=f"{mention}The hoist failed")
    assert isinstance(desk.last.what, Said)
    assert (desk.last.what.text[-16:], desk.last.what.files) == ("The hoist failed", True)
    assert len(desk.last.what.picked) == bool(mention)


async def test_a_link_is_no_file(fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk) -> None:
    await deliver_event(fake, attachments=[{"fallback": "a link", "from_url": "https://example.org/"}])
    assert desk.last.what == Said("report")
