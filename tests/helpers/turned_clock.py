"""A clock that a test turns: hours go by while the PC runs, days while it is off."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from kollect.ledger.lived_clock import LivedClock
from kollect.ledger.lived_time import to_json
from kollect.storage.queries import Queries

_MOST = timedelta(hours=20)
"""A look as often as that, and no jump is seen."""


class TurnedClock:
    """Called, it shows the time in the zone of the PC."""

    def __init__(self, database: Path, start: datetime) -> None:
        self._database = database
        self._now = start.astimezone()
        self.look()

    def __call__(self) -> datetime:
        return self._now

    def look(self) -> None:
        """As the program does at each poll."""
        with closing(Queries(self._database)) as file:
            LivedClock(file, self).tick()

    def runs_to(self, moment: datetime) -> None:
        """The PC is on; the program may look at the clock meanwhile, or may not be running."""
        while self._now < moment:
            self._now = min(self._now + _MOST, moment.astimezone())
            self.look()

    def off_until(self, moment: datetime) -> None:
        """The PC was switched off."""
        with closing(Queries(self._database)) as file:
            clock = LivedClock(file, self)
            before = clock.tick()
            asleep = replace(before, look=replace(before.look, run="before it was switched off"))
            clock._file.write_metadata("lived", to_json(asleep))
        self._now = moment.astimezone()

    def jumps_to(self, moment: datetime) -> None:
        """Somebody sets it, or its battery is empty, while the program runs."""
        self._now = moment.astimezone()
