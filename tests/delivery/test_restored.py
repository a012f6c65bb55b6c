"""A database is lost and yesterday's put back: nothing is told twice without a word, and no reference comes again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from misbehaving import Platform, Post
from sqlalchemy import text
from sqlmodel import SQLModel, col, select
from test_reporting import AMINA, LEAH, near_miss

from psirf_bot.cards.conversation import said
from psirf_bot.casework import answering, cases, safety_actions
from psirf_bot.casework.inbound import Place
from psirf_bot.casework.work import Work
from psirf_bot.cli import bot
from psirf_bot.delivery import restored
from psirf_bot.delivery.tick import Tick
from psirf_bot.store.tables import AuditEntry, Counter, Outbox
from psirf_bot.trust_file import sample_people_text
from ready_made import NOW
from stage import Stage, address_of, words

REPEAT = "This may repeat an earlier message."
TABLES = SQLModel.metadata.sorted_tables


@pytest.fixture
def world() -> Platform:
    """What has been posted; it outlasts every database."""
    return Platform()


@pytest.fixture
async def stage(tmp_path: Path, database: str, world: Platform) -> AsyncIterator[Stage]:
    async with Stage(tmp_path, database=database, out=world, plan=None) as made:
        yield made


async def waiting(stage: Stage, title: str, **facts: Any) -> str:
    """A message that waits in the database, while nothing sends; returns its key."""

    def write(work: Work) -> str:
        place = Place("ward", private=True, message=None, address={"channel": "ward"})
        answering.answer(work, "slack", place, said(title, "…"), person_id="x", replaces=False)
        row = work.outgoing[-1]
        for name, value in facts.items():
            setattr(row, name, value)
        work.record("x", "did something")
        work.session.flush()
        return row.key

    key: str = await stage.do(write)
    return key


async def take_up(stage: Stage, gap: int = restored.GAP) -> restored.Restored:
    done: restored.Restored = await stage.do(lambda work: restored.take_up(work, gap))
    return done


async def rows(stage: Stage) -> list[Outbox]:
    found: list[Outbox] = await stage.do(lambda work: work.session.exec(select(Outbox).order_by(col(Outbox.id))).all())
    return found


async def sent(stage: Stage) -> None:
    """Wait until nothing is left to send or to look for, also of what is due within the next seconds."""
    for _ in range(5):
        await stage.settled()
        for _ in range(500):
            if not any(row.state == "uncertain" and row.due_at <= stage.now for row in await rows(stage)):
                break
            stage.courier.kick()
            await asyncio.sleep(0.005)
        await stage.settled()
        stage.later(seconds=5)


# What waited when the backup was made


@pytest.fixture
async def still(tmp_path: Path, database: str, world: Platform) -> AsyncIterator[Stage]:
    """A stage whose courier has not been started."""
    made = Stage(tmp_path, database=database, out=world, plan=None)
    yield made
    await made.courier.stop()
    made.store.close()


@pytest.mark.parametrize("state", ["due", "sending"])
async def test_a_message_that_went_after_the_backup_is_found_and_not_sent_again(
    still: Stage, world: Platform, state: str
) -> None:
    key = await waiting(still, "Hello", state=state, lease_until=None if state == "due" else NOW + timedelta(minutes=1))
    world.rooms["ward"] = [Post(key, said("Hello", "…"))]
    still.now += timedelta(hours=5)
    assert (await take_up(still)).in_doubt == 1
    await still.courier.start()
    await sent(still)
    assert world.titles("ward") == ["Hello"]
    assert [row.state for row in await rows(still)] == ["sent"]


async def test_one_that_never_went_is_sent_once_and_says_nothing_of_a_repeat(still: Stage, world: Platform) -> None:
    await waiting(still, "Hello")
    still.now += timedelta(hours=5)
    await take_up(still)
    await still.courier.start()
    await sent(still)
    assert [REPEAT in words(p.card) for p in world.rooms["ward"]] == [False]


async def test_where_nobody_can_look_it_is_sent_and_says_that_it_may_repeat(still: Stage, world: Platform) -> None:
    world.can_read_back = False  # as on Teams
    await waiting(still, "Hello")
    still.now += timedelta(hours=5)
    await take_up(still)
    await still.courier.start()
    await sent(still)
    assert [REPEAT in words(p.card) for p in world.rooms["ward"]] == [True]


async def test_what_is_meant_for_later_and_what_is_over_stay_as_they_are(still: Stage) -> None:
    await waiting(still, "Tomorrow", due_at=NOW + timedelta(days=1))
    await waiting(still, "Gone", state="sent")
    await waiting(still, "Dead", state="dead")
    still.now += timedelta(hours=5)
    assert (await take_up(still)).in_doubt == 0
    assert [row.state for row in await rows(still)] == ["due", "sent", "dead"]


async def test_an_edit_is_simply_made_again(still: Stage) -> None:
    await waiting(still, "Edited", message="ward/0", state="sending")
    still.now += timedelta(hours=5)
    await take_up(still)
    assert [row.state for row in await rows(still)] == ["due"]


# References


async def test_references_go_on_after_a_gap_and_it_is_on_record(still: Stage) -> None:
    def open_one(work: Work) -> str:
        facts = {"event_type": "near-miss", "service": "Podiatry", "occurred": "2026-11-20"}
        return cases.open_case(work, **facts).reference

    assert await still.do(open_one) == "PSI-2026-0001"
    await waiting(still, "Hello")
    await still.do(safety_actions._next_reference)
    done = await take_up(still, gap=40)
    assert done.next_reference == "PSI-2026-0042"
    assert await still.do(open_one) == "PSI-2026-0042"
    assert await still.do(safety_actions._next_reference) == "SA-2026-0042"
    entries = await still.do(lambda work: [(e.actor_id, e.what) for e in work.session.exec(select(AuditEntry))])
    assert entries[-1] == (restored.BY, "restored from a backup; the next case is PSI-2026-0042")


async def test_a_new_year_that_began_in_the_lost_time_gets_its_gap_too(still: Stage) -> None:
    await waiting(still, "Hello")
    still.now = datetime(2027, 1, 2, 10, tzinfo=UTC)
    assert (await take_up(still)).next_reference == "PSI-2027-0101"
    assert await still.do(lambda work: work.session.get_one(Counter, 2027).last) == 100


async def test_an_empty_database_or_a_wrong_clock_is_refused(still: Stage) -> None:
    with pytest.raises(restored.Unfit, match="nothing in it yet"):
        await take_up(still)
    await waiting(still, "Hello")
    still.now -= timedelta(days=1)
    with pytest.raises(restored.Unfit, match="2026-11-20 14:00 UTC"):
        await take_up(still)


async def test_a_clock_that_was_ahead_for_a_while_before_the_backup_does_not_stand_in_the_way(still: Stage) -> None:
    await waiting(still, "Before")
    still.now = NOW + timedelta(days=40)
    await waiting(still, "With the wrong clock")
    still.now = NOW + timedelta(hours=1)
    await waiting(still, "With the right one again")
    still.now = NOW + timedelta(days=2)
    assert (await take_up(still)).since == NOW + timedelta(hours=1)


# The whole way: a backup is made, hours go by, and it is put back


Backup = dict[str, list[dict[str, Any]]]


async def backed_up(stage: Stage) -> Backup:
    def read(work: Work) -> Backup:
        return {t.name: [dict(row._mapping) for row in work.session.execute(t.select())] for t in TABLES}

    found: Backup = await stage.do(read)
    return found


@pytest.fixture
async def twin(tmp_path: Path, stage: Stage, world: Platform, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """A second database, to put the backup into; its courier has not been started."""
    is_sqlite = stage.store.is_single
    url = f"sqlite:///{tmp_path}/twin.db" if is_sqlite else request.getfixturevalue("server").create()
    made = Stage(tmp_path, database=url, out=world, plan=None)
    yield made
    await made.courier.stop()
    made.store.close()


async def put_back(twin: Stage, backup: Backup) -> None:
    def write(work: Work) -> None:
        for table in TABLES:  # the audit has nothing in it yet, and takes no deletion
            if table.name != "auditentry":
                work.session.execute(table.delete())
        for table in TABLES:
            if backup[table.name]:
                work.session.execute(table.insert(), backup[table.name])
            if not twin.store.is_single and "id" in table.c and table.c["id"].type.python_type is int:
                last = f"coalesce((SELECT max(id) FROM {table.name}), 0) + 1"  # noqa: S608 - our own names
                work.session.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last}, false)")
                )

    await twin.do(write)


def digests(world: Platform, name: str) -> list[str]:
    return [
        words(post.card) for post in world.rooms.get(address_of(name), []) if post.card.title.startswith("Your day")
    ]


async def test_todays_digest_that_went_in_the_lost_time_is_found_and_not_sent_again(
    stage: Stage, twin: Stage, world: Platform
) -> None:
    await stage.presses(AMINA, await near_miss(stage), "Send the report")
    await stage.settled()
    backup = await backed_up(stage)  # Friday, 14:00
    stage.now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    await stage.tick()
    assert len(digests(world, LEAH)) == 1
    await put_back(twin, backup)
    twin.now = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    done = await take_up(twin)
    assert done.since == NOW
    assert done.written_again > 0
    await twin.courier.start()
    await sent(twin)
    await twin.tick()
    assert len(digests(world, LEAH)) == 1


async def test_a_digest_of_a_later_day_says_that_it_may_repeat(stage: Stage, twin: Stage, world: Platform) -> None:
    await stage.presses(AMINA, await near_miss(stage), "Send the report")
    await stage.settled()
    backup = await backed_up(stage)
    stage.now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    await stage.tick()
    await put_back(twin, backup)
    twin.now = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    await take_up(twin)
    await twin.courier.start()
    await sent(twin)
    assert [REPEAT in digest for digest in digests(world, LEAH)] == [False, True]


async def test_a_digest_that_waited_since_an_earlier_day_goes_with_todays_and_is_looked_for(
    stage: Stage, twin: Stage, world: Platform
) -> None:
    """It was in the outbox when the backup was made. By the restore its day has passed, and today's had gone too."""
    await stage.presses(AMINA, await near_miss(stage), "Send the report")
    await stage.settled()
    stage.now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    await Tick(stage.store, stage.setting, lambda: stage.now, lambda: None).run()
    backup = await backed_up(stage)
    await put_back(twin, backup)
    await stage.tick()
    stage.now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    await stage.tick()
    assert len(digests(world, LEAH)) == 2
    twin.now = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
    await take_up(twin)
    await twin.courier.start()
    await sent(twin)
    await twin.tick()
    assert len(digests(world, LEAH)) == 2


