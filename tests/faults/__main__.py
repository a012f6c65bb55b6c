"""`python -m faults [--seed N] [--engine sqlite|postgresql] [--short] [--mutant NAME]`: everything, unless told less."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from faults.engines import Database, Postgresql, Sqlite
from faults.mutants import MUTANTS
from faults.storm import SHORT, Outcome, Plan, Storm

ENGINES: dict[str, type[Sqlite] | type[Postgresql]] = {"sqlite": Sqlite, "postgresql": Postgresql}


async def one_run(engine: str, seed: int, plan: Plan, mutant: str = "", keep: bool = False) -> Outcome:
    with _folder(keep) as name:
        database: Database = ENGINES[engine](Path(name))
        return await Storm(database, Path(name), seed, plan, mutant).run()


def _folder(keep: bool) -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="psirf-faults-")
    if keep:
        folder._finalizer.detach()  # type: ignore[attr-defined]
        folder.cleanup = lambda: None  # type: ignore[method-assign]
        print(f"kept in {folder.name}", file=sys.stderr)
    return folder


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m faults")
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--engine", choices=ENGINES)
    arguments.add_argument("--mutant", choices=MUTANTS)
    arguments.add_argument("--short", action="store_true")
    arguments.add_argument("--keep", action="store_true", help="leave the databases and logs where they are")
    given = arguments.parse_args()
    print(f"seed {given.seed}", flush=True)
    plan = SHORT if given.short else Plan()
    for engine in [given.engine] if given.engine else ENGINES:
        outcome = asyncio.run(one_run(engine, given.seed, plan, given.mutant or "", given.keep))
        print(outcome.line(), flush=True)
        print(dict(outcome.faults), dict(outcome.refusals), [(v.platform, v.lost[:5], v.twice[:5], v.early[:5], v.wrong[:5]) for v in outcome.verdicts], outcome.unanswered[:5])


main()
