"""A person using Slack: what they can do, what they see, and what Slack's own client will not let them do."""

from collections.abc import Callable, Mapping
from typing import Any

from . import payloads, views
from .blocks import Json, options_of, text_of
from .controls import CONTROLS, CannotDo, entered
from .delivery import Answer, Post, as_form
from .posting import answer as answer_there
from .screen import errors_for, find, find_input, objections
from .world import Channel, Message, SlackError, User, View, World

TROUBLE_CONNECTING = "We had some trouble connecting. Try again?"


class Person:
    """One person at their keyboard. Each deed tells the bot, waits for it, and shows what Slack would show.

    `saw_error` holds what went wrong in the last deed in Slack's words (and `reason` why, for developers),
    `view_errors` what stands under the inputs of the open view (by block_id), and `last_message` what the person
    last wrote.
    """

    def __init__(self, world: World, post: Post, base_url: Callable[[], str], user: User) -> None:
        self.user = user
        self.saw_error = ""
        self.reason = ""
        self.view_errors: dict[str, str] = {}
        self.last_message: Message | None = None
        self._world = world
        self._post = post
        self._base_url = base_url
        self._offered: dict[tuple[str, str], list[Json]] = {}

    @property
    def open_view(self) -> View | None:
        """The modal in front of the person."""
        stack = self._world.stacks.get(self.user.id)
        return stack[-1] if stack else None

    @property
    def ephemerals(self) -> list[Message]:
        """The messages that only this person sees."""
        held = (m for channel in self._world.channels.values() for m in channel.ephemerals)
        return sorted((m for m in held if m.only_for == self.user.id and not m.deleted), key=lambda m: m.ts)

    # Typing

    async def slash(self, command: str, text: str = "", *, channel: str | None = None) -> Answer:
        """Type a slash command, in the direct message with the bot unless a channel is named."""
        place = self._world.channel(channel) if channel else self._world.dm_with(self.user)
        url = self._response_url(place)
        body = payloads.slash_command(self._world, self.user, command, text, place, url)
        answer = await self._interact(body)
        if answer.trouble:
            name = "operation_timeout" if answer.trouble == "http_timeout" else "dispatch_failed"
            self._fail(f'{command} failed with the error "{name}"', answer.trouble)
        elif answer.body.strip():
            self._show_reply(place, answer)
        return answer

    async def dm(self, text: str) -> Answer | None:
        """Write to the bot in the direct message."""
        return await self.say(text, channel=self._world.dm_with(self.user).id)

    async def say(self, text: str, *, channel: str, thread_ts: str | None = None) -> Answer | None:
        """Write in a channel. A mention is `<@U…>` in the text. None when it is nothing the bot subscribes to."""
        place = self._world.channel(channel)
        if self.user.id not in place.members:
            raise CannotDo(f"{self.user.real_name} is not in {place.name}")
        message = Message(place.id, self._world.new_ts(), self.user.id, payloads.marked_up(text), thread_ts=thread_ts)
        place.messages.append(message)
        self.last_message = message
        mentioned = f"<@{self._world.bot_user.id}>" in text and not place.im_user
        kind = "app_mention" if mentioned else "message"
        name = kind if mentioned else f"message.{place.kind}"
        return await self._event(name, payloads.said(self._world, self.user, place, message, kind))

    async def open_home(self) -> Answer | None:
        """Go to the bot's Home tab."""
        return await self._event("app_home_opened", payloads.home_opened(self._world, self.user))

    # Shortcuts and presses

    async def shortcut(self, callback_id: str) -> Answer:
        """Choose a global shortcut."""
        return await self._send(payloads.global_shortcut(self._world, self.user, callback_id))

    async def message_shortcut(self, callback_id: str, message: Message) -> Answer:
        """Choose a shortcut from the menu of a message."""
        url = self._response_url(self._world.channels[message.channel], message)
        return await self._send(payloads.message_shortcut(self._world, self.user, callback_id, message, url))

    async def press(self, what: str, *, message: Message | None = None, home: bool = False) -> Answer:
        """Press the button with this action_id or label: in a message, on App Home, or else in the open view."""
        where = self._surface(message, home=home)
        block, element = find(where, what, kinds=("button", "overflow"))
        return await self._act(where, payloads.action_of(self._world, block, element))

    async def choose(self, what: str, value: Any, *, message: Message | None = None, home: bool = False) -> Answer:
        """Pick in a select, in radio buttons or the like outside an `input` block, which tells the bot at once."""
        where = self._surface(message, home=home)
        block, element = find(where, what, kinds=CONTROLS)
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise CannotDo(f"{what!r} tells the bot only when the view is submitted: use fill()")
        state = entered(element, value, self._options(block, element), self._look_up)
        typed = where.typed if isinstance(where, View) else where.typed.setdefault(self.user.id, {})
        typed[block["block_id"], element["action_id"]] = state
        return await self._act(where, payloads.action_of(self._world, block, element, state))

    # Views

    def fill(self, values: Mapping[str, Any]) -> None:
        """Enter values into the open view, each by the label, block_id or action_id of its input."""
        view = self._view()
        for what, value in values.items():
            block, element = find_input(view, what)
            state = entered(element, value, self._options(block, element), self._look_up)
            view.typed[block["block_id"], element["action_id"]] = state

    async def search(self, what: str, typed: str) -> list[str]:
        """Type into an external select and read what the bot offers."""
        view = self._view()
        block, element = find_input(view, what)
        payload = payloads.suggestion(self._world, self.user, view, block, element, typed)
        answer = await self._send(payload)
        offered = options_of(_object(answer)) if answer.ok else []
        self._offered[block["block_id"], element["action_id"]] = offered
        return [text_of(option["text"]) for option in offered]

    async def submit_view(self, values: Mapping[str, Any] | None = None) -> Answer | None:
        """Fill in and submit the open view. None when Slack itself objects, which `view_errors` then says."""
        view = self._view()
        if "submit" not in view.content:
            raise CannotDo("this view has nothing to submit")
        for what, value in (values or {}).items():
            _, element = find_input(view, what)
            if element["type"].endswith("external_select") and isinstance(value, str):
                await self.search(what, value)
        self.fill(values or {})
        self.view_errors = objections(view)
        if self.view_errors:
            self.saw_error = self.reason = ""
            return None
        answer = await self._send(payloads.view_submission(self._world, self.user, view))
        if answer.ok:
            self._apply(view, answer)
        return answer

    async def close_view(self, *, all_of_them: bool = False) -> None:
        """Press Cancel, or the cross when `all_of_them`."""
        view = self._view()
        stack = self._world.stacks[self.user.id]
        cleared = all_of_them or bool(view.content.get("clear_on_close"))
        gone, stack[:] = (stack[:], []) if cleared else (stack[-1:], stack[:-1])
        self.view_errors = {}
        for closed in reversed(gone):
            if closed.content.get("notify_on_close"):
                await self._send(payloads.view_closed(self._world, self.user, closed, is_cleared=cleared))

    def _apply(self, view: View, answer: Answer) -> None:
        """Do what the bot's answer to a submission says."""
        try:
            reply = _object(answer)
            match reply.get("response_action"):
                case None:
                    self._close(view)
                case "clear":
                    self._world.stacks[self.user.id] = []
                case "errors":
                    self.view_errors = errors_for(view, reply.get("errors"))
                case "update":
                    views.update_view(self._world, view, reply.get("view", {}))
                case "push":
                    views.push_view(self._world, self.user.id, reply.get("view", {}))
                case unknown:
                    self._fail(TROUBLE_CONNECTING, f"unknown response_action {unknown!r}")
        except (SlackError, ValueError) as refusal:
            detail = refusal.detail if isinstance(refusal, SlackError) else ""
            self._fail(TROUBLE_CONNECTING, f"{refusal} {detail or ''}".strip())

    def _close(self, view: View) -> None:
        stack = self._world.stacks.get(self.user.id, [])
        if view in stack:
            stack.remove(view)

    # How it travels

    async def _act(self, where: View | Message, action: Json) -> Answer:
        if isinstance(where, View):
            return await self._send(payloads.press_in_view(self._world, self.user, where, action))
        url = self._response_url(self._world.channels[where.channel], where)
        return await self._send(payloads.press_in_message(self._world, self.user, where, action, url))

    async def _send(self, payload: Json) -> Answer:
        answer = await self._interact(as_form(payload))
        if answer.trouble:
            self._fail(TROUBLE_CONNECTING, answer.trouble)
        return answer

    async def _interact(self, body: bytes) -> Answer:
        self.saw_error = self.reason = ""
        return await self._post.interaction(body)

    async def _event(self, name: str, event: Json) -> Answer | None:
        """People see nothing of an event that fails."""
        self.saw_error = self.reason = ""
        if name not in self._world.subscriptions:
            return None
        return await self._post.event(payloads.event_callback(self._world, event))

    def _fail(self, words: str, reason: str) -> None:
        self.saw_error, self.reason = words, reason

    def _show_reply(self, place: Channel, answer: Answer) -> None:
        """The body of a slash command's acknowledgement is a message, as JSON or as plain text."""
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        try:
            content = _object(answer) if is_json else {"text": answer.body}
            answer_there(self._world, self.user.id, place, content)
        except (SlackError, ValueError) as refusal:
            self._fail(f"The app's answer could not be shown ({refusal})", str(refusal))

    def _response_url(self, place: Channel, original: Message | None = None) -> str:
        return f"{self._base_url()}/response/{self._world.new_response_url(self.user.id, place.id, original)}"

    # Where the person looks

    def _view(self) -> View:
        if self.open_view is None:
            raise CannotDo("no view is open")
        return self.open_view

    def _surface(self, message: Message | None, *, home: bool) -> View | Message:
        if message is None:
            return self._world.homes[self.user.id] if home else self._view()
        if message.deleted or message.only_for not in (None, self.user.id):
            raise CannotDo("this message is not to be seen")
        if self.user.id not in self._world.channels[message.channel].members:
            raise CannotDo(f"{self.user.real_name} is not in that conversation")
        return message

    def _options(self, block: Json, element: Json) -> list[Json]:
        if element["type"].endswith("external_select"):
            return self._offered.get((block["block_id"], element["action_id"]), [])
        return options_of(element)

    def _look_up(self, kind: str, name: str) -> str:
        """The id of a person or place that a select lists under this name or id."""
        if kind == "users":
            found = [u.id for u in self._world.users.values() if name in (u.id, u.real_name) and not u.deleted]
        else:
            places = (c for c in self._world.channels.values() if self.user.id in c.members)
            found = [c.id for c in places if name in (c.id, c.name, f"#{c.name}")]
        if len(found) != 1:
            raise CannotDo(f"{len(found)} {kind} are called {name!r}")
        return found[0]


def _object(answer: Answer) -> Json:
    """The answer's JSON object; an empty body is an empty object."""
    body = answer.json
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise SlackError("the answer is no JSON object")
    return body
