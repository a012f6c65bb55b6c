# ruff: noqa: S608 - the SQL is our own
"""The audit chain: it holds after whatever has happened, and whatever is done to it afterwards is found."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, select

from psirf_bot.store import audit
from psirf_bot.store.audit import AuditKey
from psirf_bot.store.database import open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.store.tables import AuditEntry

OLD, NEW = AuditKey.of("an old secret of the trust"), AuditKey.of("a new secret of the trust")
KEYS = {OLD.id: OLD, NEW.id: NEW}
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
COLUMNS = "case_id, at, actor_id, what, digest, key_id, case_seal, seal"


@pytest.fixture(autouse=True, params=[2, audit.A_PART], ids=["in parts", "at once"])
def read(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "A_PART", request.param)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('audit')}/audit.db")
    migrate(engine)
    with engine.begin() as connection:  # whoever owns the file can do this: the chain has to show it
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        assert found
        for trigger in found:
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose changes are all taken back."""
    with engine.connect() as connection, Session(connection, join_transaction_mode="create_savepoint") as session:
        yield session


def chain(session: Session, cases: str = "ABA-BA") -> None:
    for n, case in enumerate(cases):
        audit.append(
            session,
            OLD if n < 3 else NEW,
            at=NOON + timedelta(minutes=n, microseconds=n),
            actor_id=f"person{n}",
            what="read",
            case_id=None if case == "-" else case,
            content={"n": n},
        )


def faults(session: Session, **kept: str) -> list[str]:
    session.expire_all()
    return list(audit.faults(session, KEYS, **kept))


def change(session: Session, statement: str) -> None:
    assert session.connection().exec_driver_sql(statement).rowcount > 0


moments = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - the time zone comes from the line below
    datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=1)), timezone(timedelta(hours=-9, minutes=-30))]),
)
entries = st.tuples(
    moments,
    st.sampled_from([None, "A", "B", "C"]),
    st.text(max_size=8),
    st.text(max_size=8),
    st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5) | moments, max_size=2),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(entries, max_size=8), st.integers(0, 8))
def test_it_holds_after_any_sequence(
    engine: Engine, happened: list[tuple[datetime, str, str, str, dict[str, object]]], changed: int
) -> None:
    with engine.connect() as connection, Session(connection, join_transaction_mode="create_savepoint") as session:
        heads = [""]
        for number, (at, case, actor, what, content) in enumerate(happened):
            key = OLD if number < changed else NEW
            audit.append(session, key, at=at, actor_id=actor, what=what, case_id=case, content=content)
            heads.append(audit.head(session))
        assert faults(session) == []
        assert len(set(heads)) == len(heads)
        assert all(faults(session, kept=head) == [] for head in heads), "a head kept at any time is still in the chain"


