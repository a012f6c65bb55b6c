"""Runs the benchmarks and prints the table. Ends with 1 when anything was not answered as it must be."""

import argparse
import asyncio
import os
import platform
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from bench import table
from bench.drain import drain
from bench.reports import reports
from bench.rig import MOST, Databases, Rig, SetUp, fakes
from bench.table import Figures, Line
from bench.ticks import ticks
from bench.turns import Times, turns
from bench.votes import votes

SQLITE, POSTGRESQL, TWO = SetUp("SQLite", 1), SetUp("PostgreSQL", 1), SetUp("PostgreSQL", 2)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how much; `drained` is how many messages on each platform."""

    set_ups: tuple[SetUp, ...]
    times: Times
    drained: dict[str, int]
    reporting: float
    open_deadlines: tuple[int, ...]


FULL = Plan(
    (SQLITE, POSTGRESQL, TWO), Times(1.0, 4.0), {"slack": 10_000, "teams": 2_000}, 6.0, (1_000, 100_000, 1_000_000)
)
SHORT = Plan((SQLITE, TWO), Times(0.2, 0.6), {"slack": 300, "teams": 200}, 1.5, (1_000, 100_000))

PARTS = ("turns", "drain", "ticks")


async def before_the_fakes(set_up: SetUp, plan: Plan, concurrency: list[int], *, explain: bool) -> list[Line]:
    """What people do, in one set-up."""
    async with AsyncExitStack() as parts:
        rig = Rig(set_up, await parts.enter_async_context(fakes()), Databases(parts), parts)
        await rig.start(explain=explain)
        lines = await turns(rig, parts, concurrency, plan.times, explain=explain)
        for part in (partial(reports, rig, plan.reporting), partial(votes, rig)):
            try:
                lines.append(await part())
            except Exception as error:  # noqa: BLE001 - what went wrong is an answer too, and the rest still counts
                lines.append(failed(str(set_up), error))
        return lines


def failed(where: str, error: Exception) -> Line:
    """A part that broke off: the run is not to be trusted, and says so at its end."""
    traceback.print_exception(error)
    return Line("broke off", where, Figures(), faults=Counter([f"{type(error).__name__}: {error}"[:200]]))


def tried(where: str, part: Callable[[], list[Line]]) -> list[Line]:
    try:
        return part()
    except Exception as error:  # noqa: BLE001 - as above
        return [failed(where, error)]


def _run(set_up: SetUp, plan: Plan, chosen: argparse.Namespace) -> list[Line]:
    return asyncio.run(before_the_fakes(set_up, plan, chosen.concurrency, explain=chosen.explain))


def run(plan: Plan, chosen: argparse.Namespace) -> list[Line]:
    lines: list[Line] = []
    set_ups = [set_up for set_up in plan.set_ups if set_up.engine in chosen.engine]
    for set_up in set_ups if "turns" in chosen.part else ():
        lines += tried(str(set_up), partial(_run, set_up, plan, chosen))
    if "drain" in chosen.part:
        lines += tried("drain", lambda: asyncio.run(drain(set_ups, plan.drained)))
    if "ticks" in chosen.part:
        lines += tried(
            "ticks", lambda: ticks(list(dict.fromkeys(set_up.engine for set_up in set_ups)), plan.open_deadlines)
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="too short for figures to be relied on")
    parser.add_argument("--engine", nargs="+", default=["SQLite", "PostgreSQL"], choices=["SQLite", "PostgreSQL"])
    parser.add_argument("--part", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--explain", action="store_true", help="say what the loop does while it stalls (costs a bit)")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, MOST], choices=range(1, MOST + 1))
    chosen = parser.parse_args()
    load_before = os.getloadavg()[0]
    lines = run(SHORT if chosen.short else FULL, chosen)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"\n{machine}; load before the run {load_before:.1f}. How to read this: docs/performance.md")
    if wrong := table.show(lines):
        sys.exit(f"\nNOT TO BE TRUSTED: {wrong} wrong answers, see above")


if __name__ == "__main__":
    main()
