"""Trust in both directions: Microsoft's signed tokens are checked, and our own bearer token is kept fresh.

What is cached ages by the clock that is handed in; the times inside a signed token are held against the real clock.
"""

import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.types import Options

from psirf_bot.adapters.teams.single_flight import SingleFlight

log = logging.getLogger(__name__)

ISSUER = "https://api.botframework.com"
SCOPE = "https://api.botframework.com/.default"
SKEW = 300  # seconds
KEYS_LIVE = timedelta(days=1)
QUIET = timedelta(seconds=10)  # between two tries that bring nothing
QUIET_KEYS = timedelta(seconds=1)  # a genuine key must not wait long because somebody made one up
REFRESH_AHEAD = timedelta(minutes=5)
MARGIN = timedelta(seconds=30)  # a token must outlive the call that it is for
_MANY = 200  # tokens remembered; the connector signs one for many turns
BUSY = frozenset({408, 429})  # Entra has no time for us; any other 4xx is about what we are
_FETCH = aiohttp.ClientTimeout(total=3)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_GARBLED = (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, AttributeError, OverflowError)

Now = Callable[[], datetime]


class Untrusted(PermissionError):
    """The request is not from the Bot Connector, or not for us."""


class Unavailable(Exception):
    """Microsoft's keys or a token of our own cannot be had just now."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the Bot Connector, and the channels that it may vouch for."""

    public: RSAPublicKey
    endorsements: frozenset[str]


class SigningKeys:
    """The Bot Connector's published keys. They can roll over at any time, so an unknown key id is looked up at once.

    `misses`: how many times running they could not be fetched.
    """

    def __init__(self, http: aiohttp.ClientSession, openid_url: str, now: Now) -> None:
        self._http, self._now = http, now
        self._url = openid_url
        self._keys: dict[str, SigningKey] = {}
        self._fetched_at = self._quiet_until = _LONG_AGO
        self.misses = 0
        self._fetching = SingleFlight(self._fetch)

    async def find(self, kid: str) -> SigningKey | None:
        """The key of this id. Raises Unavailable when no keys are to be had at all."""
        if self._wanting(kid) and self._now() >= self._quiet_until:
            before = self._fetched_at
            await self.refresh()
            if self._wanting(kid):  # made up, or the host is down: not every request may send us there again
                self._quiet_until = self._now() + (QUIET if self._fetched_at == before else QUIET_KEYS)
        return self._keys.get(kid)

    async def refresh(self) -> None:
        """Fetch the keys; those we have stay good while their host is down."""
        try:
            await self._fetching.get(self._url)
        except Unavailable:
            if not self._keys:
                raise

    async def stop(self) -> None:
        await self._fetching.stop()

    def _wanting(self, kid: str) -> bool:
        return kid not in self._keys or self._now() - self._fetched_at > KEYS_LIVE

    async def _fetch(self, url: str) -> None:
        try:
            jwks = await self._get((await self._get(url))["jwks_uri"])
            published = [key for key in jwks["keys"] if key.get("kty") == "RSA"]
            keys = {str(key["kid"]): _signing_key(key) for key in published}
        except (*_GARBLED, jwt.InvalidKeyError) as why:
            self.misses += 1
            log.warning("the Bot Connector's keys cannot be fetched: %s", type(why).__name__)
            raise Unavailable from why
        self._keys, self._fetched_at, self.misses = keys, self._now(), 0

    async def _get(self, url: str) -> Any:
        async with self._http.get(url, timeout=_FETCH, raise_for_status=True) as answer:
            return await answer.json(content_type=None)


def _signing_key(jwk: dict[str, Any]) -> SigningKey:
    public = RSAAlgorithm.from_jwk(jwk)
    if not isinstance(public, RSAPublicKey):
        raise jwt.InvalidKeyError("not a public key")
    return SigningKey(public, frozenset(jwk.get("endorsements") or ()))


@dataclass(frozen=True, slots=True, repr=False)
class Verified:
    """A token whose signature and claims have been checked, and with which key."""

    kid: str
    key: SigningKey
    claims: dict[str, Any]

    def holds(self, key: SigningKey | None) -> bool:
        """Whether it would be found in order again: its key is still the one that is published, its time is not up."""
        return self.key is key and int(self.claims["nbf"]) - SKEW <= time.time() < int(self.claims["exp"]) + SKEW


