"""A small vocabulary for saying what JSON may look like, with complaints worded as Slack words them.

A shape is a function from (value, JSON pointer) to complaints; no complaint means that the value fits.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Shape = Callable[[Any, str], Iterator[str]]


def complaint(words: str, at: str) -> str:
    """One complaint, ending as Slack's do in where it applies."""
    return f"{words} [json-pointer:{at}]"


def string(longest: int, shortest: int = 1) -> Shape:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield complaint("must be a string", at)
        elif len(value) < shortest:
            yield complaint(f"must be more than {shortest - 1} characters", at)
        elif len(value) > longest:
            yield complaint(f"must be less than {longest + 1} characters", at)

    return check


def boolean(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield complaint("must be a boolean", at)


def integer(smallest: int, largest: int) -> Shape:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield complaint("must be an integer", at)
        elif not smallest <= value <= largest:
            yield complaint(f"must be between {smallest} and {largest}", at)

    return check


def anything(value: Any, at: str) -> Iterator[str]:
    """For what Slack may well check and this fake does not."""
    yield from ()


def one_of(*values: str) -> Shape:
    def check(value: Any, at: str) -> Iterator[str]:
        if value not in values:
            yield complaint(f"must be one of: {', '.join(values)}", at)

    return check


def items(of: Shape, most: int, least: int = 1) -> Shape:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield complaint("must be an array", at)
            return
        if len(value) > most:
            yield complaint(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield complaint(f"no fewer than {least} items allowed", at)
        for index, item in enumerate(value):
            yield from of(item, f"{at}/{index}")

    return check


def record(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """An object with these fields and no others; `type` is always welcome."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield complaint("must be an object", at)
            return
        for name in required:
            if name not in value:
                yield complaint(f"missing required field: {name}", at)
        for name, held in value.items():
            if name in known:
                yield from known[name](held, f"{at}/{name}")
            elif name != "type":
                yield complaint(f"invalid additional property: {name}", at)

    return check


def exactly_one(shape: Shape, *names: str) -> Shape:
    def check(value: Any, at: str) -> Iterator[str]:
        yield from shape(value, at)
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            yield complaint(f"must define either {' or '.join(f'`{name}`' for name in names)}", at)

    return check


def at_least_one(shape: Shape, *names: str) -> Shape:
    def check(value: Any, at: str) -> Iterator[str]:
        yield from shape(value, at)
        if isinstance(value, dict) and not any(name in value for name in names):
            yield complaint(f"must define either {' or '.join(f'`{name}`' for name in names)}", at)

    return check


def by_type(shapes: Mapping[str, Shape], allowed: Iterable[str] | None = None) -> Shape:
    """An object whose `type` says which of these shapes it must have."""
    usable = {name: shapes[name] for name in (shapes if allowed is None else allowed)}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield complaint("must be an object", at)
        elif "type" not in value:
            yield complaint("missing required field: type", at)
        elif value["type"] not in usable:
            yield complaint(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            yield from usable[value["type"]](value, at)

    return check
