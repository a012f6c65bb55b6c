"""Requests that no platform would send: valid ones that were tampered with, and things that are none at all.

Everything comes from a seeded `random.Random`, so that a run can be done again.
"""

import asyncio
import json
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1e308, "", " ", "\x00", "\ud800", "\u202e", "x" * 70_000, "'; DROP TABLE \"case\"; --",
    "<script>alert(1)</script>", "../../etc/passwd", [], {}, [[]], [None], {"": {}}, {"type": "view_submission"},
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
KINDS = ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "")


def tampered(random: Random, body: bytes) -> bytes:
    """A valid body, changed within its JSON or its form, or in its bytes."""
    if random.random() < 0.2:
        return bytes_tampered(random, body)
    if body.startswith(b"{"):
        return as_json(value_tampered(random, json.loads(body)))
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    if "payload" in form:
        return urlencode({"payload": as_json(value_tampered(random, json.loads(form["payload"])))}).encode()
    changed = value_tampered(random, form)
    pairs = changed if isinstance(changed, dict) else {"payload": changed}
    return urlencode({name: str(value) for name, value in pairs.items()}, errors="replace").encode()


def value_tampered(random: Random, value: Any) -> Any:
    """One to three of the values in it replaced, taken away or put elsewhere."""
    value = _copied(value)
    for _ in range(random.randint(1, 3)):
        holders = [held for held in _holders(value) if held]
        if not holders:
            return _odd(random)
        holder = random.choice(holders)
        key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        match random.randrange(4):
            case 0:
                del holder[key]
            case 1:
                other = random.choice(holders)
                known = random.choice(list(other.values()) if isinstance(other, dict) else other)
                holder[key] = _copied(known)
            case 2:
                holder[key] = nested(random)
            case _:
                holder[key] = _odd(random)
    return value


def _odd(random: Random) -> Any:
    """One of its own: the next change may be to what is within it, and must not be to ODD."""
    return _copied(random.choice(ODD))


def _copied(value: Any) -> Any:
    """`copy.deepcopy` itself stumbles over what has been nested twice."""
    return json.loads(json.dumps(value))


def nested(random: Random) -> Any:
    """A value in so many lists that a recursive reader may stumble; deeper ones come as bytes (`rubbish`)."""
    value: Any = "deep"
    for _ in range(random.choice((5, 60, 250))):
        value = [value] if random.random() < 0.5 else {"a": value}
    return value


def bytes_tampered(random: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(random.randint(1, 8)):
        at = random.randrange(len(changed) + 1)
        match random.randrange(3):
            case 0:
                changed[at:at] = random.randbytes(random.randint(1, 9))
            case 1:
                del changed[at : at + random.randint(1, 40)]
            case _:
                changed[at : at + 1] = random.randbytes(1)
    return bytes(changed)


def rubbish(random: Random) -> bytes:
    """A body that is nothing at all, or far too much of something."""
    match random.randrange(6):
        case 0:
            return b""
        case 1:
            return random.choice((b"[", b'{"a":', b"payload=%5B")) * random.choice((50, 5_000, 50_000))
        case 2:
            return b"x" * random.choice((1, 300_000, 1_100_000)) if random.random() < 0.1 else b"x" * 3_000
        case 3:
            return as_json(_odd(random))
        case _:
            return random.randbytes(random.choice((1, 40, 2_000)))


def headers(random: Random) -> dict[str, str]:
    """Headers that may be anything a client can send, and some that are too large."""
    made = {"Content-Type": random.choice(KINDS)}
    if random.random() < 0.3:
        made["X-Slack-Signature"] = "v0=" + random.randbytes(32).hex()
        made["X-Slack-Request-Timestamp"] = random.choice(("0", "1e9", "9" * 40, "-1", "soon"))
    if random.random() < 0.3:
        made["Authorization"] = random.choice(("Bearer", "Bearer a.b.c", "Basic YTpi", "Bearer " + "x" * 3_000))
    if random.random() < 0.1:
        made[f"X-{random.randint(0, 9)}"] = "y" * random.choice((100, 7_000, 20_000))
    if random.random() < 0.1:
        made["Content-Encoding"] = random.choice(("gzip", "deflate", "br", "no such thing"))
    return made


def raw_request(random: Random, path: str) -> bytes:
    """Bytes on the wire that need not be HTTP."""
    lines = [
        random.choice((f"POST {path} HTTP/1.1", f"GET {path} HTTP/9.9", "HELO", f"POST {path}", "\x00\x01\x02")),
        "Host: 127.0.0.1",
        random.choice(
            ("Content-Length: -1", "Content-Length: many", "Transfer-Encoding: chunked", "X: " + "z" * 9_000)
        ),
        "Connection: close",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + random.randbytes(30)


async def on_the_wire(host: str, port: int, data: bytes, within: float = 5.0) -> int:
    """Send these bytes and hang up; the status answered, or 0 when there was none."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(within):
            line = await reader.readline()
    except (OSError, TimeoutError):
        return 0
    finally:
        writer.close()
    parts = line.split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def as_json(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", "replace")


def _holders(value: Any) -> list[Any]:
    """Every object and list in it."""
    found, left = [], [value]
    while left:
        each = left.pop()
        if isinstance(each, Mapping | list):
            found.append(each)
            left.extend(each.values() if isinstance(each, Mapping) else each)
    return found
