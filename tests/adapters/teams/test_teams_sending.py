"""The courier's side: one call is at most one message, and what Teams says is told apart truthfully."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from teams_stage import FORM, SAVED, RecordingDesk, Served, address_of

from fakes.teams import FakeTeams, Fault, Json, Person
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.adapters.teams.standing import SILENT_CONNECTOR
from psirf_bot.cards.model import Card
from psirf_bot.clock import Clock
from psirf_bot.delivery.platform import Refused, Sender, Uncertain


def kinds(fake: FakeTeams) -> list[str]:
    return [call.kind for call in fake.history if call.kind != "token"]


async def outcome(call: Awaitable[Any]) -> tuple[str, bool, float | None]:
    """What the courier learns: (outcome, final, seconds to wait)."""
    try:
        await call
    except Refused as why:
        return "refused", why.final, why.retry_after
    except Uncertain:
        return "uncertain", False, None
    return "done", False, None


async def test_a_card_is_posted(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    sender: Sender = adapter
    message_id = await sender.send(address_of(fake, ada), FORM, "key")
    [sent] = fake.messages(ada.chat)
    assert (sent.id, sent.text, sent.activity["summary"]) == (message_id, "", FORM.preview)
    assert "What happened?" in ada.reads(sent)
    await sender.update(address_of(fake, ada), message_id, SAVED)
    assert "Saved as PSI-2026-0001." in ada.reads(sent)
    assert (kinds(fake), len(fake.messages(ada.chat)), sent.edits) == (["send", "update"], 1, 1)
    with pytest.raises(Uncertain):
        await sender.find(address_of(fake, ada), "key", Clock().now())


async def test_words_are_sent_as_they_are(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    card = Card(title="Ffion’s ‘café’ 🚑", preview="A message – for you")
    await adapter.send(address_of(fake, ada), card, "key")
    [sent] = fake.messages(ada.chat)
    assert sent.activity["summary"] == card.preview
    assert card.title in ada.reads(sent)


async def test_a_thread_is_answered_in_the_thread_and_a_channel_by_a_post_of_its_own(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person
) -> None:
    panel = fake.team("Quality", ada, channels=("Panel",), installed=True).channels["Panel"]
    channel = address_of(fake, ada) | {"conversation": panel.id}
    root = await adapter.send(channel, FORM, "key")
    alone = await adapter.send(channel, FORM, "key")
    thread = channel | {"conversation": f"{panel.id};messageid={root}"}
    reply = await adapter.send(thread, FORM, "key")
    assert {m.id: m.root for m in fake.messages(panel)} == {root: root, alone: alone, reply: root}
    await adapter.update(thread, root, SAVED)
    await adapter.update(channel, alone, SAVED)
    assert [m.edits for m in fake.messages(panel)] == [1, 1, 0]


async def test_somebody_is_written_to_by_their_object_id(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    to = {"service_url": fake.service_url, "tenant": fake.tenant_id, "user": str(ada.user.aad_object_id)}
    message_id = await adapter.send(to, FORM, "key")
    await adapter.update(to, message_id, SAVED)
    assert [m.id for m in fake.messages(ada.chat)] == [message_id]
    assert kinds(fake) == ["create", "send", "update"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.failing(503), ("refused", False, None)),
        (Fault.drop(accepted=True), ("refused", False, None)),
        (Fault.throttled(4), ("refused", False, 4.0)),
    ],
)
async def test_a_chat_that_could_not_be_opened_holds_no_message(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, fault: Fault, expected: Any
) -> None:
    to = {"service_url": fake.service_url, "tenant": fake.tenant_id, "user": str(ada.user.aad_object_id)}
    fake.fail_next("create", fault)
    assert await outcome(adapter.send(to, FORM, "key")) == expected
    assert (kinds(fake), fake.messages(ada.chat)) == (["create"], [])


@pytest.mark.parametrize("act", ["send", "update"])
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.throttled(3), ("refused", False, 3.0)),
        (Fault.throttled(None), ("refused", False, None)),
        (Fault.failing(412), ("refused", False, None)),
        (Fault.failing(400), ("refused", True, None)),
        (Fault.failing(403), ("refused", True, None)),
        (Fault.failing(404), ("refused", True, None)),
        (Fault.failing(413), ("refused", True, None)),
        (Fault.failing(408), ("uncertain", False, None)),
        (Fault.failing(500), ("uncertain", False, None)),
        (Fault.failing(500, accepted=True), ("uncertain", False, None)),
        (Fault.failing(502), ("uncertain", False, None)),
        (Fault.failing(503), ("uncertain", False, None)),
        (Fault.failing(504, accepted=True), ("uncertain", False, None)),
        (Fault.drop(), ("uncertain", False, None)),
        (Fault.drop(accepted=True), ("uncertain", False, None)),
        (Fault.truncated(), ("uncertain", False, None)),
        (Fault.slow(0.05), ("done", False, None)),
    ],
)
async def test_what_became_of_it(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, act: Any, fault: Fault, expected: Any
) -> None:
    to = address_of(fake, ada)
    first = await adapter.send(to, FORM, "key")
    call: Callable[[], Awaitable[Any]] = {
        "send": lambda: adapter.send(to, SAVED, "key"),
        "update": lambda: adapter.update(to, first, SAVED),
    }[act]
    fake.history.clear()
    fake.fail_next(act, fault, fault)
    assert await outcome(call()) == expected
    if act == "send" or fault.cut != "drop":  # the client may repeat a PUT that met a dead connection
        assert kinds(fake) == [act]
    assert len(fake.messages(ada.chat)) <= 2


async def test_however_many_messages_hang_the_next_call_leaves_at_once(
    fake: FakeTeams, served: Served, ada: Person
) -> None:
    to, many = address_of(fake, ada), 150  # more than a client opens connections if it is not told otherwise
    fake.fail_next("send", *[Fault.hang()] * many)
    async with served(send_timeout=60) as patient:
        hanging = asyncio.gather(*(patient.send(to, FORM, f"key {n}") for n in range(many)))
        async with asyncio.timeout(10):
            while kinds(fake).count("send") < many:  # noqa: ASYNC110 (the fake has no event for it)
                await asyncio.sleep(0.01)
            await patient.send(to, SAVED, "key")
        assert not hanging.done()
        hanging.cancel()


@pytest.mark.parametrize("act", ["send", "update"])
@pytest.mark.parametrize("fault", [Fault.hang(accepted=True), Fault.slow(1.2)])
async def test_no_answer_in_time(
    fake: FakeTeams, adapter: TeamsAdapter, served: Served, ada: Person, act: Any, fault: Fault
) -> None:
    to = address_of(fake, ada)
    first = await adapter.send(to, FORM, "key")
    async with served(send_timeout=0.8) as impatient:
        fake.fail_next(act, fault)
        call = impatient.send(to, SAVED, "key") if act == "send" else impatient.update(to, first, SAVED)
        assert await outcome(call) == ("uncertain", False, None)
    assert len(fake.messages(ada.chat)) <= 2


async def test_a_dropped_post_is_never_posted_twice(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    await adapter.send(address_of(fake, ada), FORM, "key")  # the next call finds a connection to use again
    fake.fail_next("send", Fault.drop(accepted=True))
    with pytest.raises(Uncertain):
        await adapter.send(address_of(fake, ada), SAVED, "key")
    assert len(fake.messages(ada.chat)) == 2


async def test_what_teams_itself_refuses(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    to = address_of(fake, ada)
    with pytest.raises(Refused, match="ConversationNotFound") as refused:
        await adapter.send(to | {"conversation": "a:nowhere/../x?y#z"}, FORM, "key")
    assert refused.value.final
    with pytest.raises(Refused, match="ActivityNotFoundInConversation"):
        await adapter.update(to, "1", FORM)
    ada.block()
    with pytest.raises(Refused, match="MessageWritesBlocked"):
        await adapter.send(to, FORM, "key")


@pytest.mark.parametrize(
    "changes",
    [
        {"conversation": ""},
        {"conversation": "", "user": "someone", "tenant": ""},
    ],
)
async def test_addresses_that_lead_nowhere(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, changes: dict[str, str]
) -> None:
    assert await outcome(adapter.send(address_of(fake, ada) | changes, FORM, "key")) == ("refused", True, None)
    assert fake.history == []


async def test_nothing_goes_to_a_host_that_is_not_listed_and_it_waits_until_it_is(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person
) -> None:
    with pytest.raises(Refused, match="ServiceUrlNotAllowed") as refused:
        await adapter.send(address_of(fake, ada) | {"service_url": "https://elsewhere.example/"}, FORM, "key")
    assert (refused.value.final, refused.value.ours, fake.history) == (False, True, [])


SHUT_OUT = [
    (403, "BotDisabledByAdmin"),
    (403, "BotNotInConversationRoster"),
    (403, "ConversationBlockedByUser"),
    (403, "ForbiddenOperationException"),
    (403, "MessageWritesBlocked"),
    (404, "ConversationNotFound"),
]
"""What Microsoft documents for a conversation in which nothing can be posted until somebody there does something."""


@pytest.mark.parametrize(("status", "code"), SHUT_OUT)
@pytest.mark.parametrize("act", ["send", "update", "create"])
async def test_being_shut_out_is_told_from_one_message_that_is_not_taken(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, act: Any, status: int, code: str
) -> None:
    to = address_of(fake, ada)
    new = {"service_url": fake.service_url, "tenant": fake.tenant_id, "user": str(ada.user.aad_object_id)}
    first = await adapter.send(to, FORM, "key")
    fake.fail_next(act, Fault.failing(status, code))
    with pytest.raises(Refused, match=code) as refused:
        await (adapter.update(to, first, SAVED) if act == "update" else adapter.send(new, SAVED, "key"))
    assert (refused.value.final, refused.value.shut_out, refused.value.ours) == (True, True, False)


@pytest.mark.parametrize(
    ("status", "code"), [(403, "NotEnoughPermissions"), (404, "ActivityNotFoundInConversation"), (400, "BadArgument")]
)
async def test_what_is_wrong_with_one_message_shuts_nobody_out(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, status: int, code: str
) -> None:
    fake.fail_next("send", Fault.failing(status, code))
    with pytest.raises(Refused, match=code) as refused:
        await adapter.send(address_of(fake, ada), FORM, "key")
    assert (refused.value.final, refused.value.shut_out, refused.value.ours) == (True, False, False)


async def test_what_is_refused_on_the_way_there_is_tried_again_and_said(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person
) -> None:
    """A proxy that forbids it, or a gateway that knows no such service, speaks no JSON: no message is at fault."""
    astray = address_of(fake, ada) | {"service_url": f"{fake.url}/astray/"}
    for _ in range(2):
        with pytest.raises(Refused, match="HTTP 404") as refused:
            await adapter.send(astray, FORM, "key")
        assert (refused.value.final, refused.value.shut_out) == (False, False)
    assert adapter.trouble == SILENT_CONNECTOR
    await adapter.send(address_of(fake, ada), FORM, "key")
    assert adapter.trouble == ""


async def test_the_service_of_another_cloud_is_ours_to_set_right(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person
) -> None:
    fake.fail_next("send", Fault.failing(403, "InvalidBotApiHost"))
    with pytest.raises(Refused, match="InvalidBotApiHost") as refused:
        await adapter.send(address_of(fake, ada), FORM, "key")
    assert (refused.value.final, refused.value.shut_out, refused.value.ours) == (False, False, True)


async def test_nobody_listens(fake: FakeTeams, served: Served, ada: Person, unused_tcp_port: int) -> None:
    closed = address_of(fake, ada) | {"service_url": f"http://127.0.0.1:{unused_tcp_port}/"}
    async with served() as adapter:
        assert await outcome(adapter.send(closed, FORM, "key")) == ("refused", False, None)


# our own token


async def test_one_token_serves_everybody(fake: FakeTeams, adapter: TeamsAdapter) -> None:
    fake.entra.latency = 0.05
    people = [fake.person(f"Person {n}", installed=True) for n in range(10)]
    await asyncio.gather(*(adapter.send(address_of(fake, person), FORM, "key") for person in people))
    await asyncio.gather(*(person.say("report") for person in people))
    assert fake.entra.fetches == 1


async def test_a_token_is_renewed_before_its_time_is_up(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, clock: Clock
) -> None:
    to = address_of(fake, ada)
    await adapter.send(to, FORM, "key")
    clock.advance(timedelta(minutes=57))
    fake.fail_next("token", Fault.failing(503))
    await adapter.send(to, FORM, "key")  # tries for a new one, and goes on with the old one
    async with asyncio.timeout(2):
        while not adapter._token.misses:  # noqa: ASYNC110 (nothing else tells of it)
            await asyncio.sleep(0.005)
    clock.advance(timedelta(seconds=11))
    fake.entra.latency = 0.5
    async with asyncio.timeout(0.4):
        await adapter.send(to, FORM, "key")
    clock.advance(timedelta(minutes=30))
    await adapter.send(to, FORM, "key")
    assert (fake.entra.fetches, [c.status for c in fake.history if c.kind == "send"]) == (2, [201] * 4)


async def test_a_withdrawn_token_is_replaced_at_once(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    await adapter.send(address_of(fake, ada), FORM, "key")
    fake.entra.revoke_all()
    await adapter.send(address_of(fake, ada), FORM, "key")
    assert [call.status for call in fake.history if call.kind == "send"] == [201, 401, 201]
    assert len(fake.messages(ada.chat)) == 2


async def test_a_token_that_is_not_taken_lets_messages_wait_until_it_is(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The secret has ended, or the bot is not registered: nothing is wrong with any message."""
    with monkeypatch.context() as moment:
        moment.setattr(fake.entra, "knows", lambda _: False)
        assert await outcome(adapter.send(address_of(fake, ada), FORM, "key")) == ("refused", False, None)
        assert fake.entra.fetches == 2, "a new token was tried at once"
        with pytest.raises(Refused) as refused:
            await adapter.send(address_of(fake, ada), FORM, "key")
        assert (refused.value.final, refused.value.ours, refused.value.retry_after) == (False, True, 300.0)
    assert await outcome(adapter.send(address_of(fake, ada), FORM, "key")) == ("done", False, None)


