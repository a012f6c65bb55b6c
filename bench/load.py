"""The load: so many people at once, each sending the next request as soon as the last is answered (a closed loop).

It speaks just enough HTTP/1.1 over connections that are kept open; a full client would cost more than a bare bot does.
"""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

PATIENCE = 15.0  # seconds for one answer


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the people of one row send. `request` makes a new one for a person; `fault` names what is wrong, or "".

    With several processes to send to, the people are dealt out among them.
    """

    ports: Sequence[int]
    request: Callable[[int], bytes]
    fault: Callable[[int, Answer], str]


@dataclass(slots=True)
class Run:
    """What came of it: the times of good answers in seconds, and what went wrong, counted."""

    seconds: float = 0.0
    generator_cpu: float = 0.0
    times: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds


def percentile(times: Sequence[float], percent: float) -> float:
    """Of times in seconds, in milliseconds; the nearest rank, so that it is a time that was really measured."""
    ranked = sorted(times)
    return 1000 * ranked[max(0, -int(-len(ranked) * percent // 100) - 1)] if ranked else float("nan")


@contextmanager
def unpaused() -> Iterator[None]:
    """The generator and the fakes share a process, and keep all that was sent: they collect before they measure.

    Seen from outside, their pause of half a second is one of the bot's, or of its floor's.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def run(traffic: Traffic, people: int, seconds: float) -> Run:
    """Let so many people send for so long; whoever is waiting at the end still gets their answer counted."""
    result = Run()
    with unpaused():
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(_person(traffic, number, began + seconds, result) for number in range(people)))
        result.seconds, result.generator_cpu = time.perf_counter() - began, time.process_time() - cpu
    return result


async def _person(traffic: Traffic, number: int, end: float, result: Run) -> None:
    connection, port = Connection(), traffic.ports[number % len(traffic.ports)]
    await connection.open(port)
    while (sent := time.perf_counter()) < end:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await connection.exchange(traffic.request(number))
        except (TimeoutError, ConnectionError) as trouble:
            result.faults[type(trouble).__name__] += 1
            connection.close()
            await connection.open(port)
            continue
        if fault := traffic.fault(number, answer):
            result.faults[fault] += 1
        else:
            result.times.append(connection.answered - sent)
    connection.close()


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self.answered = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._received = bytearray()

    async def open(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._received.clear()
        self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", port)

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    async def exchange(self, request: bytes) -> Answer:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = bytes(self._received).partition(b"\r\n\r\n")
        if not found or self._waiting is None or self._waiting.done():
            return
        status, length = _read(head)
        if len(body) >= length:
            self.answered = time.perf_counter()
            self._received.clear()
            self._waiting.set_result(Answer(status, body))

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError())


def _read(head: bytes) -> tuple[int, int]:
    """The status, and how many bytes follow."""
    first, *lines = head.split(b"\r\n")
    for line in lines:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(first.split()[1]), int(value)
    return int(first.split()[1]), 0


def post(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request as it goes over the line."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body
