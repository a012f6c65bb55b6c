"""`psirf-bot manifest slack` and `psirf-bot manifest teams`: what an administrator registers the bot with."""

import json
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import click

from psirf_bot.config import Settings
from psirf_bot.domain.mistakes import Mistake
from psirf_bot.manifests import slack as slack_app
from psirf_bot.manifests import teams as teams_app
from psirf_bot.manifests import teams_check, words
from psirf_bot.manifests.address import base_mistakes, link_mistakes
from psirf_bot.trust_file import load_trust

URL_HELP = "The address at which people and platforms reach the bot; PSIRF_PUBLIC_URL when absent."
BOT_URL = "--url or PSIRF_PUBLIC_URL"
PAGES = {"website": "", "privacy": "/privacy", "terms": "/terms"}
"""The pages that Teams wants, and what is put behind the bot's own address for one that was not given."""


@click.group()
def manifest() -> None:
    """What the bot is registered with, in Slack and in Teams."""


@manifest.command()
@click.option("--url", help=URL_HELP)
@click.option("--socket", is_flag=True, help="For Socket Mode, which needs no address.")
def slack(url: str | None, socket: bool) -> None:
    """Print the Slack app's manifest, to paste where Slack says “From a manifest”."""
    settings = Settings()
    address = url or settings.public_url or ""
    _stop_for([] if socket else base_mistakes(address, BOT_URL))
    found = slack_app.manifest(None if socket else address, _trust_name(settings))
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))


@manifest.command()
@click.option("--app-id", help="The id of the bot's app registration in Entra; PSIRF_TEAMS_APP_ID when absent.")
@click.option("--url", help=URL_HELP)
@click.option("--developer", help="Who stands behind the app; the trust's name when absent.")
@click.option("--website", help="The address of a page about the app.")
@click.option("--privacy", help="The address of your privacy notice.")
@click.option("--terms", help="The address of your terms of use.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("psirf-teams.zip"), show_default=True
)
def teams(app_id: str | None, url: str | None, developer: str | None, out: Path, **pages: str | None) -> None:
    """Write the Teams app package: a zip file to upload in the Teams admin centre.

    Teams wants the addresses of three pages, and asks only that they begin with https://. Those you leave out are made
    from the bot's own address, which has no such pages: give your trust's own before staff use the app.
    """
    settings = Settings()
    trust = _trust_name(settings)
    app_id = app_id or settings.teams_app_id
    if not app_id:
        _stop_for([Mistake("--app-id or PSIRF_TEAMS_APP_ID", "is not given", teams_check.WHICH_ID)])
        return
    address = url or settings.public_url or ""
    made_up = [name for name in PAGES if not pages[name]]
    _stop_for(base_mistakes(address, BOT_URL) if made_up else [])
    links = {name: pages[name] or f"{address.rstrip('/')}{path}" for name, path in PAGES.items()}
    _stop_for([mistake for name, link in links.items() for mistake in link_mistakes(link, f"--{name}")])
    stands_behind = teams_app.Developer(name=developer or trust or words.NAME, **links)
    found = teams_app.manifest(app_id=app_id, version=_version(), developer=stands_behind, trust=trust)
    package = teams_app.package(found)
    _stop_for(teams_check.mistakes(package))
    _write(out, package)
    for name in made_up:
        click.echo(f"Please note: Teams will link to {links[name]}. If nothing is there, use --{name}.", err=True)
    click.echo(f"Written: {out}. Upload it in the Teams admin centre: Teams apps, Manage apps, Upload new app.")


def _write(out: Path, package: bytes) -> None:
    try:
        out.write_bytes(package)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written ({error.strerror}). Choose another with --out.") from None


def _trust_name(settings: Settings) -> str | None:
    """The trust's name, where it has given one: the sample's is made up."""
    if settings.trust is None:
        return None
    trust, mistakes = load_trust(settings.trust)
    _stop_for(mistakes)
    return trust.name if trust else None


def _version() -> str:
    """The version of this package, as far as Teams reads one: MAJOR.MINOR.PATCH."""
    numbers = re.match(r"\d+\.\d+\.\d+", version("psirf-bot"))
    return numbers[0] if numbers else version("psirf-bot")


def _stop_for(mistakes: Iterable[Mistake]) -> None:
    if said := "\n".join(map(str, mistakes)):
        raise click.ClickException(said)
