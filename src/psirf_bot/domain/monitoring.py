"""How the use of the being fair tool falls on protected groups, without giving anybody away (F05, L02).

Few people are ever counted, so no number is shown exactly: each stands as the step that it is on, such as "fewer than
5" or "5 to 9". No total is shown, nor how many people are in no group that is known, and groups are never crossed. So
the numbers in a view are tied together by one thing only: there are at least as many runs at the ends as people in a
group. `_too_telling` leaves out the one case in which that would tell a number exactly, so that every number that is
shown may be two different ones at least, whatever the others in the same view say.

The limit of this: who looks twice, and knows that one run ended in between, learns of a number that went up a step in
which group that run is. The same holds for the last 12 months beside all time, and for whoever knows from elsewhere
how many runs there were. Overseers, who may read the runs, know that anyhow.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

NOT_KNOWN = "not-known"
NOT_KNOWN_WORDS = "Not known or not said"


@dataclass(frozen=True, slots=True)
class Group:
    """One way in which people are grouped: the question, its answers by value, and where it comes from."""

    title: str
    values: Mapping[str, str]
    source: str


_YES_NO = {"yes": "Yes", "no": "No"}
_EQUALITY_ACT = "Equality Act 2010, section 4"

GROUPS: Mapping[str, Group] = {
    "ethnic-background": Group(
        "Ethnic background",
        {
            "asian": "Asian or Asian British",
            "black": "Black, Black British, Caribbean or African",
            "mixed": "Mixed or multiple ethnic groups",
            "white": "White",
            "other": "Another ethnic group",
        },
        f"{_EQUALITY_ACT}: race; the five broad groups of the census of England and Wales 2021",
    ),
    "sex": Group("Sex", {"female": "Female", "male": "Male"}, f"{_EQUALITY_ACT}: sex"),
    "disability": Group("Disability", _YES_NO, f"{_EQUALITY_ACT}: disability"),
    "age": Group(
        "Age",
        {"under-25": "Under 25", "25-39": "25 to 39", "40-54": "40 to 54", "55-over": "55 and over"},
        f"{_EQUALITY_ACT}: age; the bands are ours",
    ),
    "trained-abroad": Group(
        "Trained outside the UK", _YES_NO, "Being fair tool, question 1c: differences in training internationally"
    ),
}
"""Each is asked once, beside NOT_KNOWN; what is asked for is what the person has told the trust."""

SINGLED_OUT: Mapping[str, tuple[str, ...]] = {
    "Guidance for appropriate action": ("appropriate-action",),
    "Appropriate management": ("management",),
}
"""The ends that may mean action directed at the individual; their inequality is what is watched (F05)."""
OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "The learning response continues": ("continue-after-1a", "continue-after-1", "continue-after-2"),
    "The tool was not used: another process": ("another-process", "no-systems-response", "not-jointly"),
    "Health issues affecting work": ("health",),
    "Mitigating circumstances": ("mitigation",),
    "Way out: police or safeguarding": ("police", "safeguarding"),
}


class Step(NamedTuple):
    """What is shown of a number: the `fewest` whole numbers, from `least` on, that it may be."""

    least: int
    fewest: int

    @property
    def most(self) -> int:
        return self.least + self.fewest - 1

    def __str__(self) -> str:
        return f"{self.least} to {self.most}" if self.least else f"fewer than {self.fewest}"


@dataclass(frozen=True, slots=True)
class Ended:
    """One run that has ended: where, and to which groups the person belongs, where that is known."""

    end: str
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sides, those singled out or all others: by end, and by group and value; None is not shown."""

    ends: Mapping[str, Step]
    groups: Mapping[str, Mapping[str, Step] | None]


def step(number: int, fewest: int) -> Step:
    """The step that a number is on."""
    return Step(number - number % fewest, fewest)


def side(runs: Iterable[Ended], rows: Mapping[str, tuple[str, ...]], fewest: int) -> Side:
    """What may be shown of the runs that came to the ends in these rows."""
    every = tuple(end for ends in rows.values() for end in ends)
    these = [run for run in runs if run.end in every]
    ends = {row: step(sum(run.end in of_row for run in these), fewest) for row, of_row in rows.items()}
    groups: dict[str, Mapping[str, Step] | None] = {}
    for key, group in GROUPS.items():
        of_group = {value: step(sum(run.groups.get(key) == value for run in these), fewest) for value in group.values}
        groups[key] = None if _too_telling(ends.values(), of_group.values(), fewest) else of_group
    return Side(ends, groups)


def _too_telling(ends: Iterable[Step], people: Iterable[Step], fewest: int) -> bool:
    """Whether so many people are sure to be in the groups that the ends can hardly be fewer than they may be.

    Were it left out only where they cannot be fewer at all, that it is left out would say so: so one step before, too.
    """
    most, sure = sum(each.most for each in ends), sum(each.least for each in people)
    return most % fewest == 0 and sure >= most - fewest
