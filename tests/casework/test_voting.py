"""Voting in a panel: given and changed in private, standing back, and how it closes."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as given_steps
from hypothesis import strategies as st
from responses import AMINA, BRONWEN, CARYS, LEAH, SANDEEP, TOMASZ, WEI, case_in, press, read_case
from sqlmodel import Session, col, select

from duty_stage import who
from psirf_bot.casework import panel_closing, panel_papers, panel_voting, panels, people, post
from psirf_bot.casework.case_facts import panel_of
from psirf_bot.casework.inbound import Place
from psirf_bot.casework.panel_members import all_of
from psirf_bot.casework.panel_papers import Opening
from psirf_bot.casework.work import Press, Refusal, Work
from psirf_bot.delivery.tick import Tick
from psirf_bot.domain.panel import PanelSettings, Seat
from psirf_bot.store.tables import AuditEntry, Case, Channel, Deadline, Panel, StandIn, Vote
from scenes import scene
from stage import Stage, address_of, words

PRIYA, FEMI, CALLUM, MARGUERITE = "Priya Raman", "Femi Adeyemi", "Callum Strachan", "Marguerite Oduya"
NO_VOTE = "You do not have a vote on this one. If you think you should, please ask the quality team."
SEATS = {LEAH: Seat.QUALITY, SANDEEP: Seat.QUALITY, BRONWEN: Seat.SERVICE, PRIYA: Seat.EXPERT, FEMI: Seat.EXPERT}
WEDNESDAY = date(2026, 11, 25)
AT_FIVE = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
MINE = {"choice": "mdt", "rationale": "Three alike this year."}


def open_panel(
    work: Work, seats: dict[str, Seat] | None = None, route: str = "weekly", closes: date = WEDNESDAY
) -> str:
    """The panel of the first case, with its card in the panel's channel."""
    ids = {who(work, name).id: seat for name, seat in (seats or SEATS).items()}
    opening = Opening(route, who(work, SANDEEP).id, None, ids, closes, panel_papers.papers_in({}))
    panel = panel_papers.start(work, case_in(work), opening, people.member(work, who(work, LEAH)))
    post.living_once(work, "panel", panels.subject(panel))
    return panel.id


def panel_channel(work: Work) -> None:
    channel = Channel(purpose="panel", platform="web", address={"channel": "panel"}, set_by="x", set_at=work.now)
    work.session.add(channel)


def the_panel(work: Work) -> Panel:
    panel = panel_of(work, case_in(work))
    assert panel
    return panel


def given(work: Work) -> list[tuple[str, int, str, str]]:
    """Every vote that was ever given: for whom, its number, by whom, and for what."""
    seats = {m: people.name_of(work, p) for m, p in _seats(work)}
    found = work.session.exec(select(Vote).order_by(col(Vote.id)))
    return [(seats[v.member_id], v.number, people.name_of(work, v.by_id), v.choice) for v in found]


def _seats(work: Work) -> list[tuple[str, str]]:

    return [(member.id, member.person_id) for member in all_of(work, the_panel(work))]


def tally(work: Work) -> dict[str, int]:
    return dict(panels.tally_of(work, the_panel(work)).counts)


def duties(work: Work) -> dict[str, str]:
    """Whose vote is wanted, and how far that is."""
    found = work.session.exec(select(Deadline).where(Deadline.rule == "panel.vote"))
    return {people.name_of(work, deadline.owner_id): deadline.state for deadline in found}


def away(work: Work, name: str, deputy: str, days: int = 30) -> None:
    starts = work.local.date()
    ends = starts + timedelta(days=days)
    work.session.add(StandIn(person_id=who(work, name).id, deputy_id=who(work, deputy).id, starts=starts, ends=ends))


def back(work: Work) -> None:
    for stand_in in work.session.exec(select(StandIn)):
        work.session.delete(stand_in)


@pytest.fixture
async def voting(stage: Stage) -> Stage:
    """The panel of a near miss, open until Wednesday at five."""
    await _voting(stage)
    return stage


@pytest.fixture
async def on_each(tmp_path: Path, database: str) -> AsyncIterator[Stage]:
    async with Stage(tmp_path, database=database) as stage:
        await _voting(stage)
        yield stage


