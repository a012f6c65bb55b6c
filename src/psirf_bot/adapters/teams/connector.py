"""The Bot Connector's REST API, as far as we use it: one pooled session, one call for one message."""

import json
import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from math import inf
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from pydantic_core import to_json
from yarl import URL

from psirf_bot.adapters.teams.tokens import AppToken, Unavailable
from psirf_bot.delivery.platform import MENDED_IN, Refused, Uncertain

Json = dict[str, Any]

PAGE = 500  # people, the most that Teams gives at once
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_FINAL = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})
_SHUT_OUT = frozenset(
    {
        "BotDisabledByAdmin", "BotNotInConversationRoster", "ConversationBlockedByUser", "ConversationNotFound",
        "ForbiddenOperationException", "MessageWritesBlocked",
    }
)  # fmt: skip
"""After these Microsoft asks a bot to post no more until somebody there writes to it, or adds it, again.

Of what else it documents, `NotEnoughPermissions` is about one action alone.
"""
_OURS = frozenset({"InvalidBotApiHost"})  # it names the host that belongs into PSIRF_TEAMS_SERVICE_HOSTS
_TOKEN_LATER = 30.0  # seconds
TURNED_AWAY, SILENT = "turned away", "silent"
LAPSES = 600.0  # seconds without a call, after which nobody knows how the next would end


def is_loopback(url: str) -> bool:
    try:
        return URL(url).host in LOOPBACK
    except ValueError:
        return False


def may_answer(service_url: str, hosts: Collection[str]) -> bool:
    """Whether our bearer token may go there: a listed host, over https unless it is this machine."""
    try:
        url = URL(service_url)
        safe = url.scheme == "https" or (url.scheme == "http" and url.host in LOOPBACK)
        plain = not (url.user or url.password or url.query_string or url.fragment)
        return safe and plain and bool(url.host) and (url.host in hosts or f"{url.host}:{url.port}" in hosts)
    except ValueError:
        return False


