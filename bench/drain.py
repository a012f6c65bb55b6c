"""A morning on which many people are reminded: how fast the outbox drains, against each SDK in a bare send loop.

Everybody has a duty of their own and a digest that is due. Each digest is claimed, rendered and noted as sent in
durable commits; the loops send the same message again and again and keep nothing.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from sqlalchemy import insert

from bench.load import unpaused
from bench.people import COLUMNS
from bench.process import Bot
from bench.rig import Databases, Fakes, SetUp, count_of, fakes
from bench.table import Figures, Line, at_least, held_against
from psirf_bot.casework import addresses
from psirf_bot.casework.work import Work
from psirf_bot.delivery.courier import AT_ONCE
from psirf_bot.store.tables import Deadline, Identity, Nudge, Outbox, Person

Json = dict[str, Any]

PATIENCE = 600.0
A_MOMENT = timedelta(minutes=1)
STUCK = 20.0  # seconds without a single message


@dataclass(frozen=True, slots=True)
class Morning:
    """So many people, all on one platform. `sent` counts the messages that the fake has taken."""

    platform: str
    people: int
    fakes: Fakes

    @property
    def sent(self) -> int:
        if self.platform == "slack":
            return int(self.fakes.slack.server.attempts["chat.postMessage"])
        return [call.kind == "send" and call.status == 201 for call in self.fakes.teams.history].count(True)

    def staff(self) -> list[str]:
        """New people on the fake, by the platform's id of each."""
        numbers = range(self.people)
        if self.platform == "slack":
            slack = self.fakes.slack
            return [slack.add_user(f"U0DRAIN{n:05d}", f"Robin Slack{n}").user.id for n in numbers]
        found = [self.fakes.teams.person(f"Robin Teams{n}", installed=True) for n in numbers]
        return [person.chat.id for person in found]


async def drain(set_ups: list[SetUp], most: dict[str, int]) -> list[Line]:
    """`most` messages on each platform in every set-up, and by the bare loops."""
    lines = []
    for set_up in set_ups:
        for platform, number in most.items():
            async with AsyncExitStack() as parts:
                platforms = await parts.enter_async_context(fakes())
                lines += await _one_morning(set_up, Morning(platform, number, platforms), parts)
                print(".", end="", flush=True, file=sys.stderr)
    return lines


async def _one_morning(set_up: SetUp, morning: Morning, parts: AsyncExitStack) -> list[Line]:
    now, rooms = _next_working_day(), morning.staff()
    url = Databases(parts).new(set_up.engine)
    settings = morning.fakes.settings(url)
    async with morning.fakes.at_a_desk(url, COLUMNS) as app:
        await app.store.run(lambda s: _remind_everybody(Work(s, now, app.setting), morning, rooms, settings))
    order = {"settings": settings}
    ours = [await parts.enter_async_context(Bot("psirf-bot", order)) for _ in range(set_up.processes)]
    loops = await parts.enter_async_context(Bot("send loops", order))
    faults: Counter[str] = Counter()
    await _at_that_time(ours, before := now - A_MOMENT)
    await _day_has_begun(parts, url, before)
    took = await _until_sent(morning, lambda: _at_that_time(ours, now + A_MOMENT), faults)
    faults += await _wrong(morning, rooms, count_of(parts, url, "SELECT count(*) FROM outbox WHERE state <> 'sent'"))
    name, where = f"nudge drain, {morning.platform}", f"{set_up}; {morning.people:,}"
    drained = Figures(per_second=morning.people / took)
    message, lines = _sent_message(morning), []
    for at_once in (1, AT_ONCE):
        took = await _until_sent(morning, partial(_bare, loops, morning, rooms, message, at_once), faults)
        bare = Figures(per_second=morning.people / took)
        line = held_against(name, where, drained, f"bare SDK send loop, {at_once} at once", bare)[0]
        line.faults = faults
        lines.append(at_least(line, 0.8))
    return lines


def _next_working_day() -> datetime:
    """Ten o'clock of a Tuesday to come: everybody may be reminded then."""
    today = datetime.now(ZoneInfo("Europe/London"))
    ahead = (1 - today.weekday()) % 7 or 7
    return (today + timedelta(days=ahead)).replace(hour=10, minute=0, second=0, microsecond=0).astimezone(UTC)


def _remind_everybody(work: Work, morning: Morning, rooms: list[str], settings: Json) -> None:
    """A person, a duty, a reminder and a digest that is due, for each."""
    rows = [_reminded(work, morning, n, room, settings) for n, room in enumerate(rooms)]
    tables: tuple[Any, ...] = (Person, Identity, Deadline, Nudge, Outbox)
    for number, table in enumerate(tables):
        work.session.execute(insert(table), [row[number] for row in rows])


