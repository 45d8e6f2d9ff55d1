"""A TCP proxy that tells who spoke after whom, and that can be made to stop forwarding.

What one side says without waiting for the other one is one turn, in however many packets it comes:
a turn of the client that is followed by one of the server has cost a round trip.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class WatchedConnection:
    client: socket.socket
    server: socket.socket
    turns: list[tuple[str, bytes]] = field(default_factory=list)
    """"client" or "server", and the octets; two of one side never follow each other."""
    frozen: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, who: str, data: bytes) -> None:
        with self.lock:
            if self.turns and self.turns[-1][0] == who:
                data = self.turns.pop()[1] + data
            self.turns.append((who, data))

    @property
    def round_trips(self) -> int:
        """Turns of the client that were answered. Opening the connection is not counted."""
        return sum(
            (one[0], other[0]) == ("client", "server")
            for one, other in zip(self.turns, self.turns[1:], strict=False)
        )


class WatchedLine:
    """`with WatchedLine(port) as line:` connections to `line.port` come out at `port`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections: list[WatchedConnection] = []

    def __enter__(self) -> WatchedLine:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # else accept sleeps on
        self._listener.close()
        for one in self.connections:
            for end in (one.client, one.server):
                _shut(end)
                end.close()

    def freeze(self) -> None:
        """What is open forwards nothing any more, and nobody is told: neither end hears a word."""
        for one in self.connections:
            one.frozen = True

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one = WatchedConnection(client, server)
                self.connections.append(one)
                for pump in ((one, "client", client, server), (one, "server", server, client)):
                    threading.Thread(target=self._pump, args=pump, daemon=True).start()

    @staticmethod
    def _pump(one: WatchedConnection, who: str, of: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := of.recv(65536):
                if one.frozen:
                    continue
                one.saw(who, data)
                to.sendall(data)
        if not one.frozen:
            _shut(to)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
