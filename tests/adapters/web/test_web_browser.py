"""The chat page in a real browser: as somebody uses it with a mouse, a keyboard, a phone and a screen reader."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Route, async_playwright, expect
from playwright.async_api import Page as Tab
from web_desk import AMINA, CARYS, LEAH, Page, RecordingDesk, running_page

from browser.chromium import CHROMIUM, FLAGS
from psirf_bot.adapters.web.rooms import WebPerson
from psirf_bot.cards import adaptive
from psirf_bot.cards.model import (
    Button,
    Card,
    ChoiceInput,
    Copy,
    Details,
    Fact,
    Facts,
    MomentInput,
    NumberInput,
    Option,
    PeopleInput,
    Progress,
    TextInput,
    Words,
)
from psirf_bot.casework.inbound import Inbound, Pressed, Reply, Said

pytestmark = pytest.mark.browser


HINT = "Facts, in your own words. No names and nothing that identifies a patient."
REFUSED = "That looks like an NHS number. The rest of your words are kept."
YES_NO = (Option(value="yes", label="Yes"), Option(value="no", label="No"))
SERVICES = tuple(Option(value=f"s{n}", label=f"Service {n}") for n in range(1, 8))


def form(error: str = "", typed: str = "") -> Card:
    """A page of questions with one of every kind of input."""
    return Card(
        title="Report an event",
        preview="Your form is ready.",
        body=(
            Progress(text="Page 1"),
            Words(
                text="If anyone is in danger now, ring 999 or the on-call manager on 01632 960001. "
                "Nobody reads this chat live.",
                style="warning",
            ),
            *([Words(text="Please check what is marked below. The rest is kept.", style="error")] if error else []),
            Words(text="What happened", style="heading"),
            ChoiceInput(id="danger", label="Is anyone in danger now?", options=YES_NO, required=True),
            TextInput(
                id="what",
                label="What happened?",
                hint=HINT,
                required=True,
                multiline=True,
                value=typed,
                error=error,
            ),
            MomentInput(id="when", label="When was it?", hint="The day is enough.", required=True),
            ChoiceInput(id="service", label="Which service was it in?", options=SERVICES),
            ChoiceInput(id="affected", label="Who was affected?", options=SERVICES[:3], several=True),
            NumberInput(id="how-many", label="How many people?"),
            PeopleInput(id="colleagues", label="Which other staff were involved?"),
        ),
        buttons=(
            Button(label="Next", action="next", style="primary", submits=True, validates=True),
            Button(label="Back", action="back", submits=True),
            Button(label="Cancel", action="cancel", style="danger"),
        ),
    )


def saved() -> Card:
    return Card(
        title="Thank you. Are you all right?",
        preview="Your report is saved.",
        body=(
            Words(text="Saved as PSI-2026-0001. It is not on Datix yet."),
            Facts(facts=(Fact(label="What it was", value="A near miss"), Fact(label="Service", value="Podiatry"))),
            Details(title="What happens next", text="The quality team reads every report on the next working day."),
            Copy(title="For the Datix form", text="Description:\nA dressing pack was out of date. <b>&amp;</b>"),
        ),
        buttons=(
            Button(label="I would like to talk to someone", action="talk", style="primary"),
            Button(label="Open Datix", url="https://datix.example/"),
        ),
    )


def digest() -> Card:
    lines = (Words(text="Hold the monthly meeting", style="heading"), Words(text="Due Monday 30 November."))
    done = Button(label="It is done", action="done", style="primary", opens=True)
    return Card(
        title="Your day", preview="", body=lines, buttons=(done, Button(label="More", action="more", opens=True))
    )


def note() -> Card:
    send = Button(label="Save it", action="noted", submits=True, validates=True)
    return Card(title="What to note", preview="", body=(TextInput(id="note", label="A note"),), buttons=(send,))


def quality_card() -> Card:
    return Card(
        title="A new report to read: PSI-2026-0001",
        preview="A report is waiting.",
        body=(Facts(facts=(Fact(label="Service", value="Podiatry"), Fact(label="Kind", value="Near miss"))),),
        buttons=(Button(label="Read it", action="read", style="primary"), Button(label="Ask", action="ask")),
    )


class DemoDesk(RecordingDesk):
    """Answers `report` with the form as the courier would, refuses some words, and saves the others."""

    def __init__(self) -> None:
        super().__init__()
        self.page: Page
        self.answer = self._answer
        self.posting: set[asyncio.Task[str]] = set()

    def post(self, address: dict[str, str], card: Card, key: str) -> None:
        task = asyncio.create_task(self.page.adapter.send(address, card, key))
        self.posting.add(task)
        task.add_done_callback(self.posting.discard)

    def _answer(self, inbound: Inbound) -> Reply:
        match inbound.what:
            case Said("report"):
                self.post({"user": inbound.actor.email}, form(), inbound.key)
            case Said("nothing"):
                return Reply(notice="Nothing to do.")
            case Pressed("next", {"what": str(words)}) if "NHS" in words:
                return Reply(card=form(REFUSED, words))
            case Pressed("next"):
                self.post({"channel": "quality"}, quality_card(), f"{inbound.key}:quality")
                return Reply(card=saved())
            case Pressed("talk"):
                return Reply(notice="Somebody from the quality team will ring you.")
            case Pressed("read") | Pressed("noted") | Pressed("more"):
                return Reply(card=saved())
            case Pressed("done"):
                return Reply(card=note())
        return Reply()


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    desk = DemoDesk()
    async with running_page(tmp_path, desk) as page:
        desk.page = page
        yield page


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def tab(browser: Browser, page: Page) -> AsyncIterator[Tab]:
    """A phone's window; whatever the console complains about fails the test."""
    context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="en-GB")
    tab = await context.new_page()
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield tab
    await context.close()
    assert [words for words in complaints if "ERR_FAILED" not in words] == []


