"""The file .env, from which the settings come: what keeps it, or a line of it, from being read."""

from collections.abc import Iterator
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from pydantic_settings import DotEnvSettingsSource

from psirf_bot.config import Settings
from psirf_bot.domain.mistakes import Mistake


def mistakes_in_it() -> Iterator[Mistake]:
    """What keeps a .env file that is there from being read, and so every setting in it."""
    try:
        unread = list(_lines_that_say_nothing(Path(".env")))
        yield from unread
        if not unread:
            DotEnvSettingsSource(Settings)
    except UnicodeDecodeError:
        yield Mistake(".env", "is not plain text in UTF-8", 'Save it again with the encoding "UTF-8".')
    except OSError as why:
        remedy = "Let the user read it that the bot runs as: chown psirf-bot: .env"
        yield Mistake(".env", f"cannot be read ({why.strerror})", remedy)


def _lines_that_say_nothing(file: Path) -> Iterator[Mistake]:
    """A line that is left out would look like a setting that is missing: whoever then makes a new key loses the old."""
    for line, each in _lines(file):
        if each.error or (each.key and each.value is None):
            remedy = "Write NAME=value. Where there is a quotation mark before the value, put the same after it."
            yield Mistake(f".env:{line}", "this line cannot be read", remedy)


def said_again() -> Iterator[Mistake]:
    """Settings that are there twice: a new key above the old one would change nothing."""
    seen = set()
    for line, each in _lines(Path(".env")):
        name = (each.key or "").upper()
        if name in seen:
            what = f"{name} is in the file a second time, and the last one counts"
            yield Mistake(f".env:{line}", what, "Keep one of them")
        if name.startswith("PSIRF_"):
            seen.add(name)


def _lines(file: Path) -> Iterator[tuple[int, Binding]]:
    if file.is_file():
        with file.open(encoding="utf-8-sig") as lines:
            for each in parse_stream(lines):
                text = each.original.string  # with the empty lines before it
                yield each.original.line + text[: len(text) - len(text.lstrip())].count("\n"), each
