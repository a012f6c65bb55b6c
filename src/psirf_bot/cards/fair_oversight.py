"""Being fair, for named overseers: how much the tool is used, one run to read, the monitoring, and an export."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from psirf_bot.cards.fair import NOT_ROUTINE, PRIVATE_TASK, TITLE
from psirf_bot.cards.model import Button, Buttons, Card, Copy, Fact, Facts, Part, Progress, Words
from psirf_bot.domain.monitoring import GROUPS, Side

Sections = Sequence[tuple[str, Sequence[tuple[str, str]]]]

ON_A_CARD = 5000
"""Characters of a record on one card, so that it fits every platform."""
HEADINGS = 20
PIECE = 1500
COPY = 2500
COPIES = 3
"""Characters of an export in one piece to copy, and pieces on one card."""
NOBODY_ELSE = "Only overseers can see this page. That you looked is in the record."
GONE = "can no longer take part. You can ask somebody else in their place."
BEFORE_GIVING_OUT = (
    "Before you give this out: read all of it. The two who used the tool are named as staff in their official role. "
    "If free text names or describes anybody else, take that out first, or ask them."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One run in the list."""

    reference: str
    case: str
    state: str
    read: Button


def overview(begun: int, under_way: int, refused: int, rows: Sequence[Row], buttons: Sequence[Button]) -> Card:
    """How often the tool is used, and the runs, the newest first. `refused`: tries with people who must not take part,
    in the last 12 months."""
    numbers = (
        Fact(label="Begun in the last 12 months", value=str(begun)),
        Fact(label="Under way now", value=str(under_way)),
        Fact(label="Tries that were refused in the last 12 months", value=str(refused)),
    )
    body: list[Part] = [
        Words(text=NOT_ROUTINE),
        Facts(facts=numbers),
        Words(text="To look at a run again counts as one more.", style="subtle"),
    ]
    if not rows:
        body.append(Words(text="There is no run to show."))
    for row in rows:
        body.append(Words(text=f"{row.reference} · {row.case} · {row.state}"))
        body.append(Buttons(buttons=(row.read,)))
    return Card(title=f"{TITLE}: overview", preview=PRIVATE_TASK, body=tuple(body), buttons=tuple(buttons))


def record(
    name: str, part: int, of: int, sections: Sections, buttons: Sequence[Button], gone: Iterable[str] = ()
) -> Card:
    """One part of a run, to be read by an overseer, who changes nothing. `gone`: who of the two cannot take part any
    more; for them, somebody else can be asked."""
    body: list[Part] = [Progress(text=f"Part {part} of {of}")] if of > 1 else []
    body.append(Words(text=NOBODY_ELSE, style="subtle"))
    body += [Words(text=f"{who} {GONE}", style="warning") for who in gone]
    for heading, lines in sections:
        body.append(Words(text=heading, style="heading"))
        body.append(Facts(facts=tuple(Fact(label=label, value=value, typed=True) for label, value in lines)))
    return Card(title=f"{TITLE} · {name}", preview=PRIVATE_TASK, body=tuple(body), buttons=tuple(buttons))


def parts_of(sections: Sections) -> list[Sections]:
    """The sections, in parts for one card each: a long one goes on in the next part, a long value in a next line."""
    parts: list[list[tuple[str, list[tuple[str, str]]]]] = [[]]
    size = 0
    for heading, lines in sections:
        begun = False
        for label, value in _pieces(lines):
            length = len(label) + len(value)
            if size + length > ON_A_CARD or (not begun and len(parts[-1]) == HEADINGS):
                parts.append([])
                size = 0
            if not begun or not parts[-1]:
                parts[-1].append((f"{heading} (goes on)" if begun else heading, []))
            parts[-1][-1][1].append((label, value))
            begun, size = True, size + length
    return [part for part in parts if part] or [[]]


def _pieces(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for label, value in lines:
        for start in range(0, max(len(value), 1), PIECE):
            yield (label if start == 0 else f"{label} (goes on)"), value[start : start + PIECE]


def monitoring(period: str, fewest: int, sides: Mapping[str, Side], buttons: Sequence[Button]) -> Card:
    """How runs ended, and for whom, in steps instead of numbers."""
    text = (
        f"{period}. So that nobody can be made out, each number is shown as a step, such as “fewer than {fewest}”, and "
        "without a total. People of whom a group is not known are in none of its lines. Runs that are kept from you "
        "are not counted. In each group the first number is of those whose run came to the guidance for appropriate "
        "action or to management, the second of all others."
    )
    ends = tuple(Fact(label=end, value=str(step)) for side in sides.values() for end, step in side.ends.items())
    body: list[Part] = [Words(text=text), Words(text="How runs ended", style="heading"), Facts(facts=ends)]
    for key, group in GROUPS.items():
        body.append(Words(text=group.title, style="heading"))
        facts = (Fact(label=label, value=_both(sides, key, value)) for value, label in group.values.items())
        body.append(Facts(facts=tuple(facts)))
    return Card(title=f"{TITLE}: monitoring", preview=PRIVATE_TASK, body=tuple(body), buttons=tuple(buttons))


def _both(sides: Mapping[str, Side], key: str, value: str) -> str:
    shown = ((words, side.groups[key]) for words, side in sides.items())
    return "; ".join(f"{words} {steps[value] if steps else 'not shown'}" for words, steps in shown)


def nothing_held(back: Button) -> Card:
    """There is no run about this person, which only the overseer is told."""
    text = "Nothing is held about this person in being fair."
    return Card(title=f"{TITLE}: export", preview=PRIVATE_TASK, body=(Words(text=text),), buttons=(back,))


def export(pieces: Sequence[str], part: int, buttons: Sequence[Button]) -> Card:
    """One part of an export, to be copied; `pieces` are all of it."""
    of = parts_of_copies(pieces)
    first = (part - 1) * COPIES
    copies = (
        Copy(title=f"Piece {number} of {len(pieces)}", text=text)
        for number, text in enumerate(pieces[first : first + COPIES], start=first + 1)
    )
    body: list[Part] = [Words(text=BEFORE_GIVING_OUT, style="warning")]
    body += [Progress(text=f"Part {part} of {of}")] if of > 1 else []
    body.append(Words(text="Copy the pieces one after the other into a document. They are kept in no other place."))
    return Card(title=f"{TITLE}: export", preview=PRIVATE_TASK, body=(*body, *copies), buttons=tuple(buttons))


def parts_of_copies(pieces: Sequence[str]) -> int:
    return -(-len(pieces) // COPIES)


def as_text(sections: Sections) -> str:
    """Sections as plain words, to be copied."""
    return "\n\n".join(
        "\n".join((heading.upper(), *(f"{_before(a)}{b}" for a, b in lines))) for heading, lines in sections
    )


def _before(label: str) -> str:
    return f"{label}{'' if label.endswith('?') else ':'} " if label else ""


def in_pieces(text: str) -> list[str]:
    """The text in pieces to copy, cut between sections, lines or words where there are any; nothing is lost."""
    pieces = []
    while len(text) > COPY:
        cuts = (text.rfind(between, 0, COPY) + 1 for between in ("\n\n", "\n", " "))
        cut = next((cut for cut in cuts if cut > COPY // 2), COPY)
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text]
