"""The fake Teams is real enough: botbuilder-core talks to it, and it refuses what the real one refuses."""

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

import aiohttp
import jwt
import pytest
from aiohttp import web
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity, Attachment, ResourceResponse
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
)

import adaptive_schema
from fakes.teams import ClientRefused, FakeTeams, Fault, Json, Message, Person, cards
from fakes.teams.rules import MESSAGE_LIMIT
from fakes.teams.tokens import ISSUER, SCOPE

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
NO_ANSWER = (aiohttp.ClientError, TimeoutError, ValueError)


def card(*body: Json, actions: tuple[Json, ...] = (), **more: Any) -> Json:
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), "actions": list(actions), **more}


def execute(title: str, **more: Any) -> Json:
    return {"type": "Action.Execute", "title": title, "verb": "act", "data": {"action": "a1"}, **more}


def submit(title: str, **data: Any) -> Json:
    return {"type": "Action.Submit", "title": title, "data": data}


def message(*contents: Json, text: str = "") -> Json:
    attachments = [{"contentType": CARD_TYPE, "content": content} for content in contents]
    return {"type": "message", "text": text, "attachments": attachments}


def text_input(name: str = "what", **more: Any) -> Json:
    return {"type": "Input.Text", "id": name, "label": "What happened?", **more}


HELLO = message(text="hello")
FORM = card(text_input(isRequired=True, errorMessage="Say a little"), actions=(execute("Send"),))


class Clock:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class Rest:
    """The bot's side of the wire, bare: calls the connector and gives back (status, answer)."""

    def __init__(self, fake: FakeTeams) -> None:
        self.fake = fake
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.8))
        self.token = ""

    async def sign_in(self, **changes: str) -> tuple[int, Any]:
        form = {"grant_type": "client_credentials", "scope": SCOPE}
        form |= {
            "client_id": self.fake.app_id,
            "client_secret": self.fake.settings["PSIRF_TEAMS_APP_SECRET"],
            "tenant": self.fake.tenant_id,
        } | changes
        url = f"{self.fake.url}/{form.pop('tenant')}/oauth2/v2.0/token"
        async with self.session.post(url, data=form) as answer:
            body = await answer.json()
        self.token = body.get("access_token", self.token)
        return answer.status, body

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        url = f"{self.fake.service_url}v3/conversations{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            raw = await answer.read()
            self.retry_after = answer.headers.get("Retry-After")
            return answer.status, json.loads(raw) if raw else None

    async def post(self, conversation_id: str, body: Any) -> tuple[int, Any]:
        return await self.call("POST", f"/{quote(conversation_id, safe='')}/activities", body)


class Seam(BotFrameworkAuthentication, ConnectorFactory):  # type: ignore[misc]
    """botbuilder's extension points in a few lines: tokens checked against the fake's keys, replies by `Rest`."""

    def __init__(self, rest: Rest) -> None:
        self.rest, self.conversations = rest, self

    async def authenticate_request(self, activity: Activity, header: str) -> AuthenticateRequestResult:
        claims = await self._claims(header.removeprefix("Bearer "), activity.channel_id)
        if claims["serviceurl"] != activity.service_url:
            raise PermissionError
        result = AuthenticateRequestResult()
        result.claims_identity, result.audience, result.connector_factory = ClaimsIdentity(claims, True), ISSUER, self
        return result

    async def _claims(self, token: str, channel: str) -> Json:
        async with self.rest.session.get(self.rest.fake.openid_url) as answer:
            keys_url = (await answer.json())["jwks_uri"]
        async with self.rest.session.get(keys_url) as answer:
            keys = {key["kid"]: key for key in (await answer.json())["keys"]}
        try:
            key = keys[jwt.get_unverified_header(token)["kid"]]
            if channel not in key["endorsements"]:
                raise PermissionError
            checks: Any = {"require": ["exp", "nbf", "iss", "aud", "serviceurl"]}
            audience = self.rest.fake.app_id
            return jwt.decode(token, jwt.PyJWK(key), ["RS256"], checks, audience=audience, issuer=ISSUER)
        except (jwt.PyJWTError, KeyError):
            raise PermissionError from None

    async def create(self, _service_url: str, _audience: str) -> "Seam":
        return self

    async def authenticate_streaming_request(self, _header: str, _channel: str) -> AuthenticateRequestResult:
        raise PermissionError

    def create_connector_factory(self, _identity: ClaimsIdentity) -> "Seam":
        return self

    async def create_user_token_client(self, _identity: ClaimsIdentity) -> None:
        return None

    async def reply_to_activity(self, place: str, activity_id: str, activity: Activity) -> ResourceResponse:
        path = f"/{quote(place, safe='')}/activities/{quote(activity_id, safe='')}"
        status, body = await self.rest.call("POST", path, activity.serialize())
        assert status == 201, body
        return ResourceResponse(id=body["id"])


