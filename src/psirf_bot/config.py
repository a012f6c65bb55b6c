"""What the bot is told from outside: its environment and trust.toml, with every mistake in plain words."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from psirf_bot.dialogs.report import CHECK_ON, report_flow
from psirf_bot.domain.mistakes import KeyPath, Mistake, key_lines, quoted, suggest
from psirf_bot.domain.trust import LONGEST_LIST, NATIONAL_NAMES, Trust

SHORTEST_SECRET_KEY = 16
NOT_A_PORT = -1


def _port(given: object) -> int:
    number = int(given) if re.fullmatch(r"\d{1,5}", str(given), re.ASCII) else NOT_A_PORT  # type: ignore[call-overload]
    return number if number <= 65535 else NOT_A_PORT


def _hosts(given: object) -> object:
    return tuple(host for host in re.split(r"[\s,]+", given) if host) if isinstance(given, str) else given


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
    teams_service_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_hosts)] = ("smba.trafficmanager.net",)

    @property
    def has_slack(self) -> bool:
        return bool(self.slack_bot_token and self.slack_signing_secret and self.slack_team_id)

    @property
    def has_teams(self) -> bool:
        return bool(self.teams_app_id and self.teams_app_secret and self.teams_tenant_id)

    @model_validator(mode="before")
    @classmethod
    def blank_is_absent(cls, given: dict[str, Any]) -> dict[str, Any]:
        tidy = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
        return {name: value for name, value in tidy.items() if value != ""}


def sample_trust_text() -> str:
    """The commented trust.toml of the made-up trust."""
    return (files("psirf_bot.sample") / "trust.toml").read_text("utf-8")


def sample_people_text() -> str:
    """The fictional staff of the sample trust."""
    return files("psirf_bot.sample").joinpath("people.csv").read_text("utf-8")


def load_trust(path: Path | None) -> tuple[Trust | None, list[Mistake]]:
    """The trust of this file, or the sample trust when no file is named. None when there is any mistake."""
    if path is None:
        return read_trust(sample_trust_text())
    try:
        return read_trust(path.read_text("utf-8-sig"), path.name)
    except UnicodeError:
        return None, [Mistake(path.name, "is not plain text in UTF-8", 'Save it again with the encoding "UTF-8".')]
    except (OSError, ValueError) as why:  # ValueError: no file can have such a name
        reason = getattr(why, "strerror", None) or "not a file's name"
        return None, [Mistake("PSIRF_TRUST", f"the file cannot be read ({reason})", "Give the path of trust.toml.")]


def read_trust(text: str, name: str = "trust.toml") -> tuple[Trust | None, list[Mistake]]:
    """The trust described by this text, or every mistake in it with its line."""
    text = text.replace("\r\n", "\n")
    try:
        given = tomllib.loads(text)
        lines = key_lines(text)
    except (ValueError, RecursionError) as why:
        return None, [_syntax_mistake(name, text, str(why))]
    try:
        trust = Trust.model_validate(given)
    except ValidationError as why:
        found = [error for error in why.errors() if error["type"] != "default_factory_not_called"]
    else:
        unknown = list(_unknown_questions(trust, name, lines))
        return (None if unknown else trust), unknown
    mistakes = [(_line(lines, error["loc"]), *_explain(error)) for error in found]
    return None, [
        Mistake(f"{name}:{line}" if line else name, what, remedy)
        for line, what, remedy in sorted(mistakes, key=lambda mistake: mistake[0])
    ]


def _unknown_questions(trust: Trust, name: str, lines: dict[KeyPath, int]) -> Iterator[Mistake]:
    """Words for a question that no conversation asks would silently have no effect."""
    known = {
        *report_flow(trust.services, {b.id: b.name for b in trust.other_bodies}).questions(),
        *CHECK_ON.questions(),
    }
    for key in trust.wording:
        if key not in known:
            where = f"{name}:{_line(lines, ('wording', key))}"
            yield Mistake(where, f"{quoted(key)} is not the id of a question", suggest(key, sorted(known)))


def _line(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of a key, or of the nearest table around it; 0 when nothing of it is in the file."""
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 0)


