"""What the commands share: the trust's settings, one piece of work on the database, and mistakes said in words."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TypeVar

import click
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from psirf_bot import bootstrap, config, trust_file
from psirf_bot.casework.work import Work
from psirf_bot.domain.mistakes import Mistake
from psirf_bot.domain.trust import Trust
from psirf_bot.store.audit import AuditKey
from psirf_bot.store.reading import CannotRead, file_of, reading
from psirf_bot.store.tables import AuditEntry

T = TypeVar("T")


def trust_of(settings: config.Settings) -> Trust:
    """The trust's settings; the command ends with what is wrong with them."""
    trust, mistakes = trust_file.load_trust(settings.trust)
    stop_for(mistakes)
    assert trust is not None  # noqa: S101 - there was no mistake
    return trust


def engine_for(settings: config.Settings) -> Engine:
    """The database, brought up to date; the command ends where it is none that can be used."""
    stop_for(config.database_mistakes(settings))
    return bootstrap.engine_for(settings)


def do(settings: config.Settings, trust: Trust, what: Callable[[Work], T]) -> T:
    """Do one piece of work on the database, beside a running bot if need be."""
    stop_for(config.key_and_database_mistakes(settings, dev=True))  # trying things out, it may be without a key
    engine = engine_for(settings)
    try:
        with Session(engine, expire_on_commit=False) as session:  # what it gives back is still read after the commit
            stop_for(_key_left_out(session, settings))
            done = what(Work(session, datetime.now(UTC), bootstrap.setting_for(settings, trust)))
            session.commit()
    finally:
        engine.dispose()
    return done


def _key_left_out(session: Session, settings: config.Settings) -> Iterator[Mistake]:
    """One entry sealed with the key for trying things out, and the trust's own would count as replaced from then on."""
    last = session.exec(select(AuditEntry.key_id).order_by(col(AuditEntry.id).desc()).limit(1)).first()
    if settings.secret_key is None and last not in {None, AuditKey.of(bootstrap.DEV_KEY).id}:
        what = "is not set, and the audit of this database is sealed with one"
        yield Mistake("PSIRF_SECRET_KEY", what, "Is .env in this folder? Set it to the key that the bot runs with.")


def must_be_there(settings: config.Settings) -> None:
    """End the command where there is no database: an empty one would be made, and pass for the trust's."""
    stop_for(config.database_mistakes(settings))
    try:
        file_of(settings.database_url.get_secret_value())
    except CannotRead as why:
        raise click.ClickException(str(why)) from None


def look(settings: config.Settings, trust: Trust, what: Callable[[Work], T]) -> T:
    """Look something up without writing anything, be it in a copy that nobody can write to."""
    stop_for(config.database_mistakes(settings))
    try:
        with reading(settings.database_url.get_secret_value()) as session:
            return what(Work(session, datetime.now(UTC), bootstrap.setting_for(settings, trust)))
    except CannotRead as why:
        raise click.ClickException(str(why)) from None


def hold_alone(settings: config.Settings) -> AbstractContextManager[object]:
    """Hold a SQLite database for this command alone; ends the command where something serves from it."""
    try:
        return bootstrap.hold_alone(settings)
    except bootstrap.AlreadyRunning as running:
        words = f"Another psirf-bot already serves from {running}. Stop that one first, or set PSIRF_DATABASE_URL."
        raise click.ClickException(words) from None


def stop_for(mistakes: Iterable[Mistake]) -> None:
    """End the command where there are mistakes, and say each."""
    if said := "\n".join(map(str, mistakes)):
        click.echo(said, err=True)
        sys.exit(1)
