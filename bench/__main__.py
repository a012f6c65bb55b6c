"""Runs the benchmarks and prints the table. Ends with 1 when anything was not answered as it must be."""

import argparse
import asyncio
import gc
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from bench import HOUSE, load, table
from bench.load import Traffic
from bench.people import Staff
from bench.process import Bot
from fakes.slack import FakeSlack
from fakes.teams import FakeTeams

MOST = 64
"""Each person sends one thing at a time, so that many people are needed."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is sent to which bot. `effects` counts what can be seen to have been done elsewhere than in the answers."""

    name: str
    bot: Bot
    traffic: Traffic
    effects: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of warming up and of measuring, for each row at each concurrency."""

    warm_up: float
    measured: float


async def measure(row: Row, people: int, times: Times, idle: Bot, bare: table.Result | None = None) -> table.Result:
    warm = await load.run(row.traffic, people, times.warm_up)
    before = row.effects() if row.effects else 0
    for bot in (row.bot, idle):
        await bot.ask("begin")
    run = await load.run(row.traffic, people, times.measured)
    seen, noise = await row.bot.ask("report"), (await idle.ask("report"))["longest_stall"]
    result = table.Result(row.name, people, run, seen, noise, bare, warm.faults + run.faults)
    if row.effects and (done := row.effects() - before) != len(run.times):
        result.faults[f"{len(run.times)} good answers, but {done} seen to be done"] += 1
    return result


async def platforms(concurrency: list[int], times: Times, *, explain: bool) -> list[table.Result]:
    """Every row at every concurrency, each bare bot just before ours."""
    results = []
    async with AsyncExitStack() as parts:
        rows, idle = await _rows(parts, explain=explain)
        for bare, ours in rows:
            for people in concurrency:
                floor = await measure(bare, people, times, idle)
                results += [floor, await measure(ours, people, times, idle, floor)]
                print(".", end="", flush=True, file=sys.stderr)
    return results


async def _rows(parts: AsyncExitStack, *, explain: bool) -> tuple[list[tuple[Row, Row]], Bot]:
    """Start everything, and let everybody begin their report: each row after its bare bot, and an idle process."""
    folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
    slack = await parts.enter_async_context(FakeSlack())
    teams = await parts.enter_async_context(FakeTeams(card_schema=None))
    teams.throttle.on = False
    slack.post.deadline = 30  # while the people begin, which is not what is measured
    staff = Staff(slack, teams, MOST)
    settings = {
        "database_url": f"sqlite:///{folder}/bench.db",
        "secret_key": "a key for the benchmark alone, long enough",
        "slack_bot_token": slack.bot_token,
        "slack_signing_secret": slack.signing_secret,
        "slack_team_id": slack.team_id,
        "slack_api_url": slack.api_url,
        **{name.removeprefix("PSIRF_").lower(): value for name, value in teams.settings.items()},
    }
    order = {"settings": settings, "people": staff.people_csv, "explain": explain}
    kinds = ("psirf-bot", "bolt", "botbuilder", "idle")
    bot, bolt, botbuilder, idle = await asyncio.gather(*(parts.enter_async_context(Bot(k, order)) for k in kinds))
    submitted, pressed = await staff.slack_pages(bot.port), await staff.teams_pages(bot.port)
    said = await staff.teams_words(botbuilder.port)
    gc.freeze()  # what the fakes hold by now is there to stay, and no reason for the generator to pause

    stored = parts.enter_context(closing(sqlite3.connect(f"file:{folder}/bench.db?mode=ro", uri=True)))

    def turns() -> int:
        return int(stored.execute("SELECT count(*) FROM inbox").fetchone()[0])

    def replies() -> int:
        return sum(call.kind == "reply" and call.status == 201 for call in teams.history)

    rows = [
        (
            Row("bare bolt: a submission", bolt, staff.slack_traffic(bolt.port, submitted, answered=False)),
            Row("stored Slack submission", bot, staff.slack_traffic(bot.port, submitted, answered=True), turns),
        ),
        (
            Row("bare botbuilder: an echo", botbuilder, staff.teams_talk(botbuilder.port, said), replies),
            Row("stored Teams card turn", bot, staff.teams_traffic(bot.port, pressed), turns),
        ),
    ]
    return rows, idle


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: too short for figures to be relied on")
    parser.add_argument(
        "--explain", action="store_true", help="say what the loop does while it stalls (costs a little)"
    )
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 16, MOST], choices=range(1, MOST + 1))
    parser.add_argument("--seconds", type=float, default=8.0, help="of measuring, for each row at each concurrency")
    chosen = parser.parse_args()
    times = Times(0.2, 0.7) if chosen.quick else Times(2.0, chosen.seconds)
    results = asyncio.run(platforms(chosen.concurrency, times, explain=chosen.explain))
    table.show(results)
    if not chosen.quick:
        for more in ("bench.reports", "bench.ticks"):
            subprocess.run([sys.executable, "-m", more], cwd=HOUSE, check=True)  # noqa: S603 - our own modules
    if errors := sum(result.faults.total() for result in results):
        sys.exit(f"\nNOT TO BE TRUSTED: {errors} errors, see above")


if __name__ == "__main__":
    main()
