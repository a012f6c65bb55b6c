"""Finding things in an Adaptive Card as its renderer does: elements, inputs, actions and words, at any depth."""

from collections.abc import Iterator
from dataclasses import dataclass

from .world import Json

# Every property of Adaptive Cards 1.5 that holds elements or actions; `fallback` is shown only by older clients.
_CHILDREN = (
    "body",
    "items",
    "columns",
    "rows",
    "cells",
    "images",
    "inlines",
    "actions",
    "card",
    "selectAction",
    "inlineAction",
)
_WORDS = ("text", "title", "label", "placeholder", "altText", "value")


@dataclass(frozen=True)
class Found:
    """An element or action together with what it stands in, outermost first."""

    node: Json
    ancestors: tuple[Json, ...]

    @property
    def visible(self) -> bool:
        return all(node.get("isVisible", True) for node in (*self.ancestors, self.node))

    @property
    def card(self) -> Json:
        """The innermost card this belongs to: the whole card, or that of a ShowCard."""
        return next(node for node in reversed(self.ancestors) if node.get("type") == "AdaptiveCard")


def walk(node: Json, ancestors: tuple[Json, ...] = ()) -> Iterator[Found]:
    """The node and everything in it, in reading order."""
    yield Found(node, ancestors)
    for key in _CHILDREN:
        children = node.get(key)
        for child in children if isinstance(children, list) else [children]:
            if isinstance(child, dict):
                yield from walk(child, (*ancestors, node))


def _kind(found: Found) -> str:
    return str(found.node.get("type", ""))


def inputs(card: Json) -> list[Found]:
    """Every input of the card."""
    return [found for found in walk(card) if _kind(found).startswith("Input.")]


def actions(card: Json) -> list[Found]:
    """Every action of the card: its bar, action sets, ShowCards, clickable elements and inputs."""
    return [found for found in walk(card) if _kind(found).startswith("Action.")]


def titles(card: Json) -> list[str]:
    """What a person could press now."""
    return [str(found.node.get("title", "")) for found in actions(card) if found.visible]


def action(card: Json, title: str) -> Found | None:
    """The first visible action with this title."""
    return next((f for f in actions(card) if f.visible and f.node.get("title") == title), None)


def associated_inputs(card: Json, pressed: Found) -> list[Found]:
    """The inputs that travel with an action: those of its own card and of the cards around it, not of its siblings."""
    if str(pressed.node.get("associatedInputs", "auto")).casefold() == "none":
        return []
    around = [id(node) for node in pressed.ancestors]
    return [found for found in inputs(card) if id(found.card) in around]


def words(card: Json) -> str:
    """What stands on the card, line by line, for assertions; hidden parts are left out."""
    lines: list[str] = []
    for found in walk(card):
        if not found.visible:
            continue
        lines += [str(found.node[key]) for key in _WORDS if isinstance(found.node.get(key), str)]
        for fact in found.node.get("facts") or []:
            lines.append(f"{fact.get('title', '')} {fact.get('value', '')}")
        lines += [str(choice.get("title", "")) for choice in found.node.get("choices") or []]
        lines += [inline for inline in found.node.get("inlines") or [] if isinstance(inline, str)]
    return "\n".join(line for line in lines if line)


def set_visibility(card: Json, toggle: Json) -> None:
    """Carry out an Action.ToggleVisibility on this (personal) copy of the card."""
    for target in toggle.get("targetElements") or []:
        wanted = {"elementId": target} if isinstance(target, str) else target
        for found in walk(card):
            if found.node.get("id") == wanted["elementId"]:
                found.node["isVisible"] = wanted.get("isVisible", not found.node.get("isVisible", True))
