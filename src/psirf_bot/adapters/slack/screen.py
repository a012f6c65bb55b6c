"""What a person sees at once: the part of an answer that the acknowledgement carries, and the part that follows it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from psirf_bot.adapters.slack import words
from psirf_bot.adapters.slack.failures import TROUBLE, name_of
from psirf_bot.adapters.slack.payloads import (
    Command,
    HomeOpened,
    MessagePress,
    Opening,
    Spoken,
    Submission,
    Turn,
    ViewPress,
)
from psirf_bot.cards import blockkit, check
from psirf_bot.cards.model import Card, Words
from psirf_bot.casework.inbound import Reply

log = logging.getLogger(__name__)

Json = dict[str, Any]

_OPENING = 3.0  # seconds; after them the trigger is worth nothing
_SENT = Card(title=words.NOTICE, preview=words.SENT, body=(Words(text=words.SENT),))


def carried(turn: Turn, reply: Reply) -> Json:
    """What the acknowledgement says; nothing at all is an answer too."""
    match turn:
        case Command() if not _is_form(reply.card):
            shown = _message(reply)
            return {"response_type": "ephemeral", **shown} if shown else {}
        case Submission() if reply.card:
            view = _modal(_with_notice(reply.card, reply.notice), turn)
            return {"response_action": "update", "view": view} if view else {"response_action": "clear"}
        case Submission(first_input=block) if reply.notice and block:
            return {"response_action": "errors", "errors": {block: reply.notice}}
        case Submission() if reply.notice:  # laid upon the view, which keeps what is in it
            return {"response_action": "push", "view": _notice_view(reply.notice)}
        case Submission():
            return {"response_action": "clear"}
    return {}


class Screen:
    """Shows the rest, by calls to Slack. Each may fail: then the card goes to the person's direct messages instead."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def follow(self, turn: Turn, reply: Reply, *, shown: bool) -> None:
        """Show what the acknowledgement could not carry; `shown`: it carried something."""
        card = _with_notice(reply.card, reply.notice) if reply.card else None
        match turn:
            case Command() | MessagePress() | Opening() if card and (isinstance(turn, Opening) or _is_form(card)):
                await self._open(turn, card)
            case MessagePress() if card:
                await self._instead_or_beside(turn, card, replaces=reply.replaces)
            case ViewPress() if card:
                await self._turn_over(turn, card)
            case ViewPress() if not reply.notice:
                await self._turn_over(turn, _SENT)
            case Submission() if card and not shown:
                await self._privately(turn.user, rendered(card))
            case Spoken() if card:
                await self._beside(turn, rendered(card))
            case MessagePress() | ViewPress() | Opening() | HomeOpened() | Spoken() if reply.notice:
                await self.tell(turn, reply.notice)

    async def tell(self, turn: Turn, notice: str) -> None:
        """Say a short word about a turn that has been acknowledged."""
        match turn:
            case ViewPress():  # upon the open modal: inside it, it would cost the words typed there
                await self._show_notice(turn, notice, self._client.views_push)
            case Opening():
                await self._show_notice(turn, notice, self._client.views_open)
            case HomeOpened():
                await self._home_says(turn, notice)
            case MessagePress() | Spoken():
                await self._beside(turn, _notice(notice))
            case _:
                await self._privately(turn.user, _notice(notice))

    async def _show_notice(
        self, turn: Opening | ViewPress, notice: str, show: Callable[..., Awaitable[object]]
    ) -> None:
        why = await self._tried(show(trigger_id=turn.trigger, view=_notice_view(notice)), within=_OPENING)
        if why and why != "exchanged_trigger_id":
            await self._privately(turn.user, _notice(notice))

    async def _home_says(self, turn: HomeOpened, notice: str) -> None:
        view = {"type": "home", "blocks": _section(notice)}
        if why := await self._tried(self._client.views_publish(user_id=turn.user, view=view)):
            log.warning("a home page could not be shown: %s", why)

    async def _open(self, turn: Command | MessagePress | Opening, card: Card) -> None:
        view = _modal(card, turn)
        why = "it does not fit"
        if view:
            why = await self._tried(self._client.views_open(trigger_id=turn.trigger, view=view), within=_OPENING)
        if why and why != "exchanged_trigger_id":  # then another delivery of the same press has opened it
            log.warning("a form went to the direct messages instead: %s", why)
            await self._privately(turn.user, rendered(card))

    async def _instead_or_beside(self, turn: MessagePress, card: Card, *, replaces: bool) -> None:
        """Put the card in place of the one pressed if nobody else sees that; living cards are not edited here."""
        shown = rendered(card)
        if replaces and turn.place.private:
            why = await (self._replace_ephemeral(turn, shown) if turn.ephemeral else self._replace(turn, shown))
            if not why:
                return
            log.warning("a card went beside the one pressed: %s", why)
        await self._beside(turn, shown)

    async def _replace(self, turn: MessagePress, shown: Json) -> str:
        return await self._tried(self._client.chat_update(channel=turn.channel, ts=turn.message, **shown))

    async def _replace_ephemeral(self, turn: MessagePress, shown: Json) -> str:
        """An ephemeral message has no other way to it than the address that came with the press."""
        webhook = AsyncWebhookClient(
            turn.response_url,
            session=self._client.session,
            proxy=self._client.proxy,
            logger=self._client.logger,
            retry_handlers=[],
        )
        try:
            answer = await webhook.send(replace_original=True, **shown)
        except TROUBLE as error:
            return name_of(error)
        return "" if answer.status_code == 200 else f"status {answer.status_code}"

    async def _turn_over(self, turn: ViewPress, card: Card) -> None:
        """Show the card in the modal that is open."""
        why = "it does not fit"
        if view := _modal(card, turn):
            why = await self._tried(self._client.views_update(view_id=turn.view, hash=turn.hash, view=view))
            if why == "hash_conflict":  # something was shown there in between; what was decided now is newer
                why = await self._tried(self._client.views_update(view_id=turn.view, view=view))
        if why:
            log.warning("a card went to the direct messages instead: %s", why)
            await self._privately(turn.user, rendered(card))
            await self._tried(self._client.views_push(trigger_id=turn.trigger, view=_notice_view(words.SENT)))

    async def _beside(self, turn: MessagePress | Spoken, shown: Json) -> None:
        """Show it where they are, to them alone; in their direct messages if that is where they are, or it fails."""
        if isinstance(turn, Spoken) and turn.place.private:
            await self._privately(turn.user, shown, turn.thread)
            return
        post = self._client.chat_postEphemeral(channel=turn.channel, user=turn.user, thread_ts=turn.thread, **shown)
        if await self._tried(post):
            await self._privately(turn.user, shown)

    async def _privately(self, user: str, shown: Json, thread: str | None = None) -> None:
        post = self._client.chat_postMessage(
            channel=user, thread_ts=thread, unfurl_links=False, unfurl_media=False, **shown
        )
        if why := await self._tried(post):
            log.error("an answer could not be shown anywhere: %s", why)

    async def _tried(self, call: Awaitable[object], within: float | None = None) -> str:
        """Make the call and return why it failed; empty when it did not."""
        try:
            async with asyncio.timeout(within):
                await call
        except TROUBLE as error:
            return name_of(error)
        return ""


