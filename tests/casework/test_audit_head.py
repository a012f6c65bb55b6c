"""Each working day the overseers get the head of the audit: with it a tail that was cut off is found."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import Session, select

from psirf_bot.cards import adaptive, blockkit, check
from psirf_bot.cards.model import Copy
from psirf_bot.cards.retention import audit_head
from psirf_bot.casework.work import Work
from psirf_bot.cli import bot
from psirf_bot.store import audit
from psirf_bot.store.audit import AuditKey
from psirf_bot.store.database import open_engine
from psirf_bot.store.tables import Person, WorkingHours
from ready_made import opened
from stage import Stage, address_of, words

JUDITH = "Judith Cornwell"
TITLE = "Today's line to keep"


async def wakes(stage: Stage, *moments: str) -> None:
    for moment in moments:
        stage.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        await stage.tick()


def lines(stage: Stage, name: str = JUDITH) -> list[str]:
    """The heads that somebody was asked to keep."""
    cards = [card for card in stage.private(name) if card.title == TITLE]
    return [part.text for card in cards for part in card.body if isinstance(part, Copy) and part.title == "To keep"]


async def test_each_working_day_in_working_hours_once(stage: Stage) -> None:
    await stage.do(lambda work: work.record("x", "reported"))
    head = await stage.do(lambda work: audit.head(work.session))
    await wakes(stage, "2026-11-23T00:00", "2026-11-23T08:59")
    assert lines(stage) == []
    await wakes(stage, "2026-11-23T09:00", "2026-11-23T09:01", "2026-11-23T16:00")
    assert lines(stage) == [head[:24]]
    [card] = [card for card in stage.private(JUDITH) if card.title == TITLE]
    said = words(card)
    assert "Monday 23 November 2026" in said
    assert "Entries in the audit: 1" in said
    assert f"psirf-bot audit verify --kept {head[:24]}\n" in f"{said}\n"
    await wakes(stage, "2026-11-24T09:00", "2026-11-28T09:00", "2026-11-29T09:00")
    assert len(lines(stage)) == 2, "none on Saturday and Sunday"
    got = [room for room, cards in stage.out.posts.items() if any(card.title == TITLE for card in cards)]
    assert got == [address_of(JUDITH)], "nobody else gets it"


async def test_somebody_who_does_not_work_that_day_gets_none(stage: Stage) -> None:
    def on_tuesdays(work: Work) -> None:
        work.record("x", "reported")
        judith = work.session.exec(select(Person).where(Person.name == JUDITH)).one()
        work.session.add(WorkingHours(person_id=judith.id, days=[1], begin="10:00", end="14:00"))

    await stage.do(on_tuesdays)
    await wakes(stage, "2026-11-23T11:00")
    assert lines(stage) == []
    await wakes(stage, "2026-11-24T00:30", "2026-11-24T09:30")
    assert lines(stage) == []
    await wakes(stage, "2026-11-24T10:00", "2026-11-25T10:00")
    assert len(lines(stage)) == 1


def test_every_platform_takes_the_card() -> None:
    card = audit_head(1234567, "Wednesday 23 September 2026", "f" * 64)
    assert list(check.slack_problems(blockkit.message(card))) == []
    assert list(check.teams_problems(adaptive.render(card))) == []


async def test_of_an_empty_audit_there_is_nothing_to_keep(stage: Stage) -> None:
    await wakes(stage, "2026-11-23T09:00")
    assert lines(stage) == []


# With it, what was done to the audit is found by the command


SECRET, NEWER = "a key for the tests alone", "another-key-for-the-tests"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/psirf.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PSIRF_DATABASE_URL", url)
    monkeypatch.setenv("PSIRF_SECRET_KEY", SECRET)
    opened(url).dispose()
    return url


def done(url: str, count: int, secret: str = SECRET) -> str:
    """Things that people did; returns the head after them."""
    engine = open_engine(url)
    with Session(engine) as session:
        for number in range(count):
            at = datetime(2026, 11, 20, tzinfo=UTC)
            audit.append(session, AuditKey.of(secret), at=at, actor_id="x", what=f"did {number}", case_id="c")
        head = audit.head(session)
        session.commit()
    engine.dispose()
    return head


def cut(url: str, statement: str) -> None:
    """As somebody does who owns the file."""
    engine = open_engine(url)
    with engine.begin() as connection:
        for trigger in (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        ):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.exec_driver_sql(statement)
    engine.dispose()


def verified(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(bot, ["audit", "verify", *words])
    return result.exit_code, result.stdout.strip()


def test_a_tail_that_was_cut_is_found_with_the_head_that_was_kept(url: str) -> None:
    kept = done(url, 4)
    done(url, 2)
    assert verified("--kept", f" {kept.upper()} ") == (0, "The audit chain holds, and the head that was kept is in it.")
    cut(url, "DELETE FROM auditentry WHERE id > 3")
    assert verified() == (0, "The audit chain holds."), "what is left hangs together"
    assert verified("--kept", kept[:10])[0] == 2
    code, said = verified("--kept", kept[:24])
    assert (code, said) == (1, "the head that was kept is not in the chain: its end was cut off or replaced")


def test_an_empty_audit_does_not_pass_for_a_whole_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done(url, 2)
    cut(url, "DELETE FROM auditentry")
    assert verified() == (1, "The chain is empty. Check PSIRF_DATABASE_URL.")
    monkeypatch.setenv("PSIRF_DATABASE_URL", url.replace("psirf.db", "another.db"))
    assert verified()[0] == 1


# A key that changes


def test_entries_of_every_key_that_is_listed_are_checked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done(url, 2)
    done(url, 2, "a-key-of-long-before-that")
    done(url, 2, NEWER)
    monkeypatch.setenv("PSIRF_SECRET_KEY", NEWER)
    code, said = verified()
    assert (code, said.count("a key that is not configured")) == (1, 4)
    monkeypatch.setenv("PSIRF_SECRET_KEY_OLD", "a-key-of-long-before-that")
    code, said = verified()
    assert (code, said.count("a key that is not configured")) == (1, 2)


def test_several_old_keys_and_new_entries_with_the_new_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ["the-first-key-of-the-trust", "the-second-key-of-the-trust"]
    for secret in before:
        kept = done(url, 2, secret)
    monkeypatch.setenv("PSIRF_SECRET_KEY", NEWER)
    monkeypatch.setenv("PSIRF_SECRET_KEY_OLD", f" {before[0]}, {before[1]} ")
    assert CliRunner().invoke(bot, ["export", "--out", "made"]).exit_code == 0, "which is on record"
    assert verified("--kept", kept)[0] == 0
    engine = open_engine(url)
    with engine.connect() as connection:
        keys = connection.exec_driver_sql("SELECT key_id FROM auditentry ORDER BY id").scalars().all()
    engine.dispose()
    assert keys == [AuditKey.of(secret).id for secret in (before[0], before[0], before[1], before[1], NEWER)]
