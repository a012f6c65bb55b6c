"""Things that go wrong between the bot and Microsoft, on demand."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Self

from aiohttp import web

# What a call is: the names of the routes, and two names for several of them.
CallKind = Literal[
    "create", "send", "reply", "update", "delete", "member", "members", "openid", "keys", "token", "post", "any"
]
_GROUPS = {"send": ("send", "post", "any"), "reply": ("reply", "post", "any")}
_CODES = {412: "PreconditionFailed", 429: "TooManyRequests", 500: "ServiceError", 503: "ServiceUnavailable"}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong. `accepted`: the call takes effect although its caller cannot know."""

    status: int | None = None
    code: str = ""
    retry_after: int | None = None
    accepted: bool = False
    cut: Literal["drop", "truncate", "hang"] | None = None
    delay: float = 0.0

    @classmethod
    def throttled(cls, retry_after: int | None = 1) -> Self:
        """429, with Retry-After in seconds or, as happens, without."""
        return cls(status=429, retry_after=retry_after)

    @classmethod
    def failing(cls, status: int, code: str = "", *, accepted: bool = False) -> Self:
        """Any other answer: 403, 412, 500, 502, 503, 504; `code` is the connector's own name for it."""
        return cls(status=status, code=code, accepted=accepted)

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

    def add(self, kind: CallKind, *faults: Fault) -> None:
        self._queues[kind].extend(faults)

    def next(self, kind: str) -> Fault | None:
        for name in _GROUPS.get(kind, (kind, "any")):
            if self._queues[name]:
                return self._queues[name].popleft()
        return self.chooser(kind) if self.chooser else None

    async def play(
        self,
        fault: Fault,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Answer a request as this fault would have it."""
        if fault.delay:
            await self._wait(fault.delay)
        carried_out = fault.accepted or (fault.status is None and fault.cut is None)
        answer = await handler(request) if carried_out else web.Response()
        match fault.cut:
            case "hang":
                await self.closing.wait()
                return answer
            case "truncate":
                return await self._truncate(request, answer)
            case "drop":
                if request.transport is not None:
                    request.transport.abort()
                return answer
        return answer if fault.status is None else _failure(fault.status, fault.code, fault.retry_after)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except TimeoutError:
            return

    async def _truncate(self, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        body = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b"{}"
        part = web.StreamResponse(status=answer.status, headers={"Content-Type": "application/json; charset=utf-8"})
        part.content_length = len(body)
        await part.prepare(request)
        await part.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.close()
        return part


def _failure(status: int, code: str, retry_after: int | None) -> web.Response:
    if status in (502, 504):  # these come from a gateway in between, which speaks HTML
        return web.Response(status=status, text="<html><body>Gateway error</body></html>", content_type="text/html")
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    error = {"error": {"code": code or _CODES.get(status, "ServiceError"), "message": "Injected by the test."}}
    return web.Response(status=status, body=json.dumps(error), headers=headers, content_type="application/json")
