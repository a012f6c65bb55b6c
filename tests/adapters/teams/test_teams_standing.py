"""How the bot stands with Microsoft: a secret that is not taken, Entra out of reach, a wrong clock; and well again."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from teams_stage import FORM, Served, address_of
from test_teams_trust import report

from fakes.teams import FakeTeams, Fault, Person
from psirf_bot.adapters.teams import connector, standing
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.adapters.teams.standing import Standing
from psirf_bot.clock import Clock
from psirf_bot.delivery.clock_check import OUT_OF_TIME, ClockCheck
from psirf_bot.delivery.platform import Refused, Uncertain

LATE = 6 * 60


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "LOOKS_EVERY", 3600)


def looking(adapter: TeamsAdapter) -> Standing:
    assert adapter._standing
    return adapter._standing


async def until(sign: Callable[[], object]) -> None:
    async with asyncio.timeout(2):
        while not sign():  # noqa: ASYNC110 (many different things)
            await asyncio.sleep(0.005)


def entra_says(fake: FakeTeams, monkeypatch: pytest.MonkeyPatch, *refusal: object) -> None:
    monkeypatch.setattr(fake.entra, "_why_not", lambda *_: refusal or None)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((401, "invalid_client", 7000215, "Invalid client secret"), "the client secret is wrong"),
        ((401, "invalid_client", 7000222, "The secret is expired"), "the client secret has ended"),
        ((400, "unauthorized_client", 700016, "Not found in the directory"), "look at PSIRF_TEAMS_APP_ID"),
        ((400, "invalid_request", 90002, "Tenant not found"), "PSIRF_TEAMS_TENANT_ID"),
        ((400, "<b>words</b>", 1, "Odd"), "(refused 1)"),
    ],
)
async def test_entra_that_gives_no_token_is_said_at_the_start_until_it_does(
    fake: FakeTeams, served: Served, monkeypatch: pytest.MonkeyPatch, refusal: tuple[Any, ...], words: str
) -> None:
    entra_says(fake, monkeypatch, *refusal)
    monkeypatch.setattr(standing, "LOOKS_EVERY", 0.02)
    async with served() as adapter:
        await until(lambda: adapter.trouble)
        assert adapter.trouble.startswith("Entra ID gives the bot no token (")
        assert words in adapter.trouble
        assert fake.settings["PSIRF_TEAMS_APP_SECRET"] not in adapter.trouble
        entra_says(fake, monkeypatch)
        await until(lambda: not adapter.trouble)


async def test_a_secret_that_ends_later_shows_when_the_token_is_renewed(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await adapter.send(address_of(fake, ada), FORM, "k")
    entra_says(fake, monkeypatch, 401, "invalid_client", 7000222, "The secret is expired")
    await looking(adapter).look()
    assert (adapter.trouble, fake.entra.fetches) == ("", 1), "a token that is good is not asked for again"
    clock.advance(timedelta(hours=2))
    await looking(adapter).look()
    assert "has ended" in adapter.trouble


@pytest.mark.parametrize("fault", [Fault.drop(), Fault.failing(503), Fault.failing(429), Fault.truncated()])
async def test_entra_that_does_not_answer_is_no_wrong_secret(fake: FakeTeams, served: Served, fault: Fault) -> None:
    fake.faults.add("token", fault, fault)
    async with served() as adapter:
        async with asyncio.timeout(2):
            while looking(adapter)._token.misses < 2:  # the look of the start may still be under way: it counts once
                await looking(adapter).look()
        assert adapter.trouble == standing.NO_ANSWER
        await looking(adapter).look()
        assert adapter.trouble == ""


async def test_a_moment_without_entra_is_not_said(fake: FakeTeams, served: Served) -> None:
    fake.faults.add("token", Fault.drop())
    async with served() as adapter:
        await until(lambda: looking(adapter)._token.misses)
        assert adapter.trouble == ""


async def test_a_token_that_the_connector_does_not_take_is_said(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as moment:
        moment.setattr(fake.entra, "knows", lambda _: False)
        with pytest.raises(Refused):
            await adapter.send(address_of(fake, ada), FORM, "k")
        assert adapter.trouble == "", "once is a moment's"
        with pytest.raises(Refused):
            await adapter.send(address_of(fake, ada), FORM, "k")
        assert adapter.trouble == adapter.cannot_send == standing.NOT_TAKEN
        assert "start the bot again" not in adapter.trouble
        assert "Messages wait" in adapter.trouble
    await adapter.send(address_of(fake, ada), FORM, "k")
    assert adapter.trouble == ""


@pytest.mark.parametrize("fault", [Fault.drop(), Fault.failing(503), Fault.truncated()])
async def test_a_connector_that_does_not_answer_is_said_until_it_does(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, fault: Fault
) -> None:
    fake.faults.add("send", fault, fault)
    for said in ("", standing.SILENT_CONNECTOR):
        with pytest.raises(Uncertain):
            await adapter.send(address_of(fake, ada), FORM, "k")
        assert adapter.trouble == adapter.cannot_send == said
    await adapter.send(address_of(fake, ada), FORM, "k")
    assert adapter.trouble == ""


async def test_what_failed_last_on_a_quiet_day_is_forgotten(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults.add("send", Fault.drop(), Fault.drop())
    for _ in range(2):
        with pytest.raises(Uncertain):
            await adapter.send(address_of(fake, ada), FORM, "k")
    assert adapter.trouble
    monkeypatch.setattr(connector, "LAPSES", 0.0)
    assert adapter.trouble == ""


@pytest.mark.parametrize("kind", ["openid", "keys"])
async def test_signing_keys_out_of_reach_are_said_until_they_are_there(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, kind: Any
) -> None:
    fake.fail_next(kind, *[Fault.failing(503)] * 2)
    assert (await fake.deliver(report(fake, ada))).status == 503
    assert adapter.trouble == "", "once is a moment's"
    await looking(adapter).look()
    assert (adapter.trouble, adapter.cannot_send) == (standing.NO_KEYS, "")
    await looking(adapter).look()
    assert adapter.trouble == ""
    fetched = fake.keys.metadata_fetches
    await looking(adapter).look()
    assert fake.keys.metadata_fetches == fetched, "keys that are there are not asked for again"


@pytest.mark.parametrize("lives", [10**12, 10**13])
async def test_a_token_that_lives_for_ever_is_an_answer_that_cannot_be_read(
    fake: FakeTeams, served: Served, monkeypatch: pytest.MonkeyPatch, lives: int
) -> None:
    monkeypatch.setattr(standing, "LOOKS_EVERY", 0.02)
    monkeypatch.setattr(fake.entra, "lifetime", lives)
    async with served() as adapter:
        await until(lambda: adapter.trouble == standing.NO_ANSWER)
        monkeypatch.setattr(fake.entra, "lifetime", 3600)
        await until(lambda: not adapter.trouble)


async def test_the_watch_outlives_what_nobody_foresaw(
    fake: FakeTeams, served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(standing, "LOOKS_EVERY", 0.02)
    async with served() as adapter:
        await until(lambda: fake.entra.fetches)
        with monkeypatch.context() as moment:
            moment.setattr(adapter._token, "get", lambda: 1 // 0)
            await until(lambda: "with Microsoft: ZeroDivisionError" in caplog.text)
        entra_says(fake, monkeypatch, 401, "invalid_client", 7000222, "The secret is expired")
        adapter._token.forget(adapter._token._token)
        await until(lambda: "has ended" in adapter.trouble)
    assert "division by" not in caplog.text, "never its own words"


async def test_a_conversation_that_is_shut_says_nothing_about_the_bot(fake: FakeTeams, adapter: TeamsAdapter) -> None:
    gone = address_of(fake, fake.person("Ben Hale"))
    with pytest.raises(Refused):
        await adapter.send(gone, FORM, "k")
    fake.entra.revoke_all()
    with pytest.raises(Refused):
        await adapter.send(gone, FORM, "k")
    assert adapter.trouble == ""


async def test_the_playground_has_nothing_to_stand_on(fake: FakeTeams, served: Served) -> None:
    nothing = {"app_id": "", "app_secret": "", "tenant_id": ""}
    async with served(allow_unsigned_loopback=True, **nothing) as adapter:
        assert adapter.trouble == ""
    assert fake.history == []


# the clock


def now() -> int:
    return int(time.time())


async def test_a_token_out_of_its_time_counts_until_something_is_admitted(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person
) -> None:
    await until(lambda: fake.entra.fetches)
    for wrong in ({"exp": now() - LATE}, {"nbf": now() + LATE}):
        assert (await fake.deliver(report(fake, ada), token=fake.token(**wrong))).status == 403
        assert (adapter.trouble, adapter.cannot_send) == (OUT_OF_TIME, "")
        assert (await fake.deliver(report(fake, ada))).status == 200
        assert adapter.trouble == ""


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda fake: fake.token(exp=now() - LATE, aud="another-bot"), id="for another"),
        pytest.param(lambda fake: fake.token(exp=now() - LATE, iss="https://sts.elsewhere.example"), id="by another"),
        pytest.param(lambda fake: fake.token(exp=now() - LATE, key=fake.keys.stranger()), id="forged"),
        pytest.param(lambda fake: fake.token(exp=now() - LATE, alg="HS256"), id="another kind of signature"),
        pytest.param(lambda fake: fake.token(exp=None), id="for ever"),
        pytest.param(lambda fake: fake.token(aud="another-bot"), id="of now"),
    ],
)
async def test_only_what_is_signed_for_us_says_anything_about_the_time(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person, token: Callable[[FakeTeams], str]
) -> None:
    assert (await fake.deliver(report(fake, ada), token=token(fake))).status == 403
    assert adapter.trouble == ""


async def test_an_old_token_is_forgiven_once_entra_says_that_our_clock_is_right(
    fake: FakeTeams, adapter: TeamsAdapter, ada: Person
) -> None:
    await until(lambda: fake.entra.fetches)
    assert (await fake.deliver(report(fake, ada), token=fake.token(exp=now() - LATE))).status == 403
    assert adapter.trouble == OUT_OF_TIME
    await looking(adapter).look()
    assert (adapter.trouble, fake.entra.fetches) == ("", 2)
    await looking(adapter).look()
    assert fake.entra.fetches == 2


async def test_a_wrong_clock_is_said_by_entras_own_answers(
    fake: FakeTeams, served: Served, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = ClockCheck(lambda: datetime.now(UTC))
    with monkeypatch.context() as moment:
        wrong = format_datetime(datetime.now(UTC) + timedelta(minutes=7), usegmt=True)
        moment.setattr("aiohttp.web_response.rfc822_formatted_time", lambda: wrong)
        async with served(clock=check) as adapter:
            await until(lambda: check.is_in_doubt)
            assert (await fake.deliver(report(fake, ada), token=fake.token(nbf=now() + LATE))).status == 403
            await looking(adapter).look()
            assert "7 minutes behind" in check.said
            assert adapter.trouble == OUT_OF_TIME
            moment.undo()
            await looking(adapter).look()
            assert (check.said, adapter.trouble) == ("", "")
