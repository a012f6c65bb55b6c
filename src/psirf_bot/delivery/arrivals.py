"""What has arrived: noted for many messages at once, each only by whoever holds it."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import bindparam, null
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select, update

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
        connection.execute(_SENT, [{"which": row.id, "posted": message} for row, message in ours])
    if hanging := [
        {
            "subject": row.subject,
            "lane": row.lane,
            "platform": row.platform,
            "address": row.address,
            "message": message,
        }
        for row, message in ours
        if row.subject
    ]:
        connection.execute(_HANGS[connection.dialect.name], hanging)
    return [row.about for row, _ in ours if row.about]


def _hangs(dialect: Any) -> Any:
    """Where a living card hangs, whether it hung there before or not."""
    there = dialect.insert(Posted)
    return there.on_conflict_do_update(index_elements=["subject", "lane"], set_={"message": there.excluded.message})


_IDS: Any = bindparam("ids", expanding=True)
_SENDING = (
    select(Outbox.id, Outbox.token, Outbox.subject, Outbox.lane, Outbox.platform, Outbox.address, Outbox.about)  # type: ignore[call-overload]
    .where(col(Outbox.id).in_(_IDS), Outbox.state == "sending")
    .with_for_update()
)
# Its words have been delivered; they stay where the case keeps them.
_SENT = (
    update(Outbox)
    .where(col(Outbox.id) == bindparam("which"))
    .values(state="sent", message=bindparam("posted"), error=None, card=null())
)
_HANGS = {"sqlite": _hangs(sqlite), "postgresql": _hangs(postgresql)}
