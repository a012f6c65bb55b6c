"""The chat page's platform: people of the demo talk and press, the courier posts, and everybody sees it at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from aiohttp import web
from sqlmodel import Session

from psirf_bot.adapters.web import messages, page
from psirf_bot.adapters.web.bodies import Press, Say, answer, problem, read, whole_number
from psirf_bot.adapters.web.dev_clock import written
from psirf_bot.adapters.web.rooms import BOT_NAME, WebPerson, address_of, described, own_room, room_at, rooms_of
from psirf_bot.cards import adaptive, blockkit, html
from psirf_bot.cards.model import Card
from psirf_bot.casework.inbound import Actor, Desk, Inbound, Place, Pressed, Reply, Said
from psirf_bot.clock import Clock
from psirf_bot.delivery.platform import Address, Refused
from psirf_bot.domain.identifiers import Kind, find, mask
from psirf_bot.domain.working_time import ORDINARY, Calendar, YearNotKnown
from psirf_bot.store.database import Store
from psirf_bot.store.tables import WebMessage

T = TypeVar("T")
Json = dict[str, Any]

PATIENCE = 25.0  # seconds until an empty answer; shorter than what proxies and browsers wait for
FORMATS: Mapping[str, Callable[[Card], Json]] = {
    "adaptive": adaptive.render,
    "blockkit": blockkit.message,
    "modal": blockkit.modal,
}


class WebAdapter:
    """The chat page: its requests, and the Sender that posts in its rooms."""

    can_read_back = True
    TEAM = "demo"

    def __init__(
        self,
        *,
        store: Store,
        desk: Desk,
        clock: Clock,
        people: Callable[[], Awaitable[list[WebPerson]]],
        trust_name: str,
        new_id: Callable[[], str],
        calendar: Calendar,
    ) -> None:
        self._store, self._desk, self._clock, self._people = store, desk, clock, people
        self._trust_name, self._new_id, self._calendar = trust_name, new_id, calendar
        self._news = asyncio.Event()
        self._stopping = False

    def routes(self) -> list[web.RouteDef]:
        """The page and what it asks for; `dev_clock.routes` go beside them."""
        return [
            *page.routes(),
            web.get("/chat/people", self._show_people),
            web.get("/chat/messages", self._show_messages),
            web.get("/chat/cards/{id}", self._show_card),
            web.get("/chat/clock", self._show_clock),
            web.post("/chat/say", self._say),
            web.post("/chat/press", self._press),
        ]

    async def start(self) -> None:
        self._stopping = False

    async def stop(self) -> None:
        """Let everybody who waits for news go."""
        self._stopping = True
        self._wake()

    # --- Sender ---------------------------------------------------------------------------------------------

    async def send(self, to: Address, card: Card, key: str) -> str:
        room, at = room_at(to), self._clock.now()
        message = await self._write(lambda s: messages.post(s, room, _sent(key), messages.BOT, at, card=card))
        return str(message.id)

    async def update(self, to: Address, message: str, card: Card) -> None:
        if await self._write(lambda s: messages.replace(s, int(message), card)) is None:
            raise Refused("message_not_found", final=True)

    async def find(self, to: Address, key: str, since: datetime) -> str | None:
        """The message with this key, whenever it was posted: here that is always known."""
        found = await self._store.read(lambda s: messages.with_key(s, _sent(key)))
        return str(found.id) if found else None

    # --- Requests -------------------------------------------------------------------------------------------

    async def _show_people(self, _: web.Request) -> web.Response:
        people = (await self._everybody()).values()
        about = {"trust": self._trust_name, "bot": BOT_NAME}
        return answer(about | {"people": [described(person) for person in people]})

    async def _show_messages(self, request: web.Request) -> web.Response:
        """What is new for a person after a revision, as soon as there is something new for anybody.

        Without a revision: what there is, at once.
        """
        people = await self._everybody()
        person, after = _known(people, request.query.get("as", "")), whole_number(request, "after")
        until = asyncio.get_running_loop().time() + (PATIENCE if "after" in request.query else 0)
        while True:
            news = self._news
            rows, newest, waiting = await self._store.read(
                lambda s: (messages.since(s, after), messages.newest(s), messages.newest_from_bot(s))
            )
            left = until - asyncio.get_running_loop().time()
            if rows or after > newest or self._stopping or left <= 0:
                break
            try:
                await asyncio.wait_for(news.wait(), left)
            except TimeoutError:
                continue
        mine = rooms_of(person)
        shown = [self._shown(row, person, people) for row in rows if row.room in mine]
        return answer({
            "revision": rows[-1].revision if rows else newest,
            "messages": shown,
            "waiting": waiting,
        })  # fmt: skip

    async def _show_card(self, request: web.Request) -> web.Response:
        """A card exactly as the platforms get it."""
        render = FORMATS.get(request.query.get("format", ""))
        if render is None:
            raise problem(400, f"format has to be one of {', '.join(FORMATS)}.")
        message = await self._message(request.match_info["id"])
        card = messages.card_in(message) if message else None
        if card is None:
            raise problem(404, "There is no such card.")
        return answer(render(card))

    async def _show_clock(self, _: web.Request) -> web.Response:
        now = self._clock.now().astimezone(self._calendar.zone)
        return answer({
            "now": written(now),
            "words": f"{now:%A} {now.day} {now:%B %Y, %H:%M}",
            "moved": abs(self._clock.ahead) >= timedelta(minutes=1),
            "next_working_morning": written(self._next_working_morning(now)),
        })  # fmt: skip

    async def _say(self, request: web.Request) -> web.Response:
        body = await read(request, Say)
        people = await self._everybody()
        person, room = _in_room(people, body.by, body.room)
        kept, at = _without_identifiers(body.text, people), self._clock.now()
        row = await self._write(lambda s: messages.post(s, room, f"said:{body.key}", person.email, at, text=kept))
        reply = await self._desk.handle(self._inbound(person, room, body.key, Said(body.text)))
        return answer({"message": self._shown(row, person, people), **await self._answered(reply, person, room)})

    async def _press(self, request: web.Request) -> web.Response:
        body = await read(request, Press)
        person, room = _in_room(await self._everybody(), body.by, body.room)
        opened = False
        if body.message is not None:
            message = await self._message(str(body.message))
            if message is None or message.room != room:
                raise problem(400, "That card is no longer here.")
            opened = _opens(messages.card_in(message), body.action)
        pressed, on = Pressed(body.action, body.answers()), None if opened else body.message
        reply = await self._desk.handle(self._inbound(person, room, body.key, pressed, on))
        return answer(await self._answered(reply, person, room, on, opened=opened))

    # --- Between the page and casework ----------------------------------------------------------------------

    def _inbound(
        self, person: WebPerson, room: str, key: str, what: Said | Pressed, message: int | None = None
    ) -> Inbound:
        private = room == own_room(person.email)
        place = Place(
            conversation=room,
            private=private,
            inline=isinstance(what, Pressed),
            message=str(message) if message else None,
            address=address_of(room),
            channel={} if private else address_of(room),
        )
        return Inbound(Actor("web", self.TEAM, person.email, person.name, person.email), place, f"web:{key}", what)

    async def _answered(
        self, reply: Reply, person: WebPerson, room: str, message: int | None = None, *, opened: bool = False
    ) -> Json:
        """The reply for the page. `in_place`: its card replaces the one pressed; otherwise it is shown beside it.

        In a private chat a replacement is stored, but without words that were refused: those are only shown once more.
        `opened`: where there are windows this card has one of its own, so it replaces nothing. `kept`: the same card
        comes as a message too.
        """
        card = reply.card
        if card is None:
            return {"notice": reply.notice, "card": None}
        in_place = reply.replaces and room == own_room(person.email) and not opened
        revision = None
        if in_place and message:
            kept_card = messages.without_refused(card)
            revision = await self._write(lambda s: messages.replace(s, message, kept_card))
        uid = f"m{message}" if in_place and message else f"t{self._new_id()}"
        shown = {"html": html.render(card, uid)} | {name: render(card) for name, render in FORMATS.items()}
        kept = reply.keep and not message
        return {"notice": reply.notice, "card": shown, "in_place": in_place, "revision": revision, "kept": kept}

    def _shown(self, row: WebMessage, person: WebPerson, people: Mapping[str, WebPerson]) -> Json:
        at = self._calendar.local(row.at)
        card = messages.card_in(row)
        bot = row.author == messages.BOT
        return {
            "id": row.id,
            "room": row.room,
            "author": BOT_NAME if bot else people[row.author].name if row.author in people else row.author,
            "by": "bot" if bot else "me" if row.author == person.email else "colleague",
            "at": f"{at:%a} {at.day} {at:%b}, {at:%H:%M}",
            "revision": row.revision,
            **({"html": html.render(card, f"m{row.id}"), "title": card.title} if card else {"text": row.text or ""}),
            **({"key": row.key.removeprefix("said:")} if row.author == person.email else {}),
        }

    def _next_working_morning(self, now: datetime) -> datetime:
        """The next morning on which digests go out; by this page's clock, which may stand in any year."""
        day = now.date()
        try:
            morning = self._calendar.next_morning(self._calendar.on_or_after(day), ORDINARY)
            if morning <= now:
                morning = self._calendar.next_morning(self._calendar.next_working_day(day), ORDINARY)
        except YearNotKnown:
            return now + timedelta(days=1)
        return morning

    async def _everybody(self) -> dict[str, WebPerson]:
        return {person.email: person for person in await self._people()}

    async def _message(self, id: str) -> WebMessage | None:
        if not (id.isascii() and id.isdecimal() and len(id) <= 18):
            return None
        return await self._store.read(lambda s: s.get(WebMessage, int(id)))

    async def _write(self, work: Callable[[Session], T]) -> T:
        result = await self._store.run(work)
        self._wake()
        return result

    def _wake(self) -> None:
        """Wake everybody who waits, and give the next ones something new to wait for."""
        news, self._news = self._news, asyncio.Event()
        news.set()


def _sent(key: str) -> str:
    """Keys of the courier and of the page never meet."""
    return f"sent:{key}"


def _known(people: Mapping[str, WebPerson], email: str) -> WebPerson:
    if email not in people:
        raise problem(400, "Please choose one of the people on the page.")
    return people[email]


def _opens(card: Card | None, action: str) -> bool:
    """Whether this button shows its answer in a window of its own, where there are windows."""
    return card is not None and any(button.opens for button in card.all_buttons() if button.action == action)


def _in_room(people: Mapping[str, WebPerson], email: str, room: str) -> tuple[WebPerson, str]:
    person = _known(people, email)
    if room not in rooms_of(person):
        raise problem(403, f"{person.name} is not a member of that room.")
    return person, room


def _without_identifiers(text: str, people: Mapping[str, WebPerson]) -> str:
    """What the page keeps of typed words: no patient identifier; a colleague's work e-mail address is none."""
    found = (text[f.start : f.end].lower() if f.kind is Kind.EMAIL else None for f in find(text))
    return text if all(email in people for email in found) else mask(text)
