"""Draws the program's icon: an envelope with a number on it. Run it from anywhere:

    python assets/make_icon.py

Writes beside itself icon.ico, with every size that Windows asks for, each drawn for itself, and
icon.png. Without fonts and without chance: each run writes the same octets.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
SIZES = (16, 20, 24, 32, 40, 48, 64, 96, 128, 256)
"""Taskbar, title bar, desktop and list views at 100, 125, 150, 200, 250 % and more."""
SMALL = 24
"""Up to here the badge is larger and the lines are thicker: there is no room for more."""

BLUE = (31, 95, 168, 255)
DARK = (23, 74, 133, 255)
WHITE = (255, 255, 255, 255)
ORANGE = (226, 88, 12, 255)
CLEAR = (0, 0, 0, 0)

UNITS = 32
"""The drawing's own measure: its sides."""
FINE = 8
"""Drawn so many times as large, and made smaller: smooth edges."""


class Pen:
    """Draws shapes given in units on a picture of any size."""

    def __init__(self, size: int) -> None:
        self.picture = Image.new("RGBA", (size * FINE, size * FINE), CLEAR)
        self._draw = ImageDraw.Draw(self.picture)
        self._scale = size * FINE / UNITS

    def box(self, left: float, top: float, right: float, bottom: float, *, round_by: float) -> None:
        corners = self._corners(left, top, right, bottom)
        self._draw.rounded_rectangle(corners, round_by * self._scale, fill=BLUE)

    def shape(self, *points: tuple[float, float], fill: tuple[int, ...]) -> None:
        self._draw.polygon(self._points(*points), fill=fill)

    def line(self, *points: tuple[float, float], width: float) -> None:
        self._draw.line(
            self._points(*points), fill=WHITE, width=round(width * self._scale), joint="curve"
        )
        for end in (points[0], points[-1]):
            self.disc(*end, width / 2, WHITE)

    def disc(self, x: float, y: float, radius: float, fill: tuple[int, ...]) -> None:
        corners = self._corners(x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(corners, fill=fill)

    def _points(self, *points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * self._scale, y * self._scale) for x, y in points]

    def _corners(self, *sides: float) -> tuple[float, float, float, float]:
        left, top, right, bottom = (side * self._scale for side in sides)
        return left, top, right - 1, bottom - 1  # Pillow counts the last pixel in


def icon(size: int) -> Image.Image:
    """The icon as it is at this size."""
    small = size <= SMALL
    pen = Pen(size)
    pen.box(0, 4, 32, 28, round_by=4 if small else 3.2)
    left, tip, right = (2.2, 6.6), (16, 14 if small else 15.5), (29.8, 6.6)
    if not small:
        pen.shape(left, (3.2, 4), (28.8, 4), right, tip, fill=DARK)
    pen.line(left, tip, right, width=3 if small else 1.9)
    x, y, radius = (21.6, 21.6, 10.4) if small else (23.2, 23.2, 8.8)
    _clear_around(pen, x, y, radius + (1.6 if small else 1.2))
    pen.disc(x, y, radius, ORANGE)
    _one(pen, x, y, radius, stem=4 if small else 3)
    return pen.picture.resize((size, size), Image.Resampling.BOX)


def _clear_around(pen: Pen, x: float, y: float, radius: float) -> None:
    """A gap in the envelope, whatever is behind the icon."""
    pen.disc(x, y, radius, CLEAR)


def _one(pen: Pen, x: float, y: float, radius: float, *, stem: float) -> None:
    top, bottom = y - radius * 0.62, y + radius * 0.62
    left, right = x - stem / 2 + 0.6, x + stem / 2 + 0.6
    flag = stem * 0.95
    pen.shape(
        (left, bottom),
        (left, top + flag * 1.15),
        (left - flag, top + flag * 1.7),
        (left - flag, top + flag * 0.75),
        (left + stem * 0.2, top),
        (right, top),
        (right, bottom),
        fill=WHITE,
    )


def main() -> None:
    largest = icon(SIZES[-1])
    largest.save(HERE / "icon.png", optimize=True)
    others = [icon(size) for size in SIZES[:-1]]
    largest.save(HERE / "icon.ico", sizes=[(size, size) for size in SIZES], append_images=others)


if __name__ == "__main__":
    main()
