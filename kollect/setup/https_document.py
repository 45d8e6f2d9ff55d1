"""A small document of the web, over TLS with a name that is checked. Bounded in size and in time.

HTTP/1.0 asks for an answer in one piece. Knows nothing of what is in the document.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from kollect.errors import LineDropped, ServerTrouble
from kollect.net.connection import Line, Trust
from kollect.settings.field_rules import host_fault

_ROLE = "ホームページのサーバ"
_PORT = 443
_MOST_HEAD = 16 * 1024
_MOST_REDIRECTS = 2
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    location: str
    body: bytes


def fetch(url: str, trust: Trust, *, ends: float, most: int) -> bytes | None:
    """The document; None where there is none of at most `most` octets by `ends` (monotonic).

    Follows two redirections at most, and none that leaves https. Sends no address, no cookie, no
    name of a program.
    """
    for _ in range(1 + _MOST_REDIRECTS):
        place = _place(url)
        answer = None if place is None else _get(*place, trust, ends=ends, most=most)
        if answer is None:
            return None
        if answer.status not in _REDIRECTS or not answer.location:
            return answer.body if answer.status == 200 else None
        try:
            url = urljoin(url, answer.location)
        except ValueError:
            return None
    return None


def _place(url: str) -> tuple[str, str] | None:
    """Host and what to ask it for; None for what is no plain URL of https."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme != "https" or port not in (None, _PORT) or not host or host_fault(host):
        return None
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if not target.isascii() or any(character <= " " for character in target):
        return None
    return host, target


def _get(host: str, target: str, trust: Trust, *, ends: float, most: int) -> _Answer | None:
    left = ends - time.monotonic()
    if left <= 0:
        return None
    try:
        line = Line.open(_ROLE, host, _PORT, timeout=left, tls=True, trust=trust)
    except (ServerTrouble, ValueError):
        return None
    try:
        request = f"GET {target} HTTP/1.0\r\nHost: {line.peer.ascii_host}\r\n"
        line.send(f"{request}Accept: text/xml, application/xml\r\n\r\n".encode("ascii"))
        return _read(_all_of(line, ends, _MOST_HEAD + most), most)
    except ServerTrouble:
        return None
    finally:
        line.abort()


def _all_of(line: Line, ends: float, most: int) -> bytes:
    """All that comes until the other end closes; one octet more than `most` is enough to see."""
    data = b""
    while len(data) <= most:
        line.settimeout(max(0.01, ends - time.monotonic()))
        try:
            data += line.read_some()
        except LineDropped:
            return data
    return data


def _read(octets: bytes, most: int) -> _Answer | None:
    head, end, body = octets.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = lines[0].split(" ")
    if not end or len(head) > _MOST_HEAD or len(body) > most:
        return None
    if not status[0].startswith("HTTP/1.") or len(status) < 2 or not status[1].isdecimal():
        return None
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    length = fields.get("content-length", "")
    if length.isdecimal() and len(body) < int(length[:10]):
        return None  # cut off in the middle
    return _Answer(int(status[1][:3]), fields.get("location", ""), body)
