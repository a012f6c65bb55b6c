"""Monitoring by protected group: nobody can be worked out from what is shown (F05)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psirf_bot.domain import monitoring
from psirf_bot.domain.being_fair import ENDS
from psirf_bot.domain.being_fair_settings import BeingFairSettings
from psirf_bot.domain.monitoring import GROUPS, NOT_KNOWN, OTHERWISE, SINGLED_OUT, Ended, Group, Side, Step, side, step

SIDES = {"singled out": SINGLED_OUT, "otherwise": OTHERWISE}


def test_every_end_that_is_one_stands_in_one_row() -> None:
    rows = [end for rows in SIDES.values() for ends in rows.values() for end in ends]
    assert sorted(rows) == sorted(end for end, found in ENDS.items() if not found.waits)


def test_every_group_says_where_it_comes_from_and_can_be_left_open() -> None:
    assert list(GROUPS) == ["ethnic-background", "sex", "disability", "age", "trained-abroad"]
    for group in GROUPS.values():
        assert group.source
        assert NOT_KNOWN not in group.values
        assert all(len(label) <= 75 for label in group.values.values())


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "fewer than 5"),
        (1, "fewer than 5"),
        (4, "fewer than 5"),
        (5, "5 to 9"),
        (9, "5 to 9"),
        (10, "10 to 14"),
        (23, "20 to 24"),
    ],
)
def test_a_number_is_shown_as_its_step(number: int, words: str) -> None:
    assert str(step(number, 5)) == words


def test_people_are_counted_in_each_group_by_the_side_their_run_came_to() -> None:
    runs = [
        *[Ended("management", {"sex": "female", "age": "25-39"})] * 4,
        *[Ended("appropriate-action", {"sex": "female", "age": NOT_KNOWN})] * 3,
        *[Ended("health", {"sex": "female"})] * 6,
        *[Ended("mitigation")] * 2,
    ]
    out, other = side(runs, SINGLED_OUT, 5), side(runs, OTHERWISE, 5)
    assert [step.least for step in out.ends.values()] == [0, 0]
    assert other.ends["Health issues affecting work"].least == 5
    sex, age = out.groups["sex"], out.groups["age"]
    assert sex
    assert age
    assert {value: step.least for value, step in sex.items()} == {"female": 5, "male": 0}
    assert {step.least for step in age.values()} == {0}
    other_sex = other.groups["sex"]
    assert other_sex
    assert other_sex["female"].least == 5


# Nothing can be worked out


def _runs(ends: tuple[int, ...], groups: Mapping[str, tuple[int, ...]]) -> list[Ended]:
    """So many runs at each end "0", "1", …, and so many people in each value of each group; the rest not known."""
    found = [str(end) for end, number in enumerate(ends) for _ in range(number)]
    belong: list[dict[str, str]] = [{} for _ in found]
    for key, numbers in groups.items():
        values = [str(value) for value, number in enumerate(numbers) for _ in range(number)]
        for person, value in zip(belong, values, strict=False):
            person[key] = value
    return [Ended(end, person) for end, person in zip(found, belong, strict=True)]


def _shown(of: Side) -> tuple[tuple[Step, ...], tuple[tuple[str, tuple[Step, ...] | None], ...]]:
    groups = tuple((key, None if steps is None else tuple(steps.values())) for key, steps in of.groups.items())
    return tuple(of.ends.values()), groups


def _worlds(
    ends: int, sizes: Mapping[str, int], most: int
) -> Iterator[tuple[tuple[int, ...], dict[str, tuple[int, ...]]]]:
    """Everything that may be so, with up to `most` runs at each end."""
    for at_ends in product(range(most + 1), repeat=ends):
        each = [
            [people for people in product(range(sum(at_ends) + 1), repeat=size) if sum(people) <= sum(at_ends)]
            for size in sizes.values()
        ]
        for people in product(*each):
            yield at_ends, dict(zip(sizes, people, strict=True))


@pytest.mark.parametrize(
    ("fewest", "ends", "sizes", "most"),
    [(3, 2, {"a": 1, "b": 2}, 5), (3, 3, {"a": 2}, 5), (3, 3, {"a": 1, "b": 1}, 5), (4, 2, {"a": 2}, 7)],
)
def test_whoever_knows_the_rules_cannot_work_out_a_small_number(
    monkeypatch: pytest.MonkeyPatch, fewest: int, ends: int, sizes: dict[str, int], most: int
) -> None:
    """Every filling of small tables is gone through, and those that look alike are put together: in each view, every
    number that is not shown exactly is at least two different ones among them. When three ends are each as many as
    they may be, and so many people are sure to be in a group, leaving the group out gives nothing away either."""
    values = {key: {str(value): str(value) for value in range(size)} for key, size in sizes.items()}
    monkeypatch.setattr(monitoring, "GROUPS", {key: Group(key, each, "a source") for key, each in values.items()})
    rows = {f"end {end}": (str(end),) for end in range(ends)}
    may_be: dict[object, list[set[int]]] = defaultdict(list)
    for at_ends, people in _worlds(ends, sizes, most):
        view = _shown(side(_runs(at_ends, people), rows, fewest))
        numbers = [*at_ends, *(number for each in people.values() for number in each)]
        known = may_be[view] or [set() for _ in numbers]
        for found, number in zip(known, numbers, strict=True):
            found.add(number)
        may_be[view] = known
    assert len(may_be) > 10
    for possible in may_be.values():
        assert all(len(found) >= 2 for found in possible)


def test_leaving_a_group_out_is_needed() -> None:
    """Three ends with two each, and six people in one group: were the six shown, so would be each two."""
    steps = [step(2, 3)] * 3
    assert monitoring._too_telling(steps, [step(6, 3)], 3)
    assert not monitoring._too_telling(steps, [step(2, 3)], 3)
    assert not monitoring._too_telling(steps[:2], [step(3, 3)], 3)


counts = st.integers(0, 12)
every_end = st.lists(counts, min_size=7, max_size=7)
ENDS_IN_ROWS = [end for rows in SIDES.values() for (end, *_) in rows.values()]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([3, 4, 5, 7]), every_end, st.randoms(use_true_random=False), st.integers(1, 5))
def test_every_number_shown_may_be_two_different_ones(
    fewest: int, at_ends: list[int], chance: Random, spread: int
) -> None:
    """For the real table. The ends as many as they may be leave room for one more in any group than are sure to be in
    it; and no group makes any end the most that it may be. `spread`: into how many values of each group people fall."""
    runs = [
        Ended(end, {key: chance.choice([*group.values, NOT_KNOWN][:spread]) for key, group in GROUPS.items()})
        for end, number in zip(ENDS_IN_ROWS, at_ends, strict=True)
        for _ in range(number)
    ]
    for rows in SIDES.values():
        found = side(runs, rows, fewest)
        most = sum(step.most for step in found.ends.values())
        for steps in filter(None, found.groups.values()):
            sure = sum(step.least for step in steps.values())
            assert sure + 1 <= most
            assert all(max(end.least, sure - (most - end.most)) < end.most for end in found.ends.values())


@settings(max_examples=60, deadline=None)
@given(every_end, st.integers(0, 6))
def test_one_run_more_changes_at_most_what_it_is_counted_in(numbers: list[int], more: int) -> None:
    """Two looks one run apart: mostly nothing has changed, and a number that has went up by one step."""
    before = [Ended(end, {}) for end, number in zip(ENDS_IN_ROWS, numbers, strict=True) for _ in range(number)]
    after = [*before, Ended(ENDS_IN_ROWS[more], {})]
    fewest = BeingFairSettings().fewest
    changed = [
        (old, new)
        for rows in SIDES.values()
        for old, new in zip(
            side(before, rows, fewest).ends.values(), side(after, rows, fewest).ends.values(), strict=True
        )
        if old != new
    ]
    assert len(changed) == (1 if (numbers[more] + 1) % fewest == 0 else 0)
    assert all(new.least == old.least + fewest for old, new in changed)
