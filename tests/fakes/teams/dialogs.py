"""Dialogs (task modules): windows of the client that show one person a card of the bot."""

from dataclasses import dataclass, field, replace

from .rules import PayloadRules, bad_syntax
from .world import Conversation, Json, Message

_SUBMITS = ("task/submit", "composeExtension/submitAction")


@dataclass(frozen=True)
class Dialog:
    """A dialog, where it was opened, and by what: a message's button, or the app's own entry."""

    place: Conversation
    message: Message | None = None
    entry: Json | None = None
    title: str = ""
    card: Json = field(default_factory=dict)

    @property
    def submits(self) -> str:
        """What its buttons send."""
        return _SUBMITS[self.entry is not None]

    @property
    def reply_to(self) -> str | None:
        return self.message.id if self.message and self.entry is None else None

    @property
    def root(self) -> str | None:
        """The thread that it was opened in."""
        return self.message.root if self.message else None


def answered(asked: Dialog, name: str, body: object, rules: PayloadRules) -> tuple[Dialog | None, str]:
    """What the client shows next: a dialog, and a word in its place. Raises Refusal for what it would not show."""
    match body:
        case None | {} if not body and name in _SUBMITS:
            return None, ""
        case {"task": {"type": "message", "value": str(words), **rest}} if words and not rest:
            return None, words
        case {"task": {"type": "continue", "value": dict(value), **rest}} if not rest:
            rules.check_dialog(value)
            return replace(asked, title=value["title"], card=value["card"]["content"]), ""
    raise bad_syntax(f"not an answer to a dialog: {body!r}")
