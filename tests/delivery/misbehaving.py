"""A platform that refuses, loses and hangs as it is told, and writes down what arrived."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from psirf_bot.cards.model import Card
from psirf_bot.delivery.platform import Uncertain


class Lost(Exception):
    """Taken by the platform, but its answer never arrives."""


@dataclass
class Post:
    key: str
    card: Card


@dataclass
class Platform:
    """A platform that does what the next item of `ahead[room]` says, and takes everything when there is none."""

    rooms: dict[str, list[Post]] = field(default_factory=dict)
    edits: list[str] = field(default_factory=list)
    ahead: dict[str, list[Exception | asyncio.Event]] = field(default_factory=dict)
    history: Exception | None = None
    can_read_back: bool = True
    looked_for: list[str] = field(default_factory=list)
    most_at_once: dict[str, int] = field(default_factory=dict)
    _at_once: dict[str, int] = field(default_factory=dict)

    async def send(self, to: Mapping[str, str], card: Card, key: str) -> str:
        room = room_of(to)
        async with self._one_call(room) as lost:
            posts = self.rooms.setdefault(room, [])
            posts.append(Post(key, card))
            if lost:
                raise Uncertain("timed_out")
            return f"{room}/{len(posts) - 1}"

    async def update(self, to: Mapping[str, str], message: str, card: Card) -> None:
        async with self._one_call(room_of(to)) as lost:
            room, _, number = message.rpartition("/")
            self.rooms[room][int(number)].card = card
            self.edits.append(message)
            if lost:
                raise Uncertain("timed_out")

    async def find(self, to: Mapping[str, str], key: str, since: datetime) -> str | None:
        self.looked_for.append(key)
        if self.history:
            raise self.history
        found = [n for n, p in enumerate(self.rooms.get(room_of(to), [])) if p.key == key]
        return f"{room_of(to)}/{found[0]}" if found else None

    @asynccontextmanager
    async def _one_call(self, room: str) -> AsyncIterator[bool]:
        self._at_once[room] = self._at_once.get(room, 0) + 1
        self.most_at_once[room] = max(self.most_at_once.get(room, 0), self._at_once[room])
        try:
            fate = self.ahead[room].pop(0) if self.ahead.get(room) else None
            if isinstance(fate, asyncio.Event):
                await fate.wait()
            elif fate and not isinstance(fate, Lost):
                raise fate
            yield isinstance(fate, Lost)
        finally:
            self._at_once[room] -= 1

    def titles(self, room: str) -> list[str]:
        return [p.card.title for p in self.rooms.get(room, [])]


def room_of(to: Mapping[str, str]) -> str:
    return to.get("user") or to["channel"]
