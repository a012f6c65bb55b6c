"""Mistakes in what a trust has written down: what they say, and on which line they stand."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that has to be put right in a file or a setting. Never holds a secret's value."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} → {self.remedy}"


def quoted(text: str) -> str:
    """What somebody typed, on one line and short enough to stand in a sentence."""
    line = " ".join(text.split())
    return f'"{line[:39]}…"' if len(line) > 40 else f'"{line}"'


def suggest(word: str, known: Iterable[str]) -> str:
    """The known word nearest to the one given; all of them when none is near."""
    words = list(known)
    # Near means a slip of the finger: a nurse is not meant to become a chief_nurse.
    # Compared cut short: nothing known is long, and the comparison is slow for a pasted page.
    near = get_close_matches(word[:60], words, n=1, cutoff=0.65)
    return f'Did you mean "{near[0]}"?' if near else f"Use one of: {', '.join(words)}."


KeyPath = tuple[str | int, ...]


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line on which each key of valid TOML stands.

    tomllib gives no lines, but it can say where a statement ends: the fewest lines that parse by themselves.
    """
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    start, statement = 1, ""
    for number, line in enumerate(text.split("\n"), start=1):
        statement += line + "\n"
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # a list or a text that goes on
        paths = list(_paths(parsed))
        if statement.lstrip().startswith("["):
            table = paths[-1]
            if table[-1] == 0:  # [[table]]: one more of them
                array = table[:-1]
                counts[array] = counts.get(array, -1) + 1
                table = (*array, counts[array])
            paths = [table]
        else:
            paths = [table + path for path in paths]
        for path in paths:
            for end in range(1, len(path) + 1):
                found.setdefault(path[:end], start)
        start, statement = number + 1, ""
    return found


def _paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key path in parsed TOML, outermost first."""
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        yield (*path, key)
        yield from _paths(inner, (*path, key))