@scene
async def _voting(stage: Stage, **how: Any) -> None:
    await stage.do(panel_channel)
    await read_case(stage)
    await stage.do(lambda work: open_panel(work, **how))
    await stage.settled()


async def vote(stage: Stage, name: str, choice: str = "mdt", why: str = "Three alike this year.") -> str:
    return words(await press(stage, name, "panel.vote", {"choice": choice, "rationale": why}))


# A vote


async def test_a_vote_is_given_from_the_channels_card_and_answered_in_private(voting: Stage) -> None:
    form = await voting.presses(BRONWEN, voting.channel("panel")[-1], "Vote", channel="panel")
    assert "Nobody has confirmed the facts yet" in words(form)
    assert "You can change your vote until Wednesday 25 November 2026, 17:00." in words(form)
    assert "Until voting closes nobody sees how you voted. Then the chair and the quality team see it" in words(form)
    done = await voting.presses(BRONWEN, form, "Send my vote", MINE, channel="panel")
    await voting.settled()
    assert done.title == "Your vote is counted"
    assert "counts as: Multi-Incident Review" in words(done)
    assert "Wednesday 25 November 2026, 17:00" in words(done)
    [card] = voting.channel("panel")
    assert "Voted: Bronwen Hale" in words(card)
    assert "Multi-Incident" not in words(card), "not how anybody voted"
    assert await voting.do(given) == [(BRONWEN, 1, BRONWEN, "mdt")]
    assert (await voting.do(duties))[BRONWEN] == "done"


async def test_what_the_rules_propose_is_said_with_its_source(voting: Stage) -> None:
    def confirm(work: Work) -> None:
        the_panel(work).facts = ["never-event", "safeguarding"]

    await voting.do(confirm)
    form = words(await press(voting, PRIYA, "panel.vote"))
    assert "as the least, because of: A never event (national guide to responding proportionately)" in form
    assert "The minimum cannot be voted away" in form
    assert "Chief Nurse or the Medical Director" in form
    assert "refer it to: Safeguarding lead and the local authority, for: A safeguarding concern" in form


async def test_the_promise_keeps_to_what_the_trust_shows(tmp_path: Path) -> None:
    async with Stage(tmp_path, panel=PanelSettings(shows_votes="at once")) as stage:
        await _voting(stage)
        assert "the card in the channel only counts the votes as they come" in words(
            await press(stage, PRIYA, "panel.vote")
        )


async def test_no_fact_sets_no_minimum(voting: Stage) -> None:
    def confirm(work: Work) -> None:
        the_panel(work).facts = []

    await voting.do(confirm)
    assert "The rules set no minimum" in words(await press(voting, PRIYA, "panel.vote"))


async def test_a_vote_can_be_changed_every_change_stays_and_the_same_again_changes_nothing(voting: Stage) -> None:
    done = await press(voting, BRONWEN, "panel.vote", MINE)
    await press(voting, BRONWEN, "panel.vote", MINE)
    form = await voting.presses(BRONWEN, done, "Change my vote")
    assert [(i.id, i.value) for i in form.inputs()] == [  # type: ignore[union-attr]
        ("choice", ("mdt",)),
        ("rationale", "Three alike this year."),
    ]
    await voting.presses(BRONWEN, form, "Send my vote", {"choice": "aar", "rationale": "A short look is enough."})
    assert await voting.do(given) == [(BRONWEN, 1, BRONWEN, "mdt"), (BRONWEN, 2, BRONWEN, "aar")]
    assert await voting.do(tally) == {"aar": 1}


async def test_the_audit_knows_of_every_vote_but_keeps_no_words(voting: Stage) -> None:
    await vote(voting, PRIYA)
    await vote(voting, PRIYA, "aar")

    def entries(work: Work) -> list[AuditEntry]:
        return list(work.session.exec(select(AuditEntry).where(AuditEntry.what == "voted")))

    found = await voting.do(entries)
    assert len(found) == 2
    assert found[0].digest != found[1].digest
    assert "alike" not in str([entry.model_dump() for entry in found])


async def test_an_identifier_in_the_reasons_is_held_back(voting: Stage) -> None:
    held = await press(voting, PRIYA, "panel.vote", MINE | {"rationale": "As with 943 476 5919."})
    assert "NHS number" in words(held)
    assert await voting.do(given) == []


