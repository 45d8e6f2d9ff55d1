"""「中止」: there while something is under way that can be stopped."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import TypeVar

from kollect.errors import Trouble
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import Window

T = TypeVar("T")


class Stopped(Exception):
    """The user does not want it any more. For work to raise and catch."""


class StopButton(ttk.Button):
    """Grid it; it hides itself. One piece of work at a time."""

    def __init__(self, parent: tk.Misc, window: Window, changed: Callable[[], None]) -> None:
        """`changed`: something has begun, or is over."""
        super().__init__(parent, text="中止", width=8, command=self.stop)
        self._window = window
        self._changed = changed
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    def stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def run(self, work: Callable[[Job], T], done: Callable[[T], None]) -> None:
        """`done` is called also where the screen is closed meanwhile: how it ended is told."""

        def finished(result: T) -> None:
            self._over()
            done(result)

        def failed(trouble: Trouble) -> None:
            self._over()
            self._window.set_status("")
            self._window.dialogs.show_error(trouble)

        self.grid()
        self._job = self._window.jobs.run(work, finished, owner=self._window.content, failed=failed)
        self._changed()

    def _over(self) -> None:
        self._job = None
        if self.winfo_exists():
            self.grid_remove()
            self._changed()
