"""What is kept only for a while goes in time, and nothing else does."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from test_reporting import AMINA, PAGE_1, near_miss

from psirf_bot.casework.post import PUT_OFF
from psirf_bot.delivery.housekeeping import KEEP_DRAFTS, tidy
from psirf_bot.delivery.platform import Refused
from psirf_bot.store.tables import AuditEntry, Case, Dialog, Inbox, Outbox, ReportVersion
from stage import Stage, words

SOON = timedelta(minutes=5)


async def tidied(stage: Stage) -> None:
    await stage.do(tidy)


async def all_of(stage: Stage, table: Any) -> list[Any]:
    found: list[Any] = await stage.do(lambda work: work.session.exec(select(table)).all())
    return found


async def begun(stage: Stage) -> Any:
    """A report on its second page."""
    return await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", PAGE_1)


async def test_an_unfinished_report_that_nobody_comes_back_to_is_emptied(stage: Stage) -> None:
    page = await begun(stage)
    stage.now += KEEP_DRAFTS + SOON
    await tidied(stage)
    [dialog] = await all_of(stage, Dialog)
    assert (dialog.state, dialog.answers) == ("cancelled", {})
    old = await stage.presses(AMINA, page, "Next", {"could-have-led": "no"})
    assert old.title == "This form has ended"
    assert "Is anyone in danger now?" in words(await stage.says(AMINA, "report")), "a new one can be begun"


async def test_its_words_go_from_the_alarm_too(stage: Stage) -> None:
    await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", {**PAGE_1, "danger": "yes"})
    await stage.settled()
    assert "syringe" in words(stage.channel()[0])
    stage.later(days=KEEP_DRAFTS.days, minutes=5)
    await tidied(stage)
    await stage.settled()
    assert "syringe" not in words(stage.channel()[0])


async def test_what_is_younger_stays(stage: Stage) -> None:
    await begun(stage)
    stage.now += KEEP_DRAFTS - SOON
    await tidied(stage)
    [dialog] = await all_of(stage, Dialog)
    assert dialog.state == "open"
    assert dialog.answers["what-happened"] == PAGE_1["what-happened"]


async def test_a_report_that_was_sent_or_cancelled_has_left_its_words_behind_at_once(stage: Stage) -> None:
    await stage.presses(AMINA, await near_miss(stage), "Send the report")
    await begun(stage)
    await stage.says(AMINA, "cancel")
    dialogs = await all_of(stage, Dialog)
    assert [(dialog.state, dialog.answers) for dialog in dialogs] == [("done", {}), ("cancelled", {})]


async def test_answers_go_after_a_day_and_delivered_messages_after_thirty(stage: Stage) -> None:
    await stage.presses(AMINA, await near_miss(stage), "Send the report")
    await stage.settled()
    assert await all_of(stage, Inbox)
    sent = [row for row in await all_of(stage, Outbox) if row.state == "sent"]
    stage.now += timedelta(days=1) + SOON
    await tidied(stage)
    assert await all_of(stage, Inbox) == []
    assert {row.id for row in sent} <= {row.id for row in await all_of(stage, Outbox)}
    stage.now += timedelta(days=29)
    await tidied(stage)
    assert [row.state for row in await all_of(stage, Outbox) if row.state == "sent"] == []


async def test_what_could_not_be_delivered_stays_until_somebody_settles_it(stage: Stage) -> None:
    await stage.presses(AMINA, await near_miss(stage), "Send the report")
    await stage.settled()

    def dies(work: Any) -> None:
        row = work.session.exec(select(Outbox)).first()
        row.state = "dead"
        work.session.add(row)

    await stage.do(dies)
    stage.now += timedelta(days=400)
    await tidied(stage)
    assert [row.state for row in await all_of(stage, Outbox) if row.state == "dead"] == ["dead"]


async def test_cases_and_the_audit_are_never_touched(stage: Stage) -> None:
    await stage.presses(AMINA, await near_miss(stage), "Send the report")
    before = [len(await all_of(stage, table)) for table in (Case, ReportVersion, AuditEntry)]
    stage.now += timedelta(days=365 * 30)
    await tidied(stage)
    assert [len(await all_of(stage, table)) for table in (Case, ReportVersion, AuditEntry)] == before
    assert before[0] == 1


@pytest.mark.parametrize("asked_to_wait", [None, 2.0])
async def test_what_was_tried_while_the_clock_was_ahead_goes_once_it_is_right(
    stage: Stage, asked_to_wait: float | None
) -> None:
    """Else it, and all that comes after it there, would wait for as long as the clock had been ahead."""
    check, right = await near_miss(stage), stage.now
    stage.now += timedelta(days=40)
    stage.out.failures = [Refused("busy", retry_after=asked_to_wait)] * 3
    await stage.presses(AMINA, check, "Send the report")
    for _ in range(100):
        if any(row.error == "busy" for row in await all_of(stage, Outbox)):
            break
        await asyncio.sleep(0.01)
    stage.out.failures = []
    stage.now = right + timedelta(hours=1)
    await stage.settled()
    assert stage.channel() == []
    await tidied(stage)
    await stage.settled()
    assert [card.title for card in stage.channel()] == ["PSI-2026-0001: near miss, Community Nursing"]


async def test_what_is_put_off_to_a_better_moment_is_left_alone(stage: Stage) -> None:
    later = stage.now + timedelta(days=4)

    def waits(work: Any) -> None:
        facts = {"platform": "web", "lane": "x", "address": {}, "first_tried_at": work.now, "created_at": work.now}
        work.session.add(Outbox(key="k", due_at=later, error=PUT_OFF, **facts))
        work.session.add(Outbox(key="n", due_at=later, **{**facts, "first_tried_at": None}))

    await stage.do(waits)
    await tidied(stage)
    assert [row.due_at for row in await all_of(stage, Outbox)] == [later, later]
