"""The page of a run of the being fair tool: what is asked, what waits for whom, and what has been agreed (§14)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psirf_bot.cards.answers import shown
from psirf_bot.cards.check import clip
from psirf_bot.cards.fair import NOT_ROUTINE, PRIVATE_TASK, SUSPECTED_CRIME, SYSTEMS_FIRST, TITLE
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Progress, Words
from psirf_bot.dialogs.flow import Page
from psirf_bot.dialogs.questions import Json, People, Text
from psirf_bot.domain.being_fair import End

Answers = Mapping[str, Json]

RESTORATIVE = (
    "Restorative just culture holds throughout: who is hurt, what do they need, and whose task is it to meet that?"
)
FOR_YOURSELF = "Each of you answers this for yourself. You see each other's answer once both of you have given one."
LAST_TIME = "Filled in as it was last time. It counts only once both of you agree on it now."
DIFFERENTLY = "Why do you see it differently?"
OR_AGREE = "If you agree after all, press “Agree” instead. "
REASON_KEPT = "Your reason has not been sent. It is still in this form, and goes with an answer that you change."
NOTHING_AGREED = "Nothing has been agreed yet."
SHORT = 300
"""Characters of an answer in the list of all that is agreed."""
IN_FULL = "Long answers are cut short here. “Change” shows them in full, and changes nothing yet."
ALONE = (
    "Your colleague can no longer take part. Nothing goes on without a colleague of the other team; what the "
    "two of you agreed on is asked anew with whoever takes their place."
)
NOT_DECIDED = "Nothing is decided until both of you confirm."
EITHER_CONFIRMS = "Either of you can confirm that."
READINGS: Mapping[str, str] = {
    "next test": "The tool does not say where it goes on after an ongoing concern. Here it goes on with the next test.",
    "deliberate harm": "The tool does not say where it goes on after an ongoing concern. Here it goes on with the "
    "deliberate harm test, question 3.",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands on every page of a run. `line`: which run, in which case, with whom. `ways`: the buttons of each."""

    reference: str
    line: str
    ways: tuple[Button, ...]
    reopen: str


def framed(
    frame: Frame, place: str, body: Iterable[Part], buttons: tuple[Button, ...] = (), *, foot: str = RESTORATIVE
) -> Card:
    """A page. `place`: where it stands in the tool. `buttons`: what the page itself asks for."""
    asks = (Buttons(buttons=buttons),) if buttons else ()
    where = (Progress(text=place),) if place else ()
    return Card(
        title=f"{TITLE} · {frame.reference}",
        preview=PRIVATE_TASK,
        body=(Words(text=frame.line, style="subtle"), *where, *body, *asks, Words(text=foot, style="subtle")),
        buttons=frame.ways,
        reopen=frame.reopen,
    )


def noted(card: Card, note: str) -> Card:
    """The card with something said before everything else, where there is something to say."""
    return card.model_copy(update={"body": (Words(text=note), *card.body)}) if note else card


def first_words(concern: str) -> tuple[Part, ...]:
    """What stands before the first question: what the tool is for, and the concern as it was stated (L01, L02)."""
    return (
        Words(text=NOT_ROUTINE),
        Words(text=SYSTEMS_FIRST),
        Words(text=SUSPECTED_CRIME),
        Words(text="The concern, as it was stated", style="heading"),
        Words(text=concern, typed=True),
    )


def answered(page: Page, answers: Answers) -> Facts:
    """A page's answers, each after its question in full; what was left out is left out."""
    facts = []
    for question in page.questions:
        value = shown(question, answers.get(page.prefix + question.id), str)
        if value:
            facts.append(Fact(label=question.label, value=value, typed=isinstance(question, Text | People)))
    return Facts(facts=tuple(facts))


def stated(page: Page, by_name: Mapping[str, Answers]) -> Facts:
    """What each answered for themselves, by name, once both have."""
    asked = page.questions[0].label
    facts: list[Fact] = []
    for name, answers in by_name.items():
        first, *others = answered(page, answers).facts
        kept = others if answers.get(page.asks()[0]) == "yes" else []
        facts += [first.model_copy(update={"label": f"{name}: {asked}"}), *kept]
    return Facts(facts=tuple(facts))


def proposed(name: str, page: Page, answers: Answers, reason: str | None) -> tuple[Part, ...]:
    """What the other proposes, in full, with their reason where they see it differently."""
    why = (Fact(label=f"Why {name} sees it differently", value=reason, typed=True),) if reason else ()
    proposal = answered(page, answers)
    return Words(text=f"{name} proposes", style="heading"), Facts(facts=(*proposal.facts, *why))


def the_same(name: str) -> str:
    """What is said where somebody proposes what the other proposes already: nobody agrees by accident."""
    return f"Please change an answer, or press “Agree”: this is the same as {name} proposes. Nothing has been sent."


def proposed_meanwhile(name: str) -> str:
    """What is said where somebody differs from a proposal that is not the newest any more."""
    return f"{name} has proposed something else meanwhile. Please read it, and send yours if you still differ."


def waiting(own: str, name: str, page: Page, answers: Answers) -> tuple[Part, ...]:
    """One's own answers, which wait for the other. `own`: what they are called."""
    return (
        Words(text=own, style="heading"),
        answered(page, answers),
        Words(text=f"Waits for {name}. Nothing counts before that."),
    )


def looked_at_again(name: str, reason: str | None) -> tuple[Part, ...]:
    """Why a page is asked again: because one of the two wanted it, or because it was not known when they paused."""
    if reason is None:
        return (Words(text="This was not known yet when you paused. What is known now?"),)
    return (
        Words(text=f"{name} would like to look at this page again:"),
        Words(text=reason, typed=True),
    )


def section(page: Page, facts: Facts, change: Button | None) -> tuple[Part, ...]:
    """One page of what has been agreed. Long words are cut where `change` shows them in full."""
    if change is None:
        return Words(text=page.title, style="heading"), facts
    shorter = tuple(fact.model_copy(update={"value": clip(fact.value, SHORT)}) for fact in facts.facts)
    return Words(text=page.title, style="heading"), Facts(facts=shorter), Buttons(buttons=(change,))


def cut_short(sections: Iterable[Part]) -> str:
    """What is said where long words are cut in the list of what has been agreed."""
    cut = (fact.value.endswith("…") for part in sections if isinstance(part, Facts) for fact in part.facts)
    return IN_FULL if any(cut) else ""


def at_an_end(end: End, confirmed: str, sections: Sequence[Part], *, either: bool) -> tuple[Part, ...]:
    """The tool's next step in its own terms, and everything that led to it. `confirmed`: who has, in words.

    `either`: one of the two is enough to confirm it.
    """
    said = (EITHER_CONFIRMS if either else NOT_DECIDED, confirmed, cut_short(sections))
    return (
        Words(text=f"The tool's next step: {end.title}", style="heading"),
        Words(text=end.step),
        Words(text=" ".join(filter(None, said))),
        *sections,
    )


def paused(why: str, until: str) -> tuple[Part, ...]:
    """`until`: the day on which it is looked at again, in words."""
    return (
        Words(text="Paused", style="heading"),
        Facts(facts=(Fact(label="Why", value=why, typed=True), Fact(label="To be looked at again on", value=until))),
        Words(text="Everything stays as it is meanwhile, and nothing counts as no. The learning response goes on."),
    )
