"""`python -m faults`: the full run on each engine, then every mutant. With options, a part of that."""

import argparse
import asyncio
import secrets
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from faults import directed
from faults.engines import Postgresql, Sqlite
from faults.mutants import MUTANTS
from faults.storm import Outcome, Plan, Storm

T = TypeVar("T")
ENGINES: dict[str, type[Sqlite] | type[Postgresql]] = {"sqlite": Sqlite, "postgresql": Postgresql}
FULL = Plan(people=701, days=10, each=0, duties=True, kills=50, stops=20, databases=5, jumps=10, rate=0.11)
SHORT = Plan(people=13, each=0, duties=True, kills=1, stops=1, databases=1, jumps=1, rate=0.1, pace=0.3)

CAUGHT_IN: dict[str, Plan | directed.Run] = {
    "blind-retry": Plan(people=60, each=3, rate=0.2),
    "no-settle": Plan(people=240, each=3, rate=0.18),
    "no-fencing-token": directed.at_a_desk("late-word"),
    "no-unique-key": directed.at_a_desk("two-duties-one-morning"),
    "role-check-off": Plan(people=41, days=2, each=0, duties=True),
    "acknowledge-before-commit": Plan(people=160, kills=8),
    "default-misfire-grace": directed.stopped_over_its_wake_up,
}
"""The smallest run in which the checker has to notice each mutant."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def in_a_folder(what: Callable[[Path], Awaitable[T]], *, keep: bool = False) -> T:
    """Do it in a folder of its own, which goes afterwards."""
    if keep:
        kept = Path(tempfile.mkdtemp(prefix="psirf-faults-"))
        say(f"kept in {kept}")
        return await what(kept)
    with tempfile.TemporaryDirectory(prefix="psirf-faults-") as name:
        return await what(Path(name))


async def storm(engine: str, seed: int, plan: Plan, *, keep: bool = False) -> Outcome:
    async def run(folder: Path) -> Outcome:
        return await Storm(ENGINES[engine](folder), folder, seed, plan).run()

    return await in_a_folder(run, keep=keep)


async def why_caught(mutant: str, seed: int) -> str:
    """What was noticed of a mutant; empty when it passed for the real one."""
    where = CAUGHT_IN[mutant]

    async def run(folder: Path) -> str:
        if callable(where):
            (folder / "real").mkdir()
            if wrong := await where(folder / "real", ""):
                raise RuntimeError(f"the real one fails too: {wrong}")
            return "; ".join(await where(folder, mutant))
        outcome = await Storm(Sqlite(folder), folder, seed, where, mutant).run()
        return "" if outcome.holds else outcome.line()

    return await in_a_folder(run)


async def everything(given: argparse.Namespace) -> bool:
    """Print a line for each engine and for each mutant; whether all of it is as it should be."""
    well = True
    for engine in [] if given.mutant else given.engine or ENGINES:
        outcome = await storm(engine, given.seed, SHORT if given.short else FULL, keep=given.keep)
        say(outcome.line())
        for problem in outcome.problems():
            say(f"  {problem}")
        well &= outcome.holds
    for mutant in given.mutant or ([] if given.engine or given.short else MUTANTS):
        # Whether a fault hits where it hurts is a matter of chance: one that slips through is looked at once more.
        why = await why_caught(mutant, given.seed) or await why_caught(mutant, given.seed + 1)
        say(f"mutant {mutant}: {'caught: ' + why if why else 'NOT CAUGHT'}")
        well &= bool(why)
    return well


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    asked.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked.add_argument("--engine", choices=ENGINES, action="append", help="on this engine only, without the mutants")
    asked.add_argument("--mutant", choices=MUTANTS, action="append", help="this mutant only")
    asked.add_argument("--short", action="store_true", help="a small run, without the mutants")
    asked.add_argument("--keep", action="store_true", help="leave databases and logs for a look at them")
    given = asked.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whatever was started is ended too
    say(f"seed {given.seed}")
    sys.exit(not asyncio.run(everything(given)))


if __name__ == "__main__":
    main()
