"""Socket Mode: the lines that bots hold open, and the envelopes that Slack hands to one of them each."""

import asyncio
import itertools
import json
import time
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from .blocks import Json
from .world import SlackError, World

MOST = 10  # lines of one app at a time
TICKET_SECONDS = 30.0


@dataclass(eq=False)
class Line:
    """One connection of a bot's. `gone` when it is closed, whoever closed it."""

    number: int
    socket: web.WebSocketResponse
    transport: asyncio.Transport
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    warned: bool = False


@dataclass(eq=False)
class Envelope:
    """Something to be acknowledged, and the lines it has been handed to. `answer` is the payload that came back."""

    id: str
    kind: str
    payload: Json
    takes_answer: bool
    lines: list[Line] = field(default_factory=list)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Json | None = None


class Sockets:
    """One app's Socket Mode, on when `enabled`; then nothing is sent to its request URL.

    `deadline` is for an acknowledgement, `patience` for a line to be there at all; both in seconds. `broken` holds
    what a bot did against the rules: every test wants it empty.
    """

    def __init__(self, world: World, app_token: str) -> None:
        self.app_token = app_token
        self.enabled = False
        self.deadline, self.patience, self.deliveries = 3.0, 3.0, 4
        self.ping_every = 5.0
        self.lines: list[Line] = []
        self.envelopes: list[Envelope] = []
        self.broken: list[str] = []
        self.opened = 0
        self._world = world
        self._tickets: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._rounds = itertools.count()
        self._changed = asyncio.Condition()

    # Connecting

    def ticket_url(self, base_url: str) -> str:
        """What apps.connections.open answers: an address that serves once, and soon."""
        if not self.enabled:
            raise SlackError("access_denied")
        ticket = f"ticket-{next(self._numbers):08d}-canary"
        self._tickets[ticket] = time.monotonic()
        return f"{base_url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={self._world.app_id}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One line from the handshake to its end."""
        given = self._tickets.pop(request.query.get("ticket", ""), None)
        if given is None or time.monotonic() - given > TICKET_SECONDS:
            return web.Response(status=408)
        socket = web.WebSocketResponse(heartbeat=self.ping_every)
        await socket.prepare(request)
        if len(self.lines) >= MOST:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        assert isinstance(request.transport, asyncio.Transport)
        line = Line(next(self._numbers), socket, request.transport)
        self.lines.append(line)
        self.opened += 1
        try:
            await socket.send_json(self._hello())
            await self._tell()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(line, message.data)
        finally:
            self.lines.remove(line)
            line.gone.set()
        return socket

    # What Slack does to a line

    async def announce(self, line: Line, reason: str = "warning") -> None:
        """Say that the line will be closed (`warning` or `refresh_requested`); it is used until it is."""
        line.warned = True
        await line.socket.send_json(_disconnect(reason))

    async def hang_up(self, line: Line) -> None:
        """Close it properly."""
        await line.socket.close()

    def cut(self, line: Line) -> None:
        """The connection is reset."""
        line.transport.abort()

    def deafen(self, line: Line) -> None:
        """The network swallows all that the bot says, its pings too."""
        line.transport.pause_reading()

    async def switch_off(self) -> None:
        """Somebody switches Socket Mode off in the app's settings."""
        self.enabled = False
        for line in list(self.lines):
            await self.announce(line, "link_disabled")
            await line.socket.close()

    async def stop(self) -> None:
        for line in list(self.lines):
            self.cut(line)
            await line.gone.wait()

    # Envelopes

    async def deliver(self, kind: str, payload: Json, *, takes_answer: bool = False) -> Envelope:
        """Hand it to one line; to another when that one closes, or says nothing in time."""
        envelope = Envelope(f"e-{next(self._numbers):08d}", kind, payload, takes_answer)
        self.envelopes.append(envelope)
        for attempt in range(self.deliveries):
            line = await self._line_for(envelope)
            if line is None:
                break
            await self._hand(line, envelope, attempt)
            if await self._outcome(line, envelope):
                break
        return envelope

    async def _line_for(self, envelope: Envelope) -> Line | None:
        """Any line, but rather one that it has not been handed to."""
        try:
            async with asyncio.timeout(self.patience), self._changed:
                await self._changed.wait_for(lambda: self.lines)
        except TimeoutError:
            return None
        fresh = [line for line in self.lines if line not in envelope.lines] or self.lines
        return fresh[next(self._rounds) % len(fresh)]

    async def _hand(self, line: Line, envelope: Envelope, attempt: int) -> None:
        envelope.lines.append(line)
        again = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        frame = {
            "envelope_id": envelope.id,
            "type": envelope.kind,
            "payload": envelope.payload,
            "accepts_response_payload": envelope.takes_answer,
            **(again if envelope.kind == "events_api" else {}),
        }
        try:
            await line.socket.send_json(frame)
        except ConnectionError:
            line.gone.set()

    async def _outcome(self, line: Line, envelope: Envelope) -> bool:
        """Wait for the acknowledgement, as long as this line may still bring it."""
        ends = [asyncio.create_task(event.wait()) for event in (envelope.acknowledged, line.gone)]
        await asyncio.wait(ends, timeout=self.deadline, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        return envelope.acknowledged.is_set()

    def _hear(self, line: Line, text: str) -> None:
        """An acknowledgement. It counts on a line that the envelope was handed to, and on no other."""
        try:
            said = json.loads(text)
            envelope = next(e for e in self.envelopes if e.id == said["envelope_id"])
        except (ValueError, KeyError, TypeError, StopIteration):
            self.broken.append(f"not an acknowledgement: {text[:80]}")
            return
        if line not in envelope.lines:
            self.broken.append(f"{envelope.id} was acknowledged on a line that never had it")
        elif "payload" in said and not envelope.takes_answer:
            self.broken.append(f"{envelope.id} was answered, but takes no answer")
        elif not envelope.acknowledged.is_set():  # a second one may come from another line, and says nothing new
            envelope.answer = said.get("payload")
            envelope.acknowledged.set()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.lines),
            "connection_info": {"app_id": self._world.app_id},
            "debug_info": {"host": "applink-7", "build_number": 42, "approximate_connection_time": 18060},
        }

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-7"}}
