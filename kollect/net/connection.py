"""One TCP or TLS line to a mail server, on which every wait is bounded.

All that can go wrong on the way to a server and on the line is translated here, once, into words
for the person who reads it. Knows nothing of POP3, IMAP or SMTP but that they speak in lines of
text.
"""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from kollect.errors import LineDropped, ServerTrouble, Stage
from kollect.mail.foreign_text import LONGEST, cut, visible
from kollect.net.dial import dial
from kollect.net.server_errors import RECEIVING_ROLE, SENDING_ROLE, Peer
from kollect.net.tls import Trust, tls_handshake
from kollect.settings.login_secrets import LoginSecrets
from kollect.settings.model import Receive, Security, Tls

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["RECEIVING_ROLE", "SENDING_ROLE", "Line", "Trust"]

Trace = Callable[[Stage], None]

_CHUNK = 65536
_SHORT, _MOST_SHOWN = 100, 32
"""Words of so many characters are remembered, and so many of them."""
_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10))
"""Seconds, by the names that a system may have for them or not."""


class Selectable(Protocol):
    """A socket, or what stands for one."""

    def fileno(self) -> int: ...


def _no_trace(stage: Stage) -> None:
    pass


class Line:
    """A line to one server, in the clear or encrypted. Used by one thread at a time.

    Reading and sending raise `errors.LineTimeout` and `errors.LineDropped`; after either, only
    `abort` makes sense. `stage` says what the line is used for at the moment, and goes into those
    troubles.
    """

    def __init__(self, sock: socket.socket, peer: Peer, trust: Trust, *, timeout: float) -> None:
        self.peer = peer
        self.stage = Stage.CONNECT
        self._sock = sock
        self._trust = trust
        self._timeout = timeout
        self._buffer = bytearray()
        self._heard = False
        self._ended = False
        self._secrets = LoginSecrets()
        self._shown: dict[tuple[str, int], str] = {}
        """What `shown` has made of short words, with the secrets of now."""

    @classmethod
    def open(
        cls,
        role: str,
        host: str,
        port: int,
        *,
        timeout: float,
        tls: bool,
        trust: Trust,
        trace: Trace | None = None,
        has_worked: bool = False,
    ) -> Line:
        """Open a line, encrypted from the start with `tls`. `trace` is told each step as it begins.
        `has_worked`: a session was opened before, with the same settings.

        Opening takes at most `timeout` seconds for connecting and as many for the handshake.
        Raises ServerTrouble or CertificateTrouble.
        """
        trace = trace or _no_trace
        peer = Peer(role, host.strip(), port, has_worked)
        line = cls(dial(peer, timeout, trace), peer, trust, timeout=timeout)
        if tls:
            line._encrypt(lambda: dial(peer, timeout, _no_trace), trace)
        return line

    @classmethod
    def to_receiving_server(
        cls, receive: Receive, tls: Tls, password: str, trace: Trace, *, has_worked: bool
    ) -> Line:
        """As `open`, as the settings say; what it shows of the conversation has no login in it."""
        line = cls.open(
            RECEIVING_ROLE,
            receive.host,
            receive.port,
            timeout=receive.timeout_seconds,
            tls=receive.security is Security.SSL,
            trust=Trust.of(tls),
            trace=trace,
            has_worked=has_worked,
        )
        line.hide_login(receive.account, password)
        return line

    def start_tls(self, *, prelude: Callable[[Line], None], trace: Trace | None = None) -> None:
        """Encrypt this line, the server having just agreed to it (STLS, STARTTLS).

        `prelude` brings a fresh line in the clear to this same point, from the greeting to the
        server's consent; it is called only where a second handshake is needed (a certificate to be
        shown or pinned).
        """

        def again() -> socket.socket:
            sock = dial(self.peer, self._timeout, _no_trace)
            fresh = Line(sock, self.peer, self._trust, timeout=self._timeout)
            try:
                prelude(fresh)
                sock.settimeout(self._timeout)
            except BaseException:
                fresh.abort()
                raise
            return sock

        if self.has_buffered():
            # Whoever sits on the line could have answers believed to have come encrypted.
            self.abort()
            raise self.peer.injection_error()
        self._sock.settimeout(self._timeout)
        self._encrypt(again, trace or _no_trace)

    def _encrypt(self, again: Callable[[], socket.socket], trace: Trace) -> None:
        self._sock = tls_handshake(self._sock, self.peer, self._trust, again=again, trace=trace)
        self._heard = False

    @property
    def encrypted(self) -> bool:
        return isinstance(self._sock, ssl.SSLSocket)

    @property
    def loopback(self) -> bool:
        """The other end is this same machine: nobody can listen in between."""
        try:
            address = ipaddress.ip_address(self._sock.getpeername()[0].partition("%")[0])
        except (OSError, ValueError):
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback

    @property
    def local_address(self) -> str:
        """The IP address of this end; "" where the line is gone."""
        try:
            address: str = self._sock.getsockname()[0]
        except OSError:
            return ""
        return address.partition("%")[0]

    def hide_login(self, account: str, password: str) -> None:
        """From here on `shown` leaves out this login; to be called before anything is read."""
        self._shown.clear()
        self._secrets.add_login(account, password)

    def hide_digest(self, digest: str) -> None:
        """As `hide_login`, for what was made of the password for this login alone."""
        self._shown.clear()
        self._secrets.add_digest(digest)

    def shown(self, words: str | bytes, most: int = 500) -> str:
        """The server's words as they may be shown or written down: one line, nothing that
        commands a terminal, nothing of what was sent for the login.
        """
        if not isinstance(words, str):
            words = words[:LONGEST].decode("utf-8", "replace")
        if (words, most) in self._shown:  # "2.1.0 Ok" comes a thousand times
            return self._shown[words, most]
        shown = cut(self._secrets.without(visible(words)), most)
        if len(words) <= _SHORT:
            if len(self._shown) >= _MOST_SHOWN:
                self._shown.clear()
            self._shown[words, most] = shown
        return shown

    def malformed_error(self, answer: bytes) -> ServerTrouble:
        """Something answers, but not in the language that was expected."""
        trouble = self.peer.malformed_error(self.stage, answer)
        if not isinstance(trouble, LineDropped):
            trouble.detail = self.shown(answer, 200) or trouble.detail
        return trouble

    @property
    def timeout(self) -> float:
        """Seconds that one send or one read may take."""
        return self._timeout

    def settimeout(self, seconds: float) -> None:
        """Change how long one send or one read may take from now on."""
        self._timeout = seconds

    def fileno(self) -> int:
        return self._sock.fileno()

    def keep_alive(self) -> None:
        """From here on the line may be quiet for long: have the system ask the other end once a
        minute whether it is still there."""
        for name, seconds in _KEEPALIVE:
            with contextlib.suppress(OSError, AttributeError):
                self._sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)

    def send(self, data: ReadableBuffer) -> None:
        """Hand all of `data` to the system."""
        try:
            self._sock.settimeout(self._timeout)
            self._sock.sendall(data)
        except (OSError, ValueError) as failure:
            raise self._lost(failure) from failure

    def readline(self, limit: int = 65536) -> bytes:
        """The next line without its end (CRLF or LF); of a longer one the first `limit` bytes.

        The whole line must come within `timeout` seconds.
        """
        deadline = time.monotonic() + self._timeout
        line, whole = self._take_line(limit)
        while not whole:
            self._receive(deadline - time.monotonic())
            more, whole = self._take_line(max(0, limit - len(line)))
            line += more
        return line[:-1] if line.endswith(b"\r") else line

    def _take_line(self, limit: int) -> tuple[bytes, bool]:
        """What the buffer has of the line, and whether its end was there. Room for a CR is left."""
        end = self._buffer.find(b"\n")
        if end >= 0:
            line = bytes(self._buffer[: min(end, limit)])
            del self._buffer[: end + 1]
            return line, True
        if len(self._buffer) <= limit:
            return b"", False
        line = bytes(self._buffer[:limit])
        self._buffer.clear()
        return line, False

    def read_some(self, most: int = _CHUNK) -> bytes:
        """The next bytes, at least one, as soon as there are any."""
        if not self._buffer:
            self._receive(self._timeout)
        if len(self._buffer) <= most:
            data = bytes(self._buffer)
            self._buffer.clear()
        else:
            data = bytes(self._buffer[:most])
            del self._buffer[:most]
        return data

    def unread(self, data: bytes) -> None:
        """Put back what was read too far; the next read gives it again."""
        self._buffer[:0] = data

    def _receive(self, seconds: float) -> None:
        """Add what comes within `seconds` to the buffer."""
        if self._ended:
            raise self._lost(None)
        try:
            if seconds <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(seconds)
            data = self._sock.recv(_CHUNK)
        except (OSError, ValueError) as failure:
            raise self._lost(failure) from failure
        if not data:
            self._ended = True
            raise self._lost(None)
        self._buffer += data
        self._heard = True

    def has_buffered(self) -> bool:
        """Bytes have come that the system no longer knows of: select would not tell."""
        sock = self._sock
        return bool(self._buffer) or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)

    def wait_readable(self, seconds: float) -> bool:
        """Wait until reading would not block: there are bytes, or the line is lost.

        False: not within `seconds`.
        """
        return self._wait_for(self.has_buffered, seconds)

    def wait_line(self, seconds: float, wake: Selectable | None = None) -> bool:
        """Wait until `readline` would not block: a whole line is there, or the line is lost.

        False: not within `seconds`, or `wake` has become readable first.
        """
        return self._wait_for(self._has_line, seconds, wake)

    def _has_line(self) -> bool:
        return b"\n" in self._buffer or len(self._buffer) > _CHUNK

    def _wait_for(
        self, there: Callable[[], bool], seconds: float, wake: Selectable | None = None
    ) -> bool:
        deadline = time.monotonic() + seconds
        watched: list[Selectable] = [self._sock] if wake is None else [self._sock, wake]
        while not there() and not self._ended:
            left = max(0.0, deadline - time.monotonic())
            sock = self._sock
            try:
                if not (isinstance(sock, ssl.SSLSocket) and sock.pending()):
                    readable = select.select(watched, [], [], left)[0]
                    if not readable or wake in readable:
                        return False
                sock.settimeout(0)
                data = sock.recv(_CHUNK)
            except (ssl.SSLWantReadError, BlockingIOError):
                continue  # a record of TLS itself (a session ticket), or half of one
            except (OSError, ValueError):
                return True  # the next read says what happened
            if not data:
                self._ended = True
            self._buffer += data
            self._heard = self._heard or bool(data)
        return True

    def close(self) -> None:
        """Close in good order, without waiting for the other side. Never raises."""
        if isinstance(self._sock, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self._sock.settimeout(0)
                self._sock.unwrap()
        self.abort()

    def abort(self) -> None:
        """Drop the line at once. Never raises."""
        with contextlib.suppress(OSError):
            self._sock.close()

    @contextlib.contextmanager
    def aborted_on_failure(self) -> Iterator[None]:
        """While a session is begun: whatever goes wrong, no line is left, and no secret is told."""
        try:
            yield
        except BaseException as failure:
            self.abort()
            if isinstance(failure, ServerTrouble):
                failure.detail = self.shown(failure.detail)
            raise

    def _lost(self, failure: Exception | None) -> ServerTrouble:
        if isinstance(failure, TimeoutError):
            return self.peer.timeout_error(self.stage, failure, heard=self._heard)
        words = bytes(self._buffer[:16])
        return self.peer.dropped_error(self.stage, failure, heard=self._heard, last_words=words)
