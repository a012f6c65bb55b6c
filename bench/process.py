"""A bot under test, seen from the load: started, asked for its figures, stopped."""

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from typing import Any, Self

from bench import HOUSE

Json = dict[str, Any]


class Bot:
    """`async with Bot("bolt", order) as bot`; see bots.py for what it understands."""

    def __init__(self, kind: str, order: Json) -> None:
        self._order = {"bot": kind, **order}
        self.port = 0
        self.started_within = 0.0
        """Seconds from the start of the process until it took requests."""

    async def __aenter__(self) -> Self:
        began = time.perf_counter()
        self._process: Process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.bots", cwd=HOUSE, stdin=PIPE, stdout=PIPE, limit=2**20
        )
        self.port = (await self.ask(json.dumps(self._order)))["port"]
        self.started_within = time.perf_counter() - began
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(15):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def ask(self, what: str) -> Json:
        """Send a line and read the answer."""
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise RuntimeError("the bot has no pipes")
        into.write(f"{what}\n".encode())
        line = await out.readline()
        if not line:
            raise RuntimeError(f"{self._order['bot']} has ended; what it said is above")
        answer: Json = json.loads(line)
        return answer
