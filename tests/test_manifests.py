"""What registers the bot with Slack and Teams asks for what the adapters use, and for nothing else."""

import ast
import inspect
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from slack_sdk.web.async_client import AsyncWebClient

import psirf_bot.adapters.slack
from adapters.slack.slack_office import CASE, RecordingDesk, adapter_for, served
from fakes.slack import FakeSlack
from manifest_schemas import SLACK, SLACK_SOCKET, TEAMS
from psirf_bot.adapters.slack import payloads
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.adapters.teams.turns import Activity, what_it_means
from psirf_bot.casework.inbound import Chosen, Said
from psirf_bot.casework.words import WORDS
from psirf_bot.cli import bot
from psirf_bot.delivery.platform import Refused, Uncertain
from psirf_bot.manifests import icons, slack, teams, teams_check
from psirf_bot.trust_file import sample_trust_text

Json = dict[str, Any]

DOCS = Path(__file__).parents[1] / "docs"
ADAPTER = Path(inspect.getfile(psirf_bot.adapters.slack)).parent
URL = "https://bot.example.nhs.uk"
APP_ID = "0a1b2c3d-1111-2222-3333-444455556666"
FENMARSH = "Fenmarsh Community NHS Trust"
LINKS = {"--website": f"{URL}/about", "--privacy": f"{URL}/notice", "--terms": f"{URL}/rules"}

# What Slack's documentation says that each of these needs. Ours are conversations of three kinds.
METHODS: dict[str, set[str]] = {
    "apps_connections_open": set(),  # with the app-level token of Socket Mode, which has a scope of its own
    "auth_test": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_info": {"channels:read", "groups:read"},  # asked about channels alone
    "conversations_open": {"im:write"},  # with one person
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
    "views_push": set(),
    "views_update": set(),
}
EVENTS = {"app_home_opened": set(), "app_mention": {"app_mentions:read"}, "message.im": {"im:history"}}
OTHERS = ("message.channels", "message.groups", "message.mpim", "member_joined_channel", "reaction_added", "team_join")
"""Events that Slack could tell of, and that the bot has no use for."""
CHANNEL_TYPES = {"channels": "channel", "groups": "group"}

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command line in an empty folder, with nothing in its environment but what is given."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environment: str) -> Result:
        found = {f"PSIRF_{name}": None for name in ("TRUST", "PUBLIC_URL", "TEAMS_APP_ID")}
        return CliRunner().invoke(bot, ["manifest", *arguments], env={**found, **environment})

    return run


def slack_manifest(run: Run, *arguments: str, **environment: str) -> Json:
    result = run("slack", *arguments, **environment)
    assert result.exit_code == 0, result.output
    found: Json = json.loads(result.stdout)
    return found


def teams_package(run: Run, *arguments: str, **environment: str) -> bytes:
    result = run("teams", "--url", URL, "--app-id", APP_ID, *arguments, **environment)
    assert result.exit_code == 0, result.output
    return Path("psirf-teams.zip").read_bytes()


def inside(package: bytes) -> Json:
    found: Json = json.loads(zipfile.ZipFile(io.BytesIO(package)).read("manifest.json"))
    return found


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a method in the Slack adapter, by the method's name; a call passed on by super() is another's."""
    # `api_call("chat.postMessage")` is one of `chat_postMessage`.
    for file in ADAPTER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not _is_passed_on(node.func):
                named = node.func.attr == "api_call" and node.args and isinstance(node.args[0], ast.Constant)
                yield str(node.args[0].value).replace(".", "_") if named else node.func.attr, node


def _is_passed_on(method: ast.Attribute) -> bool:
    return ast.unparse(method.value) == "super()"


def api_methods() -> set[str]:
    """Those that are methods of Slack's Web API."""
    return {
        name for name, _ in calls() if "_" in name and inspect.iscoroutinefunction(getattr(AsyncWebClient, name, None))
    }


