"""The clock's tick: reminders that have fallen due go into the outbox. APScheduler only wakes it up."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from psirf_bot.casework import daily, panel_voting, tick
from psirf_bot.casework.work import Setting, Work
from psirf_bot.store.database import Store, without_words

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Reminders dealt with in one transaction, so that people who write meanwhile do not wait long."""


class Tick:
    """`now` is the time of the work; `kick` wakes the courier after a commit."""

    def __init__(self, store: Store, setting: Setting, now: Callable[[], datetime], kick: Callable[[], None]) -> None:
        self._store, self._setting, self._now, self._kick = store, setting, now, kick

    async def run(self) -> None:
        """Deal with everything that is due; what fails is looked at again at the next wake-up."""
        await self._all_of(lambda session: daily.begin(self._work(session), AT_ONCE))
        await self._all_of(lambda session: panel_voting.close_those_due(self._work(session), AT_ONCE))
        await self._all_of(lambda session: tick.run(self._work(session), AT_ONCE))
        self._kick()

    async def _all_of(self, some: Callable[[Session], int]) -> None:
        """Do some of it at a time, until there is no more. What is wrong with one kind of work stops no other."""
        try:
            while await self._store.run(some):
                self._kick()
        except Exception as error:  # noqa: BLE001 - the next wake-up tries again
            log.error("tick: %s", without_words(error))  # noqa: TRY400 - its message may hold typed words

    def _work(self, session: Session) -> Work:
        return Work(session, self._now(), self._setting)