def _syntax_mistake(name: str, text: str, why: str) -> Mistake:
    at = re.search(r"at line (\d+)", why)
    line = int(at[1]) if at else len(text.rstrip().split("\n"))
    if "twice" in why or "overwrite" in why:
        return Mistake(f"{name}:{line}", "this is in the file a second time", "Keep one of the two.")
    return Mistake(
        f"{name}:{line}",
        "the file cannot be read from here on",
        'Write each line as key = "value", with straight quotation marks, in pairs, round words and phone numbers.',
    )


WANTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}
FOUND: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),  # before numbers: to Python it is one
    ((int, float), "a number"),
    (str, "text"),
    ((date, datetime, time), "a date or a time"),
    (list, "a list"),
    (dict, "a table"),
)


def _explain(error: ErrorDetails) -> tuple[str, str]:
    """What is wrong with one setting and what to do about it; the value itself is not repeated."""
    path, kind = error["loc"], error["type"]
    if path[-1] == "[key]":
        path = path[:-1]
        if kind == "literal_error":
            return f"unknown setting {quoted(str(path[-1]))}", suggest(str(path[-1]), NATIONAL_NAMES)
        return f"a name in [{path[0]}] is blank", f"Give it one like this: {_example(path)}"
    key = f"{path[-2]} item {path[-1] + 1}" if isinstance(path[-1], int) else f'"{path[-1]}"'
    if kind == "setting":
        return f"{key} {error['ctx']['what']}", error["ctx"]["remedy"]
    if kind == "extra_forbidden":
        return f"unknown setting {quoted(str(path[-1]))}", suggest(str(path[-1]), _known_keys(path[:-1]))
    remedy = f"Write it like this: {_example(path)}"
    if kind == "missing":
        return f"{key} is missing", remedy.replace("Write it", "Add it")
    if kind in {"string_too_short", "too_short"}:
        return f"{key} is blank", remedy
    if kind == "too_long":
        return f"{key} has more than {LONGEST_LIST} in it", "Slack can offer no longer list: please join some of them."
    if kind == "string_pattern_mismatch":
        return f"{key} may have only small letters, digits and hyphens", remedy
    found = next(words for types, words in FOUND if isinstance(error["input"], types))
    return f"{key} is {found} where {WANTED[kind]} is needed", remedy


def _known_keys(table: KeyPath) -> list[str]:
    """The settings that this table of trust.toml takes."""
    kind: Any = Trust
    for part in table:
        # After a list or a table of models, the next part of the path only says which one.
        several = [each for each in get_args(kind) if hasattr(each, "model_fields")]
        kind = several[0] if several else kind.model_fields[part].annotation
    return list(kind.model_fields)


def _example(path: KeyPath) -> str:
    """The line of the sample trust.toml that sets the same thing, or something of its kind."""
    text = sample_trust_text()
    alike = {key: line for key, line in key_lines(text).items() if key[0] == path[0] and len(key) == len(path)}
    line = next((line for key, line in alike.items() if key[-1] == path[-1]), next(iter(alike.values()), None))
    return text.split("\n")[line - 1] if line else f'{path[-1]} = "…"'


def serve_mistakes(settings: Settings, *, dev: bool = False) -> list[Mistake]:
    """What keeps `serve` from starting; `--dev` does without a key and a platform, on this machine only."""
    return [
        *_key_and_database_mistakes(settings, dev),
        *_address_mistakes(settings, dev),
        *_slack_mistakes(settings),
        *_teams_mistakes(settings),
        *_platform_mistakes(settings, dev),
        *_url_mistakes(settings),
        *load_trust(settings.trust)[1],
    ]


def check(settings: Settings) -> list[Mistake]:
    """Everything `psirf-bot check` has to say: what `serve` would refuse, in the order of docs/configuration.md."""
    return serve_mistakes(settings)