async def test_one_conversation_that_turns_us_away_is_no_matter_of_the_token(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person
) -> None:
    for _ in range(3):
        fake.fail_next("send", Fault.failing(401), Fault.failing(401))
        with pytest.raises(Refused) as refused:
            await adapter.send(address_of(fake, ada), FORM, "key")
        assert (refused.value.ours, refused.value.retry_after) == (False, None), "others need not wait for it"
        await adapter.send(address_of(fake, ada), FORM, "key")
    assert adapter.trouble == ""


async def test_a_bot_that_was_blocked_is_refused_for_good(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    fake.fail_next("send", Fault.failing(403))
    assert await outcome(adapter.send(address_of(fake, ada), FORM, "key")) == ("refused", True, None)


@pytest.mark.parametrize("fault", [Fault.failing(503), Fault.drop(), Fault.truncated(), Fault.failing(502)])
async def test_without_a_token_nothing_is_sent(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, fault: Fault
) -> None:
    fake.fail_next("token", fault)
    assert await outcome(adapter.send(address_of(fake, ada), FORM, "key")) == ("refused", False, 30.0)
    assert kinds(fake) == []
    assert await outcome(adapter.send(address_of(fake, ada), FORM, "key")) == ("done", False, None)


async def test_a_wrong_secret_is_told_without_showing_it(
    fake: FakeTeams, served: Served, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(app_secret="mistyped-secret") as adapter:
        assert await outcome(adapter.send(address_of(fake, ada), FORM, "key")) == ("refused", False, 30.0)
        assert "invalid_client" in adapter.trouble
        assert "mistyped" not in caplog.text + adapter.trouble


async def test_every_card_is_within_what_teams_takes(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    await adapter.send(address_of(fake, ada), FORM, "key")
    body: Json = fake.history[-1].body
    assert set(body) == {"type", "summary", "attachments"}
    assert fake.rules.warnings == []
