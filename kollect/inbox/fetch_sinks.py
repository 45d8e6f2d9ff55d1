"""Sinks that see whether a mail was handed over: "OK" and nothing after it is no mail. Pure."""

from __future__ import annotations

import re
from typing import TypeGuard

from kollect.inbox.header_block import HeaderBlock
from kollect.inbox.mailbox import CommandRefused, Sink

_LINE_END = 2
"""A server or a filter may add or take the last one."""


_FROM = re.compile(rb"^From[ \t]*:", re.IGNORECASE | re.MULTILINE)
_WAY = re.compile(rb"^(?:Received|Date|Message-ID)[ \t]*:", re.IGNORECASE | re.MULTILINE)


def seems_whole(block: bytes | CommandRefused) -> TypeGuard[bytes]:
    """Whether a header has what every mail has that came over the internet. One that has not may
    be all there is of it; or it is what a server gave of it, with an end put to it."""
    return not isinstance(block, CommandRefused) and bool(
        _FROM.search(block) and _WAY.search(block)
    )


def falls_short(octets: int, announced: int) -> bool:
    """Nothing has come, or clearly less than the server had announced.

    The last quarter may be missing: some servers only estimate (Exchange), scanners take out.
    """
    return octets < max(1, announced * 3 // 4)


class Counting:
    """Passes everything on, and counts it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.octets = 0

    def write(self, data: bytes) -> int:
        self._sink.write(data)
        self.octets += len(data)
        return len(data)


class Head:
    """Keeps the header of a whole mail, and lets the rest go by."""

    def __init__(self) -> None:
        self._block = HeaderBlock()
        self._octets = 0
        self._has_text = False

    def write(self, data: bytes) -> int:
        self._block.feed(data)
        self._octets += len(data)
        self._has_text = self._has_text or not data.isspace()
        return len(data)

    def handed_over(self, announced: int) -> bytes | CommandRefused:
        """The header, where it has come to its end, or the whole mail has.

        A mail may be nothing but fields, or have none, or be nothing but line ends: but only where
        it has come as announced.
        """
        block = self._block.handed_over()
        if seems_whole(block):
            return block
        if not isinstance(block, CommandRefused) and not falls_short(self._octets, announced):
            return block
        complete = 0 < announced <= self._octets + _LINE_END
        if complete or (self._block.whole and self._has_text and not announced):
            return self._block.lines()
        return CommandRefused(f"{self._octets} octets of {announced}")
