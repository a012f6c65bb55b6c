"""The Teams adapter: takes in what the Bot Connector posts, and sends what the courier brings."""

import asyncio
import contextlib
import hashlib
import logging
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from functools import partial

import aiohttp
from aiohttp import web
from pydantic_core import to_json

from psirf_bot.adapters.teams import answers, windows, words
from psirf_bot.adapters.teams.arrival import body_of
from psirf_bot.adapters.teams.connector import LOOPBACK, Connector, Json, is_loopback, may_answer
from psirf_bot.adapters.teams.in_place import InPlace
from psirf_bot.adapters.teams.members import Asked, CannotTell, Member, Members, NotAdded, NotStaff
from psirf_bot.adapters.teams.seam import Bot
from psirf_bot.adapters.teams.sender import TeamsSender
from psirf_bot.adapters.teams.services import Remembered, Services
from psirf_bot.adapters.teams.standing import Standing
from psirf_bot.adapters.teams.tokens import AppToken, SigningKeys, TokenCheck, Unavailable, Untrusted
from psirf_bot.adapters.teams.turns import CHANNEL, Activity, activity_in, inbound, what_it_means, without_thread
from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Added, Desk, Reply
from psirf_bot.delivery.clock_check import ClockCheck
from psirf_bot.delivery.in_time import InTime
from psirf_bot.delivery.platform import Address, Refused, Uncertain

log = logging.getLogger(__name__)

PLAYGROUND = "playground"  # the tenant of unsigned turns when no other is configured


