"""Only full members of the trust's own tenant reach the desk; everybody else is told so kindly."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from teams_stage import FORM, RecordingDesk, address_of

from fakes.teams import Conversation, FakeTeams, Fault, Person
from psirf_bot.adapters.teams import words
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.casework.inbound import Actor, Reply
from psirf_bot.clock import Clock

ADA = "ada.okafor@fenmarsh.example"
STRANGERS: list[Any] = [
    pytest.param({"guest": True}, id="guest"),
    pytest.param({"tenant_id": "another-tenant"}, id="federated"),
    pytest.param({"anonymous": True}, id="anonymous"),
]


@pytest.fixture
def panel(fake: FakeTeams, ada: Person) -> Conversation:
    return fake.group_chat(ada)


@pytest.mark.parametrize("who", STRANGERS)
async def test_strangers_are_refused(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, panel: Conversation, who: dict[str, Any]
) -> None:
    stranger = fake.person("Sam Stranger", **who)
    panel.members[stranger.user.id] = stranger.user
    await stranger.say("@bot report", channel=panel)
    assert (await stranger.hears(channel=panel)).text == words.STAFF_ONLY

    await adapter.send(address_of(fake, stranger) | {"conversation": panel.id}, FORM, "key")
    await stranger.press("Send", channel=panel, inputs={"what": "x"})
    assert stranger.last_toast is not None
    assert (stranger.last_toast.kind, stranger.last_toast.text) == ("message", words.STAFF_ONLY)
    assert desk.deliveries == []


@pytest.mark.parametrize(
    "change",
    [
        {"role": "guest"},
        {"upn": "ada_elsewhere.example#EXT#@fenmarsh.example"},
        {"tenant_id": "another-tenant"},
        {"tenant_id": ""},
        {"aad_object_id": None},
    ],
)
async def test_one_sign_of_a_stranger_is_enough(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, change: dict[str, Any]
) -> None:
    ada.chat.members[ada.user.id] = dataclasses.replace(ada.user, **change)
    await ada.say("report")
    assert (await ada.hears()).text == words.STAFF_ONLY
    assert desk.deliveries == []


async def test_somebody_who_is_not_in_the_conversation_is_refused(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, panel: Conversation
) -> None:
    ben = fake.person("Ben Ashworth")
    await ben.say("@bot report", channel=panel)
    assert (await ben.hears(channel=panel)).text == words.STAFF_ONLY
    assert desk.deliveries == []


async def test_an_object_id_must_be_that_of_the_account(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    ben = fake.person("Ben Ashworth")
    turn = fake.activities.message(ada.user, ada.chat, "report", "1", None)
    turn["from"]["aadObjectId"] = ben.user.aad_object_id
    await fake.deliver(turn)
    assert desk.deliveries == []
    await ada.say("report")
    assert desk.deliveries[0].actor.name == "Ada Okafor"


def look_ups(fake: FakeTeams) -> int:
    return sum(call.kind == "member" for call in fake.history)


async def test_a_member_is_looked_up_every_ten_minutes(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, clock: Clock
) -> None:
    await asyncio.gather(*(ada.say("report") for _ in range(5)))
    clock.advance(timedelta(minutes=9))
    await ada.say("report")
    assert (len(desk.turns), look_ups(fake)) == (6, 1)
    clock.advance(timedelta(minutes=2))
    await ada.say("report")
    assert (len(desk.turns), look_ups(fake)) == (7, 2)


async def test_a_refusal_is_looked_at_again_after_a_minute(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, panel: Conversation, clock: Clock
) -> None:
    ben = fake.person("Ben Ashworth")
    await ben.say("@bot report", channel=panel)
    panel.members[ben.user.id] = ben.user
    await ben.say("@bot report", channel=panel)
    assert (len(desk.turns), look_ups(fake)) == (0, 1)
    clock.advance(timedelta(minutes=2))
    await ben.say("@bot report", channel=panel)
    assert (len(desk.turns), look_ups(fake)) == (1, 2)


@pytest.mark.parametrize("fault", [Fault.failing(503), Fault.throttled(None), Fault.truncated()])
async def test_somebody_seen_lately_goes_on_while_the_roster_is_out(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, clock: Clock, fault: Fault
) -> None:
    await ada.say("report")
    clock.advance(timedelta(minutes=30))
    fake.fail_next("member", fault, fault)
    await ada.say("report")
    assert len(desk.turns) == 2
    clock.advance(timedelta(minutes=40))
    await ada.say("report")
    assert len(desk.turns) == 2
    heard = await ada.hears(words.NOT_SAVED_SAID)
    assert "ring 999" in ada.reads(heard), "nobody has read what they typed"
    await ada.say("report")
    assert len(desk.turns) == 3


async def test_nothing_typed_is_lost_while_the_roster_is_out(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    await adapter.send(address_of(fake, ada), FORM, "key")
    fake.fail_next("member", Fault.failing(503))
    desk.answer = Reply(notice="Saved.")
    await ada.press("Send", inputs={"what": "A near miss"})
    assert ada.last_toast is not None
    assert (ada.last_toast.kind, ada.last_toast.text) == ("message", words.NOT_SAVED_PRESSED)
    await ada.press("Send", inputs={"what": "A near miss"})
    assert ada.last_toast.text == "Saved."
    assert len(desk.turns) == 1


async def test_a_welcome_asks_nobody_to_try_again(fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter) -> None:
    fake.fail_next("member", Fault.failing(503), Fault.failing(503))
    ben = fake.person("Ben Ashworth")
    await ben.install()
    assert (desk.turns, fake.messages(ben.chat)) == ([], [])


async def test_a_stranger_adds_the_bot_where_others_read_along(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    gus = fake.person("Gus Guest", guest=True)
    chat = fake.group_chat(ada, gus, installed=False)
    await gus.install(chat=chat)
    assert (desk.turns, fake.messages(chat)) == ([], [])
    await gus.install()
    assert (await gus.hears()).text == words.STAFF_ONLY


# where the bot is used but is no member


async def chosen(fake: FakeTeams, by: Person, *others: Person) -> str:
    """What this person is shown when they choose a message in a chat that has no bot in it."""
    chat = fake.group_chat(by, *others, installed=False)
    await by.use_extension((others or (by,))[0].writes("The pump alarm was off.", channel=chat))
    assert by.last_toast is not None, by.dialog
    return by.last_toast.text


async def test_their_private_chat_tells_who_somebody_is(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    assert await chosen(fake, ada, fake.person("Ben Ashworth")) == words.DONE
    [turn] = desk.turns
    assert turn.actor == Actor("teams", fake.tenant_id, str(ada.user.aad_object_id), "Ada Okafor", ADA)
    calls = [(call.kind, call.status) for call in fake.history if call.kind in ("member", "create")]
    assert calls == [("member", 403), ("create", 201), ("member", 200)]
    await chosen(fake, ada)
    assert (len(desk.turns), look_ups(fake)) == (2, 2)


@pytest.mark.parametrize("code", ["BotNotInConversationRoster", "ConversationBlockedByUser", "BotDisabledByAdmin"])
async def test_their_private_chat_tells_it_however_the_bot_is_shut_out_of_a_conversation(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, panel: Conversation, code: str
) -> None:
    fake.fail_next("member", Fault.failing(403, code))
    await ada.say("@bot help", channel=panel)
    assert [turn.actor.name for turn in desk.turns] == ["Ada Okafor"]


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ({}, words.ADD_ME),
        ({"guest": True}, words.ADD_ME),
        ({"guest": True, "installed": True}, words.STAFF_ONLY),
        ({"tenant_id": "another-tenant", "installed": True}, words.ADD_ME),
    ],
)
async def test_whoever_cannot_be_told_is_refused(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, who: dict[str, Any], told: str
) -> None:
    assert await chosen(fake, fake.person("Sam Stranger", **who), ada) == told
    assert desk.deliveries == []


@pytest.mark.parametrize("fault", [Fault.failing(503), Fault.throttled(), Fault.truncated()])
async def test_while_their_private_chat_cannot_be_opened(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, fault: Fault
) -> None:
    fake.fail_next("create", fault)
    assert await chosen(fake, ada) == words.NOT_OPENED
    assert desk.deliveries == []
    assert await chosen(fake, ada) == words.DONE
