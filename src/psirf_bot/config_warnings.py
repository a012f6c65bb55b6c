"""What an administrator should know of the settings, though `serve` starts with it all the same."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic_settings import DotEnvSettingsSource

from psirf_bot import env_file
from psirf_bot.config import Settings
from psirf_bot.domain.mistakes import Mistake, suggest
from psirf_bot.trust_file import load_trust

MADE_UP = "01632960"
"""How the numbers begin that Ofcom keeps for stories and examples, as in the sample trust."""


def warnings(settings: Settings) -> Iterator[Mistake]:
    """What `serve` starts with all the same, but an administrator should know."""
    known = {f"PSIRF_{name.upper()}" for name in Settings.model_fields}
    in_file = map(str.upper, DotEnvSettingsSource(Settings).env_vars)
    for name in sorted({*os.environ, *in_file}):
        if name.startswith("PSIRF_") and name.upper() not in known:
            yield Mistake(name, "is not a setting and has no effect", suggest(name, sorted(known)))
    yield from env_file.said_again()
    yield from _odd_ids(settings)
    if settings.slack_app_token and settings.slack_signing_secret:
        yield Mistake(
            "PSIRF_SLACK_SIGNING_SECRET",
            "is not needed: with PSIRF_SLACK_APP_TOKEN set, Slack comes in by Socket Mode and /slack/events is shut",
            "Take it out; or take PSIRF_SLACK_APP_TOKEN out, if Slack is to call your request URL",
        )
    yield from no_trust(settings)
    if settings.trust:
        yield from _left_over_from_the_sample(settings.trust)


def no_trust(settings: Settings) -> Iterator[Mistake]:
    """The first sign of a command that was given in a folder without .env, and so on another database."""
    if settings.trust is None:
        yield Mistake(
            "PSIRF_TRUST",
            "is not set, so the made-up sample trust and its phone numbers are used",
            "Is .env in this folder? Set it to the path of your own trust.toml before staff use the bot",
        )


def _odd_ids(settings: Settings) -> Iterator[Mistake]:
    """Ids that are none: with them nobody who writes is taken for somebody of the trust."""
    guid = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    entra = "Copy it from the app registration in Entra: 32 digits and letters a to f, in five groups"
    for name, given, form, remedy in (
        ("PSIRF_SLACK_TEAM_ID", settings.slack_team_id, "T[A-Z0-9]+", "Copy what begins with T after /client/ alone"),
        ("PSIRF_TEAMS_APP_ID", settings.teams_app_id, guid, entra),
        ("PSIRF_TEAMS_TENANT_ID", settings.teams_tenant_id, guid, entra),
    ):
        if given and not re.fullmatch(form, given):
            yield Mistake(name, "does not look like the right id", remedy)


def _left_over_from_the_sample(path: Path) -> Iterator[Mistake]:
    """A copy of the sample that was not filled in: staff in need would be sent to numbers that ring nowhere."""
    trust, _ = load_trust(path)
    if trust is None:
        return
    phones = [trust.urgent.phone, *(each.phone for each in trust.ring), *(each.phone for each in trust.support)]
    left = dict.fromkeys(phone for phone in phones if phone and re.sub(r"\D", "", phone).startswith(MADE_UP))
    if left:
        what = f"still has telephone numbers of the made-up trust, which ring nowhere: {', '.join(left)}"
        yield Mistake(path.name, what, "Put your own in, or take the entry out, before staff use the bot")
