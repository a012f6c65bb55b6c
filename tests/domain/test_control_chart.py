"""Whether a month stands out: the rules of an XmR chart, on counts that were worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psirf_bot.domain.control_chart import FEWEST, MOST, SHIFT, usual

EVEN = [10, 12] * 6
"""The mean is 11 and each step 2, so the limits are 11 - 5.32 and 11 + 5.32."""


@pytest.mark.parametrize(
    ("counts", "low", "high", "stands_out"),
    [
        (EVEN, 5, 17, ""),
        ([0, 1] * 6, 0, 4, ""),
        ([4] * 12, 4, 4, ""),
        ([*EVEN, 11, 30], 3, 21, "more than usual"),
        ([*EVEN, 11, 0], 3, 18, "fewer than usual"),
        ([*EVEN, *[13, 14] * 4], 7, 17, "above the average for 8 months in a row"),
        ([*EVEN, *[9, 8] * 4], 5, 15, "below the average for 8 months in a row"),
        ([*EVEN, *[13, 14] * 2], 7, 17, ""),
        ([*[90, 10] * 10, *EVEN, *EVEN], 5, 17, ""),
    ],
)
def test_what_is_usual_and_what_stands_out(counts: list[int], low: int, high: int, stands_out: str) -> None:
    seen = usual(counts)
    assert seen is not None
    assert (seen.low, seen.high, seen.stands_out) == (low, high, stands_out)


def test_of_a_year_that_is_not_whole_nothing_is_said() -> None:
    assert usual([3] * (FEWEST - 1)) is None


@given(st.lists(st.integers(0, 500), min_size=FEWEST, max_size=2 * MOST))
def test_the_average_is_always_usual(counts: list[int]) -> None:
    seen, last = usual(counts), counts[-MOST:]
    assert seen is not None
    assert 0 <= seen.low <= sum(last) / len(last) <= seen.high
    assert abs(seen.run) <= len(last)
    assert bool(seen.stands_out) == (not seen.low <= seen.last <= seen.high or abs(seen.run) >= SHIFT)
