"""The fake as a whole: one tenant with its sign-in, its connector and its people, on a loopback port."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

import adaptive_schema

from .activities import Activities
from .client import Person
from .faults import CallKind, Fault, Faults
from .rules import PayloadRules, Throttle
from .server import Call, Connector
from .tokens import BotConnectorKeys, Entra, SigningKey, connector_claims, mint
from .world import Conversation, Json, Message, Role, Team, World

APP_ID = "5f1c6a52-9b0e-4f0a-8d7e-2f6a1f0c9d11"
TENANT_ID = "0b8f3c14-7a5d-4c6e-9f21-6d2e8c4b7a90"
SECRET = "made-up-secret"
SERVICE_PATH = "/uk"


@dataclass(frozen=True)
class Delivery:
    """What became of an activity: the bot's answer, and how often it was posted. 504: it never answered."""

    status: int
    body: Any
    attempts: int


class FakeTeams:
    """A strict Microsoft Teams on loopback: `async with FakeTeams() as fake`.

    Without `card_schema` cards are not checked against Microsoft's schema (checking one takes milliseconds), and
    `fake.throttle.on = False` lifts the rate limits; both are for load runs. `clock` is seconds since 1970.
    """

    def __init__(
        self,
        *,
        app_id: str = APP_ID,
        secret: str = SECRET,
        tenant_id: str = TENANT_ID,
        bot_name: str = "psirf-bot",
        bot_url: str = "",
        port: int = 0,
        card_schema: Path | None = adaptive_schema.PATH,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app_id, self.tenant_id, self.bot_url = app_id, tenant_id, bot_url
        self._secret, self._port = secret, port
        self.world = World(tenant_id, app_id, bot_name, clock)
        self.keys = BotConnectorKeys()
        self.entra = Entra(tenant_id, app_id, secret, clock)
        self.rules = PayloadRules(card_schema)
        self.throttle = Throttle(clock)
        self.faults = Faults()
        self._connector = Connector(self.world, self.entra, self.rules, self.throttle, self.faults)
        self.people: dict[str, Person] = {}
        self.deliveries: list[tuple[Json | bytes, Delivery]] = []
        self.invoke_patience = 5.0  # seconds until the person's client tries again, twice
        self.redelivery_after = 15.0  # seconds until the connector delivers a message again

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._connector.middleware()], client_max_size=2**24)
        app.add_routes([*self.keys.routes(), *self.entra.routes(), *self._connector.routes(SERVICE_PATH)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.activities = Activities(self.world, self.service_url)
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self.faults.closing.set()
        await self._http.close()
        await self._runner.cleanup()

    # where things are

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def service_url(self) -> str:
        """Ends in a slash, as the real one does."""
        return f"{self.url}{SERVICE_PATH}/"

    @property
    def openid_url(self) -> str:
        return f"{self.url}/v1/.well-known/openidconfiguration"

    @property
    def settings(self) -> dict[str, str]:
        """The bot's environment for this tenant."""
        return {
            "PSIRF_TEAMS_APP_ID": self.app_id,
            "PSIRF_TEAMS_APP_SECRET": self._secret,
            "PSIRF_TEAMS_TENANT_ID": self.tenant_id,
            "PSIRF_TEAMS_OPENID_URL": self.openid_url,
            "PSIRF_TEAMS_LOGIN_URL": self.url,
            "PSIRF_TEAMS_SERVICE_HOSTS": "127.0.0.1",
        }

    # who is there

    def person(
        self,
        name: str,
        *,
        guest: bool = False,
        anonymous: bool = False,
        tenant_id: str | None = None,
        aad_object_id: str | None = None,
        installed: bool = False,
    ) -> Person:
        """Somebody new. `tenant_id` of another tenant: federated. `installed`: the app is there already."""
        role: Role = "anonymous" if anonymous else "guest" if guest else "user"
        user = self.world.add_user(name, role, tenant_id or self.tenant_id, aad_object_id)
        person = self.people[name] = Person(self, user)
        person.chat.installed_here = installed
        return person

    def group_chat(self, *people: Person, installed: bool = True) -> Conversation:
        """A group chat, with the bot in it unless told otherwise."""
        return self.world.add_group_chat([person.user for person in people], installed=installed)

    def chat_of_two(self, one: Person, other: Person) -> Conversation:
        """The chat of two people, which has no bot in it."""
        return self.world.add_chat_of_two(one.user, other.user)

    def team(self, name: str, *people: Person, channels: tuple[str, ...] = (), installed: bool = False) -> Team:
        """A team with its General channel and others; see `Person.install(team=…)`."""
        team = self.world.add_team(name, list(channels), [person.user for person in people])
        team.installed = installed
        return team

    # what was said

    @property
    def history(self) -> list[Call]:
        """Every call the bot made, in order."""
        return self._connector.history

    def messages(self, conversation: Conversation | str) -> list[Message]:
        """The messages that stand, edits applied; a thread's when the id carries `;messageid=`."""
        place_id = conversation if isinstance(conversation, str) else conversation.id
        place = self.world.find_place(place_id)
        return place[0].thread(place[1]) if place else []

    def sees(self, person: Person, conversation: Conversation | str | None = None) -> list[Json]:
        """The cards in a conversation (the personal chat) as this person sees them now."""
        shown = self.messages(conversation or person.chat)
        return [card for message in shown for card in message.cards_for(person.user)]

    def place_of(self, message: Message) -> Conversation:
        return self.world.conversations[message.conversation_id]

    # what goes wrong

    def fail_next(self, kind: CallKind, *faults: Fault) -> None:
        """Let the next calls of this kind go wrong, one fault each."""
        self.faults.add(kind, *faults)

    def roll_key(self, *, keep_old: bool = True) -> SigningKey:
        """Sign with a new key from now on."""
        return self.keys.roll(keep_old=keep_old)

    # talking to the bot

    def token(self, *, key: SigningKey | None = None, alg: str = "RS256", kid: str | None = "", **claims: Any) -> str:
        """A token as the connector signs it, or not quite: other claims (None takes one away), key, kid or alg."""
        key = key or self.keys.current
        named = connector_claims(self.app_id, self.service_url, claims)
        return mint(key, named, alg, key.kid if kid == "" else kid)

    async def deliver(
        self,
        activity: Json | bytes,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Delivery:
        """Post an activity to the bot, and again with the same id if it takes too long; "" signs it properly.

        A bot that cannot be reached at all raises aiohttp.ClientError.
        """
        raw = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        invoke = isinstance(activity, dict) and activity.get("type") == "invoke"
        if isinstance(activity, dict):
            self._expect_replies_to(activity)
        sent = {"Content-Type": "application/json; charset=utf-8"}
        if token is not None:
            sent["Authorization"] = f"Bearer {token or self.token()}"
        patience, tries = (self.invoke_patience, 3) if invoke else (self.redelivery_after, 2)
        delivery = await self._post(raw, sent | dict(headers or {}), patience, tries)
        self.deliveries.append((activity, delivery))
        return delivery

    async def redeliver(self) -> list[Delivery]:
        """Everything once more with the same ids, as happens when Teams believes that it got lost."""
        return [await self.deliver(activity) for activity, _ in list(self.deliveries)]

    async def _post(self, raw: bytes, headers: dict[str, str], patience: float, tries: int) -> Delivery:
        timeout = aiohttp.ClientTimeout(total=patience)
        for attempt in range(1, tries + 1):
            try:
                async with self._http.post(self.bot_url, data=raw, headers=headers, timeout=timeout) as answer:
                    return Delivery(answer.status, _parsed(await answer.read()), attempt)
            except TimeoutError:
                continue
        return Delivery(504, None, tries)

    def _expect_replies_to(self, activity: Json) -> None:
        conversation = activity.get("conversation")
        place = self.world.find_place(str((conversation or {}).get("id")))
        if place and activity.get("id"):
            place[0].activity_ids.add(str(activity["id"]))


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
