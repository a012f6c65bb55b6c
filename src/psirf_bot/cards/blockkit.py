"""Cards as Slack's Block Kit: a message, or a modal where there is something to fill in.

Nothing is sent as mrkdwn, so words show as they were written: plain text with emoji off, or rich text, which has no
markup in its words. What people typed is masked first, because no identifier may reach Slack (design §8).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import Any
from zlib import crc32

from psirf_bot.cards import check, plain
from psirf_bot.cards.adaptive import joined
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
from psirf_bot.domain.identifiers import Kind, find, mask, words

Json = dict[str, Any]

_TITLE = 24  # characters of a modal's title and submit
_HEADER = 150
_TEXT = 3000
_LABEL = 75  # characters of a button or an option
_PICKED, _TYPED = ".picked", ".typed"
_REDRAWN = re.compile(r"#[0-9a-f]{8}$")
_OPEN_CHOICES = 5
_CHECKBOXES = 10
_NOT_ON_SLACK = "Or by name, if they are not on Slack"
_ROW = 25  # buttons in an actions block
_TAKEN_OUT = "It is taken out here. Please read your words again, and go on."
_PREVIEW = 750  # characters; each may grow to five when escaped, and 4,000 are the most an edited message may have


def message(card: Card) -> Json:
    """The card as a message. One with inputs becomes its words and a button that opens the form."""
    shown = _without_form(_masked(card))
    text = check.clip(card.preview or card.title, _PREVIEW)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def build(fitting: Card) -> Json:
        blocks = [_heading(fitting.title), *_blocks(fitting, validates=True)]
        return {"text": text, "blocks": _trimmed(blocks, check.MESSAGE_BLOCKS)}

    return _within_limits(shown, build)


def modal(card: Card) -> Json:
    """The card as a modal view; its submit stands for the button that sends the form."""
    submit = _submit(card)
    shown = _only(_masked(card), lambda button: button is not submit)
    if not submit:  # Slack takes no inputs then, and nothing could be sent
        shown = shown.model_copy(update={"body": tuple(p for p in shown.body if not isinstance(p, Input))})
    title = card.title if len(card.title) <= _TITLE else check.clip(card.title.partition(":")[0], _TITLE)

    def build(fitting: Card) -> Json:
        full_title = [_heading(fitting.title)] if title != card.title else []
        blocks = [*full_title, *_blocks(fitting, validates=bool(submit and submit.validates))]
        return {
            "type": "modal",
            "callback_id": "psirf",
            "title": _plain(title),
            "close": _plain("Close"),
            "blocks": _trimmed(blocks, check.VIEW_BLOCKS),
        }

    view = _within_limits(shown, build)
    if submit:
        view["submit"] = _plain(submit.label, _TITLE)
        view["private_metadata"] = json.dumps({"action": submit.action})
    return view


def home(card: Card) -> Json:
    """The card as App Home, which stays open behind the modals that its buttons open."""
    shown = _without_form(_masked(card))

    def build(fitting: Card) -> Json:
        blocks = [_heading(fitting.title), *_blocks(fitting, validates=True)]
        return {"type": "home", "blocks": _trimmed(blocks, check.VIEW_BLOCKS)}

    return _within_limits(shown, build)


def given(state_values: Mapping[str, Mapping[str, Json]]) -> dict[str, object]:
    """What the inputs held, from a view's or message's `state.values`; of people, the names that were typed."""
    sent = {block: _held(values["value"]) for block, values in state_values.items() if "value" in values}
    return joined({_REDRAWN.sub("", b).removesuffix(_TYPED): v for b, v in sent.items() if not b.endswith(_PICKED)})


def picked(state_values: Mapping[str, Mapping[str, Json]]) -> dict[str, list[str]]:
    """The user ids that were picked from Slack's own list, by input id."""
    sent = {block: _held(values["value"]) for block, values in state_values.items() if block.endswith(_PICKED)}
    return {block.removesuffix(_PICKED): ids for block, ids in sent.items() if isinstance(ids, list)}


