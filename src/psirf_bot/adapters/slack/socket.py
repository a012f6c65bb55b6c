"""Socket Mode: the bot calls Slack, and what people do comes in over that line. Nothing at the trust need be open."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from psirf_bot.adapters.slack import words
from psirf_bot.adapters.slack.failures import OURS, judged, name_of, whereabouts
from psirf_bot.adapters.slack.runner import Tasks
from psirf_bot.delivery.platform import Refused

log = logging.getLogger(__name__)

Json = dict[str, Any]

PING_EVERY = 10.0  # seconds without a word from Slack; it then has half as long to answer
OLD_STAYS = 30.0  # seconds for which a line that Slack wants replaced is still listened to, unless Slack hangs up
STEADY = 60.0  # seconds after which a line counts as good, so that the next one is opened without a wait
FIRST_WAIT, LONGEST_WAIT = 0.1, 30.0  # seconds; doubled each time in between
CUT_OFF = 60.0  # seconds without a line; Slack replaces lines every hour or so, and that takes a moment
GOODBYE = 1.0  # seconds for Slack to answer when we hang up


class SocketMode:
    """Keeps a line to Slack open, and acknowledges what comes in with what `answer` gives: a 200, once it is stored.

    The SDK's own client is not used. It hangs up before it has another line, so that turns under way are acknowledged
    into nothing; it gives up when Slack cannot give it an address just after `disconnect`, and tries an address that
    was used up for ever; it goes on when Socket Mode has been switched off; and its log holds addresses, which let
    anybody in who reads them. What remains is this loop.
    """

    def __init__(
        self, client: AsyncWebClient, app_token: str, answer: Callable[[Json], Awaitable[BoltResponse]]
    ) -> None:
        self._client, self._token, self._answer = client, app_token, answer
        self._turns, self._lines = Tasks(), Tasks()
        self._greeted: set[aiohttp.ClientWebSocketResponse] = set()
        self._last_open = time.monotonic()
        self._switched_off = False
        self._refused = ""
        self._staying: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to call Slack, however long that takes."""
        self._last_open = time.monotonic()
        self._staying = asyncio.create_task(self._stay_connected())

    async def stop(self, grace: float) -> None:
        """Finish and acknowledge what is under way within `grace` seconds, then hang up."""
        if self._staying:
            self._staying.cancel()
        await self._turns.drain(grace)
        await self._lines.drain(0)

    @property
    def away_for(self) -> float:
        """For how many seconds there has been no line; 0 while there is one."""
        return 0.0 if self._greeted else time.monotonic() - self._last_open

    @property
    def trouble(self) -> str:
        """Why nothing comes in, and what to do about it; nothing while all is well."""
        if self._switched_off:
            return words.SWITCHED_OFF
        if self._refused:
            return words.app_token_refused(self._refused)
        return words.NOT_CONNECTED if self.away_for > CUT_OFF else ""

    async def _stay_connected(self) -> None:
        """One line after the other. The next is opened as soon as Slack announces that it will close this one."""
        pause = 0.0
        while not self._switched_off:
            began, asked = time.monotonic(), None
            try:
                line = await self._call()
            except Exception as error:  # noqa: BLE001 (whatever it is, Slack is called again)
                asked = _told(error)
                if (name := name_of(error)) in OURS:
                    self._refused = name
            else:
                self._refused = ""
                over = asyncio.Event()
                self._lines.start(self._listen(line, over))
                await over.wait()
            pause = 0.0 if time.monotonic() - began > STEADY else min(LONGEST_WAIT, 2 * pause or FIRST_WAIT)
            await asyncio.sleep(asked or pause)

    async def _call(self) -> aiohttp.ClientWebSocketResponse:
        """An open line. Each address serves once, and soon, so that it is asked for each time."""
        answer = await self._client.apps_connections_open(app_token=self._token)
        session = self._client.session
        if session is None:
            raise OSError("the adapter has stopped")
        return await session.ws_connect(
            answer["url"],
            heartbeat=PING_EVERY,
            proxy=self._client.proxy,
            ssl=True if self._client.ssl is None else self._client.ssl,
            timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE),
        )

    async def _listen(self, line: aiohttp.ClientWebSocketResponse, over: asyncio.Event) -> None:
        """Take what comes in until the line is dead. `over` is set when another is wanted."""
        try:
            async with asyncio.timeout(None) as limit:
                async for message in line:
                    if message.type is aiohttp.WSMsgType.TEXT and self._hear(line, message.data):
                        over.set()
                        limit.reschedule(asyncio.get_running_loop().time() + OLD_STAYS)
            if not over.is_set():
                log.warning("the line to Slack was cut: %s", line.close_code)
        except TimeoutError:
            log.info("Slack did not hang up on the line that was replaced, so we do")
        finally:
            if line in self._greeted:
                self._greeted.remove(line)
                self._last_open = time.monotonic()
            over.set()
            await line.close()

    def _hear(self, line: aiohttp.ClientWebSocketResponse, text: str) -> bool:
        """Act on one message of Slack's; whether the line has to be replaced."""
        match _object(text):
            case {"envelope_id": str(envelope), "payload": dict(payload)}:
                self._turns.start(self._take(line, envelope, payload))
            case {"type": "hello"}:
                self._greeted.add(line)
                log.info("connected to Slack by Socket Mode")
            case {"type": "disconnect", "reason": "link_disabled"}:
                self._switched_off = True
                log.error(
                    "Socket Mode has been switched off in the app's settings in Slack: nothing comes in from there. "
                    "Switch it on, then start the bot again"
                )
                return True
            case {"type": "disconnect", **why}:
                log.info("Slack will hang up, so a new line is opened: %s", str(why.get("reason"))[:40])
                return True
            case _:
                log.warning("Slack sent something that could not be read")
        return False

    async def _take(self, line: aiohttp.ClientWebSocketResponse, envelope: str, payload: Json) -> None:
        """A turn and its acknowledgement. What is not acknowledged Slack delivers again, perhaps to another process."""
        try:
            answer = await self._answer(payload)
            if answer.status == 200:
                content = {"payload": json.loads(answer.body)} if answer.body else {}
                await line.send_json({"envelope_id": envelope, **content})
        except (aiohttp.ClientError, OSError):
            log.info("the line was gone before a turn could be acknowledged")
        except Exception as error:  # noqa: BLE001 (asyncio would log it in its own words, which may quote people's)
            log.error("an envelope was not acknowledged: %s", whereabouts(error))  # noqa: TRY400 (see whereabouts)


def _told(error: Exception) -> float | None:
    """Log why there is no line; how many seconds Slack, or a fault of our own set-up, asks us to wait.

    By name alone: the words of an exception may hold the address.
    """
    verdict, name = judged(error), name_of(error)
    if name in OURS:
        log.error("Slack lets us open no line: %s. Look at PSIRF_SLACK_APP_TOKEN", name)
    else:
        log.warning("no line to Slack yet: %s", name)
    return verdict.retry_after if isinstance(verdict, Refused) else None


def _object(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