TAMPERINGS: dict[str, str] = {
    "another person": "UPDATE auditentry SET actor_id = 'somebody' WHERE id = 2",
    "another action": "UPDATE auditentry SET what = 'closed' WHERE id = 2",
    "another time": "UPDATE auditentry SET at = '2026-11-20 12:01:00.000000' WHERE id = 2",
    "another content": "UPDATE auditentry SET digest = 'f00' WHERE id = 2",
    "another case": "UPDATE auditentry SET case_id = 'A' WHERE id = 2",
    "no case": "UPDATE auditentry SET case_id = NULL WHERE id = 2",
    "a case where there was none": "UPDATE auditentry SET case_id = 'A' WHERE id = 4",
    "another key": f"UPDATE auditentry SET key_id = '{NEW.id}' WHERE id = 2",
    "a key that nobody has": "UPDATE auditentry SET key_id = 'unknown' WHERE id = 2",
    "a seal": "UPDATE auditentry SET seal = 'f00' WHERE id = 2",
    "the last seal": "UPDATE auditentry SET seal = 'f00' WHERE id = 6",
    "words as bytes": "UPDATE auditentry SET what = x'ff' WHERE id = 2",
    "a seal as bytes": "UPDATE auditentry SET seal = x'ff' WHERE id = 2",
    "a time that is none": "UPDATE auditentry SET at = 'some day' WHERE id = 2",
    "the seal of the case": "UPDATE auditentry SET case_seal = '' WHERE id = 2",
    "the first one gone": "DELETE FROM auditentry WHERE id = 1",
    "one gone": "DELETE FROM auditentry WHERE id = 3",
    "two gone": "DELETE FROM auditentry WHERE id IN (3, 4)",
    "one moved to the end": "UPDATE auditentry SET id = 7 WHERE id = 3",
    "one moved to the beginning": "UPDATE auditentry SET id = 0 WHERE id = 3",
    "one repeated": f"INSERT INTO auditentry ({COLUMNS}) SELECT {COLUMNS} FROM auditentry WHERE id = 6",
    "one put in before all": f"INSERT INTO auditentry (id, {COLUMNS}) SELECT 0, {COLUMNS} FROM auditentry WHERE id = 1",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_is_found(session: Session, tampering: str) -> None:
    chain(session)
    assert faults(session) == []
    change(session, tampering)
    assert faults(session) != []


def test_one_that_cannot_be_read_is_named_and_does_not_hide_the_others(session: Session) -> None:
    chain(session)
    change(session, "UPDATE auditentry SET at = 'some day' WHERE id = 2")
    change(session, "UPDATE auditentry SET what = 'closed' WHERE id = 5")
    found = faults(session)
    assert found[0] == "entry 2: cannot be read, so it was changed"
    assert "entry 5: changed, or an entry before it was changed, added or removed" in found


def test_two_that_change_places_are_found(session: Session) -> None:
    chain(session)
    change(session, "UPDATE auditentry SET id = 99 WHERE id = 3")
    change(session, "UPDATE auditentry SET id = 3 WHERE id = 4")
    change(session, "UPDATE auditentry SET id = 4 WHERE id = 99")
    assert faults(session) != []


@pytest.mark.parametrize("left", [5, 1, 0])
def test_a_tail_that_is_cut_is_found_by_a_head_kept_elsewhere(session: Session, left: int) -> None:
    chain(session)
    kept = audit.head(session)
    change(session, f"DELETE FROM auditentry WHERE id > {left}")
    assert faults(session) == [], "what is left hangs together"
    assert faults(session, kept=kept) == ["the head that was kept is not in the chain: its end was cut off or replaced"]


def test_a_tail_that_is_cut_and_grown_again_is_found(session: Session) -> None:
    chain(session)
    kept = audit.head(session)
    change(session, "DELETE FROM auditentry WHERE id > 3")
    session.expunge_all()
    chain(session)
    assert faults(session) == []
    assert faults(session, kept=kept) != []


def test_an_entry_forged_without_a_key_is_found(session: Session) -> None:
    chain(session)
    forger = AuditKey(NEW.id, b"a guess")
    audit.append(session, forger, at=NOON, actor_id="x", what="closed", case_id="A")
    assert len(faults(session)) == 2  # in its case, and in the whole


def test_an_entry_added_with_a_key_that_was_replaced_is_found(session: Session) -> None:
    """Whoever got hold of the old key, which is why there is a new one."""
    chain(session)
    kept = audit.head(session)
    audit.append(session, OLD, at=NOON + timedelta(hours=1), actor_id="x", what="closed", case_id="A")
    found = f"entry 7: sealed with a key that had been replaced before ({OLD.id})"
    assert faults(session, kept=kept) == [found]
    audit.append(session, NEW, at=NOON + timedelta(hours=2), actor_id="y", what="read", case_id="A")
    assert faults(session, kept=kept) == [found], "what follows is no fault"


def one_by_one(session: Session, *, until: timedelta, says: timedelta = timedelta(minutes=1)) -> None:
    """One process has gone on to the new key, another has not yet; `until` the next entry of the first."""
    audit.append(session, OLD, at=NOON, actor_id="a", what="read", case_id="A")
    audit.append(session, NEW, at=NOON, actor_id="b", what="read", case_id="A")
    audit.append(session, OLD, at=NOON + says, actor_id="a", what="closed", case_id="A")
    audit.append(session, NEW, at=NOON + until, actor_id="b", what="read", case_id="A")


REPLACED = f"entry 3: sealed with a key that had been replaced before ({OLD.id})"


def test_beside_an_entry_of_a_process_that_was_started_again_later_stands_that_this_may_be_why(
    session: Session,
) -> None:
    one_by_one(session, until=timedelta(minutes=2, seconds=10))
    audit.append(session, OLD, at=NOON + timedelta(minutes=3), actor_id="x", what="read")
    audit.append(session, OLD, at=NOON + timedelta(minutes=3), actor_id="x", what="read")
    first, *at_the_end = faults(session)
    assert first.startswith(f"{REPLACED}, less than 3 min after the change of the key. If a process with the old key")
    assert "if none did, somebody else has that key" in first
    assert at_the_end == [REPLACED.replace("3", str(n), 1) for n in (5, 6)], "nothing shows when these were added"


def test_what_an_entry_says_of_its_own_time_explains_nothing(session: Session) -> None:
    """Whoever has the old key can write any time into it."""
    one_by_one(session, until=timedelta(days=9), says=timedelta(minutes=1))
    assert faults(session) == [REPLACED]


@pytest.mark.parametrize(
    ("until", "tampering"),
    [
        (timedelta(days=8), "UPDATE auditentry SET at = '2026-11-20 12:01:00.000000' WHERE id = 4"),
        (timedelta(days=8), "UPDATE auditentry SET at = '2026-11-28 11:55:00.000000' WHERE id = 2"),
        (timedelta(minutes=9), "UPDATE auditentry SET what = 'x' WHERE id = 3"),
        (timedelta(minutes=9), "UPDATE auditentry SET id = 5 WHERE id = 3"),
    ],
)
def test_what_was_tampered_with_explains_nothing(session: Session, until: timedelta, tampering: str) -> None:
    one_by_one(session, until=until)
    change(session, tampering)
    found = faults(session)
    assert len(found) > 1
    assert "this is why" not in str(found)


def test_of_three_keys_each_change_is_looked_at_by_itself(session: Session) -> None:
    third = AuditKey.of("a third secret of the trust")
    one_by_one(session, until=timedelta(minutes=5))
    for n, key in enumerate((OLD, third, NEW, third)):
        audit.append(session, key, at=NOON + timedelta(days=3, minutes=n), actor_id="x", what="read")
    session.expire_all()
    found = list(audit.faults(session, KEYS | {third.id: third}))
    assert [line.partition(":")[0] for line in found] == ["entry 3", "entry 5", "entry 7"]
    assert ["this is why" in line for line in found] == [True, False, True]


def test_a_key_that_is_no_longer_there_is_named(session: Session) -> None:
    chain(session)
    found = list(audit.faults(session, {NEW.id: NEW}))
    assert found == [f"entry {n}: sealed with a key that is not configured ({OLD.id})" for n in (1, 2, 3)]


def test_content_is_digested_not_kept(session: Session) -> None:
    audit.append(session, OLD, at=NOON, actor_id="x", what="added to", case_id="A", content={"text": "canary words"})
    [entry] = session.exec(select(AuditEntry)).all()
    assert "canary" not in repr(entry.model_dump())


@pytest.mark.parametrize("show", [repr, str, lambda key: f"{[key]}"])
def test_a_key_never_shows_its_secret(show: Callable[[AuditKey], str]) -> None:
    assert "secret" not in show(OLD)
    assert "an old" not in show(OLD)


def test_the_head_of_nothing_is_nothing(session: Session, tmp_path: Path) -> None:
    assert audit.head(session) == ""
    assert faults(session, kept="") == []
