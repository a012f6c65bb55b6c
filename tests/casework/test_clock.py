"""The clock from end to end: a report opens duties, mornings bring digests, and what is late climbs the ladder."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from test_reporting import AMINA, CARYS, LEAH, near_miss
from test_support import reported as reported_with_a_colleague

from duty_stage import who
from psirf_bot.cards.model import Card
from psirf_bot.casework import deadlines, reminders
from psirf_bot.casework.deadlines import Subject, happened
from psirf_bot.casework.people_list import take_on
from psirf_bot.casework.work import Setting, Work
from psirf_bot.delivery.auditor import find_unsent, is_put_off
from psirf_bot.delivery.tick import Tick
from psirf_bot.domain.events import Event
from psirf_bot.domain.people import read_people
from psirf_bot.domain.trust import BankHolidays, ResponsePlan
from psirf_bot.domain.working_time import Calendar
from psirf_bot.store.tables import Channel, Deadline, Nudge, Outbox, Person, WorkingHours
from psirf_bot.trust_file import sample_people_text
from stage import Stage, words

SANDEEP, MARGUERITE, ROSALIND = "Sandeep Bhullar", "Marguerite Oduya", "Rosalind Achebe"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path, plan=None) as made:
        await made.do(_leads_channel)
        yield made


@pytest.fixture
async def on_each(database: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """Runs on each engine: for what the database itself claims, compares or counts."""
    async with Stage(tmp_path, database=database, plan=None) as made:
        await made.do(_leads_channel)
        yield made


def _leads_channel(work: Work) -> None:
    leads = Channel(purpose="leads", platform="web", address={"channel": "leads"}, set_by="x", set_at=work.now)
    work.session.add(leads)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def reported(stage: Stage, **how: Any) -> None:
    await stage.presses(AMINA, await near_miss(stage, **how), "Send the report")
    await stage.settled()


async def morning(stage: Stage, moment: str) -> None:
    stage.now = at(moment)
    await stage.tick()


async def duties(stage: Stage) -> dict[str, tuple[str, str]]:
    rows = await stage.do(lambda work: list(work.session.exec(select(Deadline))))
    return {d.rule: (d.due_local, d.state) for d in rows}


def digests(stage: Stage, name: str) -> list[str]:
    return [words(card) for card in stage.private(name) if card.title.startswith("Your day")]


def late_for_leads(stage: Stage) -> list[str]:
    return [words(card) for card in stage.channel("leads") if not card.title.startswith("The week")]


async def test_a_report_opens_its_duties(stage: Stage) -> None:
    await reported(stage)  # on Friday 20 November 2026, at 14:00
    found = await duties(stage)
    assert found["report.read"] == ("2026-11-23T23:59", "open")
    assert found["datix.entered"] == ("2026-11-24T23:59", "open")
    assert "candour.written" not in found, "no patient was affected"


async def test_one_digest_on_a_working_morning_whatever_falls_due(stage: Stage) -> None:
    for _ in range(3):
        await reported(stage)
    for moment in ("2026-11-20T21:00", "2026-11-21T10:00", "2026-11-22T10:00", "2026-11-23T08:59"):
        await morning(stage, moment)
        assert digests(stage, LEAH) == [], moment
    await morning(stage, "2026-11-23T09:00")
    for _ in range(5):
        await stage.tick()
    assert len(digests(stage, LEAH)) == 1
    assert digests(stage, LEAH)[0].count("Read the report") == 3
    assert len(digests(stage, SANDEEP)) == 1
    assert len(digests(stage, AMINA)) == 1


async def test_what_is_late_climbs_the_ladder_and_stands_in_the_leads_channel_without_a_name(on_each: Stage) -> None:
    await reported(on_each)
    await morning(on_each, "2026-11-23T09:00")
    assert late_for_leads(on_each) == []
    await morning(on_each, "2026-11-24T09:00")
    late = late_for_leads(on_each)
    assert len(late) == 1
    assert not any(name in late[0] for name in (AMINA, LEAH, SANDEEP))
    assert digests(on_each, MARGUERITE) == []
    await morning(on_each, "2026-11-26T09:00")
    assert "Read the report" in digests(on_each, MARGUERITE)[0]


async def test_what_the_leads_hear_of_on_a_monday_reminds_nobody_once_more_the_day_after(stage: Stage) -> None:
    await reported(stage)  # to be read by Monday 23 November
    for moment in ("11-23T09:00", "11-24T09:00", "11-26T09:00", "11-30T00:05", "11-30T09:02", "12-01T09:00"):
        await morning(stage, f"2026-{moment}")

    def to_leah(work: Work) -> list[str]:
        found = select(Nudge.day).join(Deadline, col(Deadline.id) == Nudge.deadline_id).order_by(col(Nudge.day))
        hers = found.where(Deadline.rule == "report.read", Nudge.person_id == who(work, LEAH).id)
        return [day.isoformat()[5:] for day in work.session.exec(hers)]

    assert await stage.do(to_leah) == ["11-23", "11-24", "11-26", "11-30"]


async def test_what_is_late_for_long_comes_once_a_week_and_all_of_it_together(stage: Stage) -> None:
    await reported(stage)  # Datix is owed by Tuesday 24 November
    stage.later(days=1)
    await reported(stage)  # and for this one by Wednesday
    heard = []
    for days in range(45):
        day = datetime(2026, 11, 24, 9, tzinfo=UTC) + timedelta(days=days)
        before = len(digests(stage, AMINA))
        await morning(stage, f"{day:%Y-%m-%dT%H:%M}")
        heard += [f"{day:%a %d %b}"] * (len(digests(stage, AMINA)) - before)
    assert heard[-5:] == ["Mon 07 Dec", "Mon 14 Dec", "Mon 21 Dec", "Tue 29 Dec", "Mon 04 Jan"], "the 28th is a holiday"


async def test_what_is_done_is_shown_as_done_where_it_hangs_and_nobody_hears_of_it_again(stage: Stage) -> None:
    await reported(stage)
    await morning(stage, "2026-11-23T09:00")
    await morning(stage, "2026-11-24T09:00")
    [digest] = [card for card in stage.private(LEAH) if card.title.startswith("Your day")][-1:]
    await stage.presses(LEAH, digest, "I have read this")
    await stage.settled()
    assert (await duties(stage))["report.read"][1] == "done"
    assert [text for text in late_for_leads(stage) if "Done" not in text] == []
    await morning(stage, "2026-11-25T09:00")
    assert "Read the report" not in digests(stage, SANDEEP)[-1]
    assert digests(stage, MARGUERITE) == []


async def test_a_bot_that_was_away_says_once_what_it_missed(stage: Stage) -> None:
    await reported(stage)
    await morning(stage, "2026-12-16T11:00")
    for _ in range(3):
        await stage.tick()
    assert len(digests(stage, LEAH)) == 1
    assert "Read the report" in digests(stage, LEAH)[0]
    assert "Read the report" in digests(stage, MARGUERITE)[0], "its turn on the ladder has come"


async def test_a_digest_that_could_not_be_sent_by_evening_is_not_sent_at_night(on_each: Stage) -> None:
    await reported(on_each)
    on_each.now = at("2026-11-23T09:00")
    await Tick(
        on_each.store, on_each.setting, lambda: on_each.now, lambda: None
    ).run()  # written, and nobody to send it
    await morning(on_each, "2026-11-23T22:30")
    assert digests(on_each, LEAH) == []
    await morning(on_each, "2026-11-24T09:00")
    assert len(digests(on_each, LEAH)) == 1, "with the next morning's, and not beside it"
    assert digests(on_each, LEAH)[0].count("Read the report") == 1


async def test_a_check_that_waited_beside_a_digest_is_not_lost_with_it(stage: Stage) -> None:
    stage.now = at("2026-11-22T10:00")  # a Sunday
    card = await near_miss(stage, second={"colleagues": "Tomasz Zielinski"})
    card = await stage.presses(AMINA, card, "Next", {i.id: "line-manager" for i in card.inputs()})
    await stage.presses(AMINA, card, "Send the report")
    await stage.do(_a_duty_of_carys)
    await stage.settled()
    carys = "Carys Penhallow"
    stage.now = at("2026-11-23T09:00")
    await Tick(stage.store, stage.setting, lambda: stage.now, lambda: None).run()
    await morning(stage, "2026-11-24T09:00")
    assert len(digests(stage, carys)) == 1
    assert any("Tomasz" in card.title for card in stage.private(carys))


def _a_duty_of_carys(work: Work) -> None:
    carys = work.session.exec(select(Person).where(Person.name == "Carys Penhallow")).one()
    about = Subject("action", "a1", None, "District Nursing Nights", {"whoever is named": carys.id})
    happened(work, Event.ACTION_AGREED, about, "x", agreed={"action.done": date(2026, 11, 23)})


async def test_two_that_tick_at_once_remind_once(on_each: Stage) -> None:
    import asyncio

    for _ in range(8):
        await reported(on_each)
    on_each.now = at("2026-11-23T09:00")
    ticks = [Tick(on_each.store, on_each.setting, lambda: on_each.now, lambda: None) for _ in range(4)]
    await asyncio.gather(*(tick.run() for tick in ticks))
    await on_each.tick()
    assert len(digests(on_each, LEAH)) == 1
    assert digests(on_each, LEAH)[0].count("Read the report") >= 1
    rows = await on_each.do(lambda work: list(work.session.exec(select(Nudge.deadline_id, Nudge.person_id, Nudge.day))))
    assert len(rows) == len(set(rows)) > 16


async def test_somebody_who_is_away_is_not_asked_and_their_deputy_is(stage: Stage) -> None:
    form = await stage.says(AMINA, "deputy")
    given = {"deputy": "Tomasz Zielinski", "from": "2026-11-20", "until": "2026-12-01"}
    await stage.presses(AMINA, form, "Save", given)
    await reported(stage)
    await morning(stage, "2026-11-23T09:00")
    assert digests(stage, AMINA) == []
    assert "Datix" in digests(stage, "Tomasz Zielinski")[0]


async def test_duties_of_somebody_who_has_left_pass_on_and_the_quality_team_is_told(stage: Stage) -> None:
    await reported(stage)
    await stage.do(_amina_leaves)
    await stage.settled()
    assert any("passed on" in card.title for card in stage.channel())
    await morning(stage, "2026-11-23T09:00")
    assert digests(stage, AMINA) == []
    assert "Datix" in digests(stage, LEAH)[0], "the role behind the reporter"


def _amina_leaves(work: Work) -> None:
    rows, _ = read_people(sample_people_text())
    take_on(work, [row for row in rows if row.name != AMINA], {"web": "demo"})
    deadlines.pass_on_those_of_leavers(work)


async def test_what_the_owner_of_a_case_owes_is_the_teams_once_they_are_not_in_it(stage: Stage) -> None:
    await reported(stage)
    await stage.presses(SANDEEP, stage.channel()[0], "I have read this", channel="quality")

    def role_changes(work: Work) -> None:
        rows, _ = read_people(sample_people_text().replace("example,quality;panel;chair", "example,panel;chair"))
        take_on(work, rows, {"web": "demo"})
        deadlines.pass_on_those_of_leavers(work)

    await stage.do(role_changes)
    await stage.settled()
    said = words(stage.channel()[-1])
    assert "One duty of people who have left or are no longer in the quality team" in said
    await morning(stage, "2026-11-26T09:00")
    assert "Open the panel" in digests(stage, LEAH)[-1]
    assert not any("Open the panel" in text for text in digests(stage, SANDEEP))


async def test_a_changed_calendar_moves_open_duties_and_says_so(on_each: Stage) -> None:
    await reported(on_each)
    await morning(on_each, "2026-11-20T15:00")
    proclaimed = BankHolidays(extra=(date(2026, 11, 24),))
    trust = on_each.trust.model_copy(update={"bank_holidays": proclaimed})
    on_each.setting = Setting(trust, on_each.setting.new_id, on_each.setting.audit_key)
    await morning(on_each, "2026-11-21T09:00")
    found = await duties(on_each)
    assert found["datix.entered"] == ("2026-11-25T23:59", "open"), "it was Tuesday, which is a holiday now"
    assert found["report.read"] == ("2026-11-23T23:59", "open")
    assert any("One due day has moved" in words(card) for card in on_each.channel())
    overdue = words(await on_each.says(AMINA, "overdue"))
    assert "Tuesday 24 November" in overdue, "it says from which day it has moved"


async def test_a_year_beyond_the_known_list_loses_nothing_and_says_that_the_day_may_change(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.now = at("2028-12-29T10:00")
    await reported(stage, first={"when": {"date": "2028-12-28", "time": "09:30"}})
    rows = await stage.do(lambda work: {d.rule: d for d in work.session.exec(select(Deadline))})
    assert "2029 are not known yet" in rows["datix.entered"].source
    assert rows["datix.entered"].due_local == "2029-01-03T23:59"
    assert "2029 are not known" in caplog.text


async def test_the_months_meeting_and_the_plan_have_clocks_of_their_own(stage: Stage) -> None:
    trust = stage.trust.model_copy(update={"plan": ResponsePlan(published=date(2025, 6, 2))})
    stage.setting = Setting(trust, stage.setting.new_id, stage.setting.audit_key)
    await morning(stage, "2026-11-20T15:00")
    await morning(stage, "2026-12-01T09:00")
    rows = await stage.do(
        lambda work: {(d.rule, d.occurrence): d.due_local for d in work.session.exec(select(Deadline))}
    )
    assert rows == {
        ("themes.meeting", "2026-11"): "2026-11-30T23:59",
        ("themes.meeting", "2026-12"): "2026-12-31T23:59",
        ("plan.reviewed", "2025-06-02"): "2026-12-02T23:59",
        ("plan.exercise", "2025-06-02"): "2028-06-02T23:59",
    }


async def test_of_the_months_meetings_that_were_missed_the_last_alone_stays_late(stage: Stage) -> None:
    for moment in ("2026-10-01T09:00", "2026-11-02T09:00", "2026-12-01T09:00", "2027-01-04T09:00"):
        await morning(stage, moment)
    rows = await stage.do(lambda work: {d.occurrence: d.state for d in work.session.exec(select(Deadline))})
    assert rows == {"2026-10": "dropped", "2026-11": "dropped", "2026-12": "open", "2027-01": "open"}


async def test_a_plan_that_is_published_anew_has_its_own_clocks_and_ends_the_old_ones(stage: Stage) -> None:
    for published, moment in ((date(2025, 6, 2), "2026-11-20T15:00"), (date(2026, 11, 30), "2026-12-01T09:00")):
        trust = stage.trust.model_copy(update={"plan": ResponsePlan(published=published)})
        stage.setting = Setting(trust, stage.setting.new_id, stage.setting.audit_key)
        await morning(stage, moment)
    rows = await stage.do(lambda work: list(work.session.exec(select(Deadline).where(Deadline.state == "open"))))
    plan = sorted((d.rule, d.due_local[:10]) for d in rows if d.rule.startswith("plan."))
    assert plan == [("plan.exercise", "2029-11-30"), ("plan.reviewed", "2028-05-30")]


async def test_the_day_of_the_plan_that_is_put_right_or_back_has_its_clocks_go_on(stage: Stage) -> None:
    async def on(moment: str, plan: ResponsePlan | None) -> list[tuple[str, str]]:
        trust = stage.trust.model_copy(update={"plan": plan})
        stage.setting = Setting(trust, stage.setting.new_id, stage.setting.audit_key)
        await morning(stage, moment)
        running = select(Deadline).where(Deadline.state == "open", col(Deadline.rule).startswith("plan."))
        rows = await stage.do(lambda work: list(work.session.exec(running)))
        return sorted((d.rule, d.due_local[:10]) for d in rows if d.next_at)

    right, mistyped = ResponsePlan(published=date(2025, 6, 2)), ResponsePlan(published=date(2026, 6, 2))
    theirs = [("plan.exercise", "2028-06-02"), ("plan.reviewed", "2026-12-02")]
    assert await on("2026-11-16T15:00", right) == theirs
    assert await on("2026-11-17T15:00", mistyped) == [("plan.exercise", "2029-06-02"), ("plan.reviewed", "2027-12-02")]
    assert await on("2026-11-18T15:00", right) == theirs
    assert await on("2026-11-19T15:00", None) == [], "nobody is reminded, as docs/configuration.md says"
    assert await on("2026-11-20T15:00", right) == theirs


async def test_this_months_meeting_is_still_owed_after_the_clock_was_ahead(stage: Stage) -> None:
    for moment in ("2026-11-20T15:00", "2027-02-10T15:00", "2026-11-20T15:30", "2026-11-23T09:00"):
        await morning(stage, moment)
    rows = await stage.do(lambda work: {d.occurrence: d.state for d in work.session.exec(select(Deadline))})
    assert rows["2026-11"] == "open"


async def test_nobody_who_can_be_written_to_means_that_the_quality_team_hears_of_it(stage: Stage) -> None:
    await reported(stage)
    await stage.do(lambda work: _unreachable(work, AMINA))
    await morning(stage, "2026-11-23T09:00")
    assert "Datix" in digests(stage, LEAH)[0]


def _unreachable(work: Work, name: str) -> None:
    from psirf_bot.store.tables import Identity, Person

    theirs = select(Identity).join(Person, Person.id == Identity.person_id).where(Person.name == name)  # type: ignore[arg-type]
    for identity in work.session.exec(theirs):
        identity.address = {}
        work.session.add(identity)


# Danger (S04)


async def pages(stage: Stage, name: str) -> list[str]:
    await stage.settled()
    return [words(card) for card in stage.private(name) if "danger" in card.title]


async def test_danger_is_paged_at_night_until_somebody_has_seen_it(on_each: Stage) -> None:
    on_each.now = at("2026-11-22T03:00")  # a Sunday night
    card = await on_each.says(AMINA, "report")
    await on_each.presses(AMINA, card, "Next", {"danger": "yes"})
    [first] = await pages(on_each, ROSALIND)
    assert "01632 960001" in first
    assert first.index("01632 960001") < first.index("Reported by"), "the number comes first"
    assert await pages(on_each, LEAH) == [], "the channel has it, and one person has been woken"
    on_each.later(minutes=4)
    await on_each.tick()
    assert len(await pages(on_each, ROSALIND)) == 1
    on_each.later(minutes=2)
    await on_each.tick()
    assert len(await pages(on_each, ROSALIND)) == 2
    assert len(await pages(on_each, LEAH)) == len(await pages(on_each, MARGUERITE)) == 1
    page = [card for card in on_each.private(LEAH) if "danger" in card.title][-1]
    answer = await on_each.presses(LEAH, page, "I have seen this and will act")
    assert "Leah Rosenfeld saw this at 03:0" in words(answer)
    assert all("Leah Rosenfeld saw this" in text for text in await pages(on_each, ROSALIND))
    on_each.later(hours=3)
    await on_each.tick()
    assert len(await pages(on_each, ROSALIND)) == 2, "and nobody is woken again"
    state = await on_each.do(lambda work: work.session.exec(select(Outbox.state).where(Outbox.state != "sent")).all())
    assert "dead" not in state


async def another_calendar(stage: Stage, day: date) -> None:
    """The bot is started with one bank holiday more."""
    trust = stage.trust.model_copy(update={"bank_holidays": BankHolidays(extra=(day,))})
    stage.setting = Setting(trust, stage.setting.new_id, stage.setting.audit_key)


async def test_danger_is_paged_on_whatever_becomes_of_the_calendar(stage: Stage) -> None:
    await morning(stage, "2026-11-20T15:00")
    stage.now = at("2026-11-22T03:00")  # a Sunday night
    await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", {"danger": "yes"})
    await another_calendar(stage, date(2027, 5, 10))
    stage.later(minutes=1)
    await stage.tick()
    stage.later(minutes=5)
    await stage.tick()
    assert len(await pages(stage, ROSALIND)) == 2
    assert len(await pages(stage, LEAH)) == 1, "it waits for no working hours"


async def test_a_clock_that_was_ahead_does_not_hold_up_a_page(stage: Stage) -> None:
    stage.now = at("2026-11-23T03:00")  # a day too late
    await stage.tick()
    await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", {"danger": "yes"})
    assert len(await pages(stage, ROSALIND)) == 1
    stage.now = at("2026-11-22T03:01")
    await stage.tick()
    stage.later(minutes=6)
    await stage.tick()
    assert len(await pages(stage, ROSALIND)) == 2


async def test_a_calendar_that_moves_no_day_reminds_nobody_again(stage: Stage) -> None:
    await reported(stage)
    for day in (23, 24, 26):
        await morning(stage, f"2026-11-{day}T09:00")
    assert len(digests(stage, MARGUERITE)) == 1
    await another_calendar(stage, date(2027, 5, 10))
    await morning(stage, "2026-11-27T09:00")
    assert len(digests(stage, MARGUERITE)) == 1, "the next word is due on Monday"
    assert "Read the report" not in late_for_leads(stage)[-1]
    await morning(stage, "2026-11-30T09:00")
    assert len(digests(stage, MARGUERITE)) == 2


async def test_whoever_told_of_danger_hears_who_has_seen_it(stage: Stage) -> None:
    form = await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", {"danger": "yes"})
    assert "I am telling the quality team" in words(form)
    await stage.settled()
    page = [card for card in stage.private(ROSALIND) if "danger" in card.title][-1]
    for _ in range(2):
        await stage.presses(ROSALIND, page, "I have seen this and will act")
    await stage.settled()
    [told] = [words(card) for card in stage.private(AMINA) if "was seen" in card.title]
    assert "Rosalind Achebe saw this at" in told
    assert "ring 999" in told
    assert "01632 960001" in told
    form = await stage.presses(AMINA, await stage.says(AMINA, "report"), "Go on with it")
    assert "Rosalind Achebe saw this at" in words(form), "and the form says no more that they are being told"


@pytest.mark.parametrize(
    ("name", "role"), [(ROSALIND, "The executive on call"), (LEAH, "Somebody in the quality team")]
)
@pytest.mark.parametrize("channel", [True, False])
async def test_once_somebody_will_act_the_alarm_says_so_in_a_role_and_no_longer_to_ring(
    stage: Stage, name: str, role: str, channel: bool
) -> None:
    async def alarms() -> list[Card]:
        await stage.settled()
        return [stage.channel()[0]] if channel else [stage.private(someone)[0] for someone in (LEAH, SANDEEP)]

    def no_channel(work: Work) -> None:
        for row in work.session.exec(select(Channel).where(Channel.purpose == "quality")).all():
            work.session.delete(row)

    if not channel:
        await stage.do(no_channel)
    await stage.presses(AMINA, await stage.says(AMINA, "report"), "Next", {"danger": "yes"})
    assert all("Ring them now" in words(alarm) for alarm in await alarms())
    page = [card for card in stage.private(ROSALIND) if "danger" in card.title][-1]
    await stage.presses(name, page, "I have seen this and will act")
    for alarm in await alarms():
        text = words(alarm)
        assert alarm.title == "Somebody has seen this danger and will act"
        assert f"{role} saw this at 14:00 on Friday 20 November and will act." in text
        assert "Ring them now" not in text
        assert name not in text


async def test_danger_that_is_over_wakes_nobody_else(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    card = await stage.presses(AMINA, card, "Next", {"danger": "yes"})
    await stage.presses(AMINA, card, "Next", {"danger": "no"})
    await stage.settled()
    stage.later(minutes=10)
    await stage.tick()
    heard = await pages(stage, ROSALIND)
    assert len([text for text in heard if "The danger is said to be over" in text]) == 1
    assert not [text for text in heard if "Someone may be in danger now" in text]
    assert [t for t in await pages(stage, LEAH) if "Someone may be in danger now" in t] == []


async def test_only_those_who_were_paged_can_say_that_they_have_seen_it(stage: Stage) -> None:
    card = await stage.says(AMINA, "report")
    await stage.presses(AMINA, card, "Next", {"danger": "yes"})
    await stage.settled()
    page = [card for card in stage.private(ROSALIND) if "danger" in card.title][-1]
    refused = await stage.presses("Tomasz Zielinski", page, "I have seen this and will act")
    assert "ring 999" in words(refused)
    assert (await duties(stage))["danger.acknowledged"][1] == "open"


# People who work at night


def works_nights(work: Work) -> None:
    """From Monday to Thursday, 20:00 to 07:30: all of it in quiet hours."""
    for name in (AMINA, CARYS):
        someone = work.session.exec(select(Person).where(Person.name == name)).one()
        work.session.add(WorkingHours(person_id=someone.id, days=[0, 1, 2, 3], begin="20:00", end="07:30"))


async def test_whose_whole_shift_is_quiet_gets_the_digest_and_the_check_as_the_morning_begins(stage: Stage) -> None:
    await stage.do(works_nights)
    await reported_with_a_colleague(stage)  # on Friday afternoon
    for moment in ("2026-11-20T21:00", "2026-11-21T08:00", "2026-11-23T07:59:30"):
        await morning(stage, moment)
        assert (stage.private(CARYS), digests(stage, AMINA)) == ([], []), moment
    for _ in range(5):
        stage.later(seconds=9)
        await stage.tick()
    assert [card.title for card in stage.private(CARYS)] == ["Please check how Tomasz Zielinski is"]
    assert "Enter the Datix number" in digests(stage, AMINA)[0]
    await morning(stage, "2026-11-24T12:00")
    assert len(digests(stage, AMINA)) == 1, "once, and nothing at midday"


async def test_what_is_asked_of_somebody_again_takes_the_place_of_what_still_waits(on_each: Stage) -> None:
    await reported_with_a_colleague(on_each)

    def asked_on_three_days(work: Work) -> list[Outbox]:
        duty = work.session.exec(select(Deadline).where(Deadline.rule == "support.after-event")).one()
        carys = work.session.exec(select(Person.id).where(Person.name == CARYS)).one()
        for day in range(3):  # and the courier is held up
            later = Work(work.session, at(f"2026-11-{23 + day}T10:00"), on_each.setting)
            reminders.remind(later, duty, carys, "late")
        rows = work.session.exec(select(Outbox).where(col(Outbox.subject).startswith("nudge:")))
        return [row for row in rows if row.state == "due"]

    [waiting] = await on_each.do(asked_on_three_days)
    assert waiting.subject.endswith(":2026-11-25")
    assert waiting.created_at == at("2026-11-23T10:00"), "it is as late as the first of them"


async def test_what_finds_no_moment_is_not_put_off_for_ever_unseen(
    on_each: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def put_off() -> int:
        unsent = await on_each.store.read(lambda session: find_unsent(session, on_each.now, on_each.now))
        assert unsent.late == 0
        return unsent.put_off

    await reported_with_a_colleague(on_each)
    monkeypatch.setattr(Calendar, "working_moment", lambda self, moment, pattern: moment + timedelta(hours=20))
    for day in range(20, 28):
        assert await put_off() == 0, day
        for hour in (14, 15, 16):
            await morning(on_each, f"2026-11-{day}T{hour}:30")
    assert on_each.private(CARYS) == []
    await morning(on_each, "2026-12-01T10:00")
    rows = await on_each.do(lambda work: list(work.session.exec(select(Outbox).where(is_put_off(work.now)))))
    assert len(rows) == await put_off()
    assert {row.subject.partition(":")[0] for row in rows} >= {"digest", "nudge"}
