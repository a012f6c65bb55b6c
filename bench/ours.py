"""Our bot as `serve` runs it, for bots.py."""

from datetime import datetime
from typing import Any

from aiohttp import web

from psirf_bot.bootstrap import Application
from psirf_bot.config import Settings
from psirf_bot.trust_file import load_trust

Json = dict[str, Any]


async def psirf_bot(order: Json) -> web.Application:
    """The people and the tables are there already."""
    settings = Settings(**order["settings"])
    trust, mistakes = load_trust(None)
    if trust is None:
        raise SystemExit(mistakes)
    app = Application(settings, trust)

    def set_clock(moment: datetime) -> None:
        app.clock.set(moment)
        app.courier.kick()

    served = app.web_application()
    served["set clock"] = set_clock
    return served
