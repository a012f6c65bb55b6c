"""Cards as Adaptive Cards 1.5, the newest that Teams takes from bots.

Words that a person typed go into text runs, which know no Markdown; all other words are escaped.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psirf_bot.cards import check, plain
from psirf_bot.cards.model import (
    Button,
    Buttons,
    Card,
    ChoiceInput,
    ClockInput,
    Copy,
    DayInput,
    Details,
    Facts,
    Input,
    MomentInput,
    NumberInput,
    Part,
    PeopleInput,
    Progress,
    TextInput,
    Words,
)
from psirf_bot.dialogs.typed import unbroken

Json = dict[str, Any]

IN_PRIVATE = " (in our private chat)"
OPENS_A_WINDOW = {"type": "task/fetch"}
_STYLES = {"primary": "positive", "danger": "destructive"}
_LOOKS: dict[str, Json] = {"subtle": {"isSubtle": True}, "heading": {"size": "Medium", "weight": "Bolder"}}
_CONTAINERS = {"warning": "warning", "error": "attention"}
_OPEN_CHOICES = 5
_FALLBACK = 2000  # characters; a client this old needs the gist


def render(card: Card, *, window: bool = False) -> Json:
    """The card for Teams, in a message or in a window of its own; long words are cut so that it stays within 28 KB."""
    rendered: Json = {}
    for most in check.BUDGETS:
        rendered = _render(check.fitted(card, most), window)
        if check.card_bytes(rendered) <= check.CARD_SOFT:
            break
    return rendered


def given(data: Mapping[str, object]) -> dict[str, object]:
    """What the card's inputs held, by input id, from the data that a pressed button sent."""
    sent: dict[str, object] = dict.fromkeys(_names(data.get("asked")))
    sent |= {key: value if value != "" else None for key, value in data.items() if key not in check.OWN_DATA}
    several = {key: str(sent[key]).split(",") for key in _names(data.get("several")) if sent.get(key)}
    return joined(sent | several)


def _names(listed: object) -> list[str]:
    return [str(name) for name in listed] if isinstance(listed, list) else []


def joined(sent: Mapping[str, object]) -> dict[str, object]:
    """The same with `<id>.date` and `<id>.time` put together as one moment, None when both are empty.

    Typed words come without halves of characters, so that what is refused can be shown again.
    """
    together: dict[str, object] = {}
    for key, value in sent.items():
        whole, dot, half = key.rpartition(".")
        if dot and half in ("date", "time"):
            moment = {name: sent.get(f"{whole}.{name}") for name in ("date", "time")}
            together[whole] = moment if any(moment.values()) else None
        else:
            together[key] = unbroken(value) if isinstance(value, str) else value
    return together


def _render(card: Card, window: bool) -> Json:
    buttons = list(card.all_buttons())
    actions = _Actions(_asked(card), window)
    # A Back button sends what is typed: a required input must not stand in its way, our own check follows anyway.
    blocking = all(button.validates for button in buttons if button.submits)
    body = [_text(card.title, style="heading", size="Large", weight="Bolder")]
    for part in (*card.body, Buttons(buttons=card.buttons)):
        body += _part(part, actions, blocking)
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "lang": "en",
        "speak": card.preview,
        "fallbackText": check.clip(f"{card.preview}\n\n{plain.render(card)}", _FALLBACK),
        "body": body,
    }


def _part(part: Part, actions: "_Actions", blocking: bool) -> Iterator[Json]:
    match part:
        case Words():
            yield _words(part)
        case Facts():
            yield from _facts(part)
        case Buttons():
            yield from actions.rows(part.buttons)
        case Details():
            inside = {"type": "AdaptiveCard", "body": [_literal(part.text) if part.typed else _text(part.text)]}
            yield {"type": "ActionSet", "actions": [{"type": "Action.ShowCard", "title": part.title, "card": inside}]}
        case Progress():
            yield _text(part.text, isSubtle=True, size="Small")
        case Copy():
            yield _text(part.title, weight="Bolder")
            yield _literal(part.text, fontType="Monospace")
        case _:
            yield from _input(part, blocking)


