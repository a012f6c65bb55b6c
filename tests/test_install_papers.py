"""What an administrator is told, and what the files in deploy/ set up, is what the program does."""

import configparser
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from click import Group
from click.testing import CliRunner

from psirf_bot import bootstrap
from psirf_bot.cli import bot
from psirf_bot.config import Settings
from psirf_bot.health import health_routes
from psirf_bot.store.tables import Outbox
from stage import Stage

ROOT = Path(__file__).parents[1]
DEPLOY, DOCS = ROOT / "deploy", ROOT / "docs"
GUIDES = {name: (DOCS / name).read_text("utf-8") for name in ("install.md", "operations.md")}
ALERTS = (DEPLOY / "prometheus-alerts.yml").read_text("utf-8")


async def figures(stage: Stage) -> set[str]:
    await stage.says("Amina Yusuf", "help")
    app = web.Application()
    app.add_routes(health_routes(stage.store))
    async with TestClient(TestServer(app)) as client:
        text = await (await client.get("/metrics")).text()
    return set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))


async def test_alerts_go_by_figures_that_are_there_and_none_goes_unwatched(stage: Stage) -> None:
    watched = set(re.findall(r"psirf_\w+", "\n".join(re.findall(r"expr: (.*)", ALERTS))))
    assert watched == await figures(stage)


async def test_every_figure_is_explained(stage: Stage) -> None:
    explained = set(re.findall(r"^\| `(psirf_\w+)", GUIDES["operations.md"], re.MULTILINE))
    assert explained == await figures(stage)


