"""Columns that several tables have."""

from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field

Object = dict[str, Any]


def json() -> Any:
    """A JSON value, replaced whole and never changed in place."""
    return Field(sa_column=Column(JSON, nullable=False))


def json_or_none() -> Any:
    """The same, where there may be none."""
    return Field(default=None, sa_column=Column(JSON, nullable=True))