def _words(part: Words) -> Json:
    if part.style in _CONTAINERS:
        word = _text(plain.STANDS_OUT[part.style].strip(), weight="Bolder")
        words = _literal(part.text) if part.typed else _text(part.text, spacing="None")
        return {"type": "Container", "style": _CONTAINERS[part.style], "items": [word, words]}
    look = _LOOKS.get(part.style, {})
    if part.typed:
        return _literal(part.text, **look)
    return _text(part.text, **look, **({"style": "heading"} if part.style == "heading" else {}))


def _facts(part: Facts) -> Iterator[Json]:
    """Each on a line of its own: on a phone a table cuts what is longer than its column; its cells read Markdown."""
    for number, fact in enumerate(part.facts):
        name = {"type": "TextRun", "text": plain.before_value(fact.label), "weight": "Bolder"}
        close = {"spacing": "Small"} if number else {}
        yield {"type": "RichTextBlock", "inlines": [name, *_runs(fact.value or "–")], **close}


@dataclass(frozen=True, slots=True)
class _Actions:
    """The buttons of a card. `asked`: what a submit says of the inputs; `window`: the card is in one of its own."""

    asked: Json
    window: bool

    def rows(self, buttons: Iterable[Button]) -> Iterator[Json]:
        actions = [action for button in buttons for action in self._of(button)]
        for start in range(0, len(actions), check.ACTIONS):
            yield {"type": "ActionSet", "actions": actions[start : start + check.ACTIONS]}

    def _of(self, button: Button) -> Iterator[Json]:
        if button.url:
            yield {"type": "Action.OpenUrl", "url": button.url, **_look(button)}
        elif self.window:
            yield {"type": "Action.Submit", **self._press(button)}
        elif button.opens:
            press = self._press(button)
            yield {"type": "Action.Submit", **press, "data": {"msteams": OPENS_A_WINDOW, **press["data"]}}
            yield {**self._execute(_in_private(button)), "mode": "secondary"}  # behind the three dots
        else:
            yield self._execute(button)

    def _execute(self, button: Button) -> Json:
        press = self._press(button)
        return {"type": "Action.Execute", "verb": "press", **press, "fallback": {"type": "Action.Submit", **press}}

    def _press(self, button: Button) -> Json:
        data: Json = {"action": button.action} | (self.asked if button.submits else {})
        return {**_look(button), "data": data, "associatedInputs": "auto" if button.submits else "none"}


def _look(button: Button) -> Json:
    look = {"title": button.label, "style": _STYLES.get(button.style), "tooltip": button.spoken}
    return {name: value for name, value in look.items() if value}


def _in_private(button: Button) -> Button:
    """The way round for a client that opens no window: some do nothing at all when such a button is pressed."""
    spoken = button.spoken + IN_PRIVATE if button.spoken else ""
    return button.model_copy(update={"label": button.label + IN_PRIVATE, "spoken": spoken, "style": "plain"})


def _asked(card: Card) -> Json:
    """Which inputs there are, and which hold several: Teams sends no empty ones, and several joined by commas."""
    asked: list[str] = []
    several: list[str] = []
    for part in card.inputs():
        asked += [f"{part.id}.date", f"{part.id}.time"] if isinstance(part, MomentInput) else [part.id]
        several += [part.id] if isinstance(part, ChoiceInput) and part.several else []
    return {name: ids for name, ids in (("asked", asked), ("several", several)) if ids}


def _input(part: Input, blocking: bool) -> Iterator[Json]:
    required = {"isRequired": True} if part.required and blocking else {}
    field = {"id": part.id, "label": plain.label(part), "errorMessage": _error_message(part), **required}
    if isinstance(part, MomentInput):
        latest = {"max": part.latest} if check.a_day(part.latest) else {}
        date = field | {"type": "Input.Date", "id": f"{part.id}.date", **latest}
        time = {"type": "Input.Time", "id": f"{part.id}.time", "label": plain.TIME_IF_KNOWN}
        yield _with_value(date, check.a_day(part.day))
        yield _with_value(time, check.a_clock(part.clock))
    else:
        yield field | _element(part)
    if part.error:  # below: above, it would read as part of the question before
        yield _text(plain.marker(part.error) + part.error, color="Attention", weight="Bolder", spacing="Small")
    if part.hint:
        yield _text(part.hint, isSubtle=True, size="Small", spacing="Small")


