"""`serve` by Socket Mode in real processes: no signing secret, two at once, and one of them killed."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from sqlmodel import Session, col, select

from fakes.slack import FakeSlack
from psirf_bot.store.database import open_engine
from psirf_bot.store.tables import Inbox, Outbox

BOT = Path(sys.executable).parent / "psirf-bot"
PEOPLE, EACH = 10, 10


@asynccontextmanager
async def serving(folder: Path, slack: FakeSlack, database: str) -> AsyncIterator[tuple[Process, str]]:
    """A process that serves, and where it says how it is. Its words go to a file, for whoever looks into a failure."""
    env = {
        "PATH": os.environ["PATH"],
        "PSIRF_DATABASE_URL": database,
        "PSIRF_PORT": "0",
        "PSIRF_SECRET_KEY": "a key for the tests alone, long enough",
        "PSIRF_SLACK_BOT_TOKEN": slack.bot_token,
        "PSIRF_SLACK_APP_TOKEN": slack.sockets.app_token,
        "PSIRF_SLACK_TEAM_ID": slack.team_id,
        "PSIRF_SLACK_API_URL": slack.api_url,
    }
    with (folder / "bot.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(BOT, "serve", env=env, cwd=folder, stdout=PIPE, stderr=log)
    assert process.stdout
    try:
        said = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        yield process, said.rsplit(" ", 1)[-1].strip()
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 20)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as fake:
        fake.sockets.enabled = True
        for number in range(PEOPLE):
            fake.add_user(f"U0STAFF{number:02}", f"Staff {number}")
        yield fake
        assert fake.sockets.broken == []


@pytest.mark.long
async def test_a_hundred_envelopes_over_two_processes_of_which_one_is_killed_are_done_once_each(
    tmp_path: Path, slack: FakeSlack, postgresql: str
) -> None:
    async with serving(tmp_path, slack, postgresql) as (doomed, _), serving(tmp_path, slack, postgresql) as (_, url):
        await slack.until(lambda: len(slack.sockets.lines) == 2, within=20)

        async def says(user: str) -> None:
            for _ in range(EACH):
                answer = await slack.person(user).dm("help")
                assert answer
                assert answer.ok

        everybody = [asyncio.create_task(says(user.id)) for user in slack.world.users.values() if not user.is_bot]
        await slack.until(lambda: len(slack.sockets.envelopes) > PEOPLE * EACH / 3, within=20)
        doomed.kill()
        await asyncio.gather(*everybody)
        async with aiohttp.ClientSession() as http:
            async with http.post(f"{url}/slack/events", data=b"{}") as answer:
                assert answer.status == 404, "there is nothing to call"
            async with http.get(f"{url}/readyz") as answer:
                assert (answer.status, "slack" in await answer.json()) == (200, False)
    handed = Counter(len(envelope.lines) for envelope in slack.sockets.envelopes)
    assert handed.total() == PEOPLE * EACH
    assert handed[2] > 0, "some were on the way to the process that was killed"
    engine = open_engine(postgresql)
    with Session(engine) as session:
        done = session.exec(select(Inbox.key).where(col(Inbox.key).startswith("slack:evt:"))).all()
        answers = session.exec(select(Outbox.address).where(Outbox.platform == "slack")).all()
    engine.dispose()
    assert len(done) == PEOPLE * EACH
    assert set(Counter(address["user"] for address in answers).values()) == {EACH}
    log = (tmp_path / "bot.log").read_text()
    assert "connected to Slack by Socket Mode" in log
    assert not [secret for secret in ("canary", "ticket", "xoxb", "Traceback", "help") if secret in log], log
