"""What is allowed and hardly meant: said to whoever is at the command line, and no reason to stop."""

from collections.abc import Iterable, Iterator

import click
from sqlmodel import Session, col, select

from psirf_bot import bootstrap
from psirf_bot.domain.mistakes import Mistake
from psirf_bot.domain.people import PersonRow, Role
from psirf_bot.domain.trust import Trust
from psirf_bot.store.tables import AuditEntry

_ENDS = (col(AuditEntry.id).asc(), col(AuditEntry.id).desc())


def note(warnings: Iterable[Mistake]) -> None:
    """Say them beside the output."""
    for warning in warnings:
        click.echo(f"Please note: {warning}", err=True)


def executives_not_listed(trust: Trust, rows: list[PersonRow]) -> Iterator[Mistake]:
    """Nobody is told of a danger at an address that the people list does not have."""
    listed = {row.email for row in rows}
    for email in trust.urgent.executives:
        if email.lower() not in listed:
            what = f"{email} is not on the people list, so a danger is not passed on to them"
            yield Mistake("[urgent] executives", what, "Correct it in trust.toml, or put them on the list")


def nobody_in_the_quality_team(name: str, rows: list[PersonRow]) -> Iterator[Mistake]:
    """Reports would come in, and no person would be asked to read them."""
    if not any(Role.QUALITY in row.roles for row in rows):
        yield Mistake(name, "gives nobody the role quality, so nobody is asked to read reports", "Give it to somebody")


def keys_not_given(app: bootstrap.Application) -> Iterator[Mistake]:
    """After a change of the key without the old one. It looks at both ends of the audit alone, which costs nothing."""
    with Session(app.store.engine) as session:
        ends = [session.exec(select(AuditEntry.key_id).order_by(end).limit(1)).first() for end in _ENDS]
    for key in dict.fromkeys(ends):
        if key and key not in app.setting.all_keys:
            yield Mistake(
                "PSIRF_SECRET_KEY_OLD",
                f"lacks a key that sealed entries of the audit ({key})",
                "Put the key that was PSIRF_SECRET_KEY then into it; until then nobody can check those entries",
            )