async def as_amina(tab: Tab, page: Page) -> None:
    await tab.goto(page.address)
    await tab.get_by_role("button", name="Amina Yusuf").click()


async def open_form(tab: Tab, page: Page) -> Locator:
    await as_amina(tab, page)
    await tab.get_by_role("button", name="report", exact=True).click()
    card = tab.get_by_role("article", name="Report an event")
    await expect(card).to_be_visible()
    return card


async def fill_in(card: Locator, words: str = "The dressing pack was out of date.") -> None:
    await card.get_by_role("radio", name="No").check()
    await card.get_by_label("What happened?").fill(words)
    await card.get_by_label("Day").fill("2026-11-20")


async def test_somebody_is_chosen_and_the_words_they_type_reach_the_desk(tab: Tab, page: Page) -> None:
    await as_amina(tab, page)
    words = tab.get_by_label("Message in psirf-bot")
    await expect(words).to_be_focused()
    await words.fill("hello")
    await words.press("Enter")
    await expect(tab.locator(".me .said")).to_have_text("hello")
    await expect(tab.locator(".me .by")).to_be_visible()  # the server has it
    assert [inbound.what for inbound in page.desk.seen] == [Said("hello")]
    await expect(words).to_be_focused()
    await expect(words).to_have_value("")


async def test_a_word_in_answer_to_words_stands_under_them_in_sight(tab: Tab, page: Page) -> None:
    await as_amina(tab, page)
    for n in range(12):
        await page.adapter.send({"user": AMINA.email}, quality_card(), f"k{n}")
    await tab.get_by_label("Message in psirf-bot").fill("nothing")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_text("Nothing to do.")).to_be_in_viewport()


async def test_the_answer_to_words_comes_into_sight_however_tall_what_stood_before(tab: Tab, page: Page) -> None:
    await open_form(tab, page)
    for _ in range(3):  # the page is still on its way from one tall card to the next when the answer comes
        await tab.get_by_role("button", name="report", exact=True).click()
        await tab.wait_for_timeout(1_000)
        await expect(tab.get_by_role("heading", name="Report an event").last).to_be_in_viewport()


