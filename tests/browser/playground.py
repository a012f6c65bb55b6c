"""Microsoft's Agents Playground as people use it: one for each person, in front of one `psirf-bot serve --dev`.

`.venv/bin/python tests/browser/playground.py` takes the pictures of docs/playground.md; with the name of a folder it
writes the people list and the playgrounds' settings there, for trying it by hand.
"""

import asyncio
import json
import os
import random
import re
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chromium import CHROMIUM, FLAGS
from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "docs" / "images"
BOT = Path(sys.executable).parent / "psirf-bot"
PLAYGROUND = HERE / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
STARTS_WITHIN = 30  # seconds, on a busy machine
SHOWS_WITHIN = 15_000  # milliseconds
CHANNEL = "Patient safety reports"
CASE = re.compile(r"^PSI-\d{4}-\d{4}")
WINDOW: ViewportSize = {"width": 1300, "height": 1250}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the fictional trust, as people.csv and the playground know them."""

    name: str
    number: int
    roles: str = "staff"

    @property
    def teams_id(self) -> str:
        return f"00000000-0000-4000-8000-{self.number:012}"

    @property
    def email(self) -> str:
        return self.name.lower().replace(" ", ".") + "@fenmarsh.example"

    @property
    def folder(self) -> str:
        return self.name.split()[0].lower()

    def account(self) -> dict[str, str]:
        given, _, surname = self.name.partition(" ")
        return {
            "id": f"29:{self.teams_id}",
            "name": self.name,
            "userPrincipleName": self.email,
            "aadObjectId": self.teams_id,
            "givenName": given,
            "surname": surname,
            "email": self.email,
        }


AMINA = Person("Amina Yusuf", 1)
LEAH = Person("Leah Rosenfeld", 2, "quality;admin")
EVERYBODY = (
    AMINA,
    LEAH,
    Person("Bronwen Hale", 3, "service_lead"),
    Person("Tomasz Zielinski", 4),
    Person("Carys Penhallow", 5),
    Person("Idris Bellamy", 6),
)
"""The playground wants exactly five people beside whoever sits in front of it."""


def people_csv() -> str:
    """The people list that makes them who they are for the bot."""
    rows = [f"{p.name},{p.email},{p.roles},,,{p.teams_id},\n" for p in EVERYBODY]
    return "name,email,roles,service,line_manager,teams_id,slack_id\n" + "".join(rows)


def configuration(me: Person) -> str:
    """The playground's settings with this person in front of it. (YAML takes JSON.)"""
    tenant = "00000000-0000-4000-8000-00000000fe00"
    return json.dumps(
        {
            "version": "0.1.1",
            "tenantId": tenant,
            "bot": {"id": "28:00000000-0000-4000-8000-00000000b070", "name": "psirf-bot"},
            "currentUser": me.account(),
            "users": [p.account() for p in EVERYBODY if p != me],
            "personalChat": {"id": f"personal-chat-{me.number}"},
            "groupChat": {"id": f"group-chat-{me.number}", "name": "Lunch"},
            "team": {
                "id": f"19:team-{me.number}@thread.tacv2",
                "name": "Fenmarsh Quality",
                "aadGroupId": "00000000-0000-4000-8000-00000000fe01",
                "channels": [{"id": f"19:reports-{me.number}@thread.tacv2", "name": CHANNEL}],
            },
        },
        indent=2,
    )


