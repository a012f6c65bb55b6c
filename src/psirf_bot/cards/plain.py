"""The card in plain words, for notifications, old clients, logs of what was shown, and anyone reading by ear."""

from collections.abc import Iterator

from psirf_bot.cards.model import (
    Button,
    Buttons,
    Card,
    ChoiceInput,
    Copy,
    Details,
    Facts,
    Input,
    MomentInput,
    NumberInput,
    Part,
    PeopleInput,
    Progress,
    Words,
)

# The words that every renderer puts where a sighted reader sees a border or a colour.
STANDS_OUT = {"warning": "Important: ", "error": "Problem: "}
PLEASE_CHECK = "Please check: "
TIME_IF_KNOWN = "Time, if known"


def render(card: Card) -> str:
    """The card from top to bottom, a blank line between its parts."""
    parts = [card.title, *("\n".join(_lines(part)) for part in card.body), "\n".join(_buttons(card.buttons))]
    return "\n\n".join(part for part in parts if part)


def label(part: Input) -> str:
    """The input's label, which says in words when it may be left empty, whatever is answered beside it."""
    return part.label if part.required or part.conditional else f"{part.label} (optional)"


def marker(error: str) -> str:
    """What stands before the words about an answer that is not in order: nothing where they say please themselves."""
    return "" if error.startswith("Please ") else PLEASE_CHECK


def before_value(label: str) -> str:
    """A fact's label as it stands before its value: a question needs no colon."""
    return f"{label} " if label.endswith("?") else f"{label}: "


def _lines(part: Part) -> Iterator[str]:
    match part:
        case Words():
            yield STANDS_OUT.get(part.style, "") + part.text
        case Facts():
            yield from (before_value(fact.label) + fact.value for fact in part.facts)
        case Buttons():
            yield from _buttons(part.buttons)
        case Details() | Copy():
            yield from (part.title, part.text)
        case Progress():
            yield part.text
        case _:
            yield from _input(part)


def _input(part: Input) -> Iterator[str]:
    yield label(part)
    if part.hint:
        yield part.hint
    if part.error:
        yield marker(part.error) + part.error
    if isinstance(part, ChoiceInput):
        yield from (f"- {option.label}" for option in part.options)
    if so_far := _value(part):
        yield f"Your answer so far: {so_far}"


def _value(part: Input) -> str:
    match part:
        case ChoiceInput():
            return ", ".join(option.label for option in part.options if option.value in part.value)
        case MomentInput():
            return f"{part.day} {part.clock}".strip()
        case PeopleInput():
            return ", ".join(part.value)
        case NumberInput():
            return "" if part.value is None else str(part.value)
        case _:
            return part.value


def _buttons(buttons: tuple[Button, ...]) -> Iterator[str]:
    pressed = ", ".join(button.label for button in buttons if not button.url)
    if pressed:
        yield f"You can press: {pressed}"
    yield from (f"{button.label}: {button.url}" for button in buttons if button.url)
