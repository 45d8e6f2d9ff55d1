"""Names of servers that lead to ports of loopback: a hosts file for the time of a test."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

OURS = ".example"


@contextmanager
def leading(hosts: Mapping[tuple[str, int], int]) -> Iterator[list[tuple[str, int]]]:
    """While it lasts, each host and port leads to a port of loopback; yields what was looked up.

    A name below `.example` that is not there does not exist; all others are looked up as ever.
    """
    looked_up: list[tuple[str, int]] = []
    real = socket.getaddrinfo

    def find(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        name = name.rstrip(".").lower()
        if not name.endswith(OURS):
            return real(host, port, *more, **named)
        looked_up.append((name, int(port)))
        if not any(known == name for known, _ in hosts):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        there = hosts.get((name, int(port)), 1)  # nobody listens at port 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", there))]

    with mock.patch.object(socket, "getaddrinfo", find):
        yield looked_up