class TinyBot:
    """botbuilder-core over HTTP. `on_turn` and `answer` are what a test wants it to do."""

    def __init__(self, rest: Rest) -> None:
        self.adapter = CloudAdapterBase(Seam(rest))
        self.turns: list[Activity] = []
        self.answer: Callable[[Activity], Awaitable[Any]] | Any = None
        self.reply: Json | None = None

    async def handle(self, request: web.Request) -> web.Response:
        activity = Activity.deserialize(await request.json())
        try:
            done = await self.adapter.process_activity(request.headers["Authorization"], activity, self.on_turn)
        except (PermissionError, KeyError):
            return web.Response(status=403)
        return web.json_response(done.body, status=done.status) if done else web.Response(status=201)

    async def on_turn(self, context: TurnContext) -> None:
        self.turns.append(context.activity)
        if context.activity.type == "invoke":
            body = await self.answer(context.activity) if callable(self.answer) else self.answer
            answer = Activity(type="invokeResponse", value=InvokeResponse(status=200, body=body))
            await context.send_activity(answer)
        elif self.reply and context.activity.type == "message":
            attachments = [Attachment.deserialize(a) for a in self.reply["attachments"]]
            await context.send_activity(Activity(type="message", text=self.reply["text"], attachments=attachments))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeTeams]:
    async with FakeTeams(clock=clock) as fake:
        yield fake


@pytest.fixture
async def rest(fake: FakeTeams) -> AsyncIterator[Rest]:
    rest = Rest(fake)
    async with rest.session:
        await rest.sign_in()
        yield rest


@pytest.fixture
async def bot(fake: FakeTeams, rest: Rest) -> AsyncIterator[TinyBot]:
    bot = TinyBot(rest)
    app = web.Application()
    app.router.add_post("/api/messages", bot.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    yield bot
    await runner.cleanup()


@pytest.fixture
def ada(fake: FakeTeams) -> Person:
    return fake.person("Ada Okafor", installed=True)


async def shown(rest: Rest, ada: Person, content: Json) -> Message:
    """The bot has posted this card in Ada's chat."""
    status, body = await rest.post(ada.chat.id, message(content))
    assert status == 201, body
    return rest.fake.messages(ada.chat)[-1]


# a real library can live with it


async def test_botbuilder_answers_a_message_and_an_invoke(fake: FakeTeams, bot: TinyBot) -> None:
    ada = fake.person("Ada Okafor")
    bot.reply = message(FORM, text="Are you all right?")
    installed = await ada.install()
    said = await ada.say("report")
    assert installed.status == 201
    assert said is not None
    assert said.status == 201
    await ada.hears("Are you all right?")
    bot.answer = {"statusCode": 200, "type": CARD_TYPE, "value": card({"type": "TextBlock", "text": "Saved"})}
    await ada.press("Send", inputs={"What happened?": "A near miss"})

    assert [turn.type for turn in bot.turns] == ["conversationUpdate", "installationUpdate", "message", "invoke"]
    turn = bot.turns[-1]
    assert turn.from_property.aad_object_id == ada.user.aad_object_id
    assert turn.channel_data["tenant"]["id"] == fake.tenant_id
    assert turn.conversation.conversation_type == "personal"
    sent = {"action": "a1", "what": "A near miss"}
    action = {"type": "Action.Execute", "title": "Send", "verb": "act", "data": sent}
    assert turn.value == {"action": action, "trigger": "manual"}
    assert cards.words(fake.sees(ada)[-1]) == "Saved"
    assert fake.rules.warnings == []


# tokens, both ways


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda fake: None, id="none"),
        pytest.param(lambda fake: "rubbish", id="rubbish"),
        pytest.param(lambda fake: fake.token(iss="https://sts.elsewhere.example"), id="issuer"),
        pytest.param(lambda fake: fake.token(aud="another-bot"), id="audience"),
        pytest.param(lambda fake: fake.token(exp=int(time.time()) - 3600), id="expired"),
        pytest.param(lambda fake: fake.token(nbf=int(time.time()) + 3600), id="not yet"),
        pytest.param(lambda fake: fake.token(exp=None), id="for ever"),
        pytest.param(lambda fake: fake.token(alg="none"), id="alg none"),
        pytest.param(lambda fake: fake.token(alg="HS256"), id="alg HS256"),
        pytest.param(lambda fake: fake.token(alg="RS512"), id="alg RS512"),
        pytest.param(lambda fake: fake.token(kid="nobody"), id="unknown kid"),
        pytest.param(lambda fake: fake.token(kid=None), id="no kid"),
        pytest.param(lambda fake: fake.token(key=fake.keys.stranger()), id="forged"),
        pytest.param(lambda fake: fake.token(serviceurl=None), id="no serviceurl"),
        pytest.param(lambda fake: fake.token(serviceurl="http://127.0.0.1:1/"), id="other serviceurl"),
        pytest.param(lambda fake: fake.token(key=fake.keys.webchat), id="not endorsed for Teams"),
    ],
)
async def test_a_wrong_token_is_really_wrong(fake: FakeTeams, bot: TinyBot, ada: Person, token: Any) -> None:
    activity = fake.activities.message(ada.user, ada.chat, "report", "1", None)
    assert (await fake.deliver(activity)).status == 201
    assert (await fake.deliver(activity, token=token(fake))).status == 403


