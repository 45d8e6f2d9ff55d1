"""From the name of a server to a TCP connection with it. Knows nothing of what is spoken there."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable

from kollect.errors import Stage
from kollect.net.server_errors import Peer

_NOT_THE_LAST_ADDRESS = 10.0
"""Seconds for an address with others behind it (IPv6 that leads nowhere, IPv4 that works)."""


def dial(peer: Peer, timeout: float, trace: Callable[[Stage], None]) -> socket.socket:
    """A TCP connection: every address of the name in turn, within `timeout` seconds in all.

    (Looking up the name takes as long as the system takes for it.) Raises ServerTrouble.
    """
    trace(Stage.LOOKUP)
    try:
        found = socket.getaddrinfo(peer.ascii_host, peer.port, type=socket.SOCK_STREAM)
    except (OSError, ValueError, OverflowError) as failure:
        raise peer.unknown_name(failure, offline=not _has_way_out()) from failure
    trace(Stage.CONNECT)
    deadline = time.monotonic() + timeout
    failures: list[OSError] = []
    for position, (family, kind, protocol, _, address) in enumerate(found):
        left = deadline - time.monotonic()
        if position < len(found) - 1:
            left = min(left / 2, _NOT_THE_LAST_ADDRESS)
        try:
            return _connected(
                socket.socket(family, kind, protocol), address, max(left, 0.1), timeout
            )
        except OSError as failure:
            failures.append(failure)
    raise peer.unconnected(_most_telling(failures)) from failures[0]


def _connected(
    sock: socket.socket, address: tuple[str | int | bytes, ...], seconds: float, timeout: float
) -> socket.socket:
    try:
        sock.settimeout(seconds)
        sock.connect(address)
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def _most_telling(failures: list[OSError]) -> OSError:
    """Where one address answered and another has no way to it (no IPv6 here), the answer counts."""
    for kind in (TimeoutError, ConnectionRefusedError):
        for failure in failures:
            if isinstance(failure, kind):
                return failure
    return failures[-1]


def _has_way_out() -> bool:
    """Whether this machine has a route to the internet. Sends nothing."""
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            return True
    return False
