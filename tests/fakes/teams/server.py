"""The Bot Connector's REST API: what the bot calls to speak in Teams."""

import base64
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .faults import Fault, Faults
from .rules import READS, TENANT, WRITES, Limits, PayloadRules, Refusal, Throttle, bad_syntax
from .tokens import Entra
from .world import THREAD_MARK, Conversation, Json, Message, User, World

_BOT_KINDS = frozenset({"create", "send", "reply", "update", "delete", "member", "members"})
_CONVERSATION_MISSING = Refusal(404, "ConversationNotFound", "Conversation not found.")


@dataclass(eq=False)
class Call:
    """One call that the bot made. `status` is None while, or when, no answer went out."""

    at: float
    kind: str
    method: str
    path: str
    body: Any = None
    status: int | None = None
    fault: Fault | None = None


class Connector:
    """Serves /v3/conversations under the path of the service URL."""

    def __init__(self, world: World, entra: Entra, rules: PayloadRules, throttle: Throttle, faults: Faults) -> None:
        self._world, self._entra, self._rules = world, entra, rules
        self._throttle, self._faults = throttle, faults
        self.history: list[Call] = []

    def routes(self, base: str) -> list[web.RouteDef]:
        conversations = f"{base}/v3/conversations"
        one = conversations + "/{conversation}"
        activity = one + "/activities/{activity}"
        return [
            web.post(conversations, self._create, name="create"),
            web.post(f"{one}/activities", self._send, name="send"),
            web.post(activity, self._reply, name="reply"),
            web.put(activity, self._update, name="update"),
            web.delete(activity, self._delete, name="delete"),
            web.get(f"{one}/members", self._members, name="members", allow_head=False),
            web.get(one + "/members/{member}", self._member, name="member", allow_head=False),
            web.get(f"{one}/pagedmembers", self._paged_members, name="pagedmembers", allow_head=False),
        ]

    def middleware(self) -> Callable[..., Any]:
        @web.middleware
        async def answer(request: web.Request, handler: Callable[..., Any]) -> web.StreamResponse:
            kind = (request.match_info.route.name or "unknown").replace("pagedmembers", "members")
            call = Call(self._world.clock(), kind, request.method, request.path)
            self.history.append(call)
            if kind in _BOT_KINDS and request.can_read_body:
                call.body = _json_or_none(await request.read())
            call.fault = self._faults.next(kind)
            guarded = functools.partial(self._admitted, handler) if kind in _BOT_KINDS else handler
            played = self._faults.play(call.fault, request, guarded) if call.fault else guarded(request)
            response: web.StreamResponse = await played
            call.status = response.status if not call.fault or call.fault.cut is None else None
            return response

        return answer

    async def _admitted(self, handler: Callable[..., Any], request: web.Request) -> web.StreamResponse:
        """Let the bot in with a living token; put a refusal in the connector's words."""
        if not self._entra.knows(request.headers.get("Authorization")):
            return web.json_response({"message": "Authorization has been denied for this request."}, status=401)
        try:
            response: web.StreamResponse = await handler(request)
        except Refusal as refusal:
            headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
            error = {"error": {"code": refusal.code, "message": refusal.message}}
            return web.json_response(error, status=refusal.status, headers=headers)
        return response

    # writing

    async def _create(self, request: web.Request) -> web.Response:
        body = await _body(request)
        bot_id = str((body.get("bot") or {}).get("id") or self._world.bot_id)
        if bot_id.removeprefix("28:") != self._world.bot_id.removeprefix("28:"):
            raise Refusal(403, "ForbiddenOperationException", "The bot is another one.")
        channel_data = body.get("channelData") or {}
        if channel := (channel_data.get("channel") or {}).get("id"):
            return await self._create_post(str(channel), body)
        tenant = body.get("tenantId") or (channel_data.get("tenant") or {}).get("id")
        return await self._create_chat(body, tenant)

    async def _create_post(self, channel_id: str, body: Json) -> web.Response:
        place, root = self._place(channel_id)
        if place.kind != "channel" or root or not isinstance(body.get("activity"), dict):
            raise bad_syntax("A new post needs the id of a channel and an activity")
        message = self._post(place, None, body["activity"])
        conversation_id = f"{place.id}{THREAD_MARK}{message.id}"
        return web.json_response({"id": conversation_id, "activityId": message.id}, status=201)

    async def _create_chat(self, body: Json, tenant: str | None) -> web.Response:
        members = body.get("members") or []
        if body.get("isGroup") or len(members) != 1:
            raise bad_syntax("Incorrect conversation creation parameters")
        if not tenant:
            raise bad_syntax("Could not parse tenant id")
        user = self._world.find_user(str(members[0].get("id")))
        if user is None or user.tenant_id != tenant:
            raise bad_syntax("Invalid user identity in provided tenant")
        chat = self._world.personal_chat(user)
        if isinstance(body.get("activity"), dict):
            message = self._post(chat, None, body["activity"])
            return web.json_response({"id": chat.id, "activityId": message.id}, status=201)
        self._allow(chat, None, WRITES)
        _require_installed(chat)
        return web.json_response({"id": chat.id}, status=201)

    async def _send(self, request: web.Request) -> web.Response:
        place, root = self._place(request.match_info["conversation"])
        message = self._post(place, root, await _body(request))
        return web.json_response({"id": message.id}, status=201)

    async def _reply(self, request: web.Request) -> web.Response:
        place, root = self._place(request.match_info["conversation"])
        replied_to = request.match_info["activity"]
        if replied_to not in place.activity_ids:
            raise _activity_missing()
        answered = place.message(replied_to)
        message = self._post(place, root or (answered.root if answered else None), await _body(request))
        return web.json_response({"id": message.id}, status=201)

    async def _update(self, request: web.Request) -> web.Response:
        message, activity = self._own_message(request), await _body(request)
        self._rules.check_activity(activity)
        message.activity, message.edits = activity, message.edits + 1
        message.views.clear()
        self._world.touch(message)
        return web.json_response({"id": message.id})

    async def _delete(self, request: web.Request) -> web.Response:
        message = self._own_message(request)
        message.deleted = True
        self._world.touch(message)
        return web.Response()

    def _own_message(self, request: web.Request) -> Message:
        place, root = self._place(request.match_info["conversation"])
        self._allow(place, root, WRITES)
        _require_installed(place)
        message = place.message(request.match_info["activity"])
        if message is None or message.deleted:
            raise _activity_missing()
        if message.author != self._world.bot_id:
            raise Refusal(403, "NotEnoughPermissions", "Only the author may change a message.")
        return message

    def _post(self, place: Conversation, root: str | None, activity: Json) -> Message:
        self._allow(place, root, WRITES)
        _require_installed(place)
        self._rules.check_activity(activity)
        if activity["type"] == "typing":  # shown for a moment, never kept
            return Message(self._world.new_message_id(), place.id, self._world.bot_id, activity)
        return self._world.add_message(place, self._world.bot_id, activity, root)

    # reading

    async def _members(self, request: web.Request) -> web.Response:
        return web.json_response([user.as_member() for user in self._roster(request)])

    async def _member(self, request: web.Request) -> web.Response:
        wanted = request.match_info["member"]
        for user in self._roster(request):
            if wanted in (user.id, user.aad_object_id, user.upn):
                return web.json_response(user.as_member())
        raise Refusal(404, "MemberNotFoundInConversation", "Member not found in conversation.")

    async def _paged_members(self, request: web.Request) -> web.Response:
        """Pages of 50 to 500, as the real one has it."""
        roster = self._roster(request)
        size = min(500, max(50, int(request.query.get("pageSize") or 200)))
        token = request.query.get("continuationToken")
        start = int(base64.urlsafe_b64decode(token)) if token else 0
        page: Json = {"members": [user.as_member() for user in roster[start : start + size]]}
        if start + size < len(roster):
            page["continuationToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        return web.json_response(page)

    def _roster(self, request: web.Request) -> list[User]:
        place, root = self._place(request.match_info["conversation"])
        self._allow(place, root, READS)
        if not place.installed:
            raise Refusal(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
        return list(place.members.values())

    # both

    def _place(self, conversation_id: str) -> tuple[Conversation, str | None]:
        place = self._world.find_place(conversation_id)
        if place is None:
            raise _CONVERSATION_MISSING
        return place

    def _allow(self, place: Conversation, root: str | None, limits: Limits) -> None:
        self._throttle.check(f"{place.id}{THREAD_MARK}{root}", limits)
        self._throttle.check(place.tenant_id, TENANT)


def _require_installed(place: Conversation) -> None:
    if not place.installed:
        raise Refusal(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
    if place.blocked:
        raise Refusal(403, "MessageWritesBlocked", "Message writes are blocked.")


def _activity_missing() -> Refusal:
    return Refusal(404, "ActivityNotFoundInConversation", "The activity was not found in the conversation.")


def _json_or_none(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


async def _body(request: web.Request) -> Json:
    body = _json_or_none(await request.read())
    if not isinstance(body, dict):
        raise bad_syntax("Not a JSON object")
    return body