# --- Which part of the card is shown ------------------------------------------------------------------------


def _without_form(card: Card) -> Card:
    if not any(card.inputs()):
        return card
    shown = _only(card, lambda button: not button.submits and not card.reopen)
    asked = list(card.inputs())
    # Words typed now would answer the first question that is wrong or open.
    now = next((i for i in asked if i.error), None) or next((i for i in asked if not _has_value(i)), asked[0])
    words = [part for part in shown.body if not isinstance(part, Input)]
    body = (*words, *_in_words(now, alone=len(asked) == 1))
    opens = (Button(label="Open the form", action=card.reopen, style="primary"),) if card.reopen else ()
    return shown.model_copy(update={"body": body, "buttons": shown.buttons + opens})


def _has_value(part: Input) -> bool:
    return bool(part.day) if isinstance(part, MomentInput) else part.value not in ("", (), None)


def _in_words(part: Input, *, alone: bool) -> Iterator[Part]:
    """A question for somebody who may answer it by typing."""
    yield Words(text=part.label if alone else f"You can answer by typing. {part.label}", style="heading")
    if part.error:
        yield Words(text=part.error, style="error")
    if part.hint:
        yield Words(text=part.hint, style="subtle")
    if isinstance(part, ChoiceInput):
        yield Words(text="\n".join(f"• {option.label}" for option in part.options))


def _submit(card: Card) -> Button | None:
    submitting = [button for button in card.all_buttons() if button.submits and not button.url]
    return next((button for button in submitting if button.validates), submitting[0] if submitting else None)


def _only(card: Card, wanted: Callable[[Button], bool]) -> Card:
    """The card with only these of its buttons."""

    def kept(part: Part) -> Part:
        return Buttons(buttons=tuple(filter(wanted, part.buttons))) if isinstance(part, Buttons) else part

    body = tuple(kept(part) for part in card.body)
    return card.model_copy(update={"body": body, "buttons": tuple(filter(wanted, card.buttons))})


def _masked(card: Card) -> Card:
    return card.model_copy(update={"body": tuple(_masked_part(part) for part in card.body)})


def _masked_part(part: Part) -> Part:
    match part:
        case Words(typed=True) | Details(typed=True) | Copy():  # what is there to copy was typed, in part
            return part.model_copy(update={"text": mask(part.text)})
        case Facts():
            facts = (fact.model_copy(update={"value": mask(fact.value)}) if fact.typed else fact for fact in part.facts)
            return Facts(facts=tuple(facts))
        case TextInput():
            found = words({identifier.kind for identifier in find(part.value)})
            if not found:
                return part
            error = f"{found} {_TAKEN_OUT}" if part.error.startswith(found) else part.error
            # Slack keeps what was typed in a block of the same name, whatever it is told to show there.
            redrawn = f"{part.id}#{crc32(part.value.encode()):08x}"
            return part.model_copy(update={"id": redrawn, "value": mask(part.value), "error": error})
        case PeopleInput():
            return part.model_copy(update={"value": tuple(map(_masked_name, part.value))})
    return part


def _masked_name(name: str) -> str:
    """A colleague's work e-mail address is what the question asks for; anything else is not."""
    return name if all(found.kind is Kind.EMAIL for found in find(name)) else mask(name)


def _within_limits(card: Card, build: Callable[[Card], Json]) -> Json:
    rendered: Json = {}
    for most in check.BUDGETS:
        rendered = build(check.fitted(card, most))
        if check.slack_characters(rendered["blocks"]) <= check.BLOCKS_TEXT:
            break
    return rendered


def _trimmed(blocks: list[Json], most: int) -> list[Json]:
    """At most so many blocks: the last words give way, never a button, an input or what is wrong with it."""
    over = len(blocks) - most
    if over <= 0:
        return blocks
    words = [n for n, block in enumerate(blocks) if block["type"] != "actions" and "block_id" not in block]
    gone = words[-over - 1 :]
    kept = [block for n, block in enumerate(blocks) if n not in gone]
    return [*kept[: gone[0]], _context("… There is more than can be shown here."), *kept[gone[0] :]] if gone else kept