def set_up(folder: Path) -> None:
    """Write what the bot and two playgrounds start from: the people list, and a folder for Amina and one for Leah."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "people.csv").write_text(people_csv())
    for me in (AMINA, LEAH):
        own = folder / me.folder
        own.mkdir(exist_ok=True)
        (own / ".m365agentsplayground.yml").write_text(configuration(me))


@asynccontextmanager
async def running(*command: str | Path, folder: Path, **environment: str) -> AsyncIterator[str]:
    """A process of ours, from the first line that it says until it is told to end."""
    own = {"PATH": os.environ["PATH"], **environment}
    with (folder / "stderr.txt").open("a+") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=own, stdout=PIPE, stderr=log)
        assert process.stdout
        try:
            line = await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN)
            assert line, (folder / "stderr.txt").read_text()
            yield line.decode().strip()
        finally:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.communicate(), STARTS_WITHIN)


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[str]:
    """The bot on a free port with an empty database and the people above; its address."""
    database = {"PSIRF_DATABASE_URL": f"sqlite:///{folder}/psirf.db", "PSIRF_PORT": "0"}
    async with running(BOT, "people", "import", "people.csv", folder=folder, **database) as said:
        assert f"{len(EVERYBODY)} added" in said
    async with running(BOT, "serve", "--dev", folder=folder, **database) as said:
        yield said.rsplit(" ", 1)[1]


@asynccontextmanager
async def playground(folder: Path, bot: str) -> AsyncIterator[str]:
    """The playground of the person whose folder this is; its address."""
    port = random.randint(20_000, 32_000)  # where nothing is handed out by Linux; when it is taken, it finds another
    asked = ("-e", f"{bot}/api/messages", "-c", "msteams", "-p", str(port), "--disable-telemetry")
    quiet = {"TEAMSAPPTESTER_BROWSER": "none", "HOME": str(folder)}
    async with running("node", PLAYGROUND, "start", *asked, folder=folder, **quiet) as said:
        assert said.startswith("Listening on "), said
        yield f"http://127.0.0.1:{said.split()[-1]}"


class Client:
    """One person's playground in a window of the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def cards(self) -> Locator:
        """Every card of the conversation in sight, the newest last (in a channel, the newest first)."""
        return self.page.locator(".ac-adaptiveCard")

    @property
    def posts(self) -> Locator:
        """The posts of the channel with their threads, the newest first."""
        return self.page.get_by_role("group").filter(has=self.page.get_by_role("button", name="Send Message"))

    def card(self, title: str | re.Pattern[str]) -> Locator:
        return self.cards.filter(has=self.page.get_by_role("heading", name=title))

    def post(self, title: str | re.Pattern[str]) -> Locator:
        """The post of the card with this title, with its thread."""
        return self.posts.filter(has=self.page.get_by_role("heading", name=title))

    async def open_private_chat(self) -> None:
        await self.page.get_by_role("treeitem", name="Personal Chat").click()

    async def open_channel(self) -> None:
        await self.page.get_by_role("treeitem", name=CHANNEL).click()

    async def says(self, words: str) -> None:
        """Type something in the private chat."""
        await self.page.get_by_role("textbox").last.click()
        await self.page.keyboard.type(words)
        await self.page.keyboard.press("Enter")

    async def posts_to_bot(self, words: str) -> None:
        """Begin a thread in the channel, with a mention."""
        await self._mention(self.page.get_by_role("textbox").first, words)
        await self.page.get_by_role("button", name="Post", exact=True).click()

    async def replies_to_bot(self, post: Locator, words: str) -> None:
        """Answer in the thread of a post, with a mention."""
        await self._mention(post.get_by_role("textbox"), words)
        await post.get_by_role("button", name="Send Message").click()

    async def _mention(self, box: Locator, words: str) -> None:
        await box.click()
        await self.page.keyboard.type("@psirf")
        await self.page.get_by_role("menuitem", name="psirf-bot").click()
        await self.page.keyboard.type(f" {words}")

    async def chooses(self, card: Locator, question: str, answer: str) -> None:
        group = card.get_by_role("radiogroup", name=re.compile("^" + re.escape(question)))
        await group.get_by_role("radio", name=answer, exact=True).check()

    async def chooses_today(self, card: Locator) -> None:
        """The playground's own calendar opens on today."""
        await card.get_by_role("combobox", name=re.compile("^When was it")).click()
        await self.page.get_by_role("gridcell", selected=True).click()

    async def takes_a_picture(self, name: str) -> None:
        await self.page.mouse.move(0, 0)
        await self.page.wait_for_timeout(1000)  # what moves comes to rest
        await self.page.screenshot(path=PICTURES / f"playground-{name}.png")

    async def presses(self, card: Locator, button: str) -> None:
        await card.get_by_role("button", name=button, exact=True).click()

    async def fills_in_a_near_miss(self, words: str) -> None:
        """The first page of the report, on the newest card; not sent yet."""
        card = self.cards.last
        await self.chooses(card, "Is anyone in danger now?", "No")
        await self.chooses(card, "What are you reporting?", "Near miss")
        await self.words_in(card, "What happened?").fill(words)
        await self.chooses_today(card)
        await self.chooses(card, "Which service was it in?", "Podiatry")

    async def goes_on_to_the_check(self) -> None:
        """The second page, with what it needs."""
        await expect(self.cards.last).to_contain_text("Page 2")
        await self.chooses(self.cards.last, "Could it have led to", "Yes")
        await self.presses(self.cards.last, "Next")
        await expect(self.cards.last).to_contain_text("Check your answers")

    def words_in(self, card: Locator, question: str) -> Locator:
        return card.get_by_role("textbox", name=re.compile("^" + re.escape(question)))

    async def begins_a_report(self, words: str) -> None:
        """The first page, sent."""
        await self.says("report")
        await expect(self.cards.last).to_contain_text("Page 1")
        await self.fills_in_a_near_miss(words)
        await self.presses(self.cards.last, "Next")


@asynccontextmanager
async def sitting_at(browser: Browser, folder: Path, bot: str) -> AsyncIterator[Client]:
    """Somebody's playground, with the bot's first card in its window."""
    async with playground(folder, bot) as address:
        context = await browser.new_context(viewport=WINDOW, locale="en-GB", timezone_id="Europe/London")
        client = Client(await context.new_page())
        await client.page.goto(address)
        await client.page.get_by_role("button", name="Hide log panel").click()
        await expect(client.cards).to_have_count(1)
        yield client
        await context.close()


@asynccontextmanager
async def seats(folder: Path) -> AsyncIterator[Callable[[Person], Awaitable[Client]]]:
    """One bot and one browser, and a playground for each person who sits down."""
    set_up(folder)
    expect.set_options(timeout=SHOWS_WITHIN)
    async with AsyncExitStack() as parts:
        bot = await parts.enter_async_context(serving(folder))
        playwright = await parts.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        parts.push_async_callback(browser.close)
        yield lambda who: parts.enter_async_context(sitting_at(browser, folder / who.folder, bot))


async def take_pictures() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with seats(Path(folder)) as seat:
            amina, leah = await seat(AMINA), await seat(LEAH)
            await leah.open_channel()
            await leah.posts_to_bot("use this channel for quality")
            await expect(leah.card("This channel is set")).to_be_visible()
            await amina.begins_a_report("Patient 943 476 5919: the wrong syringe driver was set up.")
            await expect(amina.cards.last).to_contain_text("NHS number")
            await amina.takes_a_picture("report")
            await amina.presses(amina.cards.last, "Take it out for me and go on")
            await amina.goes_on_to_the_check()
            await amina.presses(amina.cards.last, "Send the report")
            await leah.presses(leah.card(CASE), "I have read this")
            await expect(leah.card(CASE)).to_contain_text("Read by the quality team")
            await leah.replies_to_bot(leah.post(CASE), "help")
            await expect(leah.post(CASE)).to_contain_text("private message")
            await leah.takes_a_picture("channel")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        set_up(Path(sys.argv[1]))
    else:
        asyncio.run(take_pictures())
