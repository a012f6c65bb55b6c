"""Cards as Slack's Block Kit: a message, or a modal where there is something to fill in.

Nothing is sent as mrkdwn, so words show as they were written: plain text with emoji off, or rich text, which has no
markup in its words. What people typed is masked first, because no identifier may reach Slack.
"""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from zlib import crc32

from psirf_bot.cards import check, plain, slack_inputs
from psirf_bot.cards.model import (
    Button,
    Buttons,
    Card,
    ChoiceInput,
    Copy,
    Details,
    Facts,
    Input,
    Part,
    PeopleInput,
    Progress,
    TextInput,
    Words,
)
from psirf_bot.cards.slack_inputs import LABEL
from psirf_bot.cards.slack_objects import (
    TEXT,
    bold,
    context,
    header,
    moment,
    plain_text,
    rich,
    section,
    text_run,
    with_values,
)
from psirf_bot.domain.identifiers import Kind, find, mask, words

Json = dict[str, Any]

_TITLE = 24  # characters of a modal's title and submit
_ROW = 25  # buttons in an actions block
_TAKEN_OUT = "It is taken out here. Please read your words again, and go on."
_MORE = "… There is more than can be shown here."
_PREVIEW = 750  # characters; each may grow to five when escaped, and 4,000 are the most an edited message may have


def message(card: Card) -> Json:
    """The card as a message. One with inputs becomes its words and a button that opens the form."""
    shown = _without_form(_masked(card))
    text = check.clip(card.preview or card.title, _PREVIEW)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def build(fitting: Card) -> Json:
        blocks = [header(fitting.title), *_blocks(fitting, validates=True)]
        return {"text": text, "blocks": _shortened(blocks, check.MESSAGE_BLOCKS, fitting)}

    return _within_limits(shown, build)


def modal(card: Card, turn: str = "") -> Json:
    """The card as a modal view; its submit stands for the button that sends the form. `turn`: what it answers."""
    submit = _submit(card)
    shown = _only(_masked(card, turn), lambda button: button is not submit)
    if not submit:  # Slack takes no inputs then, and nothing could be sent
        shown = shown.model_copy(update={"body": tuple(p for p in shown.body if not isinstance(p, Input))})
    title = card.title if len(card.title) <= _TITLE else check.clip(card.title.partition(":")[0], _TITLE)

    def build(fitting: Card) -> Json:
        full_title = [header(fitting.title)] if title != card.title else []
        blocks = [*full_title, *_blocks(fitting, validates=bool(submit and submit.validates))]
        return {
            "type": "modal",
            "callback_id": "psirf",
            "title": plain_text(title),
            "close": plain_text("Close"),
            "blocks": _trimmed(blocks, check.VIEW_BLOCKS),
        }

    view = _within_limits(shown, build)
    if submit:
        view["submit"] = plain_text(submit.label, _TITLE)
        view["private_metadata"] = json.dumps({"action": submit.action})
    return view


def home(card: Card) -> Json:
    """The card as App Home, which stays open behind the modals that its buttons open."""
    shown = _without_form(_masked(card))

    def build(fitting: Card) -> Json:
        blocks = [header(fitting.title), *_blocks(fitting, validates=True)]
        return {"type": "home", "blocks": _shortened(blocks, check.VIEW_BLOCKS, fitting)}

    return _within_limits(shown, build)


# --- Which part of the card is shown ------------------------------------------------------------------------


def _without_form(card: Card) -> Card:
    if not any(card.inputs()):
        return card
    shown = _only(card, lambda button: not button.submits and not card.reopen)
    asked = list(card.inputs())
    words = [part for part in shown.body if not isinstance(part, Input)]
    now = [part for i in asked if i.id == card.asks_now for part in _in_words(i, alone=len(asked) == 1)]
    body = (*words, *now)
    opens = (Button(label="Open the form", action=card.reopen, style="primary"),) if card.reopen else ()
    return shown.model_copy(update={"body": body, "buttons": shown.buttons + opens})


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


def _masked(card: Card, turn: str = "") -> Card:
    return card.model_copy(update={"body": tuple(_masked_part(part, turn) for part in card.body)})