def _reminded(work: Work, morning: Morning, n: int, room: str, settings: Json) -> tuple[Json, Json, Json, Json, Json]:
    rule, day, who = work.setting.rules["themes.meeting"], work.local.date(), f"person{n}"
    local, due_at = work.setting.calendar_beyond.end_of(day + timedelta(days=1))
    slack = morning.platform == "slack"
    team = settings["slack_team_id"] if slack else settings["teams_tenant_id"]
    address = {"user": room} if slack else {"conversation": room, "service_url": morning.fakes.teams.service_url}
    person = {"id": who, "name": f"Robin {n}", "roles": ["staff"], "active": True, "on_list": True}
    identity = {"platform": morning.platform, "team": team, "user": room, "person_id": who, "address": address}
    deadline = {
        "id": f"duty{n}", "rule": rule.id, "subject_kind": "trust", "subject_id": "trust",
        "occurrence": f"{day:%Y-%m}, {n}", "owner_id": who, "since": work.now, "source": rule.source,
        "due_local": local.isoformat(timespec="minutes"), "due_at": due_at,
        "state": "open", "step": 1, "stood_still": 0,
    }  # fmt: skip
    nudge = {"deadline_id": f"duty{n}", "step": 0, "person_id": who, "why": "soon", "day": day, "at": work.now}
    digest = {
        "key": f"digest{n}", "lane": addresses.lane_of(morning.platform, address), "platform": morning.platform,
        "address": address, "subject": f"digest:{who}:{day.isoformat()}", "person_id": who, "may_repeat": False,
        "state": "due", "due_at": work.now, "attempts": 0, "token": 0, "created_at": work.now,
    }  # fmt: skip
    return person, identity, deadline, nudge, digest


async def _at_that_time(ours: list[Bot], moment: datetime) -> None:
    for bot in ours:
        await bot.ask(f"clock {moment.isoformat()}")


async def _day_has_begun(parts: AsyncExitStack, url: str, moment: datetime) -> None:
    """A digest waits for the other reminders of its morning: those of the trust's own duties are seen to first."""
    day = f"SELECT count(*) FROM remembered WHERE name = 'day' AND value = '{moment.date()}'"  # noqa: S608
    due = "SELECT count(*) FROM deadline WHERE state IN ('open', 'paused') AND next_at <= "
    begun, left = count_of(parts, url, day), count_of(parts, url, f"{due}'{moment:%Y-%m-%d %H:%M:%S%z}'")
    async with asyncio.timeout(PATIENCE):
        while not begun() or left():  # noqa: ASYNC110 (another process does it)
            await asyncio.sleep(0.5)


async def _bare(loops: Bot, morning: Morning, rooms: list[str], message: Json, at_once: int) -> None:
    wanted = {"platform": morning.platform, "places": rooms, "message": message, "at_once": at_once}
    wanted |= {"service_url": morning.fakes.teams.service_url}
    url, patience = f"http://127.0.0.1:{loops.port}/send", aiohttp.ClientTimeout(PATIENCE)
    async with aiohttp.ClientSession(timeout=patience) as http:
        await (await http.post(url, json=wanted, raise_for_status=True)).read()


async def _until_sent(morning: Morning, begin: Callable[[], Any], faults: Counter[str]) -> float:
    """Seconds from the beginning until the fake has taken a message for everybody."""
    before, last = morning.sent, 0
    with unpaused():
        began = moved = time.perf_counter()
        sending = asyncio.create_task(begin())
        while (sent := morning.sent - before) < morning.people:
            if sent > last:
                last, moved = sent, time.perf_counter()
            if time.perf_counter() - moved > STUCK:
                faults[f"only {sent} of {morning.people} messages were sent"] += 1
                break
            await asyncio.sleep(0.05)
        took = time.perf_counter() - began
    await sending
    return took


def _sent_message(morning: Morning) -> Json:
    """A message as our bot sent it, for the bare loops to send."""
    if morning.platform == "slack":
        args = next(call.args for call in morning.fakes.slack.calls if call.method == "chat.postMessage")
        return {name: value for name, value in args.items() if name not in {"channel", "thread_ts"}}
    sent: Json = next(call.body for call in morning.fakes.teams.history if call.kind == "send")
    return sent


async def _wrong(morning: Morning, rooms: list[str], unsent: Callable[[], int]) -> Counter[str]:
    """Everybody must have got one message, and the outbox must know."""
    slack, teams = morning.fakes.slack, morning.fakes.teams
    faults = Counter(f"{call.method}: {call.error}" for call in slack.refusals)
    for room in rooms:
        if morning.platform == "slack":
            number = len(slack.messages(room))
        else:
            place = teams.world.find_place(room)
            number = sum(m.author == teams.world.bot_id for m in place[0].thread(None)) if place else 0
        if number != 1:
            faults[f"somebody got {number} messages"] += 1
    waited = time.monotonic()
    while unsent() and time.monotonic() - waited < STUCK:  # noqa: ASYNC110 (the last are noted a moment later)
        await asyncio.sleep(0.1)
    if left := unsent():
        faults[f"{left} messages not noted as sent"] += 1
    return faults
