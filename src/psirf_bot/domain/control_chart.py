"""Whether a month stands out from those before it: a control chart in words (S02).

The limits are those of an XmR chart, as in NHS England's “Making Data Count”: the mean, and 2.66 times the mean step
from one month to the next on either side of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from math import ceil, floor
from statistics import fmean

FEWEST, MOST = 12, 24
"""Months: with fewer the limits say little, and what is older says little of today."""
SHIFT = 7
"""Months in a row on one side of the mean that are no chance any more."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in a month: from `low` to `high`. `run`: for how many months, the last among them, it was above the
    mean; as a negative number, below."""

    last: int
    low: int
    high: int
    run: int

    @property
    def stands_out(self) -> str:
        """What is not chance about the last month, in words; empty where nothing is."""
        if not self.low <= self.last <= self.high:
            return "more than usual" if self.last > self.high else "fewer than usual"
        side = "above" if self.run > 0 else "below"
        return f"{side} the average for {abs(self.run)} months in a row" if abs(self.run) >= SHIFT else ""


def usual(counts: Sequence[int]) -> Usual | None:
    """What is usual, of the counts of whole months, the oldest first; None while there are too few of them."""
    counts = counts[-MOST:]
    if len(counts) < FEWEST:
        return None
    mean = fmean(counts)
    reach = 2.66 * fmean(abs(after - before) for before, after in pairwise(counts))
    above = counts[-1] > mean
    run = sum(1 for _ in takewhile(lambda n: n != mean and (n > mean) == above, reversed(counts)))
    low, high = floor(mean - reach), ceil(mean + reach)  # outward, as there are no parts of reports
    return Usual(counts[-1], max(0, low), high, run if above else -run)
