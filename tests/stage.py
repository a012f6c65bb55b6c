"""A stage for tests that speak in commands: the real desk, store and courier, a platform that only writes down.

`await stage.says("Amina Yusuf", "report")`, `await stage.presses("Amina Yusuf", card, "Next", danger="no", …)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, update

from psirf_bot.cards.model import Card, Words
from psirf_bot.cards.plain import render
from psirf_bot.casework.desk import Desk
from psirf_bot.casework.inbound import Actor, Inbound, Place, Platform, Pressed, Reply, Said, What
from psirf_bot.casework.work import Setting, Work
from psirf_bot.delivery.courier import Courier
from psirf_bot.delivery.outbox import OutboxQueue
from psirf_bot.delivery.platform import Refused
from psirf_bot.delivery.tick import Tick
from psirf_bot.store.database import Store
from psirf_bot.store.tables import Outbox, PlatformHold
from ready_made import FIRST_DAY_IDS, KEY, NOW, opened, sample_trust, setting


@dataclass
class WritesDown:
    """A platform that delivers everything, and keeps it by conversation."""

    posts: dict[str, list[Card]] = field(default_factory=dict)
    edits: list[tuple[str, Card]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    """Rooms that the bot is not in."""
    can_read_back: bool = True

    async def send(self, to: Mapping[str, str], card: Card, key: str) -> str:
        if self.failures:
            raise self.failures.pop(0)
        room = to.get("user") or to["channel"]
        if room in self.closed:
            raise Refused("not_in_channel", final=True, shut_out=True)
        self.posts.setdefault(room, []).append(card)
        return f"{room}/{len(self.posts[room]) - 1}"

    async def update(self, to: Mapping[str, str], message: str, card: Card) -> None:
        room, _, number = message.rpartition("/")
        self.posts[room][int(number)] = card
        self.edits.append((message, card))

    async def find(self, to: Mapping[str, str], key: str, since: datetime) -> str | None:
        return None


class Stage:
    came_by: tuple[str, ...] | None
    """The scenes that have brought it to where it is; None once anything else has happened, or may have."""
    rows_then: int | None = 0
    """How many rows had been changed when it came there: somebody may have written past the stage since."""
    in_scene = False

    def __init__(self, folder: Path, *, database: str = "", out: Any = None, **trust: Any) -> None:
        self.trust = sample_trust().model_copy(update=trust)
        self.now = NOW
        self.ids_given, self.turns_taken = FIRST_DAY_IDS, 0
        self.setting = Setting(self.trust, self._new_id, KEY) if trust else setting(self._new_id)
        self.store = Store(opened(database or f"sqlite:///{folder}/stage.db"))
        self.out = out or WritesDown()
        self.queue = OutboxQueue(self.setting, lambda: self.now, lambda: self.now)
        self.courier = Courier(self.store, self.queue, {"web": self.out, "teams": self.out, "slack": self.out})
        self.desk = self.new_desk()
        self.came_by = () if self.store.is_single and not (trust or out) else None
        self._first_setting = self.setting

    def way_here(self) -> tuple[str, ...] | None:
        """The scenes that have brought it here, if they alone have, and what a test can have changed by hand."""
        if self.came_by is None or self.setting is not self._first_setting or self.out.failures:
            return None
        posted = {room: len(cards) for room, cards in self.out.posts.items()}
        return *self.came_by, f"{self.now} {self.ids_given} {posted}"

    def _new_id(self) -> str:
        self.ids_given += 1
        return f"id{self.ids_given:05d}"

    def new_desk(self) -> Desk:
        """A desk in the setting as it is by now. The tests of faults set the limit on its answers."""
        now, courier = (lambda: self.now), self.courier
        return Desk(self.store, self.setting, now, courier.kick, courier.carry, answer_within=30)

    async def __aenter__(self) -> "Stage":
        await self.courier.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.courier.stop()
        self.store.close()

    async def do(self, what: Any) -> Any:
        """What a function makes of the work; to have looked only leaves the stage as it was."""

        def with_work(session: Session) -> Any:
            before = rows_changed(session)
            made = what(Work(session, self.now, self.setting))
            session.flush()
            if before is None or rows_changed(session) != before:
                self.came_by = None
            return made

        return await self.store.run(with_work)

    def later(self, **by: float) -> None:
        self.came_by = None
        if not self.store.is_single:  # there leases go by the database's clock, which stands still: so they grow older
            aged = ("lease_until", "first_tried_at", "settled_at")
            older = {at: getattr(Outbox, at) - timedelta(**by) for at in aged}
            held = {"until": PlatformHold.until - timedelta(**by)}
            self.store.submit(lambda session: session.execute(update(Outbox).values(older))).result()
            self.store.submit(lambda session: session.execute(update(PlatformHold).values(held))).result()
        self.now += timedelta(**by)

    async def turn(
        self,
        name: str,
        what: What,
        *,
        key: str = "",
        channel: str = "",
        inline: bool = True,
        platform: Platform = "web",
    ) -> Reply:
        self.came_by = None
        self.turns_taken += 1
        user = address_of(name)
        actor = Actor(platform, "demo", user, name, user)
        address = {"channel": channel} if channel else {"user": user}
        place = Place(channel or user, not channel, inline, None, address, address if channel else {})
        return await self.desk.handle(Inbound(actor, place, key or f"key{self.turns_taken}", what))

    async def says(self, name: str, text: str, **how: Any) -> Card:
        return shown(await self.turn(name, Said(text), **how))

    async def presses(
        self, name: str, card: Card, label: str, given: Mapping[str, object] | None = None, **how: Any
    ) -> Card:
        reply = await self.turn(name, Pressed(action(card, label), dict(given or {})), **how)
        return shown(reply)

    async def tick(self) -> None:
        """Deal with the reminders that are due, and send what they have become."""
        await Tick(self.store, self.setting, lambda: self.now, self.courier.kick).run()
        self.later(seconds=21)  # a digest gathers for a moment, and looks once more
        await self.settled()

    async def settled(self) -> None:
        """Wait until every message that is due has been sent."""
        import asyncio

        from sqlmodel import func, select

        waiting = select(func.count()).select_from(Outbox)
        waiting = waiting.where(Outbox.state.in_(("due", "sending")), Outbox.due_at <= self.now)  # type: ignore[attr-defined]
        for _ in range(500):
            if await self.store.run(lambda session: session.exec(waiting).one()) == 0:
                return
            self.courier.kick()
            await asyncio.sleep(0.005)
        raise AssertionError("messages are still waiting")

    def private(self, name: str) -> list[Card]:
        return self.out.posts.get(address_of(name), [])

    def channel(self, name: str = "quality") -> list[Card]:
        return self.out.posts.get(name, [])


def rows_changed(session: Session) -> int | None:
    """How many rows this connection has ever changed, where the driver counts them."""
    return getattr(session.connection().connection.dbapi_connection, "total_changes", None)


def address_of(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@fenmarsh.example"


def action(card: Card, label: str) -> str:
    found = [b.action for b in card.all_buttons() if b.label == label]
    assert found, f"no button “{label}” among {[b.label for b in card.all_buttons()]} on {card.title}"
    return found[0]


def shown(reply: Reply) -> Card:
    """What the person sees: the card, or the words beside the one that stays."""
    return reply.card or Card(title="", preview="", body=(Words(text=reply.notice),))


def words(card: Card) -> str:
    return render(card)
