"""The link to a minute over real HTTP: who gets the document, who does not, and what a link leaves behind."""

import asyncio
import logging
import os
import re
import signal
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import unused_port
from docx import Document
from sqlmodel import Session, select

from psirf_bot.bootstrap import Application, import_people
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.inbound import Actor, Inbound, Place, Pressed
from psirf_bot.casework.minute_kept import keep
from psirf_bot.casework.work import Work
from psirf_bot.config import Settings, address_mistakes, serve_mistakes
from psirf_bot.domain.people import read_people
from psirf_bot.store.tables import AuditEntry, Case, Panel, PanelMember, Person, Vote
from psirf_bot.trust_file import load_trust, sample_people_text

LEAH, SANDEEP, FEMI = "Leah Rosenfeld", "Sandeep Bhullar", "Femi Adeyemi"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Bot:
    """The whole application, with one panel that has come to its minute."""

    def __init__(self, app: Application, base: str) -> None:
        self.app, self.base = app, base

    async def do(self, what: Any) -> Any:
        def with_work(session: Session) -> Any:
            return what(Work(session, self.app.clock.now(), self.app.setting))

        return await self.app.store.run(with_work)

    async def link(self, name: str) -> str:
        """The link on the card that this person gets when they press "The minute"."""
        action = await self.do(lambda work: action_id(work, "minute.show", case=work.session.exec(select(Case)).one()))
        user = f"{name.lower().replace(' ', '.')}@fenmarsh.example"
        place = Place(user, private=True, address={"user": user})
        key = f"key of {name} {datetime.now().isoformat()}"  # noqa: DTZ005 - any key that has not been seen
        reply = await self.app.desk.handle(Inbound(Actor("web", "demo", user, name, user), place, key, Pressed(action)))
        assert reply.card, reply.notice
        return next((button.url for button in reply.card.all_buttons() if button.url), "")

    async def opened_by(self) -> list[str]:
        of_this = select(Person.name).join(AuditEntry, AuditEntry.actor_id == Person.id)
        of_this = of_this.where(AuditEntry.what == "opened the minute")
        found: list[str] = await self.do(lambda work: list(work.session.exec(of_this)))
        return found


def furnish(work: Work) -> None:
    people = {person.name: person.id for person in work.session.exec(select(Person))}
    chair, now = people[SANDEEP], work.now
    case = Case(
        id="c1",
        reference="PSI-2026-0001",
        state="decided",
        event_type="near-miss",
        service="Podiatry",
        occurred="2026-11-20",
        opened_at=now,
    )
    panel = Panel(
        id="p1",
        case_id="c1",
        route="urgent",
        documents={},
        state="approved",
        chair_id=chair,
        opened_by=people[LEAH],
        opened_at=now,
        closes_at=now,
        closed_at=now,
        decision="aar",
        rationale="It was small.",
        decided_by=chair,
        decided_at=now,
        approved_by=chair,
        approved_at=now,
    )
    member = PanelMember(id="m1", panel_id="p1", person_id=people[FEMI], seat="expert")
    vote = Vote(panel_id="p1", member_id="m1", number=1, by_id=people[FEMI], choice="aar", rationale="Small.", at=now)
    work.session.add_all([case, panel, member, vote])
    work.session.flush()
    keep(work, case, panel)


@asynccontextmanager
async def bot(folder: Path, *, demo: bool, **more: Any) -> AsyncIterator[Bot]:
    port = unused_port()
    settings = Settings(database_url=f"sqlite:///{folder}/bot.db", port=port, **more)
    trust, _ = load_trust(None)
    assert trust
    app = Application(settings, trust, demo=demo, dev=not demo)
    runner = web.AppRunner(app.web_application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        made = Bot(app, f"http://127.0.0.1:{port}")
        rows, _ = read_people(sample_people_text(), trust.services)
        await made.do(lambda work: import_people(work, rows, settings, demo=True))
        await made.do(furnish)
        yield made
    finally:
        await runner.cleanup()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Bot]:
    async with bot(tmp_path, demo=True) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def is_gone(answer: ClientResponse) -> bool:
    told = await answer.text()
    assert "p1" not in told
    assert_safe(answer)
    return answer.status == 404 and "Please go back to the chat" in told


