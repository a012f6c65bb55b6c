"""How Bolt runs our listeners: it answers the moment they acknowledge, and nothing under way is forgotten."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.listener.async_listener import AsyncListener
from slack_bolt.listener.asyncio_runner import AsyncioListenerRunner
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from psirf_bot.adapters.slack.failures import whereabouts

log = logging.getLogger(__name__)


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


class _Ack(AsyncAck):
    """An acknowledgement that can be waited for."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.given = asyncio.Event()

    async def __call__(self, *args: Any, **kwargs: Any) -> BoltResponse:
        response = await super().__call__(*args, **kwargs)
        self.given.set()
        return response


class AckRunner(AsyncioListenerRunner):
    """Bolt's own runner looks for the ack every 10 ms, loses it to an exception that follows, and forgets its tasks.

    It also acknowledges events before the listener runs. Here nothing is acknowledged before it has been committed, so
    that Slack sends again what a crash swallowed.
    """

    def __init__(self, base: AsyncioListenerRunner, tasks: Tasks) -> None:
        super().__init__(
            logger=base.logger,
            process_before_response=False,
            listener_error_handler=base.listener_error_handler,
            listener_start_handler=base.listener_start_handler,
            listener_completion_handler=base.listener_completion_handler,
            lazy_listener_runner=base.lazy_listener_runner,
        )
        self._tasks = tasks

    async def run(
        self,
        request: AsyncBoltRequest,
        response: BoltResponse | None,
        listener_name: str,
        listener: AsyncListener,
        starting_time: float | None = None,
    ) -> BoltResponse:
        """Answer with what the listener acknowledges; with an empty 500 when it does not, which Slack shows kindly."""
        ack = request.context["ack"] = _Ack()
        listening = self._tasks.start(_listen(listener, request, listener_name))
        acknowledged = asyncio.create_task(ack.given.wait())
        first = asyncio.FIRST_COMPLETED
        await asyncio.wait({listening, acknowledged}, timeout=listener.ack_timeout, return_when=first)
        acknowledged.cancel()
        return ack.response or BoltResponse(status=500, body="")


async def _listen(listener: AsyncListener, request: AsyncBoltRequest, name: str) -> None:
    try:
        await listener.run_ack_function(request=request, response=None)  # type: ignore[arg-type]  # Bolt passes None too
    except Exception as error:  # noqa: BLE001 (an ack that was given stays given, whatever happens after it)
        log.error("listener %s failed: %s", name, whereabouts(error))  # noqa: TRY400 (see whereabouts)


def install(app: AsyncApp, tasks: Tasks) -> None:
    """Put our runner in place of Bolt's, for which Bolt offers no public way."""
    app._async_listener_runner = AckRunner(app._async_listener_runner, tasks)
