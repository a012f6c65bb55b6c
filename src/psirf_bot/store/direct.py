"""Past the ORM, for what is asked or written on every turn: there an object costs several times what its row does."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    Insert,
    Select,
    Table,
    TextualSelect,
    Update,
    bindparam,
    insert,
    inspect,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, SQLModel

Model = TypeVar("Model", bound=SQLModel)
Convert = Callable[[Any], Any] | None


def table_of(model: type[SQLModel]) -> Table:
    """The table itself: a statement about it costs a third of one about the model, where no object is needed."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
    return table


def connection_of(session: Session) -> Connection:
    """The connection that a session works on, within its transaction."""
    bound = session.bind
    return bound if isinstance(bound, Connection) and bound.in_transaction() else session.connection()


class Prepared:
    """A statement that is compiled once for each kind of database, and from then on given to the driver itself.

    Types, transaction and errors are as they would be by way of the session; but the session looks the compiled
    statement up each time, and that takes longer than the database takes to run it. Every bound value is given each
    time, and none is a list; anything fixed is written as a `literal`.
    """

    def __init__(self, statement: Select[Any] | TextualSelect | Insert | Update) -> None:
        self.statement = statement
        self._made: dict[str, _Made] = {}

    def all(self, session: Session, **values: object) -> list[Any]:
        """Every row, with its columns by their names."""
        connection = connection_of(session)
        made = self._for(connection.dialect)
        return [made.row(found) for found in made.execute(connection, values).fetchall()]

    def first(self, session: Session, **values: object) -> Any:
        """The first row, with its columns by their names; None when there is none."""
        connection = connection_of(session)
        made = self._for(connection.dialect)
        found = made.execute(connection, values).fetchall()  # all: what is written with RETURNING is then written
        return made.row(found[0]) if found else None

    def change(self, session: Session, **values: object) -> int:
        """Write, and return how many rows that was."""
        connection = connection_of(session)
        written: int = self._for(connection.dialect).execute(connection, values).rowcount
        return written

    def each(self, session: Session, rows: Sequence[Mapping[str, object]]) -> None:
        """Write once for each of these."""
        connection = connection_of(session)
        made = self._for(connection.dialect)
        _given_to_driver(connection, made.sql, [made.sent(values) for values in rows], many=True)

    def _for(self, dialect: Dialect) -> "_Made":
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _make(self.statement, dialect)
        return made


class Together:
    """Statements that find one row each, or none, asked as one: each costs more to ask than to answer.

    No two of them have a value of the same name.
    """

    def __init__(self, *statements: Prepared) -> None:
        parts = [each.statement.add_columns(literal_column("1").label("there")).subquery() for each in statements]  # type: ignore[union-attr]
        asked: FromClause = select(literal_column("1").label("once")).subquery()
        for part in parts:
            asked = asked.outerjoin(part, true())
        columns = [column.label(f"of_{n}_{column.key}") for n, part in enumerate(parts) for column in part.c]
        self._asked = Prepared(select(*columns).select_from(asked))
        self._shapes = [(len(part.c) - 1, namedtuple("Row", part.c.keys()[:-1])) for part in parts]

    def first(self, session: Session, **values: object) -> list[Any]:
        """What each of them finds, in their order: a row with its columns by their names, or None."""
        found, rows, begin = self._asked.first(session, **values), list[Any](), 0
        for width, shape in self._shapes:
            there = begin + width
            rows.append(shape(*found[begin:there]) if found[there] else None)
            begin = there + 1
        return rows


class _Made(NamedTuple):
    """A statement as one kind of database takes it.

    `places`: the names of its values in order, for a driver that takes them by position. `given` and `found`: how each
    value is converted for the driver, and each column of what it returns.
    """

    sql: str
    places: Sequence[str] | None
    given: Mapping[str, Convert]
    found: Sequence[Convert]
    shape: Callable[..., Any]

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        return _given_to_driver(connection, self.sql, self.sent(values))

    def sent(self, values: Mapping[str, Any]) -> Any:
        """The values as they go to the driver: by their names, or in the order of their places."""
        sent = {name: convert(values[name]) if convert else values[name] for name, convert in self.given.items()}
        return sent if self.places is None else [sent[name] for name in self.places]

    def row(self, found: Sequence[Any]) -> Any:
        return self.shape(*[to(value) if to else value for to, value in zip(self.found, found, strict=True)])


def _make(statement: Select[Any] | TextualSelect | Insert | Update, dialect: Dialect) -> _Made:
    compiled: Any = statement.compile(dialect=dialect)
    if unfit := [name for bind, name in compiled.bind_names.items() if bind.expanding or not bind.required]:
        raise ValueError(f"a list, or not handed over each time: {unfit}")
    columns = statement.exported_columns
    return _Made(
        str(compiled),
        compiled.positiontup if compiled.positional else None,
        {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for bind, name in compiled.bind_names.items()},
        [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns],
        namedtuple("Row", map(str, columns.keys())),
    )


def literal(words: str) -> ColumnElement[str]:
    """Words of our own that stand in a statement as they are."""
    return literal_column(f"'{words}'")


def say(session: Session, sql: str) -> None:
    """Tell the database something that neither asks nor writes, such as SAVEPOINT."""
    _given_to_driver(connection_of(session), sql, ())


def _given_to_driver(connection: Connection, sql: str, values: Any, *, many: bool = False) -> Any:
    """Raises what SQLAlchemy would; a connection that is lost with it is not used again."""
    driver: Any = connection.connection.dbapi_connection
    dialect: Any = connection.dialect
    try:
        return driver.cursor().executemany(sql, values) if many else driver.execute(sql, values)
    except dialect.loaded_dbapi.Error as error:
        if lost := dialect.is_disconnect(error, driver, None):
            connection.invalidate(error)
        base = dialect.loaded_dbapi.Error
        raise DBAPIError.instance(
            None, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=dialect
        ) from error


def known_as_stored(session: Session, model: type[Model], row: Any) -> Model:
    """The object of a row that was just read past the session, as if read by it, which takes twice as long.

    Raises InvalidRequestError where the session has that object already.
    """
    found: Model = inspect(model).class_manager.new_instance()
    for name, value in row._asdict().items():
        set_committed_value(found, name, value)
    make_transient_to_detached(found)
    session.add(found)
    return found


def inserting(model: type[SQLModel], *names: str) -> Insert:
    """A new row with these columns."""
    return insert(table_of(model)).values({name: bindparam(name) for name in names})


def put(session: Session, row: SQLModel, **values: object) -> None:
    """Change these columns of a row that is stored, at once: as assigning and flushing does, in a tenth of the time.

    Raises StaleDataError when the row is not there, or not there yet.
    """
    model = type(row)
    keys = {f"key_{column.name}": getattr(row, column.name) for column in table_of(model).primary_key}
    if _changing(model, tuple(values)).change(session, **keys, **values) != 1:
        raise StaleDataError(f"there is no such {model.__name__} any more")
    for name, value in values.items():
        set_committed_value(row, name, value)


@lru_cache(maxsize=64)
def _changing(model: type[SQLModel], names: tuple[str, ...]) -> Prepared:
    table = table_of(model)
    this_one = (column == bindparam(f"key_{column.name}") for column in table.primary_key)
    return Prepared(update(table).where(*this_one).values({name: bindparam(name) for name in names}))
