"""What the commands share: the trust's settings, one piece of work on the database, and mistakes said in words."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, TypeVar

import click
from sqlalchemy import Engine
from sqlmodel import Session

from psirf_bot import bootstrap, config, trust_file
from psirf_bot.casework.work import Work
from psirf_bot.domain.mistakes import Mistake
from psirf_bot.domain.trust import Trust
from psirf_bot.store.reading import CannotRead, file_of, reading

T = TypeVar("T")


def trust_of(settings: config.Settings) -> Trust:
    """The trust's settings; the command ends with what is wrong with them."""
    trust, mistakes = trust_file.load_trust(settings.trust)
    stop_for(mistakes)
    assert trust is not None  # noqa: S101 - there was no mistake
    return trust


def engine_for(settings: config.Settings) -> Engine:
    """The database, brought up to date; the command ends where it is none that can be used."""
    stop_for(list(config.database_mistakes(settings)))
    return bootstrap.engine_for(settings)


def do(settings: config.Settings, trust: Trust, what: Callable[[Work], T]) -> T:
    """Do one piece of work on the database, beside a running bot if need be."""
    engine = engine_for(settings)
    with Session(engine, expire_on_commit=False) as session:  # what it gives back is still read after the commit
        done = what(Work(session, datetime.now(UTC), bootstrap.setting_for(settings, trust)))
        session.commit()
    engine.dispose()
    return done


def must_be_there(settings: config.Settings) -> None:
    """End the command where there is no database: an empty one would be made, and pass for the trust's."""
    stop_for(list(config.database_mistakes(settings)))
    try:
        file_of(settings.database_url.get_secret_value())
    except CannotRead as why:
        raise click.ClickException(str(why)) from None


def look(settings: config.Settings, trust: Trust, what: Callable[[Work], T]) -> T:
    """Look something up without writing anything, be it in a copy that nobody can write to."""
    stop_for(list(config.database_mistakes(settings)))
    try:
        with reading(settings.database_url.get_secret_value()) as session:
            return what(Work(session, datetime.now(UTC), bootstrap.setting_for(settings, trust)))
    except CannotRead as why:
        raise click.ClickException(str(why)) from None


def hold_alone(settings: config.Settings) -> IO[str] | None:
    """Hold a SQLite database for this command alone; ends the command where something serves from it."""
    try:
        return bootstrap.hold_alone(settings)
    except bootstrap.AlreadyRunning as running:
        words = f"Another psirf-bot already serves from {running}. Stop that one first, or set PSIRF_DATABASE_URL."
        raise click.ClickException(words) from None


def stop_for(mistakes: list[Mistake]) -> None:
    """End the command where there are mistakes, and say each."""
    if mistakes:
        for mistake in mistakes:
            click.echo(str(mistake), err=True)
        sys.exit(1)
