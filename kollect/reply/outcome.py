"""A letter on its way out, and how that ended. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Ending(StrEnum):
    """Every sending ends in one of these; unknown means later, once."""

    ACCEPTED = "accepted"
    """The server's 250 after the whole letter."""
    REFUSED = "refused"
    """Refused for good for this recipient or this letter (5xx)."""
    LATER = "later"
    """Not taken now (4xx, line lost before the letter was complete, server trouble)."""
    UNKNOWN = "unknown"
    """The letter was complete, no answer came: the server may have it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one recipient, complete but for the SMTP dialogue."""

    key: int
    """The caller's name for it; comes back in the outcome."""
    recipient: str
    """The address as its owner wrote it; no checks are left to do but the server's."""
    head: bytes
    """The letter, lines ended by CRLF; where `file` is set, the part before it."""
    file: Path | None = None
    """A raw mail on disk that follows `head` unchanged (lines ended by CRLF, none over 998 octets)."""
    file_size: int = 0
    tail: bytes = b""
    careful: bool = False
    """Sent alone, in the plain dialogue: it ended in UNKNOWN before."""
    eight_bit: bool = False
    """Has octets over 127: needs 8BITMIME (RFC 6152)."""

    @property
    def size(self) -> int:
        return len(self.head) + self.file_size + len(self.tail)

    def chunks(self, most: int = 65536) -> Iterator[bytes]:
        """The octets in order, at most `most` at a time. Raises OSError where the file is gone."""
        if self.file is None:
            yield self.head
            return
        yield self.head
        with self.file.open("rb") as raw:
            while piece := raw.read(most):
                yield piece
        yield self.tail


@dataclass(frozen=True, slots=True)
class Outcome:
    key: int
    ending: Ending
    code: int = 0
    """The server's three digits; 0 where there was no answer."""
    text: str = ""
    """The server's own words or what went wrong, one line."""
