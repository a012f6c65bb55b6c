"""Cards as HTML fragments for the built-in chat page: every word escaped, every control labelled, no script or style.

The page's own script reads `data-action`, `data-submits`, `data-validates` and `data-copy`. Inputs are named by their
ids; a moment is `<id>.date` and `<id>.time`.
"""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import count

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

_OPEN_CHOICES = 5
_VOID = {"input", "br"}
_SAFE_LINKS = ("https://", "http://", "mailto:", "tel:")


def render(card: Card, uid: str) -> str:
    """The card; `uid` keeps its element ids apart from those of other cards on the page."""
    ids = (f"{uid}-{number}" for number in count(1))
    inside = [part for body_part in card.body for part in _part(body_part, ids)]
    inside += _buttons(card.buttons)
    content = _tag("form", *inside) if any(card.inputs()) else "".join(inside)
    title = _tag("h3", escape(card.title), id=f"{uid}-title")
    return _tag("article", title, content, class_="card", id=uid, aria_labelledby=f"{uid}-title")


def _part(part: Part, ids: Iterator[str]) -> Iterator[str]:
    match part:
        case Words():
            yield _words(part)
        case Facts():
            if part.facts:
                yield _tag("dl", *(_fact(fact.label, fact.value) for fact in part.facts))
        case Buttons():
            yield from _buttons(part.buttons)
        case Details():
            yield _tag("details", _tag("summary", escape(part.title)), _paragraph(part.text))
        case Progress():
            yield _paragraph(part.text, class_="progress")
        case Copy():
            uid = next(ids)
            copy = _tag("button", "Copy", type="button", data_copy=uid, aria_label=f"Copy {part.title}")
            # HTML drops a line end right after <pre>, so that one of the text's own would be lost.
            yield _tag("h4", escape(part.title)) + _tag("pre", "\n", escape(part.text), id=uid) + copy
        case _:
            yield _field(part, next(ids))


def _words(part: Words) -> str:
    if part.style == "heading":
        return _tag("h4", escape(part.text))
    if part.style in plain.STANDS_OUT:
        word = _tag("strong", plain.STANDS_OUT[part.style].strip())
        role = "alert" if part.style == "error" else "note"
        return _tag("div", _tag("p", word, " ", _lines(part.text)), class_=part.style, role=role)
    return _paragraph(part.text, class_=part.style if part.style == "subtle" else None)


def _fact(label: str, value: str) -> str:
    return _tag("div", _tag("dt", escape(label)), _tag("dd", _lines(value)))


def _buttons(buttons: Iterable[Button]) -> Iterator[str]:
    shown = [_link(button) if button.url else _button(button) for button in buttons]
    if shown:
        yield _tag("div", *shown, class_="buttons")


def _button(button: Button) -> str:
    return _tag(
        "button",
        escape(button.label),
        type="button",
        class_=button.style,
        aria_label=button.spoken or None,
        data_action=button.action,
        data_submits="true" if button.submits else None,
        data_validates="true" if button.validates else None,
    )


def _link(button: Button) -> str:
    if not button.url.lower().startswith(_SAFE_LINKS):  # a "javascript:" link would run on the page
        return _tag("span", escape(button.label))
    return _tag("a", escape(button.label), href=button.url, rel="noopener noreferrer", class_=button.style)


# --- Inputs -------------------------------------------------------------------------------------------------


def _field(part: Input, id: str) -> str:
    """An input with its label, hint and error, joined for a screen reader."""
    hint = _paragraph(part.hint, id=f"{id}-hint", class_="hint") if part.hint else ""
    wrong = plain.marker(part.error) + part.error
    error = _paragraph(wrong, id=f"{id}-error", class_="error") if part.error else ""
    described = " ".join(name for name, shown in ((f"{id}-hint", hint), (f"{id}-error", error)) if shown) or None
    state = {"aria_invalid": "true" if part.error else None, "required": "" if part.required else None}
    if isinstance(part, MomentInput):
        controls = _moment(part, id, state)
    elif isinstance(part, ChoiceInput) and (part.several or len(part.options) <= _OPEN_CHOICES):
        controls = _open_choices(part, id, state)
    else:
        label = _tag("label", escape(plain.label(part)), for_=id)
        control = _control(part, {"id": id, "name": part.id, "aria_describedby": described, **state})
        return _tag("div", label, hint, error, control, class_="field")
    legend = _tag("legend", escape(plain.label(part)))
    return _tag("fieldset", legend, hint, error, controls, aria_describedby=described, class_="field")


def _moment(part: MomentInput, id: str, state: dict[str, str | None]) -> str:
    latest = check.a_day(part.latest)
    day = _tag("input", type="date", id=f"{id}-date", name=f"{part.id}.date", value=part.day, max=latest, **state)
    clock = _tag("input", type="time", id=f"{id}-time", name=f"{part.id}.time", value=part.clock)
    return (
        _tag("label", "Day", for_=f"{id}-date")
        + day
        + _tag("label", escape(plain.TIME_IF_KNOWN), for_=f"{id}-time")
        + clock
    )


def _open_choices(part: ChoiceInput, id: str, state: dict[str, str | None]) -> str:
    kind = "checkbox" if part.several else "radio"
    required = None if part.several else state["required"]  # on checkboxes it would mean every one of them
    choices = []
    for number, option in enumerate(part.options, start=1):
        control = _tag(
            "input",
            type=kind,
            id=f"{id}-{number}",
            name=part.id,
            value=option.value,
            checked="" if option.value in part.value else None,
            aria_invalid=state["aria_invalid"],
            required=required,
        )
        choices.append(_tag("div", control, _tag("label", escape(option.label), for_=f"{id}-{number}")))
    return "".join(choices)


def _control(part: Input, shared: dict[str, str | None]) -> str:
    match part:
        case TextInput(multiline=True):
            return _tag("textarea", "\n", escape(part.value), maxlength=str(part.max_length), rows="4", **shared)
        case TextInput():
            return _tag("input", type="text", value=part.value, maxlength=str(part.max_length), **shared)
        case NumberInput():
            value = "" if part.value is None else str(part.value)
            return _tag("input", type="number", value=value, min=str(part.least), max=str(part.most), **shared)
        case DayInput():
            return _tag("input", type="date", value=part.value, **shared)
        case ClockInput():
            return _tag("input", type="time", value=part.value, **shared)
        case PeopleInput():
            return _tag("input", type="text", value=", ".join(part.value), **shared)
        case ChoiceInput():
            options = [_option("", "Choose one", chosen=False)]
            options += [_option(o.value, o.label, chosen=o.value in part.value) for o in part.options]
            return _tag("select", *options, **shared)
        case MomentInput():
            raise TypeError("a moment is two controls")


def _option(value: str, label: str, *, chosen: bool) -> str:
    return _tag("option", escape(label), value=value, selected="" if chosen else None)


# --- Writing HTML -------------------------------------------------------------------------------------------


def _paragraph(text: str, **attributes: str | None) -> str:
    return _tag("p", _lines(text), **attributes)


def _lines(text: str) -> str:
    return "<br/>".join(escape(line) for line in text.split("\n"))


def _tag(name: str, /, *inside: str, **attributes: str | None) -> str:
    """An element around content that is already HTML; attributes are escaped here, those that are None left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}/>" if name in _VOID else f"<{name}{written}>{''.join(inside)}</{name}>"
