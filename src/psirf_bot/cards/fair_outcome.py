"""How a run of the being fair tool ended, for the two who used it: the next step in the tool's terms, never a verdict;
who tells the person and what supports them; what is still to be followed up; and the whole record (L03, L14 to L18)."""

from collections.abc import Sequence
from dataclasses import dataclass

from psirf_bot.cards.fair import PRIVATE_TASK, TITLE
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words
from psirf_bot.cards.support import OFFERS, support_numbers
from psirf_bot.domain.trust import SupportContact

NEVER_A_VERDICT = "This is the tool's next step. It is not a verdict on anybody."
RESTORATIVE = (
    "Please keep to a restorative just culture throughout. Be open, and learn. Find out what everybody who was hurt "
    "needs, and whose task it is to put it right. The member of staff needs support too."
)
A_HUMAN = "They are told in person: never by a card, and never by a message."
NOBODY_YET = "Nobody is named yet to tell the member of staff."
TOLD = "They have been told."
TOLD_LATER = "The tool is used again: what they are told follows from the newer version."
I_TELL_NOBODY = "I do not write to whoever you name. Please ask them yourself."
SUPPORT_NOW = "Support does not wait for anything here."

ASK_FIRST = {
    "police": "Before anything is said to the member of staff, ask the police what may be said, by whom and when.",
    "safeguarding": "Before anything is said to the member of staff, ask the safeguarding lead what may be said, by "
    "whom and when.",
    "appropriate-action": "If the police or a safeguarding lead (PIPOT or LADO) are told, ask them before anything is "
    "said to the member of staff.",
}
"""By end: whom to ask before the person concerned is told of it."""

CONDITIONS = {
    "police": "This way out is for a healthcare incident in which criminal activity is suspected to have contributed "
    "to death or serious life-changing harm. Such an incident is referred to the police, guided by the memorandum of "
    "understanding between healthcare organisations and regulatory, investigatory and prosecutorial bodies.",
    "safeguarding": "This way out is for safeguarding concerns. Follow your organisation's safeguarding policies.",
}
ALONE = (
    "You can take it alone. The run ends here, your colleague is told, and they see that it was you, when, and why. "
    "What you two have agreed so far stays in the record."
)

ALONE_AFTER_THE_END = (
    "You can take it alone. The run has ended, and its end stays as it is. Your colleague is told, and they see that "
    "it was you, when, and why."
)
STILL = "Each of you can still take one of these ways out alone, at any time."
NOT_WHAT = "That it was done is kept, not what was said."
SAYS_WHAT = {
    "fair.police": "the police",
    "fair.safeguarding": "the safeguarding lead",
    "fair.pipot": "the PIPOT lead",
    "fair.lado": "the LADO",
}
"""By duty: who says what the person concerned may be told."""

