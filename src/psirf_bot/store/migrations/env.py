"""Alembic's entry point: it runs the steps on the connection that `migrate` gives it."""

from alembic import context
from sqlmodel import SQLModel

import psirf_bot.store.tables  # noqa: F401 - makes the tables known to the metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