async def test_without_this_step_the_same_digest_would_come_again(stage: Stage, twin: Stage, world: Platform) -> None:
    """That the tests above can fail."""
    await stage.presses(AMINA, await near_miss(stage), "Send the report")
    await stage.settled()
    backup = await backed_up(stage)
    stage.now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    await stage.tick()
    await put_back(twin, backup)
    twin.now = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    await twin.courier.start()
    await twin.tick()
    assert len(digests(world, LEAH)) == 2


# The command


def test_the_command_says_what_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PSIRF_DATABASE_URL", f"sqlite:///{tmp_path}/psirf.db")
    refused = CliRunner().invoke(bot, ["restored"])
    assert refused.exit_code == 1
    assert "PSIRF_SECRET_KEY" in refused.output
    monkeypatch.setenv("PSIRF_SECRET_KEY", "a key for the tests alone")
    assert "There is no database at" in CliRunner().invoke(bot, ["restored"]).output
    CliRunner().invoke(bot, ["migrate"])
    assert "nothing in it yet" in CliRunner().invoke(bot, ["restored"]).output
    (tmp_path / "people.csv").write_text(sample_people_text())
    assert CliRunner().invoke(bot, ["people", "import", "people.csv"]).exit_code == 0
    done = CliRunner().invoke(bot, ["restored", "--gap", "7"])
    assert done.exit_code == 0, done.output
    assert "0008: 7 numbers are left out" in done.output
    one = CliRunner().invoke(bot, ["restored", "--gap", "1"])
    assert "0009: 1 number is left out" in one.output