async def test_reasons_are_needed(voting: Stage) -> None:
    again = await press(voting, PRIYA, "panel.vote", {"choice": "mdt", "rationale": " "})
    assert [i.error for i in again.inputs() if i.id == "rationale"] == [
        "Please answer this. The rest of your words are kept."
    ]
    assert await voting.do(given) == []


# Those who have none


async def test_everybody_without_a_vote_hears_the_same_words(stage: Stage) -> None:
    await stage.do(panel_channel)
    await read_case(stage, involved="yes", colleagues=TOMASZ)
    assert [await refused(stage, name) for name in (WEI, LEAH)] == [NO_VOTE] * 2, "there is no panel yet"
    members = {**SEATS, TOMASZ: Seat.SERVICE, CARYS: Seat.SERVICE}  # though none of them should have a seat
    await stage.do(lambda work: open_panel(work, members))
    await press(stage, FEMI, "panel.recuse", sure="yes")
    for name in (AMINA, BRONWEN, TOMASZ, CARYS, FEMI, WEI, MARGUERITE):
        assert await refused(stage, name) == NO_VOTE, name
        assert await vote(stage, name) == NO_VOTE, "and words that were typed change nothing"
    stage.later(days=7)
    assert [await refused(stage, name) for name in (TOMASZ, FEMI, WEI)] == [NO_VOTE] * 3, "nor does time"
    assert await stage.do(given) == []
    assert await refused(stage, PRIYA) != NO_VOTE


async def refused(stage: Stage, name: str) -> str:
    card = await press(stage, name, "panel.vote")
    assert card.title == "I could not do that"
    return words(card).splitlines()[2]


async def test_after_closing_no_vote_counts_and_the_words_stay_in_the_form(voting: Stage) -> None:
    form = await press(voting, PRIYA, "panel.vote")
    voting.now = AT_FIVE
    told = words(await voting.presses(PRIYA, form, "Send my vote", MINE))
    assert "Voting on PSI-2026-0001 has closed" in told
    assert "Your words are still in the form. Type panel PSI-2026-0001" in told
    await voting.tick()
    assert "has closed" in words(await voting.presses(PRIYA, form, "Send my vote", MINE))
    assert "has closed" in words(await press(voting, PRIYA, "panel.vote"))
    assert await voting.do(given) == []


# Whoever stands in


async def test_a_stand_in_votes_for_the_seat_and_the_member_may_change_it_afterwards(voting: Stage) -> None:
    await voting.do(lambda work: away(work, BRONWEN, WEI))
    form = words(await press(voting, WEI, "panel.vote"))
    assert "You vote for the member you stand in for today, who can see this vote." in form
    assert "nobody else sees how you voted" in form
    assert "The vote of the member you stand in for" in await vote(voting, WEI)
    assert (await voting.do(duties))[BRONWEN] == "done"
    await voting.do(back)
    assert await refused(voting, WEI) == NO_VOTE
    form_back = await press(voting, BRONWEN, "panel.vote")
    assert "Another vote was given for this seat. Yours takes its place" in words(form_back)
    assert [getattr(i, "value", "") for i in form_back.inputs()] == [(), ""], "nobody else's words"
    await vote(voting, BRONWEN)
    await vote(voting, BRONWEN, "aar")
    assert await voting.do(given) == [
        (BRONWEN, 1, WEI, "mdt"),
        (BRONWEN, 2, BRONWEN, "mdt"),
        (BRONWEN, 3, BRONWEN, "aar"),
    ]
    assert await voting.do(tally) == {"aar": 1}


async def test_one_person_has_one_vote_also_when_they_stand_in(voting: Stage) -> None:
    await voting.do(lambda work: away(work, BRONWEN, PRIYA))
    await vote(voting, PRIYA)
    await vote(voting, PRIYA, "aar")
    assert {name for name, *_ in await voting.do(given)} == {PRIYA}


