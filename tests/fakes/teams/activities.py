"""What Teams posts to a bot, field by field as the real one does."""

import html
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from .world import THREAD_MARK, Conversation, Json, Message, Team, User, World

LOCALE, COUNTRY, TIMEZONE = "en-GB", "GB", "Europe/London"


class Activities:
    """Builds activities of this tenant's people for its bot."""

    def __init__(self, world: World, service_url: str) -> None:
        self._world, self._service_url = world, service_url

    def message(self, user: User, place: Conversation, text: str, message_id: str, root: str | None) -> Json:
        """Words typed in the compose box; `@bot` and `@Full Name` become mentions."""
        spoken, mentions = self._mention(text)
        if place.kind == "channel":
            spoken += "\n"
        rich = {"contentType": "text/html", "content": f"<p>{html.escape(text)}</p>"}
        activity = self._envelope("message", user, place, message_id, root)
        activity |= {"text": spoken, "textFormat": "plain", "attachments": [rich]}
        activity["entities"] = [*mentions, *activity["entities"]]
        return activity

    def card_submit(self, user: User, place: Conversation, value: object, reply_to: str, root: str | None) -> Json:
        """A pressed Action.Submit: a message with a value and no text."""
        activity = self._envelope("message", user, place, self._world.new_message_id(), root)
        return self._from_card(activity, reply_to) | {"value": value}

    def invoke(
        self, name: str, user: User, place: Conversation, value: Json, reply_to: str | None, root: str | None
    ) -> Json:
        """Something that the person's client waits for; `reply_to` is the card that it comes from, if from one."""
        activity = self._envelope("invoke", user, place, self._world.new_activity_id(), root)
        if reply_to is not None:
            activity = self._from_card(activity, reply_to)
        return activity | {"name": name, "value": value}

    def message_payload(self, message: Message) -> Json:
        """A message as the app's entry beside it brings it along."""
        author = self._world.users[message.author]
        who = {"userIdentityType": "aadUser", "id": author.aad_object_id, "displayName": author.name}
        rich = next((a["content"] for a in message.activity["attachments"] if a["contentType"] == "text/html"), "")
        return {
            "linkToMessage": f"https://teams.microsoft.com/l/message/{message.conversation_id}/{message.id}",
            "id": message.id,
            "replyToId": None if message.root in (None, message.id) else message.root,
            "createdDateTime": message.activity["timestamp"],
            "deleted": False,
            "importance": "normal",
            "locale": "en-us",
            "body": {"contentType": "html", "content": rich},
            "from": {"device": None, "conversation": None, "user": who, "application": None},
            "reactions": [],
            "mentions": [],
            "attachments": [],
        }

    def membership(
        self,
        change: Literal["membersAdded", "membersRemoved"],
        user: User,
        place: Conversation,
        who: list[Json],
    ) -> Json:
        """A conversationUpdate: the bot or people came or went."""
        activity = self._envelope("conversationUpdate", user, place, self._world.new_activity_id(), None)
        for field in ("entities", "locale", "localTimezone", "localTimestamp"):
            del activity[field]
        if place.team:
            event = "teamMemberAdded" if change == "membersAdded" else "teamMemberRemoved"
            activity["channelData"] |= {"eventType": event, "team": _team(place.team)}
        return activity | {change: who}

    def installation(self, action: Literal["add", "remove"], user: User, place: Conversation) -> Json:
        """An installationUpdate: the app was added or removed here."""
        activity = self._envelope("installationUpdate", user, place, self._world.new_activity_id(), None)
        activity["channelData"] |= {"source": {"name": "message"}}
        if place.team:
            activity["channelData"] |= {"team": _team(place.team), "settings": {"selectedChannel": {"id": place.id}}}
        return activity | {"action": action}

    def _envelope(self, kind: str, user: User, place: Conversation, activity_id: str, root: str | None) -> Json:
        now = datetime.fromtimestamp(self._world.clock(), UTC)
        sender: Json = {"id": user.id, "name": user.name}
        if user.aad_object_id:
            sender["aadObjectId"] = user.aad_object_id
        about_client = {"locale": LOCALE, "country": COUNTRY, "platform": "Web", "timezone": TIMEZONE}
        return {
            "type": kind,
            "id": activity_id,
            "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "localTimestamp": now.astimezone(ZoneInfo(TIMEZONE)).isoformat(timespec="milliseconds"),
            "channelId": "msteams",
            "serviceUrl": self._service_url,
            "from": sender,
            "conversation": _conversation(place, root),
            "recipient": {"id": self._world.bot_id, "name": self._world.bot_name},
            "entities": [about_client | {"type": "clientInfo"}],
            "channelData": self._channel_data(place),
            "locale": LOCALE,
            "localTimezone": TIMEZONE,
        }

    def _channel_data(self, place: Conversation) -> Json:
        data: Json = {"tenant": {"id": place.tenant_id}}
        if place.team is None:
            return data
        ids = {"teamsChannelId": place.id, "teamsTeamId": place.team.id}
        return ids | {"channel": {"id": place.id}, "team": {"id": place.team.id}} | data

    def _from_card(self, activity: Json, reply_to: str) -> Json:
        activity["channelData"] |= {"source": {"name": "message"}, "legacy": {"replyToId": reply_to}}
        return activity | {"replyToId": reply_to}

    def _mention(self, text: str) -> tuple[str, list[Json]]:
        if "@" not in text:
            return text, []
        known = {user.name: user.id for user in self._world.users.values()}
        known |= {"bot": self._world.bot_id, self._world.bot_name: self._world.bot_id}
        mentions = []
        for name in sorted(known, key=len, reverse=True):
            if f"@{name}" in text:
                shown = self._world.bot_name if name == "bot" else name
                tag = f"<at>{shown}</at>"
                text = text.replace(f"@{name}", tag)
                mentioned = {"id": known[name], "name": shown}
                mentions.append({"type": "mention", "mentioned": mentioned, "text": tag})
        return text, mentions


def _team(team: Team) -> Json:
    return {"id": team.id, "name": team.name, "aadGroupId": team.aad_group_id}


def _conversation(place: Conversation, root: str | None) -> Json:
    account: Json = {"conversationType": place.kind, "tenantId": place.tenant_id, "id": place.id}
    if root:
        account["id"] += f"{THREAD_MARK}{root}"
    return account if place.kind == "personal" else account | {"isGroup": True}
