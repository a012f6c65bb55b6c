"""Several processes on one PostgreSQL: whatever they do at the same moment, a conversation hears everything once."""

import asyncio
import itertools
import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from misbehaving import Lost, Platform, room_of
from sqlalchemy import func
from sqlmodel import Session, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework.errand import LEASE
from psirf_bot.delivery.courier import Courier
from psirf_bot.delivery.outbox import OutboxQueue
from psirf_bot.delivery.platform import Refused, Uncertain
from psirf_bot.store.database import Store, open_engine
from psirf_bot.store.tables import Outbox, PlatformHold
from stage import NOW, Stage

LANES, EACH = 20, 15
FASTER = 20
"""Times that the clock runs faster, so that nobody has to wait for the next tries."""


@pytest.fixture
async def stage(tmp_path: Path, postgresql: str) -> AsyncIterator[Stage]:
    made = Stage(tmp_path, database=postgresql)
    yield made
    made.store.close()


def message(lane: int, number: int, **facts: Any) -> Outbox:
    card = said(f"{number}", "…").model_dump(mode="json")
    key, room = f"{lane}-{number}", f"ward{lane}"
    return Outbox(
        key=key, lane=f"web:{room}", platform="web", address={"channel": room}, card=card,
        due_at=NOW, created_at=NOW, **facts,
    )  # fmt: skip


