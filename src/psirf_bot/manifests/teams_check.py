"""What Teams would refuse an app package for, looked for here first: its own message names no remedy."""

import io
import json
import re
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from psirf_bot.domain.mistakes import Mistake
from psirf_bot.manifests.icons import COLOR, OUTLINE
from psirf_bot.manifests.teams import FILES

Json = dict[str, Any]

LONGEST = {
    "name.short": 30,
    "name.full": 100,
    "description.short": 80,
    "description.full": 4000,
    "developer.name": 32,
    "developer.websiteUrl": 2048,
    "developer.privacyUrl": 2048,
    "developer.termsOfUseUrl": 2048,
    "command.title": 32,
    "command.description": 128,
}
"""The most characters, as Microsoft documents them; none of these texts may be empty."""
MOST_COMMANDS = 10
LARGEST_ICON = 64 * 1024  # bytes; our own limit, far above what a drawing of two colours needs

_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_VERSION = re.compile(r"\d+\.\d+\.\d+", re.ASCII)
_PNG = b"\x89PNG\r\n\x1a\n"
WHICH_ID = "Copy the application (client) ID from the bot's app registration in Entra"
_OURS = "Please tell those who look after psirf-bot: this is not your mistake"
_REMEDIES = {
    "developer.name": "Give a name that fits with --developer",
    "developer.websiteUrl": "Give another address with --website",
    "developer.privacyUrl": "Give another address with --privacy",
    "developer.termsOfUseUrl": "Give another address with --terms",
    "description.full": "Shorten the trust's name in trust.toml",
    "bots.botId": WHICH_ID,
}


def mistakes(package: bytes) -> Iterator[Mistake]:
    """Everything that Teams would refuse the package for."""
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        if sorted(file.namelist()) != sorted(FILES):
            yield _mistake("package", f"does not hold exactly {', '.join(FILES)}")
            return
        contents = {name: file.read(name) for name in FILES}
    found = json.loads(contents["manifest.json"])
    yield from _text_mistakes(found)
    yield from _form_mistakes(found)
    for name, size in (("color.png", COLOR), ("outline.png", OUTLINE)):
        yield from _icon_mistakes(name, contents[name], size)


def _texts(found: Json) -> Iterator[tuple[str, str]]:
    """Every text with a longest length, and where it stands."""
    for part in ("name", "description", "developer"):
        yield from ((f"{part}.{name}", text) for name, text in found[part].items())
    for command in [*_commands(found), *found["composeExtensions"][0]["commands"]]:
        yield "command.title", command["title"]
        yield "command.description", command["description"]


def _text_mistakes(found: Json) -> Iterator[Mistake]:
    for where, text in _texts(found):
        if not text.strip():
            yield _mistake(where, "is empty")
        elif len(text) > LONGEST[where]:
            yield _mistake(where, f"has {len(text)} characters, and Teams takes {LONGEST[where]}")
    for part in ("name", "description"):
        if found[part]["short"] == found[part]["full"]:
            yield _mistake(part, "says the same twice")
    if len(_commands(found)) > MOST_COMMANDS:
        yield _mistake("commandLists", f"has {len(_commands(found))} words, and Teams takes {MOST_COMMANDS}")


def _form_mistakes(found: Json) -> Iterator[Mistake]:
    for where, text, form, wanted in (
        ("bots.botId", found["bots"][0]["botId"], _GUID, "an app id"),
        ("id", found["id"], _GUID, "an id"),
        ("version", found["version"], _VERSION, "a version like 1.2.3"),
    ):
        if not form.fullmatch(text):
            yield _mistake(where, f"is not {wanted}")


def _icon_mistakes(name: str, icon: bytes, size: int) -> Iterator[Mistake]:
    if not icon.startswith(_PNG) or struct.unpack(">II", icon[16:24]) != (size, size):
        yield _mistake(name, f"is not a PNG image of {size} × {size} pixels")
    elif len(icon) > LARGEST_ICON:
        yield _mistake(name, f"has {len(icon)} bytes, and should have no more than {LARGEST_ICON}")


def _commands(found: Json) -> list[Json]:
    return [command for words in found["bots"][0]["commandLists"] for command in words["commands"]]


def _mistake(where: str, what: str) -> Mistake:
    return Mistake(f"Teams app package, {where}", what, _REMEDIES.get(where, _OURS))
