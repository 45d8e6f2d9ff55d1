"""An event that also ends a `select` on sockets, at once and from any thread.

Windows selects nothing but sockets, so it rings through a pair of them.
"""

from __future__ import annotations

import contextlib
import socket
import threading


class WakeEvent(threading.Event):
    """As `threading.Event`. The sockets are made when somebody first asks for `fileno`."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._ears: socket.socket | None = None
        self._bell: socket.socket | None = None

    def fileno(self) -> int:
        """Readable as soon as the event is set, until `quiet`. Raises OSError where the PC lets
        no two sockets of one program talk."""
        with self._lock:
            if self._ears is None:
                self._ears, self._bell = socket.socketpair()
                self._ears.setblocking(False)
                self._bell.setblocking(False)
                if self.is_set():
                    self._ring()
            return self._ears.fileno()

    def set(self) -> None:
        super().set()
        with self._lock:
            self._ring()

    def quiet(self) -> None:
        """What has rung so far ends no `select` any more; whether it is set stays as it is.

        To be called before a look at what was wanted, so that nothing wanted later is slept
        through.
        """
        with self._lock, contextlib.suppress(OSError):
            while self._ears is not None and self._ears.recv(4096):
                pass

    def close(self) -> None:
        """Give the sockets back. It is an event as before, and makes new ones when asked."""
        with self._lock:
            for end in (self._ears, self._bell):
                if end is not None:
                    end.close()
            self._ears = self._bell = None

    def _ring(self) -> None:
        if self._bell is not None:
            with contextlib.suppress(OSError):  # full: it rings already
                self._bell.send(b"\0")
