"""The cards of a panel: the living one in its channel, its page in private, and the list of those under way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psirf_bot.cards.model import Button, Buttons, Card, Details, Fact, Facts, Part, Words
from psirf_bot.domain.minimum import Requirement
from psirf_bot.domain.panel import Seat

NAMED = 15
"""Names on the card in the channel; a larger group is counted, and its first ones who have not voted are named."""
NOBODY_CONFIRMED = "Nobody has confirmed the facts yet."
KEPT_INSIDE = "Only those who look at this one may read about it. Open the page to read it."
DISCLOSABLE = (
    "I keep nothing that is written in this thread, and it remains disclosable (Freedom of Information, subject access "
    "requests). No names of patients or staff here, please."
)
FROM = {Seat.QUALITY: "the quality team", Seat.SERVICE: "service representatives", Seat.EXPERT: "subject experts"}


@dataclass(frozen=True, slots=True)
class GroupShown:
    """The members who have a seat for the same reason: the names of those who have voted, and of those who have not."""

    seat: str
    voted: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TallyShown:
    """How many voted for what, in the trust's own words; `tied`: those that share the most votes."""

    counts: tuple[tuple[str, int], ...]
    tied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PanelShown:
    """A panel as everybody who sees it may read it: never how anybody voted.

    `about`: the kind of event and its service. `confirmed`: the requirements whose facts are so; None while nobody has
    confirmed any. `papers`: by document, whether it is there. `outcome`: where it has got to since voting closed.
    """

    reference: str
    about: str
    standing: tuple[Fact, ...]
    is_open: bool
    confirmed: tuple[Requirement, ...] | None
    not_known: tuple[str, ...]
    considered: tuple[Fact, ...]
    papers: tuple[Fact, ...]
    plan: str
    groups: tuple[GroupShown, ...]
    lacks: Mapping[Seat, int]
    tally: TallyShown | None
    outcome: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        return f"Panel on {self.reference}: {self.about}" if self.about else f"Panel on {self.reference}"


@dataclass(frozen=True, slots=True)
class VoteShown:
    """One vote as the chair and the quality team read it once voting has closed."""

    heading: str
    rationale: str


@dataclass(frozen=True, slots=True)
class OwnVote:
    """The vote of the seat that the reader votes for. `whose`: the member's name, where they stand in for one."""

    whose: str
    choice: str
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class PageShown:
    """What the page says besides: for those who may see the panel. `votes`: only for whoever may read them."""

    confirmed_by: str
    papers: tuple[Fact, ...]
    own: OwnVote | None
    votes: tuple[VoteShown, ...]
    more_votes: int
    decided: tuple[Fact, ...]
    rationale: str


def channel_card(shown: PanelShown, buttons: tuple[Button, ...], *, kept_inside: bool) -> Card:
    """The living card in the panel's channel. `kept_inside`: it says nothing about the event but its reference."""
    body: list[Part] = [Facts(facts=shown.standing)]
    if kept_inside:
        body.append(Words(text=KEPT_INSIDE))
    else:
        plan = (Fact(label="What the plan says", value=shown.plan, typed=True),) if shown.plan else ()
        body += [*_proposed(shown), *_table((*shown.considered, *plan))]
    body += [Words(text="Papers", style="heading"), *_table(shown.papers)]
    body += [*_votes(shown), *_quorum(shown)]
    if not kept_inside:
        body += [*_tally(shown), *_outcome(shown)]
    body.append(Words(text=DISCLOSABLE, style="subtle"))
    title = f"Panel on {shown.reference}" if kept_inside else shown.heading
    return Card(title=title, preview=f"{shown.reference} is with the panel.", body=tuple(body), buttons=buttons)


def stopped_card(reference: str) -> Card:
    """In place of the living card, once there is nothing to decide any more."""
    text = "This panel was stopped before it came to a decision. Nothing more is asked of anybody here."
    return Card(title=f"Panel on {reference}", preview=f"{reference} has left the panel.", body=(Words(text=text),))


def page_card(shown: PanelShown, page: PageShown, rows: Iterable[tuple[Button, ...]]) -> Card:
    """The page of a panel, in private, with what this person may do next."""
    confirmed = (Words(text=page.confirmed_by, style="subtle"),) if page.confirmed_by else ()
    body: list[Part] = [Facts(facts=shown.standing), *_proposed(shown), *confirmed, *_table(shown.considered)]
    body += [Words(text="Papers", style="heading"), *_table(page.papers)]
    body += [*_votes(shown), *_quorum(shown), *_own(page.own), *_tally(shown)]
    body += votes_parts(page.votes, page.more_votes)
    if shown.outcome or page.decided:
        body += [Words(text="Decision", style="heading"), *_outcome(shown)]
    body += _table(page.decided)
    if page.rationale:
        body += [Words(text="Why", style="subtle"), Words(text=page.rationale, typed=True)]
    body += [Buttons(buttons=row) for row in rows if row]
    return Card(title=shown.heading, preview="Your page is ready.", body=tuple(body))


def votes_card(heading: str, votes: Sequence[VoteShown], more: int, *buttons: Button) -> Card:
    """More of the votes of a large panel, for the chair and the quality team."""
    return Card(title=heading, preview="Your page is ready.", body=votes_parts(votes, more), buttons=buttons)


