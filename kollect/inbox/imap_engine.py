"""The IMAP library's protocol engine on a `connection.Line`, with bounds on what it takes in."""

from __future__ import annotations

import imaplib
import socket
from typing import TYPE_CHECKING, cast

from kollect.errors import ServerTrouble
from kollect.inbox.idle_states import Arrivals
from kollect.inbox.slow_answer import SlowAnswerGuard
from kollect.net.connection import Line

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LONGEST_LINE = 256 * 1024
LONGEST_SEARCH = 2 * 1024 * 1024
"""A SEARCH names every mail in one line."""
_MOST_LINES = 1024 * 1024
"""Octets of lines in the answer to one command. The library makes twenty times as much of them."""
_PER_LINE = 64
_LARGEST_LITERALS = 16 * 1024 * 1024
"""Octets of literals in the answer to one command: four times what is ever asked for. The library
holds them whole."""


class Engine(imaplib.IMAP4):
    """The library's protocol engine, reading and writing through a Line.

    What one command may be answered with is bounded: the library would take any number of octets.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self.arrivals = Arrivals()
        self.longest_line = LONGEST_LINE
        self.passed_over = b""
        """The tag of a command, not one of the library's, whose end is still to come."""
        self._begin_answer()
        super().__init__()

    def _begin_answer(self) -> None:
        self._pace = SlowAnswerGuard(self._line)
        self._lines_left = _MOST_LINES + self.longest_line
        self._literals_left = _LARGEST_LITERALS

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        # a socket as far as IMAPClient goes, which sets the time-out by it
        self.sock = cast(socket.socket, self._line)

    def read(self, size: int) -> bytes:
        self._literals_left -= size
        if self._literals_left < 0:
            raise self._endless(f"a literal of {size} octets")
        found = bytearray()
        while len(found) < size:
            piece = self._line.read_some(size - len(found))
            self._pace.count(len(piece))
            found += piece
        return bytes(found)

    def readline(self) -> bytes:
        line = self._line.readline(self.longest_line + 1)
        self._lines_left -= len(line) + _PER_LINE
        if len(line) > self.longest_line == LONGEST_SEARCH:
            line = line.rpartition(b" ")[0]  # the last number is not whole
        elif len(line) > self.longest_line or self._lines_left < 0:
            raise self._endless("lines without an end")
        self._pace.count(len(line))
        if self.passed_over and line.startswith(self.passed_over + b" "):
            self.passed_over = b""
            self.arrivals.listed()  # what was told of until then, the command behind it will find
            return self.readline()
        self.arrivals.hear(line)
        return line + b"\r\n"

    def _endless(self, what: str) -> ServerTrouble:
        return self._line.peer.malformed_error(self._line.stage, what.encode())

    def send(self, data: ReadableBuffer) -> None:
        self._line.send(data)
        self._begin_answer()

    def shutdown(self) -> None:
        self._line.close()
