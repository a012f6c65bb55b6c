"""The courier: takes messages from the outbox as soon as they are committed, and sends each once."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from psirf_bot.casework.errand import NOT_CONFIGURED, Errand
from psirf_bot.delivery import outbox
from psirf_bot.delivery.arrivals import Arrival
from psirf_bot.delivery.in_time import only_until
from psirf_bot.delivery.notes import Notes
from psirf_bot.delivery.outbox import OutboxQueue
from psirf_bot.delivery.platform import Refused, Sender, Uncertain
from psirf_bot.store.database import Store, without_words

log = logging.getLogger(__name__)

AT_ONCE = 128
"""How many conversations are written to at the same time."""
A_GOOD_PART = AT_ONCE // 2
"""So many places have to be free before more messages are taken: to take many together costs little more than one. No
more are taken in one go either, as nobody else's turn is stored meanwhile."""
A_MOMENT = 0.2
"""Seconds. After them it takes messages however few places are free: those under way may hang, and others must go."""

SEND_WITHIN = outbox.SEND_WITHIN.total_seconds()


class Courier:
    """`settle` is how long an uncertain message may still turn up before it is looked for."""

    def __init__(
        self,
        store: Store,
        queue: OutboxQueue,
        senders: Mapping[str, Sender],
        *,
        settle: timedelta = timedelta(minutes=2),
    ) -> None:
        self._store, self._queue, self._senders, self._settle = store, queue, senders, settle
        self._wake = asyncio.Event()
        self._at_least = 1
        """How many places have to be free for the next look to be worth while."""
        self._soon: asyncio.TimerHandle | None = None
        self._notes = Notes(store, queue)
        self._under_way: set[asyncio.Task[None]] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        """Edits for turns. They take none of the places, so that one that hangs holds up no other message."""
        self._carried: dict[tuple[str, str | None], Errand | None] = {}
        """Which messages are being edited for a turn, each with the newest edit that waits until that is done."""
        self._round: asyncio.Task[None] | None = None
        self._stopping = False

    def _settles(self, platform: str) -> timedelta:
        """How long to wait before an uncertain message is looked for; not at all where it cannot be."""
        sender = self._senders.get(platform)
        return self._settle if sender and sender.can_read_back else timedelta()

    def kick(self) -> None:
        """There may be something to send."""
        self._at_least = 1
        self._wake.set()

    async def start(self) -> None:
        single = self._store.is_single
        await self._store.run(lambda session: self._queue.recover(session, self._settles, all_of_them=single))
        self._round = asyncio.create_task(self._rounds(), name="courier")
        self.kick()

    async def stop(self, grace: float = 10.0) -> None:
        """Send what can be sent within `grace` seconds; what is left goes out, or is read back, at the next start."""
        self._stopping = True
        self.kick()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                if self._round:
                    await self._round
                self.kick()
                while self._under_way or self._carrying or self._wake.is_set():  # one that arrives may let another go
                    await self._wake.wait()
                    self._wake.clear()
                    await self._one_round()

    async def _rounds(self) -> None:
        while not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            await self._one_round()

    async def _one_round(self) -> None:
        try:
            await self._send_what_is_due()
        except Exception as error:  # noqa: BLE001 - the next wake-up tries again
            log.error("courier: %s", without_words(error))  # noqa: TRY400 - its message may hold typed words

    async def _send_what_is_due(self) -> None:
        if self._soon:
            self._soon.cancel()
            self._soon = None
        at_least, self._at_least = self._at_least, A_GOOD_PART
        while (free := AT_ONCE - len(self._under_way)) >= at_least:
            at_least = A_GOOD_PART
            until = asyncio.get_running_loop().time() + SEND_WITHIN
            most = min(free, A_GOOD_PART)
            errands = await self._store.run(partial(self._queue.claim, most=most, settles=self._settles))
            for errand in errands:
                self._start(self._deliver(errand, until), errand, self._under_way, self._delivered)
            if len(errands) < most:  # what waits behind one of these is looked for once that is delivered
                return
        if free:
            self._kick_soon()

    def carry(self, errand: Errand) -> None:
        """Send an edit that a turn has claimed itself. While its message is being edited, only the newest one waits."""
        message = errand.platform, errand.message
        if message not in self._carried:
            self._carried[message] = None
            self._start(self._carry_on(message, errand), errand, self._carrying, self._kick_soon)
            return
        overtaken, self._carried[message] = self._carried[message], errand
        if overtaken:
            gone = self._notes.take(Arrival(overtaken.id, overtaken.token, str(overtaken.message)))
            self._start(gone, overtaken, self._carrying, self._kick_soon)

    async def _carry_on(self, message: tuple[str, str | None], errand: Errand) -> None:
        """Send this one, and then whichever is the newest by that time."""
        try:
            await self._deliver(errand, asyncio.get_running_loop().time() + SEND_WITHIN)
        finally:
            if newer := self._carried.pop(message):
                self.carry(newer)

    def _start(
        self,
        work: Coroutine[Any, Any, None],
        errand: Errand,
        among: set[asyncio.Task[None]],
        then: Callable[[], None],
    ) -> None:
        def done(task: asyncio.Task[None]) -> None:
            among.discard(task)
            if not task.cancelled() and (error := task.exception()):
                log.error("courier: %s", without_words(error))
            then()

        task = asyncio.create_task(work, name=f"outbox-{errand.id}")
        among.add(task)
        task.add_done_callback(done)

    def _delivered(self) -> None:
        if AT_ONCE - len(self._under_way) >= A_GOOD_PART:
            self._wake.set()
        else:
            self._kick_soon()

    def _kick_soon(self) -> None:
        """Something may have waited for what is done now. To look each time would cost as much as to send it."""
        if self._stopping:
            self.kick()
        elif self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(A_MOMENT, self.kick)

    async def _deliver(self, errand: Errand, until: float) -> None:
        if asyncio.get_running_loop().time() >= until:  # held up for so long that somebody else may have it by now
            if errand.read_back_since is None:
                await self._store.run(partial(self._queue.not_there, errand=errand, certain=True))
            return  # one that was to be looked for is looked for once its lease has run out
        sender = self._senders.get(errand.platform)
        if sender is None or errand.card is None:
            # A platform that was given up leads nowhere: people may be reached elsewhere, a channel has to be set anew.
            why = "nothing to show" if sender else f"{errand.platform} {NOT_CONFIGURED}"
            never = Refused(why, final=True, shut_out=sender is None)
            await self._store.run(partial(self._queue.refused, errand=errand, refused=never))
            return
        try:
            async with asyncio.timeout_at(until):
                with only_until(until):
                    message = await self._post(sender, errand)
        except Refused as refused:
            await self._store.run(partial(self._queue.refused, errand=errand, refused=refused))
        except Exception as error:  # noqa: BLE001 - anything unforeseen may have happened after it arrived
            why = str(error) if isinstance(error, Uncertain) else without_words(error)
            settle = self._settles(errand.platform)
            await self._store.run(partial(self._queue.uncertain, errand=errand, why=why, settle=settle))
        else:
            if message is not None:
                await self._notes.take(Arrival(errand.id, errand.token, message))

    async def _post(self, sender: Sender, errand: Errand) -> str | None:
        """Send it, or find that it is already there; None when that has been noted already."""
        assert errand.card is not None  # noqa: S101 - looked at by the caller
        if errand.message:
            await sender.update(errand.address, errand.message, errand.card)
            return errand.message
        if errand.read_back_since is None:
            return await sender.send(errand.address, errand.card, errand.key)
        if not sender.can_read_back:
            await self._store.run(partial(self._queue.not_there, errand=errand, certain=False))
            return None
        try:
            found = await sender.find(errand.address, errand.key, errand.read_back_since)
        except (Uncertain, Refused) as why:  # refused to let us look: that says nothing of the message
            await self._store.run(partial(self._queue.cannot_look, errand=errand, why=why))
            return None
        if found is None:
            await self._store.run(partial(self._queue.not_there, errand=errand, certain=True))
        return found