class TeamsAdapter:
    """One bot in one tenant. It implements `delivery.platform.Sender`.

    `now` ages what is cached; `clock` hears what Microsoft says the time is. `allow_unsigned_loopback` lets Microsoft's
    Agents Playground on this machine in; only then may `app_id`, `app_secret` and `tenant_id` be empty. `remembered`
    reads the addresses that were given to the desk, the newest first. `send_timeout` and `answer_within` are in
    seconds: people should have an answer within three.
    """

    can_read_back = False

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        tenant_id: str,
        openid_url: str,
        login_url: str,
        service_hosts: Collection[str],
        desk: Desk,
        now: Callable[[], datetime],
        remembered: Remembered,
        clock: ClockCheck | None = None,
        allow_unsigned_loopback: bool = False,
        send_timeout: float = 10.0,
        answer_within: float = 2.8,
    ) -> None:
        self._is_set_up = bool(app_id and app_secret and tenant_id)
        if not self._is_set_up and not allow_unsigned_loopback:
            raise ValueError("Teams needs an app id, an app secret and a tenant id")
        self._app_id, self._app_secret, self._tenant = app_id, app_secret, tenant_id or PLAYGROUND
        self._openid_url, self._login_url = openid_url, login_url.rstrip("/")
        hosts = {host.casefold() for host in service_hosts}
        self._hosts = hosts | LOOPBACK if allow_unsigned_loopback else hosts
        self._desk, self._now, self._clock = desk, now, clock or ClockCheck(now)
        self._services = Services(self._hosts, remembered)
        self._standing: Standing | None = None
        self._allow_unsigned = allow_unsigned_loopback
        self._send_timeout, self._answer_within = send_timeout, answer_within
        self._turns: set[asyncio.Task[Json | None]] = set()
        self._spoken: deque[str] = deque(maxlen=1000)
        self._is_open = False

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/api/messages", self._receive)]

    @property
    def trouble(self) -> str:
        """Why nothing can go to Teams, or come in from there, as far as we can tell, and what to do about it."""
        return self._standing.trouble if self._standing else ""

    @property
    def cannot_send(self) -> str:
        """Why nothing can go to Teams, whatever comes in from there."""
        return self._standing.cannot_send if self._standing else ""

    async def start(self) -> None:
        """Open the way to Microsoft."""
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # nobody's answer waits until messages that hang let go of theirs
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=InTime,
            response_class=self._clock.answers(),
        )
        self._keys = SigningKeys(self._http, self._openid_url, self._now)
        token_url = f"{self._login_url}/{self._tenant}/oauth2/v2.0/token"
        self._token = AppToken(self._http, token_url, self._app_id, self._app_secret, self._now)
        token = self._token if self._is_set_up else None
        connector = Connector(self._http, token, self._hosts, self._send_timeout)
        self._members = Members(connector, self._now)
        check = TokenCheck(self._keys, self._app_id) if self._is_set_up else None
        self._bot = Bot(check, connector)
        if check:
            self._standing = Standing(self._token, connector, self._keys, check, self._clock)
            self._standing.start()
        self._in_place = InPlace()
        self._sender = TeamsSender(connector, self._app_id, self._services, self._in_place)
        self._is_open = True

    async def stop(self, grace: float = 10.0) -> None:
        """Take no more turns, finish those under way within so many seconds, and close."""
        self._is_open = False
        if self._turns:
            await asyncio.wait(self._turns, timeout=grace)
        left = list(self._turns)
        for turn in left:
            turn.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for part in (self._standing, self._members, self._keys, self._token):
            if part:
                await part.stop()
        await self._http.close()

    async def send(self, to: Address, card: Card, key: str) -> str:
        """Post the card and return the message's id. Raises Refused, Uncertain."""
        return await self._sender.send(to, card, key)

    async def update(self, to: Address, message: str, card: Card) -> None:
        """Replace a message of ours. Raises Refused, Uncertain."""
        await self._sender.update(to, message, card)

    async def find(self, to: Address, key: str, since: datetime) -> str | None:
        """Teams lets no bot read a conversation back: it is never asked."""
        raise Uncertain("Teams cannot be read back")

    # taking in

    async def _receive(self, request: web.Request) -> web.Response:
        """Answer one POST of the Bot Connector. Nothing of what it holds is ever logged."""
        if not self._is_open:
            return web.Response(status=503)
        authorization = request.headers.get("Authorization")
        unsigned = authorization is None and self._allow_unsigned and request.remote in LOOPBACK
        if authorization is None and not unsigned:
            return web.Response(status=401)
        try:
            activity = activity_in(await body_of(request))
        except (ValueError, RecursionError, web.RequestPayloadError):
            return web.Response(status=400)
        except TimeoutError:
            return web.Response(status=408)
        if not self._is_for_us(activity, unsigned):
            log.warning("refused a turn of another channel, tenant or service")
            return web.Response(status=403)
        return await self._answered(activity, None if unsigned else authorization)

    def _is_for_us(self, activity: Activity, unsigned: bool) -> bool:
        if activity.channel_id != CHANNEL or not may_answer(activity.service_url, self._hosts):
            return False
        return is_loopback(activity.service_url) if unsigned else activity.tenants == {self._tenant.casefold()}

    async def _answered(self, activity: Activity, authorization: str | None) -> web.Response:
        """Run the turn, but never keep Microsoft waiting until it gives up; a turn that takes longer goes on."""
        turn = asyncio.create_task(self._run(activity, authorization))
        self._turns.add(turn)
        turn.add_done_callback(self._finished)
        done, _ = await asyncio.wait({turn}, timeout=self._answer_within)
        if not done:
            log.warning("a turn takes too long: %s", _reference(activity))
            return _response(activity, _notice(activity, _not_now(activity)))
        if turn.cancelled():
            return web.Response(status=503)
        try:
            return _response(activity, turn.result())
        except Untrusted as why:
            log.warning("refused a token: %s", why)
            return web.Response(status=403)
        except Unavailable:
            return web.Response(status=503)
        except Exception as wrong:  # noqa: BLE001 - not Microsoft's fault: no 500, which would be delivered again
            failed = self._failed(activity, wrong)
            return _response(activity, failed if isinstance(failed, dict) else None)

    def _finished(self, turn: asyncio.Task[Json | None]) -> None:
        self._turns.discard(turn)
        if not turn.cancelled():
            turn.exception()  # when its answer came too late, nobody else asks for it

    async def _run(self, activity: Activity, authorization: str | None) -> Json | None:
        member_of = self._playground_member if authorization is None else self._member
        try:
            return await self._bot.process(activity, authorization, partial(self._turn, member_of, time.monotonic()))
        except (Refused, Uncertain) as why:
            log.warning("words could not be sent: %s", why)
            return None

    # a turn

    async def _turn(
        self, member_of: Callable[[Activity], Awaitable[Member]], arrived: float, activity: Activity
    ) -> Json | str:
        """What the person is shown at once; whatever goes wrong, they hear of it."""
        self._services.heard_from(activity.service_url)
        what = what_it_means(activity)
        if what is None:
            return self._unknown(activity)
        try:
            member = await member_of(activity)
            reply = await self._desk.handle(inbound(activity, what, member, self._tenant, arrived))
            return self._shown(activity, reply) if activity.is_invoke else self._word(activity, reply.notice)
        except (NotStaff, CannotTell) as why:
            if isinstance(what, Added) and not (activity.is_personal and isinstance(why, NotStaff)):
                return ""  # they have done nothing yet that could be lost, and others may read along
            return self._word(activity, _why_not(activity, why))
        except Exception as wrong:  # noqa: BLE001 - the person gets a reference that also stands in the log
            return self._failed(activity, wrong)

    def _unknown(self, activity: Activity) -> Json | str:
        """The answer to a button that is not ours, where the person is alone with us; all else is passed over."""
        if activity.is_invoke:
            return _error(activity, 400, "BadRequest", words.UNKNOWN_BUTTON)
        is_press = activity.type == "message" and activity.value is not None
        return self._word(activity, words.UNKNOWN_BUTTON) if is_press and activity.is_personal else ""

    def _shown(self, activity: Activity, reply: Reply) -> Json:
        """What the person who pressed sees."""
        if activity.is_in_window:
            return windows.shown(reply, activity.submitted)
        if reply.card is None:
            return answers.notice(reply.notice or words.DONE)
        message = activity.conversation.id, activity.reply_to_id or ""
        return answers.pressed(reply.card, self._in_place.first(message, reply.card))

    async def _member(self, activity: Activity) -> Member:
        return await self._members.find(_asked(activity, frozenset({self._tenant.casefold()})))

    async def _playground_member(self, activity: Activity) -> Member:
        """The playground chooses its own tenant; whom its roster cannot tell of is taken at their word."""
        sender = activity.sender
        if sender.aad_object_id:
            with contextlib.suppress(CannotTell):
                return await self._members.find(_asked(activity, activity.tenants))
        return Member(sender.aad_object_id or sender.id, sender.name or sender.id, "")

    def _word(self, activity: Activity, text: str) -> Json | str:
        """A word to the person; in a message of its own it is said once, however often the turn is delivered."""
        if activity.is_invoke:
            return _notice(activity, text)
        if not text or activity.key in self._spoken:
            return ""
        self._spoken.append(activity.key)
        return text

    def _failed(self, activity: Activity, wrong: Exception) -> Json | str:
        reference = _reference(activity)
        # Without the exception's own words, which may quote what somebody typed.
        frames = "".join(traceback.format_tb(wrong.__traceback__))
        log.error("turn failed: %s %s\n%s", reference, type(wrong).__name__, frames)
        text = words.failed(reference)
        return _error(activity, 500, "InternalError", text) if activity.is_invoke else self._word(activity, text)