# --- Parts --------------------------------------------------------------------------------------------------


def _blocks(card: Card, *, validates: bool) -> Iterator[Json]:
    numbers = count(1)
    for part in (*card.body, Buttons(buttons=card.buttons)):
        yield from _part(part, numbers, validates)


def _part(part: Part, numbers: Iterator[int], validates: bool) -> Iterator[Json]:
    match part:
        case Words():
            yield from _words(part)
        case Facts():
            if part.facts:
                yield _rich(_section(*_lines(part)))
        case Buttons():
            elements = [_button(button, next(numbers)) for button in part.buttons]
            for start in range(0, len(elements), _ROW):
                yield {"type": "actions", "elements": elements[start : start + _ROW]}
        case Details():
            yield _rich(_section(_bold(part.title)))
            yield from _paragraphs(part.text)
        case Progress():
            yield _context(part.text)
        case Copy():
            text = {"type": "rich_text_preformatted", "elements": [_run(part.text or "–")]}
            yield _rich(_section(_bold(part.title)), text)
        case _:
            yield from _input(part, validates)


def _lines(part: Facts) -> Iterator[Json]:
    for number, fact in enumerate(part.facts):
        yield _bold(("\n" if number else "") + plain.before_value(fact.label))
        yield _moment(fact.at, fact.value) if fact.at else _run(fact.value or "–")


def _words(part: Words) -> Iterator[Json]:
    if not part.text.strip():
        return
    if part.style in plain.STANDS_OUT:
        runs = [_bold(plain.STANDS_OUT[part.style]), _run(part.text)]
        yield _rich({"type": "rich_text_quote", "elements": runs})
    elif part.style == "heading":
        yield _heading(part.text)
    elif part.style == "subtle":
        yield from map(_context, _pieces(part.text))
    else:
        yield from _paragraphs(part.text)


