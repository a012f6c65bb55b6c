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
    the bot, the message to edit is gone). `shut_out`: nothing at all can be posted there any more. `ours`: a fault of
    our own set-up, such as a token or a scope, which an administrator mends; nothing is wrong with the message. `why`
    is the platform's own error name, never a person's words.
    """

    def __init__(
        self,
        why: str,
        *,
        retry_after: float | None = None,
        final: bool = False,
        shut_out: bool = False,
        ours: bool = False,
    ) -> None:
        super().__init__(why)
        self.why, self.retry_after, self.final = why, retry_after, final
        self.shut_out, self.ours = shut_out, ours


MENDED_IN = 300.0
"""Seconds until a platform that does not take our token is tried again: whatever it is, somebody has to mend it."""


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

        Raises Uncertain when the platform cannot say now, and Refused when it asks us to wait, or for a fault of ours.
        Asked only where it can be read back.
        """
