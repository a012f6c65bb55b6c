"""What the bot is told by its environment, and what keeps `serve` from starting, in plain words."""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from psirf_bot.domain.mistakes import Mistake
from psirf_bot.trust_file import load_trust

SHORTEST_SECRET_KEY = 16
NOT_A_PORT = -1


def _port(given: object) -> int:
    number = int(str(given)) if re.fullmatch(r"\d{1,5}", str(given), re.ASCII) else NOT_A_PORT
    return number if number <= 65535 else NOT_A_PORT


def _several(given: object) -> object:
    return tuple(part for part in re.split(r"[\s,]+", given) if part) if isinstance(given, str) else given


def _keys(given: object) -> object:
    """Keys apart; as a JSON list where one of them has a comma or a space in it."""
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(given, str) and isinstance(listed := json.loads(given), list):
            return tuple(map(str, listed))
    return _several(given)


class Settings(BaseSettings):
    """The environment of one process (PSIRF_… or a .env file). A blank value counts as absent.

    Anything that could be a secret is a SecretStr; the database URL may carry a password.
    """

    model_config = SettingsConfigDict(
        env_prefix="PSIRF_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    trust: Path | None = None
    database_url: SecretStr = SecretStr("sqlite:///var/psirf.db")
    host: str = "127.0.0.1"
    port: Annotated[int, BeforeValidator(_port)] = 3978
    """0 takes any free port; NOT_A_PORT stands for a value that is none, which `serve_mistakes` names."""
    secret_key: SecretStr | None = None
    secret_key_old: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_keys)] = ()
    """The keys that were in use before, so that what they sealed can be checked."""
    public_url: str | None = None
    """Where people's browsers reach this process, for links to documents. `serve` gives none without it."""

    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_team_id: str | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"

    teams_app_id: str | None = None
    teams_app_secret: SecretStr | None = None
    teams_tenant_id: str | None = None
    teams_openid_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    teams_login_url: str = "https://login.microsoftonline.com"
    teams_service_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_several)] = ("smba.trafficmanager.net",)

    @property
    def has_slack(self) -> bool:
        comes_in = self.slack_app_token or self.slack_signing_secret
        return bool(self.slack_bot_token and comes_in and self.slack_team_id)

    @property
    def has_teams(self) -> bool:
        return bool(self.teams_app_id and self.teams_app_secret and self.teams_tenant_id)

    def reached_at(self, *, demo: bool) -> str | None:
        """The address for links, without a slash at its end; in the demonstration that of its page."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}" if demo and self.port else None

    @model_validator(mode="before")
    @classmethod
    def blank_is_absent(cls, given: dict[str, Any]) -> dict[str, Any]:
        tidy = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
        return {name: value for name, value in tidy.items() if value != ""}


def serve_mistakes(settings: Settings, *, dev: bool = False) -> list[Mistake]:
    """What keeps `serve` from starting, in the order of docs/configuration.md.

    `--dev` does without a key and a platform, on this machine only.
    """
    return [
        *key_and_database_mistakes(settings, dev=dev),
        *address_mistakes(settings, dev),
        *_slack_mistakes(settings),
        *_teams_mistakes(settings),
        *_platform_mistakes(settings, dev),
        *_urls_mistakes(settings),
        *load_trust(settings.trust)[1],
    ]


def key_and_database_mistakes(settings: Settings, *, dev: bool = False) -> Iterator[Mistake]:
    """What every command needs that writes down who did what."""
    key = settings.secret_key
    if key is None and dev:
        pass  # a fixed key will do for trying things out on this machine
    elif key is None:
        yield Mistake("PSIRF_SECRET_KEY", "is not set", _NEW_KEY)
    elif len(key.get_secret_value()) < SHORTEST_SECRET_KEY:
        yield Mistake("PSIRF_SECRET_KEY", f"is shorter than {SHORTEST_SECRET_KEY} characters", _NEW_KEY)
    if any(len(old.get_secret_value()) < SHORTEST_SECRET_KEY for old in settings.secret_key_old):
        yield Mistake(
            "PSIRF_SECRET_KEY_OLD",
            f"has a key in it that is shorter than {SHORTEST_SECRET_KEY} characters",
            "List the whole of each key that was PSIRF_SECRET_KEY before, with a comma between them. Where one has a "
            'comma or a space in it, write all as a JSON list: ["one, key", "another key"]',
        )
    yield from database_mistakes(settings)


def database_mistakes(settings: Settings) -> Iterator[Mistake]:
    """What every command needs that reads or writes anything at all."""
    url = settings.database_url.get_secret_value()
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")) or url.startswith("sqlite:///file:"):
        yield Mistake(
            "PSIRF_DATABASE_URL",
            "is not a database that this version can use",
            "Start it with sqlite:/// or postgresql+psycopg://",
        )
    elif (parts := _database_of(url)) is None:
        yield Mistake(
            "PSIRF_DATABASE_URL",
            "is not an address that can be read",
            "Write it like this: postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME. In the password write @ as %40, "
            "/ as %2F, : as %3A and % as %25",
        )
    elif url.startswith("sqlite:") and parts.database in {None, "", ":memory:"}:
        yield Mistake(
            "PSIRF_DATABASE_URL",
            "names no file, so everything would be lost at each stop",
            "Write it like this: sqlite:///var/psirf.db",
        )


def _database_of(url: str) -> URL | None:
    """None where it cannot be taken apart; why is not said, for it would quote the password."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return None
    torn = not url.startswith("sqlite:") and "@" in f"{parts.host}{parts.database}"  # the end of the password is in it
    return None if torn else parts