async def test_forged_tokens_are_well_made(fake: FakeTeams) -> None:
    unsigned, confused = fake.token(alg="none"), fake.token(alg="HS256")
    assert jwt.decode(unsigned, options={"verify_signature": False})["aud"] == fake.app_id
    assert unsigned.endswith(".")
    signed, _, signature = confused.rpartition(".")
    digest = hmac.digest(fake.keys.current.public_pem(), signed.encode(), "sha256")
    assert jwt.utils.base64url_decode(signature) == digest
    assert jwt.get_unverified_header(confused) == {"typ": "JWT", "alg": "HS256", "kid": fake.keys.current.kid}


async def test_a_key_rolls_over_at_once(fake: FakeTeams, bot: TinyBot, ada: Person) -> None:
    old = fake.token()
    fake.roll_key(keep_old=False)
    activity = fake.activities.message(ada.user, ada.chat, "report", "1", None)
    assert (await fake.deliver(activity)).status == 201
    assert (await fake.deliver(activity, token=old)).status == 403
    assert (fake.keys.metadata_fetches, fake.keys.key_fetches) == (2, 2)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "somebody"}, "unauthorized_client"),
        ({"scope": "https://graph.microsoft.com/.default"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"tenant": "elsewhere"}, "invalid_request"),
    ],
)
async def test_entra_refuses(rest: Rest, change: dict[str, str], error: str) -> None:
    status, body = await rest.sign_in(**change)
    assert status in (400, 401)
    assert body["error"] == error


async def test_the_connector_wants_a_living_token(fake: FakeTeams, rest: Rest, ada: Person, clock: Clock) -> None:
    assert (await rest.post(ada.chat.id, HELLO))[0] == 201
    clock.now += fake.entra.lifetime
    assert (await rest.post(ada.chat.id, HELLO))[0] == 401
    await rest.sign_in()
    assert (await rest.post(ada.chat.id, HELLO))[0] == 201
    assert fake.entra.fetches == 2


# what the connector refuses


async def test_nothing_is_posted_where_the_bot_is_not(fake: FakeTeams, rest: Rest, ada: Person) -> None:
    ben = fake.person("Ben Ashworth")
    assert await _refusal(rest, "a:nowhere") == (404, "ConversationNotFound")
    assert await _refusal(rest, ben.chat.id) == (403, "BotNotInConversationRoster")
    ada.block()
    assert await _refusal(rest, ada.chat.id) == (403, "MessageWritesBlocked")
    team = fake.team("Quality", ada)
    assert await _refusal(rest, team.id) == (403, "BotNotInConversationRoster")
    assert await _refusal(rest, f"{team.id};messageid=12") == (404, "ConversationNotFound")
    assert fake.messages(ada.chat) == fake.messages(ben.chat) == []


async def _refusal(rest: Rest, conversation_id: str) -> tuple[int, str]:
    status, body = await rest.post(conversation_id, HELLO)
    return status, body["error"]["code"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "no type"},
        {"type": "message"},
        {"type": "trace", "text": "x"},
        message(text="x") | {"attachments": [{"contentType": "text/html", "content": "<p>x</p>"}]},
        message(card(version="1.6")),
        message(card({"type": "TextBlox", "text": "x"})),
        message(card({"type": "TextBlock", "text": "x", "colour": "good"})),
        message(card({"type": "TextBlock", "text": "x", "spacing": "mediumish"})),
        message(card({"type": "Input.Text", "label": "no id"})),
        message(card({"type": "Container", "items": [text_input()]}, text_input())),
        message(card(actions=(execute("Send", fallback={"type": "Action.Sumbit"}),))),
        message(card(actions=(execute("Send", fallback=submit("Send") | {"dta": {}}),))),
        message(card(refresh={"type": "Refresh", "action": execute("x"), "userIds": ["29:1"] * 61})),
    ],
)
@pytest.mark.skipif(adaptive_schema.PATH is None, reason="Microsoft's schema of Adaptive Cards is not on this machine")
async def test_bad_messages_are_refused(fake: FakeTeams, rest: Rest, ada: Person, wrong: Json) -> None:
    status, body = await rest.post(ada.chat.id, wrong)
    assert (status, body["error"]["code"]) == (400, "BadSyntax")
    assert fake.messages(ada.chat) == []