def _key_and_database_mistakes(settings: Settings, dev: bool) -> Iterator[Mistake]:
    key = settings.secret_key
    if key is None and dev:
        pass  # a fixed key will do for trying things out on this machine
    elif key is None:
        yield Mistake("PSIRF_SECRET_KEY", "is not set", _NEW_KEY)
    elif len(key.get_secret_value()) < SHORTEST_SECRET_KEY:
        yield Mistake("PSIRF_SECRET_KEY", f"is shorter than {SHORTEST_SECRET_KEY} characters", _NEW_KEY)
    if not settings.database_url.get_secret_value().startswith(("sqlite:///", "postgresql+psycopg://")):
        yield Mistake(
            "PSIRF_DATABASE_URL",
            "is not a database that this version can use",
            "Start it with sqlite:/// or postgresql+psycopg://",
        )


_NEW_KEY = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))' and keep it safe."


def _address_mistakes(settings: Settings, dev: bool) -> Iterator[Mistake]:
    if not _is_host(settings.host):
        yield Mistake("PSIRF_HOST", "is not a host name or an IP address", "For this machine only, use 127.0.0.1")
    elif dev and not _is_loopback(settings.host):
        yield Mistake("PSIRF_HOST", "would open `serve --dev` to other machines", "With --dev, use 127.0.0.1")
    if settings.port == NOT_A_PORT:
        yield Mistake("PSIRF_PORT", "is not a port number", "Use a whole number up to 65535, for example 3978")


def _slack_mistakes(settings: Settings) -> Iterator[Mistake]:
    needed = {
        "PSIRF_SLACK_BOT_TOKEN": settings.slack_bot_token,
        "PSIRF_SLACK_SIGNING_SECRET": settings.slack_signing_secret,
        "PSIRF_SLACK_TEAM_ID": settings.slack_team_id,
    }
    yield from _half_configured("Slack", needed)
    if settings.slack_app_token and not all(needed.values()):
        yield Mistake(
            "PSIRF_SLACK_APP_TOKEN",
            "is for Socket Mode, which is not available yet in this version",
            f"Take it out and set {', '.join(needed)}, with Slack's request URL ending in /slack/events",
        )
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
    yield from _half_configured("Teams", needed)
    for host in settings.teams_service_hosts:
        if not _is_host(host.rpartition(":")[0] if re.search(r":\d+$", host) else host):
            yield Mistake(
                "PSIRF_TEAMS_SERVICE_HOSTS",
                "has something in it that is not a host",
                "List hosts with commas between them, without https:// or a path: smba.trafficmanager.net",
            )


def _half_configured(platform: str, needed: dict[str, SecretStr | str | None]) -> Iterator[Mistake]:
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
            "Set up one of them (docs/configuration.md); to look around first, run `psirf-bot demo`",
        )


def _url_mistakes(settings: Settings) -> Iterator[Mistake]:
    for name, url in (
        ("PSIRF_SLACK_API_URL", settings.slack_api_url),
        ("PSIRF_TEAMS_OPENID_URL", settings.teams_openid_url),
        ("PSIRF_TEAMS_LOGIN_URL", settings.teams_login_url),
    ):
        try:
            scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
        except ValueError:
            scheme, host = "", ""
        if scheme == "http" and host and not _is_loopback(host):
            yield Mistake(name, "is plain http, which would show our secrets on the way", "Use https://")
        elif scheme not in {"http", "https"} or not host:
            yield Mistake(name, "is not a web address", "Use one that starts with https://, or take it out")


def warnings(settings: Settings) -> Iterator[Mistake]:
    """What `serve` starts with all the same, but an administrator should know."""
    if settings.trust is None:
        yield Mistake(
            "PSIRF_TRUST",
            "is not set, so the made-up sample trust and its phone numbers are used",
            "Set it to the path of your own trust.toml before staff use the bot",
        )


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
