"""Moving the clock: `GET` and `POST /dev/clock`, for the demo and for `serve --dev`."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from psirf_bot.adapters.web.bodies import answer, problem, read
from psirf_bot.clock import Clock

_SPAN = re.compile(r"\s*([0-9]{1,6})\s*(minute|hour|day|week)s?\s*", re.IGNORECASE)
_YEARS = range(2000, 2101)
"""Where the clock may stand, so that adding to the time cannot fail anywhere."""


class _Move(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    advance: str | None = None
    to: str | None = Field(default=None, alias="set")


def routes(clock: Clock, moved: Callable[[], Awaitable[None]]) -> list[web.RouteDef]:
    """`{"advance": "3 days"}` or `{"set": "2026-12-18T09:00:00Z"}`; both ways answer `{"now": …}`.

    `moved` is awaited before the answer: what has fallen due by the new time is on its way when the clock has moved.
    """

    async def show(_: web.Request) -> web.Response:
        return answer({"now": written(clock.now())})

    async def move(request: web.Request) -> web.Response:
        body = await read(request, _Move)
        if (body.advance is None) == (body.to is None):
            raise problem(400, 'Please send either "advance" or "set".')
        to = _after(clock, body.advance) if body.advance is not None else _moment(body.to or "")
        if to is None or to.year not in _YEARS:
            raise problem(400, f"Please stay between the years {_YEARS[0]} and {_YEARS[-1]}.")
        now = clock.set(to)
        await moved()
        return answer({"now": written(now)})

    return [web.get("/dev/clock", show), web.post("/dev/clock", move)]


def written(at: datetime) -> str:
    """A moment as 2026-12-18T09:00:00Z."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _after(clock: Clock, span: str) -> datetime | None:
    found = _SPAN.fullmatch(span)
    if not found:
        raise problem(400, "Please give a whole number of minutes, hours, days or weeks, such as 3 days.")
    try:
        return clock.now() + timedelta(**{f"{found[2].lower()}s": int(found[1])})
    except OverflowError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise problem(400, "Please give a moment such as 2026-12-18T09:00:00Z.") from None
    if at.tzinfo is None:
        raise problem(400, "Please say which time zone is meant; Z at the end is UTC.")
    return at if at.year in _YEARS else None