async def test_what_a_form_holds_is_sent_by_kind_and_the_answer_takes_its_place(tab: Tab, page: Page) -> None:
    card = await open_form(tab, page)
    await fill_in(card)
    await card.get_by_label("Which service was it in?").select_option("Service 6")
    await card.get_by_label("Service 1").check()
    await card.get_by_label("Service 3").check()
    await card.get_by_role("button", name="Next").click()
    await expect(tab.get_by_role("heading", name="Thank you. Are you all right?")).to_be_focused()
    await expect(card).to_have_count(0)
    pressed = page.desk.seen[-1]
    assert pressed.what == Pressed(
        "next",
        {
            "danger": "no",
            "what": "The dressing pack was out of date.",
            "when": {"date": "2026-11-20", "time": None},
            "service": "s6",
            "affected": ["s1", "s3"],
            "how-many": None,
            "colleagues": None,
        },
    )
    assert pressed.place.message == "2"
    await tab.reload()
    await expect(tab.get_by_role("heading", name="Thank you. Are you all right?")).to_be_visible()


async def test_empty_answers_are_asked_for_without_a_press(tab: Tab, page: Page) -> None:
    card = await open_form(tab, page)
    await card.get_by_role("button", name="Next").click()
    await expect(card.get_by_text("Please check: choose an answer.")).to_be_visible()
    await expect(card.get_by_text("Please check: answer this.")).to_be_visible()
    await expect(card.get_by_text("Please check: enter a day.")).to_be_visible()
    await expect(card.get_by_role("radio", name="Yes")).to_be_focused()
    await expect(card.get_by_label("What happened?")).to_have_accessible_description(
        f"{HINT} Please check: answer this."
    )
    assert [inbound.what for inbound in page.desk.seen] == [Said("report")]
    await card.get_by_label("What happened?").fill("A fall")
    await expect(card.get_by_text("Please check: answer this.")).to_have_count(0)
    await card.get_by_role("button", name="Back").click()  # going back asks for nothing
    await expect(card).not_to_have_attribute("aria-busy", "true")
    assert page.desk.seen[-1].what.action == "back"


async def test_refused_words_stay_and_are_pointed_at(tab: Tab, page: Page) -> None:
    card = await open_form(tab, page)
    await fill_in(card, "NHS 943 476 5919 and the rest")
    await card.get_by_role("button", name="Next").click()
    words = card.get_by_label("What happened?")
    await expect(words).to_be_focused()
    await expect(words).to_have_value("NHS 943 476 5919 and the rest")
    await expect(words).to_have_accessible_description(f"{HINT} Please check: {REFUSED}")
    await page.adapter.send({"user": AMINA.email}, note(), "k1")  # what else comes in does not take them away
    await expect(tab.get_by_role("heading", name="What to note")).to_be_visible()
    await expect(words).to_have_value("NHS 943 476 5919 and the rest")
    await tab.reload()  # they were kept in the page alone; that they were refused is kept
    await expect(words).to_have_value("")
    await expect(words).to_have_accessible_description(f"{HINT} Please check: {REFUSED}")


async def test_a_press_that_did_not_get_through_is_tried_again_with_the_same_key(tab: Tab, page: Page) -> None:
    card = await open_form(tab, page)
    await fill_in(card)
    keys: list[str] = []
    tab.on("request", lambda r: keys.append(json.loads(r.post_data)["key"]) if r.url.endswith("/press") else None)
    await tab.route("**/chat/press", lambda route: route.abort())
    await card.get_by_role("button", name="Next").click()
    await expect(tab.get_by_text("Not sent yet. Your words are still here.")).to_be_visible()
    await expect(card.get_by_label("What happened?")).to_have_value("The dressing pack was out of date.")
    await tab.unroute("**/chat/press")
    await tab.get_by_role("button", name="Try again").click()
    await expect(tab.get_by_role("heading", name="Thank you. Are you all right?")).to_be_visible()
    assert len(keys) == 2
    assert keys[0] == keys[1]


