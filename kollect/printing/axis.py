"""The marks of a chart's axis, on screen and on paper. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def ticks(most: int, parts: int = 5) -> list[int]:
    """Round numbers for the axis, from 0 to at least `most`, in so many parts at most."""
    step = 1
    while step * parts < most:
        step = next(s for s in _round_numbers(step) if s > step)
    return list(range(0, max(most, 1) + step, step))


def _round_numbers(start: int) -> Sequence[int]:
    power = 10 ** (len(str(start)) - 1)
    return [power, 2 * power, 5 * power, 10 * power]
