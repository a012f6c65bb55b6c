"""Nobody but the two can tell whether the being fair tool is used: what all others see is the same, byte for byte.

Two stages play the same ten days, one with a run under way and one that has ended with late follow-ups, one without.
"""

import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner
from fair_steps import JUDITH, LEAH, LONGEST, OWEN, SANDEEP, TOMASZ, begun, both_confirm, press, run_of, the_run
from responses import started
from sqlmodel import col, select
from test_fair_whole_run import agree_until

from psirf_bot.cards.model import Card
from psirf_bot.casework import fair_circle, words
from psirf_bot.casework.inbound import Opened, Pressed, Reply, Said
from psirf_bot.casework.work import Work
from psirf_bot.cli import bot
from psirf_bot.health import health_routes
from psirf_bot.store.tables import Channel, Deadline, Person
from stage import Stage, address_of

CANARY, CASE, UNDER_WAY, ENDED = "canary", "PSI-2026-0001", "BF-7K2MQ", "BF-QQQQQ"
AMINA = "Amina Yusuf"
PAIR = (LEAH, OWEN)
DAYS = 10
ANSWERS = {
    key: f"{CANARY} {key}" if isinstance(value, str) and " " in value else value for key, value in LONGEST.items()
}
ANSWERS |= {"fair-3": "yes", "fair-3-bodies": ["regulator"]}
ABOUT = (CASE, UNDER_WAY)
FIND = (
    *ABOUT,
    f"{CANARY} concern",
    TOMASZ,
    "Community Nursing",
    "responding",
    "open",
    LEAH,
    OWEN,
    "being fair",
    "private task",
)
IN_CHANNELS = ("quality", "panel", "leads")
PRIVATE_TASK = "A private task"
GIVES_IT_AWAY = (CANARY, UNDER_WAY, ENDED)
Seen = dict[tuple[str, ...], str]


@pytest.mark.long
async def test_nobody_else_can_tell_whether_the_tool_is_used(tmp_path: Path) -> None:
    seen: dict[bool, Seen] = {}
    for used in (False, True):
        folder = tmp_path / str(used)
        folder.mkdir()
        async with Stage(folder) as stage:
            await furnish(stage)
            if used:
                await use_the_tool(stage)
            for _ in range(DAYS):
                stage.later(days=1)
                await stage.tick()
            if used:
                assert await stage.do(late) == LATE
                assert len([card for card in stage.private(LEAH) if card.title == PRIVATE_TASK]) > 3
            seen[used] = posted(stage)
            seen[used] |= await typed(stage) | await pressed(stage)
            seen[used] |= await watched(stage) | on_the_command_line(folder)
    assert len(seen[True]) > 500, "much is looked at"
    assert seen[True].keys() == seen[False].keys()
    for what, said in seen[True].items():
        assert said == seen[False][what], what
        assert not any(word in said for word in GIVES_IT_AWAY if word not in " ".join(what)), what


# What there is


LATE = {"fair.review", "fair.told", "fair.guidance", "fair.regulator"}


async def furnish(stage: Stage) -> None:
    """A case with a learning response, everybody in their chat, and every channel."""
    await stage.do(channels)
    await started(stage)
    for name in await stage.do(everybody):
        await stage.says(name, "help")
        await stage.turn(name, Opened({"home": f"page {name}", "channel": f"page {name}"}))
    await stage.settled()


def channels(work: Work) -> None:
    for purpose in IN_CHANNELS[1:]:
        address = {"channel": purpose}
        work.session.add(Channel(purpose=purpose, platform="web", address=address, set_by="x", set_at=work.now))


def everybody(work: Work) -> list[str]:
    """All whom somebody else does not stand for, who has the same roles."""
    alike = ("Femi Adeyemi", "Callum Strachan", "Hussein Al-Tamimi")
    return list(work.session.exec(select(Person.name).where(col(Person.name).not_in(alike)).order_by(Person.name)))


