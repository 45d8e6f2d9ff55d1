"""One question at a time, always the latest: for searches that start anew with each letter."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Generic, TypeVar

from kollect.errors import Trouble
from kollect.screens.jobs import Job, Jobs

T = TypeVar("T")


class Latest(Generic[T]):
    """While one question is being answered the next one waits; a newer one takes its place."""

    def __init__(self, jobs: Jobs, owner: tk.Misc, failed: Callable[[Trouble], None]) -> None:
        self._jobs = jobs
        self._owner = owner
        self._failed = failed
        self._busy = False
        self._next: tuple[Callable[[], T], Callable[[T], None]] | None = None

    @property
    def busy(self) -> bool:
        """A question has no answer yet."""
        return self._busy

    def ask(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Have `work` done in a thread, then `done`; neither, where a newer question comes."""
        if self._busy:
            self._next = (work, done)
            return
        self._busy = True

        def answered(result: T) -> None:
            done(result)
            self._go_on()

        def failed(trouble: Trouble) -> None:
            if self._next is None:
                self._failed(trouble)
            self._go_on()

        def job(job: Job) -> T:
            return work()

        self._jobs.run(job, answered, owner=self._owner, failed=failed)

    def _go_on(self) -> None:
        self._busy = False
        if self._next is not None:
            work, done = self._next
            self._next = None
            self.ask(work, done)
