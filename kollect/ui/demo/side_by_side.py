"""Where two windows stand beside each other on one screen. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WindowPlace:
    """Pixels. The x are those of the outer frames."""

    x: int
    width: int
    """Of the first window's inside; never more than it was."""
    beside_x: int
    overlapping: bool
    """There is not room for both: the second one covers a part of the first."""


def side_by_side(
    across: int, width: int, beside: int, *, least: int, frame: int, gap: int
) -> WindowPlace:
    """The first window on the left, as wide as there is room for, but not below `least`.

    `across` is the width of the screen, `beside` that of the second window, which always lies on
    the screen wholly; `frame` is what a window's frame adds to its width.
    """
    rest = beside + gap + 2 * frame
    width = min(width, max(least, across - rest))
    x = max(0, (across - width - rest) // 2)
    beside_x = min(x + width + frame + gap, across - beside - frame)
    return WindowPlace(x, width, max(0, beside_x), width + rest > across)
