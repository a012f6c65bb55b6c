"""What the courier asks of a platform. Adapters implement it; nothing here knows which platforms there are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from psirf_bot.cards.model import Card

Address = Mapping[str, str]
"""Where to post, in the platform's own terms, as the adapter once gave it in `Place.address`."""


class Refused(Exception):
    """The platform definitely did not take the message.

    `retry_after` in seconds when it asks us to wait; `final` when trying again cannot help (the person left, blocked
    the bot, the message to edit is gone). `shut_out`: nothing at all can be posted there any more. `why` is the
    platform's own error name, never a person's words.
    """

    def __init__(
        self, why: str, *, retry_after: float | None = None, final: bool = False, shut_out: bool = False
    ) -> None:
        super().__init__(why)
        self.why, self.retry_after, self.final, self.shut_out = why, retry_after, final, shut_out


class Uncertain(Exception):
    """The message may or may not have arrived: a timeout, a reset, a 5xx, a truncated answer."""


class Sender(Protocol):
    """One platform, as the courier sees it. No call retries by itself: one call is at most one message."""

    @property
    def can_read_back(self) -> bool:
        """Whether the platform ever lets a bot look if a message is there."""

    async def send(self, to: Address, card: Card, key: str) -> str:
        """Post the card and return the message's id; `key` is an opaque id to find it by. Raises Refused, Uncertain."""

    async def update(self, to: Address, message: str, card: Card) -> None:
        """Replace a message of ours in place. Safe to repeat. Raises Refused, Uncertain."""

    async def find(self, to: Address, key: str, since: datetime) -> str | None:
        """Return the id of the message posted with `key` since then, None if it is certainly not there.

        Raises Uncertain when the platform cannot say now, and Refused when it asks us to wait.
        Asked only where it can be read back.
        """
