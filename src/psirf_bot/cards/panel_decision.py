"""The cards of a panel's decision: the draft of the minute, and a departure from the minimum that is asked for."""

from dataclasses import dataclass

from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words
from psirf_bot.cards.response import PRIVATE_TASK


@dataclass(frozen=True, slots=True)
class Draft:
    """The minute in short, as its chair reads it before it is approved. `quorum`: what is missing, empty if nothing."""

    reference: str
    service: str
    decision: str
    written_by: str
    rationale: str
    departure: str
    departure_why: str
    proposed: str
    votes: str
    quorum: str
    members: tuple[Fact, ...]
    papers: tuple[Fact, ...]
    facts: tuple[Fact, ...]


def draft_card(draft: Draft, opening: str, buttons: tuple[Button, ...]) -> Card:
    """`opening`: what the reader is asked, or told to wait for. What is decided and what to press come first."""
    decided = Facts(facts=(Fact(label="Decision", value=draft.decision), Fact(label="By", value=draft.written_by)))
    body: list[Part] = [
        Words(text=draft.service, style="subtle"),
        decided,
        Words(text=opening),
        *([Buttons(buttons=buttons)] if buttons else []),
        Words(text="Why", style="heading"),
        Words(text=draft.rationale, typed=True),
    ]
    if draft.departure:
        body.append(Words(text="Departure from the minimum", style="heading"))
        body += [Words(text=draft.departure, typed=True), Words(text=draft.departure_why, typed=True)]
    body += [Words(text="What the rules propose", style="heading"), Words(text=draft.proposed)]
    body += [Words(text="Votes", style="heading"), Words(text=draft.votes)]
    if draft.quorum:
        body.append(Words(text=draft.quorum))
    for heading, facts in (("Members", draft.members), ("Papers", draft.papers), ("Facts", draft.facts)):
        if facts:
            body += [Words(text=heading, style="heading"), Facts(facts=facts)]
    title = f"The panel's minute on {draft.reference}: a draft"
    return Card(title=title, preview=PRIVATE_TASK, body=tuple(body))


@dataclass(frozen=True, slots=True)
class Departure:
    """A panel that wants something other than the minimum: what the rules propose, what it wants, and why.

    `others`: the office whose holder may answer it instead; empty where there is none today.
    """

    reference: str
    service: str
    proposed: str
    wanted: str
    asked_by: str
    why: str
    others: str


def departure_card(departure: Departure, buttons: tuple[Button, ...]) -> Card:
    """To the Chief Nurse or the Medical Director (I09)."""
    whose = f"you or {departure.others}" if departure.others else "you"
    text = (
        f"A panel has voted, and wants something other than the rules propose. That is for {whose} to answer. "
        "Either way it is written in the minute; allowed, it stays on the list of gaps."
    )
    facts = (
        Fact(label="What the rules propose", value=departure.proposed),
        Fact(label="What the panel wants", value=departure.wanted),
        Fact(label="Asked by", value=departure.asked_by),
    )
    return Card(
        title="A panel asks to depart from the minimum",
        preview=PRIVATE_TASK,
        body=(
            Words(text=f"{departure.reference}, {departure.service}", style="subtle"),
            Words(text=text),
            Facts(facts=facts),
            Words(text="Why", style="heading"),
            Words(text=departure.why, typed=True),
            Buttons(buttons=buttons),
        ),
    )
