"""How the bot is: alive, ready, and in figures."""

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlmodel import Session, func, select

from psirf_bot.store.database import Store
from psirf_bot.store.tables import Case, Outbox


def health_routes(store: Store) -> list[web.RouteDef]:
    """GET /healthz, /readyz and /metrics. None of them shows anything that a person wrote."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        try:
            messages, _cases = await store.read(_counts)
        except Exception:  # noqa: BLE001 - whatever keeps the database away, the answer is the same
            return web.json_response({"ready": False, "why": "the database does not answer"}, status=503)
        return web.json_response({"ready": True, "messages": messages})

    async def metrics(_: web.Request) -> web.Response:
        messages, cases = await store.read(_counts)
        registry = CollectorRegistry()
        for name, words, counts in (
            ("psirf_outbox_messages", "Messages in the outbox, by state", messages),
            ("psirf_cases", "Cases, by state", cases),
        ):
            gauge = Gauge(name, words, ["state"], registry=registry)
            for state, count in counts.items():
                gauge.labels(state).set(count)
        return web.Response(body=generate_latest(registry), content_type="text/plain", charset="utf-8")

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]


def _counts(session: Session) -> tuple[dict[str, int], dict[str, int]]:
    messages = session.exec(select(Outbox.state, func.count()).group_by(Outbox.state)).all()
    cases = session.exec(select(Case.state, func.count()).group_by(Case.state)).all()
    return dict(messages), dict(cases)
