"""The living card of a learning response in the leads' channel: roles and days, and no names."""

from collections.abc import Sequence
from dataclasses import dataclass

from psirf_bot.cards.duties import DutyLine
from psirf_bot.cards.model import Button, Card, Fact, Facts, Part, Words

SHOWN = 6
LATE = "If something is in the way, please say so: it can be handed over, or another time agreed."
KEPT_CLOSE = "This one is kept to the quality team. Open it to see where it is."
IT_HAS_ENDED = "There is nothing more to do."


@dataclass(frozen=True, slots=True)
class BoardShown:
    """A learning response as the channel may know it. `owed`: duties, the first due first."""

    reference: str
    kind: str
    service: str
    stage: str
    owed: Sequence[DutyLine] = ()


def board_card(shown: BoardShown, button: Button) -> Card:
    """Where it is, the next date and where that comes from, and who owes what."""
    facts = [
        Fact(label="Kind", value=shown.kind),
        Fact(label="Service", value=shown.service),
        Fact(label="Where it has got to", value=shown.stage),
    ]
    first = next((line for line in shown.owed if line.when != "paused"), None)
    if first:
        facts.append(Fact(label="Next", value=f"{first.what}. {first.due} {_sentence(first.source)}"))
    body: list[Part] = [Facts(facts=tuple(facts))]
    if shown.owed:
        body.append(Words(text="Who owes what", style="heading"))
        body.append(Facts(facts=tuple(_owed(line) for line in shown.owed[:SHOWN])))
    if len(shown.owed) > SHOWN:
        body.append(Words(text=f"And {len(shown.owed) - SHOWN} more: type overdue.", style="subtle"))
    if any(line.when == "late" for line in shown.owed):
        body.append(Words(text=LATE))
    return _card(shown.reference, body, button)


def kept_close_card(reference: str, button: Button, *, ended: bool) -> Card:
    """A restricted case, or one that only the quality team may know of: its reference and nothing else."""
    return _card(reference, [Words(text=IT_HAS_ENDED if ended else KEPT_CLOSE)], button)


def _owed(line: DutyLine) -> Fact:
    return Fact(label=line.owed_by, value=f"{line.what}. {line.due}")


def _sentence(source: str) -> str:
    return f"{source[:1].upper()}{source[1:]}."


def _card(reference: str, body: Sequence[Part], button: Button) -> Card:
    return Card(
        title=f"Learning response: {reference}",
        preview=f"{reference}: where its learning response is.",
        body=tuple(body),
        buttons=(button,),
    )
