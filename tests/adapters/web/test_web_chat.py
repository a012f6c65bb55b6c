"""The chat page's requests: who says what where, what reaches the desk, what is kept, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlmodel import select
from web_desk import AMINA, CARYS, LEAH, OWN, Page, running_page

from psirf_bot.adapters.web import chat
from psirf_bot.adapters.web.rooms import rooms_for
from psirf_bot.cards import adaptive, blockkit
from psirf_bot.cards.model import (
    Button,
    Card,
    ChoiceInput,
    ClockInput,
    DayInput,
    Input,
    MomentInput,
    NumberInput,
    Option,
    PeopleInput,
    TextInput,
    Words,
)
from psirf_bot.casework.inbound import Actor, Inbound, Place, Pressed, Reply, Said
from psirf_bot.delivery.platform import Refused
from psirf_bot.store.tables import WebMessage

Json = dict[str, Any]

SAID = {"as": AMINA.email, "room": OWN, "text": "report", "key": "key-00000001"}
PRESSED = {"as": AMINA.email, "room": OWN, "message": 1, "action": "a1", "given": {}, "key": "key-00000002"}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def card(title: str = "A card", error: str = "") -> Card:
    what = TextInput(id="what", label="What happened?", error=error, value="NHS 943 476 5919" if error else "")
    return Card(
        title=title, preview=title, body=(Words(text="Words"), what), buttons=(Button(label="Go", action="a1"),)
    )


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with running_page(tmp_path) as page:
        yield page


@pytest.fixture
async def browser(page: Page) -> AsyncIterator[ClientSession]:
    async with ClientSession(page.server.make_url("/")) as session:
        yield session


async def ok(response: Any) -> Json:
    assert response.status == 200, await response.text()
    return await response.json()


async def stored(page: Page) -> list[WebMessage]:
    return await page.store.read(lambda s: list(s.exec(select(WebMessage).order_by(WebMessage.revision))))


async def messages(browser: ClientSession, email: str, after: int | None = None) -> Json:
    query = {"as": email} | ({} if after is None else {"after": str(after)})
    return await ok(await browser.get("/chat/messages", params=query))


# --- Talking ------------------------------------------------------------------------------------------------


async def test_words_are_kept_and_brought_to_the_desk(page: Page, browser: ClientSession) -> None:
    page.desk.answer = lambda _: Reply(notice="Look above.")
    told = await ok(await browser.post("/chat/say", json=SAID))
    assert page.desk.seen == [
        Inbound(
            actor=Actor("web", "demo", AMINA.email, "Amina Yusuf", AMINA.email),
            place=Place(OWN, private=True, inline=False, address={"user": AMINA.email}),
            key="web:key-00000001",
            what=Said("report"),
        )
    ]
    assert told["notice"] == "Look above."
    assert told["message"]["text"] == "report"
    assert told["message"]["by"] == "me"
    assert (await messages(browser, AMINA.email))["messages"] == [told["message"]]


async def test_in_a_channel_the_place_is_not_private_and_others_see_who_spoke(
    page: Page, browser: ClientSession
) -> None:
    await ok(await browser.post("/chat/say", json=SAID | {"as": LEAH.email, "room": "channel:leads"}))
    leads = {"channel": "leads"}
    assert page.desk.seen[0].place == Place("channel:leads", False, inline=False, address=leads, channel=leads)
    (message,) = (await messages(browser, CARYS.email))["messages"]
    assert (message["author"], message["by"], message["text"]) == ("Leah Rosenfeld", "colleague", "report")


async def test_the_same_words_sent_again_are_kept_once(page: Page, browser: ClientSession) -> None:
    first = await ok(await browser.post("/chat/say", json=SAID))
    assert await ok(await browser.post("/chat/say", json=SAID)) == first
    assert len(await stored(page)) == 1
    assert len(page.desk.seen) == 1


async def test_patient_identifiers_reach_the_desk_and_are_not_kept(page: Page, browser: ClientSession) -> None:
    words = "NHS 943 476 5919, ask amina.yusuf@fenmarsh.example"
    told = await ok(await browser.post("/chat/say", json=SAID | {"text": words}))
    assert page.desk.seen[0].what == Said(words)
    assert "943" not in told["message"]["text"]
    assert all("943" not in (row.text or "") for row in await stored(page))


async def test_a_colleagues_work_address_is_kept(page: Page, browser: ClientSession) -> None:
    told = await ok(await browser.post("/chat/say", json=SAID | {"text": f"It was {LEAH.email}"}))
    assert told["message"]["text"] == f"It was {LEAH.email}"


# --- Pressing -----------------------------------------------------------------------------------------------


async def test_an_answer_takes_the_place_of_the_card_and_stays(page: Page, browser: ClientSession) -> None:
    sent = await page.adapter.send({"user": AMINA.email}, card(), "k1")
    page.desk.answer = lambda _: Reply(card=card("Next page"))
    given = {"what": "words", "who": ["a", "b"], "when": {"date": "2026-11-20", "time": None}, "empty": None}
    told = await ok(await browser.post("/chat/press", json=PRESSED | {"message": int(sent), "given": given}))
    (inbound,) = page.desk.seen
    assert inbound.what == Pressed("a1", given)
    assert inbound.place == Place(OWN, private=True, inline=True, message=sent, address={"user": AMINA.email})
    assert told["in_place"]
    assert "Next page" in told["card"]["html"]
    assert told["card"]["adaptive"] == adaptive.render(card("Next page"))
    assert told["card"]["blockkit"] == blockkit.message(card("Next page"))
    (message,) = (await messages(browser, AMINA.email))["messages"]
    assert (message["id"], message["title"], message["revision"]) == (int(sent), "Next page", told["revision"])


async def test_refused_words_are_shown_again_and_kept_nowhere(page: Page, browser: ClientSession) -> None:
    sent = await page.adapter.send({"user": AMINA.email}, card(), "k1")
    page.desk.answer = lambda _: Reply(card=card("Please check", error="That looks like an NHS number."))
    told = await ok(await browser.post("/chat/press", json=PRESSED | {"message": int(sent)}))
    assert "943 476 5919" in told["card"]["html"]
    (row,) = await stored(page)
    assert row.revision == told["revision"], "the page that sent it takes it for no news"
    assert "943" not in json.dumps(row.card)


HOLDING: tuple[Input, ...] = (
    TextInput(id="text", label="Text", value="943"),
    NumberInput(id="number", label="Number", value=943),
    ChoiceInput(id="choice", label="Choice", options=(Option(value="943", label="A"),), value=("943",)),
    DayInput(id="day", label="Day", value="943"),
    ClockInput(id="clock", label="Clock", value="943"),
    MomentInput(id="moment", label="Moment", day="943", clock="943"),
    PeopleInput(id="people", label="People", value=("943",), on_slack={"943": "U1"}),
)


@pytest.mark.parametrize("wrong", HOLDING, ids=lambda part: str(part.kind))
async def test_a_form_that_was_refused_is_kept_with_what_was_wrong_and_the_good_answers(
    page: Page, browser: ClientSession, wrong: Input
) -> None:
    good = TextInput(id="good", label="Where?", value="At home")
    refused = wrong.model_copy(update={"error": "Please check this."})
    form = Card(title="A form", preview="", body=(good, refused), buttons=(Button(label="Go", action="a1"),))
    sent = await page.adapter.send({"user": AMINA.email}, card(), "k1")
    page.desk.answer = lambda _: Reply(card=form)
    await ok(await browser.post("/chat/press", json=PRESSED | {"message": int(sent)}))
    (message,) = (await messages(browser, AMINA.email))["messages"]
    assert "At home" in message["html"]
    assert "Please check this." in message["html"]
    (row,) = await stored(page)
    assert row.card is not None
    held = {key: value for key, value in row.card["body"][1].items() if key != "options"}
    assert "943" not in json.dumps(held)


async def test_a_notice_leaves_the_card_alone(page: Page, browser: ClientSession) -> None:
    sent = await page.adapter.send({"user": AMINA.email}, card(), "k1")
    page.desk.answer = lambda _: Reply(notice="Already done.")
    told = await ok(await browser.post("/chat/press", json=PRESSED | {"message": int(sent)}))
    assert told == {"notice": "Already done.", "card": None}
    assert [row.revision for row in await stored(page)] == [1]


@pytest.mark.parametrize("replaces", [True, False])
async def test_an_answer_in_a_channel_changes_nothing_that_others_see(
    page: Page, browser: ClientSession, replaces: bool
) -> None:
    sent = await page.adapter.send({"channel": "quality"}, card(), "k1")
    page.desk.answer = lambda _: Reply(card=card("For Leah"), replaces=replaces)
    body = PRESSED | {"as": LEAH.email, "room": "channel:quality", "message": int(sent)}
    told = await ok(await browser.post("/chat/press", json=body))
    assert not told["in_place"]
    assert told["revision"] is None
    assert not page.desk.seen[0].place.private
    assert [row.revision for row in await stored(page)] == [1]


async def test_a_card_that_only_one_person_sees_can_be_pressed_too(page: Page, browser: ClientSession) -> None:
    page.desk.answer = lambda _: Reply(card=card("Next"))
    told = await ok(await browser.post("/chat/press", json={k: v for k, v in PRESSED.items() if k != "message"}))
    assert page.desk.seen[0].place.message is None
    assert told["in_place"]
    assert await stored(page) == []


async def test_what_has_a_window_elsewhere_leaves_the_card_in_its_place(page: Page, browser: ClientSession) -> None:
    open_it = Button(label="It is done", action="a1", opens=True)
    sent = await page.adapter.send({"user": AMINA.email}, Card(title="Your day", preview="", buttons=(open_it,)), "k1")
    page.desk.answer = lambda _: Reply(card=card("A form"))
    told = await ok(await browser.post("/chat/press", json=PRESSED | {"message": int(sent)}))
    assert page.desk.seen[0].place.message is None
    assert (told["in_place"], told["revision"]) == (False, None)
    assert 'id="tid' in told["card"]["html"]  # an id of its own, beside the card that was pressed
    (row,) = await stored(page)
    assert (row.revision, row.card and row.card["title"]) == (1, "Your day")
    other = await ok(
        await browser.post("/chat/press", json=PRESSED | {"message": int(sent), "action": "a2", "key": "k" * 8})
    )
    assert other["in_place"]


async def test_the_page_knows_what_comes_as_a_message_too(page: Page, browser: ClientSession) -> None:
    sent = await page.adapter.send({"user": AMINA.email}, card(), "k1")
    page.desk.answer = lambda _: Reply(card=card("Saved"), keep=True)
    alone = await ok(await browser.post("/chat/press", json={k: v for k, v in PRESSED.items() if k != "message"}))
    in_place = await ok(await browser.post("/chat/press", json=PRESSED | {"message": int(sent), "key": "k" * 8}))
    assert (alone["kept"], in_place["kept"]) == (True, False)


# --- What the courier does ----------------------------------------------------------------------------------


async def test_sending_twice_with_a_key_posts_once_and_is_found_by_it(page: Page) -> None:
    to = {"user": AMINA.email}
    sent = await page.adapter.send(to, card(), "k1")
    assert await page.adapter.send(to, card(), "k1") == sent
    assert await page.adapter.find(to, "k1", LONG_AGO) == sent
    assert await page.adapter.find(to, "k2", LONG_AGO) is None
    assert len(await stored(page)) == 1


async def test_an_update_is_a_newer_revision_of_the_same_message(page: Page, browser: ClientSession) -> None:
    first = await page.adapter.send({"channel": "panel"}, card(), "k1")
    await page.adapter.send({"channel": "panel"}, card(), "k2")
    await page.adapter.update({"channel": "panel"}, first, card("Newer"))
    (message,) = (await messages(browser, LEAH.email, after=2))["messages"]
    assert (message["id"], message["title"], message["revision"]) == (int(first), "Newer", 3)


async def test_the_same_card_once_more_is_no_news(page: Page) -> None:
    sent = await page.adapter.send({"user": AMINA.email}, card(), "k1")
    await page.adapter.update({"user": AMINA.email}, sent, card())
    assert [row.revision for row in await stored(page)] == [1]


async def test_what_cannot_be_delivered_is_refused_for_good(page: Page) -> None:
    for address in ({}, {"user": ""}, {"channel": "elsewhere"}, {"conversation": "x"}):
        with pytest.raises(Refused) as refused:
            await page.adapter.send(address, card(), "k1")
        assert refused.value.final
    with pytest.raises(Refused) as refused:
        await page.adapter.update({"user": AMINA.email}, "99", card())
    assert refused.value.final


async def test_a_persons_key_is_not_the_couriers(page: Page, browser: ClientSession) -> None:
    await ok(await browser.post("/chat/say", json=SAID))
    assert await page.adapter.find({"user": AMINA.email}, SAID["key"], LONG_AGO) is None


# --- News ---------------------------------------------------------------------------------------------------


async def test_news_arrives_while_somebody_waits(page: Page, browser: ClientSession) -> None:
    waiting = asyncio.create_task(messages(browser, AMINA.email, after=0))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await page.adapter.send({"user": AMINA.email}, card(), "k1")
    news = await asyncio.wait_for(waiting, 2)
    assert [message["title"] for message in news["messages"]] == ["A card"]


async def test_everybody_sees_their_own_rooms_and_where_there_is_news_for_others(
    page: Page, browser: ClientSession
) -> None:
    await page.adapter.send({"user": AMINA.email}, card("Private"), "k1")
    await page.adapter.send({"channel": "quality"}, card("Quality"), "k2")
    await page.adapter.send({"channel": "leads"}, card("Leads"), "k3")

    async def titles(email: str) -> list[str]:
        return [message["title"] for message in (await messages(browser, email))["messages"]]

    assert await titles(AMINA.email) == ["Private"]
    assert await titles(LEAH.email) == ["Quality", "Leads"]
    assert await titles(CARYS.email) == ["Leads"]
    assert (await messages(browser, CARYS.email))["waiting"] == {OWN: 1, "channel:quality": 2, "channel:leads": 3}


async def test_without_news_the_answer_is_empty_in_the_end(
    page: Page, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "PATIENCE", 0.1)
    assert await messages(browser, AMINA.email, after=0) == {"revision": 0, "messages": [], "waiting": {}}


async def test_a_page_from_before_a_new_beginning_is_told_at_once(page: Page, browser: ClientSession) -> None:
    assert (await asyncio.wait_for(messages(browser, AMINA.email, after=57), 2))["revision"] == 0


async def test_nobody_is_kept_waiting_by_a_stop(page: Page, browser: ClientSession) -> None:
    waiting = asyncio.create_task(messages(browser, AMINA.email, after=0))
    await asyncio.sleep(0.1)
    await page.adapter.stop()
    assert (await asyncio.wait_for(waiting, 2))["messages"] == []


async def test_times_are_local_words(page: Page, browser: ClientSession) -> None:
    page.clock.set(datetime(2026, 7, 1, 11, 5, tzinfo=UTC))
    await page.adapter.send({"user": AMINA.email}, card(), "k1")
    (message,) = (await messages(browser, AMINA.email))["messages"]
    assert message["at"] == "Wed 1 Jul, 12:05"


async def test_the_json_of_a_card_is_exactly_what_is_rendered(page: Page, browser: ClientSession) -> None:
    sent = await page.adapter.send({"user": AMINA.email}, card(), "k1")
    for name, render in chat.FORMATS.items():
        assert await ok(await browser.get(f"/chat/cards/{sent}?format={name}")) == render(card())


# --- People and rooms ---------------------------------------------------------------------------------------


async def test_people_are_listed_with_their_rooms(page: Page, browser: ClientSession) -> None:
    listed = await ok(await browser.get("/chat/people"))
    assert listed["trust"] == "Fenmarsh Community NHS Trust"
    about = {person["name"]: (person["about"], [r["name"] for r in person["rooms"]]) for person in listed["people"]}
    assert about == {
        "Amina Yusuf": ("Staff · Community Nursing", ["psirf-bot"]),
        "Leah Rosenfeld": ("Quality, panel", ["psirf-bot", "Quality team", "Panel", "Leads"]),
        "Carys Penhallow": ("Service lead · District Nursing Nights", ["psirf-bot", "Leads"]),
    }


def test_only_the_quality_team_sees_the_quality_channel() -> None:
    roles = "staff workforce panel expert chief_nurse medical_director executive response_lead service_lead overseer"
    assert [role for role in roles.split() if "channel:quality" in rooms_for([role])] == []
    assert "channel:quality" in rooms_for(["quality"])


# --- What is refused ----------------------------------------------------------------------------------------

NESTED = "[" * 5_000 + "]" * 5_000
BODIES: list[tuple[str, object]] = [
    ("empty", b""),
    ("not JSON", b"{"),
    ("not UTF-8", b'{"as": "\xff"}'),
    ("a list", []),
    ("a word", "report"),
    ("a number that is none", b"NaN"),
    ("nested too deep", NESTED.encode()),
    ("nothing in it", {}),
    ("half a character", b'{"as": "\\ud800"}'),
]
WRONG: list[tuple[str, Json]] = [
    ("nobody", {"as": "nobody@fenmarsh.example"}),
    ("no name", {"as": ""}),
    ("several people", {"as": [AMINA.email]}),
    ("somebody else's room", {"room": f"user:{LEAH.email}"}),
    ("a channel they are not in", {"room": "channel:quality"}),
    ("no such channel", {"room": "channel:elsewhere"}),
    ("no room", {"room": None}),
    ("a short key", {"key": "k"}),
    ("a key with a line end", {"key": "key-00000001\n"}),
    ("a long key", {"key": "k" * 65}),
    ("something unknown", {"admin": True}),
]
WRONG_WORDS: list[tuple[str, Json]] = [
    ("blank words", {"text": " \n\t "}),
    ("too many words", {"text": "x" * 12_001}),
    ("no words", {"text": None}),
    ("an object", {"text": {"a": 1}}),
]
WRONG_PRESSES: list[tuple[str, Json]] = [
    ("a message in another room", {"message": 2}),
    ("no such message", {"message": 99}),
    ("a negative message", {"message": -1}),
    ("a huge message", {"message": 10**30}),
    ("a message as words", {"message": "1 OR 1=1"}),
    ("no action", {"action": ""}),
    ("a long action", {"action": "a" * 321}),
    ("given as a list", {"given": [1]}),
    ("a number given", {"given": {"what": 1}}),
    ("an object given", {"given": {"what": {"evil": "x"}}}),
    ("a list of numbers given", {"given": {"what": [1]}}),
    ("a nameless input", {"given": {"": "x"}}),
    ("too many inputs", {"given": {str(n): "x" for n in range(101)}}),
    ("too many words given", {"given": {"what": "x" * 20_001}}),
]


def cases() -> list[Any]:
    both = [(path, name, body) for path in ("say", "press") for name, body in BODIES]
    both += [("say", name, SAID | wrong) for name, wrong in [*WRONG, *WRONG_WORDS]]
    both += [("press", name, PRESSED | wrong) for name, wrong in [*WRONG, *WRONG_PRESSES]]
    return [pytest.param(path, body, id=f"{path}: {name}") for path, name, body in both]


@pytest.mark.parametrize(("path", "body"), cases())
async def test_a_hostile_body_is_answered_in_words_and_has_no_effect(
    page: Page, browser: ClientSession, path: str, body: object
) -> None:
    await page.adapter.send({"user": AMINA.email}, card(), "k1")
    await page.adapter.send({"channel": "quality"}, card(), "k2")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await browser.post(f"/chat/{path}", data=raw)
    assert response.status in {400, 403}
    words = (await response.json())["error"]
    assert words.endswith(".")
    assert "x" * 100 not in words
    assert page.desk.seen == []
    assert [row.revision for row in await stored(page)] == [1, 2]


async def test_a_body_that_is_too_big_is_refused(page: Page, browser: ClientSession) -> None:
    response = await browser.post("/chat/say", data=b" " * (256 * 1024 + 1))
    assert response.status == 413
    assert (await response.json())["error"] == "That is too much at once: 256 KB are the most."


@pytest.mark.parametrize("path", ["/chat/say", "/chat/press", "/dev/clock"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
async def test_another_site_cannot_send_anything(page: Page, browser: ClientSession, path: str, origin: str) -> None:
    body = {"/chat/say": SAID, "/chat/press": PRESSED, "/dev/clock": {"advance": "1 day"}}[path]
    response = await browser.post(path, json=body, headers={"Origin": origin})
    assert response.status == 403
    assert page.desk.seen == []
    assert page.clock.ahead == timedelta()


async def test_the_page_itself_can_send(page: Page, browser: ClientSession) -> None:
    await ok(await browser.post("/chat/say", json=SAID, headers={"Origin": page.address.rstrip("/")}))


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/chat/messages", 400),
        ("/chat/messages?as=nobody", 400),
        (f"/chat/messages?as={AMINA.email}&after=x", 400),
        (f"/chat/messages?as={AMINA.email}&after=-1", 400),
        (f"/chat/messages?as={AMINA.email}&after=%C2%B2", 400),
        (f"/chat/messages?as={AMINA.email}&after={'9' * 40}", 400),
        ("/chat/cards/1", 400),
        ("/chat/cards/1?format=xml", 400),
        ("/chat/cards/99?format=modal", 404),
        ("/chat/cards/x?format=modal", 404),
        (f"/chat/cards/{'9' * 40}?format=modal", 404),
        ("/static/chat.html", 404),
        ("/static/..%2fchat.py", 404),
    ],
)
async def test_addresses_that_mean_nothing_are_answered_in_words(
    page: Page, browser: ClientSession, address: str, status: int
) -> None:
    response = await browser.get(address)
    assert response.status == status
    assert (await response.json())["error"].endswith(".")


# --- The page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/static/chat.css", "/static/chat.js", "/static/rooms.js", "/chat/people", "/dev/clock"]
)
async def test_nothing_may_come_from_elsewhere(browser: ClientSession, path: str) -> None:
    response = await browser.get(path)
    assert response.status == 200
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_document_has_no_script_or_style_of_its_own(browser: ClientSession) -> None:
    text = await (await browser.get("/")).text()
    assert "<style" not in text
    assert "style=" not in text
    assert text.count("<script") == text.count('<script type="module" src="/static/chat.js">') == 1
    assert "://" not in text
