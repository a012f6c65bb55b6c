"""What is sent when: order, urgency, messages for later, and a platform that asks to wait; on both engines."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from misbehaving import Lost, Platform
from sqlmodel import Session, col, select

from psirf_bot.cards.conversation import said
from psirf_bot.casework import post
from psirf_bot.casework.errand import Errand
from psirf_bot.casework.work import Work
from psirf_bot.delivery.arrivals import Arrival
from psirf_bot.delivery.courier import Courier
from psirf_bot.delivery.next_in_line import SPARE
from psirf_bot.delivery.outbox import MOST_TRIES
from psirf_bot.delivery.platform import Refused
from psirf_bot.store.tables import Action, Deadline, Nudge, Outbox, Person
from stage import Stage


@pytest.fixture
async def stage(tmp_path: Path, database: str) -> AsyncIterator[Stage]:
    """Without its courier: the test claims and settles by hand."""
    made = Stage(tmp_path, database=database)
    yield made
    made.store.close()


def written(stage: Stage, title: str, lane: str = "web:ward", **facts: Any) -> Outbox:
    platform, _, room = lane.removesuffix(":urgent").partition(":")
    facts = {"due_at": stage.now, "created_at": stage.now, **facts}
    card = said(title, "…").model_dump(mode="json")
    return Outbox(key=f"{title} {lane}", lane=lane, platform=platform, address={"channel": room}, card=card, **facts)


async def put(stage: Stage, *rows: Outbox) -> None:
    await stage.do(lambda work: work.session.add_all(rows))


async def taken(stage: Stage, most: int = 10) -> list[Errand]:
    errands: list[Errand] = await stage.store.run(lambda s: stage.queue.claim(s, most, lambda _: timedelta()))
    return errands


async def titles(stage: Stage, most: int = 10) -> list[str]:
    """What would be sent now, one after another: each is taken and has arrived at once."""
    found = []
    while errands := await taken(stage, most):
        for errand in errands:
            assert errand.card
            found.append(errand.card.title)
            await arrived(stage, errand)
    return found


async def arrived(stage: Stage, errand: Errand) -> None:
    arrival = Arrival(errand.id, errand.token, "message")
    await stage.store.run(lambda session: stage.queue.arrived(session, [arrival]))


async def refused(stage: Stage, errand: Errand, why: Refused) -> None:
    await stage.store.run(lambda session: stage.queue.refused(session, errand, why))


async def test_what_was_committed_late_with_a_lower_number_is_not_sent_beside_what_is_on_its_way(stage: Stage) -> None:
    await put(stage, written(stage, "two", id=2))
    [two] = await taken(stage)
    await put(stage, written(stage, "one", id=1))
    assert await taken(stage) == []
    await arrived(stage, two)
    assert await titles(stage) == ["one"]


async def test_what_is_meant_for_later_holds_up_nothing(stage: Stage) -> None:
    tomorrow = stage.now + timedelta(days=1)
    await put(stage, written(stage, "tomorrow", due_at=tomorrow), written(stage, "now"))
    assert await titles(stage) == ["now"]
    stage.later(days=1)
    assert await titles(stage) == ["tomorrow"]


async def test_what_waits_for_its_next_try_holds_up_what_comes_after_it(stage: Stage) -> None:
    await put(stage, written(stage, "one"), written(stage, "two"))
    [one] = await taken(stage)
    await refused(stage, one, Refused("busy"))
    assert await taken(stage) == []
    stage.later(seconds=10)
    assert await titles(stage) == ["one", "two"]


async def test_asked_to_wait_nothing_is_sent_to_that_platform_and_others_go_on(stage: Stage) -> None:
    await put(stage, written(stage, "one"))
    [one] = await taken(stage)
    await refused(stage, one, Refused("ratelimited", retry_after=90))
    await put(stage, written(stage, "elsewhere", "web:clinic"), written(stage, "other", "slack:ward"))
    assert await titles(stage) == ["other"]
    stage.later(seconds=89)
    assert await titles(stage) == []
    stage.later(seconds=1)
    assert await titles(stage) == ["one", "elsewhere"]


async def test_danger_goes_though_others_were_asked_to_wait_and_waits_only_as_it_was_itself_asked_to(
    stage: Stage,
) -> None:
    await put(stage, written(stage, "one"))
    [one] = await taken(stage)
    await refused(stage, one, Refused("ratelimited", retry_after=90))
    await put(stage, written(stage, "danger", "web:ward:urgent"), written(stage, "page", "web:executive:urgent"))
    danger, page = await taken(stage)
    assert danger.card
    assert danger.card.title == "danger"
    await arrived(stage, page)
    await refused(stage, danger, Refused("ratelimited", retry_after=20))
    stage.later(seconds=19)
    assert await titles(stage) == []
    stage.later(seconds=1)
    assert await titles(stage) == ["danger"]


async def test_danger_that_may_have_arrived_is_looked_for_though_others_were_asked_to_wait(stage: Stage) -> None:
    await put(stage, written(stage, "one"), written(stage, "danger", "web:clinic:urgent"))
    danger, one = await taken(stage)
    await refused(stage, one, Refused("ratelimited", retry_after=90))
    await stage.store.run(lambda session: stage.queue.uncertain(session, danger, "timed_out", timedelta(seconds=2)))
    stage.later(seconds=2)
    [looked_for] = await taken(stage)
    assert looked_for.read_back_since


async def test_an_answer_to_what_was_just_typed_is_tried_once_though_others_were_asked_to_wait(stage: Stage) -> None:
    await put(stage, written(stage, "one"))
    [one] = await taken(stage)
    await refused(stage, one, Refused("ratelimited", retry_after=90))
    await put(
        stage,
        written(stage, "answer", "web:amina", person_id="amina"),
        written(stage, "card", "web:carys", person_id="carys", message="web:carys/1"),
        written(stage, "reminder", "web:leah", person_id="leah", subject="digest:leah"),
        written(stage, "news", "web:ward2"),
    )
    answer, card = await taken(stage)
    assert [shown.card and shown.card.title for shown in (answer, card)] == ["answer", "card"]
    await arrived(stage, card)
    await refused(stage, answer, Refused("ratelimited", retry_after=1))
    stage.later(seconds=2)
    assert await titles(stage) == [], "asked to wait itself, it waits like the others"
    stage.later(seconds=88)
    assert [errand.key.partition(" ")[0] for errand in await taken(stage)] == ["one", "answer", "reminder", "news"]


async def test_an_answer_that_nobody_waits_for_any_more_waits_like_the_others(stage: Stage) -> None:
    await put(stage, written(stage, "one"))
    [one] = await taken(stage)
    await refused(stage, one, Refused("ratelimited", retry_after=90))
    await put(stage, written(stage, "answer", "web:amina", person_id="amina"))
    stage.later(seconds=5)
    assert await titles(stage) == []


async def test_what_was_written_long_ago_for_this_moment_is_no_answer(stage: Stage) -> None:
    await put(stage, written(stage, "one"))
    [one] = await taken(stage)
    await refused(stage, one, Refused("ratelimited", retry_after=90))
    soon = stage.now + timedelta(seconds=30)
    await put(stage, written(stage, "task", "web:amina", person_id="amina", due_at=soon))
    stage.later(seconds=31)
    assert await titles(stage) == []


async def test_asked_to_wait_for_less_it_still_waits_for_as_long_as_it_was_asked_first(stage: Stage) -> None:
    await put(stage, written(stage, "one"), written(stage, "other", "web:clinic"), written(stage, "two"))
    one, other = await taken(stage)
    await refused(stage, one, Refused("ratelimited", retry_after=90))
    await refused(stage, other, Refused("ratelimited", retry_after=1))
    stage.later(seconds=89)
    assert await titles(stage) == []
    stage.later(seconds=1)
    assert await titles(stage) == ["one", "other", "two"]


async def test_a_platform_that_is_busy_for_long_costs_no_message_its_tries(stage: Stage) -> None:
    await put(stage, written(stage, "one"))
    for _ in range(MOST_TRIES + 5):
        [one] = await taken(stage)
        await refused(stage, one, Refused("ratelimited", retry_after=30))
        stage.later(seconds=30)
    [one] = await taken(stage)
    await refused(stage, one, Refused("busy"))
    stage.later(seconds=10)
    assert await titles(stage) == ["one"]


async def test_what_is_urgent_goes_first(stage: Stage) -> None:
    await put(stage, *(written(stage, f"{n}", f"web:ward{n}") for n in range(5)))
    await put(stage, written(stage, "pressing", "web:ward9:urgent"))
    assert (await titles(stage, most=2))[0] == "pressing"


async def test_what_has_nothing_to_show_any_more_does_not_end_the_round(stage: Stage) -> None:
    gone = [written(stage, f"{n}", subject=f"case:{n}") for n in range(3)]
    for row in gone:
        row.card = None
    await put(stage, *gone, written(stage, "now"))
    assert await titles(stage, most=1) == ["now"]
    assert {row.state for row in await rows(stage)} == {"sent"}


@pytest.mark.parametrize(("replaces", "may_repeat"), [(None, True), ("message", False)])
async def test_given_up_while_in_doubt_it_would_say_that_it_may_be_a_repeat(
    stage: Stage, replaces: str | None, may_repeat: bool
) -> None:
    await put(stage, written(stage, "one", attempts=MOST_TRIES - 1, message=replaces))
    [one] = await taken(stage)
    await stage.store.run(lambda session: stage.queue.uncertain(session, one, "timed_out", timedelta()))
    [row] = await rows(stage)
    assert (row.state, row.may_repeat) == ("dead", may_repeat)


async def test_another_replica_waits_as_well(stage: Stage) -> None:
    one, other = Platform(), Platform()
    one.ahead["ward"] = [Refused("ratelimited", retry_after=90)]
    await put(stage, written(stage, "one"))
    for platform in (one, other):
        courier = Courier(stage.store, stage.queue, {"web": platform})
        await courier.start()
        await courier.stop()
    assert (one.rooms, other.rooms) == ({}, {})


async def test_looking_for_it_waits_as_long_as_it_is_asked_to(stage: Stage) -> None:
    platform = Platform(ahead={"ward": [Lost()]}, history=Refused("ratelimited", retry_after=90))
    await put(stage, written(stage, "one"))
    for seconds in (0, 120, 89):
        stage.later(seconds=seconds)
        courier = Courier(stage.store, stage.queue, {"web": platform})
        await courier.start()
        await courier.stop()
    assert len(platform.looked_for) == 1
    [row] = await rows(stage)
    assert (row.state, row.attempts) == ("uncertain", 1)


@pytest.mark.parametrize("first", ["giver", "taker"])
async def test_what_is_passed_on_by_one_digest_stands_in_the_other_that_is_taken_with_it(
    stage: Stage, first: str
) -> None:
    def both_are_reminded(work: Work) -> None:
        giver, taker = work.session.exec(select(Person).where(col(Person.active)).order_by(Person.id).limit(2))
        day = work.local.date()
        for n, told in enumerate((giver, taker) if first == "giver" else (taker, giver)):  # both are the taker's by now
            work.session.add(a_duty(work, f"duty{n}", taker.id))
            work.session.add(Nudge(deadline_id=f"duty{n}", step=0, person_id=told.id, why="soon", day=day, at=work.now))
            digest = written(stage, f"{n}", f"web:room{n}", subject=f"digest:{told.id}:{day.isoformat()}")
            digest.key = post.key_of(work, "digest", told.id, day.isoformat())
            work.session.add(digest)

    await stage.do(both_are_reminded)
    [only] = await taken(stage)
    assert only.card
    assert only.card.title == "Your day: 2 things to look at"


@pytest.mark.parametrize("one_cannot_be_shown", [False, True])
async def test_each_button_of_what_is_taken_together_is_there(stage: Stage, one_cannot_be_shown: bool) -> None:
    def reminded(work: Work) -> None:
        day = work.local.date()
        for n, someone in enumerate(work.session.exec(select(Person).where(col(Person.active)).limit(3)).all()):
            which = "no day" if one_cannot_be_shown and n == 1 else day.isoformat()
            work.session.add(a_duty(work, f"duty{n}", someone.id))
            work.session.add(
                Nudge(deadline_id=f"duty{n}", step=0, person_id=someone.id, why="soon", day=day, at=work.now)
            )
            work.session.add(written(stage, f"{n}", f"web:room{n}", subject=f"digest:{someone.id}:{which}"))

    await stage.do(reminded)
    cards = [errand.card for errand in await taken(stage)]
    assert [card is None for card in cards] == [False, one_cannot_be_shown, False]
    shown = {button.action for card in cards if card for button in card.all_buttons()}
    assert len(shown) == 4 * (3 - one_cannot_be_shown)
    assert shown == set(await stage.do(lambda work: work.session.exec(select(Action.id)).all()))


def a_duty(work: Work, name: str, owner: str) -> Deadline:
    rule = work.setting.rules["themes.meeting"]
    local, due_at = work.setting.calendar_beyond.end_of(work.local.date() + timedelta(days=1))
    return Deadline(
        id=name, rule=rule.id, subject_kind="trust", subject_id="trust", occurrence=name, owner_id=owner,
        since=work.now, source=rule.source, due_local=local.isoformat(timespec="minutes"), due_at=due_at, step=1,
    )  # fmt: skip


async def test_of_many_that_have_arrived_each_is_noted_only_by_whoever_holds_it(stage: Stage) -> None:
    await put(stage, *(written(stage, f"{n}", f"web:ward{n}") for n in range(3)))
    held = await taken(stage)
    arrivals = [Arrival(errand.id, errand.token - (n == 1), f"message{n}") for n, errand in enumerate(held)]
    await stage.store.run(lambda session: stage.queue.arrived(session, arrivals))
    found = [(row.state, row.message, row.card is None) for row in await rows(stage)]
    assert found == [("sent", "message0", True), ("sending", None, False), ("sent", "message2", True)]


async def test_a_conversation_with_a_long_queue_holds_up_no_other(stage: Stage) -> None:
    await put(stage, *(written(stage, f"{n}") for n in range(3 * SPARE)), written(stage, "other", "web:clinic"))
    [first, other] = await taken(stage)
    assert first.card
    assert other.card
    assert (first.card.title, other.card.title) == ("0", "other")


async def rows(stage: Stage) -> list[Outbox]:
    def work(work: Work) -> list[Outbox]:
        session: Session = work.session
        return list(session.exec(select(Outbox).order_by(col(Outbox.id))))

    found: list[Outbox] = await stage.do(work)
    return found
