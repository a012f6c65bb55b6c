"""A bot under test, in a process of its own: `python -m bench.bots`.

The first line on stdin is the order as JSON. The bot then says its port, and answers `begin` and `report`, a line each,
until stdin ends.
"""

import asyncio
import gc
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bench.bare import bare_bolt, bare_botbuilder
from bench.meter import Meter
from psirf_bot.bootstrap import Application, import_people
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings
from psirf_bot.domain.people import read_people
from psirf_bot.trust_file import load_trust

Json = dict[str, Any]


async def psirf_bot(order: Json) -> web.Application:
    """The bot as `serve` runs it, with its people list taken on."""
    settings = Settings(**order["settings"])
    trust, mistakes = load_trust(None)
    if trust is None:
        raise SystemExit(mistakes)
    app = Application(settings, trust)
    rows, wrong = read_people(order["people"], trust.services)
    if wrong:
        raise SystemExit(wrong)
    await app.store.run(lambda session: import_people(Work(session, app.clock.now(), app.setting), rows, settings))
    return app.web_application()


async def idle(_order: Json) -> web.Application:
    """Does nothing: when its loop is late, it is the machine that was busy, not a bot."""
    return web.Application()


BOTS: dict[str, Callable[[Json], Awaitable[web.Application]]] = {
    "psirf-bot": psirf_bot,
    "bolt": bare_bolt,
    "botbuilder": bare_botbuilder,
    "idle": idle,
}


async def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    order = json.loads(await lines.readline())
    meter = Meter(explain=order["explain"])
    runner = web.AppRunner(await BOTS[order["bot"]](order), access_log=None, shutdown_timeout=1)
    await runner.setup()
    gc.collect()
    gc.freeze()  # as `serve` does; the bare bots have the good of it too
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    measuring = asyncio.create_task(meter.run())
    _say({"port": runner.addresses[0][1]})
    async for line in lines:
        if line.strip() == b"begin":
            meter.begin()
        _say(meter.figures())
    measuring.cancel()
    await runner.cleanup()


def _say(what: Json) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
