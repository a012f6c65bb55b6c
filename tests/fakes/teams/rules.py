"""What Teams refuses: malformed or oversized messages, cards beyond 1.5, and bots that talk too fast."""

import functools
import json
import math
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft6Validator, ValidationError, validators
from jsonschema.exceptions import best_match

from . import cards
from .world import ADAPTIVE, Json

MESSAGE_LIMIT = 100 * 1024  # bytes of UTF-16: the hard stop
MESSAGE_ADVICE = 80 * 1024  # bytes of UTF-16: what Microsoft says to stay under
ACTION_ADVICE = 6
REFRESH_LIMIT = 60
_VERSION = re.compile(r"1\.[0-5]")
_DIALOG = frozenset({"title", "height", "width", "card"})
_DIALOG_SIZES = (None, "small", "medium", "large")
_TEAMS_OWN = ("msteams", "targetWidth")  # Teams understands these; Microsoft's 1.5 schema does not

Limits = tuple[tuple[int, float], ...]  # so many calls in so many seconds
WRITES: Limits = ((7, 1), (8, 2), (60, 30), (1800, 3600))
READS: Limits = ((14, 1), (16, 2), (120, 30), (3600, 3600))
TENANT: Limits = ((50, 1),)


class Refusal(Exception):
    """The connector says no, in its own words."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


def bad_syntax(message: str) -> Refusal:
    return Refusal(400, "BadSyntax", message)


class PayloadRules:
    """Checks messages and cards; advice that Teams gives only in its manual is collected in `warnings`."""

    def __init__(self, schema: Path | None) -> None:
        self._validator = _card_validator(schema) if schema else None
        self.warnings: list[str] = []

    def check_activity(self, activity: Json) -> None:
        """Refuse what Teams would not take from a bot."""
        size = len(json.dumps(activity, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le"))
        if size > MESSAGE_LIMIT:
            raise Refusal(413, "MessageSizeTooBig", "Message size too large.")
        if size > MESSAGE_ADVICE:
            self.warnings.append(f"a message of {size} bytes; stay under {MESSAGE_ADVICE}")
        if activity.get("type") not in ("message", "typing"):
            raise bad_syntax(f"A bot cannot send an activity of type {activity.get('type')!r}")
        if activity["type"] == "message" and not activity.get("text") and not activity.get("attachments"):
            raise bad_syntax("A message needs text or attachments")
        for attachment in activity.get("attachments") or []:
            self.check_attachment(attachment)

    def check_attachment(self, attachment: Json) -> None:
        """Only adaptive cards: nothing else is expected of this bot."""
        if attachment.get("contentType") != ADAPTIVE or not isinstance(attachment.get("content"), dict):
            raise bad_syntax(f"Not an adaptive card attachment: {attachment.get('contentType')!r}")
        self.check_card(attachment["content"])

    def check_card(self, card: Json) -> None:
        """Refuse a card that Teams could not show."""
        if card.get("type") != "AdaptiveCard" or not _VERSION.fullmatch(str(card.get("version"))):
            raise bad_syntax(f"Not an AdaptiveCard up to version 1.5: {card.get('type')} {card.get('version')}")
        if self._validator and (wrong := best_match(self._validator.iter_errors(_strip(card)))):
            where = "/".join(str(step) for step in wrong.absolute_path)
            raise bad_syntax(f"Card, at {where or 'its top'}: {wrong.message[:300]}")
        ids = [found.node.get("id") for found in cards.inputs(card)]
        if repeated := {name for name in ids if ids.count(name) > 1}:
            raise bad_syntax(f"Inputs share an id: {', '.join(sorted(map(str, repeated)))}")
        if len((card.get("refresh") or {}).get("userIds") or []) > REFRESH_LIMIT:
            raise bad_syntax(f"refresh.userIds takes at most {REFRESH_LIMIT} people")
        for found in cards.walk(card):
            if len(found.node.get("actions") or []) > ACTION_ADVICE:
                self.warnings.append(f"a card with more than {ACTION_ADVICE} actions in a row: the rest overflow")

    def check_dialog(self, value: Json) -> None:
        """Refuse a dialog that Teams does not promise to show. Its buttons are plain submits, and open no other."""
        sizes = [value.get(side) for side in ("height", "width")]
        if not (isinstance(value.get("title"), str) and value["title"]):
            raise bad_syntax("A dialog needs a title")
        if not all(size in _DIALOG_SIZES or isinstance(size, int) for size in sizes):
            raise bad_syntax(f"A dialog is small, medium, large or so many pixels, not {sizes}")
        if not isinstance(value.get("card"), dict) or value.keys() - _DIALOG:
            raise bad_syntax(f"A dialog shows a card, by {sorted(_DIALOG)}")
        self.check_attachment(value["card"])
        card = value["card"]["content"]
        if "refresh" in card:
            raise bad_syntax("A card in a dialog does not refresh itself")
        for found in cards.actions(card):
            if found.node["type"] == "Action.Execute" or _opens(found.node.get("data")):
                raise bad_syntax(f"{found.node.get('title')!r} does nothing in a dialog")


class Throttle:
    """Counts calls per thread and per tenant, as Teams does."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: defaultdict[tuple[str, Limits], deque[float]] = defaultdict(lambda: deque(maxlen=3600))
        self.on = True

    def check(self, key: str, limits: Limits) -> None:
        """Refuse with 429 when this is one call too many; whole seconds to wait stand in Retry-After."""
        if not self.on:
            return
        now, calls = self._clock(), self._calls[key, limits]
        waits = [seconds - (now - calls[-count]) for count, seconds in limits if len(calls) >= count]
        if (wait := max(waits, default=0.0)) > 0:
            raise Refusal(429, "TooManyRequests", "Too many requests.", max(1, math.ceil(wait)))
        calls.append(now)


def _opens(data: Any) -> bool:
    return isinstance(data, dict) and bool(data.get("msteams"))


def _strip(node: Any) -> Any:
    """A copy without what only Teams knows; an action's data is anybody's."""
    if isinstance(node, list):
        return [_strip(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: val if key == "data" else _strip(val) for key, val in node.items() if key not in _TEAMS_OWN}


@functools.cache
def _card_validator(schema: Path) -> Draft6Validator:
    """Microsoft's schema, read more closely than it is written.

    It lists the kinds of element as alternatives without saying which property tells them apart, which makes
    checking slow and its errors useless; and its patterns are unanchored and pass anything but strings.
    """

    def any_of(validator: Any, branches: list[Json], instance: Any, whole: Json) -> Iterator[ValidationError]:
        kinds = {branch["allOf"][0]["$ref"].rpartition("/")[2]: branch for branch in branches if "allOf" in branch}
        if not isinstance(instance, dict) or len(kinds) < len(branches) or "AdaptiveCard" in kinds:
            yield from Draft6Validator.VALIDATORS["anyOf"](validator, branches, instance, whole)
        elif instance.get("type") in kinds:
            yield from validator.descend(instance, kinds[instance["type"]])
        else:
            yield ValidationError(f"{instance.get('type')!r} has no place here")

    def pattern(_validator: Any, wanted: str, instance: Any, _whole: Json) -> Iterator[ValidationError]:
        if not isinstance(instance, str) or not re.fullmatch(wanted, instance):
            yield ValidationError(f"{instance!r} is not one of the values allowed")

    strict = validators.extend(  # type: ignore[no-untyped-call]
        Draft6Validator, {"anyOf": any_of, "pattern": pattern}
    )
    return strict(json.loads(schema.read_text()))  # type: ignore[no-any-return]