async def test_words_that_did_not_get_through_are_tried_again_with_the_same_key(tab: Tab, page: Page) -> None:
    await as_amina(tab, page)
    keys: list[str] = []
    tab.on("request", lambda r: keys.append(json.loads(r.post_data)["key"]) if r.url.endswith("/say") else None)
    await tab.route("**/chat/say", lambda route: route.abort())
    await tab.get_by_role("button", name="help").click()
    await expect(tab.get_by_text("Not sent yet.")).to_be_visible()
    await tab.unroute("**/chat/say")
    await tab.get_by_role("button", name="Try again").click()
    await expect(tab.get_by_text("Not sent yet.")).to_have_count(0)
    await expect(tab.locator(".me .said")).to_have_text(["help"])
    assert len(keys) == 2
    assert keys[0] == keys[1]


async def test_a_button_pressed_twice_is_sent_once(tab: Tab, page: Page) -> None:
    card = await open_form(tab, page)
    await fill_in(card)
    await card.get_by_role("button", name="Next").dblclick()
    await expect(tab.get_by_role("heading", name="Thank you. Are you all right?")).to_be_visible()
    assert len([inbound for inbound in page.desk.seen if isinstance(inbound.what, Pressed)]) == 1


async def test_words_under_way_outlive_a_newer_card(tab: Tab, page: Page) -> None:
    card = await open_form(tab, page)
    await fill_in(card, "Half a sentence")
    await page.adapter.update({"user": AMINA.email}, "2", saved())
    await expect(tab.get_by_text("This card has changed meanwhile.")).to_be_visible()
    await expect(card.get_by_label("What happened?")).to_have_value("Half a sentence")
    await tab.get_by_role("button", name="Show the new one").click()
    await expect(tab.get_by_role("heading", name="Thank you. Are you all right?")).to_be_focused()


async def test_a_notice_stands_beside_the_card(tab: Tab, page: Page) -> None:
    await page.adapter.send({"user": AMINA.email}, saved(), "first")
    await as_amina(tab, page)
    talk = tab.get_by_role("button", name="I would like to talk to someone")
    await talk.click()
    await expect(tab.get_by_role("status").filter(has_text="will ring you")).to_be_visible()
    await expect(talk).to_be_focused()


async def test_in_a_channel_the_answer_is_for_this_person_alone(tab: Tab, page: Page, browser: Browser) -> None:
    await page.adapter.send({"channel": "quality"}, quality_card(), "first")
    await tab.goto(f"{page.address}#as={LEAH.email}&room=channel:quality")
    await tab.get_by_role("button", name="Read it").click()
    await expect(tab.get_by_text("Only you can see this")).to_be_visible()
    await expect(tab.get_by_role("heading", name="Thank you. Are you all right?")).to_be_focused()
    await tab.get_by_role("button", name="I would like to talk to someone").click()
    await expect(tab.get_by_text("will ring you")).to_be_visible()
    assert page.desk.seen[-1].place.private
    await tab.get_by_role("button", name="Close").click()
    await expect(tab.get_by_role("heading", name="A new report to read: PSI-2026-0001")).to_be_focused()


async def test_what_a_digest_opens_stands_under_it_and_the_digest_stays(tab: Tab, page: Page) -> None:
    await page.adapter.send({"user": AMINA.email}, digest(), "first")
    await as_amina(tab, page)
    await tab.get_by_role("button", name="It is done").click()
    await expect(tab.get_by_role("heading", name="What to note")).to_be_focused()
    await tab.get_by_label("A note").fill("Words")
    await tab.get_by_role("button", name="More").click()  # what is typed is not lost by opening something else
    await expect(tab.get_by_label("A note")).to_have_value("Words")
    await tab.locator(".alone").first.get_by_role("button", name="Close").click()
    await tab.get_by_role("button", name="Save it").click()
    await expect(tab.get_by_role("heading", name="Thank you. Are you all right?")).to_be_focused()
    assert page.desk.seen[-1].what == Pressed("noted", {"note": "Words"})
    await expect(tab.locator("article h3")).to_have_text(["Your day", "Thank you. Are you all right?"])
    await tab.get_by_role("button", name="Close").click()
    await expect(tab.get_by_role("heading", name="Your day")).to_be_focused()
    await tab.reload()
    await expect(tab.locator("article h3")).to_have_text(["Your day"])


