"""What goes straight to the driver must be what would have gone there by way of SQLAlchemy, errors included."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, bindparam, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session

from psirf_bot.casework import actions, desk, identities, people
from psirf_bot.store.database import Store, open_engine, taken_back_on
from psirf_bot.store.direct import Prepared, put, say, table_of
from psirf_bot.store.tables import Dialog, Identity, Inbox, Person, StandIn
from ready_made import put_tables

NOW = datetime(2026, 7, 1, 9, 30, 15, 250, tzinfo=UTC)
WHO = {"platform": "slack", "team": "T1", "user": "U1"}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    on_file = request.param == "sqlite"
    made = open_engine(put_tables(tmp_path / "store.db") if on_file else request.getfixturevalue("postgresql"))
    with Session(made) as session:
        session.add(Person(id="p1", name="Amina Yusuf", roles=["staff"], line_manager_id="p2"))
        session.add(Identity(**WHO, person_id="p1", address={"user": "U1"}, seen_at=NOW))
        session.add(StandIn(person_id="p2", deputy_id="p1", starts=date(2026, 6, 30), ends=date(2026, 7, 1)))
        session.add(Dialog(id="d1", person_id="p1", flow="report", answers={}, created_at=NOW, updated_at=NOW))
        session.commit()
    yield made
    made.dispose()


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (identities.KNOWN, WHO),
        (identities.KNOWN, WHO | {"user": "U2"}),
        (people.COVERS, {"today": date(2026, 7, 1)}),
        (people.COVERS, {"today": date(2026, 7, 2)}),
    ],
)
def test_rows_are_those_that_the_session_would_give(
    engine: Engine, statement: Prepared, values: dict[str, object]
) -> None:
    with Session(engine) as session:
        rows = session.connection().execute(statement.statement, values).mappings().all()
        assert [row._asdict() for row in statement.all(session, **values)] == [dict(row) for row in rows]
        first = statement.first(session, **values)
        assert (first._asdict() if first else None) == (dict(rows[0]) if rows else None)


@pytest.mark.parametrize("user", ["U1", "U2"])
@pytest.mark.parametrize("key", ["k", "not there"])
@pytest.mark.parametrize("button", ["a1", ""])
@pytest.mark.parametrize("today", [date(2026, 7, 1), date(2026, 7, 2)])
def test_asked_together_each_finds_what_it_finds_alone(
    engine: Engine, user: str, key: str, button: str, today: date
) -> None:
    action = {"id": "a1", "verb": "case.read", "args": {"n": "1"}, "case_id": None, "person_id": "p1"}
    with Session(engine) as session:
        desk.TAKE.change(session, key="k", reply={"notice": "kept"}, at=NOW)
        actions.WRITE[engine.dialect.name].change(session, **action)
        who = WHO | {"user": user}
        together = desk.OPENING.first(session, **who, key=key, id=button, today=today)
        alone = (
            identities.KNOWN.first(session, **who),
            desk.SEEN.first(session, key=key),
            desk.MEANING.first(session, id=button),
        )
        assert [row and row._asdict() for row in together[:3]] == [row and row._asdict() for row in alone]
        assert (together[3] is not None) == bool(people.COVERS.all(session, today=today))


def test_what_is_written_reads_as_it_was_given(engine: Engine) -> None:
    reply = {"notice": "it’s “kept” \N{BLACK HEART SUIT}", "card": None, "body": [1, 2.5, True]}
    with Session(engine) as session:
        assert desk.TAKE.change(session, key="k", reply=reply, at=NOW) == 1
        session.commit()
    with Session(engine) as session:
        kept = session.get_one(Inbox, "k")
        assert (kept.reply, kept.at) == (reply, NOW)
        assert desk.TAKE_AGAIN.change(session, key="k", reply={}, at=NOW) == 1
        assert desk.TAKE_AGAIN.change(session, key="another", reply={}, at=NOW) == 0
        assert desk.SEEN.first(session, key="k").reply == {}


def test_a_row_that_is_put_is_changed_in_the_object_and_in_the_table(engine: Engine) -> None:
    with Session(engine) as session:
        dialog = session.get_one(Dialog, "d1")
        put(session, dialog, answers={"danger": "no"}, state="done")
        assert (dialog.answers, dialog.state) == ({"danger": "no"}, "done")
        assert not session.dirty
        session.commit()
    with Session(engine) as session:
        dialog = session.get_one(Dialog, "d1")
        assert (dialog.answers, dialog.state, dialog.flow) == ({"danger": "no"}, "done", "report")


def test_nothing_of_it_is_kept_when_the_transaction_is_not(engine: Engine) -> None:
    with Session(engine) as session:
        desk.TAKE.change(session, key="k", reply={}, at=NOW)
        session.rollback()
        say(session, "SAVEPOINT within")
        desk.TAKE.change(session, key="l", reply={}, at=NOW)
        say(session, "ROLLBACK TO SAVEPOINT within")
        session.commit()
    with Session(engine) as session:
        assert desk.SEEN.first(session, key="k") is None
        assert desk.SEEN.first(session, key="l") is None


def test_an_error_is_the_one_that_the_session_would_raise_and_quotes_nothing(engine: Engine) -> None:
    with Session(engine) as session:
        desk.TAKE.change(session, key="k", reply={}, at=NOW)
        with pytest.raises(IntegrityError) as wrong:
            desk.TAKE.change(session, key="k", reply={"notice": "canary"}, at=NOW)
    assert "canary" not in str(wrong.value)
    assert getattr(wrong.value.orig, "sqlstate", "23505") == "23505"


def test_two_who_write_the_same_at_once_are_one_after_the_other(engine: Engine) -> None:
    store = Store(engine)
    try:
        taken = [store.submit(lambda s: desk.SEEN.first(s, key="k") or desk.TAKE.change(s, key="k", reply={}, at=NOW))]
        taken += [store.submit(lambda s: desk.SEEN.first(s, key="k") or desk.TAKE.change(s, key="k", reply={}, at=NOW))]
        assert sorted(isinstance(each.result(10), int) for each in taken) == [False, True]
    finally:
        store.close()


def test_a_connection_that_is_lost_is_not_used_again(postgresql: str) -> None:
    engine = open_engine(postgresql)
    pid = text("SELECT pg_backend_pid()")
    with Session(engine) as session, engine.connect() as other:
        lost = session.connection().execute(pid).scalar_one()
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": lost})
        with pytest.raises(DBAPIError) as wrong, taken_back_on(Exception, session):
            desk.SEEN.first(session, key="k")
        assert wrong.value.connection_invalidated
        session.rollback()
        assert session.connection().execute(pid).scalar_one() != lost
        assert desk.SEEN.first(session, key="k") is None
    engine.dispose()


def test_a_button_that_is_there_already_is_not_written_again(engine: Engine) -> None:
    action = {"id": "a1", "verb": "case.read", "args": {"n": "1"}, "case_id": None, "person_id": "p1"}
    with Session(engine) as session:
        write = actions.WRITE[engine.dialect.name]
        assert write.change(session, **action) == 1
        assert write.change(session, **action | {"verb": "another"}) == 0
        assert desk.MEANING.first(session, id="a1")._asdict() == action


def test_many_are_written_at_once_or_none_of_them(engine: Engine) -> None:
    rows = [{"key": f"k{n}", "reply": {"notice": f"{n}"}, "at": NOW} for n in range(3)]
    with Session(engine) as session:
        desk.TAKE.each(session, rows)
        session.commit()
        with pytest.raises(IntegrityError), taken_back_on(Exception, session):
            desk.TAKE.each(session, [{**rows[0], "key": "k3"}, rows[2]])
        found = [desk.SEEN.first(session, key=f"k{n}") for n in range(4)]
    assert [row.reply if row else None for row in found] == [*(row["reply"] for row in rows), None]


def test_what_stands_in_a_statement_has_to_be_a_literal(engine: Engine) -> None:
    person = table_of(Person)
    lists = Prepared(select(person.c.id).where(person.c.name.in_(("Amina Yusuf", "Wei Chen"))))
    given = Prepared(select(person.c.id).where(person.c.name.in_(bindparam("names", expanding=True))))
    fixed = Prepared(update(person).where(person.c.id == "p1").values(name=bindparam("name")))
    with Session(engine) as session:
        for unfit in (lists, given, fixed):
            with pytest.raises(ValueError, match="handed over each time"):
                unfit.change(session, name="Wei Chen", names=["Wei Chen"])


def test_a_row_that_is_not_there_is_not_put_without_a_word(engine: Engine) -> None:
    with Session(engine) as session:
        gone = Dialog(id="d2", person_id="p1", flow="report", answers={}, created_at=NOW, updated_at=NOW)
        with pytest.raises(StaleDataError):
            put(session, gone, state="done")
