"""Scenes that many tests begin with: played once, and then set up again in a moment, just as they were left.

`@scene` stands above a stage direction. A stage to which nothing has happened but scenes remembers which they were.
When another has come the same way, what was left then is copied to it: the database, what was posted, the time, and how
far the ids have come. After anything else, and on another trust or database, a scene is simply played.
So whatever a test patches, it patches after its scenes.
"""

import functools
import json
import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlmodel import Session

from psirf_bot.cards.model import Card
from stage import Stage, rows_changed

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Left:
    """How a scene has left the stage, and what it gave to whoever played it."""

    database: sqlite3.Connection
    posts: dict[str, tuple[Card, ...]]
    edits: tuple[tuple[str, Card], ...]
    known_actions: frozenset[str]
    now: datetime
    ids_given: int
    turns_taken: int
    gave: Any


_left: dict[tuple[str, ...], Left] = {}


def scene(
    play: Callable[Concatenate[Stage, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Stage, P], Coroutine[Any, Any, T]]:
    """Only for what gives nothing, or something that tests may share. Given more than plain values, it is played."""

    @functools.wraps(play)
    async def played(stage: Stage, /, *args: P.args, **facts: P.kwargs) -> T:
        before = stage.way_here()
        try:
            this = f"{play.__module__}.{play.__name__} {json.dumps([args, facts])}"
        except TypeError:  # a function, or a row
            before = None
        if before is None or await stage.store.run(rows_changed) != stage.rows_then:
            stage.came_by = None
            return await play(stage, *args, **facts)
        way = (*before, this)
        if left := _left.get(way):
            await _set_up(stage, left)
            gave: T = left.gave
        else:
            whole = not stage.in_scene
            stage.in_scene = True
            gave = await play(stage, *args, **facts)
            if whole:  # what is played within another is not kept by itself
                stage.in_scene = False
                await stage.settled()
                _left[way] = await _as_left(stage, gave)
        stage.came_by, stage.rows_then = way, await stage.store.run(rows_changed)
        return gave

    return played


async def _as_left(stage: Stage, gave: object) -> Left:
    database = sqlite3.connect(":memory:", check_same_thread=False)
    await _copy(stage, lambda here: here.backup(database))
    return Left(
        database=database,
        posts={room: tuple(cards) for room, cards in stage.out.posts.items()},
        edits=tuple(stage.out.edits),
        known_actions=frozenset(stage.setting.known_actions),
        now=stage.now,
        ids_given=stage.ids_given,
        turns_taken=stage.turns_taken,
        gave=gave,
    )


async def _set_up(stage: Stage, left: Left) -> None:
    await _copy(stage, left.database.backup)
    stage.out.posts = {room: list(cards) for room, cards in left.posts.items()}
    stage.out.edits = list(left.edits)
    stage.setting.known_actions.update(left.known_actions)
    stage.now, stage.ids_given, stage.turns_taken = left.now, left.ids_given, left.turns_taken


async def _copy(stage: Stage, copy: Callable[[sqlite3.Connection], None]) -> None:
    """Between two transactions of the only thread that writes: a database that is being written cannot be copied."""

    def between(session: Session) -> None:
        here = session.connection().connection.dbapi_connection
        assert isinstance(here, sqlite3.Connection)
        here.execute("COMMIT")
        copy(here)
        here.execute("BEGIN IMMEDIATE")

    await stage.store.run(between)
