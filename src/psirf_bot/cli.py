"""The command line, `psirf-bot`: what whoever runs the bot does on the server."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from psirf_bot import bootstrap, config, config_warnings, env_file, trust_file
from psirf_bot import demo as demo_furniture
from psirf_bot.casework import export as general_export
from psirf_bot.casework import export_person
from psirf_bot.casework import training as register
from psirf_bot.casework.work import Work
from psirf_bot.cli_audit import audit
from psirf_bot.cli_notes import executives_not_listed, keys_not_given, nobody_in_the_quality_team, note
from psirf_bot.cli_records import delete, hold, review
from psirf_bot.cli_run import run
from psirf_bot.cli_work import do, engine_for, hold_alone, look, must_be_there, stop_for, trust_of
from psirf_bot.delivery import dead_letters
from psirf_bot.delivery import restored as after_restore
from psirf_bot.domain.mistakes import Mistake
from psirf_bot.domain.people import read_people
from psirf_bot.manifests.commands import manifest
from psirf_bot.store.migrate import NewerTables


@click.group()
@click.version_option(package_name="psirf-bot")
def bot() -> None:
    """psirf-bot: reporting, prompting and deciding under PSIRF, in the chat that staff already use."""
    stop_for(env_file.mistakes_in_it())


for command in (manifest, audit, review, hold, delete):
    bot.add_command(command)


@bot.command()
def demo() -> None:
    """Start the chat page with the fictional sample trust, on this machine only."""
    os.environ.setdefault("PSIRF_DATABASE_URL", "sqlite:///var/demo.db")
    # The made-up trust on the page alone: connected to a real one, it would take in what staff send.
    settings = config.Settings(trust=None, slack_bot_token=None, teams_app_id=None)
    stop_for(config.address_mistakes(settings, dev=True))
    trust = trust_of(settings)
    rows, _ = read_people(trust_file.sample_people_text(), trust.services)

    def furnish(work: Work) -> None:
        *_, left = bootstrap.import_people(work, rows, settings, demo=True)
        if left:  # nothing of it is kept
            raise click.ClickException(
                "The database has people in it who are not of the sample trust. Name another in PSIRF_DATABASE_URL; "
                "that of an old demonstration can be deleted."
            )
        demo_furniture.furnish(work)

    with hold_alone(settings):
        do(settings, trust, furnish)
        app = bootstrap.Application(settings, trust, demo=True)
        run(app, settings, "The demonstration is at {address}/ (Ctrl-C to stop)")


@bot.command()
@click.option("--dev", is_flag=True, help="This machine only: movable clock, unsigned Teams activities from loopback.")
def serve(dev: bool) -> None:
    """Serve Teams and Slack. Refuses to start while something is missing, and says what."""
    settings = config.Settings()
    note(config_warnings.warnings(settings))  # first: a name that is misspelt may be what the mistakes come from
    stop_for(config.serve_mistakes(settings, dev=dev))
    trust = trust_of(settings)
    with hold_alone(settings):
        app = bootstrap.Application(settings, trust, dev=dev)
        note(keys_not_given(app))
        run(app, settings, f"Serving {' and '.join(app.adapters)} on {{address}}")


@bot.command()
def check() -> None:
    """Say everything that is wrong with the configuration, where, and what to do."""
    settings = config.Settings()
    mistakes = config.serve_mistakes(settings)
    found, _ = trust_file.load_trust(settings.trust)
    today = datetime.now(UTC).date()
    for warning in [
        *config_warnings.warnings(settings),
        *(trust_file.calendar_warnings(found, today) if found else ()),
    ]:
        click.echo(f"Please note: {warning}")
    stop_for(mistakes)
    click.echo("All is well: the configuration has no mistakes.")


@bot.command()
def migrate() -> None:
    """Bring the database up to the tables of this version."""
    settings = config.Settings()
    note(config_warnings.no_trust(settings))
    engine_for(settings).dispose()
    click.echo("The database is up to date.")


@bot.group()
def people() -> None:
    """The people list."""


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_people(file: Path) -> None:
    """Bring the people list up to date from people.csv. Nothing changes while there is a mistake in it."""
    settings = config.Settings()
    note(config_warnings.no_trust(settings))
    trust = trust_of(settings)
    text = _text_of(file)
    rows, mistakes = read_people(text, trust.services, file.name)
    if not rows and not mistakes:
        mistakes = [
            Mistake(file.name, "names nobody", "Import the whole list: whoever is not in it is taken to have left.")
        ]
    stop_for(mistakes)
    added, changed, left = do(settings, trust, lambda work: bootstrap.import_people(work, rows, settings))
    listed = "1 person" if len(rows) == 1 else f"{len(rows)} people"
    click.echo(f"{listed}: {added} added, {changed} changed, {left} no longer on the list.")
    note(executives_not_listed(trust, rows))
    note(nobody_in_the_quality_team(file.name, rows))


@bot.group()
def training() -> None:
    """The training register."""


@training.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_training(file: Path) -> None:
    """Add and correct what people have learned, from training.csv. Nothing changes while there is a mistake in it.

    Rows that are not in the file stay in the register. A row with the amount 0 takes back one imported by mistake.
    """
    settings = config.Settings()
    note(config_warnings.no_trust(settings))
    trust = trust_of(settings)
    text = _text_of(file)
    done, mistakes = do(settings, trust, lambda work: _learn(work, text, settings, file.name))
    stop_for(mistakes)
    click.echo(
        f"{done.added} added, {done.changed} changed, {done.taken_back} taken back, {done.unchanged} unchanged. "
        "Whatever else is in the register stays."
    )


@bot.command()
@click.argument("ids", type=click.IntRange(1, 2**31 - 1), nargs=-1, metavar="[ID]...")
@click.option("--retry", is_flag=True, help="Send again what could not be delivered: all, or the messages named.")
@click.option("--let-go", is_flag=True, help="Take note that the messages named will never be delivered.")
def outbox(ids: tuple[int, ...], retry: bool, let_go: bool) -> None:
    """List the messages that are stuck: undelivered, in doubt, or waiting for long. Never shows what they say.

    Without an ID, --retry leaves alone what somebody else has taken up since.
    """
    if retry == let_go and (ids or retry):
        raise click.UsageError("Choose either --retry or --let-go." if retry else "Say --retry or --let-go.")
    if let_go and not ids:
        raise click.UsageError("Name the messages to let go.")
    settings = config.Settings()
    trust = trust_of(settings)
    if retry or let_go:
        must_be_there(settings)
        done = do(settings, trust, lambda work: (dead_letters.retry if retry else dead_letters.let_go)(work, ids))
        click.echo(f"{'Put back to be sent' if retry else 'Let go'}: {', '.join(map(str, done)) or 'none'}.")
        if missing := sorted(set(ids) - set(done)):
            raise click.ClickException(f"Not among the undelivered messages: {', '.join(map(str, missing))}.")
        return
    stuck = look(settings, trust, dead_letters.stuck)
    nothing = "Nothing is waiting for long: every message has been delivered, or is about to be."
    click.echo("\n".join(map(str, stuck)) or nothing)


@bot.command()
@click.option("--case", metavar="PSI-…", help="This case, with the reports that were joined with it.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Cases recorded since that day.")
@click.option("--person", metavar="EMAIL", help="What is held about this member of staff, for their right of access; "
              "who is not on the people list, by their id on Slack or Teams.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="A new folder to make.")
def export(case: str | None, since: datetime | None, person: str | None, out: Path | None) -> None:
    """Write what the bot holds about cases, or about one member of staff, as CSV files. It is on record."""
    settings = config.Settings()
    trust = trust_of(settings)
    stop_for(config.key_and_database_mistakes(settings))
    must_be_there(settings)
    folder = out or Path(f"psirf-export-{datetime.now(trust.timezone):%Y-%m-%d-%H%M%S}")
    if "" in (case, person):  # a script whose variable was empty must not write down all cases for one person
        raise click.UsageError("--case and --person must not be empty.")
    if sum(map(bool, (case, since, person))) > 1:
        raise click.UsageError("Say only one of --case, --since and --person.")
    if folder.exists():
        raise click.ClickException(f"{folder} is there already. Name a new folder with --out.")
    try:
        made = do(settings, trust, lambda work: _gather(work, case, since, person))
    except general_export.NoSuchCase:
        raise click.ClickException(f"There is no case {case}.") from None
    except export_person.NoSuchPerson:
        raise click.ClickException(f"Nobody known here has the address or the id {person}.") from None
    try:
        general_export.write(made, folder)
    except OSError as trouble:
        raise click.ClickException(f"{folder} cannot be written ({trouble.strerror}).") from None
    of = person or f"Cases: {made.manifest['rows']['cases']}"
    click.echo(f"{folder}: {len(made.files)} files and manifest.json. {of}.")
    click.echo("It holds confidential matters. Keep it where only those can read it who need it.")


@bot.command()
@click.option("--gap", type=click.IntRange(0, 9000), default=after_restore.GAP, show_default=True,
              help="How many references to leave out.")  # fmt: skip
def restored(gap: int) -> None:
    """Run once after a database was restored from a backup, before `serve`.

    What may have been sent since the backup is looked for first, or says that it may repeat; references go on later.
    """
    settings = config.Settings()
    trust = trust_of(settings)
    stop_for(config.key_and_database_mistakes(settings))
    must_be_there(settings)
    try:
        with hold_alone(settings):
            done = do(settings, trust, lambda work: after_restore.take_up(work, gap))
    except after_restore.Unfit as why:
        raise click.ClickException(str(why)) from None
    since = done.since.astimezone(trust.timezone)
    click.echo(f"The newest entry is of {since:%d %B %Y, %H:%M}. What people did after that is not in this database.")
    click.echo(f"Messages in doubt: {done.in_doubt} that waited, and {done.written_again} due again now.")
    left_out = "1 number is" if gap == 1 else f"{gap} numbers are"
    click.echo(f"The next case is {done.next_reference}: {left_out} left out. Now start the bot.")


def main() -> None:
    """Run the command line; trouble with the database is said in words."""
    try:
        bot()
    except NewerTables as newer:
        click.echo(f"PSIRF_DATABASE_URL: {newer}", err=True)
        sys.exit(1)
    except (OSError, SQLAlchemyError) as trouble:
        why = trouble.orig if isinstance(trouble, DBAPIError) else trouble
        words = str(why).splitlines()[0] if str(why) else type(trouble).__name__
        click.echo(
            f"PSIRF_DATABASE_URL: the database cannot be used ({words}). Check its path or address, and its rights.",
            err=True,
        )
        sys.exit(1)


def _learn(work: Work, text: str, settings: config.Settings, name: str) -> tuple[register.Imported, list[Mistake]]:
    done, mistakes = register.bring_in(work, text, name)
    if done.is_news and settings.secret_key:
        work.record("command line", "training register imported", text=text)
    return done, mistakes


def _gather(work: Work, case: str | None, since: datetime | None, person: str | None) -> general_export.Export:
    if person:
        return export_person.gather(work, person)
    return general_export.gather(work, case, since.date() if since else None)


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        stop_for([Mistake(file.name, "is not saved as UTF-8", "Save it again as “CSV UTF-8”.")])
        raise
