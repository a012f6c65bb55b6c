"""What people do in Teams reaches the desk in its own language, and what the desk answers is what they see."""

from typing import Any

import pytest
from teams_stage import FORM, SAVED, TOO_LARGE, RecordingDesk, address_of

from fakes.teams import FakeTeams, Person
from psirf_bot.adapters.teams import words
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.cards.model import MomentInput
from psirf_bot.casework.inbound import Actor, Added, Place, Reply, Said

pytestmark = pytest.mark.usefixtures("adapter")


async def test_words_in_the_personal_chat(fake: FakeTeams, desk: RecordingDesk, ada: Person) -> None:
    said = await ada.say("report a fall on the ward")
    assert said is not None
    assert (said.status, said.body) == (200, None)
    [turn] = desk.turns
    email = "ada.okafor@fenmarsh.example"
    assert turn.what == Said("report a fall on the ward")
    assert turn.actor == Actor("teams", fake.tenant_id, str(ada.user.aad_object_id), "Ada Okafor", email)
    assert turn.place == Place(ada.chat.id, private=True, inline=False, address=address_of(fake, ada))
    assert turn.key == f"teams:{ada.chat.id}:{fake.messages(ada.chat)[0].id}"


async def test_only_a_notice_is_said_in_the_turn(fake: FakeTeams, desk: RecordingDesk, ada: Person) -> None:
    desk.answer = Reply(card=SAVED)
    await ada.say("report")
    assert [m.author for m in fake.messages(ada.chat)] == [ada.user.id]
    desk.answer = Reply(notice="I have *sent* you a private message.")
    await ada.say("report")
    heard = await ada.hears("I have *sent* you a private message.")
    assert heard.activity["textFormat"] == "plain"


async def test_a_channel_is_heard_only_when_the_bot_is_meant(fake: FakeTeams, desk: RecordingDesk, ada: Person) -> None:
    panel = fake.team("Quality", ada, channels=("Panel",), installed=True).channels["Panel"]
    ben = fake.person("Ben Ashworth")
    desk.answer = Reply(notice="I have sent you a private message.")
    await ada.say("@bot use this channel for @Ben Ashworth's panel", channel=panel)
    [turn] = desk.turns
    assert turn.what == Said("use this channel for a colleague's panel")
    [root, answer] = fake.messages(panel)
    assert turn.place.conversation == turn.place.address["conversation"] == f"{panel.id};messageid={root.id}"
    assert (turn.place.private, turn.place.inline) == (False, False)
    assert (answer.root, answer.text) == (root.id, "I have sent you a private message.")

    for text in ("nobody is meant", "only @Ben Ashworth is"):
        overheard = fake.activities.message(ada.user, panel, text, "1", None)
        assert (await fake.deliver(overheard)).status == 200
    assert ben.user.id in str(overheard["entities"])
    assert len(desk.deliveries) == 1


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("<at>psirf-bot</at>&nbsp;help", "help"),
        ("<at>psirf-bot</at>\u00a0find  PSI-2026-0001\n", "find  PSI-2026-0001"),
        ("help <at>psirf-bot</at>", "help"),
        ("<at>psirf-bot</at>", ""),
        (None, ""),
    ],
)
async def test_the_mention_is_not_part_of_the_words(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, text: str | None, heard: str
) -> None:
    chat = fake.group_chat(ada)
    mention = {"id": fake.world.bot_id, "name": "psirf-bot"}
    entity = {"type": "mention", "mentioned": mention, "text": "<at>psirf-bot</at>"}
    turn = fake.activities.message(ada.user, chat, "", "1", None) | {"text": text, "entities": [entity]}
    await fake.deliver(turn)
    assert desk.turns[0].what == Said(heard)


async def test_a_press_is_answered_with_a_card(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, adapter: TeamsAdapter
) -> None:
    message = await adapter.send(address_of(fake, ada), FORM, "key")
    desk.answer = Reply(card=SAVED)
    pressed = await ada.press("Send", inputs={"what": "A near miss"})
    assert pressed is not None
    assert pressed.body["type"] == "application/vnd.microsoft.card.adaptive"
    assert (ada.last_toast, pressed.attempts) == (None, 1)
    assert "Saved as PSI-2026-0001." in ada.reads(fake.messages(ada.chat)[0])
    assert desk.pressed.action == "a-send"
    assert desk.pressed.given == {"what": "A near miss"}
    where = Place(ada.chat.id, True, inline=True, message=message, address=address_of(fake, ada), passing=True)
    assert desk.turns[0].place == where


