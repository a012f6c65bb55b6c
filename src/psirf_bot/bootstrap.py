"""The one place where the real parts are put together, started in order and stopped in order.

Slack's and Teams' adapters are imported where they are made: their SDKs take 5 and 20 MB, and a trust may have one
platform alone.
"""

import fcntl
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from pydantic import SecretStr
from sqlalchemy import Engine, make_url, update
from sqlmodel import Session, col, select

from psirf_bot.adapters.web import dev_clock, downloads
from psirf_bot.adapters.web.chat import WebAdapter
from psirf_bot.adapters.web.rooms import WebPerson
from psirf_bot.casework import deadlines, kept_out, lead_choice, leavers, support
from psirf_bot.casework.desk import Desk
from psirf_bot.casework.people_list import take_on
from psirf_bot.casework.work import Setting, Work
from psirf_bot.clock import Clock, real_now
from psirf_bot.config import Settings
from psirf_bot.delivery.clock_check import ClockCheck
from psirf_bot.delivery.courier import Courier
from psirf_bot.delivery.housekeeping import tidy
from psirf_bot.delivery.known_addresses import known_addresses
from psirf_bot.delivery.outbox import OutboxQueue
from psirf_bot.delivery.platform import Sender
from psirf_bot.delivery.tick import Tick
from psirf_bot.delivery.troubles import CLOCK, Troubles
from psirf_bot.domain.people import PersonRow
from psirf_bot.domain.trust import Trust
from psirf_bot.health import health_routes
from psirf_bot.store.audit import AuditKey
from psirf_bot.store.database import Store, open_engine
from psirf_bot.store.migrate import migrate
from psirf_bot.store.tables import Counter, Person

if TYPE_CHECKING:
    from psirf_bot.adapters.slack.adapter import SlackAdapter
    from psirf_bot.adapters.teams.adapter import TeamsAdapter

log = logging.getLogger(__name__)

DEV_KEY = "for trying things out on this machine only"
WAKE_EVERY = 2.0
"""Seconds between looks for what has fallen due; new messages are sent at once."""


class Adapter(Sender, Protocol):
    """A platform's adapter: routes inwards, messages outwards."""

    def routes(self) -> list[web.RouteDef]: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class AlreadyRunning(Exception):
    """Another process serves from this SQLite database."""


def setting_for(settings: Settings, trust: Trust, *, demo: bool = False) -> Setting:
    key = settings.secret_key.get_secret_value() if settings.secret_key else DEV_KEY
    reached_at = settings.reached_at(demo=demo)
    old = tuple(AuditKey.of(each.get_secret_value()) for each in settings.secret_key_old)
    return Setting(trust, lambda: secrets.token_urlsafe(12), AuditKey.of(key), reached_at, old)


