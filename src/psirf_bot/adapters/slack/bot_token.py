"""Who we are at Slack, by the bot's token: whether Slack takes it, and whose it is, asked again from time to time."""

import asyncio
import logging
import time
from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from psirf_bot.adapters.slack import words
from psirf_bot.adapters.slack.failures import TOKEN_REFUSED, TROUBLE, name_of, scope_needed, whereabouts
from psirf_bot.delivery.platform import MENDED_IN

log = logging.getLogger(__name__)

ASKED_EVERY = 60.0  # seconds
LAPSES = 2 * MENDED_IN  # seconds after the last refusal; a message that waits is tried again sooner than that
BY_APP_TOKEN = "apps.connections.open"  # noqa: S105 - a method, and the only one that goes by the other token


class Client(AsyncWebClient):
    """The SDK's client, which remembers how Slack took the bot's token at the last call, and what it lacks."""

    refused = ""
    """Slack's name for why it does not take the token; empty while it does."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self._lacked: dict[str, float] = {}

    @property
    def lacks(self) -> list[str]:
        """The scopes for want of which Slack has refused a call lately."""
        return sorted(scope for scope, at in self._lacked.items() if time.monotonic() - at < LAPSES)

    async def api_call(self, api_method: str, **how: Any) -> AsyncSlackResponse:
        if api_method == BY_APP_TOKEN:
            return await super().api_call(api_method, **how)
        try:
            answer = await super().api_call(api_method, **how)
        except SlackApiError as error:
            if (name := name_of(error)) in TOKEN_REFUSED:
                self.refused = name
            elif scope := scope_needed(error):
                self._lacked[scope] = time.monotonic()
            raise
        self.refused = ""
        return answer


class BotToken(AsyncAuthorize):
    """Also tells Bolt who we are: asking each time, as it would, drops the action whenever that fails."""

    def __init__(self, client: Client, team: str) -> None:
        self._client, self._team = client, team
        # Until Slack has said it, without our own user's id: what we post ourselves is told by its `bot_id` anyway.
        self._who = AuthorizeResult(enterprise_id=None, team_id=team, bot_token=client.token)
        self._belongs_to = team
        self._misses = 0
        self._why = ""
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self, **_: Any) -> AuthorizeResult:
        return self._who

    @property
    def trouble(self) -> str:
        """What is wrong and what to do about it; nothing while all is well."""
        if self._client.refused:
            return words.bot_token_refused(self._client.refused)
        if self._belongs_to != self._team:
            return words.other_workspace(self._belongs_to, self._team)
        if self._misses > 1:  # once may be a moment's
            return words.no_answer(self._why)
        return ""

    @property
    def lacks(self) -> str:
        """What the token does not let us do, and what to do about it; nothing while all is well."""
        return words.scope_missing(self._client.lacks) if self._client.lacks else ""

    async def start(self) -> None:
        """Ask now, and go on asking."""
        await self.ask()
        self._asking = asyncio.create_task(self._go_on_asking())

    async def stop(self) -> None:
        if self._asking:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def ask(self) -> None:
        """Whether Slack takes the token, and of which workspace it is. Whatever comes of it, nothing is raised."""
        why = ""
        try:
            answer = await self._client.auth_test()
            self._who = AuthorizeResult.from_auth_test_response(bot_token=self._client.token, auth_test_response=answer)
            self._belongs_to = str(answer.get("team_id"))[:20]
        except TROUBLE as error:
            why = "" if name_of(error) in TOKEN_REFUSED else name_of(error)
        except Exception as error:  # noqa: BLE001 - it is asked again
            why = whereabouts(error)
        if why and not self._misses:
            log.warning("Slack did not say who we are: %s", why)
        self._misses, self._why = self._misses + 1 if why else 0, why

    async def _go_on_asking(self) -> None:
        while True:
            await asyncio.sleep(ASKED_EVERY)
            await self.ask()
