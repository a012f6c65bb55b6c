"""Voting in a panel: what a vote is told before and after it is given, standing back, and how voting closed (I11)."""

from collections.abc import Mapping, Sequence

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Card, Fact, Facts, Part, Words
from psirf_bot.cards.panel import GROUP_DECIDES, quorum_words, source_words
from psirf_bot.cards.response import PRIVATE_TASK
from psirf_bot.domain.minimum import Proposal
from psirf_bot.domain.panel import Seat

MINIMUM = (
    "The minimum cannot be voted away: to do less is for the Chief Nurse or the Medical Director to agree to (policy "
    "§12.3). Please vote for what you think is right."
)
NOTHING = "The rules set no minimum, from the facts that were confirmed."
NOBODY_SEES_IT = "Until voting closes nobody sees how you voted."
"""Where the card in the channel counts the votes only then."""
COUNTED_AT_ONCE = (
    "Until voting closes nobody sees how you voted; the card in the channel only counts the votes as they come, so "
    "people may guess."
)
WHO_SEES_IT = (
    "Then the chair and the quality team see it with your name. The minute gives it without your name; in a small "
    "panel people may guess. Your reasons go the same way. Please write no names of patients or staff."
)


def proposed(found: Proposal | None, psii: str) -> str:
    """What the rules propose, with where each comes from; None where nobody has confirmed the facts."""
    if found is None:
        return "Nobody has confirmed the facts yet, so the rules propose nothing so far."
    named = [f"{rule.fact} ({source_words(rule)})" for rule in found.psii]
    referred = [f"{rule.refer_to}, for: {rule.fact} ({source_words(rule)})" for rule in found.referrals]
    said = [f"The rules propose {psii} as the least, because of: {'; '.join(named)}. {MINIMUM}"] if named else [NOTHING]
    if referred:
        said.append(f"The rules also propose to refer it to: {'; '.join(referred)}.")
    return "\n\n".join(said)


def before_voting(proposal: str, until: str, *, for_another: bool, others: bool, at_once: bool) -> str:
    """What stands above the ballot. `for_another`: they vote for the member they stand in for. `others`: somebody else
    has voted for this seat. `at_once`: the card in the channel counts the votes while voting is open."""
    whose = "You vote for the member you stand in for today, who can see this vote." if for_another else ""
    if others:
        whose = f"{whose} Another vote was given for this seat. Yours takes its place; both stay in the record.".strip()
    seen = f"{COUNTED_AT_ONCE if at_once else NOBODY_SEES_IT} {WHO_SEES_IT}"
    if for_another:
        seen = seen.replace("nobody sees", "nobody else sees")
    return "\n\n".join(filter(None, [proposal, whose, f"You can change your vote until {until}.", seen]))


def counted(reference: str, choice: str, until: str, *, for_another: bool, change: Button) -> Card:
    """The vote as it counts."""
    whose = "The vote of the member you stand in for" if for_another else "Your vote"
    text = f"Thank you. {whose} on {reference} counts as: {choice}. You can change it until {until}."
    return said("Your vote is counted", text, change)


def stand_back(reference: str, *, chairs: bool, back: Button, stay: Button) -> Card:
    """Whether they really want to; nobody asks why."""
    text = (
        "You can stand back for any reason, and nobody asks for it. You then have no vote on this one, and a vote that "
        "you have given no longer counts; it stays in the record. The minute will say that you stood back, not why. "
        "You cannot undo this yourself."
    )
    other_chair = "You chair this panel, so the quality team will be asked to choose another chair."
    body = (Words(text=text), *([Words(text=other_chair)] if chairs else []))
    title = f"Stand back from {reference}?"
    return Card(title=title, preview="There is a question for you.", body=body, buttons=(back, stay))


def stood_back(reference: str) -> Card:
    text = f"Thank you for saying so. You have no part in the panel on {reference} now, and will not be reminded of it."
    return said("You have stood back", text)


def chair_needed(reference: str, choose: Button) -> Card:
    """For the quality team: nobody's name, and no reason."""
    text = f"The panel on {reference} needs another chair. Please choose one: until then nobody can decide."
    return said("A panel needs a chair", text, choose)


def chair_not_reached(reference: str) -> Card:
    text = f"I cannot write to the chair. Please tell them that voting on {reference} has closed."
    return said(f"Voting on {reference} has closed", text)


def close_early(
    reference: str, waiting: Sequence[str], lacks: Mapping[Seat, int], close: Button, stay: Button, *, own: bool
) -> Card:
    """What closing now would leave out. `own`: the vote of whoever is asked is missing too."""
    facts = [Fact(label="Not voted yet", value=", ".join(waiting) or "Nobody")]
    facts += [Fact(label="Missing for the quorum", value=quorum_words(lacks))] if lacks else []
    text = "Nobody can vote or change a vote once it is closed."
    text += " A missing quorum stands in the minute." if lacks else ""
    text = f"You have not voted yourself yet. {text}" if own else text
    body = (Facts(facts=tuple(facts)), Words(text=text))
    title = f"Close the voting on {reference} now?"
    return Card(title=title, preview="There is a question for you.", body=body, buttons=(close, stay))


def closed(reference: str, voted: int, of: int, lacks: Mapping[Seat, int], tie: Sequence[str], look: Button) -> Card:
    """How voting ended: how many voted, and what is not settled by it. `tie`: the choices with the most votes."""
    facts = [Fact(label="Voted", value=f"{voted} of {of}")]
    facts += [Fact(label="Missing for the quorum", value=quorum_words(lacks))] if lacks else []
    facts += [Fact(label="Tie between", value="; ".join(tie))] if tie else []
    words = GROUP_DECIDES if lacks or tie else f"The vote shows what the members think. {GROUP_DECIDES}"
    body: list[Part] = [Facts(facts=tuple(facts)), Words(text=words)]
    title = f"Voting on {reference} has closed"
    return Card(title=title, preview=PRIVATE_TASK, body=tuple(body), buttons=(look,))
