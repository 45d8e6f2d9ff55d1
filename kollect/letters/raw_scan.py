"""What must be known of a raw mail before it can be attached to another, found while it streams by.

Knows nothing of MIME. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_LINE = 998
"""Octets without the CRLF, RFC 5321 section 4.5.3.1.6."""


@dataclass(frozen=True, slots=True)
class RawTraits:
    """How a raw mail may travel."""

    size: int
    eight_bit: bool
    """Has octets over 127."""
    binary: bool
    """Has a NUL, a CR or LF by itself, or a line over 998 octets: cannot travel as it is."""

    @staticmethod
    def of(chunks: Iterable[bytes]) -> RawTraits:
        """The traits of a mail that comes in pieces."""
        scan = Scan()
        for chunk in chunks:
            scan.feed(chunk)
        return scan.traits


class Scan:
    """Reads a raw mail piece by piece; keeps nothing of it but its traits."""

    def __init__(self) -> None:
        self._size = 0
        self._eight_bit = False
        self._binary = False
        self._line = 0
        """Octets of the line under way, its CR included."""
        self._after_cr = False

    def feed(self, chunk: bytes) -> None:
        """The next piece, of any length."""
        if not chunk:
            return
        self._size += len(chunk)
        self._eight_bit = self._eight_bit or not chunk.isascii()
        self._binary = self._binary or b"\0" in chunk or self._bare(chunk) or self._long(chunk)
        self._after_cr = chunk.endswith(b"\r")

    def _bare(self, chunk: bytes) -> bool:
        if self._after_cr and not chunk.startswith(b"\n"):
            return True
        pairs = chunk.count(b"\r\n")
        joined = self._after_cr  # the CR of the piece before belongs to the LF of this one
        open_end = chunk.endswith(b"\r")
        return chunk.count(b"\n") != pairs + joined or chunk.count(b"\r") != pairs + open_end

    def _long(self, chunk: bytes) -> bool:
        lengths = [len(line) for line in chunk.split(b"\n")]
        lengths[0] += self._line
        self._line = lengths[-1]
        return max(lengths) > LONGEST_LINE + 1

    @property
    def traits(self) -> RawTraits:
        """What was found so far; of a whole mail, once all of it was fed."""
        unfinished = self._after_cr or self._line > LONGEST_LINE
        return RawTraits(self._size, self._eight_bit, self._binary or unfinished)
