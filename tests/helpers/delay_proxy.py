"""A line with a long way: a TCP proxy that adds half a round trip in each direction.

It delays and does not slow down: any number of octets may be on the way. Opening a connection costs
a round trip and a half before the server hears of it, as it does on a real way. Runs as a process
of its own, so that it does not share a processor's time slice with what is measured:
`python -m tests.helpers.delay_proxy PORT SECONDS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def delayed(port: int, round_trip: float) -> Iterator[int]:
    """A port behind which `port` of this machine is `round_trip` seconds away."""
    command = [sys.executable, "-m", "tests.helpers.delay_proxy", str(port), str(round_trip)]
    top = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=top) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


class _End(asyncio.Protocol):
    """One end of a proxied line; what it hears comes out at the other end later."""

    def __init__(self, delay: float, other: _End | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._delay = delay
        self.other = other
        self._transport: asyncio.Transport | None = None
        self._under_way: deque[tuple[float, bytes | None]] = deque()
        """What this end has heard and the other is still to say, with its time; None: the end."""
        self._timer: asyncio.TimerHandle | None = None
        self._open_from = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._put(data)

    def eof_received(self) -> bool:
        self._put(None)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._put(None)

    def _put(self, data: bytes | None) -> None:
        moment = max(self._loop.time(), self._open_from) + self._delay
        self._under_way.append((moment, data))
        self._arm()

    def _arm(self) -> None:
        if self._timer is None and self._under_way:
            self._timer = self._loop.call_at(self._under_way[0][0], self._arrive)

    def _arrive(self) -> None:
        self._timer = None
        if self.other is None:  # still connecting
            self._timer = self._loop.call_later(0.001, self._arrive)
            return
        now = self._loop.time() + 0.0002
        while self._under_way and self._under_way[0][0] <= now:
            _, data = self._under_way.popleft()
            self.other.say(data)
        self._arm()

    def say(self, data: bytes | None) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if data is None:
            self._transport.close()
        else:
            self._transport.write(data)


class _Front(_End):
    """The client's end. In a real handshake the client may speak after one round trip, and the
    server hears of the connection half a round trip later.
    """

    def __init__(self, port: int, delay: float) -> None:
        super().__init__(delay)
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._open_from = self._loop.time() + 2 * self._delay
        self._task = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        await asyncio.sleep(3 * self._delay)
        _, self.other = await self._loop.create_connection(
            lambda: _End(self._delay, self), "127.0.0.1", self._port
        )


async def _serve(port: int, round_trip: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Front(port, round_trip / 2), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