async def test_nobody_who_was_involved_votes_by_standing_in(stage: Stage) -> None:
    await read_case(stage, colleagues=TOMASZ)
    await stage.do(lambda work: open_panel(work, {PRIYA: Seat.EXPERT, FEMI: Seat.EXPERT}))
    await stage.do(lambda work: away(work, PRIYA, TOMASZ))
    assert await refused(stage, TOMASZ) == NO_VOTE
    await stage.do(back)
    await press(stage, FEMI, "panel.recuse", sure="yes")
    await stage.do(lambda work: away(work, PRIYA, FEMI))
    assert await refused(stage, FEMI) == NO_VOTE, "nor whoever has stood back"


# Standing back


async def test_standing_back_asks_once_and_for_no_reason(voting: Stage) -> None:
    await vote(voting, PRIYA)
    ask = await voting.presses(PRIYA, voting.channel("panel")[-1], "Stand back", channel="panel")
    assert ask.title == "Stand back from PSI-2026-0001?"
    assert not list(ask.inputs())
    assert await voting.do(tally) == {"mdt": 1}, "nothing has happened yet"
    done = await voting.presses(PRIYA, ask, "Stand back")
    await voting.settled()
    assert done.title == "You have stood back"
    assert "Priya" not in words(voting.channel("panel")[-1])
    assert len(voting.channel("panel")) == 1
    assert await voting.do(tally) == {}
    assert await voting.do(given) == [(PRIYA, 1, PRIYA, "mdt")], "it stays in the record"
    assert await refused(voting, PRIYA) == NO_VOTE
    assert (await press(voting, PRIYA, "panel.recuse", sure="yes")).title == "You have stood back"


async def test_standing_back_ends_the_reminders(voting: Stage) -> None:
    await press(voting, FEMI, "panel.recuse", sure="yes")
    assert (await voting.do(duties))[FEMI] == "dropped"


async def test_whoever_takes_no_part_cannot_stand_back(voting: Stage) -> None:
    for args in ({}, {"sure": "yes"}):
        card = await press(voting, WEI, "panel.recuse", **args)
        assert NO_VOTE in words(card)
    assert len(await voting.do(_seats)) == len(SEATS)


async def test_a_stand_in_stands_back_for_themselves_alone(voting: Stage) -> None:
    await voting.do(lambda work: away(work, BRONWEN, WEI))
    await press(voting, WEI, "panel.recuse", sure="yes")
    assert await refused(voting, WEI) == NO_VOTE
    assert (await voting.do(duties))[BRONWEN] == "dropped", "so that WEI is not reminded of it"
    await voting.do(back)
    await vote(voting, BRONWEN)
    assert await voting.do(tally) == {"mdt": 1}


async def test_the_vote_of_a_stand_in_who_stands_back_no_longer_counts(voting: Stage) -> None:
    await voting.do(lambda work: away(work, BRONWEN, WEI))
    await vote(voting, WEI)
    await press(voting, WEI, "panel.recuse", sure="yes")
    assert await voting.do(tally) == {}


async def test_once_the_decision_is_written_the_quality_team_is_asked(voting: Stage) -> None:
    def decide(work: Work) -> None:
        the_panel(work).state = panels.DECIDED

    await voting.do(decide)
    told = words(await press(voting, PRIYA, "panel.recuse", sure="yes"))
    assert "tell the quality team" in told
    assert all(person for _, person in await voting.do(_seats))


async def test_when_the_chair_stands_back_the_quality_team_is_asked_for_another(voting: Stage) -> None:
    ask = await press(voting, SANDEEP, "panel.recuse")
    assert "You chair this panel" in words(ask)
    await voting.presses(SANDEEP, ask, "Stand back")
    await voting.settled()
    asked = voting.channel()[-1]
    assert asked.title == "A panel needs a chair"
    assert "Sandeep" not in words(asked)

    def decides(work: Work) -> list[str | None]:
        found = work.session.exec(select(Deadline).where(Deadline.rule == "panel.decided", Deadline.state == "open"))
        return [deadline.owner_id for deadline in found]

    assert await voting.do(decides) == [None], "the quality team sees to it meanwhile"
    told = len(voting.private(SANDEEP))
    voting.now = AT_FIVE
    await voting.tick()
    assert len(voting.private(SANDEEP)) == told
    assert [card.title for card in voting.channel()].count("A panel needs a chair") == 2


# Closing


