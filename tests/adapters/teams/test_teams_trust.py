"""Who is let in: tokens, keys, tenants and service URLs; and nothing that is sent can trip the adapter up."""

import asyncio
import gzip
import json
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from teams_stage import RecordingDesk, Served

from fakes.teams import FakeTeams, Fault, Json, Person
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.adapters.teams.tokens import SigningKey, Verified
from psirf_bot.casework.inbound import Actor, Reply, Said
from psirf_bot.clock import Clock

MINUTE = 60
ADA = "ada.okafor@fenmarsh.example"


def report(fake: FakeTeams, ada: Person, number: int = 1) -> Json:
    return fake.activities.message(ada.user, ada.chat, "report", str(number), None)


def now() -> int:
    return int(time.time())


@pytest.mark.parametrize(
    ("token", "status"),
    [
        pytest.param(lambda fake: fake.token(), 200, id="valid"),
        pytest.param(lambda fake: fake.token(exp=now() - 4 * MINUTE), 200, id="expired within the skew"),
        pytest.param(lambda fake: fake.token(nbf=now() + 4 * MINUTE), 200, id="early within the skew"),
        pytest.param(lambda fake: None, 401, id="none"),
        pytest.param(lambda fake: "rubbish", 403, id="rubbish"),
        pytest.param(lambda fake: "a.b.c", 403, id="rubbish in three parts"),
        pytest.param(lambda fake: "[" * 4000 + ".e30.", 403, id="rubbish header"),
        pytest.param(lambda fake: fake.token(exp=now() - 6 * MINUTE), 403, id="expired"),
        pytest.param(lambda fake: fake.token(nbf=now() + 6 * MINUTE), 403, id="not yet"),
        pytest.param(lambda fake: fake.token(exp=None), 403, id="for ever"),
        pytest.param(lambda fake: fake.token(exp="soon"), 403, id="odd expiry"),
        pytest.param(lambda fake: fake.token(nbf=None), 403, id="from ever"),
        pytest.param(lambda fake: fake.token(iss="https://sts.elsewhere.example"), 403, id="issuer"),
        pytest.param(lambda fake: fake.token(iss=None), 403, id="no issuer"),
        pytest.param(lambda fake: fake.token(aud="another-bot"), 403, id="audience"),
        pytest.param(lambda fake: fake.token(aud=None), 403, id="no audience"),
        pytest.param(lambda fake: fake.token(aud=[fake.app_id, "another-bot"]), 403, id="several audiences"),
        pytest.param(lambda fake: fake.token(alg="none"), 403, id="alg none"),
        pytest.param(lambda fake: fake.token(alg="HS256"), 403, id="alg HS256"),
        pytest.param(lambda fake: fake.token(alg="RS512"), 403, id="alg RS512"),
        pytest.param(lambda fake: fake.token(kid="nobody"), 403, id="unknown kid"),
        pytest.param(lambda fake: fake.token(kid=None), 403, id="no kid"),
        pytest.param(lambda fake: fake.token(key=fake.keys.stranger()), 403, id="forged"),
        pytest.param(lambda fake: fake.token(serviceurl=None), 403, id="no serviceurl"),
        pytest.param(lambda fake: fake.token(serviceurl="http://127.0.0.1:1/"), 403, id="other serviceurl"),
        pytest.param(lambda fake: fake.token(key=fake.keys.webchat), 403, id="not endorsed for Teams"),
    ],
)
async def test_tokens(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, token: Callable[..., Any], status: int
) -> None:
    assert (await fake.deliver(report(fake, ada), token=token(fake))).status == status
    assert len(desk.turns) == (status == 200)


@pytest.mark.parametrize("scheme", ["Basic {}", "{}", "Bearer", "Bearer {} {}", "Béarer {}"])
async def test_other_schemes(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, scheme: str
) -> None:
    header = {"Authorization": scheme.format(fake.token(), "x")}
    assert (await fake.deliver(report(fake, ada), token=None, headers=header)).status == 403
    assert desk.turns == []


# keys