async def test_what_only_teams_knows_is_taken(rest: Rest, ada: Person) -> None:
    block = {"type": "TextBlock", "text": "x", "targetWidth": "atLeast:narrow"}
    old_clients = execute("Send", fallback=submit("Send", action="a1"))
    fine = card(block, actions=(old_clients,), msteams={"width": "Full"})
    assert (await rest.post(ada.chat.id, message(fine)))[0] == 201


async def test_too_large_is_counted_in_utf16(fake: FakeTeams, rest: Rest, ada: Person) -> None:
    fits = (MESSAGE_LIMIT - 100) // 2
    assert (await rest.post(ada.chat.id, message(text="a" * fits)))[0] == 201
    status, body = await rest.post(ada.chat.id, message(text="a" * (fits + 51)))
    assert (status, body["error"]["code"]) == (413, "MessageSizeTooBig")
    assert len(fake.rules.warnings) == 1


async def test_seven_actions_are_taken_with_a_warning(fake: FakeTeams, rest: Rest, ada: Person) -> None:
    await shown(rest, ada, card(actions=tuple(execute(str(n)) for n in range(7))))
    assert len(fake.rules.warnings) == 1


async def test_a_bot_changes_only_its_own_messages(fake: FakeTeams, rest: Rest, bot: TinyBot, ada: Person) -> None:
    await ada.say("report")
    hers = fake.messages(ada.chat)[-1]
    own = await shown(rest, ada, FORM)
    place = f"/{quote(ada.chat.id, safe='')}/activities"
    assert (await rest.call("PUT", f"{place}/{hers.id}", HELLO))[0] == 403
    assert (await rest.call("DELETE", f"{place}/{hers.id}"))[0] == 403
    assert (await rest.call("PUT", f"{place}/12", HELLO))[0] == 404
    assert (await rest.call("PUT", f"{place}/{own.id}", HELLO))[0] == 200
    assert [m.text for m in fake.messages(ada.chat)] == ["report", "hello"]
    assert (await rest.call("DELETE", f"{place}/{own.id}"))[0] == 200
    assert (await rest.call("PUT", f"{place}/{own.id}", HELLO))[0] == 404
    assert [m.text for m in fake.messages(ada.chat)] == ["report"]


async def test_a_fast_bot_is_throttled(fake: FakeTeams, rest: Rest, ada: Person, clock: Clock) -> None:
    assert [(await rest.post(ada.chat.id, HELLO))[0] for _ in range(8)] == [201] * 7 + [429]
    assert rest.retry_after == "1"
    clock.now += 1
    assert [(await rest.post(ada.chat.id, HELLO))[0] for _ in range(2)] == [201, 429]
    assert (await rest.post(fake.person("Ben", installed=True).chat.id, HELLO))[0] == 201
    fake.throttle.on = False
    assert (await rest.post(ada.chat.id, HELLO))[0] == 201


async def test_a_tenant_takes_fifty_calls_a_second(fake: FakeTeams, rest: Rest) -> None:
    chats = [fake.person(f"Person {n}", installed=True).chat for n in range(51)]
    assert [(await rest.post(chat.id, HELLO))[0] for chat in chats] == [201] * 50 + [429]


# opening conversations and reading rosters


async def test_a_chat_is_opened_by_object_id(fake: FakeTeams, rest: Rest, ada: Person) -> None:
    ben = fake.person("Ben Ashworth")
    wanted: Json = {"members": [{"id": ada.user.aad_object_id}], "tenantId": fake.tenant_id}
    assert await rest.call("POST", "", wanted) == (201, {"id": ada.chat.id})
    assert (await rest.call("POST", "", wanted | {"tenantId": None}))[0] == 400
    assert (await rest.call("POST", "", wanted | {"members": [{"id": "29:nobody"}]}))[0] == 400
    assert (await rest.call("POST", "", wanted | {"members": wanted["members"] * 2}))[0] == 400
    assert (await rest.call("POST", "", wanted | {"members": [{"id": ben.user.id}]}))[0] == 403
    stranger = fake.person("Fay Federated", tenant_id="another-tenant", installed=True)
    assert (await rest.call("POST", "", wanted | {"members": [{"id": stranger.user.id}]}))[0] == 400