class Fickle(Platform):
    """Takes its time, and refuses or loses now and then. What does not arrive at all goes by conversation."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)

    async def send(self, to: Mapping[str, str], card: Card, key: str) -> str:
        fate = self._chance.random()
        ahead = self.ahead.setdefault(room_of(to), [])
        if fate < 0.05:
            ahead.append(Lost())
        elif fate < 0.10:
            ahead.append(Refused("busy"))
        elif fate < 0.12:
            ahead.append(Refused("ratelimited", retry_after=2))
        elif fate < 0.15 and not in_strict_order(room_of(to)):
            ahead.append(Uncertain("timed_out"))
        async with asyncio.timeout(20):
            await asyncio.sleep(self._chance.uniform(0, 0.005))
            return await super().send(to, card, key)


def in_strict_order(room: str) -> bool:
    """What may have arrived holds up nothing: so only where all is known for certain does the order hold for sure."""
    return int(room.removeprefix("ward")) < LANES // 2


@pytest.mark.long
async def test_two_processes_deliver_everything_once_and_in_order(stage: Stage, postgresql: str) -> None:
    await stage.do(
        lambda work: work.session.add_all(message(lane, number) for number in range(EACH) for lane in range(LANES))
    )
    began = time.monotonic()

    def now() -> datetime:
        return NOW + timedelta(seconds=(time.monotonic() - began) * FASTER)

    platform = Fickle(seed=4)
    stores = [stage.store, Store(open_engine(postgresql))]
    couriers = [
        Courier(store, OutboxQueue(stage.setting, now, now), {"web": platform}, settle=timedelta(seconds=1))
        for store in stores
    ]
    for courier in couriers:
        await courier.start()
    unfinished = select(func.count()).select_from(Outbox).where(Outbox.state != "sent")
    async with asyncio.timeout(60):
        while await stage.do(lambda work: work.session.exec(unfinished).one()):
            for courier in couriers:
                courier.kick()
            await asyncio.sleep(0.02)
    for courier in couriers:
        await courier.stop()
    stores[1].close()

    told = {room: [int(post.card.title) for post in posts] for room, posts in platform.rooms.items()}
    assert {room: sorted(numbers) for room, numbers in told.items()} == {
        f"ward{lane}": list(range(EACH)) for lane in range(LANES)
    }
    assert all(numbers == sorted(numbers) for room, numbers in told.items() if in_strict_order(room))
    assert set(platform.most_at_once.values()) == {1}
    assert platform.looked_for, "some of it was in doubt"


async def test_two_that_claim_at_the_same_moment_do_not_both_find_a_conversation_free(stage: Stage) -> None:
    await stage.do(lambda work: work.session.add(message(0, 2, id=2)))
    with Session(stage.store.engine) as first:
        [two] = stage.queue.claim(first, 10, _at_once)
        await stage.do(lambda work: work.session.add(message(0, 1, id=1)))
        other = Aside(lambda: stage.store.submit(lambda s: stage.queue.claim(s, 10, _at_once)).result())
        other.gets_stuck()
        first.commit()
    assert two.id == 2
    assert other.result() == []


async def test_what_was_taken_over_at_that_very_moment_is_not_changed_by_its_old_holder(stage: Stage) -> None:
    await stage.do(lambda work: work.session.add(message(0, 1)))
    [stale] = await stage.store.run(lambda s: stage.queue.claim(s, 10, _at_once))
    stage.later(seconds=LEASE.total_seconds() + 1)
    with Session(stage.store.engine) as other:
        [fresh] = stage.queue.claim(other, 10, _at_once)
        late = Aside(
            lambda: stage.store.submit(lambda s: stage.queue.refused(s, stale, Refused("x", retry_after=0))).result()
        )
        late.gets_stuck()
        other.commit()
    late.result()
    row = await stage.do(lambda work: work.session.get(Outbox, stale.id))
    assert (row.state, row.token) == ("sending", fresh.token)


async def test_leases_go_by_the_databases_clock(stage: Stage) -> None:
    await stage.do(lambda work: work.session.add(message(0, 1)))
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    queue = OutboxQueue(stage.setting, lambda: NOW, lambda: long_ago)
    [errand] = await stage.store.run(lambda s: queue.claim(s, 10, _at_once))
    row = await stage.do(lambda work: work.session.get(Outbox, errand.id))
    there = await stage.do(lambda work: work.session.exec(select(func.clock_timestamp())).one())
    assert timedelta() < there + LEASE - row.lease_until < timedelta(seconds=30)
    far_ahead = OutboxQueue(stage.setting, lambda: NOW, lambda: there + timedelta(days=1))
    assert await stage.store.run(lambda s: far_ahead.claim(s, 10, _at_once)) == []
    assert (await stage.do(lambda work: work.session.get(Outbox, errand.id))).state == "sending"


async def test_two_that_are_asked_to_wait_at_the_same_moment_both_note_it(stage: Stage) -> None:
    await stage.do(lambda work: work.session.add_all(message(lane, 1) for lane in range(8)))
    errands = await stage.store.run(lambda s: stage.queue.claim(s, 10, _at_once))
    seconds = itertools.count(1)
    why = [Refused("ratelimited", retry_after=float(next(seconds))) for _ in errands]
    await asyncio.gather(
        *(
            stage.store.run(lambda s, errand=errand, why=why: stage.queue.refused(s, errand, why))
            for errand, why in zip(errands, why, strict=True)
        )
    )
    await asyncio.to_thread(stage.later, seconds=5)
    assert await stage.store.run(lambda s: stage.queue.claim(s, 10, _at_once)) == []
    await asyncio.to_thread(stage.later, seconds=4)
    assert len(await stage.store.run(lambda s: stage.queue.claim(s, 10, _at_once))) == 8


async def test_the_longer_wait_holds_also_when_a_shorter_one_is_noted_at_the_same_moment(stage: Stage) -> None:
    await stage.do(lambda work: work.session.add_all(message(lane, 1) for lane in range(3)))
    first, second, third = await stage.store.run(lambda s: stage.queue.claim(s, 10, _at_once))
    await stage.store.run(lambda s: stage.queue.refused(s, first, Refused("ratelimited", retry_after=1)))
    with Session(stage.store.engine) as session:
        stage.queue.refused(session, second, Refused("ratelimited", retry_after=90))
        session.flush()
        shorter = Refused("ratelimited", retry_after=2)
        other = Aside(lambda: stage.store.submit(lambda s: stage.queue.refused(s, third, shorter)).result())
        other.gets_stuck()
        session.commit()
    other.result()
    hold = await stage.do(lambda work: work.session.get(PlatformHold, "web"))
    left = hold.until - datetime.now(UTC)
    assert timedelta(seconds=60) < left <= timedelta(seconds=90), "the longer wait, by the database's clock"


def _at_once(_: str) -> timedelta:
    return timedelta()


class Aside:
    """Something done in a thread of its own."""

    def __init__(self, what: Callable[[], Any]) -> None:
        self._found: list[Any] = []
        self._thread = threading.Thread(target=lambda: self._found.append(what()))
        self._thread.start()

    def gets_stuck(self) -> None:
        self._thread.join(0.3)
        assert self._thread.is_alive(), "it did not wait for the other"

    def result(self) -> Any:
        self._thread.join(30)
        return self._found[0]