@pytest.mark.parametrize("first", ["the answer", "the message"])
async def test_an_answer_that_comes_as_a_message_too_stands_there_once(tab: Tab, page: Page, first: str) -> None:
    await page.adapter.send({"user": AMINA.email}, digest(), "first")
    await page.adapter.send({"user": AMINA.email}, quality_card(), "second")
    come = asyncio.Event()

    async def delayed(route: Route) -> None:
        response = await route.fetch()
        if first == "the message":
            await page.adapter.send({"user": AMINA.email}, saved(), "kept")
            await tab.locator("article h3", has_text="Thank you.").wait_for()
        await route.fulfill(response=response)
        come.set()

    await as_amina(tab, page)
    await tab.get_by_role("button", name="It is done").click()
    await tab.get_by_role("button", name="Save it").wait_for()
    page.desk.answer = lambda _: Reply(card=saved(), keep=True, notice="Noted.")
    await tab.route("**/chat/press", delayed)
    await tab.get_by_role("button", name="Save it").click()
    await come.wait()
    if first == "the answer":
        await tab.locator(".alone h3", has_text="Thank you.").wait_for()
        await page.adapter.send({"user": AMINA.email}, saved(), "kept")
    await expect(tab.locator(".alone")).to_have_count(0)
    titles = ["Your day", "Thank you. Are you all right?", "A new report to read: PSI-2026-0001"]
    await expect(tab.locator("article h3")).to_have_text(titles)
    await expect(tab.get_by_role("heading", name="Thank you. Are you all right?")).to_be_focused()
    await expect(tab.get_by_text("Noted.")).to_be_visible()


async def test_who_heard_last_stands_first_and_what_is_their_own_before_a_channel(tab: Tab, page: Page) -> None:
    await tab.set_viewport_size({"width": 1200, "height": 900})
    await tab.goto(f"{page.address}#as={LEAH.email}")
    await page.adapter.send({"user": AMINA.email}, saved(), "a")
    await page.adapter.send({"user": CARYS.email}, saved(), "b")
    others = tab.locator("#others-list li")
    await expect(others).to_have_text(["Change to Carys Penhallow", "Change to Amina Yusuf"])
    await tab.get_by_role("button", name="Change to Carys Penhallow").click()
    await tab.get_by_role("button", name="Change to Amina Yusuf").click()
    await page.adapter.send({"user": LEAH.email}, saved(), "c")
    await page.adapter.send({"channel": "leads"}, quality_card(), "d")
    await expect(others).to_have_text(["Change to Leah Rosenfeld", "Change to Carys Penhallow in Leads"])
    await tab.get_by_role("button", name="Change to Carys Penhallow").click()
    await expect(tab.get_by_role("heading", name="A new report to read: PSI-2026-0001")).to_be_visible()


async def test_unread_rooms_and_people_with_news_are_marked(tab: Tab, page: Page) -> None:
    await tab.goto(f"{page.address}#as={LEAH.email}")
    await page.adapter.send({"channel": "quality"}, quality_card(), "first")
    await page.adapter.send({"user": AMINA.email}, saved(), "second")
    await expect(tab).to_have_title("(1) Patient safety chat")
    await tab.get_by_role("button", name="Menu something is new").click()
    await tab.get_by_role("button", name="Quality team 1 new").click()
    await expect(tab).to_have_title("Patient safety chat")
    await tab.get_by_role("button", name="Menu").click()
    await tab.get_by_role("button", name="Change to Amina Yusuf").click()
    await expect(tab.get_by_role("heading", name="Thank you. Are you all right?")).to_be_visible()