async def test_a_new_post_starts_a_thread(fake: FakeTeams, rest: Rest, bot: TinyBot, ada: Person) -> None:
    team = fake.team("Quality", ada, channels=("Panel",), installed=True)
    panel = team.channels["Panel"]
    post = {"isGroup": True, "channelData": {"channel": {"id": panel.id}}, "activity": HELLO}
    status, body = await rest.call("POST", "", post)
    assert status == 201
    assert body["id"] == f"{panel.id};messageid={body['activityId']}"
    assert (await rest.post(body["id"], HELLO))[0] == 201
    reply_path = f"/{quote(panel.id, safe='')}/activities/{body['activityId']}"
    assert (await rest.call("POST", reply_path, HELLO))[0] == 201
    root, *replies = fake.messages(panel)
    assert fake.messages(body["id"]) == [root, *replies]
    assert (await rest.post(panel.id, HELLO))[0] == 201
    assert len(fake.messages(body["id"])) == 3

    bot.reply = message(text="heard")
    assert await ada.say("no mention", channel=panel, thread=root) is None
    await ada.say("@bot report", channel=panel, thread=root)
    turn = bot.turns[-1]
    assert turn.text == "<at>psirf-bot</at> report\n"
    assert TurnContext.remove_recipient_mention(turn).strip() == "report"
    assert (turn.conversation.id, turn.conversation.is_group) == (body["id"], True)
    assert fake.messages(body["id"])[-1].text == "heard"
    await ada.say("@bot something new", channel=panel)
    assert [m.text for m in fake.messages(bot.turns[-1].conversation.id)][-1] == "heard"
    assert len(fake.messages(body["id"])) == 6


async def test_rosters_tell_who_is_who(fake: FakeTeams, rest: Rest, ada: Person) -> None:
    guest = fake.person("Gus Guest", guest=True)
    stranger = fake.person("Fay Federated", tenant_id="another-tenant")
    nobody = fake.person("Anonymous", anonymous=True)
    chat = fake.group_chat(ada, guest, stranger, nobody)
    place = f"/{quote(chat.id, safe='')}"
    _, members = await rest.call("GET", f"{place}/members")
    assert [m["userRole"] for m in members] == ["user", "guest", "user", "anonymous"]
    assert members[2]["tenantId"] == "another-tenant"
    assert "#EXT#" in members[1]["userPrincipalName"]
    assert "aadObjectId" not in members[3]
    assert (await rest.call("GET", f"{place}/members/{ada.user.aad_object_id}"))[1]["name"] == "Ada Okafor"
    assert (await rest.call("GET", f"{place}/members/{quote(fake.world.bot_id)}"))[0] == 404


async def test_a_long_roster_comes_in_pages(fake: FakeTeams, rest: Rest) -> None:
    team = fake.team("Everybody", *(fake.person(f"Person {n}") for n in range(120)), installed=True)
    path, names = f"/{quote(team.id, safe='')}/pagedmembers?pageSize=50", []
    token = ""
    while token is not None:
        _, page = await rest.call("GET", f"{path}&continuationToken={token}")
        names.append(len(page["members"]))
        token = page.get("continuationToken")
    assert names == [50, 50, 20]


# what goes wrong


@pytest.mark.parametrize(
    ("fault", "answer", "kept"),
    [
        (Fault.throttled(3), 429, 0),
        (Fault.throttled(None), 429, 0),
        (Fault.failing(503), 503, 0),
        (Fault.failing(500, accepted=True), 500, 1),
        (Fault.failing(412), 412, 0),
        (Fault.failing(504, accepted=True), None, 1),  # a gateway's HTML
        (Fault.drop(), None, 0),
        (Fault.drop(accepted=True), None, 1),
        (Fault.truncated(), None, 1),
        (Fault.hang(), None, 0),
        (Fault.hang(accepted=True), None, 1),
        (Fault.slow(0.05), 201, 1),
        (Fault.slow(1.2), None, 1),  # accepted after the caller gave up
    ],
)
async def test_faults(fake: FakeTeams, rest: Rest, ada: Person, fault: Fault, answer: int | None, kept: int) -> None:
    fake.fail_next("post", fault)
    try:
        status, _ = await rest.post(ada.chat.id, HELLO)
    except NO_ANSWER:
        status = None
    if fault.delay:
        await ada.hears("hello")
    assert (status, len(fake.messages(ada.chat))) == (answer, kept)
    if status == 429:
        assert rest.retry_after == (None if fault.retry_after is None else str(fault.retry_after))
    assert fake.history[-1].fault is fault
    assert (await rest.post(ada.chat.id, HELLO))[0] == 201


async def test_faults_strike_only_their_kind(fake: FakeTeams, rest: Rest, ada: Person) -> None:
    fake.fail_next("token", Fault.failing(500))
    fake.fail_next("update", Fault.failing(500))
    assert (await rest.post(ada.chat.id, HELLO))[0] == 201
    assert (await rest.sign_in())[0] == 500
    assert [call.kind for call in fake.history] == ["token", "send", "token"]
    assert fake.history[-1].body is None


