"""The clock's tick: reminders that have fallen due go into the outbox. APScheduler only wakes it up."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from psirf_bot.casework import daily, panel_voting, tick
from psirf_bot.casework.work import Setting, Work
from psirf_bot.store.database import Store, without_words

log = logging.getLogger(__name__)

CHORES = (daily.begin, panel_voting.close_those_due, tick.run)
"""What falls due as time passes, in the order in which it is seen to. Each does some of it and returns how much."""
AT_ONCE = 20
"""Reminders dealt with in one transaction, so that people who write meanwhile do not wait long."""


class Tick:
    """`now` is the time of the work; `kick` wakes the courier after a commit."""

    def __init__(self, store: Store, setting: Setting, now: Callable[[], datetime], kick: Callable[[], None]) -> None:
        self._store, self._setting, self._now, self._kick = store, setting, now, kick

    async def run(self) -> None:
        """Deal with everything that is due; what fails is looked at again at the next wake-up."""
        for chore in CHORES:
            await self._all_of(chore)
        self._kick()

    async def _all_of(self, chore: Callable[[Work, int], int]) -> None:
        """Do some of it at a time, until there is no more. What is wrong with one chore stops no other."""

        def some(session: Session) -> int:
            return chore(Work(session, self._now(), self._setting), AT_ONCE)

        try:
            while await self._store.run(some):
                self._kick()
        except Exception as error:  # noqa: BLE001 - the next wake-up tries again
            log.error("tick: %s", without_words(error))  # noqa: TRY400 - its message may hold typed words
