"""A platform, or the clock, in trouble: in the log when it begins and when it ends; the quality team is told of it."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlmodel import Session, col, select

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Card
from psirf_bot.casework import post
from psirf_bot.casework.work import Setting, Work
from psirf_bot.store.database import Store, without_words
from psirf_bot.store.tables import Channel, Remembered

log = logging.getLogger(__name__)

CLOCK = "clock"
LASTS = 180.0
"""Seconds after which it is more than a moment's: people are told then, as an alert is raised."""
TOLD_WITHIN = 5.0
"""Seconds. A database that hangs must not keep the log from what comes next."""
NAMES = {"slack": "Slack", "teams": "Microsoft Teams"}

Find = Callable[[], Mapping[str, str]]
"""What is in trouble now (a platform, or `CLOCK`), each with what is wrong and what an administrator does."""


class Troubles:
    """Looks from time to time; `now` is the time of the work, `kick` wakes the courier after a commit.

    `mute` names the platforms that nothing can be sent to. One that only takes nothing in can still be written to.
    """

    def __init__(
        self,
        store: Store,
        setting: Setting,
        now: Callable[[], datetime],
        kick: Callable[[], None],
        find: Find,
        mute: Callable[[], Collection[str]],
    ) -> None:
        self._store, self._setting, self._now, self._kick = store, setting, now, kick
        self._find, self._mute = find, mute
        self._logged: dict[str, str] = {}
        self._since: dict[str, float] = {}
        self._told: set[str] = set()
        self._not_told: set[str] = set()
        """What could not be told last time; that stands in the log once, not at every look."""

    async def look(self) -> None:
        """Say what has begun and what has ended since the last look."""
        found = dict(self._find())
        for name, words in found.items():
            if words != self._logged.get(name):
                log.error("in trouble: %s: %s", name, words)
        for name in self._logged.keys() - found.keys():
            log.info("no longer in trouble: %s", name)
        self._logged = found
        self._since = {name: self._since.get(name, time.monotonic()) for name in found}
        self._told &= found.keys()
        for name in found.keys() - self._told:
            if time.monotonic() - self._since[name] >= LASTS:
                await self._tell(name)

    async def _tell(self, name: str) -> None:
        try:
            async with asyncio.timeout(TOLD_WITHIN):
                open_ = partial(_open_channels, set(self._mute()))
                # Read first: with nowhere to write, each look would be a transaction of the one writer.
                told = bool(await self._store.read(open_)) and await self._store.run(partial(self._write, name, open_))
        except Exception as error:  # noqa: BLE001 - told at a later look
            if name not in self._not_told:
                log.error("trouble: %s", without_words(error))  # noqa: TRY400 - as everywhere: the name is enough
            self._not_told.add(name)
            return
        self._not_told.discard(name)
        if told:
            self._told.add(name)
            self._kick()

    def _write(self, name: str, open_: Callable[[Session], Sequence[Channel]], session: Session) -> bool:
        """Tell the quality team once a day, however often it comes and goes, and whichever process sees it.

        Only where the bot can write: it would come when it is no longer true. False when that is nowhere yet.
        """
        channels = open_(session)
        if not channels:
            return False
        work = Work(session, self._now(), self._setting)
        memory, today = f"told of trouble: {name}", work.local.date().isoformat()
        known = session.exec(select(Remembered).where(Remembered.name == memory).with_for_update()).first()
        if known and known.value == today:
            return True
        remembered = known or Remembered(name=memory, value=today)
        remembered.value = today
        session.add(remembered)
        for channel in channels:
            post.to_address(work, channel.platform, channel.address, _card(name, work.local))
        return True


def _open_channels(mute: Collection[str], session: Session) -> Sequence[Channel]:
    return session.exec(select(Channel).where(Channel.purpose == "quality", col(Channel.platform).not_in(mute))).all()


def _card(name: str, now: datetime) -> Card:
    if name == CLOCK:
        return said(
            "The bot's clock is wrong",
            "Days and times that I give may be wrong, and what people send may be refused. What was saved is kept. "
            "Please tell whoever runs the bot to set the clock of its machine.",
        )
    return said(
        f"The bot is in trouble with {NAMES.get(name, name)}",
        f"On {now:%A} at {now:%H:%M} messages could not go there, or nothing came in from there. What was saved is "
        "kept, and messages wait. Please tell whoever runs the bot. Until it is mended, use Datix and the telephone.",
    )
