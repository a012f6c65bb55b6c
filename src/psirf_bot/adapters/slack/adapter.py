"""The Slack adapter: Bolt and the SDK, put together once."""

import logging
import time
from collections.abc import Callable
from datetime import datetime

import aiohttp
from aiohttp import web
from pydantic_core import to_json
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from psirf_bot.adapters.slack import gate, payloads
from psirf_bot.adapters.slack.bot_token import BotToken, Client
from psirf_bot.adapters.slack.channels import Channels
from psirf_bot.adapters.slack.failures import whereabouts
from psirf_bot.adapters.slack.members import Members
from psirf_bot.adapters.slack.poster import Poster
from psirf_bot.adapters.slack.reception import Reception
from psirf_bot.adapters.slack.runner import TURN, Tasks, Turns
from psirf_bot.adapters.slack.screen import Screen
from psirf_bot.adapters.slack.socket import SocketMode
from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Desk
from psirf_bot.delivery.clock_check import OUT_OF_TIME, ClockCheck
from psirf_bot.delivery.in_time import InTime
from psirf_bot.delivery.platform import Address

log = logging.getLogger(__name__)

# Bolt and the SDK log payloads, some even at INFO and WARNING. Nothing that people typed may stand in a log.
_silent = logging.getLogger("psirf_bot.adapters.slack.sdk")
_silent.setLevel(logging.CRITICAL)


class SlackAdapter:
    """One workspace. Requests come in at `routes()`, or by Socket Mode; for the courier it is a Sender.

    With an `app_token` the bot calls Slack, and nothing is served at `routes()`; without, Slack calls there, and the
    `signing_secret` proves that it is Slack. `now` is the real time, against which signatures are judged; `clock`
    hears what Slack says the time is. `send_timeout` in seconds, for each call to Slack.
    """

    can_read_back = True

    def __init__(
        self,
        *,
        bot_token: str,
        team_id: str,
        api_url: str,
        desk: Desk,
        now: Callable[[], datetime],
        clock: ClockCheck | None = None,
        signing_secret: str = "",
        app_token: str = "",
        send_timeout: float = 10.0,
    ) -> None:
        if not (bot_token and team_id and (app_token or signing_secret)):
            raise ValueError("Slack needs a bot token, a team id, and an app token or a signing secret")
        self._secret, self._team, self._now = signing_secret.encode(), team_id, now
        self._timeout = aiohttp.ClientTimeout(total=send_timeout, connect=min(3.0, send_timeout))
        self._session: aiohttp.ClientSession | None = None
        self._clock = clock or ClockCheck(now)
        self._out_of_time_at: float | None = None
        # The SDK's retries would post twice when an answer is lost; the courier decides what is sent again.
        self._client = Client(token=bot_token, base_url=api_url, logger=_silent, retry_handlers=[])
        self._bot_token = BotToken(self._client, team_id)
        members = Members(self._client, team_id, now)
        channels = Channels(self._client, now)
        self._reception = Reception(members, channels, desk, Screen(self._client), team_id)
        self._poster = Poster(self._client, channels)
        self._tasks = Tasks()
        self._bolt = self._put_together()
        self._socket = SocketMode(self._client, app_token, self._answer) if app_token else None

    def routes(self) -> list[web.RouteDef]:
        """Where Slack's events, commands and interactions come in, unless they come by Socket Mode."""
        return [] if self._socket else [web.post("/slack/events", self._events)]

    @property
    def trouble(self) -> str:
        """Why nothing, or not everything, can go to Slack, or come in from there, and what to do about it.

        Where Slack calls us, that is so too when what it signed last is not of now.
        """
        if self._clock.is_open(self._out_of_time_at):
            return OUT_OF_TIME
        return self.cannot_send or (self._socket.trouble if self._socket else "") or self._bot_token.lacks

    @property
    def cannot_send(self) -> str:
        """Why nothing can go to Slack, whatever comes in from there."""
        return self._bot_token.trouble

    async def start(self) -> None:
        """Open the connections. Slack need not be there yet: a bot that waited for it would also miss Teams."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # nobody's form waits until posts that hang let go of theirs
            timeout=self._timeout,
            request_class=InTime,
            response_class=self._clock.answers(),
            json_serialize_bytes=to_json,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._client.session = self._session
        if self._socket:
            self._socket.start()
        await self._bot_token.start()

    async def stop(self, grace: float = 10.0) -> None:
        """Take nothing more, finish what is under way within `grace` seconds, and close the connections."""
        session, self._session = self._session, None
        await self._bot_token.stop()
        if self._socket:
            await self._socket.stop(grace)
        if late := await self._tasks.drain(grace):
            log.error("%d Slack turns were not finished in time", late)
        if session:
            await session.close()

    async def send(self, to: Address, card: Card, key: str) -> str:
        """Post a card; see Sender."""
        return await self._poster.send(to, card, key)

    async def update(self, to: Address, message: str, card: Card) -> None:
        """Replace a card; see Sender."""
        await self._poster.update(to, message, card)

    async def find(self, to: Address, key: str, since: datetime) -> str | None:
        """Look for a card; see Sender."""
        return await self._poster.find(to, key, since)

    async def _events(self, request: web.Request) -> web.Response:
        try:
            body = await gate.admit(request, self._secret, self._now)
        except gate.WrongTime as refusal:
            self._out_of_time_at = time.monotonic()
            log.warning("a request was refused: %s", OUT_OF_TIME)
            return web.Response(status=refusal.status)
        except web.HTTPException as refusal:
            log.info("a request was not admitted: %d", refusal.status)
            return web.Response(status=refusal.status)
        self._out_of_time_at = None
        if body.get("type") == "url_verification":
            return web.json_response({"challenge": str(body.get("challenge", ""))})
        return await to_aiohttp_response(await self._answer(body))

    async def _answer(self, body: payloads.Json) -> BoltResponse:
        """What Slack is told about a payload, whichever way it came in: 200 only once the turn has been committed."""
        if payloads.team_of(body) not in (self._team, None):
            log.warning("a request came from another workspace")
            return BoltResponse(status=403, headers={"X-Slack-No-Retry": "1"})
        if self._session is None:
            return BoltResponse(status=503)
        try:
            turn = payloads.read(body)
            if turn is None:
                return BoltResponse(status=200)
            # Bolt's name for a body that has been read and verified already, as ours has been over HTTP too.
            request = AsyncBoltRequest(body=body, mode="socket_mode", context={TURN: turn})
        except (payloads.Unreadable, AttributeError, KeyError, TypeError, RecursionError) as error:
            log.warning("a request could not be read: %s", whereabouts(error))
            return BoltResponse(status=400)
        answer = await self._bolt.async_dispatch(request)
        if answer.status >= 500:
            log.error("a turn was not acknowledged: %s", type(turn).__name__)
            return BoltResponse(status=answer.status)
        return answer

    def _put_together(self) -> AsyncApp:
        """Bolt, with our turns as the last thing that it does."""
        app = AsyncApp(
            name=_silent.name,
            logger=_silent,
            client=AsyncWebClient(base_url=self._client.base_url, logger=_silent, retry_handlers=[]),
            authorize=self._bot_token,
            request_verification_enabled=False,  # done at the gate, as are the next two
            ssl_check_enabled=False,
            url_verification_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        app.middleware(Turns(self._reception.take, self._tasks))
        return app