Lines = Sequence[tuple[str, str]]
"""Labels with their values."""
LONG = 120
"""Characters of an answer that is shown as a paragraph, not in a table."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One thing that is still to be done after the end, by when, and what to press when it is done."""

    duty: str
    due: str
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `alone`: each way out that was taken alone; `ask_first`: the end, and the ways out taken after
    it; `ways`: those that can still be taken; `links`: to what the tool says to follow; `telling`: who tells the
    person, or that it is done; `done`: what was followed up, with its day."""

    reference: str
    end: str
    step: str
    facts: Lines
    alone: Sequence[Lines]
    ask_first: Sequence[str]
    ways: tuple[Button, ...]
    links: tuple[Button, ...]
    telling: str
    name_teller: tuple[Button, ...]
    open: Sequence[FollowUp]
    done: Sequence[tuple[str, str]]
    support: Sequence[SupportContact]
    buttons: tuple[Button, ...]
    reopen: str


def outcome(ended: Ended) -> Card:
    """What one of the two sees of a run that has ended."""
    body = [
        *_heading("The tool's next step"),
        Words(text=ended.step),
        Words(text=NEVER_A_VERDICT, style="subtle"),
        *_row(ended.links),
        *_who_took_it_alone(ended),
        *_telling(ended),
        *_following_up(ended),
        *_support(ended),
        *((*_heading("Ways out"), Words(text=STILL), *_row(ended.ways)) if ended.ways else ()),
        *_heading("How you got here"),
        Facts(facts=_facts(ended.facts)),
        *_heading("Restorative just culture"),
        Words(text=RESTORATIVE),
    ]
    title = heading(ended.reference)
    return Card(title=title, preview=PRIVATE_TASK, body=tuple(body), buttons=ended.buttons, reopen=ended.reopen)


def heading(reference: str) -> str:
    return f"{TITLE} · {reference}"


def _who_took_it_alone(ended: Ended) -> tuple[Part, ...]:
    parts: list[Part] = []
    for taken in ended.alone:
        parts += [*_heading("Taken alone"), Facts(facts=_facts(taken))]
    return tuple(parts)


def taken_alone(by: str, at: str, why: str, referrer: str) -> Lines:
    """Who took a way out alone, when and why, and who makes the referral."""
    return [("Who", by), ("When", at), ("Why", why), ("Who makes the referral", referrer)]


def before_noting(rule: str, duty: str, *, newest: bool) -> str:
    """What stands above the form in which a follow-up is noted as done. `newest`: of the newest version."""
    if rule == "fair.told":
        return NOT_WHAT
    if rule not in SAYS_WHAT:
        return f"{duty}."
    then = (
        " Once everybody who has to be asked first has been, the two of you are reminded to see that the member of "
        "staff is told."
    )
    return (
        f"{duty}. What may be said to the member of staff, by whom and from when, is for {SAYS_WHAT[rule]} to say: "
        f"please ask.{then if newest else ''}"
    )


def _telling(ended: Ended) -> tuple[Part, ...]:
    asked = dict.fromkeys(ASK_FIRST[end] for end in ended.ask_first if end in ASK_FIRST)
    first = (Words(text=text, style="warning") for text in asked)
    heading = _heading("Telling the member of staff")
    return (*heading, *first, Words(text=ended.telling), *_row(ended.name_teller))


def _following_up(ended: Ended) -> tuple[Part, ...]:
    parts: list[Part] = [*_heading("Still to be followed up")] if ended.open else []
    for step in ended.open:
        parts += [Words(text=f"{step.duty}. {step.due}"), *_row(step.buttons)]
    if ended.done:
        parts += [*_heading("Done"), Facts(facts=_facts(ended.done))]
    return tuple(parts)


def _support(ended: Ended) -> tuple[Part, ...]:
    numbers = (support_numbers(ended.support),) if ended.support else ()
    return (*_heading("Support for the member of staff"), Words(text=SUPPORT_NOW), *numbers)


def record_card(
    reference: str, sections: Sequence[tuple[str, Sequence[tuple[str, str]]]], part: str, buttons: tuple[Button, ...]
) -> Card:
    """One part of the frozen record, for the two who made it. `part`: which one, where there are several."""
    body: list[Part] = [Words(text=part, style="subtle")] if part else []
    for title, lines in sections:
        body += [Words(text=title, style="heading"), *lines_shown(lines)]
    return Card(title=heading(reference), preview=PRIVATE_TASK, body=tuple(body), buttons=buttons)


def lines_shown(lines: Sequence[tuple[str, str]]) -> tuple[Part, ...]:
    """Labels and values: short ones as a table, long ones as paragraphs, in their order."""
    parts: list[Part] = []
    short: list[Fact] = []
    for label, value in lines:
        if len(value) <= LONG:
            short.append(Fact(label=label, value=value, typed=True))
            continue
        parts += [Facts(facts=tuple(short))] if short else []
        parts += [Words(text=label, style="subtle"), Words(text=value, typed=True)]
        short = []
    return (*parts, *((Facts(facts=tuple(short)),) if short else ()))


def looked_at_again(reference: str, version: int, open_it: Button, *, alone: bool) -> Card:
    """There is a newer version of the run, and a colleague is asked to join it. `alone`: theirs can no longer."""
    colleague = "Your colleague is asked to join it"
    if alone:
        colleague = "Your colleague can no longer take part: please open it and ask another to join it"
    body = (
        Words(
            text=f"Version {version} is open. It starts afresh: no earlier answer counts. {colleague}; no question is "
            "shown before that. The version before stays in the record as it is."
        ),
    )
    return Card(title=heading(reference), preview=PRIVATE_TASK, body=body, buttons=(open_it,))


def before_looking_again(version: int, kept: Sequence[str], dropped: Sequence[str]) -> str:
    """What a new version means, and what becomes of what is still to be followed up."""
    words = [
        f"Version {version} stays in the record as it is. The new version starts afresh: both of you go "
        "through the tool again, and no earlier answer counts."
    ]
    if dropped:
        words.append(
            f"No longer owed once both of you have joined: {_listed(dropped)}. The new end opens what it needs."
        )
    if kept:
        words.append(f"Still owed, because it does not depend on a new answer: {_listed(kept)}.")
    return "\n\n".join(words)


def offered_words(offered: Sequence[str]) -> str:
    return ", ".join(OFFERS.get(offer, offer) for offer in offered)


def _listed(duties: Sequence[str]) -> str:
    return "; ".join(duty[:1].lower() + duty[1:] for duty in duties)


def _facts(lines: Sequence[tuple[str, str]]) -> tuple[Fact, ...]:
    return tuple(Fact(label=label, value=value, typed=True) for label, value in lines)


def _heading(text: str) -> tuple[Part, ...]:
    return (Words(text=text, style="heading"),)


def _row(buttons: tuple[Button, ...]) -> tuple[Part, ...]:
    return (Buttons(buttons=buttons),) if buttons else ()
