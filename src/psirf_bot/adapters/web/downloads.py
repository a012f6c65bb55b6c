"""Documents that people were given a link to in the chat: `GET /minutes/{token}` (casework/minutes.py).

The token is all that is asked for, so it stands in no log; the bot keeps no log of requests at all (cli.py).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from psirf_bot.casework import minutes
from psirf_bot.casework.minute_document import WORD, docx
from psirf_bot.casework.minute_text import Minute
from psirf_bot.casework.work import Setting, Work
from psirf_bot.store.database import Store

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
GONE = (
    "This link does not work, or does not work any more. Please go back to the chat, open the panel and press "
    "“The minute” for a new one. If that does not help, please ask the quality team.\n"
)


def routes(store: Store, setting: Setting, now: Callable[[], datetime]) -> list[web.RouteDef]:
    """Why a link does not work is never said. A look at the head alone, as link checkers take, opens nothing."""

    async def minute(request: web.Request) -> web.Response:
        ticket = minutes.ticket_in(setting, request.match_info["token"], now())
        found = (
            await store.run(lambda session: minutes.opened(Work(session, now(), setting), ticket)) if ticket else None
        )
        if found is None:
            return web.Response(status=404, text=GONE, headers=HEADERS)
        file = await asyncio.to_thread(docx, found)  # not in the transaction: others wait for that
        named = {"Content-Disposition": f'attachment; filename="{name_of(found)}"'}
        return web.Response(body=file, content_type=WORD, headers=HEADERS | named)

    return [web.get(minutes.PATH + "{token}", minute, allow_head=False)]


def name_of(minute: Minute) -> str:
    """What the file is called when it is saved."""
    return f"{minute.reference} minute{'' if minute.approved else ' (draft)'}.docx"
