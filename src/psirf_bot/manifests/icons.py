"""The app's icons, drawn here: a speech bubble with a plus in it."""

import struct
import zlib
from collections.abc import Callable, Iterable
from math import hypot

BRAND = "#003d7a"
"""Behind the bubble; the head of the chat page has the same blue."""

COLOR, OUTLINE = 192, 32
"""The width and height of each icon in pixels, as Teams wants them."""

# A shape tells how far a point is outside of it (inside: below 0). Points and distances are in icon widths, from the
# upper left corner. Teams cuts corners off: all that matters stays within the middle 120 of 192 pixels.
Shape = Callable[[float, float], float]
_STROKE = 2.2 / OUTLINE


def color() -> bytes:
    """The square, coloured icon as a PNG."""
    red, green, blue = bytes.fromhex(BRAND[1:])

    def pixel(x: float, y: float) -> tuple[int, ...]:
        white = _covered(max(_bubble(x, y), -_plus(x, y)), COLOR)
        return *(round(ink + (255 - ink) * white) for ink in (red, green, blue)), 255

    return _png(COLOR, pixel)


def outline() -> bytes:
    """The small icon as a PNG: white lines, and nothing else but what shines through."""

    def pixel(x: float, y: float) -> tuple[int, ...]:
        # It may fill the whole square, so the drawing is seen from nearer.
        x, y = 0.5 + (x - 0.5) * 0.75, 0.5 + (y - 0.5) * 0.75
        line = abs(_bubble(x, y)) - _STROKE * 0.75 / 2
        return 255, 255, 255, round(255 * _covered(min(line, _plus(x, y)), OUTLINE / 0.75))

    return _png(OUTLINE, pixel)


def _bubble(x: float, y: float) -> float:
    corner = max(y - 0.79, 0.34 - x, x + y * 0.72 - 0.915)  # the tip hangs down on the left
    return min(_box(x, y, 0.5, 0.45, 0.30, 0.235, 0.09), max(corner, 0.5 - y))


def _plus(x: float, y: float) -> float:
    across, down = _box(x, y, 0.5, 0.45, 0.125, 0.036, 0.012), _box(x, y, 0.5, 0.45, 0.036, 0.125, 0.012)
    return min(across, down)


def _box(x: float, y: float, cx: float, cy: float, half_width: float, half_height: float, radius: float) -> float:
    """A rectangle with rounded corners around a centre."""
    dx, dy = abs(x - cx) - half_width + radius, abs(y - cy) - half_height + radius
    return hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - radius


def _covered(distance: float, size: float) -> float:
    """How much of a pixel the shape covers, from 0 to 1; edges look smooth that way."""
    return min(max(0.5 - distance * size, 0.0), 1.0)


def _png(size: int, pixel: Callable[[float, float], Iterable[int]]) -> bytes:
    middles = [(at + 0.5) / size for at in range(size)]
    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in middles) for y in middles)
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)  # 8 bits each of red, green, blue and alpha
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
