"""The page itself: one document, one style sheet, its scripts, none of them from anywhere else."""

from pathlib import Path

from aiohttp import web

from psirf_bot.adapters.web.bodies import HEADERS, problem

_STATIC = Path(__file__).parent / "static"
_FILES = frozenset(file.name for file in _STATIC.iterdir() if file.suffix in {".css", ".js"})


def routes() -> list[web.RouteDef]:
    return [
        web.get("/", _document),
        web.get("/static/{name}", _static),
        web.get("/favicon.ico", _no_icon),  # browsers ask for it unasked
    ]


async def _document(_: web.Request) -> web.FileResponse:
    return web.FileResponse(_STATIC / "chat.html", headers=HEADERS)


async def _static(request: web.Request) -> web.FileResponse:
    name = request.match_info["name"]
    if name not in _FILES:
        raise problem(404, "There is no such file.")
    return web.FileResponse(_STATIC / name, headers=HEADERS)


async def _no_icon(_: web.Request) -> web.Response:
    return web.Response(status=204, headers=HEADERS)