async def test_closing_early_shows_who_has_not_voted_first(voting: Stage) -> None:
    await vote(voting, PRIYA)
    await vote(voting, BRONWEN, "aar")
    ask = await press(voting, LEAH, "panel.close")
    assert "Not voted yet: Femi Adeyemi, Leah Rosenfeld, Sandeep Bhullar" in words(ask)
    assert "Missing for the quorum: 1 vote from the quality team" in words(ask)
    assert "You have not voted yourself yet." in words(ask)
    assert "A missing quorum stands in the minute." in words(ask)
    assert (await voting.do(the_panel)).closed_at is None
    done = await voting.presses(LEAH, ask, "Close it all the same")
    await voting.settled()
    assert done.title == "Voting on PSI-2026-0001 has closed"
    told = words(voting.private(SANDEEP)[-1])
    for said in (
        "Voted: 2 of 5",
        "Missing for the quorum: 1 vote from the quality team",
        "Tie between: Multi-Incident Review",
        "The group decides; I do not.",
    ):
        assert said in told
    assert (await voting.do(the_panel)).state == panels.VOTING, "nothing is decided by it"
    assert (await voting.do(the_panel)).closed_at == voting.now
    assert set((await voting.do(duties)).values()) == {"done", "dropped"}
    assert "Voting has closed" in words(voting.channel("panel")[-1])
    messages = len(voting.private(SANDEEP))
    assert (await press(voting, LEAH, "panel.close", sure="yes")).title == done.title
    assert len(voting.private(SANDEEP)) == messages, "once"


async def test_closing_early_says_only_what_is_so(voting: Stage) -> None:
    for name in (BRONWEN, PRIYA, SANDEEP):
        await vote(voting, name)
    ask = words(await press(voting, SANDEEP, "panel.close"))
    assert "Not voted yet: Femi Adeyemi, Leah Rosenfeld" in ask
    assert "quorum" not in ask
    assert "yourself" not in ask


async def test_the_chair_who_closes_it_is_answered_and_not_told_again(voting: Stage) -> None:
    for name in SEATS:
        await vote(voting, name)
    told = len(voting.private(SANDEEP))
    done = await press(voting, SANDEEP, "panel.close")
    assert "Voted: 5 of 5" in words(done), "with every vote and the quorum there is nothing to ask"
    assert "Tie" not in words(done)
    assert len(voting.private(SANDEEP)) == told


async def test_nobody_else_closes_it(voting: Stage) -> None:
    for name in (PRIYA, WEI, MARGUERITE):
        assert "You cannot close the voting on this one." in words(await press(voting, name, "panel.close", sure="yes"))
    await press(voting, LEAH, "panel.recuse", sure="yes")
    assert "You cannot close" in words(await press(voting, LEAH, "panel.close", sure="yes"))
    assert (await voting.do(the_panel)).closed_at is None


async def test_it_closes_by_itself_at_its_time(on_each: Stage) -> None:
    await vote(on_each, PRIYA)
    on_each.now = AT_FIVE - timedelta(minutes=1)
    await on_each.tick()
    assert (await on_each.do(the_panel)).closed_at is None
    on_each.now = AT_FIVE + timedelta(minutes=3)
    await on_each.tick()
    assert (await on_each.do(the_panel)).closed_at == AT_FIVE
    assert "Voting has closed" in words(on_each.channel("panel")[-1])
    assert len(on_each.channel("panel")) == 1
    heard = [card.title for card in on_each.private(SANDEEP)].count("Voting on PSI-2026-0001 has closed")
    assert heard == 0, "it is past five: the chair hears of it in the morning"
    on_each.now = datetime(2026, 11, 26, 9, 1, tzinfo=UTC)
    for _ in range(2):
        await on_each.tick()
    heard = [card.title for card in on_each.private(SANDEEP)].count("Voting on PSI-2026-0001 has closed")
    assert heard == 1
    assert not any("has closed" in card.title for name in (LEAH, BRONWEN, PRIYA) for card in on_each.private(name))


async def test_of_an_urgent_one_the_chair_hears_at_once(stage: Stage) -> None:
    await _voting(stage, route="urgent")
    stage.now = AT_FIVE
    await stage.tick()
    assert stage.private(SANDEEP)[-1].title == "Voting on PSI-2026-0001 has closed"
    assert stage.private(SANDEEP)[-1].preview == "You have a private task."


