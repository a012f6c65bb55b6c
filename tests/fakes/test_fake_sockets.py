"""The fake of Socket Mode keeps Slack's rules."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from fakes.slack import FakeSlack


@pytest.fixture
async def fake() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as fake:
        fake.sockets.enabled = True
        yield fake


async def test_ten_lines_are_let_in_and_each_address_once(fake: FakeSlack) -> None:
    async with aiohttp.ClientSession() as http:
        url = fake.sockets.ticket_url(fake.server.url)
        lines = [await http.ws_connect(url)]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(url)
        lines += [await http.ws_connect(fake.sockets.ticket_url(fake.server.url)) for _ in range(9)]
        assert [(await line.receive_json())["type"] for line in lines] == ["hello"] * 10
        eleventh = await http.ws_connect(fake.sockets.ticket_url(fake.server.url))
        assert (await eleventh.receive_json())["reason"] == "too_many_websockets"
        for line in (*lines, eleventh):
            await line.close()


async def test_what_slack_would_not_count_is_noticed(fake: FakeSlack) -> None:
    async with aiohttp.ClientSession() as http:
        mine, other = [await http.ws_connect(fake.sockets.ticket_url(fake.server.url)) for _ in range(2)]
        for line in (mine, other):
            await line.receive_json()
        telling = asyncio.create_task(fake.sockets.deliver("events_api", {}))
        arrived = [asyncio.create_task(line.receive_json()) for line in (mine, other)]
        done, _ = await asyncio.wait(arrived, return_when=asyncio.FIRST_COMPLETED)
        [first] = done
        given = (await first)["envelope_id"]
        right, wrong = (mine, other) if first is arrived[0] else (other, mine)
        await wrong.send_json({"envelope_id": given})
        await right.send_json({"envelope_id": given, "payload": {"text": "too much"}})
        await right.send_str("thanks")
        await fake.until(lambda: len(fake.sockets.broken) == 3)
        await right.send_json({"envelope_id": given})
        assert (await telling).acknowledged.is_set()
        arrived[1 - arrived.index(first)].cancel()
        for line in (mine, other):
            await line.close()
