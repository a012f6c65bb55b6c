"""Bring a database up to the tables of this version."""

from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select, text

LOCK = 0x7073697266646D
"""Under which replicas on PostgreSQL migrate one after another: any number that nothing else there locks."""
MIGRATIONS = Path(__file__).parent / "migrations"
STEPS = frozenset(step.name.partition("_")[0] for step in (MIGRATIONS / "versions").glob("*.py"))
"""They are numbered, and their files begin with the number."""
NEWEST = max(STEPS)


class NewerTables(Exception):
    """The database was brought up to date by a newer version; in words."""

    def __init__(self, steps: list[str]) -> None:
        super().__init__(
            f"This database has the tables of a newer version ({', '.join(steps)}; this one has {NEWEST}). "
            "Use the version of psirf-bot that made it, or a newer one."
        )


def migrate(engine: Engine) -> None:
    """Take every step that this database has not taken yet; safe to repeat."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        steps = steps_taken(connection)
        if set(steps) - STEPS:
            raise NewerTables(steps)
        if steps != [NEWEST]:
            take_steps(connection)


def take_steps(connection: Connection, up_to: str = "head") -> None:
    """Take the steps that are still to be taken up to this one."""
    # Imported here, as a bot whose tables are up to date does without: with what it loads, Alembic takes 10 MB.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, up_to)


def steps_taken(connection: Connection) -> list[str]:
    """The last one alone, as Alembic notes it."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    return list(connection.scalars(text("SELECT version_num FROM alembic_version")))
