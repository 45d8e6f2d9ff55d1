"""One question at a time, always the latest: for searches, and for lists that are read again."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Generic, TypeVar

from kollect.errors import Trouble
from kollect.ui.framework.jobs import Jobs

T = TypeVar("T")


class LatestOnly(Generic[T]):
    """While one question is being answered the next one waits; a newer one takes its place.

    Whatever goes wrong with a question or with what is done with its answer, the next is asked.
    """

    def __init__(self, jobs: Jobs, owner: tk.Misc, failed: Callable[[Trouble], None]) -> None:
        """`failed` is told what kept the latest question from being answered."""
        self._jobs = jobs
        self._owner = owner
        self._failed = failed
        self._busy = False
        self._next: tuple[Callable[[], T], Callable[[T], None]] | None = None

    @property
    def busy(self) -> bool:
        """A question has no answer yet."""
        return self._busy

    @property
    def outdated(self) -> bool:
        """A newer question waits: the answer at hand need not be shown any more."""
        return self._next is not None

    def submit(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Have `work` done in a thread, then `done`; neither, where a newer question comes."""
        if self._busy:
            self._next = (work, done)
            return
        self._busy = True

        def answered(result: T) -> None:
            try:
                done(result)
            finally:
                self._go_on()

        def failed(trouble: Trouble) -> None:
            # first on with the next one: telling may wait for a click
            news = self._next is None
            self._go_on()
            if news:
                self._failed(trouble)

        self._jobs.run(lambda job: work(), answered, owner=self._owner, failed=failed)

    def _go_on(self) -> None:
        self._busy = False
        if self._next is not None:
            work, done = self._next
            self._next = None
            self.submit(work, done)
