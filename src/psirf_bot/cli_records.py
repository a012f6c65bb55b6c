"""The commands on how long cases are kept: which are due for review, which are on legal hold, and to delete one."""

from collections.abc import Callable
from typing import TypeVar

import click

from psirf_bot import config
from psirf_bot.casework import deletion
from psirf_bot.casework import review as reviewing
from psirf_bot.casework.work import Work
from psirf_bot.cli_work import do, look, must_be_there, stop_for, trust_of
from psirf_bot.domain.trust import Trust

T = TypeVar("T")


@click.command()
@click.option("--years", type=click.IntRange(0, 100), help="Ended at least so long ago; else as trust.toml says.")
def review(years: int | None) -> None:
    """List the cases whose keeping is due for review, without a word of what they are about. It deletes nothing."""
    settings = config.Settings()
    trust = trust_of(settings)
    least = trust.retention.review_after_years if years is None else years
    found = look(settings, trust, lambda work: reviewing.due(work, least))
    for case in found:
        click.echo(str(case))
    years_ago = f"{least} year{'' if least == 1 else 's'} ago"
    click.echo(f"Cases that ended at least {years_ago}: {len(found)}. {_how_long(trust)}")


@click.command()
@click.argument("reference", metavar="PSI-…")
@click.option("--reason", metavar="WORDS", help="Why it must be kept, and who says so. No patient identifiers.")
@click.option("--lift", is_flag=True, help="End the hold.")
def hold(reference: str, reason: str | None, lift: bool) -> None:
    """Put a case on legal hold, so that it is not deleted, or end that. It is on record."""
    if bool(reason) == lift:
        raise click.UsageError("Say either --reason or --lift.")
    if not lift:
        case = _on_record(lambda work: reviewing.hold(work, reference, reason or ""))
        click.echo(f"{case.reference} is on hold: it cannot be deleted. Why: {case.hold}.")
        return
    name, why, others = _on_record(lambda work: _lifted(work, reference))
    click.echo(f"{name} is no longer on hold. It was: {why}.")
    for one in others:
        click.echo(f"{one}, which was joined with it, still is: neither can be deleted.")


@click.command()
@click.argument("reference", metavar="PSI-…")
@click.option("--yes", is_flag=True, help="It was reviewed, and is to be deleted for good.")
def delete(reference: str, yes: bool) -> None:
    """Delete one case that was reviewed, with all that hangs on it. It is on record; the record holds no words."""
    if not yes:
        raise click.UsageError("This cannot be undone. Say --yes when the review has decided it.")
    counts = _on_record(lambda work: deletion.delete_case(work, reference))
    click.echo(f"Deleted: {sum(counts.values())} rows. That it was done is in the audit.")
    click.echo("What hangs in Slack or Teams, in Datix, in exports and in backups is still there: see docs/data.md.")


def _lifted(work: Work, reference: str) -> tuple[str, str | None, list[str]]:
    why = reviewing.found(work, reference).hold
    case = reviewing.lift(work, reference)
    return case.reference, why, reviewing.held_with(work, case)


def _on_record(what: Callable[[Work], T]) -> T:
    """Do what the audit has to tell of; where it cannot be done, the command ends with why."""
    settings = config.Settings()
    trust = trust_of(settings)
    stop_for(config.key_and_database_mistakes(settings))
    must_be_there(settings)
    try:
        return do(settings, trust, what)
    except reviewing.Unfit as why:
        raise click.ClickException(str(why)) from None


def _how_long(trust: Trust) -> str:
    kept = trust.retention
    return f"Reviewed after {kept.review_after_years} years (source: {kept.source})."