async def test_a_key_rolls_over_at_once(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    old = fake.token()
    assert (await fake.deliver(report(fake, ada))).status == 200
    fake.roll_key(keep_old=False)
    assert (await fake.deliver(report(fake, ada, 2))).status == 200
    assert (await fake.deliver(report(fake, ada, 3), token=old)).status == 403
    assert fake.keys.key_fetches == 2 + 1  # the withdrawn key was looked for once more


async def test_made_up_keys_do_not_send_us_to_microsoft_each_time(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, clock: Clock
) -> None:
    for number in range(10):
        rubbish = fake.token(kid=f"made-up-{number}")
        assert (await fake.deliver(report(fake, ada), token=rubbish)).status == 403
    assert fake.keys.key_fetches == 1
    fake.roll_key()
    clock.advance(timedelta(seconds=11))
    assert (await fake.deliver(report(fake, ada))).status == 200
    assert fake.keys.key_fetches == 2


async def test_many_at_once_fetch_the_keys_once(fake: FakeTeams, adapter: TeamsAdapter, ada: Person) -> None:
    fake.fail_next("openid", Fault.slow(0.05))
    answers = await asyncio.gather(*(fake.deliver(report(fake, ada, n)) for n in range(8)))
    assert [answer.status for answer in answers] == [200] * 8
    assert (fake.keys.metadata_fetches, fake.keys.key_fetches) == (1, 1)


@pytest.mark.parametrize("fault", [Fault.failing(503), Fault.drop(), Fault.truncated()])
@pytest.mark.parametrize("kind", ["openid", "keys"])
async def test_old_keys_are_kept_while_their_host_is_down(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, clock: Clock, kind: Any, fault: Fault
) -> None:
    assert (await fake.deliver(report(fake, ada))).status == 200
    clock.advance(timedelta(days=2))
    fake.fail_next(kind, fault, fault)
    assert (await fake.deliver(report(fake, ada, 2))).status == 200
    assert (await fake.deliver(report(fake, ada, 3))).status == 200
    clock.advance(timedelta(seconds=11))
    assert (await fake.deliver(report(fake, ada, 4))).status == 200


async def test_a_withdrawn_key_is_good_for_a_day_at_most(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, clock: Clock
) -> None:
    old = fake.token()
    assert (await fake.deliver(report(fake, ada), token=old)).status == 200
    fake.roll_key(keep_old=False)
    assert (await fake.deliver(report(fake, ada), token=old)).status == 200
    clock.advance(timedelta(days=1, minutes=1))
    assert (await fake.deliver(report(fake, ada), token=old)).status == 403


async def test_without_any_keys_nobody_is_let_in(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    fake.fail_next("openid", Fault.failing(503))
    assert (await fake.deliver(report(fake, ada))).status == 503
    assert desk.turns == []
    assert (await fake.deliver(report(fake, ada))).status == 200


# a token that comes again


async def test_a_known_token_is_still_for_its_own_service_only(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    token = fake.token()
    assert (await fake.deliver(report(fake, ada), token=token)).status == 200
    other = report(fake, ada, 2) | {"serviceUrl": f"{fake.service_url}other/"}
    assert (await fake.deliver(other, token=token)).status == 403
    assert (await fake.deliver(report(fake, ada, 3), token=token)).status == 200
    assert len(desk.turns) == 2


@pytest.mark.parametrize(
    ("begins", "ends", "good"), [(-1, 1, True), (-9, -4, True), (4, 9, True), (-9, -6, False), (6, 9, False)]
)
def test_a_known_token_is_good_in_its_time_and_with_its_key_only(begins: int, ends: int, good: bool) -> None:
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    key, published_again = (SigningKey(public, frozenset({"msteams"})) for _ in range(2))
    claims = {"nbf": now() + begins * MINUTE, "exp": str(now() + ends * MINUTE)}
    verified = Verified("kid", key, claims)
    assert verified.holds(key) == good
    assert not verified.holds(published_again)
    assert not verified.holds(None)


# what is asked


def elsewhere(**changes: Any) -> Callable[[Json], Json]:
    return lambda activity: activity | changes


def without(*names: str) -> Callable[[Json], Json]:
    return lambda activity: {name: value for name, value in activity.items() if name not in names}


def in_tenant(channel_data: str | None, conversation: str | None) -> Callable[[Json], Json]:
    def change(activity: Json) -> Json:
        data = {"tenant": {"id": channel_data}} if channel_data else {}
        return activity | {
            "channelData": data,
            "conversation": activity["conversation"] | {"tenantId": conversation},
        }

    return change


OURS = "0b8f3c14-7a5d-4c6e-9f21-6d2e8c4b7a90"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (elsewhere(channelId="webchat"), 403),
        (elsewhere(channelId="directline"), 403),
        (elsewhere(channelId="emulator"), 403),
        (in_tenant("another-tenant", "another-tenant"), 403),
        (in_tenant(OURS, "another-tenant"), 403),
        (in_tenant("another-tenant", OURS), 403),
        (in_tenant(None, None), 403),
        (in_tenant(OURS.upper(), None), 200),
        (in_tenant(None, OURS), 200),
        (elsewhere(type=None), 400),
        (elsewhere(id=7), 400),
        (elsewhere(id=""), 400),
        (elsewhere(id="x" * 2000), 400),
        (elsewhere(conversation="19:x"), 400),
        (elsewhere(conversation={}), 400),
        (elsewhere(text={"a": 1}), 400),
        (elsewhere(entities="all"), 400),
        (elsewhere(entities=[None, 7, {"type": "mention"}, {"type": "mention", "mentioned": []}]), 200),
        (elsewhere(membersAdded=[{}]), 400),
        (elsewhere(channelData=[]), 400),
        *((without(name), 400) for name in ("type", "id", "channelId", "serviceUrl", "from", "recipient")),
        (without("conversation"), 400),
        (without("text", "entities", "channelData", "replyToId", "locale"), 200),
    ],
)
async def test_turns_that_are_not_for_us_or_not_whole(
    fake: FakeTeams,
    desk: RecordingDesk,
    adapter: TeamsAdapter,
    ada: Person,
    change: Callable[[Json], Json],
    status: int,
) -> None:
    assert fake.tenant_id == OURS
    assert (await fake.deliver(json.dumps(change(report(fake, ada))).encode())).status == status
    assert len(desk.turns) == (status == 200)


SMBA = "smba.trafficmanager.net"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (SMBA, f"http://{SMBA}/uk/"),  # plain http to another machine
        (SMBA, "https://smba.elsewhere.example/uk/"),
        (SMBA, f"https://{SMBA}.elsewhere.example/"),
        (SMBA, f"https://{SMBA}@elsewhere.example/"),
        (SMBA, f"https://me@{SMBA}/"),
        (SMBA, f"https://elsewhere.example/?{SMBA}"),
        (SMBA, f"https://{SMBA}/?to=elsewhere"),
        (SMBA, f"https://[{SMBA}"),
        (SMBA, f"ftp://{SMBA}/uk/"),
        (SMBA, SMBA),
        (SMBA, "file:///etc/hosts"),
        (f"{SMBA}:443", f"https://{SMBA}:8443/uk/"),
    ],
)
async def test_our_token_goes_to_listed_hosts_only(
    fake: FakeTeams, desk: RecordingDesk, served: Served, ada: Person, host: str, url: str
) -> None:
    async with served(service_hosts=[host]):
        turn = report(fake, ada) | {"serviceUrl": url}
        assert (await fake.deliver(turn, token=fake.token(serviceurl=url))).status == 403
    assert (desk.turns, [call.kind for call in fake.history if call.kind != "token"]) == ([], [])