def rendered(card: Card) -> Json:
    """The card as a message that Slack takes; its preview alone when it would not take the rest."""
    message = blockkit.message(card)
    if problems := check.slack_problems(message):
        log.error("a card has %d problems and goes without its blocks", len(problems))
        return {"text": message["text"]}
    return message


def home(card: Card) -> Json:
    """The card as App Home; its preview alone when Slack would not take the rest."""
    view = blockkit.home(card)
    if problems := check.slack_problems(view):
        log.error("a home page has %d problems and goes without its blocks", len(problems))
        return {"type": "home", "blocks": _section(card.preview)}
    return view


def _message(reply: Reply) -> Json | None:
    if reply.card:
        return rendered(_with_notice(reply.card, reply.notice))
    return _notice(reply.notice) if reply.notice else None


def _is_form(card: Card | None) -> bool:
    return card is not None and any(card.inputs())


def _with_notice(card: Card, notice: str) -> Card:
    return card.model_copy(update={"body": (Words(text=notice), *card.body)}) if notice else card


def _modal(card: Card, turn: Turn) -> Json | None:
    """The card as a view; None when Slack would not take it."""
    view = blockkit.modal(card, turn.key)
    if problems := check.slack_problems(view):
        log.error("a card has %d problems as a modal", len(problems))
        return None
    finished = "submit" not in view and not any(button.action for button in card.all_buttons())
    return view | {"close": _plain(words.DONE)} if finished else view


def _notice_view(notice: str) -> Json:
    return {"type": "modal", "title": _plain(words.NOTICE), "close": _plain(words.CLOSE), "blocks": _section(notice)}


def _notice(notice: str) -> Json:
    text = notice.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text, "blocks": _section(notice)}


def _section(text: str) -> list[Json]:
    return [{"type": "section", "text": _plain(text)}]


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": check.clip(text, 3000), "emoji": False}
