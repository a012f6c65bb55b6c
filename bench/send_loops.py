"""The bare send loops that the drain of nudges is held against: each SDK's own call, message after message.

`POST /send` with `platform`, `places`, `message` and `at_once` answers when every message has been sent.
"""

import asyncio
from typing import Any

import aiohttp
from aiohttp import web
from botbuilder.schema import Activity
from botframework.connector.aio import ConnectorClient
from slack_sdk.web.async_client import AsyncWebClient

from bench.bare_teams import Token, fetch_token

Json = dict[str, Any]


async def send_loops(order: Json) -> web.Application:
    settings = order["settings"]
    token = await asyncio.to_thread(fetch_token, settings)

    async def send(request: web.Request) -> web.Response:
        wanted = await request.json()
        async with aiohttp.ClientSession() as session:
            slack = AsyncWebClient(settings["slack_bot_token"], settings["slack_api_url"], session=session)
            connector = ConnectorClient(Token(settings["teams_app_id"], token), base_url=wanted.get("service_url"))
            activity = Activity().deserialize(wanted["message"])
            places = iter(wanted["places"])

            async def one_after_another() -> None:
                for place in places:
                    if wanted["platform"] == "slack":
                        await slack.chat_postMessage(channel=place, **wanted["message"])
                    else:
                        await connector.conversations.send_to_conversation(place, activity)

            await asyncio.gather(*(one_after_another() for _ in range(wanted["at_once"])))
        return web.Response()

    app = web.Application(client_max_size=2**24)
    app.router.add_post("/send", send)
    return app