async def test_web_chat_is_refused_though_it_is_properly_signed(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    webchat = fake.token(key=fake.keys.webchat)
    assert (await fake.deliver(report(fake, ada) | {"channelId": "webchat"}, token=webchat)).status == 403
    assert desk.turns == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"[]", 400),
        (b"{", 400),
        (b"\xff\xfe\x00", 400),
        (b"[" * 100_000, 400),
        (b'{"value":' * 20_000 + b"1" + b"}" * 20_000, 400),
        (b'{"id":' + b"9" * 10_000 + b"}", 400),
        (b'{"id":1e999999,"type":NaN}', 400),
        (b" " * (256 * 1024 + 1), 413),
        (gzip.compress(b" " * 20_000_000), 413),
        (b"\x1f\x8bnot gzip at all", 400),
    ],
)
async def test_bodies_that_are_no_activity(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, body: bytes, status: int
) -> None:
    zipped = {"Content-Encoding": "gzip"} if body.startswith(b"\x1f\x8b") else {}
    assert (await fake.deliver(body, headers=zipped)).status == status
    assert desk.turns == []


async def test_a_body_that_never_ends_is_not_waited_for(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psirf_bot.adapters.teams.arrival.ARRIVES_WITHIN", 0.05)
    host, port = fake.bot_url.removeprefix("http://").split("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /api/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {fake.token()}\r\nContent-Length: 100\r\n\r\n"
    )
    writer.write(f"{head}half".encode())
    async with asyncio.timeout(5):
        assert b" 408 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert desk.turns == []


async def test_deeply_nested_values_are_no_activity(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    whole = json.dumps(report(fake, ada) | {"value": "deep"}).encode()
    nested = whole.replace(b'"deep"', b'{"action":' * 5000 + b"1" + b"}" * 5000)
    assert (await fake.deliver(nested)).status == 400
    assert desk.turns == []


async def test_a_large_report_is_taken(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person
) -> None:
    assert (await fake.deliver(report(fake, ada) | {"text": "x" * 200_000})).status == 200
    assert len(desk.turns) == 1


async def test_nothing_typed_and_no_secret_is_logged(
    fake: FakeTeams, desk: RecordingDesk, adapter: TeamsAdapter, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "Mrs Marlow fell"
    desk.answer = Reply(notice="Thank you.")
    await ada.say(secret)
    for change in (elsewhere(channelId="webchat"), elsewhere(id=7), elsewhere(type="invoke")):
        await fake.deliver(change(report(fake, ada) | {"text": secret, "value": {"what": secret}}))
    await fake.deliver(report(fake, ada) | {"text": secret}, token="rubbish")
    await fake.deliver(f'{{"text": "{secret}"'.encode())
    assert desk.turns[0].what == Said(secret)
    assert caplog.messages
    for kept in (secret, fake.settings["PSIRF_TEAMS_APP_SECRET"], "Bearer "):
        assert kept not in caplog.text


# the playground


async def test_unsigned_turns_are_let_in_for_the_playground_only(
    fake: FakeTeams, desk: RecordingDesk, served: Served, ada: Person
) -> None:
    async with served(allow_unsigned_loopback=True):
        playground = report(fake, ada) | {"channelData": {"tenant": {"id": "0" * 37}}}
        assert (await fake.deliver(playground, token=None)).status == 200
        assert desk.turns[0].actor == Actor("teams", fake.tenant_id, str(ada.user.aad_object_id), "Ada Okafor", ADA)
        for url in ("https://smba.trafficmanager.net/uk/", "http://127.0.0.1.elsewhere.example/"):
            assert (await fake.deliver(playground | {"serviceUrl": url}, token=None)).status == 403
        assert (await fake.deliver(playground | {"id": "2"}, token="rubbish")).status == 403
        assert (await fake.deliver(report(fake, ada, 3))).status == 200
    async with served():
        assert (await fake.deliver(playground | {"id": "4"}, token=None)).status == 401
    assert len(desk.turns) == 2


async def test_the_playground_needs_no_credentials(
    fake: FakeTeams, desk: RecordingDesk, served: Served, ada: Person
) -> None:
    nothing = {"app_id": "", "app_secret": "", "tenant_id": ""}
    desk.answer = Reply(notice="Thank you.")
    async with served(allow_unsigned_loopback=True, **nothing):
        lenient = report(fake, ada) | {"from": {"id": "user-id-1"}}
        assert (await fake.deliver(lenient, token=None)).status == 200
        assert (await fake.deliver(report(fake, ada, 2))).status == 403
        assert (await fake.deliver(report(fake, ada, 2), token=fake.token(aud=""))).status == 403
        assert (await fake.deliver(report(fake, ada, 3), token=None)).status == 200
    assert [turn.actor.user for turn in desk.turns] == ["user-id-1", ada.user.aad_object_id]
    assert {turn.actor.team for turn in desk.turns} == {"playground"}
    assert [call.kind for call in fake.history] == ["send", "member", "send"]
    assert fake.entra.fetches == 0
    with pytest.raises(ValueError, match="app id"):
        async with served(**nothing):
            pass


async def test_unsigned_turns_from_another_machine_are_refused(
    fake: FakeTeams, desk: RecordingDesk, served: Served, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiohttp.web.BaseRequest.remote", "192.0.2.7")
    async with served(allow_unsigned_loopback=True):
        assert (await fake.deliver(report(fake, ada), token=None)).status == 401
        assert (await fake.deliver(report(fake, ada))).status == 200
    assert len(desk.turns) == 1


async def test_only_posts_are_taken(fake: FakeTeams, adapter: TeamsAdapter) -> None:
    async with aiohttp.ClientSession() as session, session.get(fake.bot_url) as answer:
        assert answer.status == 405
