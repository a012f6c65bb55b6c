"""A platform or the clock in trouble: said in the log once, and to the quality team where it can be."""

import logging
from collections.abc import Collection
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import Session, select

from psirf_bot.delivery import troubles
from psirf_bot.delivery.troubles import Troubles
from psirf_bot.store.tables import Channel, Outbox
from stage import Stage

REFUSED = "Slack does not take the bot's token"
BEHIND = "this machine's clock is 7 minutes behind"


@pytest.fixture
def found() -> dict[str, str]:
    return {}


def watcher(stage: Stage, found: dict[str, str], mute: Collection[str] | None = None) -> Troubles:
    """Nothing can be sent to the platforms that are `mute`: those in trouble, unless it is said."""
    muted = found.keys() if mute is None else mute
    return Troubles(stage.store, stage.setting, lambda: stage.now, lambda: None, lambda: found, lambda: muted)


async def have_channels(stage: Stage) -> None:
    """One on each of two platforms, and none on the stage's own."""

    def add(session: Session) -> None:
        session.connection().execute(delete(Channel))
        for platform, room in (("slack", "C0QUALITY"), ("teams", "19:quality")):
            session.add(
                Channel(purpose="quality", platform=platform, address={"channel": room}, set_by="wei", set_at=stage.now)
            )

    await stage.store.run(add)


async def posted(stage: Stage) -> list[tuple[str, str]]:
    rows = await stage.store.read(lambda session: session.exec(select(Outbox).order_by(Outbox.id)).all())
    return [(row.platform, row.card["title"]) for row in rows if row.card and row.platform != "web"]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "LASTS", 0.0)


async def test_it_is_logged_when_it_begins_when_it_changes_and_when_it_ends(
    stage: Stage, found: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, troubles.__name__)
    watch = watcher(stage, found)
    await watch.look()
    assert not caplog.messages
    found["slack"] = REFUSED
    for _ in range(3):
        await watch.look()
    found["slack"] = "not connected"
    for _ in range(3):
        await watch.look()
    del found["slack"]
    for _ in range(3):
        await watch.look()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", f"in trouble: slack: {REFUSED}"),
        ("ERROR", "in trouble: slack: not connected"),
        ("INFO", "no longer in trouble: slack"),
    ]


async def test_a_moment_is_not_worth_a_message(stage: Stage, found: dict[str, str]) -> None:
    await have_channels(stage)
    watch = watcher(stage, found)
    found["clock"] = BEHIND
    for _ in range(3):
        await watch.look()
    assert await posted(stage) == []


async def test_the_quality_team_is_told_where_the_bot_can_write(
    stage: Stage, found: dict[str, str], at_once: None
) -> None:
    await have_channels(stage)
    watch = watcher(stage, found)
    found["slack"] = REFUSED
    for _ in range(3):
        await watch.look()
    assert await posted(stage) == [("teams", "The bot is in trouble with Slack")]
    found["teams"] = "no token"
    await watch.look()
    assert len(await posted(stage)) == 1, "nowhere to say it"
    del found["slack"]
    await watch.look()
    assert (await posted(stage))[1:] == [("slack", "The bot is in trouble with Microsoft Teams")]
    found.clear()
    found["clock"] = BEHIND
    await watch.look()
    assert (await posted(stage))[2:] == [("slack", "The bot's clock is wrong"), ("teams", "The bot's clock is wrong")]


async def test_where_only_nothing_comes_in_the_quality_team_is_told_all_the_same(
    stage: Stage, found: dict[str, str], at_once: None
) -> None:
    await have_channels(stage)
    watch = watcher(stage, found, mute={"teams"})
    found |= {"slack": "what was signed last is not of now", "teams": "no token", "clock": BEHIND}
    await watch.look()
    assert set(await posted(stage)) == {
        ("slack", "The bot's clock is wrong"),
        ("slack", "The bot is in trouble with Slack"),
        ("slack", "The bot is in trouble with Microsoft Teams"),
    }


async def test_with_nowhere_to_say_it_each_look_only_reads(
    stage: Stage, found: dict[str, str], at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await have_channels(stage)
    mute = {"slack", "teams"}
    watch = watcher(stage, found, mute)
    found |= {"slack": REFUSED, "teams": "no token"}
    with monkeypatch.context() as moment:
        moment.setattr(stage.store, "submit", None)
        for _ in range(3):
            await watch.look()
    assert not watch._not_told, "nothing was tried in vain"
    mute.remove("teams")
    await watch.look()
    assert len(await posted(stage)) == 2


async def test_they_are_told_once_a_day_however_often_it_comes_and_whichever_process_sees_it(
    stage: Stage, found: dict[str, str], at_once: None
) -> None:
    await have_channels(stage)
    one, other = watcher(stage, found), watcher(stage, found)
    for _ in range(3):
        found["slack"] = REFUSED
        await one.look()
        await other.look()
        found.clear()
        await one.look()
        await other.look()
    assert len(await posted(stage)) == 1
    stage.now += timedelta(days=1)
    found["slack"] = REFUSED
    await other.look()
    assert len(await posted(stage)) == 2


async def test_without_a_channel_or_a_database_it_is_in_the_log_all_the_same(
    stage: Stage, found: dict[str, str], at_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    watch = watcher(stage, found)
    found["slack"] = REFUSED
    await watch.look()
    assert await posted(stage) == []
    found["clock"] = BEHIND
    stage.store.close()
    for _ in range(3):
        await watch.look()
    assert f"in trouble: clock: {BEHIND}" in caplog.text
    assert caplog.text.count("trouble: builtins.RuntimeError") == 1, "not at every look"
