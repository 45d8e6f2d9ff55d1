"""A proxy that at a moment's notice forgets the lines it has, and serves new ones as before.

As a router that lost its table, or a phone's network: nothing arrives, and nothing says so.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class HalfOpen:
    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._alive: list[threading.Event] = []
        self._held: list[socket.socket] = []

    def forget(self) -> None:
        """What is said on the lines of now arrives no more, in neither direction."""
        for alive in self._alive:
            alive.clear()

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._held += near, far
                alive = threading.Event()
                alive.set()
                self._alive.append(alive)
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(one, other, alive), daemon=True).start()

    def close(self) -> None:
        for sock in (self._listener, *self._held):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def _pass_on(one: socket.socket, other: socket.socket, alive: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            if alive.is_set():
                other.sendall(data)
        if alive.is_set():
            other.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def half_open(port: int) -> Iterator[HalfOpen]:
    """Before this port of the loopback."""
    proxy = HalfOpen(port)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
