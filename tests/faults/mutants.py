"""The bot with one of its promises taken out, each by name. Nothing of this is in the product."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlmodel import select

from psirf_bot.casework import digest, post
from psirf_bot.casework.desk import Desk
from psirf_bot.casework.inbound import Reply
from psirf_bot.delivery.courier import Courier
from psirf_bot.delivery.outbox import OutboxQueue
from psirf_bot.store.tables import Outbox

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

    Desk.handle = at_once  # type: ignore[assignment, method-assign]


def default_misfire_grace() -> None:
    """A wake-up that comes more than a second late is left out, as APScheduler does unless told otherwise."""
    add_job = AsyncIOScheduler.add_job

    def without(self: Any, *arguments: Any, **options: Any) -> Any:
        options.pop("misfire_grace_time", None)
        return add_job(self, *arguments, **options)

    AsyncIOScheduler.add_job = without


def no_fencing_token() -> None:
    """Whoever once held a message may still say what became of it."""

    def anybodys(self: Any, session: Any, errand: Any) -> Any:
        held = select(Outbox).where(Outbox.id == errand.id, Outbox.state == "sending")
        return session.exec(held.with_for_update()).first()

    OutboxQueue._mine = anybodys  # type: ignore[method-assign]


def no_unique_key() -> None:
    """A message's key is random, so nothing tells that it has been written before."""
    post.key_of = lambda *_: secrets.token_hex(16)


def role_check_off() -> None:
    """Whose a duty is, and who may see it, is not asked again when the digest is sent."""
    digest._is_for = lambda *_: True
    digest.may = lambda *_: True  # type: ignore[attr-defined]


MUTANTS: dict[str, Callable[[], None]] = {
    "blind-retry": blind_retry,
    "no-settle": no_settle,
    "no-fencing-token": no_fencing_token,
    "no-unique-key": no_unique_key,
    "role-check-off": role_check_off,
    "acknowledge-before-commit": acknowledges_before_commit,
    "default-misfire-grace": default_misfire_grace,
}
