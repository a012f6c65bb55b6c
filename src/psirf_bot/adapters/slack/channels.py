"""Which channels are the trust's own: one shared with another organisation must never become a channel for cases."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from slack_sdk.web.async_client import AsyncWebClient

from psirf_bot.adapters.slack.failures import TROUBLE

_FRESH = timedelta(minutes=10)
_WITHIN = 1.0  # seconds; the person has been promised an answer within three


class Channels:
    """Looks channels up and remembers them for a while."""

    def __init__(self, client: AsyncWebClient, now: Callable[[], datetime]) -> None:
        self._client, self._now = client, now
        self._known: dict[str, tuple[bool, datetime]] = {}

    async def is_our_own(self, channel: str) -> bool:
        """Whether only the trust reads there. False when Slack does not say, as of a private one we are not in."""
        return await self.is_shared(channel) is False

    async def is_shared(self, channel: str) -> bool | None:
        """Whether another organisation reads there, or has been asked to; None when Slack does not say."""
        known = self._known.get(channel)
        if known and self._now() - known[1] < _FRESH:
            return known[0]
        try:
            async with asyncio.timeout(_WITHIN):
                answer = await self._client.conversations_info(channel=channel)
            info = dict(answer["channel"])
        except TROUBLE:
            return None
        shared = bool(info.get("is_ext_shared") or info.get("is_pending_ext_shared"))
        self._known[channel] = shared, self._now()
        return shared
