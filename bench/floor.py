"""The protocol floor: what a stored turn costs with nothing but the protocols.

aiohttp, Slack's signature or the Bot Connector's token checked by hand, the rows that our bot reads and writes for the
same turn by plain SQL in one durable commit, the recorded answer, and the edit that follows it over a pooled
connection. No SDK, no ORM, no dialog. It has our tables, and the store's way of writing: on SQLite one thread that
commits up to eight turns together, on PostgreSQL three threads.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import psycopg
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import make_url

Json = dict[str, Any]
Turn = Callable[[Any], None]

KNOWN = """SELECT person_id, address, seen_at FROM identity WHERE platform = ? AND team = ? AND "user" = ?"""
PERSON = "SELECT name, email, roles, service, line_manager_id, active, on_list FROM person WHERE id = ?"
STAND_INS = "SELECT person_id, deputy_id, role FROM standin WHERE starts <= ? AND ends >= ? ORDER BY id DESC"
SEEN = """SELECT reply, at FROM inbox WHERE "key" = ?"""
ACTION = "SELECT verb, args, case_id, person_id FROM action WHERE id = ?"
DIALOG = "SELECT person_id, flow, answers, state, updated_at FROM dialog WHERE id = ?"
ANSWERED = "UPDATE dialog SET answers = ?, updated_at = ? WHERE id = ?"
STORED = """INSERT INTO inbox ("key", reply, at) VALUES (?, ?, ?)"""
QUEUED = """INSERT INTO outbox ("key", lane, platform, address, person_id, card, message, about, may_repeat, state,
due_at, attempts, token, created_at) VALUES (?, ?, 'teams', ?, ?, ?, ?, 'passing', ?, 'sending', ?, 1, 1, ?)"""
SENT = """UPDATE outbox SET state = 'sent', card = NULL WHERE "key" = ?"""

NEW_ACTION = "INSERT INTO action (id, verb, args, person_id) VALUES (?, 'floor', '{}', ?)"
NEW_DIALOG = """INSERT INTO dialog (id, person_id, flow, answers, state, danger_reached, created_at, updated_at)
VALUES (?, ?, 'report', '{}', 'open', 'nobody', ?, ?)"""


class Disk:
    """Runs turns on threads of its own, and answers when they are committed."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._single = self._url.get_backend_name() == "sqlite"
        self._turns: queue.SimpleQueue[tuple[Turn, Future[None]]] = queue.SimpleQueue()
        for _ in range(1 if self._single else 3):
            threading.Thread(target=self._write, daemon=True).start()

    async def run(self, turn: Turn) -> None:
        done: Future[None] = Future()
        self._turns.put((turn, done))
        await asyncio.wrap_future(done)

    def connect(self) -> Any:
        if not self._single:
            plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
            return psycopg.connect(plain, autocommit=True)
        connection = sqlite3.connect(str(self._url.database), isolation_level=None)
        for pragma in ("busy_timeout=10000", "synchronous=FULL", "journal_mode=WAL"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def sql(self, statement: str) -> str:
        return statement if self._single else statement.replace("?", "%s")

    def _write(self) -> None:
        connection, most = self.connect(), 8 if self._single else 1
        while True:
            batch = [self._turns.get()]
            connection.execute("BEGIN IMMEDIATE" if self._single else "BEGIN")
            batch[0][0](connection)
            while len(batch) < most and not self._turns.empty():
                batch.append(self._turns.get())
                batch[-1][0](connection)
            connection.execute("COMMIT")
            for _, done in batch:
                done.set_result(None)


class Floor:
    """`order["answers"]`: by kind of turn, what to answer, what to keep of it, and what follows (see people.py)."""

    def __init__(self, order: Json) -> None:
        self._settings, self._answers = order["settings"], order["answers"]
        self._disk = Disk(self._settings["database_url"])
        self._secret = self._settings["slack_signing_secret"].encode()
        self._keys: dict[str, RSAPublicKey] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        if order["first"]:
            self._lay_out()

    def _lay_out(self) -> None:
        """An action and a dialog for everybody, as there are where a report has been begun."""
        connection, now = self._disk.connect(), datetime.now(UTC).isoformat()
        connection.execute("BEGIN")
        for user, person in connection.execute("""SELECT "user", person_id FROM identity""").fetchall():
            connection.execute(self._disk.sql(NEW_ACTION), (f"action-{user}", person))
            connection.execute(self._disk.sql(NEW_DIALOG), (f"dialog-{user}", person, now, now))
        connection.execute("COMMIT")
        connection.close()

    async def running(self, _: web.Application) -> Any:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self._http:
            async with self._http.get(self._settings["teams_openid_url"]) as answer:
                jwks = (await answer.json())["jwks_uri"]
            async with self._http.get(jwks) as answer:
                self._keys = {key["kid"]: _public(key) for key in (await answer.json())["keys"]}
            form = {
                "grant_type": "client_credentials",
                "scope": "https://api.botframework.com/.default",
                "client_id": self._settings["teams_app_id"],
                "client_secret": self._settings["teams_app_secret"],
            }
            url = f"{self._settings['teams_login_url']}/{self._settings['teams_tenant_id']}/oauth2/v2.0/token"
            async with self._http.post(url, data=form) as answer:
                self._token = (await answer.json())["access_token"]
            yield
            await asyncio.gather(*self._under_way)

    # Slack

    async def slack(self, request: web.Request) -> web.Response:
        raw = await request.read()
        timestamp = request.headers["X-Slack-Request-Timestamp"]
        signed = hmac.new(self._secret, b"v0:" + timestamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
        signature = request.headers["X-Slack-Signature"]
        if abs(time.time() - int(timestamp)) > 300 or not hmac.compare_digest(f"v0={signed}", signature):
            return web.Response(status=401)
        form = dict(parse_qsl(raw.decode(), keep_blank_values=True))
        body: Json = json.loads(form["payload"]) if "payload" in form else dict(form)
        kind = {"view_submission": "submission", "block_actions": "button"}.get(body.get("type", ""), "command")
        user = body["user_id"] if kind == "command" else body["user"]["id"]
        words = body["view"]["state"]["values"] if kind == "submission" else None
        known = self._answers[kind]
        team = self._settings["slack_team_id"]
        await self._disk.run(self._turn(("slack", team, user), body["trigger_id"], kind, words, known["kept"]))
        if follows := known["follows"]:
            edit = {"channel": body["channel"]["id"], "ts": body["message"]["ts"], **follows}
            self._start(self._call("POST", f"{self._settings['slack_api_url']}chat.update", edit))
        return web.Response(body=known["body"].encode(), content_type="application/json")

    # Teams

    async def teams(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not self._trusted(request.headers["Authorization"], body["serviceUrl"]):
            return web.Response(status=401)
        known, key = self._answers["card"], f"{body['conversation']['id']}:{body['id']}"
        who = ("teams", self._settings["teams_tenant_id"], body["from"]["aadObjectId"])
        words = {k: v for k, v in body["value"]["action"]["data"].items() if k != "action"}
        await self._disk.run(self._turn(who, key, "card", words, known["kept"], body))
        self._start(self._edit(key, body, known["follows"]))
        return web.Response(body=known["body"].encode(), content_type="application/json")

    def _trusted(self, authorization: str, service_url: str) -> bool:
        """The connector's token: its key, its signature, its claims."""
        header, claims, signature = authorization.removeprefix("Bearer ").split(".")
        key = self._keys.get(json.loads(_unpacked(header))["kid"])
        said = json.loads(_unpacked(claims))
        if key is None or json.loads(_unpacked(header))["alg"] != "RS256":
            return False
        try:
            key.verify(_unpacked(signature), f"{header}.{claims}".encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        now, right = time.time(), (self._settings["teams_app_id"], "https://api.botframework.com", service_url)
        return said["nbf"] - 300 <= now <= said["exp"] + 300 and (said["aud"], said["iss"], said["serviceurl"]) == right

    async def _edit(self, key: str, body: Json, card: Json) -> None:
        place = f"{body['serviceUrl']}v3/conversations/{body['conversation']['id']}/activities/{body['replyToId']}"
        await self._call("PUT", place, card, f"Bearer {self._token}")
        await self._disk.run(lambda connection: connection.execute(self._disk.sql(SENT), (key,)))

    # both

    def _turn(
        self, who: tuple[str, str, str], key: str, kind: str, words: object, kept: str, said: Json | None = None
    ) -> Turn:
        """One turn's reads and writes. `kept`: the reply as our bot keeps it; `said` has an edit put in the outbox."""
        sql, user = self._disk.sql, who[2]

        def turn(connection: Any) -> None:
            now = datetime.now(UTC)
            person = connection.execute(sql(KNOWN), who).fetchone()[0]
            connection.execute(sql(PERSON), (person,)).fetchone()
            connection.execute(sql(STAND_INS), (now.date().isoformat(),) * 2).fetchall()
            if connection.execute(sql(SEEN), (key,)).fetchone():
                return
            if kind != "command":
                connection.execute(sql(ACTION), (f"action-{user}",)).fetchone()
            if words is not None:
                connection.execute(sql(DIALOG), (f"dialog-{user}",)).fetchone()
                connection.execute(sql(ANSWERED), (json.dumps(words), now.isoformat(), f"dialog-{user}"))
            connection.execute(sql(STORED), (key, kept, now.isoformat()))
            if said:
                place = json.dumps({"conversation": said["conversation"]["id"], "service_url": said["serviceUrl"]})
                row = (key, said["conversation"]["id"], place, person, kept, said["replyToId"], False)
                connection.execute(sql(QUEUED), (*row, now.isoformat(), now.isoformat()))

        return turn

    async def _call(self, method: str, url: str, body: Json, bearer: str = "") -> None:
        headers = {"Authorization": bearer or f"Bearer {self._settings['slack_bot_token']}"}
        async with self._http.request(method, url, json=body, headers=headers) as answer:
            await answer.read()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


async def floor(order: Json) -> web.Application:
    made = Floor(order)
    app = web.Application()
    app.router.add_post("/slack/events", made.slack)
    app.router.add_post("/api/messages", made.teams)
    app.cleanup_ctx.append(made.running)
    return app


def _public(jwk: Json) -> RSAPublicKey:
    return RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()


def _number(packed: str) -> int:
    return int.from_bytes(_unpacked(packed), "big")


def _unpacked(packed: str) -> bytes:
    return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
