"""The table: what was measured, each row held against its bare counterpart in the same run."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.load import Run
from bench.meter import AIM, BEAT

READING = """
One process for each bot, one for the load and the fakes, all on this machine. CPU is the bot's processor time for each
good answer: it is the figure that depends least on what else runs here.
bare bolt: AsyncApp with its own runner (which looks for the ack every 10 ms); signature checked, ack, nothing stored.
bare botbuilder: CloudAdapterBase with its own token check and keys; echoes a message by a message. It keeps one token
that it fetched at the start (a credentials subclass), where stock botbuilder would ask Entra again at every turn.
stored: the first page of a report, each time with new words; the answers were held against the next page, and the rows
in the inbox counted."""

BUSY = 0.9  # of one core: from here on the load generator itself holds things up


@dataclass(slots=True)
class Result:
    """One row at one concurrency, as seen by the load and by the bot itself.

    `noise` is the longest stall in milliseconds of an idle process meanwhile. `bare` is what the row is held against.
    """

    name: str
    people: int
    run: Run
    bot: dict[str, Any]
    noise: float
    bare: "Result | None" = None
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def cpu(self) -> float:
        """Milliseconds of the bot's processor time for each good answer."""
        return 1000 * float(self.bot["cpu_seconds"]) / max(1, len(self.run.times))


def show(results: list[Result]) -> None:
    width = max(len(r.name) for r in results)
    print(f"\n{'':{width}}  {'':38}  {'as ratios to the bare bot':^27}  {'longest stall':^13}")
    print(
        f"{'':{width}} {'at once':>7} {'req/s':>6} {'p50 ms':>7} {'p99 ms':>7} {'CPU ms':>7}"
        f"  {'req/s':>6} {'p50':>6} {'p99':>6} {'CPU':>6}  {'bot':>6} {'idle':>6} {'errors':>7}"
    )
    for r in results:
        print(
            f"{r.name:{width}} {r.people:7d} {r.run.per_second:6.0f} {r.run.percentile(50):7.1f}"
            f" {r.run.percentile(99):7.1f} {r.cpu:7.2f}  {_ratios(r)}  {r.bot['longest_stall']:6.1f} {r.noise:6.1f}"
            f" {r.faults.total():7d}"
        )
    print(READING)
    _stalls(results)
    _notes(results)


def _ratios(ours: Result) -> str:
    if (bare := ours.bare) is None:
        return f"{'':27}"
    pairs = (
        (ours.run.per_second, bare.run.per_second),
        (ours.run.percentile(50), bare.run.percentile(50)),
        (ours.run.percentile(99), bare.run.percentile(99)),
        (ours.cpu, bare.cpu),
    )
    return " ".join(f"{mine / theirs if theirs else float('nan'):6.2f}" for mine, theirs in pairs)


def _stalls(results: list[Result]) -> None:
    print(
        f"\nThe longest stall in ms (aim {1000 * AIM:.0f}): how late a task woke that sleeps {1000 * BEAT:.0f} ms in"
        " the bot's event loop.\n“idle” is the same in a process that does nothing: the machine alone, meanwhile."
    )
    for name in dict.fromkeys(r.name for r in results):
        mine = [r for r in results if r.name == name]
        worst = max(mine, key=lambda r: float(r.bot["longest_stall"]))
        over = sum(int(r.bot["stalls_over_aim"]) for r in mine)
        collections = sum(int(r.bot["full_collections"]) for r in mine)
        print(
            f"  {name}: {worst.bot['longest_stall']:.1f} ms (at {worst.people} at once), {over} over the aim;"
            f" {collections} full garbage collections, the longest collection"
            f" {max(float(r.bot['longest_collection']) for r in mine):.1f} ms"
        )


def _notes(results: list[Result]) -> None:
    """What must be known before the figures are believed."""
    for r in results:
        where = f"{r.name}, {r.people} at once"
        if r.run.generator_cpu > BUSY * r.run.seconds:
            print(f"Note: at {where}, the load generator was the bottleneck.")
        if r.noise > 1000 * AIM:
            print(f"Note: at {where}, the machine was busy: an idle process was {r.noise:.0f} ms late as well.")
        for culprit in r.bot["culprits"]:
            print(f"  late at {where}: {culprit}")
        for fault, count in r.faults.most_common():
            print(f"ERROR at {where}: {count} x {fault}")
