"""What the threat model relies on and no floor can show by itself: the whole bot before both platforms."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from ready_reports import send_report
from sqlmodel import Session, SQLModel, select

import fuzzing
from fakes.slack.delivery import as_form
from psirf_bot.bootstrap import WakeUps
from psirf_bot.casework.inbound import Pressed
from psirf_bot.cli_run import _without_request
from psirf_bot.store.tables import Action, Case, Person
from stage import Stage, words
from test_whole_report import PAGE_1, SERIOUS, cases, set_quality_channel
from whole import Whole, whole

WORKS = {"inbox", "outbox", "action", "posted", "identity", "dialog", "remembered", "platformhold"}
"""The tables in which the bot keeps track of its own work."""
CANARY = "Kanarienvogel"
REPORT = {
    "danger": "no", "event-type": "near-miss", "what-happened": "The wrong syringe driver was set up.",
    "when": "2026-11-20", "service": "Community Nursing", "could-have-led": "no",
}  # fmt: skip


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as running:
        running.app.scheduler.remove_all_jobs()  # duties that the calendar opens are nobody's request
        yield running


def base(bot: Whole) -> str:
    return bot.slack.bot_url.removesuffix("/slack/events")


async def report_in_slack(bot: Whole, what: str = "The wrong syringe driver was set up.", **more: str) -> None:
    amina = bot.amina_on_slack
    await amina.slash("/psirf", "report", channel="C0QUALITY")
    await amina.submit_view({**PAGE_1, "What happened?": what, "when.date": "2026-11-20", **more})
    await amina.submit_view({SERIOUS: "No"})
    await amina.submit_view()
    assert "Saved as PSI-" in amina.open_view.words


async def report_in_teams(bot: Whole, what: str = "The hoist stopped half way.") -> None:
    amina = bot.amina_on_teams
    await amina.install()
    await amina.say("report")
    await amina.hears("Is anyone in danger now?")
    await amina.press("Next", inputs={**PAGE_1, "What happened?": what, "when.date": "2026-11-20"})
    await amina.press("Next", inputs={SERIOUS: "No"})
    await amina.press("Send the report")
    await amina.hears("Saved as PSI-")


Rows = dict[str, list[str]]


def stored(session: Session) -> Rows:
    """Everything that is stored, by table."""
    tables = SQLModel.metadata.sorted_tables
    return {t.name: sorted(str(tuple(row)) for row in session.execute(t.select())) for t in tables}


def of_people(rows: Rows) -> Rows:
    """What people have said and decided."""
    return {table: held for table, held in rows.items() if table not in WORKS}


def difference(before: Rows, after: Rows) -> list[str]:
    """The rows that came, went or changed."""
    return [f"{name}: {row}" for name in before for row in sorted({*before[name]} ^ {*after[name]})]


async def quiet(bot: Whole) -> Rows:
    """Everything that is stored, once the bot has nothing left to do."""
    before: Rows = {}
    for _ in range(200):
        now = await bot.app.store.read(stored)
        if now == before and not any("'due'" in row or "'sending'" in row for row in now["outbox"]):
            return now
        before = now
        await asyncio.sleep(0.05)
    raise AssertionError("the bot does not come to rest")


# --- The same again, and from somebody else


async def test_everything_sent_again_byte_for_byte_changes_nothing(bot: Whole) -> None:
    await set_quality_channel(bot)
    await report_in_slack(bot)
    await report_in_teams(bot)
    before = of_people(await quiet(bot))
    for delivery in list(bot.slack.sent):
        assert (await bot.slack.deliver(delivery.body, delivery.headers)).status == 200
    await bot.teams.redeliver()
    assert difference(before, of_people(await quiet(bot))) == []
    assert await cases(bot) == 2


async def test_every_button_there_is_pressed_by_somebody_who_was_never_shown_it(stage: Stage) -> None:
    """A card that is forwarded, or an id that is guessed or swapped: what it means is asked of whoever presses."""
    await send_report(stage, "Amina Yusuf", {**REPORT, "what-happened": CANARY})
    for label in ("Amend", "Join with another", "Duty of candour"):
        await stage.presses("Leah Rosenfeld", await stage.says("Leah Rosenfeld", "case PSI-2026-0001"), label)
    await stage.settled()
    before = of_people(await stage.store.read(stored))
    there_are = await stage.do(lambda work: work.session.exec(select(Action.id)).all())
    assert len(there_are) > 10
    for made_up in (*there_are, "x" * 24, "0"):
        reply = await stage.turn("Tomasz Zielinski", Pressed(made_up, {"outcome": "closed by a stranger"}))
        assert CANARY not in reply.model_dump_json()
    await stage.settled()
    after = of_people(await stage.store.read(stored))
    assert difference(before, after) == []
    assert CANARY not in "".join(map(words, stage.private("Tomasz Zielinski")))


async def test_a_press_is_refused_to_whoever_has_lost_the_role_since_it_was_shown(stage: Stage) -> None:
    await send_report(stage, "Amina Yusuf", REPORT)
    case = await stage.says("Leah Rosenfeld", "case PSI-2026-0001")

    def takes_away(work: Any) -> None:
        leah = work.session.exec(select(Person).where(Person.name == "Leah Rosenfeld")).one()
        leah.roles = ["staff"]
        work.session.add(leah)

    await stage.do(takes_away)
    refused = await stage.presses("Leah Rosenfeld", case, "I have read this")
    assert refused.title == "I could not do that"
    assert await stage.do(lambda work: work.session.exec(select(Case.state)).one()) == "reported"


async def test_a_slack_press_forged_with_somebody_elses_action_id(bot: Whole) -> None:
    """Slack signs what a person's own client sends: the value of a button can be anything the client likes."""
    await set_quality_channel(bot)
    await report_in_slack(bot, CANARY)
    card = await bot.slack.until(
        lambda: next((m for m in bot.slack.messages("C0QUALITY") if "near miss" in m.words), None)
    )
    await bot.leah_on_slack.press("Open the case", message=card)
    pressed = next(d for d in reversed(bot.slack.sent) if b"block_actions" in d.body)
    payload = json.loads(parse_qs(pressed.body.decode())["payload"][0])
    payload |= {"user": {"id": "U0TOMASZ1"}, "trigger_id": bot.slack.world.new_trigger("U0TOMASZ1")}
    tomasz, forged = bot.slack.add_user("U0TOMASZ1", "Tomasz Zielinski"), as_form(payload)
    before = of_people(await quiet(bot))
    assert (await bot.slack.deliver(forged, bot.slack.post.headers(forged))).status == 200
    after = of_people(await quiet(bot))
    assert {row.split(":")[0] for row in difference(before, after)} <= {"person", "auditentry"}, (
        "who they are is known now"
    )
    seen = [m.words for m in (*tomasz.ephemerals, *bot.slack.messages("U0TOMASZ1"))]
    seen += [tomasz.open_view.words] if tomasz.open_view else []
    assert any("could not do that" in shown for shown in seen)
    assert CANARY not in "".join(seen)


