"""A foreign client: Microsoft's own Agents Playground, in a browser, against the bot's real process."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playground import AMINA, CASE, LEAH, Client, Person, seats
from playwright.async_api import expect

pytestmark = pytest.mark.browser

NHS_NUMBER = "943 476 5919"  # made up, with a right check digit
WORDS = f"Patient {NHS_NUMBER}: the wrong syringe driver was set up."
HELP = "What I can help with"
ANSWERED_IN_PRIVATE = "I have sent you a private message."
NOT_UNDERSTOOD = "I did not understand that."


Seat = Callable[[Person], Awaitable[Client]]


@pytest.fixture
async def seat(tmp_path: Path) -> AsyncIterator[Seat]:
    async with seats(tmp_path) as seat:
        yield seat


async def titles(client: Client) -> list[str]:
    return [await card.get_by_role("heading").first.inner_text() for card in await client.cards.all()]


async def test_a_whole_report_by_cards_with_two_mistakes_on_the_way(seat: Seat) -> None:
    amina = await seat(AMINA)
    sent: list[str] = []
    amina.page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/invoke") else None)
    await amina.says("report")
    await expect(amina.cards.last).to_contain_text("Page 1")
    card = amina.cards.last

    await amina.presses(card, "Next")
    await expect(card.get_by_text("Please choose an answer.").first).to_be_visible()
    assert sent == []  # the card itself asked for what is missing

    await amina.fills_in_a_near_miss(WORDS)
    await amina.presses(card, "Next")
    await expect(card).to_contain_text("That looks like an NHS number")
    await expect(amina.words_in(card, "What happened?")).to_have_value(WORDS)
    assert len(sent) == 1

    await amina.presses(card, "Take it out for me and go on")
    await amina.goes_on_to_the_check()
    await expect(card).to_contain_text("[NHS number removed]: the wrong syringe driver was set up.")
    await amina.presses(card, "Send the report")
    await expect(card).to_contain_text(re.compile(r"Saved as PSI-\d{4}-0001\. It is not on Datix yet\."))

    await amina.says("my reports")  # whatever was still to come has come before this
    await expect(amina.cards).to_have_count(3)
    shown = await titles(amina)
    assert len(set(shown)) == 3, f"a card stands twice: {shown}"
    assert NHS_NUMBER not in await amina.page.locator("body").inner_text()


async def test_a_card_in_a_channel_is_edited_in_place_and_its_thread_is_answered(seat: Seat) -> None:
    amina, leah = await seat(AMINA), await seat(LEAH)
    await leah.open_channel()
    await leah.posts_to_bot("use this channel for quality")
    await expect(leah.card("This channel is set")).to_be_visible()

    await amina.begins_a_report("The wrong syringe driver was set up.")
    await amina.goes_on_to_the_check()
    await amina.presses(amina.cards.last, "Send the report")
    card = leah.card(CASE)
    await expect(card).to_contain_text("Reported, not read yet")
    await expect(card).not_to_contain_text("Amina Yusuf")
    posts = await leah.posts.count()

    await leah.presses(card, "I have read this")
    await expect(card).to_contain_text("Read by the quality team")
    await expect(card).not_to_contain_text("I have read this")
    await expect(card).not_to_contain_text("Amina Yusuf")  # it is still everybody's card, not Leah's own
    await expect(amina.card("Your report has been read")).to_be_visible()
    await expect(leah.posts).to_have_count(posts)

    await leah.replies_to_bot(leah.post(CASE), "help")
    await expect(leah.post(CASE)).to_contain_text(ANSWERED_IN_PRIVATE)
    await expect(leah.card(HELP)).to_have_count(0)
    await leah.open_private_chat()
    await expect(leah.cards.last).to_contain_text(HELP)


async def test_a_mention_without_words_and_words_it_does_not_know_are_answered(seat: Seat) -> None:
    leah = await seat(LEAH)
    await leah.says("wibble")
    await expect(leah.cards).to_have_count(2)
    await expect(leah.cards.last).to_contain_text(NOT_UNDERSTOOD)

    await leah.open_channel()
    await leah.posts_to_bot("")
    await expect(leah.posts.filter(has_text=ANSWERED_IN_PRIVATE)).to_have_count(1)
    await leah.open_private_chat()
    await expect(leah.cards).to_have_count(3)
    await expect(leah.cards.last).to_contain_text(HELP)
    await expect(leah.cards.last).not_to_contain_text(NOT_UNDERSTOOD)
