"""How often a conversation's roster is read: Teams takes so many reads in so many seconds, and then refuses them."""

import asyncio
from collections import defaultdict, deque

from psirf_bot.delivery.platform import Refused

MOST, PER = 8, 2.0  # reads, seconds: half of what Teams takes, for there may be a second process of ours
BUSY = 4  # reads in that time
PATIENCE = 2.0  # seconds; whoever pressed is answered within three
_LONGEST = 60.0  # seconds
_MANY = 20_000  # conversations remembered


class Pace:
    """Lets reads of a conversation through one after another, as fast as Teams takes them and when it asks to wait."""

    def __init__(self) -> None:
        self._reads: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST))
        self._not_before: dict[str, float] = {}

    def is_busy(self, conversation: str) -> bool:
        """Whether so many people were looked up here just now that it is better to read of all of them at once."""
        reads = self._reads.get(conversation)
        return reads is not None and len(reads) >= BUSY and reads[-BUSY] > _now() - PER

    async def turn(self, conversation: str) -> None:
        """Wait for the next read's turn. Raises Refused where nobody could wait for so long."""
        until = _now() + PATIENCE
        while (at := self._next(conversation)) > _now():
            if at > until:
                raise Refused("TooManyReads", retry_after=at - _now())
            await asyncio.sleep(at - _now())
        if len(self._reads) >= _MANY:
            self._reads.clear()
        self._reads[conversation].append(_now())

    def wait(self, conversation: str, seconds: float) -> None:
        """Teams has asked us to read no more here for so long."""
        if len(self._not_before) >= _MANY:
            self._not_before.clear()
        self._not_before[conversation] = _now() + min(seconds, _LONGEST)

    def _next(self, conversation: str) -> float:
        reads = self._reads.get(conversation)
        free_at = reads[0] + PER if reads and len(reads) == MOST else 0.0
        return max(free_at, self._not_before.get(conversation, 0.0))


def _now() -> float:
    return asyncio.get_running_loop().time()
