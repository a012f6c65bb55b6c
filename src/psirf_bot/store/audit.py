"""Who did what when: a chain per case, sealed into one global head, so that an edit or a gap shows.

An entry holds ids, an action and a digest of what was written; never a person's words.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, func, select

from psirf_bot.store.direct import Prepared, inserting, table_of
from psirf_bot.store.tables import AuditEntry

LOCK = 0x70736972666175  # any number that nothing else in the database locks
ONE_BY_ONE = timedelta(hours=1)
"""Longer than it takes to start several processes again, one after another."""


@dataclass(frozen=True, slots=True, repr=False)
class AuditKey:
    """A key of the chain. Each entry names its key by `id`, so that keys can rotate."""

    id: str
    secret: bytes

    @classmethod
    def of(cls, secret: str) -> "AuditKey":
        return cls(hashlib.sha256(b"psirf-audit-key:" + secret.encode()).hexdigest()[:12], secret.encode())

    def seal(self, *parts: str) -> str:
        # `str`: whoever edits the file of SQLite can put anything anywhere.
        sealing = _begun(self.secret).copy()
        sealing.update("\x1f".join(map(str, parts)).encode())
        return sealing.hexdigest()


@lru_cache(maxsize=8)
def _begun(secret: bytes) -> hmac.HMAC:
    """What each seal with this key begins with. `hmac.digest` lets another thread in, for a microsecond's work."""
    return hmac.new(secret, digestmod="sha256")


def append(
    session: Session,
    key: AuditKey,
    *,
    at: datetime,
    actor_id: str,
    what: str,
    case_id: str | None = None,
    content: Mapping[str, object] | None = None,
) -> None:
    """Add an entry. `content` is digested, not kept."""
    _wait_for_turn(session)
    digest = digest_of(content or {})
    entry = AuditEntry(
        case_id=case_id, at=at, actor_id=actor_id, what=what, digest=digest, key_id=key.id, case_seal="", seal=""
    )  # sealed below, before it is added: the table takes no change afterwards
    session.flush()
    entry.case_seal = key.seal(_case_head(session, case_id), *_facts(entry)) if case_id else ""
    entry.seal = key.seal(head(session), entry.case_seal, *_facts(entry))
    _ADD.change(session, **entry.model_dump(exclude={"id"}))


def digest_of(content: Mapping[str, object]) -> str:
    """What stands in an entry for its content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


A_PART = 1000
"""So many entries are read at a time: a chain grows as long as the bot is there."""
SHORT = 24
"""Characters of a head that people keep: 96 bits, and no wider than a phone."""


def _wait_for_turn(session: Session) -> None:
    """No two entries may follow the same one. SQLite has one writer; elsewhere a lock holds until the commit."""
    if session.connection().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def head(session: Session) -> str:
    """The seal of the newest entry: whoever keeps a copy elsewhere can tell when the tail is cut."""
    newest = _NEWEST.first(session)
    return newest.seal if newest else ""


def length(session: Session) -> int:
    """How many entries there are."""
    return session.exec(select(func.count()).select_from(AuditEntry)).one()


def faults(session: Session, keys: Mapping[str, AuditKey], *, kept: str = "") -> Iterator[str]:
    """Walk the whole chain and yield, in words, every place where it does not hold.

    `kept` is a head of earlier, or its first SHORT characters, kept elsewhere: only it can show that the tail was cut.
    A key seals nothing any more once another has: whoever got hold of an old one could add to the end with it.
    """
    before, cases, met = "", dict[str, str](), not kept
    changes = _KeyChanges()
    for entry in _entries(session):
        if isinstance(entry, int):
            yield f"entry {entry}: cannot be read, so it was changed"
            continue
        wrong = list(_wrong(entry, keys.get(entry.key_id), before, cases))
        yield from changes.met(entry, holds=not wrong)
        yield from wrong
        before = entry.seal
        met = met or str(entry.seal).startswith(kept)
        if entry.case_id:
            cases[entry.case_id] = entry.case_seal
    yield from changes.left()
    if not met:
        yield "the head that was kept is not in the chain: its end was cut off or replaced"


def _wrong(entry: Any, key: AuditKey | None, before: str, cases: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the seals of an entry, after that of the one before it and those of each case."""
    if key is None:
        yield f"entry {entry.id}: sealed with a key that is not configured ({entry.key_id})"
        return
    if entry.case_id and entry.case_seal != key.seal(cases.get(entry.case_id, ""), *_facts(entry)):
        yield f"entry {entry.id}: does not follow on from the entry before it in its case"
    if entry.seal != key.seal(before, entry.case_seal, *_facts(entry)):
        yield f"entry {entry.id}: changed, or an entry before it was changed, added or removed"


