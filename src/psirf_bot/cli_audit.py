"""The commands on the audit: does the chain of entries hold, and where does it end. They only look."""

import sys

import click
from sqlmodel import Session, col, func, select

from psirf_bot import config
from psirf_bot.casework.work import Work
from psirf_bot.cli_notes import note
from psirf_bot.cli_work import look, trust_of
from psirf_bot.domain.mistakes import Mistake
from psirf_bot.store import audit as chain
from psirf_bot.store.reading import may_lack_its_end
from psirf_bot.store.tables import AuditEntry


@click.group()
def audit() -> None:
    """Who did what when: the chain of entries."""


@audit.command()
@click.option("--kept", metavar="HEAD", default="", help="A head that somebody kept: is the record up to it whole?")
def verify(kept: str) -> None:
    """Walk the whole chain and name every place where it does not hold.

    Only with a head that was kept elsewhere can it tell that the end was cut off. A copy will do that nobody can write
    to, or a role of PostgreSQL that can only read.
    """
    settings = config.Settings()
    trust = trust_of(settings)
    kept = "".join(kept.split()).lower()
    if 0 < len(kept) < chain.SHORT:
        raise click.UsageError(f"A head has at least {chain.SHORT} characters. Please give the whole line.")
    faults, newest = look(settings, trust, lambda work: (_faults(work, kept), _newest(work.session)))
    if newest and (wal := may_lack_its_end(settings.database_url.get_secret_value())):
        what = (
            "is not there, as is usual once the bot has been stopped. Only if the database was copied while the bot "
            f"ran, what came after entry {newest} is missing"
        )
        note([Mistake(wal.name, what, "Then copy it anew with VACUUM INTO, as docs/operations.md says.")])
    if faults and settings.secret_key is None:
        what = "is not set, and no entry can be checked without the key that it was sealed with"
        note([Mistake("PSIRF_SECRET_KEY", what, "Set it to the key that the bot runs with.")])
    for fault in faults:
        click.echo(fault)
    if faults:
        sys.exit(1)
    click.echo("The audit chain holds, and the head that was kept is in it." if kept else "The audit chain holds.")


@audit.command()
def head() -> None:
    """Print the seal of the newest entry; keep a copy elsewhere to be able to tell when the end is cut off."""
    settings = config.Settings()
    click.echo(look(settings, trust_of(settings), lambda work: chain.head(work.session)) or "The chain is empty.")


def _faults(work: Work, kept: str) -> list[str]:
    """An empty chain hangs together too: somebody emptied it, or this is another database."""
    empty = [] if chain.head(work.session) else ["The chain is empty. Check PSIRF_DATABASE_URL."]
    return [*empty, *chain.faults(work.session, work.setting.all_keys, kept=kept)]


def _newest(session: Session) -> int:
    return session.exec(select(func.max(col(AuditEntry.id)))).one() or 0
