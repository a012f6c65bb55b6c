"""The cards of a learning response: its lead, its dates and where each comes from, and the contact agreed."""

from collections.abc import Sequence
from dataclasses import dataclass

from psirf_bot.cards.check import clip
from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words

PRIVATE_TASK = "You have a private task."
ON_A_MESSAGE = 1000
"""Characters of the panel's reason on a message; its page and the minute have all of it."""


@dataclass(frozen=True, slots=True)
class ContactShown:
    """Contact as it was agreed: with whom, in words what has been and comes next, and what waits before it."""

    whom: str
    words: str
    waits: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a PSII was decided on: what the rules require and why, how many voted for it, the panel's own reason."""

    required: str
    votes: str
    why: str


@dataclass(frozen=True, slots=True)
class ResponseShown:
    """A learning response as somebody may see it. `dates`: by what they are, each with where it comes from."""

    reference: str
    kind: str
    lead: str
    verification: str
    dates: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
    named_contacts: tuple[tuple[str, str], ...] = ()
    """Whom each person affected can turn to (B12)."""
    grounds: Grounds | None = None
    """While it waits to be verified, for those who may see the panel."""


def kind_words(local: str, national: str) -> str:
    """The trust's own name for a learning response, with the national one beside it where it differs (I07)."""
    return local if local == national else f"{local} (national name: {national})"


def response_card(
    found: ResponseShown | None,
    reference: str,
    contacts: Sequence[ContactShown],
    rows: Sequence[tuple[Button, ...]],
) -> Card:
    """The learning response to a case, in private; `found` is None while nothing has been decided."""
    body: list[Part] = [Words(text=reference, style="subtle")]
    if found is None:
        body.append(Words(text="No learning response has been decided yet."))
    else:
        facts = [Fact(label="Kind", value=found.kind), Fact(label="Led by", value=found.lead)]
        if found.verification:
            facts.append(Fact(label="Verification", value=found.verification))
        body.append(Facts(facts=tuple(facts)))
        body += _decided_on(found.grounds) if found.grounds else ()
        if found.dates:
            body.append(Words(text="Dates", style="heading"))
            body.append(Facts(facts=tuple(Fact(label=label, value=value) for label, value in found.dates)))
        body += [Words(text=note, typed=True) for note in found.notes]
        if found.named_contacts:
            named = tuple(Fact(label=label, value=value, typed=True) for label, value in found.named_contacts)
            body += [Words(text="Named contacts", style="heading"), Facts(facts=named)]
    if contacts:
        body.append(Words(text="Contact agreed", style="heading"))
    for contact in contacts:
        body.append(Facts(facts=(Fact(label=contact.whom, value=contact.words, typed=True),)))
        if contact.waits:
            body.append(Words(text=contact.waits, style="warning"))
        if contact.buttons:
            body.append(Buttons(buttons=contact.buttons))
    body += [Buttons(buttons=row) for row in rows if row]
    return Card(title="Learning response", preview="Your page is ready.", body=tuple(body))


def _decided_on(grounds: Grounds, most: int | None = None) -> tuple[Part, ...]:
    """`most`: characters of the panel's reason."""
    facts = (
        Fact(label="What the rules require", value=grounds.required),
        Fact(label="The panel voted", value=grounds.votes),
    )
    why = clip(grounds.why, most) if most else grounds.why
    return (
        Facts(facts=facts),
        Words(text="Why the panel decided so", style="heading"),
        Words(text=why, typed=True),
    )


def lead_is_asked(
    reference: str,
    kind: str,
    *,
    asked_by: str,
    hours: int | None,
    waits: bool,
    goes_on: str,
    buttons: tuple[Button, ...],
) -> Card:
    """To the lead. `asked_by`: who chose them. `waits`: a PSII that has yet to be verified.

    `goes_on`: since when it is under way, where it has started.
    """
    time = f"You have {hours} {'hour' if hours == 1 else 'hours'} a week for it. " if hours else ""
    then = (
        "It waits to be verified by the Chief Nurse or the Medical Director. I will tell you when you can start."
        if waits
        else goes_on
        or "Please start it as soon as you can, and say so on its page: its dates are counted from that day."
    )
    text = (
        f"{asked_by} asks you to lead the learning response to {reference}: {kind}. {time}{then} "
        "If you cannot, press I cannot lead this: no reason is needed."
    )
    return said("You are asked to lead a learning response", text, *buttons, preview=PRIVATE_TASK)


def please_verify(about: str, kind: str, grounds: Grounds | None, *buttons: Button, kept_close: bool) -> Card:
    """To the Chief Nurse: what they sign. Only the PSII waits for them, nothing else does (V17).

    `about`: the event, or its reference alone where it is `kept_close`; then what it was decided on is on its page.
    """
    text = (
        f"A panel decided on a {kind}. When you verify it, you sign that it is to be one: it cannot start before the "
        "Chief Nurse or the Medical Director has. Support, candour and safety actions go on meanwhile. (Policy 3.2.)"
    )
    body: list[Part] = [Words(text=about, style="subtle"), Words(text=text)]
    if kept_close:
        body.append(Words(text="It is kept close, so what the panel decided on is not said here. Its page has it."))
    elif grounds:
        body += _decided_on(grounds, ON_A_MESSAGE)
    return Card(title="A PSII waits for you to verify it", preview=PRIVATE_TASK, body=tuple(body), buttons=buttons)