_NEW_KEY = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))' and keep it safe."


def address_mistakes(settings: Settings, dev: bool) -> Iterator[Mistake]:
    """Where it would listen; what lets anybody act as anybody stays on this machine."""
    if not _is_host(settings.host):
        yield Mistake("PSIRF_HOST", "is not a host name or an IP address", "For this machine only, use 127.0.0.1")
    elif dev and not _is_loopback(settings.host):
        yield Mistake("PSIRF_HOST", "would open the demonstration or `serve --dev` to other machines", "Use 127.0.0.1")
    if settings.port == NOT_A_PORT:
        yield Mistake("PSIRF_PORT", "is not a port number", "Use a whole number up to 65535, for example 3978")
    url = settings.public_url
    if url and set("?#@ ") & set(url):
        yield Mistake("PSIRF_PUBLIC_URL", "has more in it than an address", "Write it like this: https://bot.example")
    elif url:
        yield from _url_mistakes("PSIRF_PUBLIC_URL", url, "a minute")


def _slack_mistakes(settings: Settings) -> Iterator[Mistake]:
    """With an app token Slack comes in by Socket Mode, which needs no signing secret."""
    comes_in = {"PSIRF_SLACK_SIGNING_SECRET": settings.slack_signing_secret}
    if settings.slack_app_token:
        comes_in = {"PSIRF_SLACK_APP_TOKEN": settings.slack_app_token}
    ours = {"PSIRF_SLACK_BOT_TOKEN": settings.slack_bot_token}
    for mistake in _half_configured({**ours, **comes_in, "PSIRF_SLACK_TEAM_ID": settings.slack_team_id}):
        other = " Without a public address, set PSIRF_SLACK_APP_TOKEN in its place."
        yield replace(mistake, remedy=mistake.remedy + other) if mistake.where in comes_in else mistake
    for name, token, prefix in (
        ("PSIRF_SLACK_BOT_TOKEN", settings.slack_bot_token, "xoxb-"),
        ("PSIRF_SLACK_APP_TOKEN", settings.slack_app_token, "xapp-"),
    ):
        if token and not token.get_secret_value().startswith(prefix):
            yield Mistake(name, "does not look like the right token", f"Copy the one that starts with {prefix}")


def _teams_mistakes(settings: Settings) -> Iterator[Mistake]:
    needed = {
        "PSIRF_TEAMS_APP_ID": settings.teams_app_id,
        "PSIRF_TEAMS_APP_SECRET": settings.teams_app_secret,
        "PSIRF_TEAMS_TENANT_ID": settings.teams_tenant_id,
    }
    yield from _half_configured(needed)
    for host in settings.teams_service_hosts:
        if not _is_host(host.rpartition(":")[0] if re.search(r":\d+$", host) else host):
            yield Mistake(
                "PSIRF_TEAMS_SERVICE_HOSTS",
                "has something in it that is not a host",
                "List hosts with commas between them, without https:// or a path: smba.trafficmanager.net",
            )


def _half_configured(needed: dict[str, SecretStr | str | None]) -> Iterator[Mistake]:
    given = [name for name, value in needed.items() if value]
    for name in needed:
        if given and name not in given:
            yield Mistake(name, f"is not set, but {given[0]} is", f"Set all of {', '.join(needed)}, or none.")


def _platform_mistakes(settings: Settings, dev: bool) -> Iterator[Mistake]:
    slack = settings.slack_bot_token or settings.slack_signing_secret or settings.slack_team_id
    teams = settings.teams_app_id or settings.teams_app_secret or settings.teams_tenant_id
    if not (dev or slack or settings.slack_app_token or teams):
        yield Mistake(
            "PSIRF_TEAMS_…, PSIRF_SLACK_…",
            "neither Teams nor Slack is set up, so nobody could reach the bot",
            "Is .env in this folder? Slack needs PSIRF_SLACK_BOT_TOKEN, PSIRF_SLACK_TEAM_ID and PSIRF_SLACK_APP_TOKEN "
            "(or PSIRF_SLACK_SIGNING_SECRET); Teams needs PSIRF_TEAMS_APP_ID, PSIRF_TEAMS_APP_SECRET and "
            "PSIRF_TEAMS_TENANT_ID. To look around first, run `psirf-bot demo`",
        )


def _urls_mistakes(settings: Settings) -> Iterator[Mistake]:
    for name, url in (
        ("PSIRF_SLACK_API_URL", settings.slack_api_url),
        ("PSIRF_TEAMS_OPENID_URL", settings.teams_openid_url),
        ("PSIRF_TEAMS_LOGIN_URL", settings.teams_login_url),
    ):
        yield from _url_mistakes(name, url, "our secrets")


def _url_mistakes(name: str, url: str, shown: str) -> Iterator[Mistake]:
    """`shown`: what others could read on the way, if it were plain http."""
    try:
        parts = urlsplit(url)
        scheme, host, _ = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        scheme, host = "", ""
    if scheme == "http" and host and not _is_loopback(host):
        yield Mistake(name, f"is plain http, which would show {shown} on the way", "Use https://")
    elif scheme not in {"http", "https"} or not host:
        yield Mistake(name, "is not a web address", "Use one that starts with https://, or take it out")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        label = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
        return re.fullmatch(rf"{label}(\.{label})*", host) is not None and not re.fullmatch(r"[\d.]+", host)
    return True
