"""Fifty members of a panel vote within the same few seconds, on Slack and on Teams, before the strict fakes."""

import asyncio
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from duty_stage import a_case, who
from fakes.slack import Person as OnSlack
from fakes.teams import Person as OnTeams
from psirf_bot.casework import identities, panel_papers, panels, people, post
from psirf_bot.casework.panel_papers import Opening
from psirf_bot.casework.work import Work
from psirf_bot.domain.panel import Seat
from psirf_bot.store.tables import Identity, Outbox, Panel, Person, Posted, Vote
from whole import Whole, whole

FIFTY, TEAMS = 50, 25
"""So many of them on Teams."""
AT_ONCE = 10
"""So many are in the middle of it at any moment: the platforms wait three seconds, on a busy machine as well."""
CHANNEL = "C0PANEL"
CHOICES = {"aar": "After Action Review", "psii": "Patient Safety Incident Investigation", "none": "No further response"}
WHAT, WHY = "What should the response be?", "Why?"


class Group:
    """Fifty people with a seat, on both platforms, and the channels in which they are."""

    def __init__(self, bot: Whole) -> None:
        self.bot = bot
        self.slack = [bot.slack.add_user(f"U0MEMBER{n:02d}", f"Member {n:02d}") for n in range(TEAMS, FIFTY)]
        self.teams = [bot.teams.person(f"Member {n:02d}") for n in range(TEAMS)]
        ids = {bot.slack.bot_user_id, "U0WEI0001", *(member.user.id for member in self.slack)}
        bot.slack.add_channel(CHANNEL, "panel", ids)
        team = bot.teams.team("Panel", bot.wei_on_teams, *self.teams, channels=("Panel",), installed=True)
        self.channel = team.channels["Panel"]

    async def open(self) -> None:
        """The panel of a case, with its card in both channels."""
        bot = self.bot
        await bot.slack.person("U0WEI0001").say(
            f"<@{bot.slack.bot_user_id}> use this channel for panel", channel=CHANNEL
        )
        await bot.wei_on_teams.say("@bot use this channel for panel", channel=self.channel)
        await bot.wei_on_teams.hears("This channel is set", channel=self.channel)
        await self.do(self._open)
        bot.app.courier.kick()
        self.on_slack = await bot.slack.until(lambda: next(iter(self.cards()), None))
        self.on_teams = await bot.wei_on_teams.hears("0 of 50 have voted", channel=self.channel)

    def _open(self, work: Work) -> None:
        entra = work.session.exec(select(Identity.team).where(Identity.platform == "teams")).first() or ""
        slack = [("slack", self.bot.slack.team_id, m.user.id, m.user.real_name) for m in self.slack]
        teams = [("teams", entra, m.user.aad_object_id, m.user.name) for m in self.teams]
        for number, (platform, team, user, name) in enumerate(slack + teams):
            someone = Person(id=f"member{number:02d}", name=name, roles=["staff", "panel"])
            address = identities.first_address(platform, team, user)
            work.session.add(someone)
            work.session.add(Identity(platform=platform, team=team, user=user, person_id=someone.id, address=address))
        work.session.flush()
        seats = {f"member{number:02d}": Seat(list(Seat)[number % 4]) for number in range(FIFTY)}
        closes, papers = panel_papers.usual_day(work, 3), panel_papers.papers_in({})
        opening = Opening("weekly", who(work, "Sandeep Bhullar").id, None, seats, closes, papers)
        leah = people.member(work, who(work, "Leah Rosenfeld"))
        panel = panel_papers.start(work, a_case(work), opening, leah)
        post.living_once(work, "panel", panels.subject(panel))

    async def do(self, what: Any) -> Any:
        app = self.bot.app
        return await app.store.run(lambda session: what(Work(session, app.clock.now(), app.setting)))

    def cards(self) -> list[Any]:
        """The panel's messages in the channel on Slack."""
        return [message for message in self.bot.slack.messages(CHANNEL) if "have voted" in message.words]