@pytest.mark.parametrize(
    ("reply", "shown"), [(Reply(notice="Not saved yet."), "Not saved yet."), (Reply(), words.DONE)]
)
async def test_a_notice_leaves_the_card_as_it_is(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, adapter: TeamsAdapter, reply: Reply, shown: str
) -> None:
    await adapter.send(address_of(fake, ada), FORM, "key")
    before, desk.answer = fake.sees(ada), reply
    await ada.press("Send")
    assert ada.last_toast is not None
    assert (ada.last_toast.kind, ada.last_toast.text) == ("message", shown)
    assert fake.sees(ada) == before


async def test_moments_and_empty_inputs_come_as_the_desk_wants_them(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, adapter: TeamsAdapter
) -> None:
    form = FORM.model_copy(update={"body": (*FORM.body, MomentInput(id="when", label="When?"))})
    await adapter.send(address_of(fake, ada), form, "key")
    await ada.press("Send", inputs={"when.date": "2026-11-20"})
    assert desk.pressed.given == {"what": None, "when": {"date": "2026-11-20", "time": None}}


async def test_a_press_in_a_channel_leaves_the_card_as_it_is_for_everybody(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, adapter: TeamsAdapter
) -> None:
    panel = fake.team("Quality", ada, channels=("Panel",), installed=True).channels["Panel"]
    await adapter.send(address_of(fake, ada) | {"conversation": panel.id}, FORM, "key")
    desk.answer = Reply(notice="I have sent you a private message.")
    await ada.press("Send", channel=panel)
    [message] = fake.messages(panel)
    place = desk.turns[0].place
    assert (place.private, place.inline, place.message) == (False, False, message.id)
    assert place.address["conversation"] == f"{panel.id};messageid={message.id}"
    assert place.channel["conversation"] == panel.id
    assert ada.last_toast is not None
    assert (ada.last_toast.kind, ada.last_toast.text) == ("message", "I have sent you a private message.")
    assert (message.edits, message.views) == (0, {})


async def test_a_group_chat_hears_the_bot_only_when_it_is_meant(
    fake: FakeTeams, desk: RecordingDesk, ada: Person
) -> None:
    chat = fake.group_chat(ada, fake.person("Ben Ashworth"))
    desk.answer = Reply(notice="I have sent you a private message.")
    overheard = fake.activities.message(ada.user, chat, "report", "1", None)
    assert (await fake.deliver(overheard)).status == 200
    assert desk.turns == []
    await ada.say("@bot report", channel=chat)
    [turn] = desk.turns
    assert (turn.what, turn.place.private, turn.place.inline) == (Said("report"), False, False)
    assert turn.place.channel == {}, "others may read along in a group chat, so it serves no purpose"
    await ada.hears("I have sent you a private message.", channel=chat)


async def test_a_chat_of_two_people_is_not_private(fake: FakeTeams, desk: RecordingDesk, ada: Person) -> None:
    two = fake.chat_of_two(ada, fake.person("Ben Ashworth"))
    two.installed_here = True
    assert await ada.say("it was the pump", channel=two) is None
    await fake.deliver(fake.activities.message(ada.user, two, "it was the pump", "1", None))
    assert desk.turns == []
    await ada.say("@bot report", channel=two)
    assert desk.turns[0].place.private is False


async def test_the_bots_own_chat_is_private_under_its_other_name(
    fake: FakeTeams, desk: RecordingDesk, ada: Person
) -> None:
    turn = fake.activities.message(ada.user, ada.chat, "report", "1", None)
    turn["conversation"]["id"] = f"19:{ada.user.aad_object_id}_{fake.app_id}@unq.gbl.spaces"
    await fake.deliver(turn)
    assert desk.turns[0].place.private is True


async def test_an_old_client_presses_with_a_message(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, adapter: TeamsAdapter
) -> None:
    message = await adapter.send(address_of(fake, ada), FORM, "key")
    ada.modern, desk.answer = False, Reply(notice="Thank you.")
    pressed = await ada.press_submit("Send", inputs={"what": "A near miss"})
    assert pressed is not None
    assert (pressed.status, pressed.body) == (200, None)
    assert (desk.pressed.action, desk.pressed.given) == ("a-send", {"what": "A near miss"})
    assert (desk.turns[0].place.inline, desk.turns[0].place.message) == (False, message)
    await ada.hears("Thank you.")


async def test_the_bot_is_added_to_a_private_chat(fake: FakeTeams, desk: RecordingDesk) -> None:
    ben = fake.person("Ben Ashworth")
    await ben.install()
    [turn] = desk.turns
    assert (turn.what, turn.actor.name) == (Added(), "Ben Ashworth")
    assert turn.place == Place(ben.chat.id, private=True, inline=False, address=address_of(fake, ben))
    await ben.uninstall()
    assert len(desk.turns) == 1


