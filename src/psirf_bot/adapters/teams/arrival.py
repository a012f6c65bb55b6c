"""The body of a request as it arrives: it may be neither large nor slow."""

import asyncio

from aiohttp import web

LARGEST = 256 * 1024  # bytes; the connector itself takes no more
ARRIVES_WITHIN = 5.0  # seconds


async def body_of(request: web.Request) -> bytes:
    """The whole body; aiohttp counts it as it comes in. Raises TimeoutError, and 413."""
    async with asyncio.timeout(ARRIVES_WITHIN):
        return await request.clone(client_max_size=LARGEST).read()