class Connector:
    """Calls the connector of whichever service URL a conversation belongs to; unsigned when there is no token.

    `timeout` is in seconds, for a whole call. Every method raises Refused and Uncertain.
    """

    def __init__(
        self, http: aiohttp.ClientSession, token: AppToken | None, hosts: Collection[str], timeout: float
    ) -> None:
        self._http, self._token, self._hosts, self._timeout = http, token, hosts, timeout
        self._failing, self._times, self._called_at = "", 0, -inf

    @property
    def failing(self) -> str:
        """How the last two calls both failed: `TURNED_AWAY` (no token was taken, not even a new one) or `SILENT`.

        Nothing while all is well, after one (that may be a moment's), and once there has been no call for long.
        """
        return self._failing if self._times > 1 and time.monotonic() - self._called_at < LAPSES else ""

    async def post(self, service_url: str, conversation: str, activity: Json) -> str:
        """Post a message and return its id."""
        answer = await self._call("POST", service_url, f"/{_quoted(conversation)}/activities", activity)
        return _id_in(answer)

    async def put(self, service_url: str, conversation: str, message: str, activity: Json) -> None:
        """Replace a message of ours."""
        path = f"/{_quoted(conversation)}/activities/{_quoted(message)}"
        await self._call("PUT", service_url, path, activity)

    async def open_chat(self, service_url: str, tenant: str, user: str, bot: str, within: float | None = None) -> str:
        """The conversation id of the personal chat with somebody. It posts nothing, and may be repeated."""
        wanted = {"isGroup": False, "bot": {"id": bot}, "members": [{"id": user}], "tenantId": tenant}
        wanted |= {"channelData": {"tenant": {"id": tenant}}}
        answer = await self._call("POST", service_url, "", wanted, within)
        return _id_in(answer)

    async def member(self, service_url: str, conversation: str, user: str, within: float) -> Json:
        """Somebody's entry in a conversation's roster, within so many seconds."""
        path = f"/{_quoted(conversation)}/members/{_quoted(user)}"
        return await self._call("GET", service_url, path, within=within)

    async def members(self, service_url: str, conversation: str, after: str, within: float) -> tuple[list[Json], str]:
        """A page of a conversation's roster, and what to go on `after`; nothing at the beginning and the end."""
        asked = {"pageSize": str(PAGE)} | ({"continuationToken": after} if after else {})
        path = f"/{_quoted(conversation)}/pagedmembers?{urlencode(asked)}"
        answer = await self._call("GET", service_url, path, within=within)
        entries, go_on = answer.get("members"), answer.get("continuationToken")
        found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        return found, go_on if isinstance(go_on, str) else ""

    async def _call(
        self, method: str, service_url: str, path: str, body: Json | None = None, within: float | None = None
    ) -> Json:
        if not may_answer(service_url, self._hosts):
            raise Refused("ServiceUrlNotAllowed", ours=True)  # an administrator may have mistyped the list of hosts
        url = URL(f"{service_url.rstrip('/')}/v3/conversations{path}", encoded=True)
        data = None if body is None else to_json(body)
        seconds = within or self._timeout
        limit = aiohttp.ClientTimeout(total=seconds, connect=seconds / 2)
        answer = await self._exchange(method, url, data, limit)
        if answer.status == 401 and self._token:
            # A 401 took no message: asking again with a new token cannot post twice.
            self._token.forget(answer.token)
            answer = await self._exchange(method, url, data, limit)
            if answer.status == 401:
                raise self._turned_away(answer.why)
        self._went(SILENT if answer.is_none or answer.is_somebody_elses else "")
        return answer.taken()

    def _turned_away(self, why: str) -> Refused:
        """One may be about this conversation alone. Two running are about our token: then everything waits."""
        self._went(TURNED_AWAY)
        return Refused(why, retry_after=MENDED_IN, ours=True) if self.failing else Refused(why)

    def _went(self, failing: str) -> None:
        self._times = self._times + 1 if failing == self._failing else 1
        self._failing, self._called_at = failing, time.monotonic()

    async def _exchange(self, method: str, url: URL, data: bytes | None, limit: aiohttp.ClientTimeout) -> "_Answer":
        headers = {"Content-Type": "application/json; charset=utf-8"}
        token = await self._bearer()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with self._http.request(
                method, url, data=data, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                return _Answer(answer.status, answer.headers.get("Retry-After"), await answer.read(), token)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as why:
            self._went(SILENT)
            raise Refused(type(why).__name__) from why  # it never got as far as sending
        except (aiohttp.ClientError, TimeoutError, OSError) as why:
            self._went(SILENT)
            raise Uncertain(type(why).__name__) from why

    async def _bearer(self) -> str:
        if self._token is None:
            return ""
        try:
            return await self._token.get()
        except Unavailable as why:
            raise Refused("NoToken", retry_after=_TOKEN_LATER, ours=True) from why


@dataclass(frozen=True, slots=True, repr=False)
class _Answer:
    """What the connector said, and with which token it was asked."""

    status: int
    retry_after: str | None
    body: bytes
    token: str

    @property
    def is_none(self) -> bool:
        """Whether nobody can tell what became of the call."""
        return self.status >= 500 or self.status == 408

    @property
    def is_somebody_elses(self) -> bool:
        """Whether a proxy or a gateway on the way has answered: the connector speaks JSON."""
        return bool(self.body) and self._object() is None

    def taken(self) -> Json:
        """What stands in a success. Raises Refused, and Uncertain where it may have been taken all the same."""
        if self.status < 300:
            if (taken := self._object()) is None:
                raise Uncertain("GarbledAnswer")
            return taken
        if self.is_none:
            raise Uncertain(f"HTTP {self.status}")
        raise Refused(
            self.why,
            retry_after=_seconds(self.retry_after),
            final=self.status in _FINAL and self.why not in _OURS and not self.is_somebody_elses,
            shut_out=self.why in _SHUT_OUT,
            ours=self.why in _OURS,
        )

    @property
    def why(self) -> str:
        """The connector's own name for a refusal."""
        error = (self._object() or {}).get("error")
        code = str(error.get("code", "")) if isinstance(error, dict) else ""
        return code if re.fullmatch(r"\w{1,60}", code) else f"HTTP {self.status}"

    def _object(self) -> Json | None:
        """What stands in the body, nothing where it is empty; None where it is no JSON object."""
        try:
            body = json.loads(self.body or b"{}")
        except ValueError:
            return None
        return body if isinstance(body, dict) else None


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and re.fullmatch(r"\d{1,5}(\.\d+)?", retry_after) else None


def _id_in(answer: Json) -> str:
    given = answer.get("id")
    if not isinstance(given, str) or not given:
        raise Uncertain("NoIdInAnswer")
    return given


def _quoted(id: str) -> str:
    return quote(id, safe="")