@pytest.mark.parametrize("where", ["team", "chat"])
async def test_the_bot_is_added_where_others_are(fake: FakeTeams, desk: RecordingDesk, ada: Person, where: str) -> None:
    team, chat = fake.team("Quality", ada), fake.group_chat(ada, installed=False)
    added = await (ada.install(team=team) if where == "team" else ada.install(chat=chat))
    assert added.status == 200
    [turn] = desk.turns
    place = team.channels["General"] if where == "team" else chat
    assert (turn.what, turn.place.private, turn.place.inline) == (Added(), False, False)
    assert turn.place.channel == address_of(fake, ada) | {"conversation": place.id}


async def test_someone_else_joining_is_no_welcome(fake: FakeTeams, desk: RecordingDesk, ada: Person) -> None:
    joined = fake.activities.membership("membersAdded", ada.user, ada.chat, [{"id": ada.user.id}])
    assert (await fake.deliver(joined)).status == 200
    assert desk.deliveries == []


async def test_a_card_too_large_for_teams_is_put_in_words(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, adapter: TeamsAdapter
) -> None:
    await adapter.send(address_of(fake, ada), FORM, "key")
    desk.answer = Reply(card=TOO_LARGE)
    await ada.press("Send")
    assert ada.last_toast is not None
    assert ada.last_toast.kind == "message"
    assert ada.last_toast.text.startswith("Which one?")

    await adapter.send(address_of(fake, ada), TOO_LARGE, "key")
    sent = fake.messages(ada.chat)[-1]
    assert sent.cards == []
    assert sent.text.startswith("Which one?")
    assert sent.activity["summary"] == TOO_LARGE.preview


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a-send",
        {},
        {"action": None},
        {"action": {"data": ["a-send"]}},
        {"action": {"data": {"action": 7}}},
        {"action": {"data": {"action": {"action": "a-send"}}}},
    ],
)
async def test_a_press_of_nothing_has_no_effect(fake: FakeTeams, desk: RecordingDesk, ada: Person, value: Any) -> None:
    turn = fake.activities.invoke("adaptiveCard/action", ada.user, ada.chat, value, "1", None)
    answer = await fake.deliver(turn)
    assert (answer.status, answer.body["type"]) == (200, "application/vnd.microsoft.error")
    assert answer.body["value"]["message"] == words.UNKNOWN_BUTTON
    if value is not None:
        assert (await fake.deliver(fake.activities.card_submit(ada.user, ada.chat, value, "1", None))).status == 200
    assert desk.deliveries == []


async def test_only_what_a_card_can_send_reaches_the_desk(fake: FakeTeams, desk: RecordingDesk, ada: Person) -> None:
    asked = ["what", "left-out", ["odd"], {"odd": 1}]
    odd: dict[str, Any] = {"asked": asked, "what": "x", "count": 3, "list": ["x"], "object": {"x": {}}, "msteams": {}}
    await fake.deliver(fake.activities.card_submit(ada.user, ada.chat, {"action": "a-send", **odd}, "1", None))
    assert desk.pressed.given == {"what": "x", "left-out": None, "count": "3"}


@pytest.mark.parametrize("kind", ["typing", "messageReaction", "endOfConversation", "something/new"])
async def test_other_turns_are_passed_over(fake: FakeTeams, desk: RecordingDesk, ada: Person, kind: str) -> None:
    turn = fake.activities.message(ada.user, ada.chat, "hello", "1", None) | {"type": kind}
    assert (await fake.deliver(turn)).status == 200
    assert desk.deliveries == []


@pytest.mark.parametrize("name", ["task/fetching", "composeExtension/query", None])
async def test_other_invokes_are_answered_but_have_no_effect(
    fake: FakeTeams, desk: RecordingDesk, ada: Person, name: str | None
) -> None:
    value = {"action": {"data": {"action": "a-send"}}}
    turn = fake.activities.invoke("x", ada.user, ada.chat, value, "1", None) | {"name": name}
    answer = await fake.deliver(turn)
    assert (answer.status, answer.body["statusCode"]) == (200, 400)
    assert desk.deliveries == []


async def test_half_a_character_costs_nobody_their_words(fake: FakeTeams, desk: RecordingDesk, ada: Person) -> None:
    said = fake.activities.message(ada.user, ada.chat, "He fell \ud83d", "1", None)
    assert (await fake.deliver(said)).status == 200
    assert desk.turns[-1].what == Said("He fell")
    value = {"action": {"type": "Action.Execute", "data": {"action": "a-send", "what": "He fell\ud83d"}}}
    press = fake.activities.invoke("adaptiveCard/action", ada.user, ada.chat, value, "1", None)
    assert (await fake.deliver(press)).status == 200
    assert desk.pressed.given == {"what": "He fell"}
