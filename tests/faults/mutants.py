"""The bot with one of its promises taken out, each by name. Nothing of this is in the product."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from psirf_bot.casework.desk import Desk
from psirf_bot.casework.inbound import Reply
from psirf_bot.delivery.courier import Courier
from psirf_bot.delivery.outbox import OutboxQueue

COMMITS_LATE = 0.5  # seconds


def blind_retry() -> None:
    """What may have arrived is sent again without looking."""

    def uncertain(self: Any, session: Any, errand: Any, why: str, settle: timedelta) -> None:
        row = self._mine(session, errand)
        if row is not None:
            row.state, row.due_at = "due", self._now()
            session.add(row)

    OutboxQueue.uncertain = uncertain  # type: ignore[method-assign]


def no_settle() -> None:
    """What may have arrived is looked for at once, before a late acceptance shows."""
    Courier._settles = lambda self, platform: timedelta()  # type: ignore[method-assign]


def acknowledges_before_commit() -> None:
    """A turn is acknowledged first and committed a moment later."""
    handle, under_way = Desk.handle, set()

    async def later(desk: Desk, inbound: Any) -> None:
        await asyncio.sleep(COMMITS_LATE)
        await handle(desk, inbound)

    async def at_once(desk: Desk, inbound: Any) -> Reply:
        task = asyncio.create_task(later(desk, inbound))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        return Reply()

    Desk.handle = at_once  # type: ignore[method-assign]


def default_misfire_grace() -> None:
    """A wake-up that comes more than a second late is left out, as APScheduler does unless told otherwise."""
    add_job = AsyncIOScheduler.add_job

    def without(self: Any, *arguments: Any, **options: Any) -> Any:
        options.pop("misfire_grace_time", None)
        return add_job(self, *arguments, **options)

    AsyncIOScheduler.add_job = without


MUTANTS: dict[str, Callable[[], None]] = {
    "blind-retry": blind_retry,
    "no-settle": no_settle,
    "acknowledge-before-commit": acknowledges_before_commit,
    "default-misfire-grace": default_misfire_grace,
}
