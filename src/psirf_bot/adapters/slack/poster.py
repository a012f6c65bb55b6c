"""Messages of the bot's own, for the courier: one call is at most one message, and what became of it is told truly."""

from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from psirf_bot.adapters.slack.channels import Channels
from psirf_bot.adapters.slack.failures import TROUBLE, judged, name_of
from psirf_bot.adapters.slack.screen import home, rendered
from psirf_bot.cards.model import Card
from psirf_bot.delivery.platform import Address, Refused, Uncertain

_EVENT = "psirf_message"
_CLOCKS_APART = timedelta(minutes=5)  # between ours and Slack's; keys are unique, so looking further back is harmless
_PAGE = 200
_THREAD_GONE = "thread_not_found"
_NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}  # of pages that a card leads to


class Poster:
    """Posts, edits and looks for messages."""

    def __init__(self, client: AsyncWebClient, channels: Channels) -> None:
        self._client, self._channels = client, channels
        self._direct: dict[str, str] = {}  # the direct message with each person

    async def send(self, to: Address, card: Card, key: str) -> str:
        """Post the card, marked with the key, or publish it on App Home. Raises Refused, Uncertain."""
        if "home" in to:
            return await self._publish(to["home"], card)
        # Slack takes a person in place of the direct message with them, and opens it.
        channel = await self._channel(to) if "channel" in to else self._direct.get(to["user"], to["user"])
        thread = {"thread_ts": to["thread"]} if "thread" in to else {}
        metadata = {"event_type": _EVENT, "event_payload": {"key": key}}
        message = {"channel": channel, **thread, "metadata": metadata, **_NO_PREVIEWS, **rendered(card)}
        try:
            # As `chat_postMessage` does, without its look at each block for an object that is no JSON yet.
            answer = await self._client.api_call("chat.postMessage", json=message)
        except TROUBLE as error:
            if "thread" in to and name_of(error) == _THREAD_GONE:  # nothing has been posted
                return await self.send({k: v for k, v in to.items() if k != "thread"}, card, key)
            raise judged(error) from None
        if "user" in to and isinstance(opened := answer.get("channel"), str):
            self._direct[to["user"]] = opened
        return _id(answer.get("ts"))

    async def update(self, to: Address, message: str, card: Card) -> None:
        """Replace a message of ours, or what is on App Home. Raises Refused, Uncertain."""
        if "home" in to:
            await self._publish(to["home"], card)
            return
        channel = await self._channel(to)
        try:
            await self._client.chat_update(channel=channel, ts=message, **rendered(card))
        except TROUBLE as error:
            raise judged(error) from None

    async def find(self, to: Address, key: str, since: datetime) -> str | None:
        """The first message with this key, None when there is certainly none. Raises Uncertain, Refused."""
        if "home" in to:
            return None  # publishing once more does no harm
        cursor, found = "", None
        oldest = f"{(since - _CLOCKS_APART).timestamp():.6f}"
        try:
            channel = await self._channel(to)
            while True:
                page = await self._page(
                    channel,
                    to.get("thread"),
                    oldest=oldest,
                    include_all_metadata=True,
                    limit=_PAGE,
                    cursor=cursor or None,
                )
                for message in page["messages"]:  # the newest comes first
                    found = message["ts"] if _key_of(message) == key else found
                cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    return found
        except (*TROUBLE, KeyError) as error:
            if name_of(error) == _THREAD_GONE:
                return None
            why = judged(error)
            # Once a fault of ours is mended, Slack can say. What else it refuses may be a fault of its own.
            raise (why if isinstance(why, Refused) and why.ours else Uncertain(name_of(error))) from None

    async def _page(self, channel: str, thread: str | None, **which: Any) -> AsyncSlackResponse:
        """Some of a conversation's messages, or of a thread's."""
        if thread:
            return await self._client.conversations_replies(channel=channel, ts=thread, **which)
        return await self._client.conversations_history(channel=channel, **which)

    async def _publish(self, user: str, card: Card) -> str:
        """Show the card as somebody's App Home; it needs no id, because there is one for each person."""
        try:
            await self._client.views_publish(user_id=user, view=home(card))
        except TROUBLE as error:
            raise judged(error) from None
        return "home"

    async def _channel(self, to: Address) -> str:
        """Where an address leads. Nothing has been posted yet, so a failure is never Uncertain."""
        try:
            if "channel" not in to:
                return await self._direct_message(to["user"])
            shared = await self._channels.is_shared(to["channel"])
        except TROUBLE as error:
            why = judged(error)
            raise (why if isinstance(why, Refused) else Refused(name_of(error))) from None
        if shared:  # since it was set: what is said here is for the trust alone
            raise Refused("shared with another organisation", final=True, shut_out=True)
        return to["channel"]

    async def _direct_message(self, user: str) -> str:
        if user not in self._direct:
            answer = await self._client.conversations_open(users=user)
            self._direct[user] = answer["channel"]["id"]
        return self._direct[user]


def _id(ts: Any) -> str:
    if not isinstance(ts, str):
        raise Uncertain("posted without an id")
    return ts


def _key_of(message: dict[str, Any]) -> str | None:
    match message:
        case {"metadata": {"event_type": kind, "event_payload": {"key": str(key)}}} if kind == _EVENT:
            return key
    return None