class TokenCheck:
    """Whether a request comes from the Bot Connector and is for this bot.

    A token that comes again is not verified again, but its key, its time and what it is for are looked at every time.
    `out_of_time_at`: when (monotonic) a token was refused for its time alone, if nothing has been admitted since.
    """

    def __init__(self, keys: SigningKeys, app_id: str) -> None:
        self._keys, self._app_id = keys, app_id
        self._verified: dict[str, Verified] = {}
        self.out_of_time_at: float | None = None

    async def check(self, authorization: str, service_url: str, channel: str) -> dict[str, Any]:
        """The token's claims. Raises Untrusted, and Unavailable when there are no keys to check it with."""
        scheme, _, token = authorization.partition(" ")
        if scheme.casefold() != "bearer":
            raise Untrusted("not a bearer token")
        try:
            verified = await self._verify(token)
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError) as why:
            raise Untrusted(type(why).__name__) from why
        if verified.claims["serviceurl"] != service_url:
            raise Untrusted("for another service URL")
        if channel not in verified.key.endorsements:
            raise Untrusted("the key is not endorsed for this channel")
        self.out_of_time_at = None
        return verified.claims

    async def _verify(self, token: str) -> Verified:
        known = self._verified.get(token)
        kid = known.kid if known else _kid(token)
        key = await self._keys.find(kid)
        if known and known.holds(key):
            return known
        if key is None:
            raise Untrusted("unknown key")
        verified = Verified(kid, key, self._claims(token, key))
        if len(self._verified) >= _MANY:
            self._verified.clear()
        self._verified[token] = verified
        return verified

    def _claims(self, token: str, key: SigningKey) -> dict[str, Any]:
        try:
            return self._decoded(token, key)
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
            self._decoded(token, key, in_its_time=False)  # raises what else is wrong with it
            self.out_of_time_at = time.monotonic()
            raise

    def _decoded(self, token: str, key: SigningKey, *, in_its_time: bool = True) -> dict[str, Any]:
        times: Options = {"verify_exp": in_its_time, "verify_nbf": in_its_time, "verify_iat": in_its_time}
        return jwt.decode(
            token,
            key.public,
            algorithms=["RS256"],
            audience=self._app_id,
            issuer=ISSUER,
            leeway=SKEW,
            options={"require": ["exp", "nbf", "iss", "aud", "serviceurl"], "strict_aud": True, **times},
        )


def _kid(token: str) -> str:
    """The id of the key that a token says it is signed with; nothing of it is to be trusted yet."""
    return str(json.loads(jwt.utils.base64url_decode(token.partition(".")[0])).get("kid"))


class AppToken:
    """The bearer token that we call the Bot Connector with: one for everybody, renewed before its time is up.

    `refused`: Entra's name and number for why it gave us none the last time that it answered. `misses`: how many times
    running it has not answered, or not as it should.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, app_id: str, secret: str, now: Now) -> None:
        self._http, self._now, self._url = http, now, url
        self._form = {"grant_type": "client_credentials", "scope": SCOPE, "client_id": app_id, "client_secret": secret}
        self._token = self.refused = ""
        self.misses = 0
        self._expires = self._quiet_until = _LONG_AGO
        self._fetching = SingleFlight(self._fetch)

    async def get(self) -> str:
        """A token that lives for the next call. Raises Unavailable."""
        left = self._expires - self._now()
        if left <= MARGIN:
            await self._fetching.get(self._url)
        elif left <= REFRESH_AHEAD and self._now() >= self._quiet_until:
            self._fetching.start(self._url)
        return self._token

    async def renew(self) -> None:
        """Ask for a new one, whatever is left of this one. Raises Unavailable."""
        await self._fetching.get(self._url)

    def forget(self, token: str) -> None:
        """The connector does not take this one any more."""
        if token == self._token:
            self._expires = _LONG_AGO

    async def stop(self) -> None:
        await self._fetching.stop()

    async def _fetch(self, url: str) -> None:
        self._quiet_until = self._now() + QUIET
        try:
            async with self._http.post(url, data=self._form, timeout=_FETCH, allow_redirects=False) as answer:
                body = await answer.json(content_type=None)
                if answer.status != 200:
                    self._not_given(answer.status, body)
                    raise Unavailable("token refused")
                token, expires = str(body["access_token"]), self._now() + timedelta(seconds=int(body["expires_in"]))
        except _GARBLED as why:
            self.misses += 1
            log.warning("a token cannot be fetched: %s", type(why).__name__)
            raise Unavailable("token host") from why
        self.refused, self.misses = "", 0
        self._token, self._expires = token, expires

    def _not_given(self, status: int, body: dict[str, Any]) -> None:
        if not 400 <= status < 500 or status in BUSY:
            self.misses += 1
            log.warning("Entra gives us no token: %d", status)
            return
        error, numbers = str(body.get("error")), body.get("error_codes") or [status]
        self.refused = f"{error if re.fullmatch('[a-z_]{1,40}', error) else 'refused'} {int(numbers[0])}"
        self.misses = 0
