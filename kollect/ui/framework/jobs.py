"""Work that takes time: in a thread, so that no window freezes; results come by TkCallQueue."""

from __future__ import annotations

import threading
import time
import tkinter as tk
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from kollect.errors import Trouble
from kollect.threads import safe_thread
from kollect.ui.framework.tk_call_queue import TkCallQueue

T = TypeVar("T")

TOLD_EVERY = 0.1
"""Seconds between two words of how far work has come."""


class Job:
    """One piece of work under way. `stop` asks it to end; it ends where it looks at `stopping`."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._stop = threading.Event()
        self.over = False
        """Set in Tk's thread, before `done` or `failed` is called."""

    def stop(self) -> None:
        self._stop.set()

    def stopping(self) -> bool:
        """Asked by the work itself, from its thread."""
        return self._stop.is_set()

    def report(self, show: Callable[..., None], *args: Any) -> None:
        """From the work's thread: have `show` called in Tk's."""
        self._tell(show, *args)


class Jobs:
    """Starts jobs and brings back what becomes of them."""

    def __init__(self, tk_calls: TkCallQueue, show_trouble: Callable[[Trouble], None]) -> None:
        self._tk_calls = tk_calls
        self.show_trouble = show_trouble

    def run(
        self,
        work: Callable[[Job], T],
        done: Callable[[T], None],
        *,
        owner: tk.Misc,
        failed: Callable[[Trouble], None] | None = None,
    ) -> Job:
        """Run `work` in a thread, then `done(result)` or `failed(trouble)` in Tk's.

        Nothing is called any more once `owner` is destroyed. Without `failed`: the error dialog.
        """
        self._tk_calls.hurry()
        return _Run(self._tk_calls, owner, work, done, failed or self.show_trouble).job


class _Run(Generic[T]):
    def __init__(
        self,
        tk_calls: TkCallQueue,
        owner: tk.Misc,
        work: Callable[[Job], T],
        done: Callable[[T], None],
        failed: Callable[[Trouble], None],
    ) -> None:
        self._tk_calls = tk_calls
        self._owner = owner
        self._work = work
        self._done = done
        self._failed = failed
        self.job = Job(self._tell)
        try:
            safe_thread.thread(self._run, name="screen job").start()
        except safe_thread.FAULTS as error:  # there is no memory for one more
            safe_thread.log_error(error)
            self._tell(self._end, self._failed, unexpected(error))

    def _run(self) -> None:
        try:
            result = self._work(self.job)
        except Trouble as trouble:
            self._tell(self._end, self._failed, trouble)
        except BaseException as error:
            safe_thread.log_error(error)
            self._tell(self._end, self._failed, unexpected(error))
        else:
            self._tell(self._end, self._done, result)

    def _end(self, then: Callable[[Any], None], value: Any) -> None:
        self.job.over = True
        then(value)

    def _tell(self, show: Callable[..., None], *args: Any) -> None:
        self._tk_calls.call(self._if_there, show, *args)

    def _if_there(self, show: Callable[..., None], *args: Any) -> None:
        try:
            there = bool(self._owner.winfo_exists())
        except tk.TclError:  # the whole program is gone
            there = False
        if there:
            show(*args)


def watch_of(job: Job, show: Callable[[float | None], None]) -> Callable[[float | None], bool]:
    """Has `show` called in Tk's thread, at most ten times a second and whenever something else
    begins; answers that the job goes on until it is to stop.
    """
    last: tuple[float, bool] | None = None

    def watch(part: float | None) -> bool:
        nonlocal last
        now, begun = time.monotonic(), part is None
        if last is None or last[1] != begun or now - last[0] >= TOLD_EVERY:
            last = now, begun
            job.report(show, part)
        return not job.stopping()

    return watch


def unexpected(error: BaseException) -> Trouble:
    """A fault of ours, told as well as it can be."""
    return safe_thread.unexpected(
        error,
        happened="コレクトの中で予期しない誤りが起きました。集めたデータはそのまま残っています。",
        cure="もう一度お試しください。続くときは、「詳細」の内容とログを添えてお問い合わせください。",
    )
