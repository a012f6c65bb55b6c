"""Which messages go next: asked so that no more of a long queue is looked at than has to be."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, select, text
from sqlmodel import Session

from psirf_bot.casework.addresses import URGENT
from psirf_bot.store.direct import Prepared, table_of
from psirf_bot.store.tables import Outbox

WAITING = ("due", "uncertain")
SPARE = 8
"""More are looked for than are wanted: somebody else may just be holding some."""
JUST_NOW = timedelta(seconds=5)
"""For so long somebody who has typed or pressed something sits and waits for the answer."""


class Waiting(NamedTuple):
    """A message of the outbox as it was found."""

    id: int
    token: int
    key: str
    platform: str
    lane: str
    address: Mapping[str, str]
    subject: str | None
    card: Mapping[str, Any] | None
    message: str | None
    about: str | None
    may_repeat: bool
    state: str
    attempts: int
    first_tried_at: datetime | None
    created_at: datetime


def next_in_line(session: Session, *, now: datetime, real: datetime, most: int) -> list[Waiting]:
    """At most `most` messages that are due by `now` and have to wait for no other; urgent ones first. Locks them.

    `real`: the time until which platforms ask to wait, and at which what may have arrived has settled.
    """
    session.flush()
    connection = session.connection()
    first = _FIRST.all(session, now=now, just_now=now - JUST_NOW, real=real, most=most + SPARE)
    ids = [which for _, which in sorted((rank, which) for rank, which in first)]
    for begin in range(0, len(ids), most):
        some = ids[begin : begin + most]
        if rows := connection.execute(_THESE, {"ids": some}).all():
            found = {row.id: Waiting(*row) for row in rows}
            return [found[which] for which in some if which in found]
    return []


def _some(rank: int, which: str, among: str = "outbox") -> str:
    """The SELECT of those that have been due for longest. It sorts by that alone: then the index has them in order.

    A message waits where another of its conversation is on its way, or has to go first.
    """
    return f"""
        SELECT {rank} AS rank, id FROM (
            SELECT id FROM {among}
            WHERE {which} AND due_at <= :now
            AND NOT EXISTS (
                SELECT 1 FROM outbox AS other
                WHERE other.lane = outbox.lane AND other.id <> outbox.id
                AND other.state IN ('due', 'sending', 'uncertain')
                AND (
                    other.state = 'sending'
                    OR other.id < outbox.id AND other.state = 'due'
                        AND (other.first_tried_at IS NOT NULL OR other.due_at <= :now)
                    OR other.id < outbox.id AND other.state = 'uncertain' AND other.subject = outbox.subject
                )
            )
            ORDER BY due_at LIMIT :most
        ) AS some_of_them"""  # noqa: S608 - made of constants alone


_MAY_GO = "platform NOT IN (SELECT platform FROM platformhold WHERE until > :real)"
_HELD = "platformhold AS hold CROSS JOIN outbox"  # in this order, so that nothing is looked at while there is none
_ANSWERS = """hold.until > :real AND hold.platform = outbox.platform AND due_at > :just_now AND created_at > :just_now
    AND first_tried_at IS NULL AND person_id IS NOT NULL AND subject IS NULL"""
"""What somebody may be waiting for now is tried once though its platform has asked to wait. It counts each method and
each conversation by itself, so that what one message met says little of another."""
_URGENT = f"lane LIKE '%{URGENT.replace(':', chr(92) + ':')}'"  # a colon begins a parameter
_SETTLED = "(settled_at IS NULL OR settled_at <= :real)"
_outbox = table_of(Outbox)
_TIME = _outbox.c.due_at.type
_FIRST = Prepared(
    text(
        " UNION ALL ".join(
            (
                # Danger waits for no platform. Each message still waits for as long as it was itself asked to.
                _some(0, f"state = 'due' AND {_URGENT}"),
                _some(0, f"state = 'uncertain' AND {_SETTLED} AND {_URGENT}"),
                _some(1, f"state = 'due' AND NOT {_URGENT} AND {_ANSWERS}", _HELD),
                _some(1, f"state = 'due' AND NOT {_URGENT} AND {_MAY_GO}"),
                _some(1, f"state = 'uncertain' AND {_SETTLED} AND NOT {_URGENT} AND {_MAY_GO}"),
            )
        )
    )
    .bindparams(*(bindparam(moment, type_=_TIME) for moment in ("now", "just_now", "real")))
    .columns(rank=Integer, id=Integer)
)
_IDS: Any = bindparam("ids", expanding=True)
_THESE = (
    select(*(_outbox.c[name] for name in Waiting._fields))
    .where(_outbox.c.id.in_(_IDS), _outbox.c.state.in_(WAITING))
    .with_for_update(skip_locked=True)
)
