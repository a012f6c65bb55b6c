"""The seam to botbuilder-core: its turns and its extension points, with our own authentication and connector behind.

Microsoft supports botbuilder no longer, so it is used here only, and only for the turn itself: `CloudAdapter.process`
cannot answer an invoke, its key store locks a bot out after a key roll-over, and its connector asks for a new token at
every turn.
"""

import asyncio
from collections.abc import Awaitable, Callable

from botbuilder.core import TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity as BotActivity
from botbuilder.schema import ChannelAccount, ConversationAccount, ResourceResponse
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
)

from psirf_bot.adapters.teams.connector import Connector, Json
from psirf_bot.adapters.teams.tokens import ISSUER, TokenCheck, Untrusted
from psirf_bot.adapters.teams.turns import Activity
from psirf_bot.delivery.platform import Refused, Uncertain

TRIES, LONGEST_WAIT = 4, 10.0  # seconds; for a word that is in no outbox

Logic = Callable[[Activity], Awaitable[Json | str]]
"""Takes a turn and gives the body of an invoke's answer, or the words to say at once; "" says nothing."""


class Bot:
    """Runs turns through botbuilder."""

    def __init__(self, check: TokenCheck | None, connector: Connector) -> None:
        self._authentication = _Authentication(check, connector)
        self._adapter = CloudAdapterBase(self._authentication)

    async def process(self, activity: Activity, authorization: str | None, logic: Logic) -> Json | None:
        """Run one turn; None as authorization means that the caller vouches for it. Returns the body of an invoke.

        Raises Untrusted and Unavailable before anything has been done.
        """
        trust = self._authentication.admitted({}) if authorization is None else authorization
        body: Json | None = None

        async def turn(context: TurnContext) -> None:
            nonlocal body
            answer = await logic(activity)
            if not isinstance(answer, str):
                body = answer  # botbuilder would hand it back as well, but copies a whole card for it, value by value
            elif answer:
                await context.send_activity(answer)

        await self._adapter.process_activity(trust, _as_botbuilder(activity), turn)
        return body


def _as_botbuilder(activity: Activity) -> BotActivity:
    """Made from fields that have been checked: botbuilder's own reading of a request takes longer and trusts more."""
    return BotActivity(
        type=activity.type,
        id=activity.id,
        channel_id=activity.channel_id,
        service_url=activity.service_url,
        conversation=ConversationAccount(id=activity.conversation.id),
        from_property=ChannelAccount(id=activity.sender.id),
        recipient=ChannelAccount(id=activity.recipient.id),
    )


class _Authentication(BotFrameworkAuthentication):  # type: ignore[misc]
    def __init__(self, check: TokenCheck | None, connector: Connector) -> None:
        self._check, self._factory = check, _Factory(connector)

    def admitted(self, claims: Json) -> AuthenticateRequestResult:
        result = AuthenticateRequestResult()
        result.claims_identity = ClaimsIdentity(claims, is_authenticated=True)
        result.audience, result.connector_factory = ISSUER, self._factory
        return result

    async def authenticate_request(self, activity: BotActivity, auth_header: str) -> AuthenticateRequestResult:
        if self._check is None:
            raise Untrusted("Teams is not set up")
        return self.admitted(await self._check.check(auth_header, activity.service_url, activity.channel_id))

    async def authenticate_streaming_request(self, _auth_header: str, _channel_id: str) -> AuthenticateRequestResult:
        raise Untrusted("streaming is not used")

    def create_connector_factory(self, _claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return self._factory

    async def create_user_token_client(self, _claims_identity: ClaimsIdentity) -> None:
        return None


class _Factory(ConnectorFactory):  # type: ignore[misc]
    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def create(self, service_url: str, _audience: str | None = None) -> "_Client":
        return _Client(_Conversations(self._connector, service_url))


class _Conversations:
    """What botbuilder sends a turn's words with."""

    def __init__(self, connector: Connector, service_url: str) -> None:
        self._connector, self._service_url = connector, service_url

    async def send_to_conversation(self, conversation: str, activity: BotActivity) -> ResourceResponse:
        words = {"type": "message", "textFormat": "plain", "text": activity.text}
        for tries_left in reversed(range(TRIES)):
            try:
                return ResourceResponse(id=await self._connector.post(self._service_url, conversation, words))
            except (Refused, Uncertain) as why:  # a word said twice is better than one that is not heard
                if not tries_left or (isinstance(why, Refused) and why.final):
                    raise
                wait = why.retry_after if isinstance(why, Refused) else None
                await asyncio.sleep(min(wait or 1.0, LONGEST_WAIT))
        raise AssertionError("unreachable")

    async def reply_to_activity(self, conversation: str, _activity_id: str, activity: BotActivity) -> ResourceResponse:
        return await self.send_to_conversation(conversation, activity)  # the id of a thread says where to reply


class _Client:
    def __init__(self, conversations: _Conversations) -> None:
        self.conversations = conversations