async def test_the_json_of_a_card_is_what_the_platforms_get(tab: Tab, page: Page) -> None:
    await page.adapter.send({"user": AMINA.email}, saved(), "first")
    await as_amina(tab, page)
    opener = tab.get_by_role("button", name="Show the JSON of Thank you.")
    await opener.click()
    panel = tab.get_by_role("region", name="The JSON")
    await expect(panel).to_contain_text('"AdaptiveCard"')
    assert json.loads(await panel.inner_text()) == adaptive.render(saved())
    await tab.get_by_role("tab", name="Adaptive Card").press("ArrowRight")
    await expect(tab.get_by_role("tab", name="Slack message")).to_be_focused()
    await expect(panel).to_contain_text('"blocks"')
    await tab.get_by_role("tab", name="Slack modal").click()
    await expect(panel).to_contain_text('"modal"')
    await tab.keyboard.press("Escape")
    await expect(opener).to_be_focused()


async def test_copy_says_that_it_has_copied(tab: Tab, page: Page) -> None:
    await tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.adapter.send({"user": AMINA.email}, saved(), "first")
    await as_amina(tab, page)
    await tab.locator("[data-copy]").first.click()
    await expect(tab.locator("[data-copy]").first).to_have_text("Copied")
    copied = await tab.evaluate("navigator.clipboard.readText()")
    assert copied == "Description:\nA dressing pack was out of date. <b>&amp;</b>"


async def test_the_clock_is_moved_and_brought_back(tab: Tab, page: Page) -> None:
    await as_amina(tab, page)
    await tab.get_by_role("button", name="Menu").click()
    await tab.get_by_role("button", name="+1 day").click()
    await expect(tab.get_by_text("Moved by hand.")).to_be_visible()
    assert 86_000 < page.clock.ahead.total_seconds() < 86_800
    await tab.get_by_role("button", name="Next working morning").click()
    await expect(tab.locator("#now")).to_contain_text("09:00")
    await tab.get_by_role("button", name="Back to now").click()
    await expect(tab.get_by_text("Moved by hand.")).to_be_hidden()
    assert abs(page.clock.ahead.total_seconds()) < 5


@pytest.mark.parametrize("due", [True, False])
async def test_the_page_says_when_messages_come_and_whether_there_were_any(tab: Tab, page: Page, due: bool) -> None:
    async def send() -> None:
        await page.adapter.send({"user": LEAH.email}, digest(), "due")

    page.due = send if due else None
    await tab.clock.install()
    await as_amina(tab, page)
    await tab.get_by_role("button", name="Menu").click()
    await tab.get_by_role("button", name="+1 week").click()
    await expect(tab.get_by_text("Messages arrive within ten seconds.")).to_be_visible()
    if due:
        await tab.get_by_role("button", name="Change to Leah Rosenfeld").wait_for()
    await tab.clock.fast_forward(10_000)
    words = "What was due has arrived." if due else "Nothing was due for anybody."
    await expect(tab.get_by_text(words)).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1200, 900), (1200, 720), (390, 844)])
async def test_the_clock_is_in_sight_however_many_have_news(
    browser: Browser, tmp_path: Path, width: int, height: int
) -> None:
    names = [f"Person {n:02}" for n in range(20)]
    crowd = [WebPerson(name, f"{name[-2:]}@fenmarsh.example", ["staff"], "Podiatry") for name in names]
    tab = await browser.new_page(viewport={"width": width, "height": height})
    async with running_page(tmp_path, everybody=crowd) as page:
        for n, person in enumerate(crowd):
            await page.adapter.send({"user": person.email}, saved(), f"k{n}")
        await tab.goto(f"{page.address}#as={crowd[0].email}")
        await tab.locator("#others-list li").nth(18).wait_for(state="attached")
        if width < 400:
            await tab.get_by_role("button", name="Menu").click()
        buttons = [tab.locator(f"[data-clock='{how}']") for how in ("1 hour", "1 day", "1 week", "morning", "back")]
        for button in buttons:
            await expect(button).to_be_in_viewport(ratio=1)
            assert await button.evaluate("(b) => b.scrollWidth <= b.clientWidth")
        await tab.get_by_role("button", name="Change to Person 01").scroll_into_view_if_needed()
        if width > 400:
            await expect(buttons[-1]).to_be_in_viewport(ratio=1)
        await tab.close()


