"""Whether Tk answers: a beat every 50 ms, and the longest silence between two of them.

A beat asks Tk for as much as it takes to say a line: where every such call has to wait for a thread
that is at work, a window that still wakes up in time is none that answers.

A PC that is busy with other things makes every program wait for its turn. That is no freeze of
ours: the time that our threads stood in the kernel's queue for a processor is taken off, as far as
none of them was at work in the meantime.
"""

from __future__ import annotations

import contextlib
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path

EVERY_MS = 50
CALLS = 20
LONGEST_SILENCE = 1.0
"""Seconds. A user feels 0.3 already, and on a quiet PC nothing takes as long as that; here it is a
limit against freezing, which holds beside twenty other programs on two processors too.
"""


class Heartbeat:
    """Beats from `start` to `stop`, or within `during`; `longest` is the longest silence so far."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._timer = ""
        self._last = (0.0, 0.0, 0.0)
        self.longest = 0.0
        self.beats = 0

    def start(self) -> None:
        self.longest, self.beats = 0.0, 0
        self._last = time.monotonic(), _queued(), time.process_time()
        self._timer = self._root.after(EVERY_MS, self._beat)

    def stop(self) -> float:
        """Returns the longest silence."""
        self._note()
        self._root.after_cancel(self._timer)
        return self.longest

    def during(self, act: Callable[[], object]) -> float:
        """The longest silence while `act` is done."""
        self.start()
        try:
            act()
            self._root.update()
        finally:
            self.stop()
        return self.longest

    def _beat(self) -> None:
        for _ in range(CALLS):
            self._root.tk.call("font", "measure", "TkDefaultFont", "コレクト")
        self._note()
        self.beats += 1
        self._timer = self._root.after(EVERY_MS, self._beat)

    def _note(self) -> None:
        before = self._last
        self._last = time.monotonic(), _queued(), time.process_time()
        passed, queued, worked = (now - then for now, then in zip(self._last, before, strict=True))
        silence = max(passed - max(0.0, queued), min(passed, worked))
        self.longest = max(self.longest, silence - EVERY_MS / 1000)


def _queued() -> float:
    """Seconds that the threads of this process have waited for a processor (Linux: schedstat)."""
    return sum(_waits()) / 1e9


def _waits() -> Iterator[int]:
    with contextlib.suppress(OSError):  # elsewhere there is nothing like it
        for task in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError, IndexError):  # the thread has just ended
                yield int((task / "schedstat").read_text().split()[1])
