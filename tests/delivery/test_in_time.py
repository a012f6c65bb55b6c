"""A process that is stopped between taking a message and sending it never sends it afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlmodel import col, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import post
from psirf_bot.delivery import courier as courier_module
from psirf_bot.delivery.courier import Courier
from psirf_bot.delivery.in_time import InTime
from psirf_bot.store.tables import Outbox
from stage import Stage

SEND_WITHIN = 0.3
STOPPED = 0.5


@dataclass
class OverHttp:
    """Posts to a server on this machine. `stops` is called at the last moment before the request is made."""

    http: aiohttp.ClientSession
    url: str
    stops: list[Callable[[], None]] = field(default_factory=list)
    can_read_back: bool = True

    async def send(self, to: Mapping[str, str], card: Card, key: str) -> str:
        if self.stops:
            self.stops.pop()()
        async with self.http.post(self.url, json={"key": key}) as answer:
            return await answer.text()

    async def update(self, to: Mapping[str, str], message: str, card: Card) -> None:
        raise AssertionError("nothing is edited here")

    async def find(self, to: Mapping[str, str], key: str, since: datetime) -> str | None:
        if self.stops:
            self.stops.pop()()
        return None


@dataclass
class Town:
    stage: Stage
    out: OverHttp
    received: list[str]


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    received: list[str] = []

    async def receive(request: web.Request) -> web.Response:
        received.append((await request.json())["key"])
        return web.Response(text="message")

    app = web.Application()
    app.add_routes([web.post("/", receive), web.get("/", _nothing)])
    async with TestServer(app) as server, aiohttp.ClientSession(request_class=InTime) as http:
        async with http.get(server.make_url("/")) as answer:  # a connection that is kept is used without a pause
            await answer.read()
        stage = Stage(tmp_path)
        out = OverHttp(http, str(server.make_url("/")))
        stage.courier = Courier(stage.store, stage.queue, {"web": out})
        monkeypatch.setattr(courier_module, "SEND_WITHIN", SEND_WITHIN)
        await stage.do(lambda work: post.to_address(work, "web", {"channel": "ward"}, said("one", "…")))
        yield Town(stage, out, received)
        stage.store.close()


async def _nothing(_: web.Request) -> web.Response:
    return web.Response()


async def one_round(town: Town) -> Outbox:
    """Send what is due, and nothing more of it; how the message then stands."""
    courier = town.stage.courier
    await courier._one_round()
    while courier._under_way:
        await asyncio.wait(set(courier._under_way))
    rows = await town.stage.do(lambda work: work.session.exec(select(Outbox).order_by(col(Outbox.id))).all())
    row: Outbox = rows[0]
    return row


def stop() -> None:
    """As SIGSTOP and SIGCONT would: all of the process stands still, and goes on where it was."""
    time.sleep(STOPPED)


async def test_without_a_stop_it_is_sent(town: Town) -> None:
    assert (await one_round(town)).state == "sent"
    assert len(town.received) == 1


async def test_stopped_before_it_goes_to_the_platform(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = town.stage.queue.claim

    def claim_and_stop(*given: object, **named: object) -> object:
        errands = claim(*given, **named)  # type: ignore[arg-type]
        stop()
        return errands

    with monkeypatch.context() as stopping:
        stopping.setattr(town.stage.queue, "claim", claim_and_stop)
        row = await one_round(town)
    assert (row.state, town.received) == ("due", []), "certainly not sent"
    assert (await one_round(town)).state == "sent"
    assert len(town.received) == 1


async def test_stopped_at_the_last_moment_before_the_request(town: Town) -> None:
    town.out.stops.append(stop)
    row = await one_round(town)
    assert (row.state, row.error, town.received) == ("due", "held up for too long", [])
    town.stage.later(seconds=10)
    assert (await one_round(town)).state == "sent"
    assert len(town.received) == 1


async def test_stopped_between_looking_for_it_and_sending_it_again(town: Town) -> None:
    courier, queue = town.stage.courier, town.stage.queue
    [errand] = await town.stage.store.run(lambda s: queue.claim(s, 1, lambda _: timedelta()))
    await town.stage.store.run(lambda s: queue.uncertain(s, errand, "timed_out", timedelta()))
    [looking] = await town.stage.store.run(lambda s: queue.claim(s, 1, lambda _: timedelta()))
    assert looking.read_back_since

    def stop_and_lose_it() -> None:
        stop()
        town.stage.later(seconds=61)  # its lease is over, and somebody else has taken it on
        taken = town.stage.store.submit(lambda s: queue.claim(s, 1, lambda _: timedelta())).result()
        assert taken[0].token > looking.token

    town.out.stops.append(stop_and_lose_it)
    await courier._deliver(looking, asyncio.get_running_loop().time() + SEND_WITHIN)
    assert town.received == []
    assert (await one_round(town)).state == "sending", "it belongs to the other"
    assert town.received == []