async def test_typed_markup_is_shown_as_it_was_typed(tab: Tab, page: Page) -> None:
    await as_amina(tab, page)
    words = "<img src=x onerror=alert(1)> **bold** &amp;"
    await tab.get_by_label("Message in psirf-bot").fill(words)
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".me .by")).to_be_visible()
    await expect(tab.locator(".me .said")).to_have_text(words)


BASICS = """() => {
  const seen = (e) => e.getClientRects().length > 0;
  const all = (what) => [...document.querySelectorAll(what)].filter(seen);
  const name = (e) => (e.getAttribute('aria-label') || e.textContent || '').trim();
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  const pointing = ['aria-labelledby', 'aria-describedby', 'aria-controls'];
  const pointed = pointing.flatMap((a) => [...document.querySelectorAll(`[${a}]`)].map((e) => e.getAttribute(a)));
  const low = (e) => e.getBoundingClientRect().height < 44 && !e.classList.contains('link');
  return {
    h1: document.querySelectorAll('h1').length,
    unnamed: all('button, a').filter((e) => !name(e)).length,
    unlabelled: all('input, select, textarea').filter((e) => !e.labels.length).map((e) => e.name),
    sameId: ids.filter((id, n) => ids.indexOf(id) !== n),
    dangling: pointed.flatMap((list) => list.split(' ')).filter((id) => !document.getElementById(id)),
    wide: document.documentElement.scrollWidth > innerWidth,
    high: document.documentElement.scrollHeight > innerHeight,
    wideLogs: all('.log').filter((e) => e.scrollWidth > e.clientWidth).length,
    small: all('button, select, .card a, summary').filter(low).map(name),
    noLandmark: ['header', 'main', 'nav', 'aside'].filter((e) => !document.querySelector(e)),
  };
}"""
GOOD = {
    "h1": 1,
    "unnamed": 0,
    "unlabelled": [],
    "sameId": [],
    "dangling": [],
    "wide": False,
    "high": False,
    "wideLogs": 0,
    "small": [],
    "noLandmark": [],
}


@pytest.mark.parametrize("width", [360, 1280])
async def test_every_view_has_names_labels_room_to_press_and_no_sideways_scroll(
    tab: Tab, page: Page, width: int
) -> None:
    await tab.set_viewport_size({"width": width, "height": 740})
    await tab.goto(page.address)
    await tab.get_by_role("button", name="Amina Yusuf").wait_for()
    views = [await tab.evaluate(BASICS)]
    await open_form(tab, page)
    await page.adapter.send({"user": AMINA.email}, form("That looks like an NHS number.", "x" * 300), "wrong")
    await page.adapter.send({"user": AMINA.email}, saved(), "saved")
    await tab.get_by_role("heading", name="Thank you. Are you all right?").wait_for()
    await tab.get_by_role("button", name="Next").first.click()
    views.append(await tab.evaluate(BASICS))
    if width == 360:
        await tab.get_by_role("button", name="Menu").click()
        views.append(await tab.evaluate(BASICS))
    for view in views:
        assert view == GOOD


async def test_the_keyboard_alone_is_enough(tab: Tab, page: Page) -> None:
    await tab.goto(page.address)
    await tab.get_by_role("button", name="Amina Yusuf").wait_for()
    await tab.keyboard.press("Tab")
    await expect(tab.get_by_role("link", name="Skip to the conversation")).to_be_focused()
    await tab.keyboard.press("Enter")
    await tab.keyboard.press("Tab")
    await expect(tab.get_by_role("button", name="Amina Yusuf")).to_be_focused()
    await tab.keyboard.press("Enter")
    await tab.keyboard.type("report")
    await tab.keyboard.press("Enter")
    await tab.get_by_role("article", name="Report an event").wait_for()
    await expect(tab.get_by_role("log")).to_contain_text("psirf-bot: Report an event")
    await expect(tab.get_by_label("Message in psirf-bot")).to_be_focused()
