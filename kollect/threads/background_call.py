"""One call in a thread of its own, whose result is waited for as long as one likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from kollect.threads import safe_thread

T = TypeVar("T")


class BackgroundCall(Generic[T]):
    """Begins at once; where there is no memory for a thread, it is over when this is made."""

    def __init__(self, call: Callable[[], T], *, name: str) -> None:
        self._call = call
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._thread = safe_thread.thread(self._run, name=name)
        try:
            self._thread.start()
        except RuntimeError:
            self._run()

    def is_over_within(self, seconds: float) -> bool:
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> T:
        """Wait for it; raises what the call has raised."""
        if self._thread.ident is not None:
            self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:
            self._error = error