def assert_safe(answer: ClientResponse) -> None:
    """Nothing keeps it, guesses what it is, runs anything in it, or frames it."""
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    allowed = answer.headers["Content-Security-Policy"].split("; ")
    assert allowed[0] == "default-src 'none'"
    assert re.fullmatch(r"style-src 'sha256-[\w+/]{43}='", allowed[1])
    assert allowed[2:] == ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]


async def test_in_the_demonstration_the_link_leads_to_the_document(demo: Bot, browser: ClientSession) -> None:
    link = await demo.link(LEAH)
    assert link.startswith(f"{demo.base}/minutes/")
    answer = await browser.post(link)
    assert (answer.status, answer.content_type) == (200, WORD)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="PSI-2026-0001 minute.docx"'
    assert_safe(answer)
    document = Document(BytesIO(await answer.read()))
    assert "Why: It was small." in [paragraph.text for paragraph in document.paragraphs]
    assert await demo.opened_by() == [LEAH]


async def test_what_follows_the_link_alone_gets_a_page_with_a_button_and_is_not_recorded(
    demo: Bot, browser: ClientSession
) -> None:
    link = await demo.link(LEAH)
    for _ in range(3):
        answer = await browser.get(link)
        page = await answer.text()
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/html", "utf-8")
        assert_safe(answer)
        assert "<h1>The minute of PSI-2026-0001</h1>" in page
        assert '<form method="post"><button>Get the Word document</button></form>' in page
        [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
        its_hash = b64encode(sha256(style.encode()).digest()).decode()
        assert f"'sha256-{its_hash}'" in answer.headers["Content-Security-Policy"]
        assert "min-height: 44px" in style
        assert '<html lang="en-GB">' in page
        assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
        assert "<title>The minute of PSI-2026-0001</title>" in page
        assert "close this page to go back to the chat" in page
        for never in (
            "style=",
            "<script",
            "Podiatry",
            "It was small",
            "near miss",
            LEAH,
            SANDEEP,
            link.rpartition("/")[2],
        ):
            assert never not in page
    assert await demo.opened_by() == []


async def test_it_works_again_and_each_time_is_recorded(demo: Bot, browser: ClientSession) -> None:
    link = await demo.link(FEMI)
    answers = await asyncio.gather(*(browser.post(link) for _ in range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    assert await demo.opened_by() == [FEMI] * 5


async def test_a_draft_is_called_one(demo: Bot, browser: ClientSession) -> None:
    def not_approved(work: Work) -> None:
        panel = work.session.get_one(Panel, "p1")
        panel.state, panel.approved_by, panel.approved_at, panel.minute = "decided", None, None, None
        work.session.add(panel)

    await demo.do(not_approved)
    answer = await browser.post(await demo.link(SANDEEP))
    assert 'filename="PSI-2026-0001 minute (draft).docx"' in answer.headers["Content-Disposition"]


async def test_a_quarter_of_an_hour_later_it_is_gone(demo: Bot, browser: ClientSession) -> None:
    link = await demo.link(LEAH)
    demo.app.clock.set(demo.app.clock.now() + timedelta(minutes=15))
    assert await is_gone(await browser.get(link))
    assert await is_gone(await browser.post(link))
    assert await demo.opened_by() == []


async def test_a_forged_link_and_one_made_over_to_somebody_else_are_gone(demo: Bot, browser: ClientSession) -> None:
    link = await demo.link(LEAH)
    token = link.rpartition("/")[2]
    until, panel, _, seal = token.split(".")
    femi = await demo.do(lambda work: work.session.exec(select(Person.id).where(Person.name == FEMI)).one())
    forged = [
        f"{until}.{panel}.{femi}.{seal}",
        f"{int(until) + 900}.{token.partition('.')[2]}",
        token[:-1],
        "x",
        "%ff%00",
    ]
    for one in forged:
        assert await is_gone(await browser.get(f"{demo.base}/minutes/{one}")), one
        assert await is_gone(await browser.post(f"{demo.base}/minutes/{one}")), one
    assert await demo.opened_by() == []


async def test_whoever_has_left_since_does_not_get_it(demo: Bot, browser: ClientSession) -> None:
    link = await demo.link(FEMI)

    def leaves(work: Work) -> None:
        femi = work.session.exec(select(Person).where(Person.name == FEMI)).one()
        femi.active = False
        work.session.add(femi)

    await demo.do(leaves)
    assert await is_gone(await browser.get(link))
    assert await is_gone(await browser.post(link))


async def test_a_look_at_the_head_opens_nothing(demo: Bot, browser: ClientSession) -> None:
    assert (await browser.head(await demo.link(LEAH))).status == 405
    assert await demo.opened_by() == []


async def test_the_token_is_in_no_log(demo: Bot, browser: ClientSession, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    link = await demo.link(LEAH)
    for asks in (browser.get, browser.post):
        assert (await asks(link)).status == 200
        assert (await asks(f"{link}x")).status == 404
    token = link.rpartition("/")[2]
    assert not [record for record in caplog.records if token in record.getMessage() or token in str(record.args)]


async def test_the_running_bot_keeps_no_log_of_links(tmp_path: Path, browser: ClientSession) -> None:
    own = {"PATH": os.environ["PATH"], "PSIRF_DATABASE_URL": f"sqlite:///{tmp_path}/bot.db", "PSIRF_PORT": "0"}
    command = (Path(sys.executable).parent / "psirf-bot", "serve", "--dev")
    piped = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
    process = await asyncio.create_subprocess_exec(*command, env=own, cwd=tmp_path, **piped)
    assert process.stdout
    said = []
    while not said or " on http://" not in said[-1]:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        assert line, said  # it ended
        said.append(line.decode())
    base = said[-1].rpartition(" ")[2].strip()
    assert await is_gone(await browser.get(f"{base}/minutes/1.a.b.5ecret"))
    assert await is_gone(await browser.post(f"{base}/minutes/1.a.b.5ecret"))
    process.send_signal(signal.SIGTERM)
    rest, _ = await asyncio.wait_for(process.communicate(), 20)
    assert "5ecret" not in "".join(said) + rest.decode()


async def test_serve_gives_a_link_only_where_it_has_an_address(tmp_path: Path, browser: ClientSession) -> None:
    async with bot(tmp_path, demo=False) as without:
        assert await without.link(LEAH) == ""
    (tmp_path / "with").mkdir()
    async with bot(tmp_path / "with", demo=False, public_url="https://bot.fenmarsh.example/psirf/") as reached:
        link = await reached.link(LEAH)
        assert link.startswith("https://bot.fenmarsh.example/psirf/minutes/")
        assert (await browser.post(f"{reached.base}/minutes/{link.rpartition('/')[2]}")).status == 200


# --- PSIRF_PUBLIC_URL


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://bot.fenmarsh.example", "is plain http, which would show a minute on the way"),
        ("http://127.0.0.1@evil.example", "has more in it than an address"),
        ("https://bot.example/?to=", "has more in it than an address"),
        ("https://bot.example/#x", "has more in it than an address"),
        ("https://bot .example", "has more in it than an address"),
        ("bot.fenmarsh.example", "is not a web address"),
        ("ftp://bot.example", "is not a web address"),
        ("https://", "is not a web address"),
        ("https://bot.example:99999", "is not a web address"),
        ("http://[", "is not a web address"),
    ],
)
def test_an_address_that_will_not_do_is_said_to_be_wrong(url: str, said: str) -> None:
    settings = Settings(public_url=url)
    for mistakes in (address_mistakes(settings, dev=True), serve_mistakes(settings, dev=True)):
        (mistake,) = mistakes
        assert mistake.where == "PSIRF_PUBLIC_URL"
        assert said in mistake.what
        assert mistake.remedy


@pytest.mark.parametrize(
    "url", ["https://bot.fenmarsh.example", "https://x.example:8443/psirf", "http://localhost:3978"]
)
def test_an_address_that_will_do(url: str) -> None:
    settings = Settings(public_url=f"{url}/")
    assert list(address_mistakes(settings, dev=True)) == []
    assert settings.reached_at(demo=False) == settings.reached_at(demo=True) == url


@pytest.mark.parametrize(
    ("host", "port", "base"),
    [("127.0.0.1", 3978, "http://127.0.0.1:3978"), ("::1", 80, "http://[::1]:80"), ("localhost", 0, None)],
)
def test_the_demonstration_has_the_address_of_its_page(host: str, port: int, base: str | None) -> None:
    settings = Settings(host=host, port=port)
    assert settings.reached_at(demo=True) == base
    assert settings.reached_at(demo=False) is None