# --- What must not get out


def all_that_was_logged(caplog: pytest.LogCaptureFixture) -> str:
    """Messages with their arguments and tracebacks, as the process would write them."""
    for record in caplog.records:
        if record.name == "aiohttp.server":
            _without_request(record)
    return "\n".join(logging.Formatter("%(name)s %(message)s").format(record) for record in caplog.records)


async def test_nothing_that_was_typed_and_no_secret_stands_in_a_log_a_figure_or_the_audit(
    bot: Whole, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await set_quality_channel(bot)
    await report_in_slack(bot, f"{CANARY} was set up twice.", **{"Where exactly?": f"{CANARY} ward"})
    await report_in_teams(bot, f"{CANARY} stopped half way.")
    for person in (bot.amina_on_slack, bot.leah_on_slack):
        await person.dm(f"find {CANARY}")
        await person.dm(f"{CANARY} again")
    await bot.amina_on_teams.say(f"{CANARY} once more")
    async with aiohttp.ClientSession() as http:
        broken = {"Content-Type": "application/json", "Content-Length": "many", "X-Typed": CANARY}
        host, port = bot.slack.bot_url.split("/")[2].split(":")
        head = "".join(f"{name}: {value}\r\n" for name, value in broken.items())
        await fuzzing.on_the_wire(host, int(port), f"POST /slack/events HTTP/1.1\r\n{head}\r\n{CANARY}".encode())
        pages = [await (await http.get(base(bot) + page)).text() for page in ("/healthz", "/readyz", "/metrics")]
    kept = await quiet(bot)
    assert any(CANARY in row for row in kept["reportversion"]), "the report itself holds it"
    logged = all_that_was_logged(caplog)
    assert "aiohttp.server" in logged, "the broken request was noticed"
    of_theirs = (bot.slack.bot_token, bot.slack.signing_secret, bot.teams.settings["PSIRF_TEAMS_APP_SECRET"])
    for never in (CANARY, "Amina", "Yusuf", "Bearer ey", "a key for the tests", *of_theirs):
        assert never not in "".join(pages), never
        assert never not in "".join(kept["auditentry"] + kept["action"]), never
        said = [line for line in logged.splitlines() if never in line]
        assert said == [], never


async def test_no_part_of_the_running_bot_shows_a_secret(bot: Whole) -> None:
    secrets = (bot.slack.bot_token, bot.slack.signing_secret, bot.teams.settings["PSIRF_TEAMS_APP_SECRET"])
    left: list[object] = [bot.app]
    seen = set[int]()
    while left:
        part = left.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if type(part).__module__.startswith("psirf_bot"):
            shown = repr(part)
            assert not [s for s in (*secrets, "a key for the tests") if s in shown], type(part)
            slots = [getattr(part, name, None) for name in getattr(type(part), "__slots__", ())]
            left += [*vars(part).values(), *slots] if hasattr(part, "__dict__") else slots
        elif isinstance(part, dict):
            left += part.values()
    assert len(seen) > 20


async def test_words_that_are_code_elsewhere_stay_words(bot: Whole) -> None:
    """SQL, the markup of both platforms and a script: kept and shown as typed, and nothing is done by them."""
    code = '\'; DROP TABLE "case"; -- <!channel> <@U0LEAH001> <script>alert(1)</script> [here](https://x.example)'
    await set_quality_channel(bot)
    await report_in_slack(bot, code)
    await report_in_teams(bot, code)
    for person in (bot.leah_on_slack, bot.amina_on_slack):
        await person.dm(f"find {code}")
    held = await quiet(bot)
    assert len(held["case"]) == len(held["reportversion"]) == 2
    assert all("<!channel> <@U0LEAH001>" in row for row in held["reportversion"])
    assert bot.slack.refusals == []
    carries_it = [m for place in ("C0QUALITY", "U0AMINA01") for m in bot.slack.messages(place) if "DROP" in m.words]
    assert all("<!channel>" in m.words for m in carries_it), "it stands there as it was typed"


@pytest.mark.parametrize("path", ["/dev/clock", "/", "/api/page", "/minutes/"])
async def test_without_dev_there_is_no_clock_to_move_and_no_chat_page(bot: Whole, path: str) -> None:
    async with aiohttp.ClientSession() as http:
        for method in ("GET", "POST"):
            async with http.request(method, base(bot) + path, json={"advance": "3 days"}) as answer:
                assert answer.status in {404, 405}
    assert bot.app.clock.ahead.total_seconds() == 0


async def test_nothing_goes_for_its_age_before_a_platform_has_said_that_the_clock_is_right(bot: Whole) -> None:
    """A clock that is a month ahead would empty every unfinished report, and forget what was delivered already."""
    await bot.amina_on_slack.slash("/psirf", "report", channel="C0QUALITY")
    await bot.amina_on_slack.submit_view({**PAGE_1, "when.date": "2026-11-20"})
    before = await quiet(bot)
    bot.app.clock.advance(timedelta(days=31))
    await bot.app._time_to_tidy()
    await bot.app._tidy()
    assert difference(before, await bot.app.store.read(stored)) == []
    now = datetime.now(UTC)
    bot.app.clock_check.heard(format_datetime(now), now)
    await bot.app._tidy()
    left = await bot.app.store.read(stored)
    assert not any("syringe" in row for row in left["dialog"])
    assert left["inbox"] == []


async def test_wake_ups_go_on_when_a_clock_that_was_ahead_is_set_right() -> None:
    """What is next was planned by the clock as it was: else danger would not be paged again for as long."""
    woken = asyncio.Event()

    async def wake() -> None:
        woken.set()

    wake_ups = WakeUps(timezone=UTC)
    job = wake_ups.add_job(wake, "interval", seconds=0.02)
    wake_ups.start()
    job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
    async with asyncio.timeout(5):
        await woken.wait()
    wake_ups.shutdown(wait=False)