def test_alerts_name_hazards_of_the_log() -> None:
    known = set(re.findall(r"^### (H\d\d) ", (DOCS / "safety" / "hazard-log.md").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bH\d\d\b", ALERTS))
    assert named
    assert named <= known
    said = set(re.findall(r"\bH\d\d\b", GUIDES["operations.md"].partition("## Monitoring")[2]))
    assert named <= said
    assert said == known, "for each hazard the guide says which alert watches it, or that none can"


def test_the_guide_says_of_each_hazard_which_alerts_watch_it() -> None:
    watched = re.findall(r"alert: (\w+)(?:.*\n)+?.*hazards: \"([^\"]+)\"", ALERTS)
    assert len(watched) == ALERTS.count("alert: ")
    rows = re.findall(r"^\| (H\d\d.*?) \| (.*) \|$", GUIDES["operations.md"], re.MULTILINE)
    assert rows
    for hazards, alerts in rows:
        those = set(re.findall(r"H\d\d", hazards))
        assert set(re.findall(r"Psirf\w+", alerts)) == {name for name, of in watched if those & set(of.split())}, (
            hazards
        )


def test_alerts_look_at_states_that_there_are() -> None:
    states = set(re.findall(r'state="(\w+)"', ALERTS))
    source = (ROOT / "src/psirf_bot/store/tables/messages.py").read_text("utf-8")
    line = re.search(r'state: str = "due"  # (.*)', source)
    assert line
    assert states <= set(line[1].split(", "))
    assert Outbox.model_fields["state"].default == "due"


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_in_the_guide_is_one(guide: str) -> None:
    lines = re.findall(r"psirf-bot((?: [a-z][a-z-]*)+)((?: --[a-z-]+)*)", code_of(GUIDES[guide]))
    assert lines
    for words, options in lines:
        command, path = bot, words.split()
        while isinstance(command, Group) and path and path[0] in command.commands:
            command = command.commands[path.pop(0)]
        assert command is not bot, words
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(options.split()) <= known | {"--version"}, (words, options)


def code_of(guide: str) -> str:
    return "\n".join([*re.findall(r"^```.*?^```", guide, re.MULTILINE | re.DOTALL), *re.findall(r"`([^`\n]+)`", guide)])


@pytest.mark.parametrize("guide", GUIDES)
def test_every_setting_in_the_guide_is_one(guide: str) -> None:
    known = {f"PSIRF_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"PSIRF_[A-Z_]+[A-Z]", GUIDES[guide]))
    assert named
    assert named <= known


@pytest.mark.parametrize("guide", GUIDES)
def test_every_link_leads_somewhere(guide: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", GUIDES[guide]):
        assert (DOCS / target).exists(), target


def test_every_command_has_its_place_in_a_guide() -> None:
    told = "\n".join(GUIDES.values())
    assert [name for name in bot.commands if f"psirf-bot {name}" not in told] == []


def test_messages_that_the_guide_quotes_are_those_of_the_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    source = "\n".join(f.read_text("utf-8") for f in (ROOT / "src/psirf_bot").rglob("*.py"))
    quoted = re.findall(r"^\| “([^”]+)”", GUIDES["install.md"], re.MULTILINE)
    assert len(quoted) > 8
    plain = re.sub(r'"\s*\n\s*f?"', "", source)
    for words in quoted:
        for part in words.split("…"):
            assert part.strip() in plain, words


# deploy/


def test_the_service_writes_nowhere_but_in_its_folder() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "psirf-bot.service")
    service = dict(unit["Service"])
    assert service["User"] not in {"", "root"}
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert "ReadWritePaths" not in service
    # ProtectSystem=strict leaves these as they are, and everybody may write there.
    assert set(service["InaccessiblePaths"].split()) == {"-/dev/shm", "-/dev/mqueue", "-/run/lock"}
    assert service["Restart"] == "on-failure"
    assert service["ExecStart"].endswith("/psirf-bot serve")


def test_the_proxy_lets_in_what_the_platforms_call_and_no_health_pages() -> None:
    conf = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert re.findall(r"location (\S+(?: \S+)?) \{", conf) == [
        "= /slack/events",
        "= /api/messages",
        "^~ /minutes/",
        "/",
    ]
    # A link to a minute shows a page first; its button posts, and gets the document.
    assert re.findall(r"limit_except (.+?) \{ deny all; \}", conf) == ["POST", "POST", "GET POST"]
    assert "return 404" in conf
    size = re.search(r"client_max_body_size (\d+)m;", conf)
    assert size
    assert int(size[1]) * 2**20 == biggest_body()


def test_the_proxy_logs_what_the_platforms_call_and_nothing_else() -> None:
    """What nginx turns away before it has a location is logged by the server, with the address of a minute in it."""
    conf = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert re.findall(r"^ {4}access_log (.+);$", conf, re.MULTILINE) == ["off"] * conf.count("\nserver {")
    logged = re.findall(r"location (.+) \{\n {8}access_log (.+);", conf)
    assert logged == [(f"= {path}", "/var/log/nginx/access.log") for path in ("/slack/events", "/api/messages")]
    assert conf.count("access_log") == 4


def biggest_body() -> int:
    """The biggest body that the program takes itself, in bytes."""
    found = re.search(r"client_max_size=2\*\*(\d+)", Path(bootstrap.__file__).read_text("utf-8"))
    assert found
    return int(2 ** int(found[1]))


def test_the_container_runs_as_nobody_special_and_says_how_it_is() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    assert re.search(r"^USER psirf-bot$", text, re.MULTILINE)
    assert "/readyz" in text
    assert "--require-hashes" in text
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / part).exists() for part in source.split()), source


def test_a_container_is_given_as_long_to_stop_as_the_service() -> None:
    given = re.search(r"^TimeoutStopSec=(\d+)$", (DEPLOY / "psirf-bot.service").read_text("utf-8"), re.MULTILINE)
    assert given
    assert f"--stop-timeout {given[1]} " in GUIDES["install.md"]


def test_an_upgrade_can_be_read_by_the_service_and_brings_its_new_file() -> None:
    block = GUIDES["operations.md"].partition("## Upgrade")[2].split("```")[1]
    assert block.index("umask 022") < block.index("git fetch")
    assert "cp /opt/psirf-bot/deploy/psirf-bot.service /etc/systemd/system/\nsystemctl daemon-reload\n" in block


def test_no_two_backups_have_one_name_when_the_clocks_go_back() -> None:
    days = re.findall(r"\$\(date ([^)]*)\)", GUIDES["operations.md"])
    assert len(days) == 3
    assert all(day.startswith("-u ") for day in days)


def test_commands_say_in_their_help_what_they_are_for() -> None:
    for name in ("export", "restored"):
        assert len(CliRunner().invoke(bot, [name, "--help"]).output.splitlines()) > 4
