"""How the bot is: alive, ready, and in figures."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import delete, insert
from sqlmodel import Session, col, func, select

from psirf_bot.clock import real_now
from psirf_bot.delivery.auditor import find_unsent, oldest_due
from psirf_bot.delivery.troubles import CLOCK
from psirf_bot.store.database import Store
from psirf_bot.store.direct import table_of
from psirf_bot.store.tables import Case, Counter, Outbox

UNFINISHED = ("due", "sending", "uncertain", "dead")
WRITES_WITHIN = 3.0
"""Seconds. Where a commit takes longer, people are told that nothing is saved."""
NO_YEAR = 0
Figure = tuple[str, str, float | dict[str, int]]
"""A figure's name, what it means, and its value or its values by state."""


def health_routes(
    store: Store,
    now: Callable[[], datetime] = real_now,
    troubles: Callable[[], Mapping[str, str]] = dict,
    clock_off: Callable[[], timedelta] = timedelta,
) -> list[web.RouteDef]:
    """GET /healthz, /readyz and /metrics. None of them shows anything that a person wrote.

    `troubles` names the platforms in trouble, and the clock, each with what is wrong and what to do about it;
    `clock_off` is how far this machine's clock is ahead.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        """Late nudges, or a platform in trouble, do not make it less ready: it is said, for whoever watches."""
        try:
            await _write(store)
            messages = await store.read(_unfinished)
            nudges = await store.read(lambda session: find_unsent(session, now(), real_now()))
        except Exception:  # noqa: BLE001 - whatever keeps the database away, the answer is the same
            why = {"ready": False, "why": "the database does not answer", **troubles()}
            return web.json_response(why, status=503)
        return web.json_response({"ready": True, "messages": messages, "nudges": nudges.said, **troubles()})

    async def metrics(_: web.Request) -> web.Response:
        try:
            await _write(store)
            figures = await store.read(lambda session: list(_figures(session, now())))
        except Exception:  # noqa: BLE001 - as above: whoever watches is to see that it is the database
            return web.Response(text="# the database does not answer\n", status=503)
        cut_off = len(troubles().keys() - {CLOCK})
        figures.append(("psirf_platforms_cut_off", "Platforms that not everything can go to, or come in from", cut_off))
        figures.append(
            ("psirf_clock_off_seconds", "How far the clock is ahead; below 0 behind", clock_off().total_seconds())
        )
        return web.Response(body=_as_prometheus_reads(figures), content_type="text/plain", charset="utf-8")

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]


def _as_prometheus_reads(figures: Iterable[Figure]) -> bytes:
    registry = CollectorRegistry()
    for name, words, value in figures:
        if isinstance(value, dict):
            gauge = Gauge(name, words, ["state"], registry=registry)
            for state, count in value.items():
                gauge.labels(state).set(count)
        else:
            Gauge(name, words, registry=registry).set(value)
    return generate_latest(registry)


async def _write(store: Store) -> None:
    """Raises what keeps the database from taking anything: a disk that is full or read-only can still be read."""
    async with asyncio.timeout(WRITES_WITHIN):
        await store.run(_come_and_go)


def _come_and_go(session: Session) -> None:
    """A row that nobody ever sees. SQLite writes nothing for a change to what is there already."""
    counter = table_of(Counter)
    session.connection().execute(insert(counter).values(year=NO_YEAR, last=0))
    session.connection().execute(delete(counter).where(counter.c.year == NO_YEAR))


def _unfinished(session: Session) -> dict[str, int]:
    """Not those that were sent: there are very many, and looking must cost little."""
    counts = select(Outbox.state, func.count()).where(col(Outbox.state).in_(UNFINISHED)).group_by(Outbox.state)
    return dict(session.exec(counts).all())


def _figures(session: Session, now: datetime) -> Iterator[Figure]:
    unsent = find_unsent(session, now, real_now())
    yield "psirf_outbox_messages", "Messages in the outbox, by state", _by_state(session, Outbox)
    yield "psirf_cases", "Cases, by state", _by_state(session, Case)
    yield "psirf_outbox_oldest_due_seconds", "How long the message due for longest has waited", oldest_due(session, now)
    yield "psirf_outbox_dead", "Messages that could not be delivered (up to 1000)", unsent.dead
    yield "psirf_outbox_in_doubt", "Messages in doubt for more than 15 minutes (up to 1000)", unsent.in_doubt
    late = "Messages due for more than 10 minutes, or put off for more than 7 days, and not sent (up to 1000 each)"
    yield "psirf_nudges_late", late, unsent.late + unsent.put_off
    yield "psirf_deadlines_late", "Deadlines not looked at for 10 minutes (up to 1000)", unsent.late_deadlines


def _by_state(session: Session, table: type[Outbox] | type[Case]) -> dict[str, int]:
    return dict(session.exec(select(table.state, func.count()).group_by(table.state)).all())