def _notice(activity: Activity, text: str) -> Json:
    return windows.notice(text, activity.submitted) if activity.is_in_window else answers.notice(text)


def _error(activity: Activity, status: int, code: str, text: str) -> Json:
    return _notice(activity, text) if activity.is_in_window else answers.error(status, code, text)


def _why_not(activity: Activity, why: NotStaff | CannotTell) -> str:
    if isinstance(why, NotStaff):
        return words.STAFF_ONLY
    return words.ADD_ME if isinstance(why, NotAdded) else _not_now(activity)


def _not_now(activity: Activity) -> str:
    """What somebody is asked to do again, and where what they typed is."""
    if activity.is_in_window and not activity.submitted:
        return words.NOT_OPENED
    return words.NOT_SAVED_PRESSED if activity.is_invoke or activity.value is not None else words.NOT_SAVED_SAID


def _response(activity: Activity, body: Json | None) -> web.Response:
    if not activity.is_invoke:
        return web.Response()
    return web.Response(body=to_json(body), content_type="application/json", charset="utf-8")


def _reference(activity: Activity) -> str:
    """Short enough to be read out; the same each time the turn is delivered."""
    return hashlib.sha256(activity.key.encode()).hexdigest()[:6].upper()


def _asked(activity: Activity, tenants: frozenset[str]) -> Asked:
    sender, conversation = activity.sender, without_thread(activity.conversation.id)
    return Asked(
        activity.service_url, conversation, sender.id, sender.aad_object_id or "", activity.recipient.id, tenants
    )
