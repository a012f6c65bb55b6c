"""The panel: its card in the channel and its page, while it votes, with a tie, approved, and with fifty members."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlmodel import select

from cards.chapters.common import BRONWEN, FIRST, LEAH, NEAR_MISS, NIAMH, SANDEEP, Shown, opened, reported
from psirf_bot.casework import panel_card, panels
from psirf_bot.casework.work import Work
from psirf_bot.domain.panel import Seat
from psirf_bot.store.tables import Case, Panel, PanelMember, Person, Vote
from stage import Stage

PRIYA = "Priya Raman"
PAPERS = {"datix": "https://datix.example/record/4711", "chronology": "The night team writes it by Tuesday."}
FACTS: dict[str, Any] = {
    "facts": ["death-or-severe-harm", "safeguarding"],
    "facts_not_known": ["learning-disability"],
    "learning": "yes",
    "learning_why": "Four services share these drivers.",
    "plan_says": "An After Action Review for medication near misses.",
    "improvement": "SA-2026-0003: label the drivers.",
    "documents": PAPERS,
}
REASONS = "Both charts were in use at once, and nobody could have seen that from either of them."


async def panel(stage: Stage) -> AsyncIterator[Shown]:
    """The panel of one case, written straight into the tables, so that it depends on no other form."""
    await reported(stage, **NEAR_MISS)
    await stage.presses(LEAH, await opened(stage, LEAH), "I have read this")
    await stage.do(_begin)
    members = {LEAH: Seat.QUALITY, SANDEEP: Seat.QUALITY, BRONWEN: Seat.SERVICE, PRIYA: Seat.EXPERT}
    await _seat(stage, members)
    await _vote(stage, {LEAH: "psii", BRONWEN: "mdt"})

    async def in_channel(slug: str, title: str) -> Shown:
        card = await stage.do(lambda work: panel_card.render(work, "panel1"))
        return Shown(slug, title, card, "channel")

    yield await in_channel("panel-voting", "The panel's card in its channel")
    yield Shown("panel-page-member", "The panel's page, for a member", await stage.says(PRIYA, f"panel {FIRST}"))
    yield Shown("panel-page-chair", "The panel's page, for its chair", await stage.says(SANDEEP, f"panel {FIRST}"))
    yield Shown("panel-list", "The panels under way", await stage.says(LEAH, "panel"))
    yield Shown("panel-none", "No panel is under way", await stage.says(NIAMH, "panel"))
    yield Shown("panel-refused", "A panel that somebody may not see", await stage.says(NIAMH, f"panel {FIRST}"))
    await _change(stage, restricted=True)
    yield await in_channel("panel-restricted", "The panel's card of a restricted case")
    await _change(stage, restricted=False)
    await _vote(stage, {BRONWEN: "swarm", PRIYA: "mdt", SANDEEP: "psii"})
    await _vote(stage, {BRONWEN: "mdt"})
    await _set(stage, closed_at=stage.now)
    stage.later(hours=1)
    yield await in_channel("panel-tie", "The panel's card: voting has closed with a tie")
    yield Shown("panel-page-votes", "The panel's page: every vote", await stage.says(SANDEEP, f"panel {FIRST}"))
    chair = await stage.do(lambda work: _id(work, SANDEEP))
    signed = {"decided_by": chair, "decided_at": stage.now, "approved_by": chair, "approved_at": stage.now}
    departs = {"departure": "agreed", "departure_why": "Two PSIIs look at this already.", "departure_by": chair}
    departs |= {"departure_at": stage.now, "departure_note": "Please share what this one finds with both."}
    await _set(stage, state=panels.APPROVED, decision="mdt", rationale=REASONS, **signed, **departs)
    yield await in_channel("panel-approved", "The panel's card: decided and approved")
    yield Shown("panel-page-approved", "The panel's page: approved", await stage.says(LEAH, f"panel {FIRST}"))
    await _set(stage, state=panels.VOTING, decision=None, rationale=None, **dict.fromkeys([*signed, *departs]))
    await _many(stage)
    yield await in_channel("panel-fifty", "The panel's card with fifty members")
    page = await stage.says(LEAH, f"panel {FIRST}")
    yield Shown("panel-page-fifty", "The panel's page with fifty members", page)
    yield Shown("panel-more-votes", "More votes of a large panel", await stage.presses(LEAH, page, "More votes"))
    await _set(stage, state=panels.STOPPED)
    yield await in_channel("panel-stopped", "The panel's card: it was stopped")


def _id(work: Work, name: str) -> str:
    return work.session.exec(select(Person.id).where(Person.name == name)).one()


def _begin(work: Work) -> None:
    case = work.session.exec(select(Case)).one()
    case.state = "in panel"
    facts: dict[str, Any] = {"chair_id": _id(work, SANDEEP), "facts_by": _id(work, LEAH), "facts_at": work.now, **FACTS}
    opening: dict[str, Any] = {"opened_by": _id(work, LEAH), "opened_at": work.now}
    closes = work.now.replace(day=27, hour=17)
    work.session.add(Panel(id="panel1", case_id=case.id, route="weekly", closes_at=closes, **opening, **facts))


async def _seat(stage: Stage, members: Mapping[str, Seat]) -> None:
    def seat(work: Work) -> None:
        for name, seat in members.items():
            member = PanelMember(id=f"seat of {name}", panel_id="panel1", person_id=_id(work, name), seat=seat)
            work.session.add(member)

    await stage.do(seat)


async def _many(stage: Stage) -> None:
    """Forty-six more, most of whom have voted."""
    names = [f"Colleague {number:02d}" for number in range(46)]
    seats = [Seat.SERVICE, Seat.EXPERT, Seat.MEMBER]

    def join(work: Work) -> None:
        work.session.add_all(Person(id=f"id of {name}", name=name, roles=["staff", "panel"]) for name in names)

    await stage.do(join)
    await _seat(stage, {name: seats[number % 3] for number, name in enumerate(names)})
    await _vote(stage, dict.fromkeys(names[:26], "aar"))


async def _vote(stage: Stage, votes: Mapping[str, str]) -> None:
    def vote(work: Work) -> None:
        for name, choice in votes.items():
            seat = f"seat of {name}"
            number = len(work.session.exec(select(Vote).where(Vote.member_id == seat)).all()) + 1
            given: dict[str, Any] = {"by_id": _id(work, name), "choice": choice, "rationale": REASONS, "at": work.now}
            work.session.add(Vote(panel_id="panel1", member_id=seat, number=number, **given))

    await stage.do(vote)


async def _set(stage: Stage, **values: Any) -> None:
    def change(work: Work) -> None:
        found = work.session.get_one(Panel, "panel1")
        for name, value in values.items():
            setattr(found, name, value)
        work.session.add(found)

    await stage.do(change)


async def _change(stage: Stage, *, restricted: bool) -> None:
    def change(work: Work) -> None:
        case = work.session.exec(select(Case)).one()
        case.restricted = restricted
        work.session.add(case)

    await stage.do(change)
