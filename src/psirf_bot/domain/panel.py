"""The panel that decides the response: who has a seat, the votes and their tally, and what a trust may set of it.

A group of the quality team, service representatives and subject experts considers each event (policy §12.3, I11).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from psirf_bot.domain.people import Role
from psirf_bot.domain.setting_types import Frozen, wrong

Choice = Literal["psii", "mdt", "swarm", "aar", "improvement", "other-process", "none"]
WITHOUT_RESPONSE: Mapping[Choice, str] = {
    "improvement": "Thematic or existing improvement work",
    "other-process": "Another process",
    "none": "No further response",
}
"""What a panel can decide besides the four learning responses (policy §2.1, §12.2)."""


class Seat(StrEnum):
    """Why somebody has a vote; the quorum counts the first three (I11)."""

    QUALITY = "quality"
    SERVICE = "service"
    EXPERT = "expert"
    MEMBER = "member"

    @property
    def words(self) -> str:
        return SEAT_WORDS[self]


SEAT_WORDS = {
    Seat.QUALITY: "Quality team",
    Seat.SERVICE: "Service representative",
    Seat.EXPERT: "Subject expert",
    Seat.MEMBER: "Panel member",
}

DOCUMENTS = {
    "datix": "Datix report",
    "chronology": "Chronology",
    "accounts": "First-hand accounts",
}
"""What the group looks at wherever possible (policy §12.3, I12)."""


class Quorum(Frozen):
    """How many of each group have to vote (I11)."""

    quality: Annotated[int, Field(ge=0, le=50)] = 1
    service: Annotated[int, Field(ge=0, le=50)] = 1
    expert: Annotated[int, Field(ge=0, le=50)] = 1


def _clock(given: object) -> object:
    """A bare number would be read as seconds after midnight."""
    if isinstance(given, int | float):
        raise wrong("is not a time of day", 'Write one like "17:00".')
    return given


class PanelSettings(Frozen):
    """What a trust may set of its panel. `closes_at`: the time of day at which voting closes, local."""

    quorum: Quorum = Quorum()
    shows_votes: Literal["after voting", "at once"] = "after voting"
    """When the card in the channel shows how many voted for what; never who voted how."""
    closes_at: Annotated[time, BeforeValidator(_clock)] = time(17)


def seat_of(roles: Collection[Role], *, serves: bool) -> Seat | None:
    """The seat somebody has by what they are today; `serves`: they lead the case's service, or sit for it."""
    if Role.QUALITY in roles:
        return Seat.QUALITY
    if serves and {Role.SERVICE_LEAD, Role.PANEL} & set(roles):
        return Seat.SERVICE
    if Role.EXPERT in roles:
        return Seat.EXPERT
    return Seat.MEMBER if {Role.PANEL, Role.CHAIR} & set(roles) else None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many voted for what, the most first; `leading` has more than one where it is a tie."""

    counts: tuple[tuple[str, int], ...]

    @property
    def leading(self) -> tuple[str, ...]:
        return tuple(choice for choice, count in self.counts if count == self.counts[0][1])

    @property
    def is_tied(self) -> bool:
        return len(self.leading) > 1

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)


def tally(choices: Iterable[str]) -> Tally:
    """Count the votes. A tie is shown and never resolved: the group decides."""
    order = ("psii", "mdt", "swarm", "aar", *WITHOUT_RESPONSE)
    counted = Counter(choices)
    return Tally(tuple(sorted(counted.items(), key=lambda item: (-item[1], order.index(item[0])))))


def missing(quorum: Quorum, voted: Iterable[Seat]) -> dict[Seat, int]:
    """How many votes of which group the quorum still wants."""
    have = Counter(voted)
    wanted = {Seat.QUALITY: quorum.quality, Seat.SERVICE: quorum.service, Seat.EXPERT: quorum.expert}
    return {seat: wanted - have[seat] for seat, wanted in wanted.items() if have[seat] < wanted}
