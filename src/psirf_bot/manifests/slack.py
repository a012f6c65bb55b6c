"""The Slack app's manifest, for “Create an app from a manifest”: all that the Slack adapter uses, and nothing else."""

from typing import Any

from psirf_bot.adapters.slack.payloads import REPORT, REPORT_MESSAGE
from psirf_bot.manifests import words
from psirf_bot.manifests.icons import BRAND

Json = dict[str, Any]

PATH = "/slack/events"

SCOPES = {
    "app_mentions:read": "to hear `@psirf` in a channel; the answer comes in a direct message",
    "channels:history": "to find out whether a message whose answer was lost is in a public channel, before it is "
    "sent again",
    "channels:read": "to see that a public channel is not shared with another organisation",
    "chat:write": "to send messages and cards, and to keep them up to date",
    "commands": "`/psirf` and the two shortcuts",
    "groups:history": "the same as `channels:history`, in a private channel that the bot was invited to",
    "groups:read": "the same as `channels:read`, for a private channel that the bot was invited to",
    "im:history": "to hear what people write to the bot in a direct message; to look there for a message whose answer "
    "was lost",
    "im:write": "to find the direct message with somebody again, and keep what stands there up to date",
    "users:read": "to tell full members from guests, and to show names",
}
"""What the bot asks to be allowed, each with its reason."""

EVENTS = {
    "app_home_opened": "to fill the Home tab when somebody opens it",
    "app_mention": "to hear `@psirf` in a channel",
    "message.im": "to hear what people write to the bot in a direct message",
}
"""What Slack is asked to tell the bot, each with its reason."""


def manifest(base_url: str | None, trust: str | None) -> Json:
    """The manifest for a bot that is reached at this address; None for Socket Mode, which needs none."""
    url = {} if base_url is None else {"url": f"{base_url.rstrip('/')}{PATH}"}
    request_url = {f"request_{name}": value for name, value in url.items()}
    return {
        "display_information": {
            "name": words.NAME,
            "description": words.SHORT,
            "long_description": words.about(trust),
            "background_color": BRAND,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": words.NAME, "always_online": True},
            "shortcuts": [
                {
                    "name": words.REPORT,
                    "type": "global",
                    "callback_id": REPORT,
                    "description": words.FORM,
                },
                {
                    "name": "Report this message",
                    "type": "message",
                    "callback_id": REPORT_MESSAGE,
                    "description": "Opens the form with the words of this message in it",
                },
            ],
            "slash_commands": [
                {
                    "command": "/psirf",
                    **url,
                    "description": "Report what happened, or see what waits for you",
                    "usage_hint": "report, my reports, overdue, help",
                    "should_escape": True,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": base_url is None,
            "token_rotation_enabled": False,
        },
    }
