"""Two people use the being fair tool together, one on Slack and one on Teams, before the strict fakes of both.

Everything that either platform receives is looked through: what is in the run stands in the windows of these two alone.
"""

import asyncio
import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, col, select

from duty_stage import a_case, who
from fakes.slack import Message as SlackMessage
from fakes.teams import Message as TeamsMessage
from psirf_bot.cards import adaptive
from psirf_bot.cards.fair import NOT_HERE, PRIVATE_TASK
from psirf_bot.casework import fair_runs, identities
from psirf_bot.casework.actions import action_id
from psirf_bot.casework.work import Work
from psirf_bot.domain.being_fair import ENDS
from psirf_bot.store.tables import AuditEntry, Channel, FairRun, Identity, Inbox, LearningResponse, Outbox
from whole import Whole, whole

QUALITY, CASE = "C0QUALITY", "PSI-2026-0001"
LEAH, OWEN, CONCERNED = "Leah Rosenfeld", "Owen Tregarth", "Tomasz Zielinski"
TUESDAY = datetime(2027, 3, 9, 10, tzinfo=UTC)
"""Within everybody's working hours."""
Answers = Mapping[str, object]

BEFORE: Answers = {
    "fair-who-is-hurt": "canaryhurt patient and family",
    "fair-what-they-need": "canaryneed of support",
    "fair-whose-task": "canarytask of occupational health",
}
LIKE_OTHERS: Answers = {"fair-1a": "yes", "fair-1a-source": "canarysource section 4"}
UNSURE: Answers = {"fair-1a": "unsure", "fair-1a-source": "canaryopen section 5"}
DIFFERENTLY = {"reason": "canarydiffers from what I read"}
ALL_YES: Answers = {"fair-1b": "yes", "fair-1c": "yes", "fair-1d": "yes"}
CONCERN: Answers = {"fair-2-ongoing": "yes", "fair-2-kinds": ["reckless"], "fair-2-ground": "canaryground of concern"}
ANOTHER: Answers = {"fair-2-ongoing": "yes", "fair-2-kinds": ["reckless"], "fair-2-ground": "canaryother ground"}
AGAIN = "canaryagain a report came in"


async def do(bot: Whole, what: Any) -> Any:
    return await bot.app.store.run(lambda session: what(Work(session, bot.app.clock.now(), bot.app.setting)))


async def _all_sent(bot: Whole) -> None:
    waiting = select(Outbox.id).where(col(Outbox.state).in_(("due", "sending")), Outbox.due_at <= bot.app.clock.now())
    async with asyncio.timeout(10):
        while await do(bot, lambda work: work.session.exec(waiting).first()):
            bot.app.courier.kick()
            await asyncio.sleep(0.02)


def furnish(bot: Whole, owen: Any, room: str) -> Any:
    """A case with a learning response, Owen's place on Teams, and a channel of the quality team on each platform."""

    def put(work: Work) -> None:
        tenant, user = bot.teams.tenant_id.lower(), owen.user.aad_object_id
        address = identities.first_address("teams", tenant, user)
        known: dict[str, Any] = {"team": tenant, "user": user, "person_id": who(work, OWEN).id, "address": address}
        work.session.add(Identity(platform="teams", **known))
        case = a_case(work, state="responding", read_at=work.now, owner_id=who(work, LEAH).id)
        decided: dict[str, Any] = {"kind": "mdt", "decided_by": who(work, LEAH).id, "decided_at": work.now}
        work.session.add(LearningResponse(id="response", case_id=case.id, **decided))
        for platform, address in (("slack", {"channel": QUALITY}), ("teams", {"conversation": room})):
            channel: dict[str, Any] = {"address": address, "set_by": "x", "set_at": work.now}
            work.session.add(Channel(purpose="quality", platform=platform, **channel))

    return put