async def on_slack(group: Group, member: OnSlack, number: int, choices: tuple[str, ...]) -> None:
    """Vote for each of these in turn. Some press each button twice."""
    times = 1 + (number % 5 == 0)
    await asyncio.gather(*(member.press("Vote", message=group.on_slack) for _ in range(times)))
    for thought, choice in enumerate(choices):
        if thought:
            await member.press("Change my vote")
        await group.bot.slack.until(lambda: member.open_view and "submit" in member.open_view.content, within=20)
        member.fill({WHAT: CHOICES[choice], WHY: f"It fits best, thought {thought}."})
        await asyncio.gather(*(member.submit_view() for _ in range(times)))
        assert not member.saw_error, member.reason
        assert f"counts as: {CHOICES[choice]}" in member.open_view.words  # type: ignore[union-attr]


async def on_teams(group: Group, member: OnTeams, number: int, choices: tuple[str, ...]) -> None:
    """The same in a dialog."""
    times = 1 + (number % 5 == 0)
    await asyncio.gather(*(member.press("Vote", card=group.on_teams) for _ in range(times)))
    for thought, choice in enumerate(choices):
        if thought:
            await member.submit_dialog("Change my vote")
        ballot = {WHAT: CHOICES[choice], WHY: f"It fits best, thought {thought}."}
        await asyncio.gather(*(member.submit_dialog("Send my vote", inputs=ballot) for _ in range(times)))
        assert member.last_toast is None, member.last_toast
        assert member.dialog
        assert f"counts as: {CHOICES[choice]}" in str(member.dialog.card)


@pytest.mark.long
async def test_fifty_members_vote_at_once(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot:
        bot.app.desk.answer_within = 30  # a busy machine must not look like a busy bot
        bot.app.adapters["teams"]._answer_within = 30  # type: ignore[attr-defined]
        group = Group(bot)
        await group.open()
        ways = itertools.cycle(
            [("aar",), ("none",), ("aar", "psii"), ("psii",), ("none", "none", "aar"), ("aar",), ("none",)]
        )
        plans = [next(ways) for _ in range(FIFTY)]
        shuffled = ((n * 7) % FIFTY for n in itertools.count())  # both platforms mixed
        votes = [on_teams(group, m, n, plans[n]) for n, m in enumerate(group.teams)]
        votes += [on_slack(group, m, n, plans[n]) for n, m in enumerate(group.slack, TEAMS)]
        votes.sort(key=lambda _: next(shuffled))
        at_once = asyncio.Semaphore(AT_ONCE)

        async def in_turn(voting: Any) -> None:
            async with at_once:
                await voting

        await asyncio.gather(*map(in_turn, votes))

        def tally(work: Work) -> dict[str, int]:
            return dict(panels.tally_of(work, work.session.exec(select(Panel)).one()).counts)

        def numbers(work: Work) -> dict[str, list[int]]:
            found: dict[str, list[int]] = {}
            for vote in work.session.exec(select(Vote).order_by(col(Vote.id))):
                found.setdefault(vote.member_id, []).append(vote.number)
            return found

        def posts(work: Work) -> tuple[int, int]:
            subject = panels.subject(work.session.exec(select(Panel)).one())
            hangs = work.session.exec(select(Posted).where(Posted.subject == subject)).all()
            lost = work.session.exec(select(Outbox).where(Outbox.state == "dead")).all()
            return len(hangs), len(lost)

        assert await group.do(tally) == Counter(plan[-1] for plan in plans)
        given = await group.do(numbers)
        assert len(given) == FIFTY
        assert all(found == list(range(1, len(found) + 1)) for found in given.values())
        assert sorted(map(len, given.values())) == sorted(len(plan) for plan in plans)

        await bot.slack.until(lambda: "50 of 50 have voted" in group.on_slack.words, within=10)
        await group.bot.slack.until(lambda: "50 of 50 have voted" in bot.wei_on_teams.reads(group.on_teams), within=10)
        assert len(group.cards()) == 1, "edited in place"
        assert await group.do(posts) == (2, 0)
        for choice in CHOICES.values():
            assert choice not in group.on_slack.words, "not how anybody voted"
        assert all(not bot.slack.messages(member.user.id) for member in group.slack), "nothing more than was asked for"
        assert bot.slack.refusals == []
        assert all(delivery.answer.ok for delivery in bot.slack.sent)