def listened_to() -> set[str]:
    """The events that a turn begins with, of all that Slack could tell of."""
    return {name for name in (*EVENTS, *OTHERS) if payloads.read(told(name)) is not None}


def told(name: str) -> Json:
    kind, _, where = name.partition(".")
    event = {"type": kind, "user": "U0AMINA01", "text": "help", "channel": "C0QUALITY", "ts": "1.1", "tab": "home"}
    if where:
        event["channel_type"] = CHANNEL_TYPES.get(where, where)
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T0FENMARSH", "event": event}


# --- Slack


def test_slack_is_asked_for_what_the_adapter_calls_and_for_nothing_else() -> None:
    methods = api_methods()
    assert "chat_postMessage" in methods
    assert not methods - METHODS.keys(), "say in METHODS what Slack's documentation wants for these"
    needed = {"commands"}.union(*(METHODS[method] for method in methods), *(EVENTS[event] for event in listened_to()))
    assert set(slack.SCOPES) == needed


def test_slack_is_asked_to_tell_what_the_adapter_listens_to() -> None:
    assert set(slack.EVENTS) == listened_to()


def test_no_method_of_slack_is_called_by_a_name_that_cannot_be_read_here() -> None:
    assert not [name for name, _ in calls() if name in ("api_call", "__getattribute__")]


@pytest.fixture
def desk() -> RecordingDesk:
    return RecordingDesk()


@pytest.fixture
async def fake() -> AsyncIterator[FakeSlack]:
    """A workspace that gives the bot just what the manifest asks for."""
    async with FakeSlack(scopes=frozenset(slack.SCOPES)) as fake:
        fake.world.subscriptions = set(slack.EVENTS)
        fake.add_user("U0AMINA01", "Amina Yusuf")
        fake.add_channel("C0QUALITY", "quality", {"U0AMINA01", fake.bot_user_id})
        fake.add_channel("C0PANEL", "panel", {"U0AMINA01", fake.bot_user_id}).is_private = True
        yield fake


@pytest.fixture
async def adapter(fake: FakeSlack, desk: RecordingDesk) -> AsyncIterator[SlackAdapter]:
    adapter = adapter_for(fake, desk, lambda: datetime.now(UTC))
    async with served(fake, adapter):
        yield adapter


async def everything(fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk) -> None:
    """What the bot does on Slack. Raises Refused, or fails, where it may not."""
    for to in ({"channel": "C0QUALITY"}, {"channel": "C0PANEL"}, {"user": "U0AMINA01"}):
        posted = await adapter.send(to, CASE, f"key of {to}")
        await adapter.update(to, posted, CASE)
        found = await adapter.find(to, f"key of {to}", datetime.now(UTC) - timedelta(minutes=1))
        assert found == posted
        await adapter_for(fake, desk, lambda: datetime.now(UTC)).update(to, posted, CASE)  # after a restart
    await fake.person("U0AMINA01").slash("/psirf", "report")
    assert desk.done, "nobody could tell who it was"


async def test_the_scopes_suffice(fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk) -> None:
    await everything(fake, adapter, desk)


@pytest.mark.parametrize("scope", sorted(set(slack.SCOPES) - {"commands", "app_mentions:read"}))
async def test_without_any_one_of_the_scopes_something_fails(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk, scope: str
) -> None:
    fake.world.scopes = frozenset(slack.SCOPES) - {scope}
    with pytest.raises((Refused, Uncertain, AssertionError), match=r"missing_scope|nobody could tell"):
        await everything(fake, adapter, desk)


async def test_everything_in_the_manifest_is_answered(
    fake: FakeSlack, adapter: SlackAdapter, desk: RecordingDesk
) -> None:
    amina = fake.person("U0AMINA01")
    features = slack.manifest(URL, None)["features"]
    for shortcut in features["shortcuts"]:
        if shortcut["type"] == "message":
            ts = await adapter.send({"channel": "C0QUALITY"}, CASE, "key")
            message = next(m for m in fake.messages("C0QUALITY") if m.ts == ts)
            await amina.message_shortcut(shortcut["callback_id"], message)
        else:
            await amina.shortcut(shortcut["callback_id"])
    for command in features["slash_commands"]:
        await amina.slash(command["command"], "help")
    await amina.dm("help")
    await amina.say(f"<@{fake.bot_user_id}> help", channel="C0QUALITY")
    await amina.open_home()
    assert len(desk.done) == len(features["shortcuts"]) + len(features["slash_commands"]) + len(slack.EVENTS)


