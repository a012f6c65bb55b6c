"""Which channels are the trust's own: one shared with another organisation must never become a channel for cases."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from slack_sdk.web.async_client import AsyncWebClient

from psirf_bot.adapters.slack.failures import TROUBLE, judged
from psirf_bot.delivery.platform import Refused

_FRESH = timedelta(minutes=10)
_RECENT = timedelta(hours=1)  # how old an answer may be when Slack cannot say
_WITHIN = 1.0  # seconds; the person has been promised an answer within three


class Channels:
    """Looks channels up and remembers them for a while."""

    def __init__(self, client: AsyncWebClient, now: Callable[[], datetime]) -> None:
        self._client, self._now = client, now
        self._known: dict[str, tuple[bool, datetime]] = {}

    async def is_our_own(self, channel: str) -> bool:
        """Whether only the trust reads there. False when Slack does not say, as of a private one we are not in."""
        try:
            return not await self.is_shared(channel)
        except TROUBLE:
            return False

    async def is_shared(self, channel: str) -> bool:
        """Whether another organisation reads there, or has been asked to. Raises what the SDK raises."""
        known = self._known.get(channel)
        if known and self._now() - known[1] < _FRESH:
            return known[0]
        try:
            async with asyncio.timeout(_WITHIN):
                answer = await self._client.conversations_info(channel=channel)
            info = dict(answer["channel"])
        except TROUBLE as error:
            refused = judged(error)
            if known and self._now() - known[1] < _RECENT and not (isinstance(refused, Refused) and refused.final):
                return known[0]
            raise
        shared = bool(info.get("is_ext_shared") or info.get("is_pending_ext_shared"))
        self._known[channel] = shared, self._now()
        return shared
