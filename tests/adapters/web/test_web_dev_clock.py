"""Moving the clock: the spans and moments that are taken, and how the others are turned down."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from web_desk import Page, running_page


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with running_page(tmp_path) as page:
        yield page


@pytest.fixture
async def browser(page: Page) -> AsyncIterator[ClientSession]:
    async with ClientSession(page.server.make_url("/")) as session:
        yield session


@pytest.mark.parametrize(
    ("span", "by"),
    [
        ("3 days", timedelta(days=3)),
        ("1 hour", timedelta(hours=1)),
        ("90 minutes", timedelta(minutes=90)),
        (" 2 Weeks ", timedelta(weeks=2)),
        ("1day", timedelta(days=1)),
    ],
)
async def test_the_clock_is_advanced(page: Page, browser: ClientSession, span: str, by: timedelta) -> None:
    response = await browser.post("/dev/clock", json={"advance": span})
    assert response.status == 200
    assert abs(page.clock.ahead - by) < timedelta(seconds=1)
    now = datetime.fromisoformat((await response.json())["now"])
    assert abs(now - datetime.now(UTC) - by) < timedelta(seconds=5)


async def test_what_is_due_by_the_new_time_is_seen_to_before_the_answer(page: Page, browser: ClientSession) -> None:
    seen: list[timedelta] = []

    async def due() -> None:
        await asyncio.sleep(0)
        seen.append(page.clock.ahead)

    page.due = due
    await browser.post("/dev/clock", json={"advance": "3 months"})
    await browser.get("/dev/clock")
    assert seen == []
    await browser.post("/dev/clock", json={"advance": "1 week"})
    (ahead,) = seen
    assert abs(ahead - timedelta(weeks=1)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "now"),
    [
        ("2026-12-18T09:00:00Z", "2026-12-18T09:00:00Z"),
        ("2026-07-01T09:00:00+01:00", "2026-07-01T08:00:00Z"),
        ("2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
    ],
)
async def test_the_clock_is_set_forward_or_back(page: Page, browser: ClientSession, moment: str, now: str) -> None:
    response = await browser.post("/dev/clock", json={"set": moment})
    assert await response.json() == {"now": now}
    assert (await (await browser.get("/dev/clock")).json())["now"][:16] == now[:16]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"advance": "3 days", "set": "2026-12-18T09:00:00Z"},
        {"advance": "three days"},
        {"advance": "-3 days"},
        {"advance": "3 months"},
        {"advance": "3"},
        {"advance": ""},
        {"advance": 3},
        {"advance": "٣ days"},
        {"advance": "999999 weeks"},
        {"advance": "9999999 minutes"},
        {"set": "2026-12-18T09:00:00"},
        {"set": "tomorrow"},
        {"set": ""},
        {"set": "9999-12-31T23:59:59Z"},
        {"set": "0001-01-01T00:00:00+14:00"},
        {"set": 1},
        {"set": None},
        {"now": "2026-12-18T09:00:00Z"},
    ],
)
async def test_what_cannot_be_meant_is_answered_in_words(page: Page, browser: ClientSession, body: object) -> None:
    response = await browser.post("/dev/clock", json=body)
    assert response.status == 400
    assert (await response.json())["error"].endswith(".")
    assert page.clock.ahead == timedelta()


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2026-11-20T08:59:00Z", "2026-11-20T09:00:00Z"),  # Friday, early
        ("2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z"),  # Friday, at work
        ("2026-03-28T12:00:00Z", "2026-03-30T08:00:00Z"),  # the clocks go forward in between
        ("2026-12-24T12:00:00Z", "2026-12-29T09:00:00Z"),  # Christmas, a weekend, and Boxing Day's substitute
        ("2099-06-01T12:00:00Z", "2099-06-02T12:00:00Z"),  # further than anybody knows the bank holidays
    ],
)
async def test_the_page_offers_the_next_working_morning(
    page: Page, browser: ClientSession, now: str, morning: str
) -> None:
    page.clock.set(datetime.fromisoformat(now))
    told = await (await browser.get("/chat/clock")).json()
    assert told["next_working_morning"] == morning
    assert told["moved"]
