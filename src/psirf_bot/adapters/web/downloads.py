"""Documents that people were given a link to in the chat: `/minutes/{token}` (casework/minutes.py).

The link itself gives a page with one button, and the button the document: programs that look into messages follow links
too, and what they fetch must not stand in the record as if the person had opened it. The token is all that is asked
for, so it stands in no log; the bot keeps no log of requests at all (cli_run.py).
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from html import escape

from aiohttp import web

from psirf_bot.casework import minutes
from psirf_bot.casework.minute_text import Minute
from psirf_bot.casework.work import Setting, Work
from psirf_bot.store.database import Store

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
STYLE = """
body { margin: 0; background: #fff; color: #212b32; font: 1.125rem/1.5 Arial, sans-serif; }
main { max-width: 38rem; margin: 0 auto; padding: 1.5rem 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; line-height: 1.25; }
button { min-height: 44px; padding: 0.6rem 1.25rem; border: 2px solid transparent; border-radius: 4px;
  background: #005eb8; color: #fff; font: inherit; font-weight: bold; cursor: pointer; }
button:focus-visible { outline: 3px solid #212b32; outline-offset: 3px; }
"""
"""Dark on white, and a button that a thumb finds. Forced colours of the system show its border."""
STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
OFFER = """<p>The button gives you the minute as a Word document. The record says that you asked for it.</p>
<form method="post"><button>Get the Word document</button></form>
<p>When you have it, close this page to go back to the chat.</p>"""
GONE = """<p>It does not work, or does not work any more. Please go back to the chat, open the panel and press
“The minute” for a new one.</p>
<p>If that does not help, please ask the quality team.</p>"""


def routes(store: Store, setting: Setting, now: Callable[[], datetime]) -> list[web.RouteDef]:
    """Why a link does not work is never said."""

    def ticket_in(request: web.Request) -> minutes.Ticket | None:
        return minutes.ticket_in(setting, request.match_info["token"], now())

    async def page(request: web.Request) -> web.Response:
        ticket = ticket_in(request)
        found = (
            await store.read(lambda session: minutes.reference(Work(session, now(), setting), ticket))
            if ticket
            else None
        )
        if found is None:
            return _gone()
        return _page(f"The minute of {found}", OFFER)

    async def minute(request: web.Request) -> web.Response:
        ticket = ticket_in(request)
        found = (
            await store.run(lambda session: minutes.opened(Work(session, now(), setting), ticket)) if ticket else None
        )
        if found is None:
            return _gone()
        file = await asyncio.to_thread(_as_document, found)  # not in the transaction: others wait for that
        named = {"Content-Disposition": f'attachment; filename="{name_of(found)}"'}
        return web.Response(body=file, content_type=WORD, headers=HEADERS | named)

    path = minutes.PATH + "{token}"
    return [web.get(path, page, allow_head=False), web.post(path, minute)]


def _as_document(minute: Minute) -> bytes:
    # Imported here, as minutes are seldom fetched: with what it loads, python-docx takes 7 MB.
    from psirf_bot.casework.minute_document import docx

    return docx(minute)


def _gone() -> web.Response:
    return _page("This link does not work", GONE, status=404)


def _page(title: str, body: str, status: int = 200) -> web.Response:
    html = PAGE.format(title=escape(title), style=STYLE, body=body)
    return web.Response(status=status, text=html, content_type="text/html", headers=HEADERS)


def name_of(minute: Minute) -> str:
    """What the file is called when it is saved."""
    return f"{minute.reference} minute{'' if minute.approved else ' (draft)'}.docx"
