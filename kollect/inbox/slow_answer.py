"""How slowly one answer may come: a server that trickles is given up, a slow line is not."""

from __future__ import annotations

import time

from kollect.net.connection import Line

_PATIENCE = 3
"""Time-outs that an answer may take before its pace counts."""
_SLOWEST = 512
"""Octets a second below which it is then given up."""
_LARGEST = 2**30


class SlowAnswerGuard:
    """Watches over one answer, from its beginning."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._began = time.monotonic()
        self._octets = 0

    def count(self, octets: int) -> None:
        """Take note of what has come. Raises LineTimeout where there is no end in sight."""
        self._octets += octets
        taken = time.monotonic() - self._began
        late = taken - _PATIENCE * self._line.timeout
        if late > self._octets / _SLOWEST or self._octets > _LARGEST:
            failure = TimeoutError(f"{self._octets} octets in {taken:.0f} seconds")
            raise self._line.peer.timeout_error(self._line.stage, failure, heard=True)
