"""How Bolt hands us turns: Slack is answered the moment a turn is acknowledged, and nothing under way is forgotten."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from pydantic_core import to_json
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from psirf_bot.adapters.slack.failures import whereabouts
from psirf_bot.adapters.slack.payloads import Turn

log = logging.getLogger(__name__)

Json = dict[str, Any]

TURN = "psirf_turn"
"""Where Bolt's context holds the turn that was read at the gate."""

_PATIENCE = 3.0  # seconds; Slack has then given up


class Tasks:
    """Work under way: held, because asyncio alone would not, and waited for before the process ends."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def drain(self, grace: float) -> int:
        """Wait for everything; cancel what is not done after `grace` seconds and return how much that was."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=grace)
        late = set(self._running)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)


class Acknowledgement:
    """What Slack is told about a turn, once. What was given stays given, whatever happens to the turn after it."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[BoltResponse] = asyncio.get_running_loop().create_future()

    @property
    def given(self) -> bool:
        return self._answer.done()

    def give(self, content: Json) -> None:
        """Acknowledge the turn, with this for the person to see, or with nothing."""
        self._settle(BoltResponse(status=200, body=to_json(content).decode() if content else ""))

    def withhold(self) -> None:
        """The turn is over: unless it was acknowledged it never will be, and need not be waited for."""
        self._settle(BoltResponse(status=500))

    async def wait(self, seconds: float) -> BoltResponse:
        """The answer to Slack: an empty 500, which it shows kindly, when nothing was given in time."""
        await asyncio.wait({self._answer}, timeout=seconds)
        return self._answer.result() if self._answer.done() else BoltResponse(status=500)

    def _settle(self, answer: BoltResponse) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)


class Turns(AsyncMiddleware):
    """The last of Bolt's middlewares, which takes every turn: which kind it is was told when it was read.

    So Bolt's listeners are not used. It asks each of them in turn whether a request is theirs; its runner looks for the
    ack every 10 ms, loses it to an exception that follows, forgets its tasks, and acknowledges events before the
    listener runs. Here nothing is acknowledged before it has been committed, so that Slack sends again what a crash
    swallowed.
    """

    def __init__(self, take: Callable[[Turn, Acknowledgement], Awaitable[None]], tasks: Tasks) -> None:
        self._take, self._tasks = take, tasks

    async def async_process(
        self, *, req: AsyncBoltRequest, resp: BoltResponse, next: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse:
        """Answer with what the turn acknowledges, while the turn goes on."""
        ack = Acknowledgement()
        self._tasks.start(self._carry_out(req.context[TURN], ack))
        return await ack.wait(_PATIENCE)

    async def _carry_out(self, turn: Turn, ack: Acknowledgement) -> None:
        try:
            await self._take(turn, ack)
        except Exception as error:  # noqa: BLE001 (asyncio would log it in its own words, which may quote people's)
            log.error("a turn failed: %s", whereabouts(error))  # noqa: TRY400 (see whereabouts)
        finally:
            ack.withhold()
