"""Both directions of trust: the keys that sign what Teams sends to the bot, and the bot's own bearer tokens."""

import asyncio
import base64
import functools
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from .world import Json

ISSUER = "https://api.botframework.com"
SCOPE = "https://api.botframework.com/.default"


@functools.cache
def _private_key(number: int) -> rsa.RSAPrivateKey:
    """RSA keys are slow to make: every fake in a process uses the same few."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class SigningKey:
    """A key with the channels it may vouch for (its endorsements)."""

    kid: str
    private: rsa.RSAPrivateKey
    endorsements: tuple[str, ...]

    def public_jwk(self) -> Json:
        jwk: Json = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        named = {"kid": self.kid, "x5t": self.kid, "use": "sig", "endorsements": list(self.endorsements)}
        return {"kty": "RSA", "n": jwk["n"], "e": jwk["e"]} | named

    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class BotConnectorKeys:
    """The Bot Connector's OpenID metadata and keys: one that vouches for Teams, one for Web Chat only."""

    def __init__(self) -> None:
        self._made = 0
        self.current = self._make("msteams")
        self.webchat = self._make("webchat")
        self.published = [self.current, self.webchat]
        self.metadata_fetches = 0
        self.key_fetches = 0

    def _make(self, *endorsements: str) -> SigningKey:
        self._made += 1
        return SigningKey(f"key-{self._made}", _private_key(self._made), endorsements)

    def stranger(self) -> SigningKey:
        """A key that nobody publishes, under the name of the current one: for forgeries."""
        return SigningKey(self.current.kid, _private_key(0), ("msteams",))

    def roll(self, *, keep_old: bool = True) -> SigningKey:
        """Sign with a new key from now on; the old one stays published unless told otherwise."""
        if not keep_old:
            self.published.remove(self.current)
        self.current = self._make("msteams")
        self.published.append(self.current)
        return self.current

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/.well-known/openidconfiguration", self._metadata, name="openid"),
            web.get("/v1/.well-known/keys", self._keys, name="keys"),
        ]

    async def _metadata(self, request: web.Request) -> web.Response:
        self.metadata_fetches += 1
        return web.json_response(
            {
                "issuer": ISSUER,
                "authorization_endpoint": "https://invalid.botframework.com",
                "jwks_uri": f"http://{request.host}/v1/.well-known/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            }
        )

    async def _keys(self, _request: web.Request) -> web.Response:
        self.key_fetches += 1
        return web.json_response({"keys": [key.public_jwk() for key in self.published]})


def mint(key: SigningKey, claims: Json, alg: str, kid: str | None) -> str:
    """A compact JWT. `alg` may also be "none", or "HS256" keyed with the public key (the classic confusion)."""
    header = {"typ": "JWT", "kid": kid} if kid else {"typ": "JWT"}
    if alg == "HS256":  # PyJWT rightly refuses to do this
        signed = f"{_b64(json.dumps(header | {'alg': alg}))}.{_b64(json.dumps(claims))}"
        digest = hmac.new(key.public_pem(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_b64(digest)}"
    if alg == "none":
        return jwt.encode(claims, "", algorithm="none", headers=header)
    return jwt.encode(claims, key.private, algorithm=alg, headers=header)


def connector_claims(app_id: str, service_url: str, overrides: dict[str, Any]) -> Json:
    """What the connector says about itself for an hour, by the real clock; None takes a claim away."""
    now = int(time.time())
    claims = {"serviceurl": service_url, "nbf": now, "exp": now + 3600, "iss": ISSUER, "aud": app_id} | overrides
    return {name: value for name, value in claims.items() if value is not None}


def _b64(data: str | bytes) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Entra:
    """The tenant's token endpoint. Tokens live `lifetime` seconds; `latency` seconds pass before an answer."""

    def __init__(self, tenant_id: str, app_id: str, secret: str, clock: Callable[[], float]) -> None:
        self.tenant_id, self.app_id, self._secret, self._clock = tenant_id, app_id, secret, clock
        self.lifetime = 3599
        self.latency = 0.0
        self.fetches = 0
        self._issued: dict[str, float] = {}

    def knows(self, authorization: str | None) -> bool:
        """Whether this Authorization header carries a token we issued that still lives."""
        scheme, _, token = (authorization or "").partition(" ")
        return scheme == "Bearer" and self._clock() < self._issued.get(token, float("-inf"))

    def revoke_all(self) -> None:
        """Every token issued so far stops working, as when its time is up."""
        self._issued.clear()

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/{tenant}/oauth2/v2.0/token", self._token, name="token")]

    async def _token(self, request: web.Request) -> web.Response:
        self.fetches += 1
        if self.latency:
            await asyncio.sleep(self.latency)
        refusal = self._why_not(request.match_info["tenant"], dict(await request.post()))
        if refusal is not None:
            status, error, number, words = refusal
            body = {"error": error, "error_description": f"AADSTS{number}: {words}", "error_codes": [number]}
            return web.json_response(body, status=status)
        token = f"entra.{len(self._issued)}.{secrets.token_urlsafe(24)}"
        self._issued[token] = self._clock() + self.lifetime
        lifetimes = {"expires_in": self.lifetime, "ext_expires_in": self.lifetime}
        return web.json_response({"token_type": "Bearer", **lifetimes, "access_token": token})

    def _why_not(self, tenant: str, form: dict[str, Any]) -> tuple[int, str, int, str] | None:
        if tenant != self.tenant_id:
            return 400, "invalid_request", 90002, "Tenant not found."
        if form.get("grant_type") != "client_credentials":
            return 400, "unsupported_grant_type", 70003, "The grant type is not supported."
        if form.get("client_id") != self.app_id:
            return 400, "unauthorized_client", 700016, "Application was not found in the directory."
        if not hmac.compare_digest(str(form.get("client_secret")).encode(), self._secret.encode()):
            return 401, "invalid_client", 7000215, "Invalid client secret provided."
        if form.get("scope") != SCOPE:
            return 400, "invalid_scope", 1002012, "The provided value for scope is not valid."
        return None
