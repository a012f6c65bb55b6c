"""Fifty members of a panel vote at the same moment, half on Slack and half on Teams: a press and a ballot each.

Held against the protocol floor's rate of stored submissions, 50 at once: as many turns as the burst has.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable
from functools import partial

from bench import load
from bench.rig import KINDS, Fakes, Rig
from bench.table import Figures, Line, held_against
from duty_stage import a_case, who
from fakes.slack import Person as OnSlack
from fakes.teams import ClientRefused
from fakes.teams import Person as OnTeams
from psirf_bot.casework import identities, panel_papers, panels, people, post
from psirf_bot.casework.panel_papers import Opening
from psirf_bot.casework.work import Work
from psirf_bot.domain.panel import Seat
from psirf_bot.store.tables import Channel, Identity, Person
from psirf_bot.trust_file import sample_people_text

FIFTY, TEAMS = 50, 25
"""So many of them on Teams."""
TURNS = 2
TRIES = 5
A_CASE = 9999  # a number that no report of this run has
FLOOR_SECONDS = 2.0
CHANNEL = "C0PANEL"
BALLOT = {"What should the response be?": "After Action Review", "Why?": "It fits best."}
COUNTS = "counts as: After Action Review"
DAY_LONG = 86_400.0  # seconds


class Group:
    """Fifty people with a seat, and the channels in which they are."""

    def __init__(self, platforms: Fakes) -> None:
        self.fakes, slack, teams = platforms, platforms.slack, platforms.teams
        self.slack = [slack.add_user(f"U0MEMBER{n:02d}", f"Member {n:02d}") for n in range(TEAMS, FIFTY)]
        self.teams = [teams.person(f"Member {n:02d}", installed=True) for n in range(TEAMS)]
        slack.add_channel(CHANNEL, "panel", {slack.bot_user_id, *(m.user.id for m in self.slack)})
        self.channel = teams.team("Panel", *self.teams, channels=("Panel",), installed=True).channels["Panel"]

    def open(self, work: Work) -> None:
        """The panel of a case, with its card on the way to both channels."""
        slack, teams = self.fakes.slack, self.fakes.teams
        on_slack = [("slack", slack.team_id, m.user.id, m.user.real_name) for m in self.slack]
        on_teams = [("teams", teams.tenant_id, m.user.aad_object_id or "", m.user.name) for m in self.teams]
        for number, (platform, team, user, name) in enumerate(on_slack + on_teams):
            work.session.add(Person(id=f"member{number:02d}", name=name, roles=["staff", "panel"]))
            address = identities.first_address(platform, team, user)
            known = Identity(platform=platform, team=team, user=user, person_id=f"member{number:02d}", address=address)
            work.session.add(known)
        on_teams_at = {"conversation": self.channel.id, "service_url": teams.service_url}
        places: dict[str, dict[str, str]] = {"slack": {"channel": CHANNEL}, "teams": on_teams_at}
        for platform, address in places.items():
            channel = Channel(purpose="panel", platform=platform, address=address, set_by="bench", set_at=work.now)
            work.session.add(channel)
        work.session.flush()
        seats = {f"member{number:02d}": Seat(list(Seat)[number % 4]) for number in range(FIFTY)}
        closes, papers = panel_papers.usual_day(work, 3), panel_papers.papers_in({})
        opening = Opening("weekly", who(work, "Sandeep Bhullar").id, None, seats, closes, papers)
        panel = panel_papers.start(
            work, a_case(work, A_CASE), opening, people.member(work, who(work, "Leah Rosenfeld"))
        )
        post.living_once(work, "panel", panels.subject(panel))

    async def vote_on_slack(self, member: OnSlack) -> str:
        """Press and send the ballot; again when told that the bot is too busy. Returns what went wrong, or nothing."""
        slack = self.fakes.slack
        card = next(m for m in slack.messages(CHANNEL) if "have voted" in m.words)
        for _ in range(TRIES):
            await member.press("Vote", message=card)
            view = await slack.until(lambda: member.open_view, within=30)
            if view and "submit" in view.content:
                break
            await member.close_view(all_of_them=True)
        else:
            return "Slack: no ballot"
        for _ in range(TRIES):
            await member.submit_view(BALLOT)
            if member.open_view and COUNTS in member.open_view.words:
                return ""
            while member.open_view and "submit" not in member.open_view.content:
                await member.close_view()
        return f"Slack: {member.reason or member.saw_error or 'not counted'}"

    async def vote_on_teams(self, member: OnTeams) -> str:
        """The same in a dialog."""
        card = await member.hears("have voted", channel=self.channel)
        for _ in range(TRIES):
            await member.press("Vote", card=card)
            if member.dialog:
                break
        else:
            return f"Teams: no ballot, {member.last_toast}"
        for _ in range(TRIES):
            try:
                await member.submit_dialog("Send my vote", inputs=BALLOT)
            except ClientRefused:  # what stands there instead: the bot is too busy
                await member.submit_dialog("Try again")
            if member.dialog and COUNTS in str(member.dialog.card):
                return ""
        return f"Teams: {member.last_toast or 'not counted'}"


async def votes(rig: Rig) -> Line:
    """The burst. Whoever else was in the people list has left it afterwards."""
    slack = rig.fakes.slack
    slack.world.clock = partial(float, time.time())  # a trigger must not age: how long it takes is what is measured
    rig.fakes.teams.invoke_patience = DAY_LONG
    rig.answer_the_fakes()
    group = Group(rig.fakes)
    async with rig.fakes.at_a_desk(rig.url, sample_people_text()) as app:
        await app.store.run(lambda s: group.open(Work(s, app.clock.now(), app.setting)))
    floor = await load.run(rig.floor(KINDS[1]).traffic, FIFTY, FLOOR_SECONDS)
    await slack.until(lambda: any("have voted" in m.words for m in slack.messages(CHANNEL)), 20)
    await group.teams[0].hears("have voted", channel=group.channel, within=20)
    faults = Counter(floor.faults)
    times: list[float] = []

    async def voting(vote: Awaitable[str]) -> None:
        if fault := await vote:
            faults[fault] += 1
        times.append(time.perf_counter() - began)

    everybody = [*map(group.vote_on_slack, group.slack), *map(group.vote_on_teams, group.teams)]
    with load.unpaused():
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*map(voting, everybody))
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    if (stored := rig.count("SELECT count(DISTINCT member_id) FROM vote")()) != FIFTY:
        faults[f"{stored} of {FIFTY} votes stored"] += 1
    faults += Counter(await rig.settled())
    floors = Figures(per_second=floor.per_second / TURNS)
    name, where = "vote burst of 50", str(rig.set_up)
    line = held_against(name, where, Figures.of(times, took), "protocol floor, 2 turns", floors)[0]
    line.faults = faults
    line.notes = [f"at the vote burst, {where}, the fakes took {100 * cpu / took:.0f} % of a core"]
    return line