# what the client does


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        (text_input(isRequired=True), {}),
        (text_input(maxLength=3), {"what": "four"}),
        (text_input(regex="^[0-9]+$"), {"what": "x"}),
        (text_input(), {"what": "two\nlines"}),
        (text_input(isVisible=False), {"what": "x"}),
        (text_input(), {"who": "x"}),
        ({"type": "Input.Number", "id": "n", "min": 1, "max": 5}, {"n": 6}),
        ({"type": "Input.Number", "id": "n"}, {"n": "many"}),
        ({"type": "Input.Date", "id": "d", "max": "2026-11-21"}, {"d": "2026-11-22"}),
        ({"type": "Input.Time", "id": "t", "min": "09:00"}, {"t": "08:59"}),
        ({"type": "Input.Toggle", "id": "ok", "title": "I agree", "isRequired": True}, {"ok": False}),
        ({"type": "Input.ChoiceSet", "id": "c", "choices": [{"title": "Low", "value": "1"}]}, {"c": "High"}),
    ],
)
async def test_the_client_stops_what_its_renderer_would(
    rest: Rest, bot: TinyBot, ada: Person, field: Json, typed: Json
) -> None:
    await shown(rest, ada, card(field, actions=(execute("Send"), execute("Skip", associatedInputs="none"))))
    with pytest.raises(ClientRefused):
        await ada.press("Send", inputs=typed)
    assert bot.turns == []
    await ada.press("Skip")
    assert bot.turns[0].value["action"]["data"] == {"action": "a1"}


async def test_values_travel_as_strings(rest: Rest, bot: TinyBot, ada: Person) -> None:
    choices = [{"title": "Low harm", "value": "1"}, {"title": "No harm", "value": "0"}]
    fields = (
        text_input(),
        {"type": "Input.Number", "id": "n"},
        {"type": "Input.Toggle", "id": "ok", "title": "OK", "valueOn": "yes"},
        {"type": "Input.ChoiceSet", "id": "one", "choices": choices, "value": "0"},
        {"type": "Input.ChoiceSet", "id": "many", "choices": choices, "isMultiSelect": True},
    )
    await shown(rest, ada, card(*fields, actions=(submit("Send", action="a1"),)))
    await ada.press_submit("Send", inputs={"n": 3, "ok": True, "many": ["Low harm", "0"]})
    turn = bot.turns[-1]
    assert (turn.type, turn.text) == ("message", None)
    assert turn.value == {"action": "a1", "n": "3", "ok": "yes", "one": "0", "many": "1,0"}


async def test_an_action_takes_the_inputs_around_it(rest: Rest, bot: TinyBot, ada: Person) -> None:
    inner = {"type": "AdaptiveCard", "body": [text_input("inner")], "actions": [execute("Inner")]}
    column = {"type": "Column", "items": [{"type": "ActionSet", "actions": [execute("Outer")]}]}
    body = (text_input("outer"), {"type": "ColumnSet", "columns": [column]})
    more = {"type": "Action.ShowCard", "title": "More", "card": inner}
    await shown(rest, ada, card(*body, actions=(more,)))
    typed = {"outer": "o", "inner": "i"}
    await ada.press("Inner", inputs=typed)
    await ada.press("Outer", inputs=typed)
    sent = [set(turn.value["action"]["data"]) for turn in bot.turns]
    assert sent == [{"action", "outer", "inner"}, {"action", "outer"}]


async def test_folded_parts_open_for_one_person(fake: FakeTeams, rest: Rest, ada: Person) -> None:
    hidden = {"type": "Container", "id": "more", "isVisible": False, "items": [{"type": "TextBlock", "text": "why"}]}
    toggle = {"type": "Action.ToggleVisibility", "title": "Show more", "targetElements": ["more"]}
    folded = await shown(rest, ada, card(hidden, actions=(toggle,)))
    assert "why" not in ada.reads(folded)
    await ada.press("Show more")
    assert "why" in ada.reads(folded)
    assert "why" not in fake.person("Ben Ashworth").reads(folded)


async def test_answers_to_a_press(fake: FakeTeams, rest: Rest, bot: TinyBot, ada: Person) -> None:
    ben = fake.person("Ben Ashworth")
    vote = await shown(rest, ada, FORM)
    typed = {"what": "x"}

    bot.answer = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Thank you"}
    await ada.press("Send", inputs=typed)
    assert ada.last_toast is not None
    assert (ada.last_toast.kind, ada.last_toast.text) == ("message", "Thank you")

    too_late = {"code": "409", "message": "This has moved on."}
    bot.answer = {"statusCode": 409, "type": "application/vnd.microsoft.error", "value": too_late}
    await ada.press("Send", inputs=typed)
    assert (ada.last_toast.kind, ada.last_toast.text) == ("error", "This has moved on.")

    for nonsense in (None, {}, {"statusCode": 200, "type": CARD_TYPE, "value": card(version="2.0")}):
        bot.answer = nonsense
        await ada.press("Send", inputs=typed)
        assert ada.last_toast.kind == "error"
        assert fake.sees(ada) == [FORM]

    bot.answer = {"statusCode": 200, "type": CARD_TYPE, "value": card({"type": "TextBlock", "text": "Done"})}
    await ada.press("Send", inputs=typed)
    assert ada.last_toast is None
    assert ada.reads(vote) == "Done"
    assert ben.reads(vote) != "Done"
    path = f"/{quote(ada.chat.id, safe='')}/activities/{vote.id}"
    await rest.call("PUT", path, message(card({"type": "TextBlock", "text": "Closed"})))
    assert ada.reads(vote) == "Closed"


