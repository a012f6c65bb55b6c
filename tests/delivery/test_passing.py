"""Edits that only repeat what somebody has been shown: they go at once, in their conversation's order, or never."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from psirf_bot.cards.model import Card
from psirf_bot.casework import post
from psirf_bot.casework.errand import Errand
from psirf_bot.casework.inbound import Actor, Inbound, Place, Pressed, Reply, Said
from psirf_bot.delivery.courier import AT_ONCE
from psirf_bot.delivery.platform import Refused, Uncertain
from psirf_bot.store.tables import Outbox
from stage import Stage, action, address_of, shown

AMINA = "Amina Yusuf"
CHAT = {"user": "amina"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as made:
        made.out.posts["amina"] = [Card(title="Help", preview="Help")]
        yield made


async def asks_for_help(stage: Stage) -> Card:
    return shown(await stage.turn(AMINA, Said("help")))


async def presses(stage: Stage, card: Card, key: str) -> Reply:
    """As on Teams: the response shows the next card, and an edit makes it stay when the chat is opened again."""
    who = address_of(AMINA)
    place = Place("amina", True, inline=True, message="amina/0", address=CHAT, passing=True)
    pressed = Pressed(action(card, "My reports"))
    return await stage.desk.handle(Inbound(Actor("web", "demo", who, AMINA, who), place, key, pressed))


async def states(stage: Stage) -> list[str]:
    return list(await stage.do(lambda work: list(work.session.exec(select(Outbox.state).order_by(Outbox.id)))))


async def rows(stage: Stage) -> list[Outbox]:
    return list(await stage.do(lambda work: work.session.exec(select(Outbox).order_by(Outbox.id)).all()))


async def test_it_goes_out_with_the_commit_of_its_turn(stage: Stage) -> None:
    reply = await presses(stage, await asks_for_help(stage), "press")
    await stage.settled()
    assert stage.out.edits == [("amina/0", reply.card)]
    assert await states(stage) == ["sent"]


async def test_the_same_press_twice_is_one_edit(stage: Stage) -> None:
    card = await asks_for_help(stage)
    assert await presses(stage, card, "press") == await presses(stage, card, "press")
    await stage.settled()
    assert len(stage.out.edits) == 1


async def test_it_does_not_overtake_what_waits_in_the_same_conversation(stage: Stage) -> None:
    def put_in_line(work: Any) -> None:
        waiting = Card(title="First", preview="First")
        post.to_address(work, "web", CHAT, waiting)

    stage.courier.kick = lambda: None  # type: ignore[method-assign]  # the courier looks away until both are there
    stage.desk = stage.new_desk()
    card = await asks_for_help(stage)
    await stage.do(put_in_line)
    await presses(stage, card, "press")
    assert await states(stage) == ["due", "due"]
    assert stage.out.edits == []
    del stage.courier.kick  # type: ignore[method-assign]
    stage.courier.kick()
    await stage.settled()
    assert [one.title for one in stage.out.posts["amina"]][1:] == ["First"]
    assert [message for message, _ in stage.out.edits] == ["amina/0"]


async def test_one_that_nobody_carried_before_the_bot_died_is_let_go(stage: Stage) -> None:
    stage.courier.carry = lambda errand: None  # type: ignore[method-assign]  # killed right after the commit
    stage.desk = stage.new_desk()
    await presses(stage, await asks_for_help(stage), "press")
    assert await states(stage) == ["sending"]
    stage.later(seconds=61)
    stage.courier.kick()
    await stage.settled()
    assert stage.out.edits == []
    assert await states(stage) == ["sent"]


async def test_one_that_is_refused_is_not_tried_again(stage: Stage) -> None:
    async def busy(*_: object) -> None:
        raise Refused("too many requests", retry_after=1)

    stage.out.update = busy
    card = await asks_for_help(stage)
    await presses(stage, card, "press")
    for _ in range(3):
        stage.later(seconds=2)
        stage.courier.kick()
        await stage.settled()
    assert await states(stage) == ["sent"]
    assert stage.out.edits == []


@pytest.mark.parametrize("trouble", [Refused("too many requests", retry_after=60), Uncertain("timed_out")])
async def test_the_words_of_one_that_waited_and_then_failed_are_not_kept(stage: Stage, trouble: Exception) -> None:
    async def fails(*_: object) -> None:
        raise trouble

    stage.out.update = fails
    stage.courier.kick = lambda: None  # type: ignore[method-assign]  # the courier looks away until both are there
    stage.desk = stage.new_desk()
    card = await asks_for_help(stage)
    await stage.do(lambda work: post.to_address(work, "web", CHAT, Card(title="First", preview="First")))
    await presses(stage, card, "press")
    assert [row.card["title"] for row in await rows(stage)] == ["First", "Your reports"]
    del stage.courier.kick  # type: ignore[method-assign]
    stage.courier.kick()
    await stage.settled()
    assert [(row.state, row.card) for row in await rows(stage)] == [("sent", None)] * 2


async def test_behind_one_that_is_on_its_way_only_the_newest_goes(stage: Stage) -> None:
    go_on, sent = asyncio.Event(), list[str]()

    async def slow(to: Mapping[str, str], message: str, card: Card) -> None:
        sent.append(card.title)
        await go_on.wait()

    stage.out.update = slow
    card = await asks_for_help(stage)
    for number in range(4):
        reply = await presses(stage, card, f"press{number}")
    assert len(sent) == 1
    go_on.set()
    await stage.settled()
    assert sent == [shown(reply).title] * 2
    assert await states(stage) == ["sent"] * 4


async def test_after_one_that_failed_the_next_one_goes(stage: Stage) -> None:
    go_on, sent = asyncio.Event(), list[str]()

    async def fails_once(to: Mapping[str, str], message: str, card: Card) -> None:
        sent.append(message)
        if len(sent) == 1:
            await go_on.wait()
            raise OSError("the line is down")

    stage.out.update = fails_once
    card = await asks_for_help(stage)
    await presses(stage, card, "one")
    await presses(stage, card, "two")
    go_on.set()
    for _ in range(4):
        await stage.settled()
        stage.later(seconds=5)
        stage.courier.kick()
    assert len(sent) == 2
    assert set(await states(stage)) == {"sent"}
    await presses(stage, card, "three")
    await stage.settled()
    assert len(sent) == 3


async def test_edits_that_hang_hold_up_no_other_message(stage: Stage) -> None:
    go_on = asyncio.Event()

    async def hangs(to: Mapping[str, str], message: str, card: Card) -> None:
        await go_on.wait()

    stage.out.update = hangs
    card = await asks_for_help(stage)
    await presses(stage, card, "hangs")
    errand = Errand(0, 1, "", "web", CHAT, card, "")
    for number in range(AT_ONCE):
        stage.courier.carry(replace(errand, message=f"other/{number}"))
    await stage.do(lambda work: post.to_address(work, "web", {"user": "leah"}, card))
    stage.courier.kick()
    for _ in range(500):
        if "leah" in stage.out.posts:
            break
        await asyncio.sleep(0.01)
    assert stage.out.posts["leah"] == [card]
    go_on.set()
