"""Draws the tray icon: an envelope whose colour is the state, with a sign for who sees no colours.

Every size is drawn for itself, on whole pixels: at 16 they are all there is. Without Pillow, which
would take 5 MB of memory for months, to paint 256 pixels.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from kollect.collector.standing import Light
from kollect.desktop.tray import COLOURS

UNITS = 16
"""The drawing's own measure: its sides."""
FINE = 4
"""Each pixel is looked at in so many places, across and down: smooth slants."""

Rgba = tuple[int, int, int, int]
Shape = Callable[[float, float], bool]
"""Whether a place, in units, lies inside."""


@dataclass(frozen=True, slots=True)
class Picture:
    size: int
    pixels: tuple[Rgba, ...]
    """Row by row from the top; the colours are not multiplied with the last number, the cover."""

    def doubled(self) -> Picture:
        """Every pixel as four."""
        rows = [self.pixels[row * self.size : (row + 1) * self.size] for row in range(self.size)]
        wide = (tuple(pixel for pixel in row for _ in range(2)) for row in rows)
        return Picture(
            2 * self.size, tuple(pixel for row in wide for _ in range(2) for pixel in row)
        )

    def on(self, ground: tuple[int, int, int]) -> list[tuple[int, int, int]]:
        """The pixels as red, green, blue on a ground of this colour."""
        return [_mixed(ground, pixel[:3], pixel[3] / 255) for pixel in self.pixels]

    def png(self) -> bytes:
        lines = b"".join(
            b"\0" + bytes(part for pixel in row for part in pixel)
            for row in (
                self.pixels[start : start + self.size]
                for start in range(0, len(self.pixels), self.size)
            )
        )
        header = struct.pack(">IIBBBBB", self.size, self.size, 8, 6, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
        )


@cache
def picture(light: Light, size: int) -> Picture:
    """The icon for a state, `size` pixels wide and high."""
    red, green, blue = bytes.fromhex(COLOURS[light][1:])
    sign = _SIGNS[light]
    step, steps = UNITS / size, [(n + 0.5) / FINE for n in range(FINE)]
    pixels = []
    for row in range(size):
        for column in range(size):
            places = [((column + dx) * step, (row + dy) * step) for dy in steps for dx in steps]
            covered = [place for place in places if _face(*place)]
            white = sum(any(shape(*place) for shape in sign) for place in covered)
            share = white / len(covered) if covered else 0.0
            colour = _mixed((red, green, blue), (255, 255, 255), share)
            pixels.append((*colour, round(255 * len(covered) / len(places))))
    return Picture(size, tuple(pixels))


def icon_file(image: Picture) -> bytes:
    """The picture as an .ico with this one size."""
    png = image.png()
    side = image.size % 256  # 0 stands for 256
    entry = struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(png), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + png


def _box(left: float, top: float, right: float, bottom: float) -> Shape:
    return lambda x, y: left <= x < right and top <= y < bottom


def _stroke(ax: float, ay: float, bx: float, by: float, width: float) -> Shape:
    """A line with round ends."""
    length = (bx - ax) ** 2 + (by - ay) ** 2

    def inside(x: float, y: float) -> bool:
        along = min(1.0, max(0.0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length))
        dx, dy = x - ax - along * (bx - ax), y - ay - along * (by - ay)
        return dx * dx + dy * dy <= width * width / 4

    return inside


def _face(x: float, y: float) -> bool:
    """The envelope: a box with round corners."""
    corner = 1.6
    dx = max(corner - x, x - (UNITS - corner), 0.0)
    dy = max(2 + corner - y, y - (14 - corner), 0.0)
    return dx * dx + dy * dy <= corner * corner


_SIGNS: dict[Light, tuple[Shape, ...]] = {
    # the flap of a closed envelope
    Light.WAITING: (_stroke(2, 4.6, 8, 9.4, 1.7), _stroke(8, 9.4, 14, 4.6, 1.7)),
    # an arrow into it
    Light.WORKING: (_box(7, 4, 9, 8), lambda x, y: 8 <= y < 12.4 and abs(x - 8) < 12.2 - y),
    Light.ERROR: (_box(7, 4, 9, 9), _box(7, 10, 9, 12)),
}


def _mixed(
    ground: tuple[int, int, int], paint: tuple[int, ...], share: float
) -> tuple[int, int, int]:
    red, green, blue = (
        round(under + (over - under) * share) for under, over in zip(ground, paint, strict=True)
    )
    return red, green, blue
