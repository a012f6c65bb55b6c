"""The Teams app package: a manifest and two icons in a zip file, for the Teams admin centre."""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from psirf_bot.cards.menu import OFFERS
from psirf_bot.manifests import icons, words

Json = dict[str, Any]

SCHEMA = "1.19"
"""The oldest version of Microsoft's schema that has all we use; government clouds take new ones later."""

SCOPES = {
    "personal": "the private chat: every form and every answer",
    "team": "the cards in the channels of the quality team, the panel and the leads; `@psirf` there",
    "groupChat": "`@psirf` in a group chat; the answer comes in the private chat",
}
"""Where the bot can be added, each with its reason."""

PERMISSIONS = {
    "identity": "to know who is writing, and that they are a full member of the trust",
    "messageTeamMembers": "to write to somebody first, for example to ask them to check on a colleague",
}
"""What Teams tells people that the bot may do, each with its reason."""

CONTEXTS = {
    "message": "*Report what happened* in the menu of a message: the form with its words filled in",
    "compose": "the same beside the box where people write: an empty form",
    "commandBox": "the same in the search bar: an empty form",
}
"""Where Teams shows the entry that opens the form, each with its reason."""

FILES = ("manifest.json", "color.png", "outline.png")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first date that a zip file can hold: the same package has the same bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Developer:
    """Who stands behind the app, as Teams shows it: a name and the addresses of three pages."""

    name: str
    website: str
    privacy: str
    terms: str


def manifest(*, app_id: str, version: str, developer: Developer, trust: str | None) -> Json:
    """The manifest for the bot with this app registration. `version`: of the app, as MAJOR.MINOR.PATCH."""
    bot = app_id.lower()
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA,
        "version": version,
        # Always the same for one bot, so that a new version takes the place of the one before.
        "id": str(uuid5(NAMESPACE_URL, f"urn:psirf-bot:teams:{bot}")),
        "developer": {
            "name": developer.name,
            "websiteUrl": developer.website,
            "privacyUrl": developer.privacy,
            "termsOfUseUrl": developer.terms,
        },
        "name": {"short": words.NAME, "full": f"{words.NAME}: patient safety reports, and what follows them"},
        "description": {"short": words.SHORT, "full": words.about(trust)},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": icons.BRAND,
        "defaultInstallScope": "personal",
        "bots": [
            {
                "botId": bot,
                "scopes": list(SCOPES),
                "isNotificationOnly": False,
                "supportsFiles": False,
                "commandLists": [{"scopes": list(SCOPES), "commands": _commands()}],
            }
        ],
        "composeExtensions": [{"botId": bot, "commands": [_entry()]}],
        "permissions": list(PERMISSIONS),
        "validDomains": [],  # for pages shown inside Teams, of which there are none
    }


def package(found: Json) -> bytes:
    """The app package with this manifest: a zip file."""
    contents = (_text(found), icons.color(), icons.outline())
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, content in zip(FILES, contents, strict=True):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system = 3  # whatever the machine
            entry.external_attr = 0o644 << 16
            package.writestr(entry, content)
    return file.getvalue()


def _text(found: Json) -> bytes:
    return (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode()


def _commands() -> list[Json]:
    """The words that everybody can use, as the bot's own help has them."""
    ours = [(word, meaning) for word, meaning, _ in OFFERS]
    return [{"title": word, "description": meaning} for word, meaning in [*ours, ("help", "See what I can do for you")]]


def _entry() -> Json:
    return {
        "id": "report",
        "type": "action",
        "title": words.REPORT,
        "description": words.FORM,
        "context": list(CONTEXTS),
        "fetchTask": True,
    }