async def use_the_tool(stage: Stage) -> None:
    """A run about the reporter has ended, with everything to be followed up; one about a colleague is paused."""
    await begun(stage, subject=AMINA, reference=ENDED, concern=f"{CANARY} concern")
    await stage.do(lambda work: agree_until(work, the_run(work), "", ANSWERS))
    await both_confirm(stage)
    assert (await run_of(stage)).end == "appropriate-action"
    stage.later(minutes=1)
    await begun(stage, subject=TOMASZ, reference=UNDER_WAY, concern=f"{CANARY} other concern")
    await stage.do(lambda work: agree_until(work, the_run(work), "fair-2a", ANSWERS))
    await press(stage, OWEN, "fair.propose", {"fair-2a": "yes"}, page="fair-2a")
    await press(stage, LEAH, "fair.pause", {"why": f"{CANARY} waits", "review": "2026-11-24"})
    stage.later(minutes=-1)


def late(work: Work) -> set[str]:
    owed = (Deadline.subject_kind == fair_circle.KIND, Deadline.state == "open", Deadline.due_at < work.now)
    return set(work.session.exec(select(Deadline.rule).where(*owed)))


# What everybody sees


async def typed(stage: Stage) -> Seen:
    """Every word of the bot, alone and about the case or a run, by everybody whose answer it is no part of.

    Somebody of the quality team, who finds the most, looks in every way there is.
    """
    seen: Seen = {}
    for name in await stage.do(everybody):
        for word in (*sorted(set(words.WORDS) - {"cancel"}), "cancel"):
            more = () if word in words.ALONE else FIND if (name, word) == (SANDEEP, "find") else ABOUT
            for rest in ("", *more):
                if not (word == "fair" and (name in PAIR or (name == JUDITH and rest))):
                    answer = await stage.turn(name, Said(f"{word} {rest}".strip()))
                    seen["typed", name, word, rest] = plain(answer)
    return seen


async def pressed(stage: Stage) -> Seen:
    """Whatever can be pressed on the case, on what waits and on the panels: once, by everybody."""
    seen: Seen = {}
    for name in await stage.do(everybody):
        for word in (f"case {CASE}", "overdue", f"panel {CASE}"):
            card = await stage.says(name, word)
            for number, button in enumerate(card.all_buttons()):
                if button.action and not button.submits:
                    seen["pressed", name, word, button.label, str(number)] = plain(
                        await stage.turn(name, Pressed(button.action))
                    )
    await stage.settled()
    return seen


def posted(stage: Stage) -> Seen:
    """What ten days have brought to every channel, private chat and page: for the two without their private tasks."""
    seen: Seen = {}
    for room, cards in stage.out.posts.items():
        for_all = [card for card in cards if card.title != PRIVATE_TASK or room not in map(address_of, PAIR)]
        seen |= {("posted", room, str(number)): plain(card) for number, card in enumerate(for_all)}
    # An overseer is sent the head of the audit, and how many entries it has: all of them, whatever they are about.
    return {what: re.sub(r"\d+", "…", said) if address_of(JUDITH) in what else said for what, said in seen.items()}


async def watched(stage: Stage) -> Seen:
    """What the health page and the figures say; but for how many messages there are, which nobody can tell apart."""
    app = web.Application()
    app.add_routes(health_routes(stage.store, lambda: stage.now))
    seen: Seen = {}
    async with TestClient(TestServer(app)) as client:
        for path in ("/healthz", "/readyz", "/metrics"):
            seen[(path,)] = await (await client.get(path)).text()
    lines = [line for line in seen[("/metrics",)].splitlines() if not line.startswith("psirf_outbox_")]
    return seen | {("/metrics",): "\n".join(lines)}


def on_the_command_line(folder: Path) -> Seen:
    """Beside a running bot: what is stuck, and whether the chain holds."""
    own = {"PSIRF_DATABASE_URL": f"sqlite:///{folder}/stage.db", "PSIRF_SECRET_KEY": "k" * 32}
    seen: Seen = {}
    for command in (("outbox",), ("audit", "verify")):
        seen[command] = CliRunner().invoke(bot, list(command), env=own).output
    return seen


def plain(shown: Reply | Card) -> str:
    """Everything of it but the opaque ids, which are others where more has happened."""
    return re.sub(r"\b([0-9a-f]{24}|[0-9a-f]{64}|id\d{5})\b", "…", shown.model_dump_json())
