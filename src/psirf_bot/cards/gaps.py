"""The list of gaps: events that need a PSII by their confirmed facts, and have none (B11)."""

from collections.abc import Sequence
from dataclasses import dataclass

from psirf_bot.cards.check import clip
from psirf_bot.cards.model import Button, Buttons, Card, Fact, Facts, Part, Words

SHOWN = 5
"""Cases of each kind on the card: their buttons fit one row."""
WORDS = 400
"""Characters of why somebody allowed a departure; the panel's page has all of it."""
WHY_LISTED = (
    "By the facts that were confirmed these need a PSII, or by what was reported since they may. (Policy 3.4 and 12.3.)"
)
NONE = "Every event that needs a PSII by its confirmed facts has one."


@dataclass(frozen=True, slots=True)
class Gap:
    """One case. `about`: its service, empty where the reader is to learn its reference alone. `why`: typed words."""

    reference: str
    about: str
    words: str
    why: str = ""
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that lack a PSII for the same reason, the oldest first; `more`: how many are not shown."""

    title: str
    gaps: Sequence[Gap]
    more: int = 0


def gaps_card(count: int, groups: Sequence[Group]) -> Card:
    """`count`: how many gaps there are, without what is on the way."""
    body: list[Part] = [Words(text=WHY_LISTED if count else NONE, style="subtle" if count else "body")]
    for group in groups:
        body.append(Words(text=group.title, style="heading"))
        body.append(Facts(facts=tuple(_fact(gap) for gap in group.gaps)))
        if group.more:
            body.append(Words(text=f"And {group.more} more, once these are settled.", style="subtle"))
        if buttons := tuple(gap.button for gap in group.gaps if gap.button):
            body.append(Buttons(buttons=buttons))
    title = "1 event needs a PSII and has none" if count == 1 else f"{count} events need a PSII and have none"
    title = title if count else "No event that needs a PSII is without one"
    return Card(title=title, preview="Here is the list of gaps.", body=tuple(body))


def _fact(gap: Gap) -> Fact:
    label = f"{gap.reference}, {gap.about}" if gap.about else gap.reference
    return Fact(label=label, value=f"{gap.words} {clip(gap.why, WORDS)}".strip(), typed=True)
