"""What people were told, held against what they had to be told."""

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LABEL = "This may repeat an earlier message."
_TICK = 0.002  # seconds; Teams dates its messages by the millisecond


@dataclass(frozen=True, slots=True)
class Expected:
    """Something that somebody had to be told, once and not before its time. `place`: in whose conversation."""

    nudge: str
    place: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """A message as it stands in a conversation. `at`: seconds since 1970, by the real clock."""

    place: str
    words: str
    at: float
    key: str | None = None
    """The outbox's own id, where the platform keeps it: what the bot says without its outbox has none."""


@dataclass
class Timeline:
    """Where the bots' clocks stood at which real time."""

    moves: list[tuple[float, datetime]] = field(default_factory=list)

    def reached(self, moment: datetime) -> float:
        """The first real time at which a bot's clock can have shown this moment."""
        for number, (real, clock) in enumerate(self.moves):
            if clock >= moment:
                return real
            until = self.moves[number + 1][0] if number + 1 < len(self.moves) else float("inf")
            if (at := real + (moment - clock) / timedelta(seconds=1)) < until:
                return at
        return float("inf")

    def clock_at(self, real: float) -> datetime:
        """What the bots' clocks showed then."""
        moved, clock = next(move for move in reversed(self.moves) if move[0] <= real)
        return clock + timedelta(seconds=real - moved)


@dataclass
class Verdict:
    """How one platform did. Only `repeats` that say so are allowed, and only where nobody can look."""

    platform: str
    expected: int = 0
    told: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    repeats: int = 0
    dead: int = 0
    """Not delivered, but standing where people look."""

    @property
    def holds(self) -> bool:
        return bool(self.expected) and not (self.lost or self.twice or self.early or self.wrong)

    def line(self) -> str:
        twice = "unlabelled repeats" if self.platform == "teams" else "twice"
        lost = "silently lost" if self.platform == "teams" else "lost"
        seen = f" ({self.repeats} repeats that say so, {self.dead} undelivered but on show)"
        more = seen if self.repeats or self.dead else ""
        return (
            f"{self.platform.title()}: {self.told} of {self.expected} told, {len(self.lost)} {lost}, "
            f"{len(self.twice)} {twice}, {len(self.early)} early, {len(self.wrong)} to the wrong person{more}"
        )


def check(
    platform: str,
    expected: Iterable[Expected],
    told: Iterable[tuple[Told, Iterable[str]]],
    timeline: Timeline,
    on_show: Set[str],
) -> Verdict:
    """Compare. `told`: each message with the nudges that it is. `on_show`: those given up where people see it."""
    verdict = Verdict(platform)
    copies: defaultdict[str, list[Told]] = defaultdict(list)
    for message, nudges in told:
        for nudge in nudges:
            copies[nudge].append(message)
    for one in expected:
        verdict.expected += 1
        found = copies.pop(one.nudge, [])
        theirs = [message for message in found if message.place == one.place]
        verdict.wrong += [one.nudge] * (len(found) - len(theirs))
        _compare(verdict, one, theirs, timeline, on_show)
    verdict.wrong += copies  # nobody had to be told these
    return verdict


def _compare(verdict: Verdict, one: Expected, copies: list[Told], timeline: Timeline, on_show: Set[str]) -> None:
    if not copies:
        verdict.dead += one.nudge in on_show
        if one.nudge not in on_show:
            verdict.lost.append(one.nudge)
        return
    verdict.told += 1
    unlabelled = sum(LABEL not in m.words for m in copies)
    if (unlabelled if verdict.platform == "teams" else len(copies)) > 1:
        verdict.twice.append(one.nudge)
    elif len(copies) > 1:
        verdict.repeats += 1
    if min(m.at for m in copies) < timeline.reached(one.due) - _TICK:
        verdict.early.append(one.nudge)
