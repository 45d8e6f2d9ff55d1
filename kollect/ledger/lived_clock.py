"""The one clock by which spans are measured: lived seconds, kept in kollect.db over restarts.

What counts as lived through, and when the date is trusted, is the table in `lived_time`.

    clock = LivedClock(ledger, now)             # or LivedClock(Queries), for the members' rooms
    since = clock.lived()                       # write it down, in the same transaction
    old = clock.lived() - since > FIVE_DAYS and clock.is_trusted()
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kollect.ledger.lived_time import Lived, Look, begun, from_json, later, to_json
from kollect.ledger.metadata import Metadata
from kollect.storage.database import Database

_KEY = "lived"
FOUND_WRONG = "clock wrong"
"""The note of what the servers say of the clock: "ahead", "behind", or nothing."""
_RUN = secrets.token_hex(8)
"""This run of the program."""
_WRITTEN_EVERY = 600.0
"""Seconds. An empty poll writes nothing, a stick has only so many writes in it: what is not written
yet is found again by the wall clock."""


def running_seconds() -> float:
    """A clock that nobody sets. It goes on while the PC sleeps: Windows' does, Linux' other one."""
    if boot := getattr(time, "CLOCK_BOOTTIME", None):
        return time.clock_gettime(boot)
    return time.monotonic()


def lived_moment(seconds: float) -> datetime:
    """Lived seconds in the form of a time: for what reckons with times, not for people."""
    return datetime.fromtimestamp(seconds, UTC)


class LivedClock:
    """Several may stand on one file, in several threads and programs: the file is what they share.
    Each belongs to the thread of its connection.

    Every method raises `errors.StorageTrouble` where the file cannot be read or written.
    """

    def __init__(
        self,
        file: Database,
        now: Callable[[], datetime],
        *,
        running: Callable[[], float] = running_seconds,
        run: str = _RUN,
    ) -> None:
        """On the connection of `file`."""
        self._file = Metadata.beside(file)
        self._wall = now
        self._running = running
        self._run = run
        self._most = 0

    def now(self) -> datetime:
        """What the PC's clock shows, right or wrong: for dates that people read."""
        return self._wall()

    def lived(self) -> int:
        """Seconds lived through since the ledger began. Never less than before.

        What is written down with it belongs into one transaction with this call: a crash then finds
        both or neither.
        """
        self._most = max(self._most, int(self.tick().seconds))
        return self._most

    def age(self, moment: datetime) -> timedelta:
        """How long ago that was, by a date that was written down: never less than nothing, and as
        little as the jumps of the clock allow."""
        return self.tick().age(moment)

    def doubt(self) -> None:
        """Somebody else's clock tells another date: ours has to stand for a day again."""
        self._file.set_metadata(_KEY, to_json(replace(self.tick(), stood=0.0)))

    def is_trusted(self) -> bool:
        """May something be given up, or thrown away, for being old? Not before the date has stood
        for a day of running, since it last jumped."""
        return self.tick().is_trusted

    def is_dependable(self) -> bool:
        """May something be begun, because it is this day by the PC's clock? Raises StorageTrouble
        where that cannot be looked up."""
        found_wrong = bool(self._file.get_metadata(FOUND_WRONG))
        return self.tick().is_dependable(found_wrong=found_wrong)

    def tick(self) -> Lived:
        """Look at the clocks: at least once a poll, so that no jump between two looks stays unseen.

        Written down where it costs nothing (in a transaction), where the date has moved, else every
        ten minutes.
        """
        look = Look(self._wall().astimezone(UTC), self._running(), self._run)
        text = self._file.get_metadata(_KEY)
        try:
            before = from_json(text)
        except ValueError:
            # a new ledger; or what was lived through is lost: then nothing is old for a while
            state = Lived(0.0, look, stood=0.0) if text else self._first(look)
            worth_writing = True
        else:
            state = later(before, look)
            worth_writing = self._is_worth_writing(before, state)
        if worth_writing:
            self._file.write_metadata(_KEY, to_json(state))
        return state

    def _is_worth_writing(self, before: Lived, state: Lived) -> bool:
        return (
            # within the second nobody can tell the difference: `lived` counts whole ones
            (self._file.in_transaction and int(state.seconds) > int(before.seconds))
            or state.move != before.move
            or state.seconds - before.seconds >= _WRITTEN_EVERY
        )

    def _first(self, look: Look) -> Lived:
        try:  # a version that did not count wrote down the day of its last daily work
            last = datetime.fromisoformat(self._file.get_metadata("upkeep")).astimezone()
        except (ValueError, OSError, OverflowError):  # Windows has no time of a place before 1970
            return begun(look)
        by_then = max(last, min(last + timedelta(days=1), look.wall))
        return later(begun(Look(by_then, 0.0, run="")), look)
