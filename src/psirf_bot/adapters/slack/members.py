"""Who may use the bot: full members of the trust's own workspace, as Slack knows them now."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from psirf_bot.adapters.slack import words
from psirf_bot.adapters.slack.failures import TROUBLE, name_of

_FRESH = timedelta(minutes=10)
_REFUSAL_FRESH = timedelta(minutes=1)  # somebody who has just become a full member should not have to wait
_RECENT = timedelta(hours=1)  # how old an answer may be when Slack cannot say
_WITHIN = 1.0  # seconds; the person has been promised an answer within three

_GUEST = ("is_restricted", "is_ultra_restricted")
_NOBODY = ("is_bot", "deleted", "is_stranger")
_SLACKBOT = "USLACKBOT"  # not marked as a bot


class MembershipUnknown(Exception):
    """Slack cannot say now who this is, and nobody has looked recently."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person as Slack knows them. `refusal` says why they may not use the bot; empty when they may."""

    name: str
    email: str
    refusal: str
    seen: datetime


class Members:
    """Looks people up and remembers them for a while."""

    def __init__(self, client: AsyncWebClient, team: str, now: Callable[[], datetime]) -> None:
        self._client, self._team, self._now = client, team, now
        self._known: dict[str, Member] = {}

    def known(self, user: str) -> Member | None:
        """The member as Slack knew them just now; None when it has to be asked."""
        known = self._known.get(user)
        if known and self._now() - known.seen < (_REFUSAL_FRESH if known.refusal else _FRESH):
            return known
        return None

    async def find(self, user: str) -> Member:
        """The member, or the stranger with the words to refuse them. Raises MembershipUnknown."""
        if fresh := self.known(user):
            return fresh
        known = self._known.get(user)
        try:
            async with asyncio.timeout(_WITHIN):
                answer = await self._client.users_info(user=user)
            member = self._judged(dict(answer["user"]))
        except TROUBLE as error:
            if name_of(error) in ("user_not_found", "user_not_visible"):
                member = Member("", "", words.OUTSIDER, self._now())
            elif known and self._now() - known.seen < _RECENT:
                return known
            else:
                raise MembershipUnknown(name_of(error)) from None
        self._known[user] = member
        return member

    def _judged(self, user: dict[str, Any]) -> Member:
        profile = user.get("profile") or {}
        refusal = ""
        name = profile.get("real_name") or user.get("real_name") or user.get("name") or ""
        if user.get("id") == _SLACKBOT or user.get("team_id") != self._team or any(user.get(mark) for mark in _NOBODY):
            refusal, name = words.OUTSIDER, ""
        elif any(user.get(mark) for mark in _GUEST):
            refusal = words.GUEST
        return Member(name, profile.get("email") or "", refusal, self._now())
