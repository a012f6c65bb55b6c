"""The real process: started, told to stop, killed, started again."""

import asyncio
import gzip
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner
from sqlmodel import Session, select

from fakes.slack import FakeSlack
from psirf_bot.cli import bot
from psirf_bot.store.database import open_engine
from psirf_bot.store.tables import Outbox
from psirf_bot.trust_file import sample_people_text
from ready_made import put_tables

KEY = "a key for the tests alone, long enough"
BOT = Path(sys.executable).parent / "psirf-bot"
PAGE_1 = {
    "Is anyone in danger now?": "No",
    "What are you reporting?": "Near miss",
    "What happened?": "The wrong syringe driver was set up and noticed before use.",
    "Which service was it in?": "Community Nursing",
    "when.date": "2026-11-20",
}
SERIOUS = "Could it have led to serious injury, major permanent harm or unexpected death?"


def environment(folder: Path, slack: FakeSlack | None = None, **more: str) -> dict[str, str]:
    own = {
        "PATH": os.environ["PATH"],
        "PSIRF_DATABASE_URL": f"sqlite:///{folder}/psirf.db",
        "PSIRF_PORT": "0",
        "PSIRF_SECRET_KEY": KEY,
    }
    if slack:
        own |= {
            "PSIRF_SLACK_BOT_TOKEN": slack.bot_token,
            "PSIRF_SLACK_SIGNING_SECRET": slack.signing_secret,
            "PSIRF_SLACK_TEAM_ID": slack.team_id,
            "PSIRF_SLACK_API_URL": slack.api_url,
        }
    return own | more


async def run(folder: Path, *arguments: str, **more: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        BOT, *arguments, env=environment(folder, **more), cwd=folder, stdout=-1, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def beside_it(folder: Path, *arguments: str, **more: str) -> str:
    """What another process does: this one, which need not be started first."""
    done = await asyncio.to_thread(CliRunner().invoke, bot, arguments, env=environment(folder, **more))
    if done.exception:
        raise done.exception
    return done.output


@asynccontextmanager
async def serving(folder: Path, slack: FakeSlack) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        BOT, "serve", "--dev", env=environment(folder, slack), cwd=folder, stdout=-1, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    slack.bot_url = line.rsplit(" ", 1)[1].strip() + "/slack/events"
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 20)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as fake:
        fake.add_user("U0AMINA01", "Amina Yusuf")
        fake.add_channel("C0WARD001", "ward", {"U0AMINA01", fake.bot_user_id})
        yield fake


async def to_the_check(slack: FakeSlack) -> None:
    amina = slack.person("U0AMINA01")
    await amina.slash("/psirf", "report", channel="C0WARD001")
    await slack.until(lambda: amina.open_view)
    await amina.submit_view(PAGE_1)
    await amina.submit_view({SERIOUS: "Yes"})


MADE_TO_SERVE = """
import asyncio, sys
from psirf_bot import bootstrap, cli, config, trust_file

async def make():
    trust, _ = trust_file.load_trust(None)
    app = bootstrap.Application(config.Settings(), trust, dev=True)
    app.web_application()
    app.store.close()

asyncio.run(make())
print(*sorted({"alembic", "botbuilder", "docx", "slack_bolt"} & sys.modules.keys()))
"""


async def later(slack: FakeSlack, by: str) -> None:
    """Move the bot's clock."""
    async with aiohttp.ClientSession() as http:
        url = slack.bot_url.replace("/slack/events", "/dev/clock")
        async with http.post(url, json={"advance": by}) as answer:
            assert answer.status == 200


def leases_grow_older(folder: Path, by: timedelta) -> None:
    """What was being sent when its sender died was taken that much earlier: leases go by the real clock alone."""
    engine = open_engine(environment(folder)["PSIRF_DATABASE_URL"])
    with Session(engine) as session:
        for row in session.exec(select(Outbox).where(Outbox.state == "sending")):
            assert row.lease_until
            row.lease_until -= by
        session.commit()
    engine.dispose()


def receipts(slack: FakeSlack) -> list[str]:
    return [m.words for m in slack.messages("U0AMINA01") if "Saved as PSI-" in m.words]


async def test_killed_right_after_it_acknowledged_it_loses_nothing_and_tells_nothing_twice(
    tmp_path: Path, slack: FakeSlack
) -> None:
    async with serving(tmp_path, slack) as process:
        await to_the_check(slack)
        slack.server.latency = 0.5  # the receipt is still on its way when the process dies
        await slack.person("U0AMINA01").submit_view()
        assert "Saved as PSI-2026-0001" in slack.person("U0AMINA01").open_view.words  # type: ignore[union-attr]
        process.send_signal(signal.SIGKILL)
        await process.wait()
    slack.server.latency = 0.0
    leases_grow_older(tmp_path, timedelta(minutes=3))
    async with serving(tmp_path, slack):
        # What may have arrived is looked for once things have settled, so that nothing is told twice.
        await later(slack, "3 minutes")
        await slack.until(lambda: receipts(slack), within=5)
        await later(slack, "3 minutes")
    assert len(receipts(slack)) == 1


