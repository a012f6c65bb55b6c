"""What the page may send: checked for size, origin and shape before anything is done with it."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MOST_BYTES = 256 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Name = Annotated[str, Field(min_length=1, max_length=320)]
Typed = Annotated[str, Field(max_length=20_000)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Moment(_Body):
    """A day and a time, either of which may be left empty."""

    date: Typed | None = None
    time: Typed | None = None


class Say(_Body):
    """Words typed in a room. The page makes a new `key` for every message, and keeps it when it tries again."""

    by: Name = Field(alias="as")
    room: Name
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=12_000)]
    key: Key


class Press(_Body):
    """A button pressed on a card: on a message of the room, or on a card that only this person sees (no message)."""

    by: Name = Field(alias="as")
    room: Name
    message: int | None = Field(default=None, ge=1, le=2**62)
    action: Name
    given: dict[Name, Typed | list[Typed] | Moment | None] = Field(default_factory=dict, max_length=100)
    key: Key

    def answers(self) -> Mapping[str, object]:
        """What the inputs held, as casework takes it."""
        return {name: v.model_dump() if isinstance(v, Moment) else v for name, v in self.given.items()}


Body = TypeVar("Body", bound=BaseModel)


async def read(request: web.Request, model: type[Body]) -> Body:
    """The body of a request; what is wrong with it is answered in words, without repeating what was typed."""
    if "Origin" in request.headers and request.headers["Origin"].partition("://")[2] != request.host:
        raise problem(403, "This can only be sent from the page itself.")
    try:
        raw = await request.clone(client_max_size=MOST_BYTES).read()
    except web.HTTPRequestEntityTooLarge:
        raise problem(413, f"That is too much at once: {MOST_BYTES // 1024} KB are the most.") from None
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = str(first["loc"][0])[:40] if first["loc"] else "the body"
        raise problem(400, f"That could not be read. Please check {where}: {first['msg']}.") from None


def whole_number(request: web.Request, name: str) -> int:
    """A count in the address, 0 when left out."""
    value = request.query.get(name, "0")
    if not (value.isascii() and value.isdecimal() and len(value) <= 15):
        raise problem(400, f"{name} has to be a whole number.")
    return int(value)


def answer(content: Mapping[str, Any]) -> web.Response:
    return web.json_response(content, headers=HEADERS)


def problem(status: int, words: str) -> web.HTTPException:
    """An answer to raise, in words for the person."""
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
    }
    text = json.dumps({"error": words})
    if status == 413:
        return web.HTTPRequestEntityTooLarge(
            MOST_BYTES, MOST_BYTES, text=text, content_type="application/json", headers=HEADERS
        )
    return kinds[status](text=text, content_type="application/json", headers=HEADERS)
