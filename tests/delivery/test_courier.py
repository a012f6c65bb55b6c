"""The courier and its outbox against a platform that refuses, loses, hangs and dies: nothing is lost or told twice."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from misbehaving import Lost, Platform
from sqlalchemy import event, text
from sqlmodel import Session, col, select

from psirf_bot.cards.conversation import said
from psirf_bot.casework import answering, cases, post, support_needs
from psirf_bot.casework.errand import LEASE, Errand
from psirf_bot.casework.inbound import Place
from psirf_bot.casework.work import Work
from psirf_bot.delivery import courier as courier_module
from psirf_bot.delivery import dead_letters
from psirf_bot.delivery.arrivals import Arrival
from psirf_bot.delivery.courier import A_GOOD_PART, AT_ONCE, Courier
from psirf_bot.delivery.outbox import MOST_TRIES, OutboxQueue
from psirf_bot.delivery.platform import Refused, Uncertain
from psirf_bot.domain.events import Event
from psirf_bot.store.tables import Case, Outbox, Posted, ReportVersion, SupportNeed
from stage import Stage, words

AMINA, LEAH, CARYS = "amina.yusuf@fenmarsh.example", "Leah Rosenfeld", "carys.penhallow@fenmarsh.example"
REPEAT = "This may repeat an earlier message."
UNSEEN = "the-canary-words-of-a-person"


@pytest.fixture
def platform() -> Platform:
    return Platform()


many_rounds = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""Every test here runs on both engines, but for those that see again and again what others have seen on both."""


@pytest.fixture
async def stage(tmp_path: Path, database: str, platform: Platform) -> AsyncIterator[Stage]:
    async with Stage(tmp_path, database=database, out=platform) as made:
        await quiet(made)
        yield made


async def put(stage: Stage, room: str, *titles: str, message: str | None = None, platform: Any = "web") -> None:
    """Write messages to a conversation into the outbox, each in place of `message` when that is given."""

    def work(work: Work) -> None:
        place = Place(room, private=True, message=message, address={"channel": room})
        for title in titles:
            answering.answer(work, platform, place, said(title, "…"), person_id="x", replaces=message is not None)

    await stage.do(work)
    stage.courier.kick()


async def outbox(stage: Stage) -> list[Outbox]:
    rows: list[Outbox] = await stage.do(lambda work: work.session.exec(select(Outbox).order_by(col(Outbox.id))).all())
    return rows


async def states(stage: Stage) -> list[str]:
    return [row.state for row in await outbox(stage)]


