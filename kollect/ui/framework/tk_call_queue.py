"""The one way from other threads into Tk: calls wait in a queue, Tk's own thread makes them.

Tk belongs to one thread. Workers and the tray put calls here; nothing else of Tk is theirs.
"""

from __future__ import annotations

import queue
import sys
import time
import tkinter as tk
from collections.abc import Callable
from typing import Any

from kollect.threads import safe_thread

EVERY_MS = 60
"""Short enough to feel immediate."""

UNSEEN_EVERY_MS = 500
"""While the window is in the tray for months: each look costs 0.2 ms, mostly of waking up."""

HURRIED_MS, HURRY_SECONDS = 8, 1.0
"""While somebody waits for a short job, as for what a typed letter finds."""

LONGEST_TURN = 0.05
"""Seconds. After so long the window gets its turn, however much the workers have to tell."""


class TkCallQueue:
    """Starts with its root and ends with it."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._calls: queue.SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]]
        self._calls = queue.SimpleQueue()
        self._hurried_until = 0.0
        self._name = root.register(self._pump)
        """Registered once: `after` would do it again each time, at twice the cost."""
        self._timer = ""
        self._arm()

    def call(self, function: Callable[..., Any], *args: Any) -> None:
        """Have Tk's thread make this call soon, in the order of asking. From any thread."""
        self._calls.put((function, args))

    def hurry(self) -> None:
        """A result is expected soon: look for it more often, for a second. In Tk's thread."""
        self._hurried_until = time.monotonic() + HURRY_SECONDS
        self._disarm()
        self._arm()

    def stop(self) -> None:
        """Make no more calls; those still waiting are dropped."""
        self._disarm()

    def _pump(self) -> None:
        # armed first and not last: a call may open a dialog, and the others must not wait for it
        self._arm()
        ends = time.monotonic() + LONGEST_TURN
        while time.monotonic() < ends:
            try:
                function, args = self._calls.get_nowait()
            except queue.Empty:
                return
            try:
                function(*args)
            except safe_thread.FAULTS:  # one failing call must not silence the rest
                self._root.report_callback_exception(*sys.exc_info())

    def _arm(self) -> None:
        if time.monotonic() < self._hurried_until:
            every = HURRIED_MS
        else:
            every = EVERY_MS if self._root.winfo_viewable() else UNSEEN_EVERY_MS
        self._timer = self._root.tk.call("after", every, self._name)

    def _disarm(self) -> None:
        # tkinter's own after_cancel would delete the registered command with it
        self._root.tk.call("after", "cancel", self._timer)
