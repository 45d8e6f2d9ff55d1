"""A thread that works, waits and works again, until it is told to stop.

Knows nothing of what the work is. Whatever is raised there, the thread goes on after a pause.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from kollect.threads import safe_thread

LOOK_AT_CLOCK = 10.0
"""Seconds. A PC that slept wakes up in the middle of a wait: the clock on the wall tells."""

LONGEST_WAIT = 86400.0
"""Seconds. Nobody waits for more than tomorrow."""


def local_now() -> datetime:
    return datetime.now().astimezone()


class BackgroundThread:
    """Its children say in `run` what is done; `_busy` is set while they are at it."""

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        self._name = name
        self._now = now
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._busy = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """It is at work, not only waiting."""
        return self._busy.is_set()

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Work in a thread of its own, from now on."""
        self._thread = safe_thread.thread(self._live, name=self._name, daemon=False)
        self._thread.start()

    def stop(self) -> None:
        """Finish the mails in hand, then end. Returns at once; `join` waits."""
        self._stop.set()
        self._wake.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; returns whether it has come."""
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.alive

    def run(self) -> None:
        raise NotImplementedError

    def fell(self, error: BaseException, at: datetime, again: datetime) -> None:
        """Tell that `run` has ended by this, and when it is called again."""

    def _live(self) -> None:
        safe_thread.keep_going(
            self.run, over=self._stop.is_set, fell=self._fell, wait=self._pause_after
        )

    def _fell(self, error: BaseException, pause: float) -> None:
        self._busy.clear()
        now = local_now()  # not `_now`: that may be what failed
        self.fell(error, now, now + timedelta(seconds=pause))

    def _pause_after(self, seconds: float) -> None:
        """After a fall; a caller that wakes it wants it to go on at once."""
        self._wake.wait(seconds)

    def _wait(self, due: datetime | None) -> None:
        """Wait until then, or until somebody wakes or stops it; None: only for that.

        A clock that is set back does not make it longer, nor one that was ahead when somebody
        reckoned `due`.
        """
        if due is None:
            self._wake.wait()
            return
        ends = time.monotonic() + min((due - self._now()).total_seconds(), LONGEST_WAIT)
        while not self._wake.is_set():
            left = min((due - self._now()).total_seconds(), ends - time.monotonic())
            if left <= 0:
                return
            self._wake.wait(min(left, LOOK_AT_CLOCK))
