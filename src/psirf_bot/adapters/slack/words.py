"""Everything that this adapter itself says to people. What the bot says about cases comes from the desk, as cards.

What it says at the end is for whoever runs the bot: what is wrong, and what to do.
"""

from collections.abc import Sequence

GUEST = (
    "Sorry, guests of this workspace cannot use this app. Please ask a colleague in the trust to do it for you. "
    "If anyone is in danger now, ring 999."
)
OUTSIDER = "Sorry, this app is only for members of this workspace's own trust. If anyone is in danger now, ring 999."
SHARED_CHANNEL = (
    "This channel is shared with another organisation, so I cannot take anything about a case here. "
    "Please write to me in a direct message, or use the app in a channel of our own trust."
)
NOT_SAVED_PRESS = "Not saved yet: Slack did not answer us in time. Your words are kept here. Please press again."
NOT_SAVED_SAY = (
    "Not saved yet: Slack did not answer us in time. Please send that again in a moment. "
    "If anyone is in danger now, ring 999."
)
NOT_BEGUN = (
    "Slack did not answer us in time, so nothing was begun. Please try again in a moment. "
    "If anyone is in danger now, ring 999."
)
NOT_SHOWN = "Slack did not answer us in time. Please open this page again in a moment."
SENT = "The answer is in your direct messages with me."
NOTICE = "Please note"
CLOSE = "Close"
DONE = "Done"


def went_wrong(reference: str, *, form: bool) -> str:
    """Something failed on our side; the reference stands in the log as well."""
    kept = "Your words are still in the form." if form else "Please try again."
    return f"Sorry, something went wrong on our side. {kept} Reference {reference}"


NOT_CONNECTED = (
    "not connected: there has been no line to Slack for more than a minute. "
    "Look at the firewall, the proxy and the name service"
)
SWITCHED_OFF = "Socket Mode is switched off in the app's settings in Slack. Switch it on, then start the bot again"


def app_token_refused(name: str) -> str:
    return (
        f"Slack does not take the app token ({name}), so nothing comes in. Put the app's own, with the scope "
        "connections:write, into PSIRF_SLACK_APP_TOKEN, then start the bot again"
    )


def bot_token_refused(name: str) -> str:
    return (
        f"Slack does not take the bot's token ({name}), so nothing can be sent. Is the app still installed? Put its "
        "token into PSIRF_SLACK_BOT_TOKEN, then start the bot again"
    )


def scope_missing(scopes: Sequence[str]) -> str:
    return (
        f"the app in Slack lacks a scope ({'; '.join(scopes)}), so some of what the bot does there fails, and messages "
        "wait. Add what `psirf-bot manifest slack` lists under OAuth & Permissions, and install the app again; if its "
        "token is another then, put it into PSIRF_SLACK_BOT_TOKEN and start the bot again"
    )


def other_workspace(theirs: str, ours: str) -> str:
    return (
        f"the bot token belongs to workspace {theirs}, not {ours}. Correct PSIRF_SLACK_TEAM_ID or "
        "PSIRF_SLACK_BOT_TOKEN, then start the bot again"
    )


def no_answer(why: str) -> str:
    return (
        f"Slack does not answer as it should ({why}). Look at the firewall, the proxy, the name service and Slack's "
        "own status page"
    )