async def until(holds: Callable[[], Any]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


async def quiet(stage: Stage, *, hanging: int = 0) -> None:
    """Wait until the courier has nothing left to do now, but for `hanging` messages that never come back."""

    def busy(work: Work) -> int:
        unfinished = (
            select(Outbox).where(col(Outbox.state).in_(("due", "sending", "uncertain"))).order_by(col(Outbox.id))
        )
        rows = work.session.exec(unfinished).all()
        firsts = {row.lane: row for row in reversed(rows) if row.state in {"due", "sending"}}.values()
        in_doubt = {row.subject for row in rows if row.state == "uncertain" and row.subject}
        ready = [r for r in firsts if r.state == "due" and r.due_at <= work.now and r.subject not in in_doubt]
        to_look_for = [row for row in rows if row.state == "uncertain" and row.due_at <= work.now]
        return len(ready) + len(to_look_for) + sum(row.state == "sending" for row in rows)

    gives_up = time.monotonic() + 20
    while time.monotonic() < gives_up:
        stage.courier.kick()
        await asyncio.sleep(0.002)
        if await stage.do(busy) == hanging == len(stage.courier._under_way):
            return
    raise AssertionError(f"never quiet: {await states(stage)}")


async def later(stage: Stage, *, hanging: int = 0, **by: float) -> None:
    stage.later(**by)
    await quiet(stage, hanging=hanging)


# Order, and one at a time


async def test_messages_of_a_conversation_arrive_in_order_whatever_is_refused(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [Refused("busy"), Refused("busy")]
    await put(stage, "ward", "one", "two", "three")
    await quiet(stage)
    assert platform.titles("ward") == []
    for _ in range(4):
        await later(stage, seconds=10)
    assert platform.titles("ward") == ["one", "two", "three"]
    assert set(await states(stage)) == {"sent"}


async def test_one_at_a_time_to_a_conversation_and_others_are_not_held_up(stage: Stage, platform: Platform) -> None:
    comes_back = asyncio.Event()
    platform.ahead["ward"] = [comes_back]
    await put(stage, "ward", "one", "two")
    await put(stage, "clinic", "other")
    await quiet(stage, hanging=1)
    assert platform.titles("clinic") == ["other"]
    assert platform.titles("ward") == []
    comes_back.set()
    await quiet(stage)
    assert platform.titles("ward") == ["one", "two"]
    assert platform.most_at_once == {"ward": 1, "clinic": 1}


async def test_many_conversations_are_all_served(stage: Stage, platform: Platform) -> None:
    for n in range(2 * AT_ONCE + 3):
        await put(stage, f"ward{n}", "one", "two")
    await quiet(stage)
    assert all(platform.titles(f"ward{n}") == ["one", "two"] for n in range(2 * AT_ONCE + 3))
    assert set(platform.most_at_once.values()) == {1}


async def test_delivered_words_do_not_stay_in_the_outbox(stage: Stage) -> None:
    await put(stage, "ward", UNSEEN)
    await quiet(stage)
    [row] = await outbox(stage)
    assert (row.state, row.card, row.message) == ("sent", None, "ward/0")


# Refused


async def test_it_waits_as_long_as_it_is_asked_to(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [Refused("ratelimited", retry_after=90)]
    await put(stage, "ward", "one")
    await quiet(stage)
    await later(stage, seconds=89)
    assert platform.titles("ward") == []
    await later(stage, seconds=1)
    assert platform.titles("ward") == ["one"]


async def test_asked_to_wait_for_no_time_at_all_it_does_not_use_up_its_tries(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [Refused("busy", retry_after=0) for _ in range(MOST_TRIES)]
    await put(stage, "ward", "one")
    await quiet(stage)
    assert [(r.state, r.attempts) for r in await outbox(stage)] == [("due", 0)]


async def test_what_is_refused_for_good_is_seen_and_holds_nothing_up(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [Refused("is_archived", final=True)]
    await put(stage, "ward", "one", "two")
    await quiet(stage)
    assert [(r.state, r.error) for r in await outbox(stage)] == [("dead", "is_archived"), ("sent", None)]
    assert platform.titles("ward") == ["two"]


@many_rounds
async def test_it_gives_up_in_the_end(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [Refused("busy") for _ in range(MOST_TRIES)]
    await put(stage, "ward", "one", "two")
    await quiet(stage)
    for _ in range(MOST_TRIES):
        await later(stage, minutes=6)
    assert await states(stage) == ["dead", "sent"]
    assert (await outbox(stage))[0].attempts == MOST_TRIES


@many_rounds
async def test_what_waits_for_an_administrator_is_not_given_up_and_goes_out_by_itself(
    stage: Stage, platform: Platform
) -> None:
    platform.ahead["ward"] = [Refused("missing_scope", ours=True) for _ in range(MOST_TRIES + 9)]
    await put(stage, "ward", "one")
    await quiet(stage)
    for _ in range(MOST_TRIES + 8):
        await later(stage, minutes=6)
        assert [(row.state, row.error) for row in await outbox(stage)] == [("due", "missing_scope")]
    await later(stage, minutes=6)
    assert await states(stage) == ["sent"]
    assert platform.titles("ward") == ["one"]


async def test_for_years_if_need_be(stage: Stage, platform: Platform) -> None:
    def tried_often(work: Work) -> None:
        [row] = work.session.exec(select(Outbox)).all()
        row.attempts = 100_000

    platform.ahead["ward"] = [Refused("missing_scope", ours=True) for _ in range(2)]
    await put(stage, "ward", "one")
    await quiet(stage)
    await stage.do(tried_often)
    await later(stage, minutes=6)
    assert [(row.state, row.attempts) for row in await outbox(stage)] == [("due", 100_001)]


@many_rounds
async def test_what_somebody_else_would_look_after_waits_for_no_administrator(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [Refused("missing_scope", ours=True) for _ in range(MOST_TRIES)]
    await stage.do(lambda work: post.to_address(work, "web", {"channel": "ward"}, said("one", "…"), about="danger:x"))
    stage.courier.kick()
    await quiet(stage)
    for _ in range(MOST_TRIES):
        await later(stage, minutes=6)
    assert await states(stage) == ["dead"]


@many_rounds
async def test_what_is_in_doubt_is_looked_for_once_an_administrator_has_seen_to_it(
    stage: Stage, platform: Platform
) -> None:
    platform.ahead["ward"], platform.history = [Lost()], Refused("missing_scope", ours=True)
    await put(stage, "ward", "one")
    await quiet(stage)
    for _ in range(MOST_TRIES + 5):
        await later(stage, minutes=6)
    assert await states(stage) == ["uncertain"]
    platform.history = None
    await later(stage, minutes=6)
    assert (await states(stage), len(platform.rooms["ward"])) == (["sent"], 1)


async def test_a_platform_that_is_not_configured_is_said_where_people_look(stage: Stage) -> None:
    stage.courier._senders = {}
    await put(stage, "ward", "one")
    await put(stage, "ward", "edit", message="ward/0")
    await quiet(stage)
    assert [(r.state, r.error) for r in await outbox(stage)] == [("dead", "web is not configured")] * 2


# Uncertain


async def test_found_again_it_is_not_sent_again(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [Lost()]
    await put(stage, "ward", "one", "two")
    await quiet(stage)
    assert await states(stage) == ["uncertain", "sent"]
    await later(stage, seconds=119)
    assert platform.looked_for == [], "it may still turn up"
    await later(stage, seconds=1)
    assert platform.titles("ward") == ["one", "two"]
    assert [(r.state, r.message) for r in await outbox(stage)] == [("sent", "ward/0"), ("sent", "ward/1")]


async def test_certainly_absent_it_is_sent_once_more_and_not_called_a_repeat(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [Uncertain("timed_out")]
    await put(stage, "ward", "one")
    await quiet(stage)
    await later(stage, minutes=2)
    [only] = platform.rooms["ward"]
    assert REPEAT not in words(only.card)
    assert platform.looked_for == [only.key]
    assert await states(stage) == ["sent"]


@pytest.mark.parametrize("history", [Uncertain("cannot say"), Refused("ratelimited", retry_after=30)])
async def test_while_it_cannot_be_looked_for_it_is_not_sent_again(
    stage: Stage, platform: Platform, history: Exception
) -> None:
    platform.ahead["ward"], platform.history = [Lost()], history
    await put(stage, "ward", "one")
    await quiet(stage)
    await later(stage, minutes=2)
    assert len(platform.rooms["ward"]) == 1
    platform.history = None
    await later(stage, minutes=5)
    assert len(platform.rooms["ward"]) == 1
    assert await states(stage) == ["sent"]


@pytest.mark.parametrize(("about", "copies"), [("support:need", [0, 1]), (None, [0])])
async def test_after_a_quarter_of_an_hour_in_doubt_only_what_must_not_be_missed_is_repeated_and_says_so(
    stage: Stage, platform: Platform, about: str | None, copies: list[int]
) -> None:
    platform.ahead["ward"], platform.history = [Lost()], Uncertain("cannot say")
    await stage.do(lambda work: post.to_address(work, "web", {"channel": "ward"}, said("one", "…"), about=about))
    stage.courier.kick()
    await quiet(stage)
    for _ in range(8):
        await later(stage, minutes=5)
    assert [words(p.card).count(REPEAT) for p in platform.rooms["ward"]] == copies
    assert await states(stage) == ["sent" if about else "uncertain"]


@many_rounds
async def test_what_stays_in_doubt_is_given_up_in_the_end_and_sent_again_it_says_that_it_may_be_a_repeat(
    stage: Stage, platform: Platform
) -> None:
    platform.ahead["ward"], platform.history = [Lost()], Uncertain("cannot say")
    await put(stage, "ward", "one")
    await quiet(stage)
    for _ in range(MOST_TRIES):
        await later(stage, minutes=6)
    [row] = await outbox(stage)
    assert (row.state, row.may_repeat, len(platform.rooms["ward"])) == ("dead", True, 1)


async def test_an_uncertain_message_holds_up_no_other(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [Lost()]
    await put(stage, "ward", "one", "two")
    await quiet(stage)
    assert platform.titles("ward") == ["one", "two"]
    assert await states(stage) == ["uncertain", "sent"]


async def test_where_nobody_can_ever_say_the_repeat_comes_at_once_and_says_that_it_may_be_one(
    stage: Stage, platform: Platform
) -> None:
    platform.ahead["ward"], platform.can_read_back = [Lost()], False
    await put(stage, "ward", "one")
    await quiet(stage)
    await later(stage, seconds=1)
    first, second = platform.rooms["ward"]
    assert REPEAT not in words(first.card)
    assert words(second.card).count(REPEAT) == 1
    assert await states(stage) == ["sent"]


@many_rounds
async def test_where_nobody_can_ever_say_an_outage_uses_up_no_tries_in_a_moment(
    stage: Stage, platform: Platform
) -> None:
    platform.ahead["ward"], platform.can_read_back = [Uncertain("HTTP 503") for _ in range(MOST_TRIES)], False
    await put(stage, "ward", "one")
    await quiet(stage)
    assert len(platform.ahead["ward"]) == MOST_TRIES - 2, "a second time at once, and then a wait"
    for _ in range(6):
        await later(stage, minutes=5)
    assert await states(stage) == ["uncertain"]
    platform.ahead.clear()
    await later(stage, minutes=5)
    assert (await states(stage), platform.titles("ward")) == (["sent"], ["one"])


@many_rounds
async def test_looking_that_never_works_does_not_hold_the_conversation_for_ever(
    stage: Stage, platform: Platform
) -> None:
    platform.ahead["ward"], platform.history = [Uncertain("timed_out")], KeyError(UNSEEN)
    await put(stage, "ward", "one", "two")
    await quiet(stage)
    for _ in range(MOST_TRIES):
        await later(stage, minutes=3)
    assert await states(stage) == ["dead", "sent"]


@pytest.mark.parametrize("trouble", [Refused("busy", retry_after=60), Refused("down"), Uncertain("timed_out")])
async def test_an_answer_that_is_kept_nowhere_does_not_wait_with_its_words(
    stage: Stage, platform: Platform, trouble: Exception
) -> None:
    def answer(work: Work) -> None:
        place = Place("ward", private=True, address={"channel": "ward"})
        answering.answer(work, "web", place, said(UNSEEN, "…"), person_id="x", replaces=False, sealed=True)

    platform.ahead["ward"] = [trouble]
    await stage.do(answer)
    stage.courier.kick()
    await quiet(stage)
    assert UNSEEN not in str([row.card for row in await outbox(stage)])
    await later(stage, minutes=3)
    assert await states(stage) == ["sent"]
    assert UNSEEN not in str(platform.titles("ward"))


async def test_an_edit_is_simply_repeated(stage: Stage, platform: Platform) -> None:
    await put(stage, "ward", "one")
    await quiet(stage)
    platform.ahead["ward"] = [Lost(), Uncertain("timed_out")]
    await put(stage, "ward", "changed", message="ward/0")
    await quiet(stage)
    await later(stage, seconds=10)
    await later(stage, seconds=10)
    [only] = platform.rooms["ward"]
    assert only.card.title == "changed"
    assert REPEAT not in words(only.card)
    assert platform.looked_for == []


@many_rounds
async def test_an_edit_that_never_works_does_not_hold_the_conversation_for_ever(
    stage: Stage, platform: Platform
) -> None:
    await put(stage, "ward", "one")
    await quiet(stage)
    platform.ahead["ward"] = [Uncertain("500") for _ in range(MOST_TRIES)]
    await put(stage, "ward", "changed", message="ward/0")
    await put(stage, "ward", "two")
    for _ in range(MOST_TRIES):
        await later(stage, minutes=6)
    assert await states(stage) == ["sent", "dead", "sent"]


async def test_a_final_refusal_of_an_edit_posts_it_anew(stage: Stage, platform: Platform) -> None:
    await put(stage, "ward", "one")
    await quiet(stage)
    platform.ahead["ward"] = [Refused("message_not_found", final=True)]
    await put(stage, "ward", "changed", message="ward/0")
    await quiet(stage)
    assert platform.titles("ward") == ["one", "changed"]
    assert [r.message for r in await outbox(stage)] == ["ward/0", "ward/1"]


async def test_a_crash_of_the_sender_is_uncertain_and_its_words_go_nowhere(
    stage: Stage, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.ahead["ward"] = [RuntimeError(UNSEEN)]
    await put(stage, "ward", "one")
    await quiet(stage)
    [row] = await outbox(stage)
    assert row.state == "uncertain"
    assert row.error
    assert UNSEEN not in row.error
    assert UNSEEN not in caplog.text


async def test_a_platform_that_hangs_is_given_up_in_time_and_all_others_are_served(
    stage: Stage, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = 8  # all of them are taken
    for name, value in (("SEND_WITHIN", 0.5), ("AT_ONCE", places), ("A_GOOD_PART", places // 2)):
        monkeypatch.setattr(courier_module, name, value)
    for n in range(places):
        platform.ahead[f"ward{n}"] = [asyncio.Event()]
        await put(stage, f"ward{n}", "hangs")
    await put(stage, "clinic", "other")
    await quiet(stage)
    assert platform.titles("clinic") == ["other"]
    assert (await states(stage)).count("uncertain") == places
    monkeypatch.undo()  # nothing hangs any more, and a busy machine must not look as if it did
    await later(stage, minutes=2)
    assert all(platform.titles(f"ward{n}") == ["hangs"] for n in range(places))


async def test_while_many_hang_the_next_message_elsewhere_goes_all_the_same(stage: Stage, platform: Platform) -> None:
    come_back = asyncio.Event()
    for n in range(AT_ONCE - 1):
        platform.ahead[f"ward{n}"] = [come_back]
        await put(stage, f"ward{n}", "hangs")
    await until(lambda: len(platform.most_at_once) == AT_ONCE - 1)
    await put(stage, "clinic", "one", "two", "three")
    await until(lambda: platform.titles("clinic") == ["one", "two", "three"])
    come_back.set()


async def test_places_left_over_when_many_were_taken_are_used_although_all_of_those_hang(
    stage: Stage, platform: Platform
) -> None:
    come_back, never = asyncio.Event(), asyncio.Event()
    fates = [*[never] * (AT_ONCE - A_GOOD_PART - 8), *[come_back] * (A_GOOD_PART + 8), *[never] * A_GOOD_PART]
    for n, fate in enumerate(fates):
        platform.ahead[f"ward{n}"] = [fate]
        await put(stage, f"ward{n}", "hangs")
    await until(lambda: len(platform.most_at_once) == AT_ONCE)
    await put(stage, "clinic", "other")
    come_back.set()
    await until(lambda: platform.titles("clinic") == ["other"])
    never.set()


async def test_one_note_that_cannot_be_written_keeps_no_other_from_being_written(
    stage: Stage, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = stage.queue.arrived

    def but_one(session: Session, arrivals: Collection[Arrival]) -> None:
        noted(session, arrivals)
        if any(arrival.message == "ward1/0" for arrival in arrivals):
            raise ValueError(UNSEEN)

    monkeypatch.setattr(stage.queue, "arrived", but_one)
    comes_back = asyncio.Event()
    for n in range(3):
        platform.ahead[f"ward{n}"] = [comes_back]
        await put(stage, f"ward{n}", "one")
    await quiet(stage, hanging=3)
    comes_back.set()  # all three arrive at the same moment
    await until(lambda: not stage.courier._under_way)
    assert await states(stage) == ["sent", "sending", "sent"]


# Stopping, dying, starting again


def another_courier(stage: Stage, platform: Platform) -> Courier:
    return Courier(stage.store, stage.queue, {"web": platform})


async def taken(stage: Stage, most: int = 10) -> list[Errand]:
    """Take messages as a process would that then says no more of them."""
    errands: list[Errand] = await stage.store.run(lambda s: stage.queue.claim(s, most, lambda _: timedelta(minutes=2)))
    return errands


@pytest.mark.parametrize("had_arrived", [True, False])
async def test_what_a_dead_process_was_sending_is_looked_for_by_the_next(
    stage: Stage, platform: Platform, had_arrived: bool
) -> None:
    await stage.courier.stop()
    await put(stage, "ward", "one", "two")
    [errand] = await taken(stage)
    if had_arrived:
        assert errand.card
        await platform.send(errand.address, errand.card, errand.key)
    if not stage.store.is_single:  # another process may be at it: so nobody touches it while its lease runs
        stage.later(seconds=LEASE.total_seconds() + 1)
    stage.courier = another_courier(stage, platform)
    await stage.courier.start()
    await quiet(stage)
    assert await states(stage) == ["uncertain", "sent"], "it may still turn up"
    await later(stage, minutes=3)
    assert sorted(platform.titles("ward")) == ["one", "two"]
    assert not any(REPEAT in words(p.card) for p in platform.rooms["ward"])


async def test_a_lease_that_is_over_is_taken_over_and_its_old_holder_changes_nothing(
    stage: Stage, platform: Platform
) -> None:
    await stage.courier.stop()
    await put(stage, "ward", "one")
    [stale] = await taken(stage)
    stage.later(seconds=LEASE.total_seconds() + 1)
    assert await taken(stage) == [], "what it may have sent has to settle first"
    stage.later(minutes=2)
    [fresh] = await taken(stage)
    assert fresh.token > stale.token
    assert fresh.read_back_since is not None
    before = (await outbox(stage))[0].model_dump()
    queue, settle = stage.queue, timedelta(minutes=2)
    for outcome in (
        lambda s: queue.arrived(s, [Arrival(stale.id, stale.token, "ward/7")]),
        lambda s: queue.refused(s, stale, Refused("x", final=True)),
        lambda s: queue.uncertain(s, stale, "x", settle),
        lambda s: queue.not_there(s, stale, certain=True),
    ):
        await stage.store.run(outcome)
        assert (await outbox(stage))[0].model_dump() == before
    await stage.store.run(lambda s: queue.arrived(s, [Arrival(fresh.id, fresh.token, "ward/0")]))
    assert await states(stage) == ["sent"]
    await stage.store.run(lambda s: queue.uncertain(s, fresh, "x", settle))
    assert await states(stage) == ["sent"], "what is settled stays settled"


async def test_held_up_for_longer_than_the_lease_it_does_not_send(stage: Stage, platform: Platform) -> None:
    await stage.courier.stop()
    await put(stage, "ward", "one")
    [errand] = await taken(stage)
    await stage.courier._deliver(errand, until=asyncio.get_running_loop().time())
    assert platform.titles("ward") == []
    assert await states(stage) == ["due"], "it certainly was not sent"


async def test_told_to_stop_it_sends_what_is_there_and_leaves_nothing_in_doubt(
    stage: Stage, platform: Platform
) -> None:
    await put(stage, "ward", "one", "two")
    await asyncio.sleep(0)  # the courier is now taking the first of them
    await asyncio.sleep(0)
    await stage.courier.stop()
    assert platform.titles("ward") == ["one", "two"]
    assert await states(stage) == ["sent", "sent"]


async def test_it_can_stop_when_the_database_has_gone(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: object) -> None:
        raise OSError("the disk has gone")

    event.listen(stage.store.engine, "begin", fail)
    await asyncio.wait_for(stage.courier.stop(), 5)
    event.remove(stage.store.engine, "begin", fail)
    assert "courier: builtins.OSError" in caplog.text


async def test_stopping_waits_for_what_hangs_only_so_long(stage: Stage, platform: Platform) -> None:
    platform.ahead["ward"] = [asyncio.Event()]
    await put(stage, "ward", "one")
    await until(lambda: platform.most_at_once)
    await asyncio.wait_for(stage.courier.stop(grace=0.05), 5)
    assert await states(stage) == ["sending"]
    for task in stage.courier._under_way:
        task.cancel()


async def test_a_result_that_could_not_be_written_down_is_looked_for(stage: Stage, platform: Platform) -> None:
    comes_back = asyncio.Event()
    platform.ahead["ward"] = [comes_back]
    await put(stage, "ward", "one")
    await quiet(stage, hanging=1)
    failing = [OSError("the disk has gone")]

    def fail(_: object) -> None:
        if failing:
            raise failing.pop()

    event.listen(stage.store.engine, "commit", fail)
    comes_back.set()
    await until(lambda: not failing and not stage.courier._under_way)
    assert platform.titles("ward") == ["one"]
    await later(stage, seconds=LEASE.total_seconds() + 1, hanging=0)
    await later(stage, minutes=2)
    assert platform.titles("ward") == ["one"], "found, so not sent again"
    assert await states(stage) == ["sent"]


async def test_a_round_that_fails_is_tried_again(stage: Stage, platform: Platform) -> None:
    failing = [OSError("the disk has gone")]
    await stage.do(lambda work: None)

    def fail(_: object) -> None:
        if failing:
            raise failing.pop()

    event.listen(stage.store.engine, "commit", fail)
    stage.courier.kick()
    await until(lambda: not failing)
    await put(stage, "ward", "one")
    await quiet(stage)
    assert platform.titles("ward") == ["one"]


async def test_a_wake_up_finds_what_has_fallen_due(stage: Stage, platform: Platform) -> None:
    await stage.do(_due_tomorrow)
    await quiet(stage)
    assert platform.titles("ward") == []
    stage.later(hours=24)
    stage.courier.kick()
    await until(lambda: platform.titles("ward") == ["tomorrow"])


def _due_tomorrow(work: Work) -> None:
    card = said("tomorrow", "…").model_dump(mode="json")
    work.session.add(
        Outbox(
            key="k", lane="web:ward", platform="web", address={"channel": "ward"}, card=card,
            due_at=work.now + timedelta(days=1), created_at=work.now,
        )
    )  # fmt: skip


# Living cards


async def reported(stage: Stage, *, checker: str = "") -> Case:
    """A case, with its living card in the quality channel, and a colleague whom somebody is asked to check on."""

    def work(work: Work) -> Case:
        case = cases.open_case(
            work, event_type="near-miss", service="Community Nursing", occurred="2026-11-20T09:30", reporter_id=None
        )
        post.living(work, "quality", cases.living_subject(case))
        if checker:
            person = next(p for p in _everybody(work) if p.email == checker)
            need = SupportNeed(
                id="need", case_id=case.id, name="Tomasz", wish="someone-else", checker_id=person.id, at=work.now
            )
            work.session.add(need)
            support_needs.begin(work, [need], Event.STAFF_NAMED, "x")
            post.to_person(work, person.id, said("Please check on a colleague", "…"), about=f"support:{need.id}")
        return case

    case: Case = await stage.do(work)
    stage.courier.kick()
    return case


def _everybody(work: Work) -> Any:
    from psirf_bot.store.tables import Person

    return work.session.exec(select(Person)).all()


async def read(stage: Stage, case: Case, state: str = "read") -> None:
    def work(work: Work) -> None:
        found = work.session.get_one(Case, case.id)
        found.state = state
        work.session.add(found)
        post.refresh(work, cases.living_subject(case))

    await stage.do(work)
    stage.courier.kick()


def living_words(platform: Platform) -> list[str]:
    return [words(p.card) for p in platform.rooms.get("quality", [])]


async def test_a_living_card_is_edited_in_place(stage: Stage, platform: Platform) -> None:
    case = await reported(stage)
    await quiet(stage)
    assert "I have read this" in living_words(platform)[0]
    await read(stage, case)
    await quiet(stage)
    [only] = living_words(platform)
    assert "I have read this" not in only
    assert platform.edits == ["quality/0"]


async def test_the_latest_wins_and_nothing_between_is_sent(stage: Stage, platform: Platform) -> None:
    case = await reported(stage)
    await quiet(stage)
    platform.ahead["quality"] = [Refused("busy", retry_after=60)]
    for state in ("read", "in panel", "closed"):
        await read(stage, case, state)
        await quiet(stage)
    await later(stage, minutes=1)
    assert platform.edits == ["quality/0"]
    assert "closed" in living_words(platform)[0].lower()


async def test_a_change_while_the_card_is_first_posted_is_not_lost(stage: Stage, platform: Platform) -> None:
    comes_back = asyncio.Event()
    platform.ahead["quality"] = [comes_back]
    case = await reported(stage)
    await quiet(stage, hanging=1)
    await read(stage, case)
    await read(stage, case)
    comes_back.set()
    await quiet(stage)
    [only] = living_words(platform)
    assert "I have read this" not in only
    assert platform.edits == ["quality/0"]


async def test_a_change_while_the_first_post_is_in_doubt_is_not_lost(stage: Stage, platform: Platform) -> None:
    platform.ahead["quality"] = [Lost()]
    case = await reported(stage)
    await quiet(stage)
    await read(stage, case)
    await quiet(stage)
    await later(stage, minutes=2)
    [only] = living_words(platform)
    assert "I have read this" not in only


async def test_a_living_card_that_was_deleted_is_hung_up_again_and_edited_there(
    stage: Stage, platform: Platform
) -> None:
    case = await reported(stage)
    await quiet(stage)
    platform.ahead["quality"] = [Refused("message_not_found", final=True)]
    await read(stage, case)
    await quiet(stage)
    await read(stage, case, "closed")
    await quiet(stage)
    old, new = living_words(platform)
    assert "I have read this" in old
    assert "closed" in new.lower()
    assert platform.edits == ["quality/1"]
    [posted] = await stage.do(lambda work: work.session.exec(select(Posted)).all())
    assert posted.message == "quality/1"


async def test_a_living_card_where_nothing_can_be_posted_any_more_stands_once_among_what_is_undelivered(
    stage: Stage, platform: Platform
) -> None:
    case = await reported(stage)
    await quiet(stage)
    platform.ahead["quality"] = [Refused("not_in_channel", final=True, shut_out=True) for _ in range(3)]
    for state in ("read", "in panel", "closed"):
        await read(stage, case, state)
        await quiet(stage)
    assert (await states(stage)).count("dead") == 1, "not once more with each change"
    await stage.do(lambda work: dead_letters.retry(work))
    await quiet(stage)
    assert "closed" in living_words(platform)[0].lower(), "it shows the newest"


# What cannot be shown, and what cannot be delivered


async def test_a_row_that_cannot_be_read_does_not_hold_up_others(stage: Stage, platform: Platform) -> None:
    await stage.courier.stop()
    await put(stage, "ward", "one", "two")
    await stage.store.run(
        lambda s: s.connection().execute(text("UPDATE outbox SET card = '{\"body\": 5}' WHERE id = 1"))
    )
    stage.courier = another_courier(stage, platform)
    await stage.courier.start()
    await quiet(stage)
    assert await states(stage) == ["dead", "sent"]


async def test_a_living_card_that_cannot_be_drawn_does_not_hold_up_others(
    stage: Stage, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    case = await reported(stage)
    await quiet(stage)

    def spoil(work: Work) -> None:
        version = ReportVersion(
            case_id=case.id, number=1, flow_version=1, answers={}, wording={}, by_id="x", at=work.now
        )
        version.answers = [UNSEEN]  # type: ignore[assignment]
        work.session.add(version)

    await stage.do(spoil)
    await read(stage, case)
    await put(stage, "ward", "one")
    await put(stage, "quality", "two")
    await quiet(stage)
    assert platform.titles("ward") == ["one"]
    assert platform.titles("quality")[1:] == ["two"]
    assert (await states(stage)).count("dead") == 1
    assert "cannot be shown" in caplog.text
    assert UNSEEN not in caplog.text


async def test_a_check_that_cannot_be_delivered_goes_to_the_quality_teams_list(
    stage: Stage, platform: Platform
) -> None:
    platform.ahead[CARYS] = [Refused("user_disabled", final=True)]
    await reported(stage, checker=CARYS)
    await quiet(stage)
    await nobody_checks(stage, platform)


@many_rounds
async def test_a_check_that_was_tried_too_often_in_vain_does_too(stage: Stage, platform: Platform) -> None:
    platform.ahead[CARYS] = [Uncertain("timed_out") for _ in range(MOST_TRIES)]
    await reported(stage, checker=CARYS)
    await quiet(stage)
    for _ in range(MOST_TRIES):
        await later(stage, minutes=3)
    await nobody_checks(stage, platform)


async def nobody_checks(stage: Stage, platform: Platform) -> None:
    need = await stage.do(lambda work: work.session.get(SupportNeed, "need"))
    assert (need.state, need.checker_id) == (support_needs.ON_LIST, None)
    assert "Somebody is needed to check on a colleague" in platform.titles("quality")
    assert not any("Tomasz" in said for said in living_words(platform)), "staff are never named in a channel"
    assert "Nobody is to check on Tomasz yet" in words(await stage.says(LEAH, "overdue"))


def test_the_lease_outlasts_the_longest_sending() -> None:
    assert LEASE.total_seconds() > courier_module.SEND_WITHIN * 1.5
    assert OutboxQueue.__doc__
