"""The decision of a panel: written, changed, a departure asked for and answered, approved; and the list of gaps."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlmodel import select

from cards.chapters.common import (
    BRONWEN,
    FEMI,
    FIRST,
    LEAH,
    MARGUERITE,
    NEAR_MISS,
    SANDEEP,
    Shown,
    opened,
    reported,
    titled,
)
from psirf_bot.cards.model import Card
from psirf_bot.casework.work import Work
from psirf_bot.domain.minimum import GRAVE
from psirf_bot.domain.panel import Seat
from psirf_bot.store.tables import Case, Panel, PanelMember, Person, Vote
from stage import Stage

HUSSEIN = "Hussein Al-Tamimi"
VOTES = {LEAH: (Seat.QUALITY, "psii"), BRONWEN: (Seat.SERVICE, "mdt"), FEMI: (Seat.EXPERT, None)}
WRITTEN = {
    "decision": "mdt",
    "rationale": "Four events like this one are looked at together, so that the pattern shows.",
    "departure": "Two PSIIs look at the same drivers already. A third would ask the same people the same things.",
    "without-quorum": "Neither expert was there, and the family waits to hear from us.",
}
ANEW = WRITTEN | {"departure": "The family has been asked, and would rather have the four looked at together."}


async def panel_decision(stage: Stage) -> AsyncIterator[Shown]:
    """A panel whose voting has closed with a tie and without its quorum, and whose facts want a PSII."""

    async def press(name: str, label: str, given: Mapping[str, Any] | None = None) -> Card:
        """Press a button of the panel's page as it is by then."""
        card = await stage.presses(name, await stage.says(name, f"panel {FIRST}"), label, given)
        await stage.settled()
        return card

    await reported(stage, **NEAR_MISS)
    await stage.presses(LEAH, await opened(stage, LEAH), "I have read this")
    await stage.do(_closed)
    yield Shown("gaps-undecided", "The list of gaps: not decided yet", await stage.says(MARGUERITE, "gaps"))
    form = await press(SANDEEP, "Write the decision")
    yield Shown("form-panel-decide", "Form: what the panel decided", form)
    draft = await press(SANDEEP, "Write the decision", WRITTEN)
    yield Shown("panel-draft-waits", "The draft minute: a departure waits for its answer", draft)
    asked = titled(stage.private(MARGUERITE), "A panel asks to depart from the minimum")
    yield Shown("panel-departure", "Asked to allow a departure from the minimum", asked)
    no = await stage.presses(MARGUERITE, asked, "It has to be a PSII")
    yield Shown("form-panel-depart-no", "Form: it has to be a PSII", no)
    answer = {"why-psii": "The family has asked for an investigation of its own, and should have it."}
    refused = await stage.presses(MARGUERITE, no, "Tell the chair", answer)
    yield Shown("panel-not-allowed", "The departure is not allowed", refused)
    await stage.settled()
    yield Shown("panel-written-again", "The chair writes it again", stage.private(SANDEEP)[-1])
    await press(SANDEEP, "Write the decision", ANEW)
    yes = await stage.presses(HUSSEIN, stage.private(HUSSEIN)[-1], "Allow it")
    yield Shown("form-panel-depart-yes", "Form: allow the departure", yes)
    note = {"note": "Please share what this one finds with both."}
    allowed = await stage.presses(HUSSEIN, yes, "Allow it", note)
    yield Shown("panel-allowed", "The departure is allowed", allowed)
    await stage.settled()
    draft = stage.private(SANDEEP)[-1]
    yield Shown("panel-draft", "The draft minute, to be approved", draft)
    approved = await stage.presses(SANDEEP, draft, "Approve the minute")
    yield Shown("panel-minute-approved", "The minute is approved", approved)
    yield Shown(
        "gaps-departure", "The list of gaps: a departure", await stage.presses(HUSSEIN, allowed, "See the list of gaps")
    )


def _closed(work: Work) -> None:
    case = work.session.exec(select(Case)).one()
    case.state = "in panel"
    ids = dict(work.session.exec(select(Person.name, Person.id)).all())
    panel = Panel(
        id="panel1",
        case_id=case.id,
        route="weekly",
        chair_id=ids[SANDEEP],
        opened_by=ids[LEAH],
        opened_at=work.now,
        closes_at=work.now,
        closed_at=work.now,
        documents={"datix": "https://datix.example/4711", "chronology": "Not yet", "accounts": "https://files.example"},
        facts=[GRAVE, "safeguarding"],
        facts_not_known=["learning-disability"],
        facts_by=ids[LEAH],
        facts_at=work.now,
        learning="yes",
        learning_why="Four services share these drivers.",
        could_have="yes",
    )
    work.session.add_all([case, panel])
    for name, (seat, choice) in VOTES.items():
        member = PanelMember(id=f"seat of {name}", panel_id=panel.id, person_id=ids[name], seat=seat)
        work.session.add(member)
        if choice:
            given = {"by_id": ids[name], "choice": choice, "rationale": "As we said.", "at": work.now}
            work.session.add(Vote(panel_id=panel.id, member_id=member.id, number=1, **given))
