"""The cards of a panel: the living one in its channel, its page in private, and the list of those under way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psirf_bot.cards import plain
from psirf_bot.cards.model import Button, Buttons, Card, Details, Fact, Facts, Part, Words
from psirf_bot.domain.minimum import Requirement
from psirf_bot.domain.panel import Seat

NAMED = 15
"""Names on the card in the channel; a larger group is counted, and its first ones who have not voted are named."""
NOBODY_CONFIRMED = "Nobody has confirmed the facts yet."
KEPT_INSIDE = "Only those on this panel can read it. Open the page to do so."
GROUP_DECIDES = "The group decides; I do not."
DISCLOSABLE = (
    "I keep nothing that is written in this thread, and it remains disclosable (Freedom of Information, subject access "
    "requests). No names of patients or staff here, please."
)
ONE_FROM = {Seat.QUALITY: "the quality team", Seat.SERVICE: "a service representative", Seat.EXPERT: "a subject expert"}
MANY_FROM = ONE_FROM | {Seat.SERVICE: "service representatives", Seat.EXPERT: "subject experts"}


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
    `written`: the chair has written the decision; `decided`: and approved it. `again`: that the facts have to be looked
    at again, why, and what to do.
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
    written: bool = False
    decided: bool = False
    again: str = ""

    @property
    def heading(self) -> str:
        return f"Panel on {self.reference}: {self.about}" if self.about else f"Panel on {self.reference}"

    @property
    def voted(self) -> str:
        """How many have voted: 2 of 4 have voted."""
        voted = sum(len(group.voted) for group in self.groups)
        members = voted + sum(len(group.others) for group in self.groups)
        return f"{voted} of {members} {'has' if voted == 1 else 'have'} voted"


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
    """The living card in the panel's channel. `kept_inside`: it says nothing about the event but its reference.

    On a phone, what is asked comes first. Once voting has closed, what has come of it does, and the rest is folded.
    """
    body: list[Part] = [] if kept_inside else [*_outcome(shown)]
    body += [Facts(facts=shown.standing), Words(text=f"{shown.voted}."), Buttons(buttons=buttons)]
    papers = [Words(text="Papers", style="heading"), *_table(shown.papers)]
    if kept_inside:
        rules: list[Part] = []
        body.append(Words(text=KEPT_INSIDE))
    else:
        plan = (Fact(label="What the plan says", value=shown.plan, typed=True),) if shown.plan else ()
        rules = [*_proposed(shown), *_table((*shown.considered, *plan))]
    who = _who(shown)
    if shown.is_open:
        body += [*rules, *papers, Words(text="Who has voted", style="heading"), *who, *_quorum(shown)]
        body += [] if kept_inside else _tally(shown)
    else:
        body += [*([] if kept_inside else _tally(shown)), *_quorum(shown)]
        body += [_folded("Rules and papers" if rules else "Papers", [*rules, *papers]), _folded("Who voted", who)]
    body.append(Words(text=DISCLOSABLE, style="subtle"))
    title = f"Panel on {shown.reference}" if kept_inside else shown.heading
    return Card(title=title, preview=_preview(shown), body=tuple(body))


def _preview(shown: PanelShown) -> str:
    if shown.decided:
        return f"{shown.reference} is decided."
    return f"{shown.reference} is with the panel." if shown.is_open else f"Voting on {shown.reference} has closed."


def _folded(title: str, parts: Iterable[Part]) -> Details:
    """These parts as words that are folded away; some of them were typed."""
    lines = []
    for part in parts:
        if isinstance(part, Facts):
            lines += [plain.before_value(fact.label) + fact.value for fact in part.facts]
        elif isinstance(part, Words):
            lines += ["", part.text] if part.style == "heading" and lines else [part.text]
    return Details(title=title, text="\n".join(lines) or "–", typed=True)


def stopped_card(reference: str) -> Card:
    """In place of the living card, once there is nothing to decide any more."""
    text = "This panel was stopped before it came to a decision. Nothing more is asked of anybody here."
    return Card(title=f"Panel on {reference}", preview=f"{reference} has left the panel.", body=(Words(text=text),))


def page_card(shown: PanelShown, page: PageShown, rows: Iterable[tuple[Button, ...]]) -> Card:
    """The page of a panel, in private, with what this person may do next. What was decided comes first."""
    confirmed = (Words(text=page.confirmed_by, style="subtle"),) if page.confirmed_by else ()
    body: list[Part] = [Facts(facts=shown.standing)]
    if shown.outcome or page.decided:
        body += [Words(text="Decision", style="heading"), *_outcome(shown)]
    body += _table(page.decided)
    if page.rationale:
        body += [Words(text="Why", style="subtle"), Words(text=page.rationale, typed=True)]
    body += [*_proposed(shown), *confirmed, *_table(shown.considered)]
    body += [Words(text="Papers", style="heading"), *_table(page.papers)]
    body += [Words(text=shown.voted, style="heading"), *_who(shown), *_quorum(shown), *_own(page.own), *_tally(shown)]
    body += votes_parts(page.votes, page.more_votes)
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
    first, *rest = [f"{n} from {(ONE_FROM if n == 1 else MANY_FROM)[seat]}" for seat, n in lacks.items()]
    count, _, whom = first.partition(" ")
    counted = f"{count} {'vote' if count == '1' else 'votes'} {whom}"
    return f"{', '.join([counted, *rest[:-1]])} and {rest[-1]}" if rest else counted


def quorum_missing(lacks: Mapping[Seat, int]) -> str:
    """What was missing for the quorum: “1 vote from a subject expert was missing”."""
    return f"{quorum_words(lacks)} {'was' if sum(lacks.values()) == 1 else 'were'} missing"


def source_words(requirement: Requirement) -> str:
    """Where a requirement comes from, for whoever decides; what is still to be checked is for the administrator."""
    return requirement.source.partition("; to be checked")[0]


def _table(facts: tuple[Fact, ...]) -> tuple[Part, ...]:
    return (Facts(facts=facts),) if facts else ()


def _outcome(shown: PanelShown) -> tuple[Part, ...]:
    return (Words(text=" ".join(shown.outcome)),) if shown.outcome else ()


def _proposed(shown: PanelShown) -> list[Part]:
    """What the rules propose, each with its source; a person has confirmed the facts."""
    parts: list[Part] = [Words(text="What the rules propose", style="heading")]
    if shown.confirmed is None:
        return [*parts, Words(text=NOBODY_CONFIRMED)]
    if shown.again:
        parts.append(Words(text=shown.again, style="warning"))
    facts = tuple(Fact(label=each.fact, value=_follows(each)) for each in shown.confirmed)
    nothing = "" if shown.again else " The group decides."
    parts += _table(facts) or (Words(text=f"No fact that has a set response was confirmed.{nothing}"),)
    if shown.not_known:
        parts.append(Words(text=f"Not known yet: {'; '.join(shown.not_known)}."))
    return parts


def _follows(requirement: Requirement) -> str:
    follows = ["a PSII as the least"] if requirement.psii else []
    follows += [f"refer to {requirement.refer_to}"] if requirement.refer_to else []
    words = ", and ".join(follows) or "confirmed"
    return f"{words[:1].upper()}{words[1:]} ({source_words(requirement)})"


def _who(shown: PanelShown) -> tuple[Part, ...]:
    """Who has voted and who has not; of a large group how many, and some of those who have not."""
    not_yet = "Not yet" if shown.is_open else "Did not vote"
    if sum(len(g.voted + g.others) for g in shown.groups) <= NAMED:
        return _table(tuple(Fact(label=g.seat, value=_named(g, not_yet)) for g in shown.groups))
    counts = [Fact(label=g.seat, value=f"{len(g.voted)} of {len(g.voted + g.others)}") for g in shown.groups]
    waiting = [name for group in shown.groups for name in group.others]
    if waiting:
        rest = f" and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
        counts.append(Fact(label=not_yet, value=", ".join(waiting[:NAMED]) + rest))
    return _table(tuple(counts))


def _named(group: GroupShown, not_yet: str) -> str:
    listed = (("Voted", group.voted), (not_yet, group.others))
    return ". ".join(f"{label}: {', '.join(names)}" for label, names in listed if names)


def _quorum(shown: PanelShown) -> tuple[Part, ...]:
    """What is missing for it: a warning while there is something to do about it, a fact once it was decided."""
    if shown.is_open:
        needs = f"The quorum still needs {quorum_words(shown.lacks)}." if shown.lacks else "The quorum is reached."
        return (Words(text=needs),)
    missing = quorum_missing(shown.lacks) if shown.lacks else ""
    if shown.written:
        return (Facts(facts=(Fact(label="Quorum", value=f"Not reached: {missing}" if missing else "Reached"),)),)
    if not missing:
        return (Words(text="The quorum is reached."),)
    return (Words(text=f"There is no quorum: {missing}. {GROUP_DECIDES}", style="warning"),)


def _tally(shown: PanelShown) -> list[Part]:
    """A tie is said to be one, and never resolved."""
    if shown.tally is None:
        return []
    parts: list[Part] = [Words(text="Votes so far" if shown.is_open else "How many voted for what", style="heading")]
    if not shown.tally.counts:
        return [*parts, Words(text="Nobody has voted.")]
    counts = [Fact(label=choice, value=_count(count)) for choice, count in shown.tally.counts]
    tied = " and ".join(shown.tally.tied)
    if tied and shown.written:
        return [*parts, *_table((*counts, Fact(label="Tie between", value=tied)))]
    parts += _table(tuple(counts))
    return [*parts, Words(text=f"It is a tie: {tied}. {GROUP_DECIDES}", style="warning")] if tied else parts


def _count(count: int) -> str:
    return "1 vote" if count == 1 else f"{count} votes"


def _own(own: OwnVote | None) -> tuple[Part, ...]:
    if own is None:
        return ()
    label = f"Vote for the seat of {own.whose}" if own.whose else "Your vote"
    why = (Fact(label="Your reasons", value=own.rationale, typed=True),) if own.rationale else ()
    return _table((Fact(label=label, value=own.choice), *why))
