"""What comes in from a platform, and what goes straight back: the one language between adapters and casework."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from psirf_bot.cards.model import Card

Platform = Literal["slack", "teams", "web"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, as the platform knows them. The adapter has made sure that they are a full member of the trust.

    `team` is the Slack team or the Entra tenant, `user` the Slack user id or the Entra object id: together the key.
    `name` and `email` are for showing only: nobody is known by them.
    """

    platform: Platform
    team: str
    user: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was done. `message` is the card pressed; `address` is all that is needed to post there again.

    `private`: nobody but this person sees what is answered here. Conversations are held in private places only.
    `inline`: the platform's response can carry the answer (a modal, an invoke, a web page); otherwise it is sent as a
    message of its own, through the outbox. `channel` is the address of the channel it was done in, if it was one; the
    answer to a slash command is private even there. `thread` is added to the address for what answers in a thread.
    A window of its own (a dialog) is private; its address, if it has one, is the person's chat, for what must also be
    there later. `passing`: what the response shows in place of a message is gone when the person comes back to it.
    """

    conversation: str
    private: bool
    inline: bool = True
    message: str | None = None
    address: Mapping[str, str] = field(default_factory=dict)
    channel: Mapping[str, str] = field(default_factory=dict)
    thread: Mapping[str, str] = field(default_factory=dict)
    passing: bool = False


COLLEAGUE = "a colleague"
"""What stands in words where somebody was mentioned: no member of staff belongs in them by name."""


@dataclass(frozen=True, slots=True)
class Said:
    """Words typed to the bot, without the mention or the slash command itself.

    `picked`: the members of the trust who were mentioned in them, each as COLLEAGUE. `files`: whether a picture or a
    file came with them, which is left where it is. `command`: whether they came after a slash command, where nobody
    else sees them and nobody answers a question.
    """

    text: str
    picked: tuple[Actor, ...] = ()
    files: bool = False
    command: bool = False


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button or a submit, by its opaque action id, with whatever the card's inputs held (by input id).

    A value is a string, a list of strings, {"date", "time"} for a moment, or None when left empty. `picked`: by input
    id, the members of the trust who were chosen from the platform's own list, beside the names that were typed.
    """

    action: str
    given: Mapping[str, object] = field(default_factory=dict)
    picked: Mapping[str, tuple[Actor, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The words of a message that somebody chose, to make a report of them."""

    text: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody opened their own page of the bot, where the platform has one; it is brought up to date at `address`."""

    address: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Added:
    """The bot was added where it was not before: to a private chat, to a group or to a channel."""


What = Said | Pressed | Chosen | Opened | Added


@dataclass(frozen=True, slots=True)
class Inbound:
    """One delivery. `key` is the platform's own id of it: the same key never has a second effect.

    `arrived` is when it came in, by the monotonic clock: the time that people wait for an answer runs from there.
    """

    actor: Actor
    place: Place
    key: str
    what: What
    arrived: float = field(default_factory=time.monotonic, compare=False)


class Reply(BaseModel):
    """What this person sees at once. The answer is also what a repeated delivery gets.

    `card` None: nothing to show here (the answer travels as a message of its own). `replaces`: the card takes the place
    of the one pressed; otherwise it is for this person alone, beside it. A card with inputs is always private.
    `notice`: a short word beside whatever is there, which stays as it is, typed words included. `keep`: the card must
    also be there later, so it is sent as a message too. `sealed`: what it says is not kept for a repeated delivery.
    """

    model_config = ConfigDict(frozen=True)

    card: Card | None = None
    replaces: bool = True
    notice: str = ""
    keep: bool = False
    sealed: bool = False


class Desk(Protocol):
    """Where adapters bring what comes in. It has been committed when the reply is given; it never raises."""

    async def handle(self, inbound: Inbound) -> Reply: ...