class OnSlack:
    """Leah, and the window in which she works."""

    def __init__(self, bot: Whole) -> None:
        self.bot, self.me, self.seen = bot, bot.leah_on_slack, 0

    async def told(self) -> SlackMessage:
        """The newest message that something waits, when there is one more than the last time."""
        messages = await self.bot.slack.until(lambda: self.waiting()[self.seen :])
        self.seen += len(messages)
        return messages[-1]

    def waiting(self) -> list[SlackMessage]:
        return [m for m in self.bot.slack.messages(self.me.user.id) if "Open it" in m.buttons]

    async def opens(self) -> str:
        if self.me.open_view:
            await self.me.close_view(all_of_them=True)
        await self.me.press("Open it", message=await self.told())
        await self.bot.slack.until(lambda: self.me.open_view)
        return self.words

    async def press(self, label: str) -> str:
        before = self.me.open_view and self.me.open_view.hash
        await self.me.press(label)
        assert not self.me.saw_error, self.me.reason
        await self.bot.slack.until(lambda: self.me.open_view and self.me.open_view.hash != before)
        return self.words

    async def send(self, answers: Answers) -> str:
        await self.me.submit_view(answers)
        assert not self.me.saw_error, self.me.reason
        assert not self.me.view_errors, self.me.view_errors
        return self.words

    @property
    def words(self) -> str:
        assert self.me.open_view
        return str(self.me.open_view.words)


class OnTeams:
    """Owen, and the window in which he works."""

    def __init__(self, bot: Whole, owen: Any) -> None:
        self.bot, self.me, self.seen = bot, owen, 0

    async def told(self) -> TeamsMessage:
        messages = await self.bot.slack.until(lambda: self.waiting()[self.seen :])
        self.seen += len(messages)
        return messages[-1]

    def waiting(self) -> list[TeamsMessage]:
        return [m for m in self.me.chat.messages if "Something waits for you" in self.me.reads(m)]

    async def opens(self) -> str:
        await self.me.press("Open it", card=await self.told())
        return self.words

    async def press(self, label: str, answers: Answers | None = None) -> str:
        await self.me.submit_dialog(label, inputs=answers or {})
        assert self.me.last_toast is None, self.me.last_toast
        return self.words

    @property
    def words(self) -> str:
        assert self.me.dialog, self.me.last_toast
        return json.dumps(self.me.dialog.card, ensure_ascii=False)


