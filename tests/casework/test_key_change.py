"""The key of the audit is changed in the middle of a day: nothing comes twice, and old buttons still work."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from test_clock import _leads_channel, digests, morning, reported
from test_reporting import AMINA, LEAH, near_miss

from psirf_bot.casework.work import Setting, Work
from psirf_bot.delivery.courier import Courier
from psirf_bot.delivery.outbox import OutboxQueue
from psirf_bot.store import audit
from psirf_bot.store.audit import AuditKey
from psirf_bot.store.tables import AuditEntry, Deadline, Outbox
from stage import Stage, words

NEW = AuditKey.of("the key that comes after it")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path, plan=None) as made:
        await made.do(_leads_channel)
        yield made


async def changed(stage: Stage, *, with_old: bool = True) -> None:
    """The bot is stopped, and started with a new key."""
    old = stage.setting
    stage.setting = Setting(old.trust, old.new_id, NEW, None, (old.audit_key,) if with_old else ())
    await stage.courier.stop()
    stage.queue = OutboxQueue(stage.setting, lambda: stage.now, lambda: stage.now)
    stage.courier = Courier(stage.store, stage.queue, {"web": stage.out})
    await stage.courier.start()
    stage.desk._setting = stage.setting


async def reminded_again(stage: Stage) -> None:
    """Everybody owes something more that day: their digests are written, if they have not been."""

    def look_again(work: Work) -> None:
        for deadline in work.session.exec(select(Deadline).where(Deadline.state == "open")):
            deadline.step, deadline.next_at = 0, work.now
            work.session.add(deadline)

    await stage.do(look_again)
    await stage.tick()


@pytest.mark.parametrize("with_old", [True, False])
async def test_what_was_sent_that_day_does_not_come_again(stage: Stage, with_old: bool) -> None:
    await reported(stage)
    await morning(stage, "2026-11-23T09:00")
    assert len(digests(stage, LEAH)) == 1
    await changed(stage, with_old=with_old)
    stage.now += timedelta(minutes=30)
    await reported(stage)
    await reminded_again(stage)
    written = await stage.do(
        lambda work: [m.subject for m in work.session.exec(select(Outbox)) if (m.subject or "").endswith("2026-11-23")]
    )
    twice = {subject for subject in written if written.count(subject) > 1}
    assert (twice == set()) is with_old, "without the old key it would have come again: the test can fail"


async def test_a_button_of_before_still_works(stage: Stage) -> None:
    card = await near_miss(stage)
    await changed(stage)
    assert "PSI-2026-0001" in words(await stage.presses(AMINA, card, "Send the report"))


async def test_new_entries_are_sealed_with_the_new_key_and_all_are_known(stage: Stage) -> None:
    await reported(stage)
    old = stage.setting.audit_key
    await changed(stage)
    await stage.do(lambda work: work.record("x", "did something"))
    keys = await stage.do(lambda work: work.session.exec(select(AuditEntry.key_id).order_by(AuditEntry.id)).all())
    assert (keys[0], keys[-1]) == (old.id, NEW.id)
    assert await stage.do(lambda work: list(audit.faults(work.session, work.setting.all_keys))) == []