def test_every_address_for_slack_is_where_the_adapter_takes_requests(adapter: SlackAdapter) -> None:
    text = json.dumps(slack.manifest(f"{URL}/", None))
    paths = {route.path for route in adapter.routes()}
    assert {found.removeprefix(URL) for found in re.findall(rf"{URL}[^\"]*", text)} == paths


def test_the_slack_manifest_keeps_to_what_slack_takes(run: Run) -> None:
    found = slack_manifest(run, "--url", URL)
    jsonschema.validate(found, SLACK)
    assert found["settings"]["socket_mode_enabled"] is False


def test_socket_mode_has_no_address_in_it(run: Run) -> None:
    found = slack_manifest(run, "--socket", PSIRF_PUBLIC_URL=URL)
    jsonschema.validate(found, SLACK_SOCKET)
    assert found["settings"]["socket_mode_enabled"] is True


def test_the_address_comes_from_the_environment_and_the_trusts_name_from_its_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "trust.toml").write_text(sample_trust_text(), "utf-8")
    found = slack_manifest(run, PSIRF_PUBLIC_URL=URL, PSIRF_TRUST="trust.toml")
    assert found["features"]["slash_commands"][0]["url"] == f"{URL}/slack/events"
    assert FENMARSH in found["display_information"]["long_description"]


def test_the_sample_trust_is_not_named(run: Run) -> None:
    assert "Fenmarsh" not in run("slack", "--url", URL).output
    assert "Fenmarsh" not in str(inside(teams_package(run)))


@pytest.mark.parametrize(
    "url", ["", "http://bot.example.nhs.uk", "bot.example.nhs.uk", f"{URL}?a=1", "https://", "https://[", "https://a b"]
)
@pytest.mark.parametrize("platform", ["slack", "teams"])
def test_without_an_address_that_will_do_it_says_what_to_give(run: Run, platform: str, url: str) -> None:
    result = run(platform, "--url", url, *(["--app-id", APP_ID] if platform == "teams" else []))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "--url or PSIRF_PUBLIC_URL" in result.stderr
    assert "https://bot.example.nhs.uk" in result.stderr
    assert not Path("psirf-teams.zip").exists()


# --- Teams


def test_the_package_keeps_to_what_teams_takes(run: Run) -> None:
    package = teams_package(run, "--developer", FENMARSH)
    jsonschema.validate(inside(package), TEAMS)
    assert zipfile.ZipFile(io.BytesIO(package)).namelist() == ["manifest.json", "color.png", "outline.png"]
    assert list(teams_check.mistakes(package)) == []


def test_the_same_settings_give_the_same_bytes(run: Run) -> None:
    assert teams_package(run) == teams_package(run)
    entries = zipfile.ZipFile(io.BytesIO(teams_package(run))).infolist()
    assert {(e.date_time[0], e.create_system, e.compress_type) for e in entries} == {(1980, 3, zipfile.ZIP_STORED)}
    assert run("slack", "--url", URL).stdout == run("slack", "--url", URL).stdout


def test_an_upgrade_takes_the_place_of_the_app_and_another_bot_does_not(run: Run) -> None:
    now = inside(teams_package(run))
    later = inside(teams_package(run, "--app-id", APP_ID.upper(), "--developer", "Another name"))
    other = inside(teams_package(run, "--app-id", APP_ID.replace("0", "1")))
    assert now["id"] == later["id"] == "d72cb19f-905f-564f-8ad4-69e8d52ccecd"
    assert now["id"] not in (other["id"], APP_ID)


