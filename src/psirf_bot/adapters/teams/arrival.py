"""The body of a request as it arrives: it may be neither large nor slow."""

import asyncio

from aiohttp import web

LARGEST = 256 * 1024  # bytes; the connector itself takes no more
ARRIVES_WITHIN = 5.0  # seconds


async def body_of(request: web.Request) -> bytes:
    """The whole body, counted as it comes in. Raises TimeoutError, and 413."""
    body = bytearray()
    async with asyncio.timeout(ARRIVES_WITHIN):
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > LARGEST:
                raise web.HTTPRequestEntityTooLarge(LARGEST, len(body))
    return bytes(body)
