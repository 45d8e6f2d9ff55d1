"""How long no letter is begun after the sending server turned us away, and what counts as that.

Ten letters put off in a row, two connections lost in a row before a letter was decided on, or a
server that does not take the next connection of the same poll (as by a 421): no other letter is
begun for a minute. A 421 to the very first connection ends the poll instead, and the wait is that
of `collector.failed_polls`, for a mailing of `mailing.mailing_worker`. Pure.
"""

from __future__ import annotations

from kollect.errors import ServerTrouble

BACK_OFF_SECONDS = 60.0
MOST_PUT_OFF = 10
"""Letters in a row that the server may put off."""
MOST_FAILED_CONNECTIONS = 2
"""Connections in a row that may be lost before a letter was decided on."""


class BackOff:
    """Whether the server is to be left alone now, and why. Times are seconds of one clock."""

    def __init__(self) -> None:
        self.trouble: ServerTrouble | None = None
        """Why; None while letters may be begun."""
        self._until = 0.0
        self._put_off = 0
        self._failed_connections = 0

    def begin(self, trouble: ServerTrouble, now: float) -> None:
        """Leave the server alone from now on."""
        self.trouble = trouble
        self._until = now + BACK_OFF_SECONDS

    def end(self, now: float) -> bool:
        """Forget what was, where the time is over; returns whether letters may be begun."""
        if now < self._until:
            return False
        self.trouble = None
        self._put_off = self._failed_connections = 0
        return True

    def letter_put_off(self) -> bool:
        """One more letter was put off. Returns whether there were too many in a row."""
        self._put_off += 1
        return self._put_off >= MOST_PUT_OFF

    def letter_decided(self) -> None:
        """The server took a letter, or refused it for the letter's own sake."""
        self._put_off = 0

    def connection_failed(self) -> bool:
        """The last connection was lost without an answer. Returns whether it was one too many."""
        self._failed_connections += 1
        return self._failed_connections >= MOST_FAILED_CONNECTIONS

    def connection_answered(self) -> None:
        """A connection was lost, but it had decided on letters."""
        self._failed_connections = 0
