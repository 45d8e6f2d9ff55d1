"""The clock on the wall beside the one that nobody sets: did the PC sleep? Pure."""

from __future__ import annotations

LONGEST_JUMP = 60.0
"""Seconds by which a clock may leave the other one: more, and the PC has slept."""


class TwoClocks:
    """Both as they were at the last look, in seconds."""

    def __init__(self, wall: float, steady: float) -> None:
        self._wall, self._steady = wall, steady

    def jumped(self, wall: float, steady: float, asked: float) -> bool:
        """Has the PC slept since the last look, or somebody set the clock?

        `asked` is for how many seconds we had wanted to wait: where the steady clock goes on in
        sleep (Windows), waking so late is all that tells.
        """
        apart = (wall - self._wall) - (steady - self._steady)
        late = steady - self._steady - asked
        self._wall, self._steady = wall, steady
        return abs(apart) > LONGEST_JUMP or late > LONGEST_JUMP
