"""Whether somebody is a full member of the trust: the conversation's roster says so, and is asked now and then."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psirf_bot.adapters.teams.connector import Connector, Json
from psirf_bot.adapters.teams.single_flight import SingleFlight
from psirf_bot.delivery.platform import Refused, Uncertain

log = logging.getLogger(__name__)

KNOWN_FOR = timedelta(minutes=10)
REFUSED_FOR = timedelta(minutes=1)
LAST_RESORT = timedelta(hours=1)  # while the roster cannot be read
WITHIN = 3.0  # seconds
_MOST = 20_000  # people remembered
_NOT_THERE = frozenset({"BotNotInConversationRoster", "ConversationNotFound"})
_FULL = frozenset({"user", "owner"})


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


class Members:
    """Looks people up in the roster, one call at a time for each, and remembers the answer for some minutes."""

    def __init__(self, connector: Connector, now: Callable[[], datetime]) -> None:
        self._connector, self._now = connector, now
        self._known: dict[tuple[str, str], tuple[datetime, Member | None]] = {}
        self._looking = SingleFlight(self._look_up)

    async def find(self, asked: Asked) -> Member:
        """The member behind a Teams account. Raises NotStaff, CannotTell."""
        who = (asked.user, asked.object_id)
        at, member = self._known.get(who, (None, None))
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

    async def _look_up(self, asked: Asked) -> Member | None:
        try:
            entry, chat = await self._entry(asked)
        except Refused as why:
            if why.why != "MemberNotFoundInConversation":
                raise
            entry, chat = {}, ""
        member = self._member(entry, asked) if entry else None
        if member:
            member = replace(member, chat=chat)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[asked.user, asked.object_id] = (self._now(), member)
        return member

    async def _entry(self, asked: Asked) -> tuple[Json, str]:
        """Where the bot is only used and not a member, as from the entry beside a message, their private chat tells."""
        try:
            return await self._connector.member(asked.service_url, asked.conversation, asked.user, WITHIN), ""
        except Refused as why:
            if why.why not in _NOT_THERE:
                raise
        tenant = min(asked.tenants, default="")
        try:
            chat = await self._connector.open_chat(asked.service_url, tenant, asked.object_id, asked.bot, WITHIN)
            return await self._connector.member(asked.service_url, chat, asked.user, WITHIN), chat
        except Refused as why:
            if why.final:
                raise NotAdded from why
            raise

    def _member(self, entry: Json, asked: Asked) -> Member | None:
        """None for anybody the roster does not plainly show as a full member of our tenant."""
        object_id = str(entry.get("aadObjectId") or entry.get("objectId") or "")
        tenant, role = str(entry.get("tenantId") or ""), str(entry.get("userRole") or "user")
        principal = str(entry.get("userPrincipalName") or "")
        if not object_id or object_id.casefold() != asked.object_id.casefold():
            return None
        if tenant.casefold() not in asked.tenants or role.casefold() not in _FULL or "#EXT#" in principal.upper():
            return None
        return Member(
            asked.object_id.lower(), str(entry.get("name") or principal), str(entry.get("email") or principal)
        )