def _paragraphs(text: str) -> Iterator[Json]:
    for piece in _pieces(text):
        yield {"type": "section", "text": _plain(piece)}


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that fit a text object, cut between lines or words where there are any."""
    text = text.strip()
    while len(text) > _TEXT:
        cut = max(text.rfind("\n", 0, _TEXT), text.rfind(" ", 0, _TEXT))
        cut = cut if cut > _TEXT // 2 else _TEXT
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def _button(button: Button, number: int) -> Json:
    look = {"style": button.style} if button.style != "plain" else {}
    leads = {"url": button.url} if button.url else {"value": button.action}
    kind = "open" if button.opens else "press"
    shown = {"type": "button", "action_id": f"{kind}:{number}", "text": _plain(button.label, _LABEL), **leads, **look}
    return _with(shown, accessibility_label=check.clip(button.spoken, _LABEL))


# --- Inputs -------------------------------------------------------------------------------------------------


def _input(part: Input, validates: bool) -> Iterator[Json]:
    """The input and, below it, what is wrong with it: above, it would read as part of the question before."""
    yield from _fields(part, validates)
    if part.error:
        runs = [_bold(plain.PLEASE_CHECK), _run(part.error)]
        yield _rich({"type": "rich_text_quote", "elements": runs}) | {"block_id": f"{part.id}.error"}


def _fields(part: Input, validates: bool) -> Iterator[Json]:
    optional = not (part.required and validates)
    if isinstance(part, MomentInput):
        date = _with({"type": "datepicker"}, initial_date=check.a_day(part.day))
        time = _with({"type": "timepicker"}, initial_time=check.a_clock(part.clock))
        yield _field(f"{part.id}.date", part.label, date, part.hint, optional)
        yield _field(f"{part.id}.time", plain.TIME_IF_KNOWN, time, "", optional=True)
    elif isinstance(part, PeopleInput):
        users = [part.on_slack[name] for name in part.value if name in part.on_slack]
        names = ", ".join(name for name in part.value if name not in part.on_slack)[:_TEXT]
        picker = {"type": "multi_users_select", "max_selected_items": part.most}
        typed = {"type": "plain_text_input", "max_length": _TEXT}
        # Either will do, so Slack can ask for neither; the answer is checked when it comes.
        yield _field(part.id + _PICKED, part.label, _with(picker, initial_users=users), "", optional=True)
        yield _field(part.id + _TYPED, _NOT_ON_SLACK, _with(typed, initial_value=names), part.hint, optional=True)
    elif isinstance(part, ChoiceInput) and not part.options:
        yield _context(f"{part.label}: there is nothing to choose from.")
    else:
        yield _field(part.id, part.label, _element(part), part.hint, optional)


def _field(id: str, label: str, element: Json, hint: str, optional: bool) -> Json:
    block = {
        "type": "input",
        "block_id": id,
        "label": _plain(label, 2000),
        "element": {"action_id": "value", **element},
        "optional": optional,
    }
    return _with(block, hint=_plain(hint, 2000) if hint else None)


def _element(part: Input) -> Json:
    """The element of an input. A limit never shuts out the value already there, which would trap people."""
    match part:
        case TextInput():
            value = part.value[:_TEXT]
            most = min(_TEXT, max(part.max_length, len(value), 1))
            text = {"type": "plain_text_input", "multiline": part.multiline, "max_length": most}
            return _with(text, initial_value=value)
        case NumberInput():
            values = [part.value] if part.value is not None else []
            bounds = {"min_value": str(min((part.least, *values))), "max_value": str(max((part.most, *values)))}
            number = {"type": "number_input", "is_decimal_allowed": False, **bounds}
            return _with(number, initial_value="".join(map(str, values)))
        case ChoiceInput():
            return _choice(part)
        case DayInput():
            return _with({"type": "datepicker"}, initial_date=check.a_day(part.value))
        case ClockInput():
            return _with({"type": "timepicker"}, initial_time=check.a_clock(part.value))
        case MomentInput() | PeopleInput():
            raise TypeError("it is two inputs")


def _choice(part: ChoiceInput) -> Json:
    options = [{"text": _plain(option.label, _LABEL), "value": option.value} for option in part.options]
    chosen = [option for option in options if option["value"] in part.value]
    if part.several:
        kind = "checkboxes" if len(options) <= _CHECKBOXES else "multi_static_select"
        return _with({"type": kind, "options": options}, initial_options=chosen)
    kind = "radio_buttons" if len(options) <= _OPEN_CHOICES else "static_select"
    return _with({"type": kind, "options": options}, initial_option=chosen[0] if chosen else None)


def _held(element: Json) -> object:
    """The value in one element of the state; None when it is empty."""
    match element:
        case {"selected_users": list(users)}:
            return users or None
        case {"selected_options": list(options)}:
            return [option["value"] for option in options] or None
        case {"selected_option": option}:
            return option and option["value"]
        case {"selected_date": value} | {"selected_time": value} | {"value": value}:
            return None if value == "" else value
    return None


# --- Objects ------------------------------------------------------------------------------------------------


def _plain(text: str, most: int = _TEXT) -> Json:
    return {"type": "plain_text", "text": check.clip(text, most) if text.strip() else "–", "emoji": False}


def _context(text: str) -> Json:
    return {"type": "context", "elements": [_plain(text)]}


def _heading(text: str) -> Json:
    if len(text) > _HEADER:
        return _rich(_section(_bold(text)))
    return {"type": "header", "text": _plain(text)}


def _rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*runs: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(runs)}


def _run(text: str) -> Json:
    return {"type": "text", "text": text}


def _moment(at: datetime, otherwise: str) -> Json:
    """A moment in the reader's own time."""
    return {"type": "date", "timestamp": int(at.timestamp()), "format": "{date_long}, {time}", "fallback": otherwise}


def _bold(text: str) -> Json:
    return _run(text) | {"style": {"bold": True}}


def _with(element: Json, **values: object) -> Json:
    """The element with those of the values that are not empty; Slack refuses null and "" as initial values."""
    return element | {name: value for name, value in values.items() if value}
