"""Noting what has arrived: what arrives while the database is busy is noted together, in one commit."""

import asyncio
from functools import partial

from psirf_bot.delivery.arrivals import Arrival
from psirf_bot.delivery.outbox import OutboxQueue
from psirf_bot.store.database import Store


class Notes:
    """Whoever brings a note waits until it is committed, and hears if it could not be."""

    def __init__(self, store: Store, queue: OutboxQueue) -> None:
        self._store, self._queue = store, queue
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def take(self, arrival: Arrival) -> None:
        noted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, noted))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="notes")
        await noted

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            try:
                await self._commit([arrival for arrival, _ in together])
            except Exception as error:  # noqa: BLE001 - whoever waits hears of it
                await self._one_by_one(together, error)
            else:
                for _, noted in together:
                    _tell(noted, None)

    async def _one_by_one(self, together: list[tuple[Arrival, asyncio.Future[None]]], error: Exception) -> None:
        """What is wrong with one of them must not keep the others from being noted."""
        if len(together) == 1:
            _tell(together[0][1], error)
            return
        outcomes = await asyncio.gather(*(self._commit([arrival]) for arrival, _ in together), return_exceptions=True)
        for (_, noted), outcome in zip(together, outcomes, strict=True):
            _tell(noted, outcome)

    async def _commit(self, arrivals: list[Arrival]) -> None:
        await self._store.run(partial(self._queue.arrived, arrivals=arrivals))


def _tell(noted: "asyncio.Future[None]", error: BaseException | None) -> None:
    if noted.done():  # whoever waited for it has given up
        return
    if error:
        noted.set_exception(error)
    else:
        noted.set_result(None)
