"""How the window was left: its place, and the columns of its tables. A small file of its own.

What it holds may be lost without harm, so nothing here ever fails: a file that cannot be read, or
that says something impossible, is as if it were not there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kollect.desktop import files

log = logging.getLogger(__name__)

_MOST = 100_000
"""Pixels, and octets of the file: more is nonsense."""


@dataclass(frozen=True, slots=True)
class RememberedPlace:
    """In pixels of a screen with 96 dpi; the corner in those of the screens at hand."""

    width: int
    height: int
    x: int
    y: int
    zoomed: bool = False


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """What the user has chosen for the columns of one table; empty: as they come."""

    widths: Mapping[str, float] = field(default_factory=dict)
    """In full-width characters, by the titles."""
    hidden: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    """Those that are seen only where they are chosen."""
    order: tuple[str, ...] = ()
    """Titles from the left."""


@dataclass(frozen=True, slots=True)
class ScreenLayout:
    window: RememberedPlace | None = None
    tables: Mapping[str, ColumnLayout] = field(default_factory=dict)
    """By the names that the screens give their tables."""


def read(path: Path) -> ScreenLayout:
    """What was written there last, as far as it makes sense."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.loads(file.read(_MOST))
    except (OSError, ValueError, RecursionError):
        return ScreenLayout()
    if not isinstance(found, dict):
        return ScreenLayout()
    tables = found.get("tables")
    return ScreenLayout(
        _place(found.get("window")),
        {
            name: layout
            for name, one in (tables.items() if isinstance(tables, dict) else ())
            if (layout := _columns(one)) is not None
        },
    )


def write(path: Path, layout: ScreenLayout) -> None:
    """Put it there; where that fails, the next start does without."""
    place = layout.window
    content = {
        "window": place
        and {
            "width": place.width,
            "height": place.height,
            "x": place.x,
            "y": place.y,
            "zoomed": place.zoomed,
        },
        "tables": {
            name: {
                "widths": dict(one.widths),
                "hidden": [*one.hidden],
                "shown": [*one.shown],
                "order": [*one.order],
            }
            for name, one in layout.tables.items()
        },
    }
    try:
        files.replace_whole(path, json.dumps(content, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        log.debug("%s: %s", path, error)


def inside(
    place: RememberedPlace, screens: tuple[int, int, int, int], *, frame: int, scale: float
) -> tuple[int, int, int, int]:
    """Width, height, x and y in pixels, so that the window lies within the screens there are now.

    `screens`: x, y, width and height of all of them together; `frame`: what title bar and taskbar
    take of the height.
    """
    left, top, across, down = screens
    width = min(round(place.width * scale), across)
    height = min(round(place.height * scale), down - frame)
    x = max(left, min(place.x, left + across - width))
    y = max(top, min(place.y, top + down - frame - height))
    return width, height, x, y


def _place(found: Any) -> RememberedPlace | None:
    if not isinstance(found, dict):
        return None
    given = (found.get(key) for key in ("width", "height", "x", "y"))
    numbers = [one for one in given if isinstance(one, int) and abs(one) < _MOST]
    if len(numbers) < 4 or min(numbers[:2]) < 1:
        return None
    width, height, x, y = numbers
    return RememberedPlace(width, height, x, y, found.get("zoomed") is True)


def _columns(found: Any) -> ColumnLayout | None:
    if not isinstance(found, dict):
        return None
    widths = found.get("widths")
    return ColumnLayout(
        {
            title: float(width)
            for title, width in (widths.items() if isinstance(widths, dict) else ())
            if isinstance(width, int | float) and 0 < width < _MOST
        },
        _titles(found.get("hidden")),
        _titles(found.get("shown")),
        _titles(found.get("order")),
    )


def _titles(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list):
        return ()
    return tuple(one for one in found if isinstance(one, str))
