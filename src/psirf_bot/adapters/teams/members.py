"""Whether somebody is a full member of the trust: the conversation's roster says so, and is asked now and then."""

import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from psirf_bot.adapters.teams.connector import Connector, Json
from psirf_bot.adapters.teams.pace import PATIENCE, Pace
from psirf_bot.adapters.teams.single_flight import SingleFlight
from psirf_bot.delivery.platform import Refused, Uncertain

log = logging.getLogger(__name__)

KNOWN_FOR = timedelta(minutes=10)
REFUSED_FOR = timedelta(minutes=1)
LAST_RESORT = timedelta(hours=1)  # while the roster cannot be read
WITHIN = 3.0  # seconds
_PAGES = 4  # of the roster, when many are looked up at once
_MOST = 20_000  # people remembered
_FULL = frozenset({"user", "owner"})

T = TypeVar("T")


class NotStaff(Exception):
    """A guest, somebody of another organisation, or nobody who is signed in."""


class CannotTell(Exception):
    """The roster cannot be read, and this person was not seen lately."""


class NotAdded(CannotTell):
    """The bot is neither in the conversation nor in a private chat with this person, so there is no roster to read."""


@dataclass(frozen=True, slots=True)
class Member:
    """A full member of the tenant, by their Entra object id. `chat`: their private chat, where it had to be asked."""

    object_id: str
    name: str
    email: str
    chat: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom to look up: their ids on Teams and in Entra, the conversation that they spoke in, the bot, our tenant."""

    service_url: str
    conversation: str
    user: str
    object_id: str
    bot: str
    tenants: frozenset[str]

    @property
    def who(self) -> tuple[str, str]:
        return self.user, self.object_id.casefold()

    @property
    def roster(self) -> "_Roster":
        return self.service_url, self.conversation, self.tenants


_Roster = tuple[str, str, frozenset[str]]
"""The service URL and the conversation whose roster it is, and our tenant."""


class Members:
    """Looks people up in the roster, and remembers the answer for some minutes.

    One by one, a call for each; where many come together, as for a vote, one reading of the roster serves them all:
    Teams takes too few calls for so many people.
    """

    def __init__(self, connector: Connector, now: Callable[[], datetime]) -> None:
        self._connector, self._now = connector, now
        self._known: dict[tuple[str, str], tuple[datetime, Member | None]] = {}
        self._pace = Pace()
        self._looking = SingleFlight(self._look_up)
        self._reading = SingleFlight(self._read)

    async def find(self, asked: Asked) -> Member:
        """The member behind a Teams account. Raises NotStaff, CannotTell."""
        at, member = self._known.get(asked.who, (None, None))
        age = self._now() - at if at else None
        if age is None or age > (KNOWN_FOR if member else REFUSED_FOR):
            try:
                member = await self._looking.get(asked)
            except (Refused, Uncertain) as why:
                log.warning("the roster cannot be read: %s", why)
                if member is None or age is None or age > LAST_RESORT:
                    raise CannotTell from why
        if member is None:
            raise NotStaff
        return member

    async def stop(self) -> None:
        await self._looking.stop()
        await self._reading.stop()

    async def _look_up(self, asked: Asked) -> Member | None:
        if self._pace.is_busy(asked.conversation):
            with contextlib.suppress(Refused, Uncertain):  # then they are asked for by themselves
                await self._reading.get(asked.roster)
            at, member = self._known.get(asked.who, (self._now(), None))
            if member and self._now() - at <= KNOWN_FOR:
                return member
        try:
            entry, chat = await self._entry(asked)
        except Refused as why:
            if why.why != "MemberNotFoundInConversation":
                raise
            entry, chat = {}, ""
        member = _member(entry, asked.tenants)
        if member and member.object_id != asked.object_id.lower():
            member = None
        if member:
            member = replace(member, chat=chat)
        self._remember(asked.who, member)
        return member

    async def _read(self, roster: _Roster) -> None:
        """Remember everybody whom the roster plainly shows as a full member; of anybody else it says nothing."""
        service_url, conversation, tenants = roster
        go_on = ""
        for _ in range(_PAGES):
            page = partial(self._connector.members, service_url, conversation, go_on, WITHIN)
            entries, go_on = await self._in_turn(conversation, page)
            for entry in entries:
                member = _member(entry, tenants) if entry.get("userRole") else None
                if member:
                    self._remember((str(entry.get("id")), member.object_id), member)
            if not go_on:
                return

    def _remember(self, who: tuple[str, str], member: Member | None) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[who] = self._now(), member

    async def _entry(self, asked: Asked) -> tuple[Json, str]:
        """Somebody's entry, and the id of the private chat whose roster it is from, where it is from that.

        The entry beside a message also works in conversations that the bot is no member of, and cannot ask about.
        """
        look = partial(self._connector.member, asked.service_url, asked.conversation, asked.user, WITHIN)
        try:
            return await self._in_turn(asked.conversation, look), ""
        except Refused as why:
            if not why.shut_out:
                raise
        tenant = min(asked.tenants, default="")
        try:
            chat = await self._connector.open_chat(asked.service_url, tenant, asked.object_id, asked.bot, WITHIN)
            return await self._connector.member(asked.service_url, chat, asked.user, WITHIN), chat
        except Refused as why:
            if why.final:
                raise NotAdded from why
            raise

    async def _in_turn(self, conversation: str, read: Callable[[], Awaitable[T]]) -> T:
        """One read of a roster, when Teams takes it; once more where it asks us to wait for a moment."""
        await self._pace.turn(conversation)
        try:
            return await read()
        except Refused as why:
            if why.retry_after is None or why.ours:  # a fault of ours is no matter of this roster
                raise
            self._pace.wait(conversation, why.retry_after)
            if why.retry_after > PATIENCE:
                raise
        await self._pace.turn(conversation)
        return await read()


def _member(entry: Json, tenants: frozenset[str]) -> Member | None:
    """None for anybody the entry does not plainly show as a full member of our tenant."""
    object_id = str(entry.get("aadObjectId") or entry.get("objectId") or "")
    tenant, role = str(entry.get("tenantId") or ""), str(entry.get("userRole") or "user")
    principal = str(entry.get("userPrincipalName") or "")
    if not object_id or tenant.casefold() not in tenants:
        return None
    if role.casefold() not in _FULL or "#EXT#" in principal.upper():
        return None
    return Member(object_id.lower(), str(entry.get("name") or principal), str(entry.get("email") or principal))
