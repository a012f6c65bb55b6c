"""A person using Teams: types, presses buttons, opens dialogs, and sees what the bot posts."""

import asyncio
import contextlib
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import aiohttp

from . import cards, dialogs
from .dialogs import Dialog
from .forms import ClientRefused, fill_in
from .rules import Refusal
from .world import ADAPTIVE, Conversation, Json, Message, Team, User

if TYPE_CHECKING:
    from .fake import Delivery, FakeTeams

CARD_ACTION_ERROR = "Something went wrong. Please try again."
_MESSAGE = "application/vnd.microsoft.activity.message"
_ERROR = "application/vnd.microsoft.error"


@dataclass(frozen=True)
class Toast:
    """The line the client shows for a moment. `why` is for the reader of a failed test, not for the person."""

    kind: Literal["message", "error"]
    text: str
    why: str = ""


class Person:
    """Drives the bot over HTTP as this user's client would.

    Set `modern = False` for an old client that knows no Action.Execute and uses its `fallback`, and
    `opens_dialogs = False` for one in which a button that opens a dialog does nothing.
    """

    def __init__(self, fake: "FakeTeams", user: User) -> None:
        self._fake, self.user = fake, user
        self.last_toast: Toast | None = None
        self.dialog: Dialog | None = None
        self.modern = self.opens_dialogs = True
        self._acted_at = 0

    def __repr__(self) -> str:
        return f"<Person {self.user.name}>"

    @property
    def chat(self) -> Conversation:
        """The personal chat with the bot."""
        return self._fake.world.personal_chat(self.user)

    # being there

    async def install(self, *, team: Team | None = None, chat: Conversation | None = None) -> "Delivery":
        """Add the app to the personal chat, to a team or to a group chat."""
        place = chat or self._home(team)
        if team:
            team.installed = True
        else:
            place.installed_here, place.blocked = True, False
        bot = [{"id": self._fake.world.bot_id}]
        self._act()
        await self._fake.deliver(self._fake.activities.membership("membersAdded", self.user, place, bot))
        return await self._fake.deliver(self._fake.activities.installation("add", self.user, place))

    async def uninstall(self, *, team: Team | None = None) -> "Delivery":
        """Remove the app again."""
        place = self._home(team)
        if team:
            team.installed = False
        else:
            place.installed_here = False
        self._act()
        return await self._fake.deliver(self._fake.activities.installation("remove", self.user, place))

    def block(self) -> None:
        """Block the bot. Teams does not tell it."""
        self.chat.blocked = True

    def _home(self, team: Team | None) -> Conversation:
        return team.channels["General"] if team else self.chat

    # talking

    async def say(
        self, text: str, *, channel: Conversation | None = None, thread: Message | None = None
    ) -> "Delivery | None":
        """Type something; `@bot` and `@Full Name` are mentions. None: Teams did not tell the bot."""
        place = channel or self.chat
        if place is self.chat or "@bot" in text:
            self._require_bot(place)
        message_id = self._fake.world.new_message_id()
        root = None if place.kind != "channel" else thread.root if thread else message_id
        activity = self._fake.activities.message(self.user, place, text, message_id, root)
        self._fake.world.add_message(place, self.user.id, activity, root, message_id)
        self._act()
        mentioned = any(e.get("mentioned", {}).get("id") == self._fake.world.bot_id for e in activity["entities"])
        if place is not self.chat and not mentioned:
            return None
        return await self._fake.deliver(activity)

    def writes(self, text: str, *, channel: Conversation, markup: str = "") -> Message:
        """Write something among people: nothing of it reaches the bot, which need not be there."""
        message_id = self._fake.world.new_message_id()
        activity = self._fake.activities.message(self.user, channel, text, message_id, None)
        if markup:
            activity["attachments"][0]["content"] = markup
        return self._fake.world.add_message(channel, self.user.id, activity, None, message_id)

    async def hears(self, words: str = "", *, channel: Conversation | None = None, within: float = 2.0) -> Message:
        """Wait for a message of the bot with these words that appeared or changed since this person last acted."""
        place = channel or self.chat
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while (heard := self._heard(place, words)) is None:
                    await self._fake.world.wait_for_change()
                return heard
        read = "\n---\n".join(self.reads(m) for m in place.thread(None)[-3:])
        raise AssertionError(f"{self.user.name} did not hear {words!r}. The last messages:\n{read}")

    def reads(self, message: Message) -> str:
        """The words of a message as this person sees it."""
        return "\n".join(filter(None, [message.text, *map(cards.words, message.cards_for(self.user))]))

    def _heard(self, place: Conversation, words: str) -> Message | None:
        new = [m for m in place.thread(None) if m.revision > self._acted_at]
        bots = [m for m in new if m.author == self._fake.world.bot_id]
        return next((m for m in reversed(bots) if words in self.reads(m)), None)

    # pressing

    async def press(
        self,
        title: str,
        *,
        card: Message | None = None,
        channel: Conversation | None = None,
        inputs: Mapping[str, object] | None = None,
    ) -> "Delivery | None":
        """Press a button of a message's card (the last card in the chat unless told otherwise)."""
        message, shown, found = self._find(title, card, channel)
        action = self._usable(found)
        match action["type"]:
            case "Action.Execute":
                data = _merge(action, fill_in(shown, found, inputs or {}))
                return await self._execute(message, action, data, "manual")
            case "Action.Submit":
                return await self._submit(message, action, _merge(action, fill_in(shown, found, inputs or {})))
            case "Action.ToggleVisibility":
                mine = copy.deepcopy(shown)
                cards.set_visibility(mine, action)
                self._fake.world.touch(message)
                message.views[self.user.id] = mine
        return None

    async def press_submit(
        self, title: str, *, card: Message | None = None, inputs: Mapping[str, object] | None = None
    ) -> "Delivery | None":
        """Press a button that must be an Action.Submit: the bot gets a message with a value and no text."""
        _, _, found = self._find(title, card, None)
        if self._usable(found)["type"] != "Action.Submit":
            raise ClientRefused(f"{title!r} is no Action.Submit")
        return await self.press(title, card=card, inputs=inputs)

    async def look(self, message: Message) -> "Delivery | None":
        """Scroll to a message: a card with `refresh` asks the bot for this person's own view."""
        refresh = next((c["refresh"] for c in message.cards if c.get("refresh")), None)
        if refresh is None:
            return None
        place = self._fake.place_of(message)
        wanted = refresh.get("userIds")
        if self.user.id not in wanted if wanted is not None else len(place.members) > 60:
            return None
        action = refresh["action"]
        return await self._execute(message, action, _merge(action, {}), "automatic")

    async def submit_dialog(self, title: str, *, inputs: Mapping[str, object] | None = None) -> "Delivery | None":
        """Press a button of the open dialog."""
        if self.dialog is None:
            raise ClientRefused("No dialog is open")
        found = cards.action(self.dialog.card, title)
        if found is None or found.node["type"] != "Action.Submit":
            raise ClientRefused(f"No button {title!r} in the dialog, only {cards.titles(self.dialog.card)}")
        data = _merge(found.node, fill_in(self.dialog.card, found, inputs or {}))
        return await self._task(self.dialog.submits, self.dialog, {"data": data})

    async def use_extension(
        self, message: Message | None = None, *, channel: Conversation | None = None
    ) -> "Delivery | None":
        """Choose the app's entry beside a message, or the one below the box where people write."""
        entry: Json = {"commandId": "report", "commandContext": "message" if message else "compose"}
        if message:
            entry["messagePayload"] = self._fake.activities.message_payload(message)
        place = self._fake.place_of(message) if message else channel or self.chat
        return await self._task("composeExtension/fetchTask", Dialog(place, message, entry), {})

    def _find(
        self, title: str, card: Message | None, channel: Conversation | None
    ) -> tuple[Message, Json, cards.Found]:
        place = self._fake.place_of(card) if card else channel or self.chat
        self._require_bot(place)
        message = card or next((m for m in reversed(place.thread(None)) if m.cards), None)
        if message is None or message.deleted:
            raise ClientRefused("There is no card to press")
        shown = message.cards_for(self.user)
        for each in shown:
            if found := cards.action(each, title):
                if found.node.get("isEnabled") is False:
                    raise ClientRefused(f"{title!r} is greyed out")
                return message, each, found
        raise ClientRefused(f"No button {title!r}, only {[t for each in shown for t in cards.titles(each)]}")

    def _usable(self, found: cards.Found) -> Json:
        if self.modern or found.node["type"] != "Action.Execute":
            return found.node
        fallback = found.node.get("fallback")
        if not isinstance(fallback, dict):
            raise ClientRefused("An old client shows nothing here: the action has no fallback")
        return fallback

    # talking to the bot behind a button

    async def _execute(self, message: Message, action: Json, data: object, trigger: str) -> "Delivery | None":
        sent: Json = {key: action[key] for key in ("type", "id", "verb", "title") if key in action}
        value = {"action": sent | {"data": data}, "trigger": trigger}
        place = self._fake.place_of(message)
        delivery = await self._invoke("adaptiveCard/action", place, value, message.id, message.root)
        if delivery is not None:
            self._show_card_answer(message, delivery)
        return delivery

    async def _submit(self, message: Message, action: Json, data: object) -> "Delivery | None":
        place = self._fake.place_of(message)
        if isinstance(data, dict) and (data.get("msteams") or {}).get("type") == "task/fetch":
            asked = Dialog(place, message)
            return await self._task("task/fetch", asked, {"data": data}) if self.opens_dialogs else None
        activity = self._fake.activities.card_submit(self.user, place, data, message.id, message.root)
        self._act()
        return await self._fake.deliver(activity)

    async def _task(self, name: str, asked: Dialog, value: Json) -> "Delivery | None":
        value = {**(asked.entry or {}), **value, "context": {"theme": "default"}}
        delivery = await self._invoke(name, asked.place, value, asked.reply_to, asked.root)
        if delivery is not None:
            self._show_task_answer(asked, name, delivery)
        return delivery

    async def _invoke(
        self, name: str, place: Conversation, value: Json, reply_to: str | None, root: str | None
    ) -> "Delivery | None":
        """None: the bot could not be reached or took too long, and the client has said so."""
        activity = self._fake.activities.invoke(name, self.user, place, value, reply_to, root)
        self._act()
        self.last_toast = None
        try:
            delivery = await self._fake.deliver(activity)
        except aiohttp.ClientError as wrong:
            self._fail(repr(wrong))
            return None
        if delivery.status != 200:
            self._fail(f"the bot answered {delivery.status} {delivery.body!r}")
            return None
        return delivery

    def _show_card_answer(self, message: Message, delivery: "Delivery") -> None:
        body = delivery.body if isinstance(delivery.body, dict) else {}
        match body.get("statusCode"), body.get("type"), body.get("value"):
            case 200, kind, dict(card) if kind == ADAPTIVE:
                if self._showable(card):
                    message.views[self.user.id] = card
                    self._fake.world.touch(message)
            case 200, kind, str(words) if kind == _MESSAGE:
                self.last_toast = Toast("message", words)
            case int(), kind, {"message": str(words)} if kind == _ERROR:
                self.last_toast = Toast("error", words)
            case _:
                self._fail(f"not an answer to adaptiveCard/action: {delivery.body!r}")

    def _show_task_answer(self, asked: Dialog, name: str, delivery: "Delivery") -> None:
        """A dialog that is open stays so, with what is typed in it, when the answer is none that the client knows."""
        try:
            self.dialog, words = dialogs.answered(asked, name, delivery.body, self._fake.rules)
        except Refusal as refusal:
            self._fail(str(refusal))
        else:
            self.last_toast = Toast("message", words) if words else None

    def _showable(self, card: Json) -> bool:
        try:
            self._fake.rules.check_card(card)
        except Refusal as refusal:
            self._fail(str(refusal))
            return False
        return True

    def _fail(self, why: str) -> None:
        self.last_toast = Toast("error", CARD_ACTION_ERROR, why)

    def _act(self) -> None:
        self._acted_at = self._fake.world.revision

    def _require_bot(self, place: Conversation) -> None:
        if not place.installed or place.blocked:
            raise ClientRefused("The bot is not here, or is blocked")


def _merge(action: Json, typed: Mapping[str, str]) -> object:
    """An action's own data with what was typed laid over it."""
    data = copy.deepcopy(action.get("data", {}))
    return data | dict(typed) if isinstance(data, dict) else data
