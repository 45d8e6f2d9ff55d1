"""What a server says it can do, in its answer to EHLO. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LEAST = 64 * 1024
"""Octets that every server takes (RFC 5321 section 4.5.3.1.7); who says less says nonsense, and no
customer's number may be lost by that."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The extensions (RFC 5321 section 2.2) that matter here; none of them by default."""

    pipelining: bool = False
    chunking: bool = False
    eight_bit: bool = False
    """8BITMIME"""
    utf8: bool = False
    """SMTPUTF8"""
    starttls: bool = False
    size: bool = False
    largest: int = 0
    """Octets of the largest letter taken; 0 where it is not said, or is no number that can be."""
    auth: frozenset[str] = frozenset()

    @staticmethod
    def read(lines: Iterable[str]) -> Capabilities:
        """The lines of the answer to EHLO, without the code and without the first one."""
        words = [line.upper().replace("AUTH=", "AUTH ").split() for line in lines]
        names = {line[0] for line in words if line}
        auth = {name for line in words if line and line[0] == "AUTH" for name in line[1:]}
        sizes = [line[1] for line in words if len(line) > 1 and line[0] == "SIZE"]
        said = bool(sizes) and re.fullmatch(r"[0-9]{1,18}", sizes[0]) is not None
        largest = int(sizes[0]) if said else 0
        return Capabilities(
            pipelining="PIPELINING" in names,
            chunking="CHUNKING" in names,
            eight_bit="8BITMIME" in names,
            utf8="SMTPUTF8" in names,
            starttls="STARTTLS" in names,
            size="SIZE" in names,
            largest=largest if largest >= _LEAST else 0,
            auth=frozenset(auth),
        )