async def test_a_slow_bot_gets_the_same_press_three_times(
    fake: FakeTeams, rest: Rest, bot: TinyBot, ada: Person
) -> None:
    async def think(_turn: Activity) -> None:
        await asyncio.sleep(0.2)

    await shown(rest, ada, card(actions=(execute("Send"),)))
    bot.answer, fake.invoke_patience = think, 0.05
    await ada.press("Send")
    assert len({turn.id for turn in bot.turns}) == 1
    assert len(bot.turns) == 3
    assert ada.last_toast is not None
    assert ada.last_toast.kind == "error"


async def test_a_slow_bot_gets_a_message_again(fake: FakeTeams, rest: Rest, bot: TinyBot, ada: Person) -> None:
    fake.redelivery_after = 0.4  # the second turn has as long, on a busy machine too
    fake.fail_next("openid", Fault.slow(0.6))  # holds the first turn up
    said = await ada.say("report")
    assert said is not None
    assert (said.status, said.attempts) == (201, 2)


async def test_dialogs(rest: Rest, bot: TinyBot, ada: Person) -> None:
    await shown(rest, ada, card(actions=(submit("Open", id=7, msteams={"type": "task/fetch"}),)))
    form = card(text_input(isRequired=True), actions=(submit("Save", step=1),))
    value = {"title": "Report", "card": {"contentType": CARD_TYPE, "content": form}}
    bot.answer = {"task": {"type": "continue", "value": value}}
    await ada.press("Open")
    assert bot.turns[-1].name == "task/fetch"
    assert bot.turns[-1].value["data"]["id"] == 7
    with pytest.raises(ClientRefused):
        await ada.submit_dialog("Save")
    bot.answer = {"task": {"type": "message", "value": "Saved"}}
    await ada.submit_dialog("Save", inputs={"what": "A near miss"})
    assert bot.turns[-1].name == "task/submit"
    assert bot.turns[-1].value["data"] == {"step": 1, "what": "A near miss"}
    assert ada.dialog is None
    assert ada.last_toast is not None
    assert ada.last_toast.text == "Saved"


SAY = {"type": "TextBlock", "text": "Saved"}


def dialog(content: Json, **more: Any) -> Json:
    value = {"title": "Report", "card": {"contentType": CARD_TYPE, "content": content}, **more}
    return {"task": {"type": "continue", "value": value}}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"task": None},
        {"task": {"type": "message", "value": ""}},
        {"task": {"type": "message", "value": card(SAY)}},
        {"task": {"type": "close"}},
        {"statusCode": 200, "type": CARD_TYPE, "value": card(SAY)},
        dialog(card(SAY), title=""),
        dialog(card(SAY), height="huge"),
        dialog(card(SAY), url="https://example.org"),
        dialog(card(SAY, version="1.6")),
        dialog(card(SAY, actions=(execute("Save"),))),
        dialog(card(SAY, actions=(submit("Open", msteams={"type": "task/fetch"}),))),
        dialog(card(SAY, refresh={"type": "Refresh", "action": execute("Refresh")})),
    ],
)
async def test_what_opens_no_dialog(rest: Rest, bot: TinyBot, ada: Person, answer: Any) -> None:
    await shown(rest, ada, card(actions=(submit("Open", msteams={"type": "task/fetch"}),)))
    bot.answer = answer
    await ada.press("Open")
    assert ada.dialog is None
    assert ada.last_toast is not None
    assert ada.last_toast.kind == "error"


async def test_a_dialog_stays_when_its_answer_is_none(rest: Rest, bot: TinyBot, ada: Person) -> None:
    await shown(rest, ada, card(actions=(submit("Open", msteams={"type": "task/fetch"}),)))
    bot.answer = dialog(card(text_input(), actions=(submit("Save"),)), height="small", width=400)
    await ada.press("Open")
    bot.answer = {"task": {"type": "done"}}
    await ada.submit_dialog("Save")
    assert ada.dialog is not None
    bot.answer = {}
    await ada.submit_dialog("Save")
    assert ada.dialog is None
    with pytest.raises(ClientRefused):
        await ada.submit_dialog("Save")


async def test_a_client_that_opens_no_dialogs(rest: Rest, bot: TinyBot, ada: Person) -> None:
    await shown(rest, ada, card(actions=(submit("Open", msteams={"type": "task/fetch"}),)))
    ada.opens_dialogs = False
    assert await ada.press("Open") is None
    assert bot.turns == []


