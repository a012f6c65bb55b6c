"""A bot under test, in a process of its own: `python -m bench.bots`.

The first line on stdin is the order as JSON. The bot then says its port, and answers `begin` and `report`, a line each,
until stdin ends. Ours also takes `clock` with a moment: it is that time then, and what is due is sent.
"""

import asyncio
import gc
import importlib
import json
import logging
import sys
from datetime import datetime
from typing import Any

import uvloop
from aiohttp import web

from bench.meter import Meter

Json = dict[str, Any]

BOTS = {
    "psirf-bot": "bench.ours:psirf_bot",
    "floor": "bench.floor:floor",
    "bolt": "bench.bare:bare_bolt",
    "botbuilder": "bench.bare_teams:bare_botbuilder",
    "send loops": "bench.send_loops:send_loops",
}
"""Where each is made. Only the one that was ordered is imported: the others are no part of its memory."""


async def made(order: Json) -> web.Application:
    """The bot that was ordered; "idle" does nothing: when its loop is late, it is the machine that was busy."""
    if order["bot"] == "idle":
        return web.Application()
    module, _, name = BOTS[order["bot"]].partition(":")
    served: web.Application = await getattr(importlib.import_module(module), name)(order)
    return served


async def main(order: Json) -> None:
    logging.basicConfig(level=logging.WARNING)
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    meter = Meter(explain=order.get("explain", False))
    served = await made(order)
    runner = web.AppRunner(served, access_log=None, shutdown_timeout=1)
    await runner.setup()
    gc.collect()
    gc.freeze()  # as `serve` does; the bare bots have the good of it too
    gc.set_threshold(5000, 20, 20)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    measuring = asyncio.create_task(meter.run())
    _say({"port": runner.addresses[0][1]})
    async for line in lines:
        said, _, moment = line.decode().strip().partition(" ")
        if said == "begin":
            meter.begin()
        elif said == "clock":
            served["set clock"](datetime.fromisoformat(moment))
        _say(meter.figures())
    measuring.cancel()
    await runner.cleanup()


def _say(what: Json) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    ordered = json.loads(sys.stdin.readline())
    # Ours runs on the loop that `serve` runs on; the others as their manuals have it.
    (uvloop.run if ordered["bot"] == "psirf-bot" else asyncio.run)(main(ordered))
