"""Bare Bolt, that ours is held against: the library as its manual has it, and nothing of ours. It stores nothing."""

import re
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck

Json = dict[str, Any]


async def bare_bolt(order: Json) -> web.Application:
    """Bolt with its own runner: checks the signature and acknowledges. It asks Slack nothing."""
    settings = order["settings"]
    authorized = AuthorizeResult(
        enterprise_id=None, team_id=settings["slack_team_id"], bot_token=settings["slack_bot_token"]
    )

    async def authorize() -> AuthorizeResult:
        return authorized

    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    bolt = AsyncApp(signing_secret=settings["slack_signing_secret"], authorize=authorize)
    bolt.view("psirf")(acknowledge)
    bolt.command("/psirf")(acknowledge)
    bolt.action(re.compile(""))(acknowledge)

    async def events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    app = web.Application()
    app.router.add_post("/slack/events", events)
    return app
