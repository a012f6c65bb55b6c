"""What it means when a call to Slack fails: was it refused for certain, or can nobody tell?"""

import re
import traceback
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from psirf_bot.delivery.platform import MENDED_IN, Refused, Uncertain

# All that the SDK raises when a call fails. The last two come from answers that are no JSON object.
TROUBLE = (SlackApiError, aiohttp.ClientError, OSError, ValueError, AttributeError, TypeError)

WAIT = 30.0  # seconds, when Slack asks us to wait without saying how long

# Nothing at all can be posted there any more.
SHUT_OUT = frozenset(
    {
        "cannot_dm_bot",
        "channel_not_found",
        "is_archived",
        "no_permission",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
    }
)

# Refusals that trying again would only repeat. Any other error name may be a fault inside Slack, after the fact.
FINAL = SHUT_OUT | {
    "as_user_not_supported",
    "cant_update_message",
    "edit_window_closed",
    "ekm_access_denied",
    "invalid_blocks",
    "invalid_blocks_format",
    "is_inactive",
    "message_not_found",
    "messages_tab_disabled",
    "metadata_too_large",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "not_enabled",
    "user_not_in_channel",
}

# Slack does not take the token that we call it with, whatever the call.
TOKEN_REFUSED = frozenset(
    {"account_inactive", "invalid_auth", "not_allowed_token_type", "not_authed", "token_expired", "token_revoked"}
)
MISSING_SCOPE = "missing_scope"
# Faults of our own set-up, such as a token that is being replaced: an administrator mends them; the message waits.
OURS = TOKEN_REFUSED | {MISSING_SCOPE}

UNNAMED = "one that Slack does not name"

# The connection was never made, so nothing can have been sent over it.
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


def judged(error: Exception) -> Refused | Uncertain:
    """What a failed call says about the message that it carried."""
    why = name_of(error)
    if isinstance(error, _NEVER_SENT):
        return Refused(why)
    if isinstance(error, SlackApiError):
        status, headers, _ = _answer(error)
        if why in ("ratelimited", "rate_limited") or status == 429:
            return Refused("ratelimited", retry_after=_seconds(headers))
        if why in TOKEN_REFUSED and status < 500:
            return Refused(why, retry_after=MENDED_IN, ours=True)
        if scope := scope_needed(error):  # for one kind of call alone: the rest of Slack need not wait for it
            return Refused(f"{why} {scope}", ours=True)
        if why in FINAL and status < 500:
            return Refused(why, final=True, shut_out=why in SHUT_OUT)
    return Uncertain(why)


def name_of(error: Exception) -> str:
    """Slack's own name of the error, else what kind of failure it was. Never any of the words that were sent."""
    if isinstance(error, SlackApiError):
        status, _, data = _answer(error)
        name = data.get("error")
        return name if name and isinstance(name, str) else f"status {status}"
    return type(error).__name__


def scope_needed(error: SlackApiError) -> str:
    """Which scope Slack says that we lack, or one of which, where it refused a call for that."""
    if name_of(error) != MISSING_SCOPE:
        return ""
    needed = str(_answer(error)[2].get("needed", ""))
    return needed if re.fullmatch(r"[a-z_.:,-]{1,120}", needed) else UNNAMED


def whereabouts(error: BaseException) -> str:
    """What failed and where, for the log. An exception's own words are left out: they may quote what people typed."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " > ".join([*(f"{frame.name}:{frame.lineno}" for frame in frames), type(error).__name__])


def _answer(error: SlackApiError) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
    """Status, headers and data of the answer, which for a body that is no JSON is aiohttp's own response."""
    response: Any = error.response
    data = getattr(response, "data", None)
    status: int = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    return status, response.headers, data if isinstance(data, dict) else {}


def _seconds(headers: Mapping[str, str]) -> float:
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(asked) if asked.isascii() and asked.isdigit() else WAIT