def list_card(rows: Sequence[tuple[str, str, Button]], *, more: int) -> Card:
    """The panels under way that somebody takes part in: each with its heading, when voting closes, and its button."""
    body: list[Part] = []
    for heading, when, button in rows:
        body += [Words(text=heading, style="heading"), Words(text=when, style="subtle"), Buttons(buttons=(button,))]
    if more > 0:
        body.append(Words(text=f"And {more} more. Type panel and a reference to open one.", style="subtle"))
    return Card(title="Panels under way", preview="Here are the panels under way.", body=tuple(body))


def votes_parts(votes: Iterable[VoteShown], more: int) -> tuple[Part, ...]:
    """Every vote with its rationale folded away; `more`: how many do not fit."""
    parts: list[Part] = [Details(title=vote.heading, text=vote.rationale or "–", typed=True) for vote in votes]
    if parts:
        parts.insert(0, Words(text="Every vote", style="heading"))
    if more > 0:
        parts.append(Words(text=f"And {more} more.", style="subtle"))
    return tuple(parts)


def quorum_words(lacks: Mapping[Seat, int]) -> str:
    """How many votes of whom the quorum wants: “1 vote from the quality team and 2 from subject experts”."""
    first, *rest = [f"{count} from {FROM[seat]}" for seat, count in lacks.items()]
    count, _, whom = first.partition(" ")
    counted = f"{count} {'vote' if count == '1' else 'votes'} {whom}"
    return f"{', '.join([counted, *rest[:-1]])} and {rest[-1]}" if rest else counted


def _table(facts: tuple[Fact, ...]) -> tuple[Part, ...]:
    return (Facts(facts=facts),) if facts else ()


def _outcome(shown: PanelShown) -> tuple[Part, ...]:
    return (Words(text=" ".join(shown.outcome)),) if shown.outcome else ()


def _proposed(shown: PanelShown) -> list[Part]:
    """What the rules propose, each with its source; a person has confirmed the facts."""
    parts: list[Part] = [Words(text="What the rules propose", style="heading")]
    if shown.confirmed is None:
        return [*parts, Words(text=NOBODY_CONFIRMED)]
    facts = tuple(Fact(label=each.fact, value=_follows(each)) for each in shown.confirmed)
    parts += _table(facts) or (Words(text="No fact that has a set response was confirmed. The group decides."),)
    if shown.not_known:
        parts.append(Words(text=f"Not known yet: {'; '.join(shown.not_known)}."))
    return parts


def _follows(requirement: Requirement) -> str:
    follows = ["a PSII as the least"] if requirement.psii else []
    follows += [f"refer to {requirement.refer_to}"] if requirement.refer_to else []
    words = ", and ".join(follows) or "confirmed"
    return f"{words[:1].upper()}{words[1:]} ({requirement.source})"


def _votes(shown: PanelShown) -> list[Part]:
    """Who has voted and who has not; of a large group how many, and some of those who have not."""
    voted = sum(len(group.voted) for group in shown.groups)
    members = voted + sum(len(group.others) for group in shown.groups)
    parts: list[Part] = [Words(text=f"{voted} of {members} have voted", style="heading")]
    not_yet = "Not yet" if shown.is_open else "Did not vote"
    if members <= NAMED:
        return [*parts, *_table(tuple(Fact(label=g.seat, value=_named(g, not_yet)) for g in shown.groups))]
    counts = [Fact(label=g.seat, value=f"{len(g.voted)} of {len(g.voted + g.others)}") for g in shown.groups]
    waiting = [name for group in shown.groups for name in group.others]
    if waiting:
        rest = f" and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
        counts.append(Fact(label=not_yet, value=", ".join(waiting[:NAMED]) + rest))
    return [*parts, *_table(tuple(counts))]


def _named(group: GroupShown, not_yet: str) -> str:
    listed = (("Voted", group.voted), (not_yet, group.others))
    return ". ".join(f"{label}: {', '.join(names)}" for label, names in listed if names)


def _quorum(shown: PanelShown) -> tuple[Part, ...]:
    if not shown.lacks:
        return (Words(text="The quorum is there."),)
    wanted = quorum_words(shown.lacks)
    if shown.is_open:
        return (Words(text=f"The quorum still needs {wanted}."),)
    text = f"There was no quorum: it needed {wanted} besides. How to go on is for the chair to say, not for me."
    return (Words(text=text, style="warning"),)


def _tally(shown: PanelShown) -> list[Part]:
    """A tie is said to be one, and never resolved."""
    if shown.tally is None:
        return []
    parts: list[Part] = [Words(text="Votes so far" if shown.is_open else "How many voted for what", style="heading")]
    if not shown.tally.counts:
        return [*parts, Words(text="Nobody has voted.")]
    parts += _table(tuple(Fact(label=choice, value=_count(count)) for choice, count in shown.tally.counts))
    if shown.tally.tied:
        text = f"It is a tie: {' and '.join(shown.tally.tied)}. The group decides; I do not settle it."
        parts.append(Words(text=text, style="warning"))
    return parts


def _count(count: int) -> str:
    return "1 vote" if count == 1 else f"{count} votes"


def _own(own: OwnVote | None) -> tuple[Part, ...]:
    if own is None:
        return ()
    label = f"Vote for the seat of {own.whose}" if own.whose else "Your vote"
    why = (Fact(label="Your reasons", value=own.rationale, typed=True),) if own.rationale else ()
    return _table((Fact(label=label, value=own.choice), *why))
