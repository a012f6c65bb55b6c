"""What platforms' answers say of this machine's clock, over real HTTP."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from psirf_bot.delivery.clock_check import ClockCheck

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NONE = timedelta()


class Platform:
    """Answers with the time of its own clock."""

    def __init__(self) -> None:
        self.ahead = NONE
        self.says: str | None = None

    async def answer(self, _: web.Request) -> web.Response:
        date = format_datetime(datetime.now(UTC) + self.ahead, usegmt=True) if self.says is None else self.says
        return web.Response(headers={"Date": date})


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def check() -> ClockCheck:
    return ClockCheck(lambda: datetime.now(UTC))


Call = Callable[..., Awaitable[None]]


@pytest.fixture
async def call(platform: Platform, check: ClockCheck) -> AsyncIterator[Call]:
    app = web.Application()
    app.router.add_route("*", "/", platform.answer)
    async with TestServer(app) as server, aiohttp.ClientSession(response_class=check.answers()) as http:

        async def called(method: str = "POST") -> None:
            async with http.request(method, server.make_url("/")) as answer:
                assert answer.status == 200

        yield called


@pytest.mark.parametrize(("ahead", "words"), [(7, "7 minutes behind"), (-7, "7 minutes ahead")])
async def test_two_answers_that_agree_are_believed(
    platform: Platform, check: ClockCheck, call: Call, ahead: int, words: str
) -> None:
    platform.ahead = timedelta(minutes=ahead)
    await call()
    assert (check.said, check.is_in_doubt) == ("", True)
    await call()
    assert words in check.said
    assert abs(check.off + platform.ahead) < timedelta(seconds=10)
    platform.ahead = NONE
    await call()
    assert (check.said, check.is_in_doubt, check.off) == ("", False, NONE)


async def test_two_answers_that_contradict_each_other_say_nothing(
    platform: Platform, check: ClockCheck, call: Call
) -> None:
    for ahead in (7, -7, 30, -30):
        platform.ahead = timedelta(minutes=ahead)
        await call()
    assert check.off == NONE


async def test_what_may_come_out_of_a_cache_says_nothing(platform: Platform, check: ClockCheck, call: Call) -> None:
    platform.ahead = timedelta(hours=-3)
    for _ in range(3):
        await call("GET")
    assert (check.said, check.is_in_doubt) == ("", False)


@pytest.mark.parametrize("ahead", [-100, 100])
async def test_a_little_harms_nobody(platform: Platform, check: ClockCheck, call: Call, ahead: int) -> None:
    platform.ahead = timedelta(seconds=ahead)
    before = time.monotonic()
    assert check.is_open(before)
    assert not check.is_open(None), "nothing was refused"
    for _ in range(2):
        await call()
    assert check.off == NONE
    assert not check.is_open(before)
    assert check.is_open(time.monotonic())


FAR_ZONE = "Sun, 22 Nov 2026 09:00:00 +99999999999999"


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "soon",
        "Sun, 99 Nov 2026 09:00:00 GMT",
        "x" * 5000,
        FAR_ZONE,
        "Sun, 22 Nov , 09:00:00 GMT",
        "Sun, 22 Nov 2026 09:00:00 -9999",
        "Mon, 01 Jan 0001 00:00:00 +2359",
    ],
)
async def test_an_answer_without_a_time_says_nothing(
    platform: Platform, check: ClockCheck, call: Call, junk: str
) -> None:
    platform.ahead = timedelta(minutes=7)
    for _ in range(2):
        await call()
    platform.says = junk
    await call()
    assert check.off != NONE


def header(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


def test_a_process_that_was_stopped_while_an_answer_was_on_its_way_is_not_wrong() -> None:
    check = ClockCheck(lambda: NOW)
    for minutes in (0, 30, 60):
        check.heard(header(NOW - timedelta(minutes=minutes)), asked=NOW - timedelta(hours=1))
        assert (check.is_in_doubt, check.off) == (False, NONE)
    for _ in range(2):
        check.heard(header(NOW - timedelta(minutes=67)), asked=NOW - timedelta(hours=1))
    assert "7 minutes ahead" in check.said


def test_what_is_said_stays_the_same_while_it_changes_little() -> None:
    check = ClockCheck(lambda: NOW)
    said = set()
    for seconds in (0, 0, 20, 40, 59, 10):
        check.heard(header(NOW + timedelta(minutes=7, seconds=seconds)), asked=NOW)
        said.add(check.said)
    assert len(said) == 2, "nothing, and then one thing"
    for _ in range(2):
        check.heard(header(NOW + timedelta(minutes=20)), asked=NOW)
    assert "20 minutes behind" in check.said


@pytest.mark.parametrize(
    ("behind", "words"),
    [
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=3), "3 hours"),
        (timedelta(days=1), "24 hours"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_how_far_is_said_as_people_say_it(behind: timedelta, words: str) -> None:
    check = ClockCheck(lambda: NOW)
    for _ in range(2):
        check.heard(header(NOW + behind), asked=NOW)
    assert f"clock is {words} behind" in check.said
