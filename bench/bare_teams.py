"""Bare botbuilder, that ours is held against: as its manual has it, and nothing of ours. It stores nothing."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity, ActivityTypes
from botframework.connector.auth import (
    BotFrameworkAuthenticationFactory,
    ChannelValidation,
    MicrosoftAppCredentials,
    PasswordServiceClientCredentialFactory,
)

Json = dict[str, Any]


async def bare_botbuilder(order: Json) -> web.Application:
    """botbuilder with its own token check, keys and connector: answers a message with a message.

    It is spared the token that it would fetch for every turn: it fetches one when it starts, and keeps it. Its route
    does what `CloudAdapter.process` does; that class is in a package of its own, which nothing else here needs.
    """
    settings = order["settings"]
    ChannelValidation.open_id_metadata_endpoint = settings["teams_openid_url"]
    token = await asyncio.to_thread(fetch_token, settings)
    adapter = CloudAdapterBase(BotFrameworkAuthenticationFactory.create(credential_factory=_Warmed(settings, token)))

    async def echo(context: TurnContext) -> None:
        if context.activity.type == ActivityTypes.message:
            await context.send_activity(f"You said: {context.activity.text}")

    async def messages(request: web.Request) -> web.Response:
        activity = Activity().deserialize(await request.json())
        await adapter.process_activity(request.headers["Authorization"], activity, echo)
        return web.Response(status=201)

    app = web.Application()
    app.router.add_post("/api/messages", messages)
    return app


class _Warmed(PasswordServiceClientCredentialFactory):  # type: ignore[misc]
    """Hands out the same credentials every time, with a token that was fetched before the first turn."""

    def __init__(self, settings: Json, token: str) -> None:
        super().__init__(settings["teams_app_id"])
        self._shared = Token(settings["teams_app_id"], token)

    async def create_credentials(self, *_: object, **__: object) -> MicrosoftAppCredentials:
        return self._shared


class Token(MicrosoftAppCredentials):  # type: ignore[misc]
    def __init__(self, app_id: str, token: str) -> None:
        super().__init__(app_id, "")
        self._token = token

    def get_access_token(self, force_refresh: bool = False) -> str:
        return self._token


def fetch_token(settings: Json) -> str:
    form = {
        "grant_type": "client_credentials",
        "scope": "https://api.botframework.com/.default",
        "client_id": settings["teams_app_id"],
        "client_secret": settings["teams_app_secret"],
    }
    url = f"{settings['teams_login_url']}/{settings['teams_tenant_id']}/oauth2/v2.0/token"
    with urlopen(url, urlencode(form).encode()) as answer:  # noqa: S310 (the fake on loopback)
        return str(json.load(answer)["access_token"])