async def test_a_message_is_brought_along(fake: FakeTeams, rest: Rest, bot: TinyBot, ada: Person) -> None:
    ben = fake.person("Ben Ashworth")
    chat = fake.chat_of_two(ada, ben)
    message = ben.writes("It was <off>", channel=chat)
    bot.answer = dialog(card(SAY, text_input(), actions=(submit("Save", step=1),)))
    await ada.use_extension(message)
    turn = bot.turns[-1]
    assert (turn.name, turn.reply_to_id) == ("composeExtension/fetchTask", None)
    assert (turn.conversation.id, turn.conversation.conversation_type) == (chat.id, "personal")
    assert turn.value["commandContext"] == "message"
    assert turn.value["messagePayload"]["body"] == {"contentType": "html", "content": "<p>It was &lt;off&gt;</p>"}
    await ada.submit_dialog("Save", inputs={"what": "x"})
    turn = bot.turns[-1]
    assert (turn.name, turn.value["data"]) == ("composeExtension/submitAction", {"step": 1, "what": "x"})
    assert turn.value["messagePayload"]["id"] == message.id
    await ada.use_extension(channel=chat)
    assert bot.turns[-1].value == {"commandId": "report", "commandContext": "compose", "context": {"theme": "default"}}


async def test_the_bot_cannot_look_into_a_chat_it_is_only_used_in(fake: FakeTeams, rest: Rest, ada: Person) -> None:
    two, group = fake.chat_of_two(ada, fake.person("Ben Ashworth")), fake.group_chat(ada, installed=False)
    for chat in (two, group):
        status, body = await rest.call("GET", f"/{quote(chat.id, safe='')}/members/{quote(ada.user.id)}")
        assert (status, body["error"]["code"]) == (403, "BotNotInConversationRoster")
        with pytest.raises(ClientRefused):
            await ada.say("@bot report", channel=chat)
        assert await ada.say("among ourselves", channel=chat) is None


async def test_the_bot_is_added_to_a_group_chat(fake: FakeTeams, bot: TinyBot, ada: Person) -> None:
    chat = fake.group_chat(ada, installed=False)
    await ada.install(chat=chat)
    added, installed = bot.turns
    assert [member.id for member in added.members_added] == [fake.world.bot_id]
    assert (added.conversation.id, installed.type) == (chat.id, "installationUpdate")
    await fake.redeliver()
    assert [turn.id for turn in bot.turns[2:]] == [added.id, installed.id]


async def test_a_card_refreshes_itself_for_those_it_names(
    fake: FakeTeams, rest: Rest, bot: TinyBot, ada: Person
) -> None:
    ben = fake.person("Ben Ashworth")
    chat = fake.group_chat(ada, ben)
    refresh = {"type": "Refresh", "action": execute("Refresh"), "userIds": [ada.user.id]}
    await rest.post(chat.id, message(card(refresh=refresh)))
    [vote] = fake.messages(chat)
    bot.answer = {"statusCode": 200, "type": CARD_TYPE, "value": card({"type": "TextBlock", "text": "You: yes"})}
    assert await ben.look(vote) is None
    await ada.look(vote)
    assert bot.turns[-1].value["trigger"] == "automatic"
    assert (ada.reads(vote), ben.reads(vote)) == ("You: yes", "")
    await rest.post(chat.id, message(card(refresh={"type": "Refresh", "action": execute("Refresh")})))
    await ben.look(fake.messages(chat)[-1])
    assert bot.turns[-1].from_property.id == ben.user.id


async def test_an_old_client_uses_the_fallback(rest: Rest, bot: TinyBot, ada: Person) -> None:
    await shown(rest, ada, card(actions=(execute("Send", fallback=submit("Send", action="a1")), execute("New"))))
    ada.modern = False
    await ada.press("Send")
    assert (bot.turns[-1].type, bot.turns[-1].value) == ("message", {"action": "a1"})
    with pytest.raises(ClientRefused):
        await ada.press("New")


async def test_a_card_that_is_gone_cannot_be_pressed(rest: Rest, bot: TinyBot, ada: Person) -> None:
    posted = await shown(rest, ada, card(actions=(execute("Send"), execute("Grey", isEnabled=False))))
    with pytest.raises(ClientRefused, match="only"):
        await ada.press("Nothing like it")
    with pytest.raises(ClientRefused, match="greyed"):
        await ada.press("Grey")
    await rest.call("DELETE", f"/{quote(ada.chat.id, safe='')}/activities/{posted.id}")
    with pytest.raises(ClientRefused):
        await ada.press("Send", card=posted)


async def test_waiting_in_vain_says_what_was_there(rest: Rest, bot: TinyBot, ada: Person) -> None:
    await rest.post(ada.chat.id, HELLO)
    assert (await ada.hears("hello")).text == "hello"
    await ada.say("report")
    with pytest.raises(AssertionError, match="hello"):
        await ada.hears("hello", within=0.05)
