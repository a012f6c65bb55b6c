"""Slack's side of HTTP: the Web API and the response_url endpoint, on loopback."""

import hmac
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .blocks import Json
from .faults import Faults, Handler
from .methods import METHODS, Method
from .posting import use_response_url
from .sockets import Sockets
from .world import SlackError, World

CONNECTIONS_OPEN = "apps.connections.open"
JSON_ARGUMENTS = ("blocks", "view", "metadata", "attachments")


@dataclass(frozen=True)
class Call:
    """One call by the bot as the fake saw it, and the error it was answered with, if any."""

    method: str
    args: Json
    error: str = ""
    detail: Any = None


class Server:
    """Answers the bot's calls on behalf of a workspace."""

    def __init__(self, world: World, bot_token: str, sockets: Sockets) -> None:
        self.world = world
        self.sockets = sockets
        self.faults = Faults()
        self.calls: list[Call] = []  # those that were carried out or refused by the rules
        self.attempts: Counter[str] = Counter()  # those and the ones that a fault swallowed
        self.latency = 0.0  # seconds before every answer
        self.url = ""
        self._bot_token = bot_token
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/response/{name}", self._response_url)
        app.router.add_get("/link/", self.sockets.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        self.faults.closing.set()
        await self.sockets.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args, token = await _arguments(request)

        async def carry_out() -> web.Response:
            return web.json_response(self._carry_out(method, args, token))

        return await self._answer(method, request, carry_out)

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()

        async def carry_out() -> web.Response:
            content: Json = {}
            try:
                content = json.loads(raw)
                use_response_url(self.world, request.match_info["name"], content)
            except (SlackError, json.JSONDecodeError) as refusal:
                name = refusal.name if isinstance(refusal, SlackError) else "invalid_payload"
                self.calls.append(Call("response_url", content, name))
                status = 404 if name.endswith("_url") else 400
                return web.json_response({"ok": False, "error": name}, status=status)
            self.calls.append(Call("response_url", content))
            return web.Response(text="ok")

        return await self._answer("response_url", request, carry_out)

    async def _answer(self, method: str, request: web.Request, carry_out: Handler) -> web.StreamResponse:
        self.attempts[method] += 1
        await self.faults.wait(self.latency)
        if (fault := self.faults.next(method)) is not None:
            return await self.faults.play(fault, request, carry_out)
        return await carry_out()

    def _carry_out(self, method: str, args: Json, token: str) -> Json:
        try:
            self._admit(method, token)
            if method == CONNECTIONS_OPEN:
                result: Json = {"url": self.sockets.ticket_url(self.url)}
            else:
                result = _method(method)(self.world, _parsed(args))
        except SlackError as refusal:
            self.calls.append(Call(method, args, refusal.name, refusal.detail))
            return {"ok": False, "error": refusal.name, **refusal.detail}
        self.calls.append(Call(method, args))
        return {"ok": True, **result}

    def _admit(self, method: str, token: str) -> None:
        """The app-level token is for Socket Mode alone, and the bot's own token for all the rest."""
        if not token:
            raise SlackError("not_authed")
        if hmac.compare_digest(token.encode(), self.sockets.app_token.encode()):
            if method != CONNECTIONS_OPEN:
                raise SlackError("not_allowed_token_type")
            return
        if not hmac.compare_digest(token.encode(), self._bot_token.encode()):
            raise SlackError("invalid_auth")
        if method == CONNECTIONS_OPEN:
            raise SlackError("not_allowed_token_type")


def _method(name: str) -> Method:
    if name not in METHODS:
        raise SlackError("unknown_method", req_method=name)
    return METHODS[name]


async def _arguments(request: web.Request) -> tuple[Json, str]:
    """The arguments, wherever they stand, and the bearer token, which is kept apart from them."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except json.JSONDecodeError:
            body = None
        args |= body if isinstance(body, dict) else {}
    elif request.method == "POST":
        args |= dict(await request.post())
    in_body = str(args.pop("token", ""))
    scheme, _, in_header = request.headers.get("Authorization", "").partition(" ")
    return args, in_header.strip() if scheme.lower() == "bearer" else in_body


def _parsed(args: Json) -> Json:
    """Forms carry blocks and views as JSON in a string."""
    parsed = dict(args)
    for name in JSON_ARGUMENTS:
        if isinstance(held := parsed.get(name), str) and held:
            try:
                parsed[name] = json.loads(held)
            except json.JSONDecodeError:
                raise SlackError("invalid_blocks_format" if name == "blocks" else "invalid_arguments") from None
    return parsed
