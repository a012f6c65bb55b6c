"""The table: each row ours and its floor, both measured in the same run, their ratio, and what was aimed at."""

import math
from collections import Counter
from dataclasses import dataclass, field

from bench.load import percentile

NAN = float("nan")
HEAD = (
    f"{'':34} {'':29} {'ours':^24}   {'':30} {'floor':^24}\n"
    f"{'row':34} {'where':29} {'p50 ms':>7} {'p99 ms':>8} {'per s':>7}   {'floor':30} {'p50 ms':>7} {'p99 ms':>8}"
    f" {'per s':>7}   {'ratio':>14}  {'aim':24} met"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds and things a second; NaN where there is no such figure."""

    p50: float = NAN
    p99: float = NAN
    per_second: float = NAN

    @classmethod
    def of(cls, times: list[float], seconds: float) -> "Figures":
        """Of the times that it took to get so many answers."""
        return cls(percentile(times, 50), percentile(times, 99), len(times) / seconds)

    def __str__(self) -> str:
        return f"{_number(self.p50):>7} {_number(self.p99):>8} {_number(self.per_second):>7}"


@dataclass(slots=True)
class Line:
    """One row of the table. `ratio` is ours to the floor's, in what `of` names; `met`: None where nothing was aimed at.

    `faults` counts what was not answered as it must be, on either side.
    """

    row: str
    where: str
    ours: Figures
    floor_name: str = ""
    floor: Figures = Figures()
    ratio: float = NAN
    of: str = ""
    aim: str = ""
    met: bool | None = None
    faults: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ratio = "" if math.isnan(self.ratio) else f"{self.ratio:.2f} {self.of}"
        met = {None: "", True: "yes", False: "NO"}[self.met]
        where = f"{self.row:34} {self.where:29} {self.ours}"
        return f"{where}   {self.floor_name:30} {self.floor}   {ratio:>14}  {self.aim:24} {met}".rstrip()


def held_against(row: str, where: str, ours: Figures, floor_name: str, floor: Figures) -> list[Line]:
    """A row's ratios of rate and of p50."""
    by_rate = Line(row, where, ours, floor_name, floor, _ratio(ours.per_second, floor.per_second), "of the rate")
    return [by_rate, Line(row, where, ours, floor_name, floor, _ratio(ours.p50, floor.p50), "of the p50")]


def at_least(line: Line, least: float) -> Line:
    line.aim, line.met = f"at least {least:g}", line.ratio >= least
    return line


def at_most(line: Line, most: float) -> Line:
    line.aim, line.met = f"at most {most:g}", line.ratio <= most
    return line


def show(lines: list[Line]) -> int:
    """Print it, and what must be known before it is believed; returns how many answers were wrong."""
    print(f"\n{HEAD}")
    for line in lines:
        print(line)
    missed = [line for line in lines if line.met is False]
    print(f"\n{sum(line.met is True for line in lines)} aims met, {len(missed)} missed")
    for note in dict.fromkeys(note for line in lines for note in line.notes):
        print(f"Note: {note}")
    seen: set[int] = set()
    wrong = 0
    for line in lines:
        if line.faults and id(line.faults) not in seen:
            seen.add(id(line.faults))
            wrong += line.faults.total()
            for fault, count in line.faults.most_common():
                print(f"WRONG at {line.row}, {line.where}: {count} x {fault}")
    return wrong


def _ratio(ours: float, floors: float) -> float:
    return ours / floors if floors else NAN


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}"