async def test_one_on_slack_and_one_on_teams_use_the_tool_together(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        bot.app.clock.set(TUESDAY)
        owen_on_teams = bot.teams.person(OWEN)
        room = bot.teams.team("Safety", bot.wei_on_teams, channels=("Quality",), installed=True).channels["Quality"]
        await do(bot, furnish(bot, owen_on_teams, room.id))
        await owen_on_teams.install()
        leah, owen = OnSlack(bot), OnTeams(bot, owen_on_teams)

        greeted = len(bot.teams.history)
        await _begin(bot, leah, owen)
        await _to_the_foresight_test(leah, owen)
        await _not_known_yet(leah, owen)
        await _looked_at_again(leah, owen)
        await _each_for_themselves(leah, owen)
        await _confirmed_by_both(leah, owen)
        run = await do(bot, lambda work: work.session.exec(select(FairRun)).one())
        assert (run.state, run.end) == (fair_runs.ENDED, "health")

        bot.app.clock.advance(timedelta(days=9))
        await bot.app.tick.run()
        await leah.told()
        await bot.slack.until(lambda: len(owen.waiting()) > owen.seen)
        await leah.me.close_view(all_of_them=True)
        await leah.me.open_home()
        await bot.slack.until(lambda: bot.slack.home(leah.me.user.id))
        await _refused_like_anything_else(bot, leah, run.id)

        _nothing_but_a_private_task(bot, leah, greeted)
        _by_reference_alone(bot, run.reference)
        _nobody_else_hears(bot, room)
        await owen.me.press(f"Open it{adaptive.IN_PRIVATE}", card=await owen.told())
        await owen.me.hears("It is not a verdict on anybody")
        await _all_sent(bot)
        assert await do(bot, lambda work: kept_elsewhere(work, run.reference)) == []
        assert bot.slack.refusals == []
        assert all(delivery.answer.ok for delivery in bot.slack.sent)


async def _begin(bot: Whole, leah: OnSlack, owen: OnTeams) -> None:
    await leah.me.dm(f"fair {CASE}")
    way_in = await bot.slack.until(lambda: [m for m in bot.slack.messages(leah.me.user.id) if "Start" in m.buttons])
    await leah.me.press("Start", message=way_in[-1])
    await bot.slack.until(lambda: leah.me.open_view)
    about = {"concern": "canaryconcern about a check", "subject.typed": CONCERNED, "colleague.typed": OWEN}
    assert f"It waits for {OWEN} to join" in await leah.send(about)
    assert "No question" not in await owen.opens()
    assert "canary" not in owen.words, "nothing of the concern before he has joined"
    assert "You have both joined" in await owen.press("Join")
    assert "canaryconcern" in await leah.opens()


async def _to_the_foresight_test(leah: OnSlack, owen: OnTeams) -> None:
    """With one difference on the way."""
    assert f"Waits for {OWEN}" in await leah.send(BEFORE)
    assert "canaryhurt" in await owen.opens()
    assert "Precondition 1 of 3" in await owen.press("Agree")
    for key in ("fair-safety-incident", "fair-systems-response", "fair-jointly"):
        await owen.press("Propose", {key: "yes"})
        await leah.opens()
        await leah.press("Agree")
        await owen.opens()
    await leah.press("Where it is now")
    await leah.send(LIKE_OTHERS)
    await owen.opens()
    await owen.press("I see it differently")
    await owen.press("Propose", {**UNSURE, **DIFFERENTLY})
    assert "canarydiffers" in await leah.opens()
    await leah.press("Agree")
    await leah.send(ALL_YES)
    await owen.opens()
    assert "Question 2a: foresight test" in await owen.press("Agree")


async def _not_known_yet(leah: OnSlack, owen: OnTeams) -> None:
    """It pauses by itself, and asks again once they go on."""
    await owen.press("Propose", {"fair-2a": "not-yet"})
    await leah.opens()
    assert "Paused" in await leah.press("Agree")
    assert "Go on now" in await owen.opens()
    assert "What is known now?" in await leah.press("Go on now")


async def _looked_at_again(leah: OnSlack, owen: OnTeams) -> None:
    """An earlier page is changed; what came after it still counts."""
    await leah.press("What we have agreed")
    assert leah.me.open_view
    change = next(
        element["action_id"]
        for block in leah.me.open_view.content["blocks"]
        for element in block.get("elements", ())
        if element.get("accessibility_label") == "Change: Question 1a: substitution test"
    )
    await leah.press(change)
    assert "would like to look at this page again" in await leah.send({"reason": AGAIN})
    await leah.send({"fair-1a": "no", "fair-1a-source": "canarylater section 6"})
    assert "canarylater" in await owen.opens()
    assert "Question 2a: foresight test" in await owen.press("Agree")


async def _each_for_themselves(leah: OnSlack, owen: OnTeams) -> None:
    await owen.press("Propose", {"fair-2a": "no"})
    await leah.opens()
    assert "Each of you answers this for yourself" in await leah.press("Agree")
    await leah.send(CONCERN)
    assert "canaryground" not in await owen.opens()
    assert "Question 3: deliberate harm test" in await owen.press("Send my answer", ANOTHER)


async def _confirmed_by_both(leah: OnSlack, owen: OnTeams) -> None:
    await owen.press("Propose", {"fair-3": "no"})
    await leah.opens()
    await leah.press("Agree")
    await leah.send({"fair-4a": "no", "fair-4b": "yes"})
    await owen.opens()
    at_the_end = await owen.press("Agree")
    assert ENDS["health"].title in at_the_end
    assert "canaryground" in at_the_end, "now he may see what she stated"
    assert "You have confirmed" in await owen.press("Confirm")
    await leah.opens()
    assert "It is not a verdict on anybody" in await leah.press("Confirm")
    assert "Nobody is named yet" in await owen.opens()


# What the platforms have received


def _nothing_but_a_private_task(bot: Whole, leah: OnSlack, greeted: int) -> None:
    """Every message, and with it every notification, says the same; but for the way in that Leah typed for."""
    her_chat = bot.slack.world.dm_with(leah.me.user).id
    posts = [call for call in bot.slack.calls if call.method.startswith("chat.")]
    assert {(call.args["channel"], call.args["text"]) for call in posts} >= {(her_chat, PRIVATE_TASK)}
    told = [call.args for call in posts if call.args["channel"] == her_chat]
    assert {args["text"] for args in told} == {PRIVATE_TASK}
    assert len(told) > 10
    for args in told:
        assert "canary" not in str(args)
        assert "Start" in str(args) or "Being fair" not in str(args)
    sent = [call.body for call in bot.teams.history[greeted:] if call.kind in {"send", "reply", "update"}]
    assert len(sent) > 10
    for body in sent:
        card = body["attachments"][0]["content"]
        assert (body["summary"], card["speak"], body.get("text")) == (PRIVATE_TASK, PRIVATE_TASK, None)
        assert "fair" not in json.dumps(card).casefold()
        assert CASE not in json.dumps(card)


def _windows(bot: Whole) -> list[str]:
    """Everything that was shown in a window of its own, on both platforms."""
    opened = [call.args["view"] for call in bot.slack.calls if call.method.startswith("views.")]
    answered = [found["view"] for sent in bot.slack.sent if (found := sent.answer.json) and "view" in found]
    dialogs = [
        delivery.body["task"]["value"] for _, delivery in bot.teams.deliveries if "task" in (delivery.body or {})
    ]
    return [json.dumps(window, ensure_ascii=False) for window in (*opened, *answered, *dialogs)]


def _by_reference_alone(bot: Whole, reference: str) -> None:
    windows = [window for window in _windows(bot) if "Being fair" in window]
    assert len(windows) > 40
    without = [window for window in windows if reference not in window]
    assert all("Start and invite" in window for window in without), without
    received = [str(call.args) for call in bot.slack.calls] + [str(call.body) for call in bot.teams.history]
    for shown in (*windows, *received, *(str(delivery.body) for _, delivery in bot.teams.deliveries)):
        assert "Zielinski" not in shown
        assert "Tomasz" not in shown


def _nobody_else_hears(bot: Whole, room: Any) -> None:
    for channel in bot.slack.world.channels.values():
        if channel.im_user != bot.leah_on_slack.user.id:
            assert "canary" not in str([m.words for m in channel.messages])
    assert "fair" not in str([m.words for m in bot.slack.messages(QUALITY)]).casefold()
    assert "fair" not in str([m.activity for m in room.messages]).casefold()
    home = bot.slack.home(bot.leah_on_slack.user.id)
    assert home
    for word in ("canary", "BF-", "Being fair", "private task"):
        assert word not in home.words


def kept_elsewhere(work: Work, reference: str) -> list[str]:
    """Rows outside the run itself that hold a word of what was typed in it."""
    tables: tuple[type[SQLModel], ...] = (Inbox, Outbox, AuditEntry)
    rows = [str(row.model_dump()) for table in tables for row in work.session.exec(select(table))]
    return [row for row in rows if "canary" in row or reference in row]


# Somebody who copies a button


async def _refused_like_anything_else(bot: Whole, leah: OnSlack, run: str) -> None:
    """Where its id comes from makes no difference: no answer tells whether there is a run, or that it is about one."""

    def ids(work: Work) -> dict[str, str]:
        hers = who(work, LEAH).id
        return {
            "of the run": action_id(work, "fair.show", run=run),
            "of no run": action_id(work, "fair.show", run="none"),
            "of its way out": action_id(work, "fair.leave", run=run, way="police"),
            "of its record": action_id(work, "fair.record", run=run),
            "of her message": "",
            "of her help": action_id(work, "words.help", person_id=hers),
        }

    copied = await do(bot, ids)
    told = next(m for m in bot.slack.messages(leah.me.user.id) if "Open it" in m.buttons)
    said = {of: await _forged(bot, told, meaning) for of, meaning in copied.items()}
    assert "for somebody else" in said["of her message"]
    assert said["of her message"] == said["of her help"], "as every other button of hers"
    assert NOT_HERE in said["of no run"]
    assert {said[of] for of in said if not of.startswith("of her")} == {said["of no run"]}


async def _forged(bot: Whole, told: SlackMessage, meaning: str) -> str:
    """What Amina sees who sends what Slack would send if this message hung in her own chat, with another id in it."""
    amina = bot.amina_on_slack
    chat = bot.slack.world.dm_with(amina.user)
    blocks = copy.deepcopy(told.blocks)
    button = next(element for block in blocks for element in block.get("elements", ()) if "value" in element)
    button["value"] = meaning or button["value"]
    hers = replace(told, channel=chat.id, ts=bot.slack.world.new_ts(), blocks=blocks)
    chat.messages.append(hers)
    await amina.press("Open it", message=hers)
    view = await bot.slack.until(lambda: amina.open_view)
    assert view
    await amina.close_view(all_of_them=True)
    chat.messages.remove(hers)
    return str(view.words)