async def test_killed_in_the_middle_of_a_report_it_goes_on_where_it_was(tmp_path: Path, slack: FakeSlack) -> None:
    amina = slack.person("U0AMINA01")
    async with serving(tmp_path, slack) as process:
        await amina.slash("/psirf", "report", channel="C0WARD001")
        await slack.until(lambda: amina.open_view)
        await amina.submit_view(PAGE_1)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with serving(tmp_path, slack):
        await amina.submit_view({SERIOUS: "Yes"})
        await amina.submit_view()
        await slack.until(lambda: receipts(slack), within=5)
    assert "PSI-2026-0001" in receipts(slack)[0]


async def ready(slack: FakeSlack) -> int:
    """The status of the page for watchers."""
    async with aiohttp.ClientSession() as http, http.get(slack.bot_url.replace("/slack/events", "/readyz")) as answer:
        return answer.status


async def test_on_a_full_disk_nothing_is_acknowledged_and_the_watcher_is_told(tmp_path: Path, slack: FakeSlack) -> None:
    async with serving(tmp_path, slack) as process:
        await to_the_check(slack)
        assert await ready(slack) == 200
        full = (tmp_path / "psirf.db-wal").stat().st_size
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        await slack.person("U0AMINA01").submit_view()
        assert "this was not saved" in slack.person("U0AMINA01").open_view.words  # type: ignore[union-attr]
        assert await ready(slack) == 503
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert await ready(slack) == 200
        await slack.person("U0AMINA01").close_view()
        await slack.person("U0AMINA01").submit_view()
        await slack.until(lambda: receipts(slack), within=5)
    assert "PSI-2026-0001" in receipts(slack)[0]


async def test_a_packed_body_is_not_unpacked(tmp_path: Path, slack: FakeSlack) -> None:
    """A megabyte that becomes a gigabyte would hold everybody up for seconds, whoever sent it."""
    body = b'{"type": "url_verification", "challenge": "x"}'
    headers = slack.post.headers(body, "application/json")
    async with serving(tmp_path, slack):
        assert (await slack.deliver(body, headers)).status == 200
        assert (await slack.deliver(gzip.compress(body), headers | {"Content-Encoding": "gzip"})).status == 401


async def test_told_to_stop_it_finishes_what_it_acknowledged(tmp_path: Path, slack: FakeSlack) -> None:
    async with serving(tmp_path, slack) as process:
        await to_the_check(slack)
        slack.server.latency = 0.3
        await slack.person("U0AMINA01").submit_view()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert len(receipts(slack)) == 1


async def test_what_serving_seldom_needs_is_loaded_when_it_is_needed(tmp_path: Path, slack: FakeSlack) -> None:
    """Each of these takes megabytes; the platforms' SDKs are among those looked for to see that the looking works."""
    put_tables(tmp_path / "psirf.db")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MADE_TO_SERVE, env=environment(tmp_path, slack), cwd=tmp_path, stdout=-1
    )
    loaded, _ = await asyncio.wait_for(process.communicate(), 20)
    assert loaded.decode().split() == ["botbuilder", "slack_bolt"]


async def test_a_second_serve_on_the_same_database_is_refused_but_other_commands_work(
    tmp_path: Path, slack: FakeSlack
) -> None:
    (people := tmp_path / "people.csv").write_text(sample_people_text())
    async with serving(tmp_path, slack):
        code, said = await run(tmp_path, "serve", "--dev")
        assert (code, "already serves" in said) == (1, True), said
        assert "18 people: 18 added" in await beside_it(tmp_path, "people", "import", str(people))
        assert "The audit chain holds" in await beside_it(tmp_path, "audit", "verify")
        assert "Nothing is waiting" in await beside_it(tmp_path, "outbox")


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = await run(tmp_path, "serve", "--dev", PSIRF_PORT=str(port))
    assert code == 1
    assert f"127.0.0.1:{port} cannot be used" in said
    assert "Check PSIRF_HOST and PSIRF_PORT" in said


async def test_it_refuses_to_start_half_configured_and_says_what_is_missing(tmp_path: Path) -> None:
    code, said = await run(tmp_path, "serve", PSIRF_SLACK_BOT_TOKEN="xoxb-canary-token")
    assert code == 1
    assert "PSIRF_SLACK_SIGNING_SECRET" in said
    assert "PSIRF_SLACK_TEAM_ID" in said
    assert "canary" not in said


async def said_at_the_start(folder: Path, **more: str) -> str:
    """What `serve` says before it serves; then it is told to stop."""
    process = await asyncio.create_subprocess_exec(
        BOT, "serve", "--dev", env=environment(folder, **more), cwd=folder, stdout=-1, stderr=-1
    )
    assert process.stdout
    await asyncio.wait_for(process.stdout.readline(), 20)
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 20)
    return said.decode()


async def test_a_key_that_was_changed_without_keeping_the_old_one_is_said_at_the_start(tmp_path: Path) -> None:
    (people := tmp_path / "people.csv").write_text(sample_people_text())
    await beside_it(tmp_path, "people", "import", str(people), PSIRF_SECRET_KEY="the-first-key-of-all")
    changed = {"PSIRF_SECRET_KEY": "the-key-that-came-after-it"}
    assert "PSIRF_SECRET_KEY_OLD: lacks a key" in await said_at_the_start(tmp_path, **changed)
    assert "lacks" not in await said_at_the_start(tmp_path, **changed, PSIRF_SECRET_KEY_OLD="the-first-key-of-all")
