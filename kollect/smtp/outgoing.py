"""A letter on its way out, and how that ended. Values only; one letter may stream from a file."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Literal, Protocol


class DeliveryStatus(StrEnum):
    """Every sending ends in one of these. UNKNOWN is tried again, but only once."""

    ACCEPTED = "accepted"
    """The server's 250 after the whole letter."""
    REFUSED = "refused"
    """Refused for good for this recipient or this letter (5xx)."""
    LATER = "later"
    """Not taken now (4xx, line lost before the letter was complete, server trouble)."""
    DOUBTED = "doubted"
    """Refused (5xx) in words that may be about the shop, the hour or the text: it waits."""
    UNKNOWN = "unknown"
    """The letter was complete, no answer came: the server may have it."""


def _always() -> bool:
    return True


class RawFile(Protocol):
    """A raw mail, wherever it lies."""

    @property
    def name(self) -> str: ...

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Raises OSError, and so does reading."""


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One letter to one recipient, complete but for the SMTP dialogue."""

    key: int
    """The caller's name for it; comes back in the outcome."""
    recipient: str
    """The address as its owner wrote it; no checks are left to do but the server's."""
    head: bytes
    """The letter, lines ended by CRLF; where `file` is set, the part before it."""
    file: RawFile | None = None
    """A raw mail on disk that follows `head`: unchanged (lines ended by CRLF, none over 998
    octets) or, with `file_base64`, as base64.
    """
    file_size: int = 0
    """Octets of the file as it lies on disk."""
    file_base64: bool = False
    tail: bytes = b""
    send_alone: bool = False
    """Sent alone, in the plain dialogue: it ended in UNKNOWN before."""
    eight_bit: bool = False
    """Has octets over 127: needs 8BITMIME (RFC 6152)."""
    seven_bit: OutgoingMail | None = None
    """The same letter without such octets, for a server that has no 8BITMIME."""
    still_allowed: Callable[[], bool] = field(default=_always, compare=False, repr=False)
    """Asked in the instant before each MAIL: no ends the letter without an outcome. Whoever says no
    has written down why: somebody who is not to get it any more, a mailing called off.
    """

    @property
    def size(self) -> int:
        """Octets of the whole letter as it is sent."""
        size = self.file_size
        if self.file_base64:
            lines, rest = divmod(size, _PER_LINE)
            size = lines * (_PER_LINE * 4 // 3 + 2) + (rest and (rest + 2) // 3 * 4 + 2)
        return len(self.head) + size + len(self.tail)

    def chunks(self, most: int = 65536) -> Iterator[bytes]:
        """The octets in order, about `most` at a time.

        Raises OSError where the file is gone, cannot be read, or is not as long as it was.
        """
        yield self.head
        if self.file is None:
            return
        left = self.file_size
        step = most // 78 * _PER_LINE if self.file_base64 else most
        with self.file.open("rb") as raw:
            while piece := raw.read(step):
                left -= len(piece)
                if left < 0:
                    break
                yield _as_base64(piece) if self.file_base64 else piece
        if left:
            raise OSError(f"{self.file.name} changed its size")
        yield self.tail


_PER_LINE = 57
"""Octets that make a base64 line of 76 characters."""


def _as_base64(piece: bytes) -> bytes:
    return base64.encodebytes(piece).replace(b"\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class Outcome:
    key: int
    status: DeliveryStatus
    code: int = 0
    """The server's three digits; 0 where there was no answer."""
    text: str = ""
    """The server's own words or what went wrong, one line."""
    tried: bool = True
    """False: it came back as it was, for a trouble that is not its own."""
    ours: bool = False
    """Not taken for what the shop's account or settings are."""
    place: int = 0
    """It was the letter with this number that was begun, counted over all of one client."""
    begun: int = 0
    """So many were begun when this was heard."""

    def heard(self, place: int, begun: int) -> Outcome:
        """The same, with when it was."""
        return Outcome(
            self.key, self.status, self.code, self.text, self.tried, self.ours, place, begun
        )
