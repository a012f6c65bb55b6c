"""The processes that the harness started: fakes, which are asked; bots, which are killed and stopped."""

import asyncio
import itertools
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp

Json = dict[str, Any]
TESTS = Path(__file__).parents[1]
CODE = os.pathsep.join((str(TESTS), str(TESTS.parent / "src")))
READY_WITHIN = 60.0


class Fake:
    """`async with Fake("slack", order) as fake`: see fakes.py for what it understands."""

    def __init__(self, platform: str, order: Json) -> None:
        self._platform, self._order = platform, order
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def __aenter__(self) -> Self:
        self._process: Process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "faults.fakes", self._platform, cwd=TESTS, stdin=PIPE, stdout=PIPE, limit=2**28
        )
        self._write(self._order)
        self.where: Json = json.loads(await self._out.readline())
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._reading.cancel()

    async def ask(self, what: str, **more: Any) -> Any:
        """Put a question and wait for its answer."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._write({"id": number, "ask": what, **more})
        return await self._waiting[number]

    @property
    def _out(self) -> asyncio.StreamReader:
        assert self._process.stdout
        return self._process.stdout

    def _write(self, what: Json) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(what)}\n".encode())

    async def _read(self) -> None:
        async for line in self._out:
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["id"])
            if not waiting.done():  # whoever asked may have gone
                waiting.set_result(answer["answer"])
        for waiting in self._waiting.values():
            waiting.set_exception(RuntimeError(f"the fake {self._platform} has ended"))


class Bot:
    """One process of the bot. It can be killed and started again; its clock then stands where it was set last."""

    def __init__(self, name: str, env: Mapping[str, str], folder: Path, how: Sequence[str] = ()) -> None:
        self.name, self._folder, self._how = name, folder, how
        self.port = _free_port()
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": CODE, "PSIRF_PORT": str(self.port)}
        self._env = {**env, **own}
        self._process: Process | None = None
        self.is_up = asyncio.Event()
        self.is_frozen = False

    @property
    def events_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/slack/events"

    async def start(self, ahead: Callable[[], timedelta]) -> None:
        """Start it, again if the database is not there yet. Its clock is right from the start, as a machine's is."""
        async with asyncio.timeout(READY_WITHIN):
            while True:
                if await self._started(ahead()):
                    break
                await asyncio.sleep(0.3)
        self.is_up.set()

    async def _started(self, ahead: timedelta) -> bool:
        with (self._folder / f"{self.name}.log").open("ab") as log:
            command = (sys.executable, "-m", "faults.bot", *self._how, "--ahead", str(ahead.total_seconds()))
            self._process = await asyncio.create_subprocess_exec(
                *command, env=self._env, cwd=self._folder, stdin=PIPE, stdout=PIPE, stderr=log
            )
        assert self._process.stdout
        said = await self._process.stdout.readline()
        if said:
            return True
        await self._process.wait()
        return False

    async def set_clock(self, to: datetime) -> None:
        """Move its clock; tried again while it is busy starting."""
        url = f"http://127.0.0.1:{self.port}/dev/clock"
        async with aiohttp.ClientSession() as http, asyncio.timeout(READY_WITHIN):
            while True:
                try:
                    async with http.post(url, json={"set": to.isoformat()}) as answer:
                        answer.raise_for_status()
                        return
                except (aiohttp.ClientError, TimeoutError, OSError):
                    await asyncio.sleep(0.05)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)
        self.is_frozen = True

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)
        self.is_frozen = False

    async def kill(self) -> None:
        """kill -9"""
        self.is_up.clear()
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self.is_frozen = False

    def _signal(self, sign: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            self._process.send_signal(sign)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
