"""The fake Slack against slack_sdk's own client and a small Bolt app: real enough to trust, strict enough to matter."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from fakes.slack import (
    PLEASE_COMPLETE,
    SCOPES,
    TROUBLE_CONNECTING,
    CannotDo,
    FakeSlack,
    Fault,
    Person,
    check_blocks,
    check_view,
    sign,
)

Json = dict[str, Any]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_781_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeSlack]:
    async with FakeSlack(clock=clock) as fake:
        fake.add_user("U0ADA", "Ada Field", email="ada.field@fenmarsh.example")
        fake.add_user("U0BEN", "Ben Marsh")
        fake.add_channel("C0QUALITY", "quality", {"U0ADA", fake.bot_user_id})
        fake.add_channel("C0OTHER", "other", {"U0ADA"})
        yield fake


@pytest.fixture
def ada(fake: FakeSlack) -> Person:
    return fake.person("U0ADA")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.3)) as session:
        yield session


@pytest.fixture
def client(fake: FakeSlack, session: aiohttp.ClientSession) -> AsyncWebClient:
    return AsyncWebClient(token=fake.bot_token, base_url=fake.api_url, session=session, retry_handlers=[])


@pytest.fixture
async def bolt(fake: FakeSlack, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """A Bolt app without listeners yet, served where the fake delivers."""
    app = AsyncApp(token=fake.bot_token, signing_secret=fake.signing_secret, client=client)

    async def events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    async with served(fake, events):
        yield app


@asynccontextmanager
async def served(
    fake: FakeSlack, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> AsyncIterator[None]:
    """A bot at the address to which the fake delivers."""
    application = web.Application()
    application.router.add_post("/slack/events", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    fake.bot_url = f"http://{host}:{port}/slack/events"
    yield
    await runner.cleanup()


async def error_of(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(label: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(label), **more}


def asks(block_id: str, label: str, kind: str = "plain_text_input", *, optional: bool = False, **more: Any) -> Json:
    element = {"type": kind, "action_id": "it", **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, "optional": optional}


def options(*names: str) -> list[Json]:
    return [{"text": plain(name), "value": name.lower()} for name in names]


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Report"), "submit": plain("Send"), "blocks": list(blocks), **more}


# The Web API


async def test_auth_test_names_the_workspace_and_the_bot(fake: FakeSlack, client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"]) == (fake.team_id, fake.bot_user_id)


async def test_tokens_are_checked(fake: FakeSlack, session: aiohttp.ClientSession) -> None:
    forged = AsyncWebClient(token="xoxb-forged", base_url=fake.api_url, session=session)
    assert await error_of(forged.auth_test()) == "invalid_auth"
    async with session.post(f"{fake.api_url}auth.test") as response:
        assert (await response.json())["error"] == "not_authed"


async def test_a_missing_scope_is_named(fake: FakeSlack, client: AsyncWebClient) -> None:
    fake.world.scopes = SCOPES - {"chat:write"}
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0QUALITY", text="hello")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "chat:write"
    assert "users:read" in caught.value.response["provided"]


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("C0OTHER", "not_in_channel"),
        ("C0PRIVATE", "channel_not_found"),
        ("C0OLD", "is_archived"),
    ],
)
async def test_where_the_bot_may_not_post(fake: FakeSlack, client: AsyncWebClient, channel: str, error: str) -> None:
    fake.add_channel("C0PRIVATE", "private", {"U0ADA"}, is_private=True)
    fake.add_channel("C0OLD", "old", {fake.bot_user_id}, is_archived=True)
    assert await error_of(client.chat_postMessage(channel=channel, text="hello")) == error


async def test_users_are_described_with_what_the_bot_must_refuse(fake: FakeSlack, client: AsyncWebClient) -> None:
    fake.add_user("U0FAR", "Far Away", team_id="T0ELSEWHERE", is_stranger=True, is_restricted=True)
    ada = (await client.users_info(user="U0ADA", include_locale=True))["user"]
    assert (ada["profile"]["email"], ada["is_restricted"], ada["locale"]) == (
        "ada.field@fenmarsh.example",
        False,
        "en-GB",
    )
    assert "is_stranger" not in ada
    far = (await client.users_info(user="U0FAR"))["user"]
    assert (far["team_id"], far["is_stranger"], far["is_restricted"]) == ("T0ELSEWHERE", True, True)
    assert await error_of(client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_direct_messages_open_and_are_found_by_person(fake: FakeSlack, client: AsyncWebClient) -> None:
    opened = (await client.conversations_open(users="U0ADA"))["channel"]["id"]
    posted = await client.chat_postMessage(channel="U0ADA", text="hello")
    assert opened == posted["channel"]
    assert [message.text for message in fake.messages("U0ADA")] == ["hello"]
    assert (await client.conversations_info(channel=opened))["channel"]["is_im"]


async def test_metadata_survives_the_round_trip_only_when_asked_for(client: AsyncWebClient) -> None:
    metadata = {"event_type": "psirf", "event_payload": {"id": "3f1c"}}
    await client.chat_postMessage(channel="C0QUALITY", text="hello", metadata=metadata)
    read = await client.conversations_history(channel="C0QUALITY", include_all_metadata=True)
    assert read["messages"][0]["metadata"] == metadata
    read = await client.conversations_history(channel="C0QUALITY")
    assert "metadata" not in read["messages"][0]


async def test_history_pages_newest_first_after_the_oldest(client: AsyncWebClient) -> None:
    stamps = [(await client.chat_postMessage(channel="C0QUALITY", text=str(n)))["ts"] for n in range(5)]
    page = await client.conversations_history(channel="C0QUALITY", oldest=stamps[0], limit=3)
    assert [message["text"] for message in page["messages"]] == ["4", "3", "2"]
    cursor = page["response_metadata"]["next_cursor"]
    page = await client.conversations_history(channel="C0QUALITY", oldest=stamps[0], limit=3, cursor=cursor)
    assert [message["text"] for message in page["messages"]] == ["1"]
    assert not page["has_more"]


async def test_replies_stand_in_the_thread_and_not_in_the_history(client: AsyncWebClient) -> None:
    root = (await client.chat_postMessage(channel="C0QUALITY", text="panel"))["ts"]
    await client.chat_postMessage(channel="C0QUALITY", text="vote", thread_ts=root)
    thread = await client.conversations_replies(channel="C0QUALITY", ts=root)
    assert [message["text"] for message in thread["messages"]] == ["panel", "vote"]
    assert len((await client.conversations_history(channel="C0QUALITY"))["messages"]) == 1
    assert await error_of(client.conversations_replies(channel="C0QUALITY", ts="1.0")) == "thread_not_found"


async def test_updates_keep_to_their_rules(fake: FakeSlack, client: AsyncWebClient, ada: Person) -> None:
    ts = (await client.chat_postMessage(channel="C0QUALITY", text="card", blocks=[section("card")]))["ts"]
    assert await error_of(client.chat_update(channel="C0QUALITY", ts=ts, text="x" * 4001)) == "msg_too_long"
    assert await error_of(client.chat_update(channel="C0QUALITY", ts="1.0", text="x")) == "message_not_found"
    await client.chat_update(channel="C0QUALITY", ts=ts, text="card", blocks=[section("newer card")])
    assert (fake.messages("C0QUALITY")[0].words, fake.messages("C0QUALITY")[0].edited) == ("newer card", None)
    await client.chat_update(channel="C0QUALITY", ts=ts, text="plain")
    assert (fake.messages("C0QUALITY")[0].blocks, fake.messages("C0QUALITY")[0].words) == ([], "plain")
    await ada.say("mine", channel="C0QUALITY")
    assert ada.last_message is not None
    theirs = ada.last_message.ts
    assert await error_of(client.chat_update(channel="C0QUALITY", ts=theirs, text="x")) == "cant_update_message"
    await client.chat_delete(channel="C0QUALITY", ts=ts)
    assert fake.messages("C0QUALITY") == []


async def test_ephemeral_messages_reach_one_person_only(fake: FakeSlack, client: AsyncWebClient) -> None:
    await client.chat_postEphemeral(channel="C0QUALITY", user="U0ADA", text="only you")
    assert [message.text for message in fake.ephemerals("U0ADA")] == ["only you"]
    assert fake.messages("C0QUALITY") == []
    call = client.chat_postEphemeral(channel="C0QUALITY", user="U0BEN", text="only you")
    assert await error_of(call) == "user_not_in_channel"


async def test_a_message_needs_content_that_slack_can_show(fake: FakeSlack, client: AsyncWebClient) -> None:
    assert await error_of(client.api_call("chat.postMessage", json={"channel": "C0QUALITY"})) == "no_text"
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(
            channel="C0QUALITY", text="x", blocks=[{"type": "header", "text": plain("x" * 151)}]
        )
    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    ]
    wordy = [section("x" * 2900) for _ in range(5)]
    assert await error_of(client.chat_postMessage(channel="C0QUALITY", text="x", blocks=wordy)) == "msg_blocks_too_long"
    assert [call.error for call in fake.refusals] == ["no_text", "invalid_blocks", "msg_blocks_too_long"]


GOOD_MESSAGE = [
    section("*Report*", block_id="a", accessory=button("Open", action_id="x", value="v" * 2000)),
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2000}] * 10},
    {"type": "actions", "block_id": "b", "elements": [button(str(n), action_id=f"x{n}") for n in range(25)]},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10},
    {"type": "actions", "elements": [{"type": "radio_buttons", "action_id": "x", "options": options("Yes", "No")}]},
    {"type": "divider"},
]


def test_what_slack_allows_passes() -> None:
    assert check_blocks(GOOD_MESSAGE) == []
    assert check_view(modal(*GOOD_MESSAGE, asks("c", "What happened?", max_length=3000)), "modal") == []
    assert check_view({"type": "home", "blocks": [section("x")] * 100}, "home") == []


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ([section("x")] * 51, "no more than 50 items"),
        ([section("x" * 3001)], "less than 3001"),
        ([section("")], "more than 0"),
        ([{"type": "section"}], "`text` or `fields`"),
        ([{"type": "section", "fields": [plain("x")] * 11}], "no more than 10 items"),
        ([{"type": "section", "fields": [plain("x" * 2001)]}], "less than 2001"),
        ([section("x", colour="red")], "additional property: colour"),
        ([{"type": "banner"}], "unsupported type: banner"),
        ([section("x", block_id="a"), section("y", block_id="a")], "`block_id` already exists"),
        ([section("x", block_id="a" * 256)], "less than 256"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "unsupported type: mrkdwn"),
        ([{"type": "image", "image_url": "https://x.example/y.png"}], "missing required field: alt_text"),
        ([{"type": "context", "elements": []}], "no fewer than 1"),
        ([{"type": "actions", "elements": []}], "no fewer than 1"),
        ([{"type": "actions", "elements": [button("x")] * 26}], "no more than 25"),
        ([{"type": "actions", "elements": [button("x", action_id="a")] * 2}], "`action_id` already exists"),
        ([{"type": "actions", "elements": [button("x" * 76)]}], "less than 76"),
        ([{"type": "actions", "elements": [button("x", value="v" * 2001)]}], "less than 2001"),
        ([{"type": "actions", "elements": [button("x", style="red")]}], "one of: primary, danger"),
        ([section("x", accessory={"type": "static_select", "options": []})], "no fewer than 1"),
        ([section("x", accessory={"type": "static_select", "options": options("a") * 101})], "no more than 100"),
        ([section("x", accessory={"type": "static_select"})], "`options` or `option_groups`"),
        ([section("x", accessory={"type": "radio_buttons", "options": options("a") * 11})], "no more than 10"),
        ([section("x", accessory={"type": "overflow", "options": options("a") * 6})], "no more than 5"),
        ([section("x", accessory={"type": "checkboxes", "options": options("x" * 76)})], "less than 76"),
        (
            [
                section(
                    "x", accessory={"type": "radio_buttons", "options": options("a"), "initial_option": options("b")[0]}
                )
            ],
            "must be one of the options",
        ),
        ([section("x", accessory=button("x", confirm={"title": plain("x" * 101)}))], "less than 101"),
    ],
)
def test_what_slack_refuses_in_a_message(blocks: list[Json], complaint: str) -> None:
    assert any(complaint in words for words in check_blocks(blocks)), check_blocks(blocks)


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        (modal() | {"title": plain("x" * 25)}, "less than 25 characters [json-pointer:/view/title/text]"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "modal", "title": plain("x"), "blocks": [asks("a", "Why?")]}, "must define `submit`"),
        (modal(*[section("x")] * 101), "no more than 100"),
        (modal(private_metadata="x" * 3001), "less than 3001"),
        (modal(callback_id="x" * 256), "less than 256"),
        (modal(asks("a", "x" * 2001)), "less than 2001"),
        (modal(asks("a", "Why?", max_length=3001)), "between 1 and 3000"),
        (modal(asks("a", "Why?", placeholder=plain("x" * 151))), "less than 151"),
        (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
        (modal(submit_disabled=True), "additional property: submit_disabled"),
    ],
)
def test_what_slack_refuses_in_a_modal(view: Json, complaint: str) -> None:
    assert any(complaint in words for words in check_view(view, "modal")), check_view(view, "modal")


# Views and triggers


async def trigger_of(fake: FakeSlack, user: str = "U0ADA") -> str:
    return fake.world.new_trigger(user)


async def test_a_trigger_is_good_once_and_for_three_seconds(
    fake: FakeSlack, client: AsyncWebClient, clock: Clock
) -> None:
    trigger = await trigger_of(fake)
    await client.views_open(trigger_id=trigger, view=modal())
    assert await error_of(client.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"
    late = await trigger_of(fake)
    clock.now += 3.1
    assert await error_of(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    assert await error_of(client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"


async def test_a_refused_view_leaves_the_trigger_usable(fake: FakeSlack, client: AsyncWebClient) -> None:
    trigger = await trigger_of(fake)
    bad = modal() | {"title": plain("x" * 25)}
    assert await error_of(client.views_open(trigger_id=trigger, view=bad)) == "invalid_arguments"
    await client.views_open(trigger_id=trigger, view=modal())
    assert fake.open_view("U0ADA") is not None


async def test_views_stack_three_deep(fake: FakeSlack, client: AsyncWebClient) -> None:
    assert await error_of(client.views_push(trigger_id=await trigger_of(fake), view=modal())) == "not_found"
    root = (await client.views_open(trigger_id=await trigger_of(fake), view=modal()))["view"]
    await client.views_push(trigger_id=await trigger_of(fake), view=modal())
    top = (await client.views_push(trigger_id=await trigger_of(fake), view=modal()))["view"]
    assert (top["root_view_id"], top["previous_view_id"] != root["id"]) == (root["id"], True)
    assert await error_of(client.views_push(trigger_id=await trigger_of(fake), view=modal())) == "push_limit_reached"


async def test_an_old_hash_conflicts(fake: FakeSlack, client: AsyncWebClient) -> None:
    view = (await client.views_open(trigger_id=await trigger_of(fake), view=modal(external_id="report-1")))["view"]
    await client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("one")))
    stale = client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("two")))
    assert await error_of(stale) == "hash_conflict"
    assert await error_of(client.views_update(view_id="V0GONE", view=modal())) == "not_found"
    shown = fake.open_view("U0ADA")
    assert shown is not None
    assert "one" in shown.words


async def test_external_ids_and_sizes_are_guarded(fake: FakeSlack, client: AsyncWebClient) -> None:
    await client.views_open(trigger_id=await trigger_of(fake), view=modal(external_id="report-1"))
    again = client.views_open(trigger_id=await trigger_of(fake, "U0BEN"), view=modal(external_id="report-1"))
    assert await error_of(again) == "duplicate_external_id"
    huge = modal(*[section("x" * 3000)] * 90)
    assert await error_of(client.views_open(trigger_id=await trigger_of(fake), view=huge)) == "view_too_large"


async def test_home_is_published_with_a_hash(fake: FakeSlack, client: AsyncWebClient) -> None:
    home = {"type": "home", "blocks": [section("Nothing to do")]}
    first = (await client.views_publish(user_id="U0ADA", view=home))["view"]
    await client.views_publish(user_id="U0ADA", view=home, hash=first["hash"])
    assert await error_of(client.views_publish(user_id="U0ADA", view=home, hash=first["hash"])) == "hash_conflict"
    shown = fake.home("U0ADA")
    assert shown is not None
    assert shown.words == "Nothing to do"


# Faults


async def test_throttling_comes_with_its_wait(fake: FakeSlack, client: AsyncWebClient) -> None:
    fake.fail_next("chat.postMessage", Fault.throttled(7), Fault.refused("ratelimited"))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0QUALITY", text="hello")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    assert await error_of(client.chat_postMessage(channel="C0QUALITY", text="hello")) == "ratelimited"
    await client.chat_postMessage(channel="C0QUALITY", text="hello")
    assert (len(fake.messages("C0QUALITY")), fake.server.attempts["chat.postMessage"]) == (1, 3)


@pytest.mark.parametrize(
    ("fault", "posted"),
    [
        (Fault.failing(500), 0),
        (Fault.failing(503, accepted=True), 1),
        (Fault.drop(), 0),
        (Fault.drop(accepted=True), 1),
        (Fault.truncated(), 1),
        (Fault.hang(), 0),
        (Fault.hang(accepted=True), 1),
    ],
)
async def test_the_caller_cannot_tell_what_happened(
    fake: FakeSlack, client: AsyncWebClient, fault: Fault, posted: int
) -> None:
    fake.fail_next("chat.postMessage", fault)
    with pytest.raises((SlackApiError, aiohttp.ClientError, TimeoutError)):
        await client.chat_postMessage(channel="C0QUALITY", text="hello")
    assert len(fake.messages("C0QUALITY")) == posted


async def test_a_slow_call_is_accepted_after_its_caller_gave_up(fake: FakeSlack, client: AsyncWebClient) -> None:
    fake.fail_next("*", Fault.slow(0.4))
    with pytest.raises(TimeoutError):
        await client.chat_postMessage(channel="C0QUALITY", text="hello")
    assert fake.messages("C0QUALITY") == []
    assert await fake.until(lambda: fake.messages("C0QUALITY"))


# People


async def test_a_signature_is_the_one_slack_sdk_expects() -> None:
    now = str(int(time.time()))
    assert sign("secret", b"token=x", now) == SignatureVerifier("secret").generate_signature(
        timestamp=now, body="token=x"
    )


async def test_a_slash_command_gets_its_answer_shown(fake: FakeSlack, bolt: AsyncApp, ada: Person) -> None:
    heard: list[Json] = []

    @bolt.command("/psirf")
    async def psirf(ack: Any, body: Json) -> None:
        heard.append(body)
        await ack("Thank you.")

    await ada.slash("/psirf", "report", channel="C0QUALITY")
    assert [message.text for message in ada.ephemerals] == ["Thank you."]
    assert {"token", "team_id", "team_domain", "channel_name", "user_name", "response_url", "trigger_id"} <= set(
        heard[0]
    )
    assert (heard[0]["text"], heard[0]["channel_id"]) == ("report", "C0QUALITY")


async def test_a_command_that_fails_is_seen_to_fail(fake: FakeSlack, bolt: AsyncApp, ada: Person) -> None:
    await ada.slash("/unknown")
    assert ada.saw_error == '/unknown failed with the error "dispatch_failed"'


async def test_response_urls_last_five_uses_and_thirty_minutes(
    fake: FakeSlack, bolt: AsyncApp, ada: Person, clock: Clock
) -> None:
    statuses: list[int] = []

    @bolt.command("/psirf")
    async def psirf(ack: Any, respond: Any, body: Json) -> None:
        await ack()
        if body["text"] == "late":
            clock.now += 30 * 60 + 1
        statuses.extend([(await respond(f"answer {number}")).status_code for number in range(6)])

    await ada.slash("/psirf", "many")
    await fake.until(lambda: len(statuses) == 6)
    assert statuses == [200] * 5 + [404]
    assert len(ada.ephemerals) == 5
    await ada.slash("/psirf", "late")
    await fake.until(lambda: len(statuses) == 12)
    assert statuses[6] == 404


async def test_an_event_is_sent_again_until_it_is_taken(fake: FakeSlack, ada: Person) -> None:
    heard: list[tuple[Json, str | None, str | None]] = []

    async def bot(request: web.Request) -> web.Response:
        headers = request.headers
        heard.append((await request.json(), headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")))
        if len(heard) == 1:
            await asyncio.sleep(0.2)
        return web.Response(status=500 if len(heard) == 2 else 200)

    fake.post.deadline = 0.1
    async with served(fake, bot):
        answer = await ada.dm("hello")
    assert answer is not None
    assert answer.ok
    assert [(number, reason) for _, number, reason in heard] == [
        (None, None),
        ("1", "http_timeout"),
        ("2", "http_error"),
    ]
    assert len({body["event_id"] for body, _, _ in heard}) == 1
    event = heard[0][0]["event"]
    assert (event["type"], event["channel_type"], event["text"], event["user"]) == ("message", "im", "hello", "U0ADA")


async def test_typed_text_reaches_the_bot_as_slack_marks_it_up(fake: FakeSlack, ada: Person) -> None:
    heard: list[str] = []

    async def bot(request: web.Request) -> web.Response:
        heard.append((await request.json())["event"]["text"])
        return web.Response()

    async with served(fake, bot):
        await ada.dm("<@U0BEN> & I: BP < 90, write to ben@fenmarsh.example")
    assert heard == ["<@U0BEN> &amp; I: BP &lt; 90, write to <mailto:ben@fenmarsh.example|ben@fenmarsh.example>"]


async def test_a_bot_may_decline_retries(fake: FakeSlack, ada: Person) -> None:
    async def bot(request: web.Request) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    async with served(fake, bot):
        await ada.dm("hello")
    assert len(fake.sent) == 1


async def test_events_reach_bolt(fake: FakeSlack, bolt: AsyncApp, ada: Person) -> None:
    heard: list[str] = []

    async def hear(event: Json) -> None:
        heard.append(event["type"])

    for name in ("message", "app_mention", "app_home_opened", "member_joined_channel"):
        bolt.event(name)(hear)
    await ada.dm("hello")
    await ada.say(f"<@{fake.bot_user_id}> use this channel for quality", channel="C0QUALITY")
    await ada.open_home()
    await fake.join("U0BEN", "C0QUALITY")
    assert await ada.say("not for the bot", channel="C0OTHER") is None
    await fake.until(lambda: len(heard) == 4)
    assert heard == ["message", "app_mention", "app_home_opened", "member_joined_channel"]


async def test_replayed_stale_and_forged_bytes_can_be_sent(fake: FakeSlack, bolt: AsyncApp, ada: Person) -> None:
    @bolt.command("/psirf")
    async def psirf(ack: Any) -> None:
        await ack()

    await ada.slash("/psirf", "report")
    body, headers = fake.sent[0].body, fake.sent[0].headers
    assert (await fake.deliver(body, headers)).status == 200
    stale = fake.post.headers(body, timestamp=int(time.time()) - 301)
    assert (await fake.deliver(body, stale)).status == 401
    assert (await fake.deliver(body, headers | {"X-Slack-Signature": "v0=" + "0" * 64})).status == 401


async def test_a_press_in_a_message_carries_what_slack_sends(
    fake: FakeSlack, bolt: AsyncApp, client: AsyncWebClient, ada: Person
) -> None:
    heard: list[Json] = []

    @bolt.action("a1")
    async def pressed(ack: Any, body: Json, respond: Any) -> None:
        heard.append(body)
        await ack()
        await respond(text="read", replace_original=True)

    blocks = [
        section("New report"),
        {"type": "actions", "elements": [button("I have read this", action_id="a1", value="v")]},
    ]
    await client.chat_postMessage(channel="U0ADA", text="New report", blocks=blocks)
    message = fake.messages("U0ADA")[0]
    assert message.buttons == ["I have read this"]
    await ada.press("I have read this", message=message)
    await fake.until(lambda: message.text == "read")
    body = heard[0]
    assert body["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": False,
    }
    assert body["actions"][0]["value"] == "v"
    assert {"trigger_id", "response_url", "state", "message", "channel", "team", "user"} <= set(body)
    with pytest.raises(CannotDo):
        await fake.person("U0BEN").press("I have read this", message=message)


async def test_a_press_in_an_ephemeral_message_carries_no_message(
    fake: FakeSlack, bolt: AsyncApp, client: AsyncWebClient, ada: Person
) -> None:
    heard: list[Json] = []

    @bolt.action("a1")
    async def pressed(ack: Any, body: Json, respond: Any) -> None:
        heard.append(body)
        await ack()
        await respond(delete_original=True)

    blocks = [section("Only you", accessory=button("Dismiss", action_id="a1"))]
    await client.chat_postEphemeral(channel="C0QUALITY", user="U0ADA", text="Only you", blocks=blocks)
    await ada.press("Dismiss", message=ada.ephemerals[0])
    await fake.until(lambda: ada.ephemerals == [])
    assert heard[0]["container"]["is_ephemeral"]
    assert "message" not in heard[0]


async def open_modal(fake: FakeSlack, client: AsyncWebClient, *blocks: Json, **more: Any) -> None:
    await client.views_open(trigger_id=await trigger_of(fake), view=modal(*blocks, callback_id="report", **more))


async def test_slack_itself_objects_before_the_bot_hears(
    fake: FakeSlack, bolt: AsyncApp, client: AsyncWebClient, ada: Person
) -> None:
    await open_modal(
        fake,
        client,
        asks("what", "What happened?", max_length=10),
        asks("who", "Who knows?", "email_text_input"),
        asks("more", "Anything else?", optional=True, min_length=3),
    )
    assert await ada.submit_view({"What happened?": "x" * 11, "more": "no"}) is None
    assert ada.view_errors["what"] == "This entry must be at most 10 characters long."
    assert ada.view_errors["who"] == PLEASE_COMPLETE
    assert ada.view_errors["more"] == "This entry needs to be at least 3 characters long."
    assert fake.sent == []


async def test_every_kind_of_input_is_reported_as_slack_does(
    fake: FakeSlack, bolt: AsyncApp, client: AsyncWebClient, ada: Person
) -> None:
    heard: list[Json] = []

    @bolt.view("report")
    async def submitted(ack: Any, view: Json) -> None:
        heard.append(view["state"]["values"])
        await ack()

    @bolt.options("it")
    async def suggest(ack: Any, body: Json) -> None:
        await ack(options=[o for o in options("Rose Ward", "Oak Ward") if body["value"] in o["text"]["text"]])

    choices: Json = {"options": options("Yes", "No")}
    await open_modal(
        fake,
        client,
        asks("text", "Text"),
        asks("number", "Number", "number_input", is_decimal_allowed=False),
        asks("email", "Email", "email_text_input"),
        asks("select", "Select", "static_select", **choices),
        asks("many", "Many", "multi_static_select", **choices),
        asks("radio", "Radio", "radio_buttons", **choices),
        asks("boxes", "Boxes", "checkboxes", **choices),
        asks("date", "Date", "datepicker"),
        asks("time", "Time", "timepicker", initial_time="09:30"),
        asks("user", "User", "users_select"),
        asks("users", "Users", "multi_users_select"),
        asks("place", "Place", "conversations_select"),
        asks("ward", "Ward", "external_select"),
        asks("empty", "Empty", optional=True),
    )
    await ada.submit_view(
        {
            "Text": "It fell",
            "Number": "3",
            "Email": "ben@fenmarsh.example",
            "Select": "Yes",
            "Many": ["Yes", "no"],
            "Radio": "No",
            "Boxes": ["Yes"],
            "Date": "2026-12-18",
            "User": "Ben Marsh",
            "Users": ["U0ADA", "Ben Marsh"],
            "Place": "#quality",
            "Ward": "Rose Ward",
        }
    )
    assert (ada.saw_error, ada.view_errors, ada.open_view) == ("", {}, None)
    yes, no = (option | {"text": option["text"] | {"emoji": True}} for option in options("Yes", "No"))
    values = {block_id: held["it"] for block_id, held in heard[0].items()}
    assert values.pop("ward")["selected_option"]["value"] == "rose ward"
    assert values == {
        "text": {"type": "plain_text_input", "value": "It fell"},
        "number": {"type": "number_input", "value": "3"},
        "email": {"type": "email_text_input", "value": "ben@fenmarsh.example"},
        "select": {"type": "static_select", "selected_option": yes},
        "many": {"type": "multi_static_select", "selected_options": [yes, no]},
        "radio": {"type": "radio_buttons", "selected_option": no},
        "boxes": {"type": "checkboxes", "selected_options": [yes]},
        "date": {"type": "datepicker", "selected_date": "2026-12-18"},
        "time": {"type": "timepicker", "selected_time": "09:30"},
        "user": {"type": "users_select", "selected_user": "U0BEN"},
        "users": {"type": "multi_users_select", "selected_users": ["U0ADA", "U0BEN"]},
        "place": {"type": "conversations_select", "selected_conversation": "C0QUALITY"},
        "empty": {"type": "plain_text_input", "value": None},
    }


async def test_a_person_cannot_choose_what_is_not_offered(fake: FakeSlack, client: AsyncWebClient, ada: Person) -> None:
    await open_modal(fake, client, asks("select", "Select", "static_select", options=options("Yes", "No")))
    with pytest.raises(CannotDo, match="not on offer"):
        ada.fill({"Select": "Perhaps"})
    with pytest.raises(CannotDo, match="0 things here are called 'Reason'"):
        ada.fill({"Reason": "x"})


async def test_errors_stand_under_the_inputs_and_keep_what_was_typed(
    fake: FakeSlack, bolt: AsyncApp, client: AsyncWebClient, ada: Person
) -> None:
    heard: list[str] = []

    @bolt.view("report")
    async def submitted(ack: Any, view: Json) -> None:
        heard.append(view["state"]["values"]["what"]["it"]["value"])
        await ack(response_action="errors", errors={"what": "That looks like an NHS number."})

    await open_modal(fake, client, asks("what", "What happened?"))
    await ada.submit_view({"What happened?": "943 476 5919"})
    assert ada.view_errors == {"what": "That looks like an NHS number."}
    await ada.submit_view()
    assert heard == ["943 476 5919"] * 2


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"heading": "not an input"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal", "title": plain("x" * 25), "blocks": []}},
        {"response_action": "shrug"},
    ],
)
async def test_an_answer_that_slack_cannot_show_is_seen_as_trouble(
    fake: FakeSlack, client: AsyncWebClient, ada: Person, answer: Json
) -> None:
    async def bot(request: web.Request) -> web.Response:
        return web.json_response(answer)

    await open_modal(fake, client, section("Heading", block_id="heading"), asks("what", "What happened?"))
    async with served(fake, bot):
        await ada.submit_view({"what": "It fell"})
    assert ada.saw_error == TROUBLE_CONNECTING
    assert ada.reason
    assert ada.open_view is not None


async def test_a_submission_without_an_answer_in_time_is_seen_as_trouble(
    fake: FakeSlack, client: AsyncWebClient, ada: Person
) -> None:
    async def bot(request: web.Request) -> web.Response:
        await asyncio.sleep(0.3)
        return web.Response()

    fake.post.deadline = 0.05
    await open_modal(fake, client, asks("what", "What happened?"))
    async with served(fake, bot):
        await ada.submit_view({"what": "It fell"})
    assert (ada.saw_error, ada.reason, len(fake.sent)) == (TROUBLE_CONNECTING, "http_timeout", 1)
    assert ada.open_view is not None


async def test_update_keeps_what_was_typed_and_push_clear_and_close_move_the_stack(
    fake: FakeSlack, bolt: AsyncApp, client: AsyncWebClient, ada: Person
) -> None:
    text, other = asks("text", "Text"), asks("other", "Other", optional=True)
    replies: list[Json] = [
        {"response_action": "update", "view": modal(section("Page two"), text, other, callback_id="report")},
        {"response_action": "push", "view": modal(section("On top"), callback_id="report")},
        {},
        {"response_action": "clear"},
    ]
    heard: list[Json] = []

    @bolt.view("report")
    async def submitted(ack: Any, view: Json) -> None:
        heard.append(view)
        await ack(**replies.pop(0))

    await open_modal(fake, client, text, asks("gone", "Gone"))
    await ada.submit_view({"Text": "typed", "Gone": "forgotten"})
    shown = ada.open_view
    assert shown is not None
    assert (shown.id, shown.hash != heard[0]["hash"]) == (heard[0]["id"], True)
    await ada.submit_view()
    assert heard[1]["state"]["values"] == {
        "text": {"it": {"type": "plain_text_input", "value": "typed"}},
        "other": {"it": {"type": "plain_text_input", "value": None}},
    }
    assert ada.open_view is not shown
    await ada.submit_view()
    assert (heard[2]["previous_view_id"], ada.open_view) == (shown.id, shown)
    await ada.submit_view()
    assert ada.open_view is None


async def test_a_press_in_a_view_carries_its_state_and_closing_tells_the_bot_if_it_wants(
    fake: FakeSlack, bolt: AsyncApp, client: AsyncWebClient, ada: Person
) -> None:
    heard: list[Json] = []

    @bolt.action("mask")
    async def pressed(ack: Any, body: Json) -> None:
        heard.append(body)
        await ack()

    @bolt.action("colour")
    async def chosen(ack: Any, body: Json) -> None:
        heard.append(body)
        await ack()

    @bolt.view_closed("report")
    async def closed(ack: Any, body: Json) -> None:
        heard.append(body)
        await ack()

    picker = {"type": "static_select", "action_id": "colour", "options": options("Red", "Blue")}
    buttons = {"type": "actions", "block_id": "b", "elements": [button("Mask", action_id="mask"), picker]}
    await open_modal(fake, client, asks("what", "What?"), buttons, notify_on_close=True)
    ada.fill({"What?": "half a sentence"})
    await ada.press("Mask")
    await ada.choose("colour", "Blue")
    await ada.close_view()
    assert [body["type"] for body in heard] == ["block_actions", "block_actions", "view_closed"]
    assert heard[0]["view"]["state"]["values"]["what"]["it"]["value"] == "half a sentence"
    assert heard[0]["container"] == {"type": "view", "view_id": heard[0]["view"]["id"]}
    assert "response_url" not in heard[0]
    assert heard[1]["actions"][0]["selected_option"]["value"] == "blue"
    assert ada.open_view is None


async def test_shortcuts_open_views(fake: FakeSlack, bolt: AsyncApp, client: AsyncWebClient, ada: Person) -> None:
    heard: list[Json] = []

    @bolt.shortcut("start-report")
    async def started(ack: Any, body: Json, client: AsyncWebClient) -> None:
        heard.append(body)
        await client.views_open(trigger_id=body["trigger_id"], view=modal(asks("what", "What happened?")))
        await ack()

    await ada.shortcut("start-report")
    assert ada.open_view is not None
    assert (heard[0]["type"], "channel" in heard[0]) == ("shortcut", False)
    await client.chat_postMessage(channel="C0QUALITY", text="We nearly dropped someone")
    await ada.message_shortcut("start-report", fake.messages("C0QUALITY")[0])
    assert heard[1]["message"]["text"] == "We nearly dropped someone"
    assert {"message_ts", "channel", "response_url", "trigger_id"} <= set(heard[1])


async def test_a_home_button_is_pressed_on_the_home(
    fake: FakeSlack, bolt: AsyncApp, client: AsyncWebClient, ada: Person
) -> None:
    heard: list[Json] = []

    @bolt.action("report")
    async def pressed(ack: Any, body: Json) -> None:
        heard.append(body)
        await ack()

    home = {"type": "home", "blocks": [{"type": "actions", "elements": [button("Report", action_id="report")]}]}
    await client.views_publish(user_id="U0ADA", view=home)
    await ada.press("Report", home=True)
    assert heard[0]["view"]["type"] == "home"
