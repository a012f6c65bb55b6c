"""Turns over HTTP: each kind against the bare bots and the protocol floor; stalls, memory and the time to start."""

import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench import load
from bench.load import Run
from bench.meter import AIM
from bench.process import Bot
from bench.rig import KINDS, MOST, Rig, SetUp, Target
from bench.table import Figures, Line, at_least, at_most, held_against

CARD = KINDS[-1]
BUSY = 0.9  # of one core: from here on the load generator itself holds things up
MOST_MEMORY = 150  # MB
SLOWEST = 250  # milliseconds


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of warming up and of measuring, for each row at each concurrency."""

    warm_up: float
    measured: float


@dataclass(slots=True)
class Result:
    """One target at one concurrency. `stall` and `noise` in milliseconds: its own, and an idle process's meanwhile."""

    people: int
    run: Run
    stall: float
    noise: float
    faults: Counter[str]
    notes: list[str]

    @property
    def figures(self) -> Figures:
        return Figures.of(self.run.times, self.run.seconds)


async def measure(target: Target, rig: Rig, people: int, times: Times, idle: Bot) -> Result:
    warm = await load.run(target.traffic, people, times.warm_up)
    await rig.settled()
    before = [effect() for effect in target.effects]
    for bot in (*target.bots, idle):
        await bot.ask("begin")
    run = await load.run(target.traffic, people, times.measured)
    seen = [await bot.ask("report") for bot in target.bots]
    noise = (await idle.ask("report"))["longest_stall"]
    faults = warm.faults + run.faults + Counter(await rig.settled())
    for effect, at_first in zip(target.effects, before, strict=True):
        if (done := effect() - at_first) != len(run.times):
            faults[f"{len(run.times)} good answers, but {done} seen to be done"] += 1
    notes = [f"late at {target.name}, {people} at once: {culprit}" for one in seen for culprit in one["culprits"]]
    if run.generator_cpu > BUSY * run.seconds:
        notes.append(f"at {target.name}, {people} at once, the load generator was the bottleneck")
    print(".", end="", flush=True, file=sys.stderr)
    return Result(people, run, max(one["longest_stall"] for one in seen), noise, faults, notes)


async def turns(rig: Rig, parts: AsyncExitStack, concurrency: list[int], times: Times, *, explain: bool) -> list[Line]:
    """Every kind of turn at every concurrency, each right after its floors, and what the process costs."""
    order = {"settings": rig.fakes.settings("sqlite://"), "explain": explain}
    bots = [await parts.enter_async_context(Bot(kind, order)) for kind in ("bolt", "botbuilder", "idle")]
    bolt, botbuilder, idle = bots
    said = await rig.bare_botbuilder(botbuilder)
    resting = max([(await bot.ask("report"))["resident_mb"] for bot in rig.ours])
    lines, results = [], []
    for kind in KINDS:
        bare = said if kind == CARD else rig.bare_bolt(kind, bolt)
        for people in concurrency:
            floors = [await measure(each, rig, people, times, idle) for each in (bare, rig.floor(kind))]
            ours = await measure(rig.target(kind), rig, people, times, idle)
            results.append(ours)
            for name, floor in zip((bare.name, "protocol floor"), floors, strict=True):
                lines += _lines(kind, rig.set_up, name, ours, floor)
    return [*lines, *await _process(rig, bolt, results, resting)]


def _lines(kind: str, set_up: SetUp, floor_name: str, ours: Result, floor: Result) -> list[Line]:
    """By the rate; one at a time, by the p50 as well. With the aims that there are for them."""
    where = f"{set_up}; {ours.people} at once"
    by_rate, by_p50 = held_against(kind, where, ours.figures, floor_name, floor.figures)
    many, alone = ours.people == MOST, ours.people == 1
    shown = [by_p50] if alone else [by_rate]
    match kind, floor_name:
        case "stored Slack submission", "bare bolt" if alone:
            at_most(by_p50, 1 / 3)
            by_p50.aim = "at most a third"
        case "stored Slack submission", "protocol floor" if many:
            at_least(by_rate, 0.5)
        case "stored Teams card turn", "bare botbuilder" if many:
            at_least(by_rate, 5)
        case "stored Teams card turn", "protocol floor" if many:
            at_least(by_rate, 0.4)
    if many and floor_name == "protocol floor":
        p99 = Line(kind, where, ours.figures, aim=f"p99 under {SLOWEST} ms", met=ours.figures.p99 < SLOWEST)
        shown.append(p99)
    for line in shown:
        line.faults, line.notes = ours.faults, [*ours.notes, *floor.notes]
    if floor.faults:
        shown[0].faults = ours.faults + Counter({f"{floor_name}: {k}": n for k, n in floor.faults.items()})
    return shown


async def _process(rig: Rig, bolt: Bot, results: list[Result], resting: float) -> list[Line]:
    """What the process as such costs. Figures stand under p50: milliseconds, or megabytes."""
    where = str(rig.set_up)
    worst = max(results, key=lambda result: result.stall)
    aim, noise = 1000 * AIM, max(result.noise for result in results)
    stall = Line(
        "longest loop stall, ms", where, Figures(worst.stall), "an idle process", Figures(noise),
        aim=f"under {aim:.0f} ms", met=worst.stall < aim,
        notes=[f"the longest stall on {where} was at {worst.people} at once"],
    )  # fmt: skip
    if noise > aim:
        stall.notes.append(f"on {where} the machine was busy: an idle process was {noise:.0f} ms late as well")
    busy = max([(await bot.ask("report"))["resident_mb"] for bot in rig.ours])
    bare = (await bolt.ask("report"))["resident_mb"]
    memory = [
        Line(f"resident memory {when}, MB", where, Figures(size), "bare bolt", Figures(bare), size / bare, "of it",
             f"under {MOST_MEMORY} MB", size < MOST_MEMORY)
        for when, size in (("at rest", resting), ("after the load", busy))
    ]  # fmt: skip
    began = Figures(1000 * max(bot.started_within for bot in rig.ours))
    start = Line("start-up, ms", where, began, "bare bolt", Figures(1000 * bolt.started_within))
    start.ratio, start.of = start.ours.p50 / start.floor.p50, "of it"
    return [stall, *memory, start]
