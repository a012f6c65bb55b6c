"""Things that go wrong between the bot and Slack, on demand."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Self

from aiohttp import web

Handler = Callable[[], Awaitable[web.Response]]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong. `accepted`: the call takes effect although its caller cannot know."""

    status: int | None = None
    error: str = ""
    retry_after: int | None = None
    accepted: bool = False
    cut: Literal["drop", "truncate", "hang"] | None = None
    delay: float = 0.0

    @classmethod
    def throttled(cls, retry_after: int = 1) -> Self:
        """429 with Retry-After in seconds."""
        return cls(status=429, error="ratelimited", retry_after=retry_after)

    @classmethod
    def refused(cls, error: str = "ratelimited") -> Self:
        """200 with `"ok": false` and this error; `ratelimited` comes this way too."""
        return cls(status=200, error=error)

    @classmethod
    def failing(cls, status: int = 500, *, accepted: bool = False) -> Self:
        """A server error, before or after the call took effect."""
        return cls(status=status, error="internal_error", accepted=accepted)

    @classmethod
    def drop(cls, *, accepted: bool = False) -> Self:
        """The connection is reset before an answer."""
        return cls(cut="drop", accepted=accepted)

    @classmethod
    def truncated(cls) -> Self:
        """The call is accepted and the connection ends in the middle of the answer."""
        return cls(cut="truncate", accepted=True)

    @classmethod
    def hang(cls, *, accepted: bool = False) -> Self:
        """No answer ever."""
        return cls(cut="hang", accepted=accepted)

    @classmethod
    def slow(cls, seconds: float) -> Self:
        """Accepted and answered properly, but late: after the caller gave up, if it does so sooner."""
        return cls(delay=seconds)


class Faults:
    """The faults that wait for the next calls, and how they are played."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Fault]] = defaultdict(deque)
        self.chooser: Callable[[str], Fault | None] | None = None  # for soak runs: asked when no fault waits
        self.closing = asyncio.Event()

    def add(self, method: str, *faults: Fault) -> None:
        self._queues[method].extend(faults)

    def next(self, method: str) -> Fault | None:
        for name in (method, "*"):
            if self._queues[name]:
                return self._queues[name].popleft()
        return self.chooser(method) if self.chooser else None

    async def play(self, fault: Fault, request: web.Request, carry_out: Handler) -> web.StreamResponse:
        """Answer a request as this fault would have it."""
        await self.wait(fault.delay)
        accepted = fault.accepted or (fault.status is None and fault.cut is None)
        answer = await carry_out() if accepted else web.Response()
        match fault.cut:
            case "hang":
                await self.closing.wait()
                return answer
            case "truncate":
                return await _truncate(request, answer)
            case "drop":
                if request.transport is not None:
                    request.transport.abort()
                return answer
        return answer if fault.status is None else _failure(fault)

    async def wait(self, seconds: float) -> None:
        """Let time pass, but not beyond the end of the test."""
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except TimeoutError:
            return


async def _truncate(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b"{}"
    part = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
    part.content_length = len(body)
    await part.prepare(request)
    await part.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return part


def _failure(fault: Fault) -> web.Response:
    if fault.status and fault.status >= 500:  # these come from a gateway in between, which speaks HTML
        return web.Response(
            status=fault.status, text="<html><body>Server Error</body></html>", content_type="text/html"
        )
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return web.json_response({"ok": False, "error": fault.error}, status=fault.status or 200, headers=headers)
