"""What has arrived: noted for many messages at once, each only by whoever holds it."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import bindparam, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from psirf_bot.store.direct import Prepared, literal, table_of
from psirf_bot.store.tables import Outbox, Posted


class Arrival(NamedTuple):
    """A message of the outbox, the token under which it was sent, and the platform's id of what was posted."""

    id: int
    token: int
    message: str


def note_arrivals(session: Session, arrivals: Collection[Arrival]) -> list[str]:
    """Note those that are still held under their token, and where living cards hang now; what they were about."""
    connection = session.connection()
    found = connection.execute(_SENDING, {"ids": [arrival.id for arrival in arrivals]}).all()
    message_of = {(arrival.id, arrival.token): arrival.message for arrival in arrivals}
    ours = [(row, message_of[row.id, row.token]) for row in found if (row.id, row.token) in message_of]
    if ours:
        _SENT.each(session, [{"which": row.id, "posted": message} for row, message in ours])
    if hanging := [row._asdict() | {"message": message} for row, message in ours if row.subject]:
        _HANGS[connection.dialect.name].each(session, hanging)
    return [row.about for row, _ in ours if row.about]


def _hangs(dialect: Any) -> Prepared:
    """Where a living card hangs, whether it hung there before or not."""
    there = dialect.insert(_posted).values({column.name: bindparam(column.name) for column in _posted.columns})
    changed = {"message": there.excluded.message}
    return Prepared(there.on_conflict_do_update(index_elements=["subject", "lane"], set_=changed))


_outbox, _posted = table_of(Outbox), table_of(Posted)
_IDS: Any = bindparam("ids", expanding=True)
_SENDING = (
    select(*(_outbox.c[name] for name in ("id", "token", "subject", "lane", "platform", "address", "about")))
    .where(_outbox.c.id.in_(_IDS), _outbox.c.state == "sending")
    .with_for_update()
)
# Its words have been delivered; they stay where the case keeps them.
_SENT = Prepared(
    update(_outbox)
    .where(_outbox.c.id == bindparam("which"))
    .values(state=literal("sent"), message=bindparam("posted"), error=null(), card=null())
)
_HANGS = {"sqlite": _hangs(sqlite), "postgresql": _hangs(postgresql)}