async def test_whoever_stands_in_for_the_chair_hears_of_it(stage: Stage) -> None:
    await _voting(stage, route="urgent")
    await stage.do(lambda work: away(work, SANDEEP, CALLUM))
    stage.now = AT_FIVE
    await stage.tick()
    assert stage.private(CALLUM)[-1].title == "Voting on PSI-2026-0001 has closed"
    assert not any("has closed" in card.title for card in stage.private(SANDEEP))


async def test_a_panel_that_cannot_be_closed_holds_up_no_other(voting: Stage, monkeypatch: Any) -> None:
    as_it_is = panel_closing._closed

    def closed(work: Work, case: Case, panel: Panel, by: str) -> None:
        as_it_is(work, case, panel, by)
        if panel.id == "broken":
            raise ValueError

    def another(work: Work) -> None:
        facts = the_panel(work).model_dump() | {"id": "broken", "closes_at": AT_FIVE - timedelta(hours=1)}
        work.session.add(Panel(**facts))

    def still_open(work: Work) -> list[str]:
        return list(work.session.exec(select(Panel.id).where(col(Panel.closed_at).is_(None))))

    monkeypatch.setattr(panel_closing, "_closed", closed)
    await voting.do(another)
    voting.now = AT_FIVE
    await voting.tick()
    assert await voting.do(still_open) == ["broken"]


# Reminders


async def test_who_has_not_voted_is_reminded_the_day_before_and_on_the_day_and_nobody_else(voting: Stage) -> None:
    await vote(voting, PRIYA)
    await press(voting, FEMI, "panel.recuse", sure="yes")
    reminded: dict[str, set[str]] = {}
    for day in range(23, 28):
        voting.now = datetime(2026, 11, day, 9, 0, tzinfo=UTC)
        before = {room: len(cards) for room, cards in voting.out.posts.items()}
        await voting.tick()
        for room, cards in voting.out.posts.items():
            if any("Vote on the response" in words(card) for card in cards[before.get(room, 0) :]):
                reminded.setdefault(f"{day} November", set()).add(room)
        voting.now = datetime(2026, 11, day, 17, 30, tzinfo=UTC)
        await voting.tick()
    waiting = {address_of(name) for name in (LEAH, SANDEEP, BRONWEN)}
    assert reminded == {"24 November": waiting, "25 November": waiting}


async def test_the_reminder_leads_to_the_ballot(voting: Stage) -> None:
    voting.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    await voting.tick()
    form = await voting.presses(BRONWEN, voting.private(BRONWEN)[-1], "Vote")
    done = await voting.presses(BRONWEN, form, "Send my vote", MINE)
    assert done.title == "Your vote is counted"


# At the same moment


async def test_votes_and_presses_at_the_same_moment_are_each_counted_once(on_each: Stage) -> None:
    choices = ["mdt", "aar", "psii"]
    await asyncio.gather(*(_cast(on_each, name, choice) for name in SEATS for choice in (*choices, choices[-1])))
    numbers: dict[str, list[int]] = {}
    for name, number, _, _ in await on_each.do(given):
        numbers.setdefault(name, []).append(number)
    assert set(numbers) == set(SEATS)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values()), numbers
    assert sum((await on_each.do(tally)).values()) == len(SEATS)


async def test_voting_and_closing_at_the_same_moment_agree(on_each: Stage) -> None:
    on_each.now = AT_FIVE
    tick = Tick(on_each.store, on_each.setting, lambda: on_each.now, on_each.courier.kick)
    await asyncio.gather(*(_cast(on_each, name, "mdt") for name in SEATS), tick.run(), tick.run())
    assert await on_each.do(given) == []
    on_each.now = datetime(2026, 11, 26, 9, 1, tzinfo=UTC)
    await on_each.tick()
    heard = [card.title for card in on_each.private(SANDEEP)].count("Voting on PSI-2026-0001 has closed")
    assert heard == 1


async def _cast(stage: Stage, name: str, choice: str) -> None:
    await press(stage, name, "panel.vote", {"choice": choice, "rationale": "At once."})


