"""The gate: nothing that Slack did not sign, and nothing that cannot be read, comes any further.

Bolt would answer some malformed requests with 500 and log the body of a forged one, so it never sees them.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic_core import from_json
from yarl import query_to_pairs

Json = dict[str, Any]

MOST = 2**20  # bytes; Slack's largest view is a quarter of that
FRESH = 300  # seconds that a request may be old, or our clock behind
_FIELDS = 100
_READING = 5.0  # seconds for the body to arrive


class WrongTime(web.HTTPUnauthorized):
    """Signed by Slack, but not just now: it is played again, or our clock is wrong."""


async def admit(request: web.Request, secret: bytes, now: Callable[[], datetime]) -> Json:
    """The object in the body. Raises 401 when it is not signed by Slack just now (see WrongTime), 4xx otherwise."""
    raw = await _body(request)
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    signature = request.headers.get("X-Slack-Signature", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        raise web.HTTPUnauthorized
    expected = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
    if not (signature.isascii() and hmac.compare_digest(f"v0={expected}", signature)):
        raise web.HTTPUnauthorized
    if abs(now().timestamp() - int(timestamp)) > FRESH:
        raise WrongTime
    try:
        return _object(raw.decode(), request.content_type)
    except (ValueError, RecursionError):  # RecursionError: JSON that is nested too deeply
        raise web.HTTPBadRequest from None


async def _body(request: web.Request) -> bytes:
    """The body. aiohttp counts it as it comes in: neither Content-Length nor a compressed size need be true."""
    try:
        async with asyncio.timeout(_READING):
            return await request.clone(client_max_size=MOST).read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.RequestPayloadError, web.PayloadAccessError, OSError):
        raise web.HTTPBadRequest from None


def _object(text: str, content_type: str) -> Json:
    """An event is JSON; an interaction is JSON in a form's field `payload`; a command is a plain form."""
    body: Any
    if content_type == "application/json":
        body = _of_json(text)
    else:
        form = dict(query_to_pairs(text, max_fields=_FIELDS))
        body = _of_json(form["payload"]) if "payload" in form else form
    if not isinstance(body, dict):
        raise ValueError("not an object")  # noqa: TRY004 (a wrong value in what came in, not a wrong call)
    return body


def _of_json(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:  # half a character is one: words that were cut in the middle of an emoji
        return json.loads(text)
