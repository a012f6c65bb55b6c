"""The limits that Slack and Microsoft document for what registers an app, written down here as JSON schemas.

Only the parts that psirf-bot uses are in them, so that a part it has no use for is found as well.
"""

from typing import Any

Schema = dict[str, Any]


def text(longest: int, shortest: int = 1) -> Schema:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def exactly(**parts: Schema) -> Schema:
    """An object with all of these parts, and no others."""
    return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}


def several(of: Schema, most: int) -> Schema:
    return {"type": "array", "items": of, "minItems": 1, "maxItems": most, "uniqueItems": True}


def one_of(*words: str) -> Schema:
    return {"enum": list(words)}


YES_OR_NO: Schema = {"type": "boolean"}
COLOUR: Schema = {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}
LINK: Schema = {"type": "string", "pattern": "^https://[^ ]+$", "maxLength": 2048}
GUID: Schema = {"type": "string", "pattern": "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"}


def slack(**links: Schema) -> Schema:
    """A Slack app's manifest. `links`: what is said of addresses; nothing in Socket Mode."""
    request = {f"request_{name}": link for name, link in links.items()}
    shortcut = exactly(name=text(24), type=one_of("global", "message"), callback_id=text(255), description=text(150))
    command = exactly(
        command={"type": "string", "pattern": "^/[a-z]{1,31}$"},
        description=text(2000),
        usage_hint=text(1000),
        should_escape=YES_OR_NO,
        **links,
    )
    name = {"type": "string", "pattern": "^[a-z0-9._-]{1,80}$"}
    return exactly(
        display_information=exactly(
            name=text(35), description=text(139), long_description=text(4000, 174), background_color=COLOUR
        ),
        features=exactly(
            app_home=exactly(
                home_tab_enabled=YES_OR_NO, messages_tab_enabled=YES_OR_NO, messages_tab_read_only_enabled=YES_OR_NO
            ),
            bot_user=exactly(display_name=name, always_online=YES_OR_NO),
            shortcuts=several(shortcut, 10),
            slash_commands=several(command, 50),
        ),
        oauth_config=exactly(scopes=exactly(bot=several(text(100), 255))),
        settings=exactly(
            event_subscriptions=exactly(bot_events=several(text(100), 100), **request),
            interactivity=exactly(is_enabled=YES_OR_NO, **request),
            org_deploy_enabled=YES_OR_NO,
            socket_mode_enabled=YES_OR_NO,
            token_rotation_enabled=YES_OR_NO,
        ),
    )


SLACK = slack(url=LINK)
SLACK_SOCKET = slack()

_PLACES = several(one_of("personal", "team", "groupChat"), 3)
_COMMANDS = exactly(scopes=_PLACES, commands=several(exactly(title=text(32), description=text(128)), 10))
_ENTRY = exactly(
    id=text(64),
    type=one_of("action"),
    title=text(32),
    description=text(128),
    context=several(one_of("message", "compose", "commandBox"), 3),
    fetchTask=YES_OR_NO,
)
_BOT = exactly(
    botId=GUID,
    scopes=_PLACES,
    isNotificationOnly=YES_OR_NO,
    supportsFiles=YES_OR_NO,
    commandLists=several(_COMMANDS, 3),
)
_SCHEMA = {"type": "string", "pattern": r"^https://developer\.microsoft\.com/json-schemas/teams/v1\.\d+/"}

TEAMS = exactly(
    **{"$schema": _SCHEMA},
    manifestVersion={"type": "string", "pattern": r"^1\.\d+$"},
    version={"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
    id=GUID,
    developer=exactly(name=text(32), websiteUrl=LINK, privacyUrl=LINK, termsOfUseUrl=LINK),
    name=exactly(short=text(30), full=text(100)),
    description=exactly(short=text(80), full=text(4000)),
    icons=exactly(color=one_of("color.png"), outline=one_of("outline.png")),
    accentColor=COLOUR,
    defaultInstallScope=one_of("personal", "team", "groupChat"),
    bots={**several(_BOT, 1)},
    composeExtensions=several(exactly(botId=GUID, commands=several(_ENTRY, 10)), 1),
    permissions=several(one_of("identity", "messageTeamMembers"), 2),
    validDomains={"type": "array", "items": text(2048), "maxItems": 100},
)
