"""What a bot under load measures of itself: loop stalls, CPU time, memory, and collections."""

import asyncio
import gc
import os
import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path

BEAT = 0.005  # seconds
AIM = 0.050  # seconds that the loop may stand still


class Meter:
    """A task that sleeps `BEAT` and notes how late it wakes up: any event that came in then waited as long."""

    def __init__(self, *, explain: bool) -> None:
        self.beat_due = float("inf")
        self._longest = self._longest_collection = self._cpu = 0.0
        self._over = self._full_collections = 0
        self._watchdog = Watchdog(self) if explain else None
        self._collecting = 0.0
        gc.callbacks.append(self._collected)
        self.begin()

    async def run(self) -> None:
        if self._watchdog:
            self._watchdog.start()
        while True:
            self.beat_due = time.perf_counter() + BEAT
            await asyncio.sleep(BEAT)
            late = time.perf_counter() - self.beat_due
            self._longest = max(self._longest, late)
            self._over += late > AIM

    def begin(self) -> None:
        """Measure anew from here."""
        self._longest = self._longest_collection = 0.0
        self._over = self._full_collections = 0
        self._cpu = time.process_time()
        if self._watchdog:
            self._watchdog.seen.clear()

    def figures(self) -> dict[str, float | int | list[str]]:
        """Since `begin`; times in milliseconds, but `cpu_seconds`."""
        return {
            "longest_stall": 1000 * self._longest,
            "stalls_over_aim": self._over,
            "cpu_seconds": time.process_time() - self._cpu,
            "resident_mb": _resident() / 2**20,
            "full_collections": self._full_collections,
            "longest_collection": 1000 * self._longest_collection,
            "culprits": self._watchdog.culprits() if self._watchdog else [],
        }

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._collecting = time.perf_counter()
            return
        self._longest_collection = max(self._longest_collection, time.perf_counter() - self._collecting)
        self._full_collections += info["generation"] == 2


def _resident() -> int:
    """Bytes in memory now; only Linux says."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0


class Watchdog(threading.Thread):
    """Looks from another thread at what the loop is doing while it is late. That costs a little."""

    LATE = 0.025  # seconds

    def __init__(self, meter: Meter) -> None:
        super().__init__(daemon=True)
        self._meter, self._loop = meter, threading.get_ident()
        self.seen: Counter[str] = Counter()

    def run(self) -> None:
        while True:
            time.sleep(BEAT)
            if time.perf_counter() - self._meter.beat_due > self.LATE:
                frames = sys._current_frames()
                mine = threading.get_ident()
                for thread, frame in frames.items():
                    if thread != mine:
                        name = "loop" if thread == self._loop else "other thread"
                        self.seen[f"{name}: {_stack(frame)}"] += 1

    def culprits(self) -> list[str]:
        return [f"{count} x {stack}" for stack, count in self.seen.most_common(12)]


def _stack(frame: object) -> str:
    calls = traceback.extract_stack(frame)[-8:]  # type: ignore[arg-type]
    return " < ".join(f"{call.name} {call.filename.rsplit('/', 2)[-1]}:{call.lineno}" for call in reversed(calls))
