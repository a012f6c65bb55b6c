"""Is this machine's clock right? Each answer of a platform says when it was given (`Date`): to look costs nothing."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import inf

import aiohttp

NONE = timedelta()
A_SECOND = timedelta(seconds=1)
"""As exactly as the header says it."""
OFF = timedelta(minutes=2)
"""Less than this nobody is harmed by, nor refused for: signatures and tokens are good for five minutes."""
UNITS = ((timedelta(days=1), "days"), (timedelta(hours=1), "hours"), (timedelta(minutes=1), "minutes"))
OUT_OF_A_CACHE = frozenset({"GET", "HEAD"})
"""What such a call is answered with may be older than the question."""
OUT_OF_TIME = (
    "what was signed last is not of now, and was refused: it was played again, or this machine's clock is wrong. "
    "See that NTP keeps the clock (timedatectl)"
)
"""Said of a platform while `ClockCheck.is_open` holds for what it signed."""


class ClockCheck:
    """Holds what platforms say against `now`, which has to be the real time. One of them alone may be wrong once.

    `off` is how far this machine's clock is ahead (or behind: less than nothing); nothing while it is right, as far as
    anybody has said.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.off = NONE
        self._suspected = NONE
        self._right_at = -inf

    @property
    def said(self) -> str:
        """What is wrong and what to do about it; nothing while all is well."""
        if not self.off:
            return ""
        side = "ahead" if self.off > NONE else "behind"
        return (
            f"this machine's clock is {_words(abs(self.off))} {side}, as the platforms' answers show. Days and times "
            "may be wrong, and what people send may be refused. Set it, and see that NTP keeps it (timedatectl)"
        )

    @property
    def is_in_doubt(self) -> bool:
        """Whether the last answer did not agree with this machine's clock."""
        return bool(self._suspected)

    def is_open(self, refused_at: float | None) -> bool:
        """Whether our clock may be why something was refused for its time at this moment of the monotonic clock.

        With a wrong clock nothing is let in. Once an answer has said since then that our clock is right, it was not
        that: the message was played again.
        """
        return refused_at is not None and self._right_at <= refused_at

    def answers(self) -> type[aiohttp.ClientResponse]:
        """The `response_class` for a session whose answers are to be looked at."""
        check = self

        class Answer(aiohttp.ClientResponse):
            async def start(self, connection: "aiohttp.connector.Connection") -> aiohttp.ClientResponse:
                asked = check._now()
                answer = await super().start(connection)
                if self.method not in OUT_OF_A_CACHE:
                    check.heard(self.headers.get("Date", ""), asked)
                return answer

        return Answer

    def heard(self, date: str, asked: datetime) -> None:
        """A platform says that it answered at `date`, between `asked` and now: the way may have taken long.

        Two answers that agree are believed. One that finds the clock right is: nobody says that by mistake. What
        cannot be read says nothing, and is never raised.
        """
        try:
            given = parsedate_to_datetime(date)
            given = given if given.tzinfo else given.replace(tzinfo=UTC)
            off = max(asked - given - A_SECOND, NONE) or min(self._now() - given, NONE)
        except Exception:  # noqa: BLE001 - the parser raises many kinds, and the answer itself has arrived
            return
        if abs(off) <= OFF:
            self.off = self._suspected = NONE
            self._right_at = time.monotonic()
        elif self._suspected and abs(off - self._suspected) <= OFF:
            self.off = self._suspected
        else:
            self._suspected = off


def _words(how_far: timedelta) -> str:
    unit, name = next((unit, name) for unit, name in UNITS if how_far >= 2 * unit)
    return f"{round(how_far / unit)} {name}"