# Any order of it all


@dataclass
class Model:
    """What the votes come to, in the plainest way there is to say it."""

    open: bool = True
    away: bool = False
    """Bronwen Hale is away, and Wei Chen votes for her."""
    out: set[str] = field(default_factory=set)
    given: list[tuple[str, str, str]] = field(default_factory=list)

    def seat(self, name: str) -> str | None:
        seat = BRONWEN if name == WEI and self.away else name
        return seat if seat in MEMBERS and not {seat, name} & self.out else None

    def vote(self, name: str, choice: str) -> None:
        seat = self.seat(name)
        if self.open and seat and self.newest().get(seat) != (name, choice):
            self.given.append((seat, name, choice))

    def newest(self) -> dict[str, tuple[str, str]]:
        return {seat: (name, choice) for seat, name, choice in self.given}

    def tally(self) -> Counter[str]:
        return Counter(choice for seat, (_, choice) in self.newest().items() if seat not in self.out)


MEMBERS = (LEAH, BRONWEN, PRIYA)
VOTERS = (*MEMBERS, WEI, TOMASZ)
STEPS = st.one_of(
    st.tuples(st.just("vote"), st.sampled_from(VOTERS), st.sampled_from(("psii", "mdt", "none"))),
    st.tuples(st.just("vote"), st.sampled_from(VOTERS), st.sampled_from(("psii", "mdt", "none"))),
    st.tuples(st.just("recuse"), st.sampled_from((*MEMBERS, TOMASZ))),
    st.tuples(st.sampled_from(("away", "back", "close", "time passes", "tick"))),
)


class Undone(Exception):
    """What an example did is taken back."""


@pytest.mark.long
async def test_in_any_order_the_tally_is_the_models(stage: Stage) -> None:
    await read_case(stage)
    await stage.do(lambda work: open_panel(work, dict.fromkeys(MEMBERS, Seat.MEMBER)))

    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given_steps(st.lists(STEPS, min_size=3, max_size=12))
    def any_order(steps: list[tuple[str, ...]]) -> None:
        def example(session: Session) -> None:
            model, now = Model(), stage.now
            for step in steps:
                now = AT_FIVE if step[0] == "time passes" else now
                work = Work(session, now, stage.setting)
                _follow(model, step)
                _do(work, step)
                assert tally(work) == dict(model.tally()), step
            numbers: dict[str, list[int]] = {}
            found = given(work)
            for seat, number, _, _ in found:
                numbers.setdefault(seat, []).append(number)
            assert [(seat, by, choice) for seat, _, by, choice in found] == model.given
            assert all(each == list(range(1, len(each) + 1)) for each in numbers.values())
            wanted = {name for name, state in duties(work).items() if state == "open"}
            assert wanted.isdisjoint({*model.newest(), *model.out})
            raise Undone

        with pytest.raises(Undone):
            stage.store.submit(example).result()

    await asyncio.to_thread(any_order)


def _follow(model: Model, step: tuple[str, ...]) -> None:
    match step:
        case ("vote", name, choice):
            model.vote(name, choice)
        case ("recuse", name) if model.seat(name):
            model.out.add(name)
        case ("away" | "back" as how,):
            model.away = how == "away"
        case ("close" | "time passes",):
            model.open = False


def _do(work: Work, step: tuple[str, ...]) -> None:
    match step:
        case ("vote", name, choice):
            _pressed(work, name, "panel.vote", {"choice": choice, "rationale": "It fits."})
        case ("recuse", name):
            _pressed(work, name, "panel.recuse", sure="yes")
        case ("away",):
            back(work)
            away(work, BRONWEN, WEI)
        case ("back",):
            back(work)
        case ("close",):
            _pressed(work, SANDEEP, "panel.close", sure="yes")
        case ("tick",):
            panel_voting.close_those_due(work, 20)
    work.session.flush()


def _pressed(work: Work, name: str, verb: str, typed: dict[str, str] | None = None, **args: str) -> None:
    by = people.member(work, who(work, name))
    one = Press(verb, args, case_in(work).id, typed or {}, by, "web", Place("chat", private=True))
    with contextlib.suppress(Refusal), work.session.begin_nested():
        panel_voting.VERBS[verb](work, one)
