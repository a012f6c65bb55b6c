"""How many whole reports a second the desk stores, with 16 people at once, each turn committed durably.

A report is four turns: begin, two pages, send. Printed beside it: bare durable commits a second on the same disk.
"""

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path

from stage import Stage

PEOPLE, SECONDS = 16, 8.0
PAGE_1 = {
    "danger": "no",
    "event-type": "near-miss",
    "what-happened": "The wrong syringe driver was set up and noticed before use.",
    "when": {"date": "2026-11-20", "time": "09:30"},
    "service": "Community Nursing",
}


async def report(stage: Stage, name: str) -> None:
    card = await stage.says(name, "report")
    card = await stage.presses(name, card, "Next", PAGE_1)
    card = await stage.presses(name, card, "Next", {"could-have-led": "yes"})
    await stage.presses(name, card, "Send the report")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Stage(Path(folder)) as stage:
            done, end = 0, time.perf_counter() + SECONDS

            async def person(number: int) -> None:
                nonlocal done
                while time.perf_counter() < end:
                    await report(stage, f"Person {number}")
                    done += 1

            await asyncio.gather(*(person(n) for n in range(PEOPLE)))
            print(f"stored reports: {done / SECONDS:.0f} a second at {PEOPLE} at once ({4 * done / SECONDS:.0f} turns)")
        print(f"bare durable commits on the same disk: {bare_commits(Path(folder)):.0f} a second, one at a time")


def bare_commits(folder: Path) -> float:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (x)")
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < 2:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.execute("COMMIT")
        count += 1
    connection.close()
    return count / 2


if __name__ == "__main__":
    asyncio.run(main())