def _masked_part(part: Part, turn: str) -> Part:
    match part:
        case Words(typed=True) | Details(typed=True) | Copy():  # what is there to copy was typed, in part
            return part.model_copy(update={"text": mask(part.text)})
        case Facts():
            facts = (fact.model_copy(update={"value": mask(fact.value)}) if fact.typed else fact for fact in part.facts)
            return Facts(facts=tuple(facts))
        case TextInput() | PeopleInput() if not part.value:
            return part
        case TextInput():
            found = words({identifier.kind for identifier in find(part.value)})
            if not found:
                return part
            error = f"{found} {_TAKEN_OUT}" if part.error.startswith(found) else part.error
            # Slack keeps what was typed in a block of the same name, whatever it is told to show there: so the name
            # is another one each time, also for somebody who types the same words again.
            redrawn = f"{part.id}#{crc32(f'{turn} {part.value}'.encode()):08x}"
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
        if not check.has_too_many_characters(rendered["blocks"]):
            break
    return rendered


def _shortened(blocks: list[Json], most: int, card: Card) -> list[Json]:
    """At most so many blocks: of a card that can be opened, what fits, and a button that opens all of it.

    Its end goes with the buttons there, which would say nothing without their words.
    """
    if len(blocks) <= most or not card.reopen:
        return _trimmed(blocks, most)
    last = len(list(_part(Buttons(buttons=card.buttons), count(1), validates=True)))
    ways_on = blocks[len(blocks) - last :]
    if all(button.action != card.reopen for button in card.buttons):
        ways_on.insert(0, {"type": "actions", "elements": [_button(_opens_all(card), 0)]})
    kept = blocks[: most - 1 - len(ways_on)]
    while len(kept) > 1 and kept[-1]["type"] in {"header", "context"}:  # of what would follow
        kept.pop()
    return [*kept, context(_MORE), *ways_on]


def _opens_all(card: Card) -> Button:
    return Button(label="Open it to see all of it", action=card.reopen, style="primary", opens=True)


def _trimmed(blocks: list[Json], most: int) -> list[Json]:
    """At most so many blocks: the last words give way, never a button, an input or what is wrong with it."""
    over = len(blocks) - most
    if over <= 0:
        return blocks
    words = [n for n, block in enumerate(blocks) if block["type"] != "actions" and "block_id" not in block]
    gone = words[-over - 1 :]
    kept = [block for n, block in enumerate(blocks) if n not in gone]
    return [*kept[: gone[0]], context(_MORE), *kept[gone[0] :]] if gone else kept


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
                yield rich(section(*_lines(part)))
        case Buttons():
            elements = [_button(button, next(numbers)) for button in part.buttons]
            for start in range(0, len(elements), _ROW):
                yield {"type": "actions", "elements": elements[start : start + _ROW]}
        case Details():
            yield rich(section(bold(part.title)))
            yield from _paragraphs(part.text)
        case Progress():
            yield context(part.text)
        case Copy():
            text = {"type": "rich_text_preformatted", "elements": [text_run(part.text or "–")]}
            yield rich(section(bold(part.title)), text)
        case _:
            yield from slack_inputs.blocks(part, validates)


def _lines(part: Facts) -> Iterator[Json]:
    for number, fact in enumerate(part.facts):
        yield bold(("\n" if number else "") + plain.before_value(fact.label))
        yield moment(fact.at, fact.value) if fact.at else text_run(fact.value or "–")


def _words(part: Words) -> Iterator[Json]:
    if not part.text.strip():
        return
    if part.style in plain.STANDS_OUT:
        runs = [bold(plain.STANDS_OUT[part.style]), text_run(part.text)]
        yield rich({"type": "rich_text_quote", "elements": runs})
    elif part.style == "heading":
        yield header(part.text)
    elif part.style == "subtle":
        yield from map(context, _pieces(part.text))
    else:
        yield from _paragraphs(part.text)


def _paragraphs(text: str) -> Iterator[Json]:
    for piece in _pieces(text):
        yield {"type": "section", "text": plain_text(piece)}


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that fit a text object, cut between lines or words where there are any."""
    text = text.strip()
    while len(text) > TEXT:
        cut = max(text.rfind("\n", 0, TEXT), text.rfind(" ", 0, TEXT))
        cut = cut if cut > TEXT // 2 else TEXT
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def _button(button: Button, number: int) -> Json:
    look = {"style": button.style} if button.style != "plain" else {}
    leads = {"url": button.url} if button.url else {"value": button.action}
    kind = "open" if button.opens else "press"
    shown = {
        "type": "button",
        "action_id": f"{kind}:{number}",
        "text": plain_text(button.label, LABEL),
        **leads,
        **look,
    }
    return with_values(shown, accessibility_label=check.clip(button.spoken, LABEL))