def test_teams_is_told_the_version_of_this_package_and_who_stands_behind_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "trust.toml").write_text(sample_trust_text(), "utf-8")
    given = [word for pair in LINKS.items() for word in pair]
    result = run("teams", *given, PSIRF_TEAMS_APP_ID=APP_ID, PSIRF_TRUST="trust.toml")
    assert (result.exit_code, result.stderr) == (0, "")
    found = inside(Path("psirf-teams.zip").read_bytes())
    assert found["developer"] == {
        "name": FENMARSH,
        "websiteUrl": LINKS["--website"],
        "privacyUrl": LINKS["--privacy"],
        "termsOfUseUrl": LINKS["--terms"],
    }
    assert FENMARSH in found["description"]["full"]
    assert found["bots"][0]["botId"] == found["composeExtensions"][0]["botId"] == APP_ID
    assert f'version = "{found["version"]}' in (DOCS.parent / "pyproject.toml").read_text("utf-8")


def test_links_that_were_made_up_are_named(run: Run) -> None:
    result = run("teams", "--url", f"{URL}/", "--app-id", APP_ID, "--terms", LINKS["--terms"])
    assert [line.rpartition(" ")[2] for line in result.stderr.splitlines()] == ["--website.", "--privacy."]
    found = inside(Path("psirf-teams.zip").read_bytes())["developer"]
    assert found["privacyUrl"] == f"{URL}/privacy"
    assert found["termsOfUseUrl"] == LINKS["--terms"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--app-id", ""], "PSIRF_TEAMS_APP_ID"),
        (["--app-id", "the-bot"], "application (client) ID"),
        (["--privacy", "http://trust.example"], "--privacy"),
        (["--website", "trust.example"], "--website"),
        (["--terms", f"{URL}/{'a' * 2048}"], "--terms"),
        (["--developer", "Cambridge and Somewhere Community NHS Foundation Trust"], "--developer"),
        (["--developer", " "], "--developer"),
        (["--out", "nowhere/psirf.zip"], "--out"),
    ],
)
def test_what_teams_would_not_take_is_said_before_anything_is_written(
    run: Run, arguments: list[str], said: str
) -> None:
    result = run("teams", "--url", URL, "--app-id", APP_ID, *arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert list(Path().iterdir()) == []


def made(**change: Any) -> Json:
    developer = teams.Developer(name=FENMARSH, website=URL, privacy=URL, terms=URL)
    return {**teams.manifest(app_id=APP_ID, version="1.2.3", developer=developer, trust=None), **change}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": {"short": "a" * 31, "full": "b"}}, "name.short"),
        ({"name": {"short": "a", "full": "b" * 101}}, "name.full"),
        ({"name": {"short": "a", "full": "a"}}, "name: says the same"),
        ({"description": {"short": "a" * 81, "full": "b"}}, "description.short"),
        ({"description": {"short": "a", "full": "b" * 4001}}, "description.full"),
        ({"description": {"short": "", "full": "b"}}, "description.short: is empty"),
        ({"version": "1.2"}, "version"),
        ({"version": "1.2.3.dev4"}, "version"),
        ({"id": "psirf"}, ", id:"),
        ({"composeExtensions": [{"commands": [{"title": "a" * 33, "description": "b"}]}]}, "command.title"),
        ({"composeExtensions": [{"commands": [{"title": "a", "description": "b" * 129}]}]}, "command.description"),
        (
            {"bots": [{"botId": APP_ID, "commandLists": [{"commands": [{"title": "a", "description": "b"}] * 11}]}]},
            "commandLists",
        ),
    ],
)
def test_each_limit_of_teams_is_looked_at(change: Json, said: str) -> None:
    found = list(map(str, teams_check.mistakes(teams.package(made(**change)))))
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"color.png": icons.outline()}, "192 × 192"),
        ({"outline.png": b"GIF89a and what follows it"}, "32 × 32"),
        ({"color.png": icons.color() + bytes(teams_check.LARGEST_ICON)}, "bytes"),
        ({"notes.txt": b"hello"}, "does not hold exactly"),
    ],
)
def test_the_files_in_the_package_are_looked_at(files: Mapping[str, bytes], said: str) -> None:
    contents = {
        "manifest.json": json.dumps(made()).encode(),
        "color.png": icons.color(),
        "outline.png": icons.outline(),
        **files,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, content in contents.items():
            package.writestr(name, content)
    found = list(map(str, teams_check.mistakes(file.getvalue())))
    assert len(found) == 1
    assert said in found[0]


def test_every_word_that_teams_offers_is_one_that_the_bot_knows() -> None:
    offered = [command["title"] for command in made()["bots"][0]["commandLists"][0]["commands"]]
    assert "report" in offered
    assert not set(offered) - WORDS.keys()


@pytest.mark.parametrize("context", teams.CONTEXTS)
def test_wherever_teams_shows_the_entry_it_opens_the_form(context: str) -> None:
    activity = Activity.model_validate(
        {
            "type": "invoke",
            "name": "composeExtension/fetchTask",
            "id": "1",
            "channelId": "msteams",
            "serviceUrl": URL,
            "from": {"id": "29:amina"},
            "recipient": {"id": f"28:{APP_ID}"},
            "conversation": {"id": "19:ward"},
            "value": {
                "commandContext": context,
                "messagePayload": {"body": {"contentType": "text", "content": "A fall"}},
            },
        }
    )
    expected: Chosen | Said = Chosen("A fall") if context == "message" else Said("report")
    assert what_it_means(activity) == expected


# --- Icons


def pixels(png: bytes) -> list[list[tuple[int, ...]]]:
    """Rows of red, green, blue and alpha."""
    size = struct.unpack(">I", png[16:20])[0]
    start = png.index(b"IDAT") + 4
    length = struct.unpack(">I", png[start - 8 : start - 4])[0]
    raw = zlib.decompress(png[start : start + length])
    rows = [raw[at + 1 : at + 1 + size * 4] for at in range(0, len(raw), size * 4 + 1)]
    return [[tuple(row[at : at + 4]) for at in range(0, size * 4, 4)] for row in rows]


def test_the_outline_is_white_and_the_rest_shines_through() -> None:
    drawn = pixels(icons.outline())
    flat = [pixel for row in drawn for pixel in row]
    assert len(flat) == 32 * 32
    assert {pixel[:3] for pixel in flat} == {(255, 255, 255)}
    assert 100 < sum(pixel[3] > 200 for pixel in flat) < 400
    assert drawn[0][0][3] == drawn[-1][-1][3] == 0


def test_the_coloured_icon_is_a_full_square_with_its_drawing_in_the_middle() -> None:
    drawn = pixels(icons.color())
    brand = (*bytes.fromhex(icons.BRAND[1:]), 255)
    assert {pixel[3] for row in drawn for pixel in row} == {255}
    edge = (192 - 120) // 2
    outside = {p for y, row in enumerate(drawn) for x, p in enumerate(row) if not edge <= x < 192 - edge or y < edge}
    assert outside == {brand}
    assert sum(pixel[:3] == (255, 255, 255) for row in drawn for pixel in row) > 5000


# --- The guides


def table(reasons: Mapping[str, str]) -> str:
    return "\n".join(f"| `{name}` | {reason} |" for name, reason in reasons.items())


@pytest.mark.parametrize(
    ("guide", "reasons"),
    [
        ("slack.md", slack.SCOPES),
        ("slack.md", slack.EVENTS),
        ("teams.md", teams.SCOPES),
        ("teams.md", teams.PERMISSIONS),
        ("teams.md", teams.CONTEXTS),
    ],
)
def test_the_guides_give_each_scope_with_its_reason(guide: str, reasons: Mapping[str, str]) -> None:
    rows = table(reasons)
    assert f"| --- | --- |\n{rows}\n\n" in (DOCS / guide).read_text("utf-8"), f"docs/{guide} should have:\n{rows}"