def engine_for(settings: Settings) -> Engine:
    """The database, with its folder made and its tables brought up to date."""
    url = make_url(settings.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # then opening it says why
            file.touch(mode=0o600)  # for the bot's own user alone, and so are the files that SQLite puts beside it
    engine = open_engine(url.render_as_string(hide_password=False))
    with ExitStack() as if_it_fails:
        if_it_fails.callback(engine.dispose)
        migrate(engine)
        with engine.begin() as connection:  # SQLite opens a database that it cannot write to without a word
            connection.execute(update(Counter).values(last=Counter.last))
        if_it_fails.pop_all()
    return engine


def hold_alone(settings: Settings) -> AbstractContextManager[object]:
    """Hold a SQLite database for this process at once; raises AlreadyRunning. The lock goes with the process."""
    url = make_url(settings.database_url.get_secret_value())
    if url.get_backend_name() != "sqlite" or not url.database:
        return nullcontext()
    path = Path(url.database).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise AlreadyRunning(str(path)) from None
    return lock


class WakeUps(AsyncIOScheduler):  # type: ignore[misc]
    """A clock that was ahead and is set right holds nothing up until it has caught up with what was planned by it."""

    def _process_jobs(self) -> float | None:
        now = real_now()
        for job in self.get_jobs():
            if job.next_run_time - now > job.trigger.interval:
                job.modify(next_run_time=now)
        wait: float | None = super()._process_jobs()
        return wait


class Application:
    """The bot with its parts. `demo` adds the chat page; `dev` the movable clock and unsigned loopback Teams."""

    def __init__(self, settings: Settings, trust: Trust, *, dev: bool = False, demo: bool = False) -> None:
        self.clock = Clock()
        self.setting = setting_for(settings, trust, demo=demo)
        self.store = Store(engine_for(settings))
        self.desk = Desk(
            self.store,
            self.setting,
            self.clock.now,
            kick=lambda: self.courier.kick(),
            carry=lambda errand: self.courier.carry(errand),
        )
        self.clock_check = ClockCheck(real_now)
        self.adapters: dict[str, Adapter] = {}
        self._platforms: dict[str, SlackAdapter | TeamsAdapter] = {}
        if settings.has_slack:
            self._platforms["slack"] = self._slack_adapter(settings)
        if settings.has_teams or dev:
            self._platforms["teams"] = self._teams_adapter(settings, dev)
        self.adapters.update(self._platforms)
        if demo:
            self.adapters["web"] = self._web_adapter(trust)
        queue = OutboxQueue(self.setting, self.clock.now, real_now)
        self.courier = Courier(self.store, queue, self.adapters)
        self.tick = Tick(self.store, self.setting, self.clock.now, self.courier.kick)
        self.troubles = Troubles(
            self.store, self.setting, self.clock.now, self.courier.kick, self._in_trouble, self._mute
        )
        self.scheduler = WakeUps(timezone=UTC)
        often = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self.scheduler.add_job(self.tick.run, "interval", seconds=WAKE_EVERY, **often)
        self.scheduler.add_job(self.troubles.look, "interval", seconds=WAKE_EVERY, **often)
        self.scheduler.add_job(self._time_to_tidy, "interval", hours=1, **often)
        self.scheduler.add_job(self._tidy, "interval", seconds=WAKE_EVERY, **often)
        self._to_tidy_since: float | None = None
        self._dev = dev or demo

    def web_application(self) -> web.Application:
        """Everything on one aiohttp application."""
        app = web.Application(client_max_size=2**20)
        for adapter in self.adapters.values():
            app.add_routes(adapter.routes())
        app.add_routes(health_routes(self.store, self.clock.now, self._in_trouble, lambda: self.clock_check.off))
        app.add_routes(downloads.routes(self.store, self.setting, self.clock.now))
        if self._dev:
            app.add_routes(dev_clock.routes(self.clock, self.tick.run))
        if "web" in self.adapters:
            app.on_shutdown.append(self._let_go)
        app.cleanup_ctx.append(self._running)
        return app

    async def _let_go(self, _: web.Application) -> None:
        """End the page's long waits, which would hold up the stop."""
        await self.adapters["web"].stop()

    async def _running(self, _: web.Application) -> AsyncIterator[None]:
        async with self.running():
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Adapters, then the courier, then the clock; at the end the other way round, so that nothing is cut short."""
        async with AsyncExitStack() as parts:
            parts.callback(self.store.close)
            for adapter in self.adapters.values():
                await adapter.start()
                parts.push_async_callback(adapter.stop)
            await self.courier.start()
            parts.push_async_callback(self.courier.stop)
            self.scheduler.start()
            parts.callback(self.scheduler.shutdown, wait=False)
            yield

    def _in_trouble(self) -> dict[str, str]:
        """The platforms that not everything can go to or come in from, and a clock that is wrong, each with words."""
        found = {name: platform.trouble for name, platform in self._platforms.items()} | {CLOCK: self.clock_check.said}
        return {name: words for name, words in found.items() if words}

    def _mute(self) -> set[str]:
        """The platforms that nothing can be sent to. The others can be written to, even if nothing comes in there."""
        return {name for name, platform in self._platforms.items() if platform.cannot_send}

    async def _time_to_tidy(self) -> None:
        self._to_tidy_since = time.monotonic()

    async def _tidy(self) -> None:
        """Once a platform has said since then that the clock is right: what goes by its age is gone for good."""
        since = self._to_tidy_since
        if since is None or (self._platforms and self.clock_check.is_open(since)):
            return
        self._to_tidy_since = None
        await self.store.run(lambda session: tidy(Work(session, self.clock.now(), self.setting)))

    def _slack_adapter(self, settings: Settings) -> "SlackAdapter":
        from psirf_bot.adapters.slack.adapter import SlackAdapter

        def given(secret: SecretStr | None) -> str:
            return secret.get_secret_value() if secret else ""

        return SlackAdapter(
            bot_token=given(settings.slack_bot_token),
            signing_secret=given(settings.slack_signing_secret),
            app_token=given(settings.slack_app_token),
            team_id=settings.slack_team_id or "",
            api_url=settings.slack_api_url,
            desk=self.desk,
            now=real_now,
            clock=self.clock_check,
        )

    def _teams_adapter(self, settings: Settings, dev: bool) -> "TeamsAdapter":
        from psirf_bot.adapters.teams.adapter import TeamsAdapter

        secret = settings.teams_app_secret
        return TeamsAdapter(
            app_id=settings.teams_app_id or "",
            app_secret=secret.get_secret_value() if secret else "",
            tenant_id=settings.teams_tenant_id or "",
            openid_url=settings.teams_openid_url,
            login_url=settings.teams_login_url,
            service_hosts=settings.teams_service_hosts,
            desk=self.desk,
            now=real_now,
            remembered=lambda: self.store.read(lambda session: known_addresses(session, "teams")),
            clock=self.clock_check,
            allow_unsigned_loopback=dev,
        )

    def _web_adapter(self, trust: Trust) -> WebAdapter:
        async def people() -> list[WebPerson]:
            return await self.store.read(_web_people)

        return WebAdapter(
            store=self.store,
            desk=self.desk,
            clock=self.clock,
            people=people,
            trust_name=trust.name,
            calendar=self.setting.calendar_beyond,
            new_id=self.setting.new_id,
        )


def teams_of(settings: Settings, *, demo: bool = False) -> dict[str, str]:
    """The Slack team, the Entra tenant and, in the demo, the page: what the ids in people.csv belong to."""
    teams = {"slack": settings.slack_team_id or "", "teams": (settings.teams_tenant_id or "").lower()}
    return {**teams, "web": WebAdapter.TEAM} if demo else teams


def import_people(work: Work, rows: list[PersonRow], settings: Settings, *, demo: bool = False) -> tuple[int, int, int]:
    """Bring the people list up to date; returns how many were added, changed, and have left."""
    before = kept_out.as_it_stands(work)
    counts = take_on(work, rows, teams_of(settings, demo=demo))
    support.pass_on_those_of_leavers(work)
    kept_out.after_an_import(work, before)
    lead_choice.look_for_leavers(work)
    deadlines.pass_on_those_of_leavers(work)
    leavers.ask_for_others(work)
    if any(counts) and settings.secret_key:
        work.record("command line", "people list taken on", rows=[asdict(row) for row in rows])
    return counts


def _web_people(session: Session) -> list[WebPerson]:
    listed = select(Person).where(col(Person.active), col(Person.email).is_not(None)).order_by(Person.name)
    return [WebPerson(p.name, p.email or "", tuple(p.roles), p.service) for p in session.exec(listed)]