def _element(part: Input) -> Json:
    """What sets one kind of input apart. A limit never shuts out the value already there, which would trap people."""
    match part:
        case TextInput():
            most = max(part.max_length, len(part.value))
            text = {"type": "Input.Text", "isMultiline": part.multiline, "maxLength": most}
            return _with_value(text, part.value)
        case NumberInput():
            values = [part.value] if part.value is not None else []
            number = {"type": "Input.Number", "min": min((part.least, *values)), "max": max((part.most, *values))}
            return number | ({} if part.value is None else {"value": part.value})
        case ChoiceInput():
            return _choice(part)
        case DayInput():
            return _with_value({"type": "Input.Date"}, check.a_day(part.value))
        case ClockInput():
            return _with_value({"type": "Input.Time"}, check.a_clock(part.value))
        case PeopleInput():
            return _with_value({"type": "Input.Text"}, ", ".join(part.value))
        case MomentInput():
            raise TypeError("a moment is two inputs")


def _choice(part: ChoiceInput) -> Json:
    chosen = [option.value for option in part.options if option.value in part.value]
    choices = {
        "type": "Input.ChoiceSet",
        "choices": [{"title": option.label, "value": option.value} for option in part.options],
        "style": "expanded" if len(part.options) <= _OPEN_CHOICES else "compact",
        "isMultiSelect": part.several,
        "wrap": True,
    }
    return _with_value(choices, ",".join(chosen if part.several else chosen[:1]))


def _with_value(element: Json, value: str | None) -> Json:
    return element | ({"value": value} if value else {})


def _error_message(part: Input) -> str:
    """What the client says itself, before anything is sent."""
    match part:
        case TextInput():
            return f"Please answer this in up to {part.max_length:,} characters."
        case NumberInput():
            return f"Please enter a whole number from {part.least:,} to {part.most:,}."
        case ChoiceInput():
            return "Please choose an answer."
        case DayInput() | MomentInput():
            return "Please enter a day that is not in the future."
        case ClockInput():
            return "Please enter a time."
        case PeopleInput():
            return "Please enter a name or a work e-mail address."


def _text(text: str, **look: object) -> Json:
    return {"type": "TextBlock", "text": _escaped(text), "wrap": True, **look}


def _literal(text: str, **look: object) -> Json:
    """Words exactly as they were typed."""
    return {"type": "RichTextBlock", "inlines": [{**run, **look} for run in _runs(text)]}


def _runs(text: str) -> list[Json]:
    # Clients turn {{DATE(…)}} into a date even here; cut in two, it stays as it was typed.
    return [{"type": "TextRun", "text": run} for run in re.split(r"(?<=\{)(?=\{)", text)]


# What would act in Markdown: emphasis, code, links, entities, tags and {{DATE(…)}} anywhere; headings, quotes and lists
# at the start of a line. Nothing else is escaped, because not every client takes a needless backslash away again.
_ACTS = re.compile(
    r"[*_`]|~(?=~)|\](?=[(\[:])|&(?=#?\w+;)|<(?=[a-zA-Z/!?])|\{(?=\{)|\\(?=[!-/:-@\[-`{-~])"
    r"|^[-+#>=]"
)
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s)")
# Most of our own words: one line that begins with a letter, and nothing in it that could act.
_HARMLESS = re.compile(r"[^\W\d_][^*_`~\]&<{\\\n]*")


def _escaped(text: str) -> str:
    """Words that are shown as they stand although the client reads Markdown."""
    if _HARMLESS.fullmatch(text):
        return text.rstrip()
    lines = (_NUMBERED.sub(r"\1\\\2", _ACTS.sub(r"\\\g<0>", line.strip())) for line in text.split("\n"))
    return "\n\n".join(line for line in lines if line)  # in Markdown, only an empty line starts a new one
