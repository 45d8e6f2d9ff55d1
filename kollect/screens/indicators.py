"""Tick boxes and radio buttons for the theme on Linux, drawn smoothly in the size of the letters.

clam marks a ticked box with a cross, which reads as "no", and keeps it tiny at every text size.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

_EDGE = "#8592a1"
_EDGE_FAINT = "#b9c2cc"
_PAPER = "#ffffff"
_PAPER_FAINT = "#eceff3"
_MARK = "#1f5fa8"
_MARK_FAINT = "#9aa9ba"
_FINE = 4
"""Each pixel is looked at in 4 x 4 places, for edges without steps."""

Rgb = tuple[int, int, int]
Shape = Callable[[float, float], float]
"""Of a place in the unit square: how far inside it lies; negative: outside."""


class Indicators:
    """The images behind TCheckbutton and TRadiobutton. Must live as long as the style."""

    def __init__(self, root: tk.Misc, style: ttk.Style, *, ground: str) -> None:
        self._root = root
        self._ground = ground
        self._images = {
            (kind, state): tk.PhotoImage(master=root, width=1, height=1)
            for kind in ("check", "radio")
            for state in ("off", "on", "off-faint", "on-faint")
        }
        for kind, widget in (("check", "Checkbutton"), ("radio", "Radiobutton")):
            style.element_create(
                f"Kollect.{kind}",
                "image",
                self._images[kind, "off"],
                ("disabled", "selected", self._images[kind, "on-faint"]),
                ("disabled", self._images[kind, "off-faint"]),
                ("selected", self._images[kind, "on"]),
                sticky="",
            )
            inside = [(f"{widget}.label", {"sticky": "nswe"})]
            parts = [
                (f"Kollect.{kind}", {"side": "left", "sticky": ""}),
                (f"{widget}.focus", {"side": "left", "sticky": "w", "children": inside}),
            ]
            style.layout(
                f"T{widget}",
                [(f"{widget}.padding", {"sticky": "nswe", "children": parts})],
            )

    def redraw(self, size: int) -> None:
        """Draw all of them `size` pixels high, with a little room to the right."""
        for (kind, state), image in self._images.items():
            on, faint = state.startswith("on"), state.endswith("faint")
            outline = _box if kind == "check" else _disc
            mark = (_tick if kind == "check" else _dot) if on else None
            layers = [
                (lambda x, y, o=outline: o(x, y), _EDGE_FAINT if faint else _EDGE),
                (
                    lambda x, y, o=outline, edge=1.25 / size: o(x, y) - edge,
                    _PAPER_FAINT if faint else _PAPER,
                ),
            ]
            if mark:
                layers.append((mark, _MARK_FAINT if faint else _MARK))
            self._draw(image, size, layers)

    def _draw(self, image: tk.PhotoImage, size: int, layers: list[tuple[Shape, str]]) -> None:
        ground = _rgb(self._root, self._ground)
        colours = [(shape, _rgb(self._root, name)) for shape, name in layers]
        gap = max(3, size // 4)
        rows = []
        for y in range(size):
            row = [_pixel(x, y, size, ground, colours) for x in range(size)]
            rows.append("{" + " ".join(row + [_hex(ground)] * gap) + "}")
        image.configure(width=size + gap, height=size)
        image.put(" ".join(rows))


def _pixel(x: int, y: int, size: int, ground: Rgb, layers: list[tuple[Shape, Rgb]]) -> str:
    colour = ground
    for shape, paint in layers:
        middle = shape((x + 0.5) / size, (y + 0.5) / size) * size
        if middle > 1:
            share = 1.0
        elif middle < -1:
            continue
        else:
            places = ((n + 0.5) / _FINE for n in range(_FINE))
            steps = list(places)
            inside = sum(
                shape((x + dx) / size, (y + dy) / size) >= 0 for dx in steps for dy in steps
            )
            share = inside / _FINE**2
        colour = tuple(round(c + (p - c) * share) for c, p in zip(colour, paint, strict=True))
    return _hex(colour)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _rgb(root: tk.Misc, name: str) -> Rgb:
    red, green, blue = root.winfo_rgb(name)
    return red >> 8, green >> 8, blue >> 8


def _box(x: float, y: float) -> float:
    """A square with round corners."""
    corner, half = 0.18, 0.48
    dx = max(abs(x - 0.5) - (half - corner), 0.0)
    dy = max(abs(y - 0.5) - (half - corner), 0.0)
    return corner - (dx * dx + dy * dy) ** 0.5


def _disc(x: float, y: float) -> float:
    return 0.48 - ((x - 0.5) ** 2 + (y - 0.5) ** 2) ** 0.5


def _dot(x: float, y: float) -> float:
    return 0.25 - ((x - 0.5) ** 2 + (y - 0.5) ** 2) ** 0.5


def _tick(x: float, y: float) -> float:
    return 0.085 - min(
        _distance(x, y, (0.23, 0.52), (0.43, 0.72)), _distance(x, y, (0.43, 0.72), (0.78, 0.29))
    )


def _distance(x: float, y: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    """From a place to the stroke between a and b."""
    length = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2
    along = ((x - a[0]) * (b[0] - a[0]) + (y - a[1]) * (b[1] - a[1])) / length
    along = min(1.0, max(0.0, along))
    return (
        (x - a[0] - along * (b[0] - a[0])) ** 2 + (y - a[1] - along * (b[1] - a[1])) ** 2
    ) ** 0.5
