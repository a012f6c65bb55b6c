"""A card, the same for every platform; renderers turn it into Adaptive Cards, Block Kit, HTML or plain text.

`typed` marks words that a person typed: they are shown literally, and on Slack never with an identifier in them.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Part):
    """A paragraph. `warning` stands out by a word and a border, never by colour alone."""

    kind: Literal["words"] = "words"
    text: str
    style: Literal["body", "heading", "subtle", "warning", "error"] = "body"
    typed: bool = False


class Fact(_Part):
    """`at`: the moment that `value` says in the trust's own time, for a platform that shows each reader theirs."""

    label: str
    value: str
    typed: bool = False
    at: AwareDatetime | None = None


class Facts(_Part):
    """A short table of label and value."""

    kind: Literal["facts"] = "facts"
    facts: tuple[Fact, ...]


class Button(_Part):
    """Something to press. `action` is an opaque id whose meaning is kept on our side; `url` opens a page instead.

    `submits`: what is typed on the card goes along. `validates`: required inputs must be filled in first. `opens`: what
    it shows is for this person alone, in a window of its own where the platform has them. `spoken`: what a screen
    reader says, where the label alone would not tell one button from another.
    """

    label: str
    action: str = ""
    url: str = ""
    style: Literal["plain", "primary", "danger"] = "plain"
    submits: bool = False
    validates: bool = False
    opens: bool = False
    spoken: str = ""


class Buttons(_Part):
    """A row of buttons at this place in the card."""

    kind: Literal["buttons"] = "buttons"
    buttons: tuple[Button, ...]


class Details(_Part):
    """Something folded away until the reader opens it; where a platform cannot fold, it is shown after its title."""

    kind: Literal["details"] = "details"
    title: str
    text: str
    typed: bool = False


class Progress(_Part):
    """How far along a conversation is, in words and counts."""

    kind: Literal["progress"] = "progress"
    text: str


class Copy(_Part):
    """Text meant to be copied as it stands, such as the fields of the Datix form."""

    kind: Literal["copy"] = "copy"
    title: str
    text: str


class _Input(_Part):
    """`conditional`: another answer may ask for it, as its words say; then it is not called optional."""

    id: str
    label: str
    hint: str = ""
    required: bool = False
    conditional: bool = False
    error: str = ""


class TextInput(_Input):
    kind: Literal["text"] = "text"
    value: str = ""
    multiline: bool = False
    max_length: int = 3000


class NumberInput(_Input):
    kind: Literal["number"] = "number"
    value: int | None = None
    least: int = 0
    most: int = 1_000_000


class Option(_Part):
    value: str
    label: str


class ChoiceInput(_Input):
    """One or several of the options. Up to five are shown open; more are shown as a list to pick from."""

    kind: Literal["choice"] = "choice"
    options: tuple[Option, ...]
    value: tuple[str, ...] = ()
    several: bool = False


class DayInput(_Input):
    kind: Literal["day"] = "day"
    value: str = ""


class ClockInput(_Input):
    kind: Literal["clock"] = "clock"
    value: str = ""


class MomentInput(_Input):
    """A day with a time if known. It comes back as {"date": …, "time": …}."""

    kind: Literal["moment"] = "moment"
    day: str = ""
    clock: str = ""
    latest: str = ""


class PeopleInput(_Input):
    """Colleagues, by name or work e-mail address, separated by commas. `on_slack`: names with their user id there."""

    kind: Literal["people"] = "people"
    value: tuple[str, ...] = ()
    on_slack: dict[str, str] = Field(default_factory=dict)
    most: int = 10


Input = TextInput | NumberInput | ChoiceInput | DayInput | ClockInput | MomentInput | PeopleInput
Part = Annotated[
    Words
    | Facts
    | Buttons
    | Details
    | Progress
    | Copy
    | TextInput
    | NumberInput
    | ChoiceInput
    | DayInput
    | ClockInput
    | MomentInput
    | PeopleInput,
    Field(discriminator="kind"),
]


class Card(_Part):
    """A card. `preview` is what a notification shows: it makes sense alone and gives nothing away.

    `reopen` is the action that shows this card again, for a platform that shows forms in a window of their own.
    `asks_now`: the input that words typed now would be an answer to; empty where typing answers nothing here.
    """

    title: str
    preview: str
    body: tuple[Part, ...] = ()
    buttons: tuple[Button, ...] = ()
    reopen: str = ""
    asks_now: str = ""

    def inputs(self) -> Iterator[Input]:
        """The card's inputs, in order."""
        return (part for part in self.body if isinstance(part, _Input))

    def all_buttons(self) -> Iterator[Button]:
        """Every button, in the order of reading."""
        for part in self.body:
            if isinstance(part, Buttons):
                yield from part.buttons
        yield from self.buttons
