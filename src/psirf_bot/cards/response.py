"""The cards of a learning response: its lead, its dates and where each comes from, and the contact agreed."""

from collections.abc import Sequence
from dataclasses import dataclass

from psirf_bot.cards.conversation import said
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words

PRIVATE_TASK = "You have a private task."


@dataclass(frozen=True, slots=True)
class ContactShown:
    """Contact as it was agreed: with whom, in words what has been and comes next, and what waits before it."""

    whom: str
    words: str
    waits: str = ""
    buttons: tuple[Button, ...] = ()


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


def lead_is_asked(reference: str, kind: str, *, waits: bool, button: Button) -> Card:
    """To the lead. `waits`: a PSII that has yet to be verified."""
    then = (
        "It waits to be verified by the Chief Nurse or the Medical Director. I will tell you when you can start."
        if waits
        else "Please start it as soon as you can, and say so here: its dates are counted from that day."
    )
    text = (
        f"The panel has asked you to lead the learning response to {reference}: {kind}. {then} "
        "If you cannot, press I cannot lead this on its page."
    )
    return said("You are asked to lead a learning response", text, button, preview=PRIVATE_TASK)


def please_verify(reference: str, service: str, kind: str, *buttons: Button) -> Card:
    """To the Chief Nurse: only the PSII waits for them, nothing else does (V17)."""
    text = (
        f"A panel decided on a {kind} for {reference}, {service}. It cannot start before you, or the Medical Director, "
        "have verified it. Support, candour and safety actions go on meanwhile. (Policy 3.2.)"
    )
    return said("A PSII waits for you to verify it", text, *buttons, preview=PRIVATE_TASK)