class _KeyChanges:
    """Entries sealed with a key that had been replaced: each is a fault, with an innocent reason where there is one.

    Their own times prove nothing, for whoever has the old key can write any. When they came into the chain shows in the
    entries around them that the newer key has sealed: nobody can put one in before those.
    """

    def __init__(self) -> None:
        self._in_use, self._replaced = "", set[str]()
        self._since: datetime | None = None
        self._waiting: list[tuple[str, bool]] = []

    def met(self, entry: Any, *, holds: bool) -> Iterator[str]:
        """Take the next entry. A fault is yielded once the entries after it show when it was made."""
        if entry.key_id in self._replaced:
            what = f"entry {entry.id}: sealed with a key that had been replaced before ({entry.key_id})"
            self._waiting.append((what, holds))
        elif entry.key_id != self._in_use:
            yield from self.left()
            self._replaced.add(self._in_use)
            self._in_use, self._since = entry.key_id, entry.at if holds else None
        elif self._waiting:
            yield from self.left(self._within(entry.at) if holds else "")

    def left(self, why: str = "") -> Iterator[str]:
        """Every fault that waits, with `why` it may be innocent where its seals hold."""
        waiting, self._waiting = self._waiting, []
        for what, holds in waiting:
            yield what + why if holds else what

    def _within(self, until: datetime) -> str:
        if self._since is None or not timedelta() <= until - self._since <= ONE_BY_ONE:
            return ""
        minutes = (until - self._since) // timedelta(minutes=1) + 1
        return (
            f", less than {minutes} min after the change of the key. If a process with the old key still ran then, as "
            "when several are started again one by one, this is why; if none did, somebody else has that key"
        )


def _entries(session: Session) -> Iterator[Any]:
    """The chain in its order, as rows, some at a time; of an entry that cannot be read, the id alone."""
    following, after = sa.select(_chain.c.id).order_by(_chain.c.id).limit(A_PART), sa.true()
    while ids := session.execute(following.where(after)).scalars().all():
        yield from _read(session, ids)
        after = _chain.c.id > ids[-1]


def _read(session: Session, ids: Sequence[int]) -> Sequence[Any]:
    these = sa.select(_chain).where(_chain.c.id.between(ids[0], ids[-1])).order_by(_chain.c.id)
    try:
        return session.execute(these).all()
    except (ValueError, TypeError):  # a time that is none: then each is read by itself
        return list(ids) if len(ids) == 1 else [entry for one in ids for entry in _read(session, [one])]


def _case_head(session: Session, case_id: str) -> str:
    newest = _NEWEST_OF_CASE.first(session, case=case_id)
    return newest.case_seal if newest else ""


def _facts(entry: Any) -> tuple[str, ...]:
    at = entry.at.astimezone(UTC).isoformat()
    return (entry.case_id or "", at, entry.actor_id, entry.what, entry.digest, entry.key_id)


# With nearly every turn that does anything, so past the ORM.
_chain = table_of(AuditEntry)
_LAST = sa.select(sa.func.max(_chain.c.id))
_NEWEST = Prepared(sa.select(_chain.c.seal).where(_chain.c.id == _LAST.scalar_subquery()))
_LAST_OF_CASE = _LAST.where(_chain.c.case_id == sa.bindparam("case"))
_NEWEST_OF_CASE = Prepared(sa.select(_chain.c.case_seal).where(_chain.c.id == _LAST_OF_CASE.scalar_subquery()))
_ADD = Prepared(inserting(AuditEntry, *(column.name for column in _chain.columns if column.name != "id")))
