"""The last look at the clock before a message leaves: a process that was stopped for a while must not send late."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

import aiohttp

from psirf_bot.delivery.platform import Refused

_until: ContextVar[float] = ContextVar("until", default=inf)


@contextmanager
def only_until(moment: float) -> Iterator[None]:
    """What is sent within may leave until `moment`, by the event loop's monotonic clock."""
    token = _until.set(moment)
    try:
        yield
    finally:
        _until.reset(token)


class InTime(aiohttp.ClientRequest):
    """A request that does not leave too late.

    A timeout is not enough: after a stop the event loop goes on with what it was about to do, and only then sees to it.
    """

    async def send(self, conn: "aiohttp.connector.Connection") -> aiohttp.ClientResponse:
        if asyncio.get_running_loop().time() >= _until.get():
            raise Refused("held up for too long")
        return await super().send(conn)
