"""Calls side by side that are waited for until a time and no longer: who is late is not heard."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from kollect.threads import safe_thread

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

SIDE_BY_SIDE = 8
_LOOK_EVERY = 0.1


def results_within(
    calls: Mapping[K, Callable[[], T]],
    *,
    ends: float,
    stopping: Callable[[], bool] = lambda: False,
    side_by_side: int = SIDE_BY_SIDE,
) -> dict[K, T]:
    """What the calls return, of those that are over at `ends` (by `time.monotonic`).

    A call that raises has no result; the log has its fault. Where it is stopped, what is there by
    then. A call that was begun is not interrupted: it ends in its own thread, heard by nobody.
    """
    waiting: queue.SimpleQueue[K] = queue.SimpleQueue()
    for key in calls:
        waiting.put(key)
    done: queue.SimpleQueue[tuple[K, T] | None] = queue.SimpleQueue()
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            try:
                key = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((key, calls[key]()))
            except BaseException as error:
                safe_thread.log_error(error)
                done.put(None)

    for number in range(min(side_by_side, len(calls))):
        safe_thread.thread(work, name=f"call {number}").start()
    results: dict[K, T] = {}
    left = len(calls)
    while left and time.monotonic() < ends and not stopping():
        try:
            result = done.get(timeout=_LOOK_EVERY)
        except queue.Empty:
            continue
        left -= 1
        if result is not None:
            results[result[0]] = result[1]
    over.set()
    return results
