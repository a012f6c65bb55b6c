"""One call under way serves everybody who asks for the same thing meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Calls at most once at a time for each key. A caller who gives up takes nothing from the others."""

    def __init__(self, call: Callable[[K], Coroutine[Any, Any, V]]) -> None:
        self._call = call
        self._under_way: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K) -> V:
        """The result of the call under way, or of a new one."""
        return await asyncio.shield(self.start(key))

    def start(self, key: K) -> asyncio.Task[V]:
        """The call under way, or a new one; nobody has to wait for it."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._call(key))
            task.add_done_callback(partial(self._done, key))
        return task

    def _done(self, key: K, task: asyncio.Task[V]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # those who waited have it; without any, asyncio would complain that nobody looked

    async def stop(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
