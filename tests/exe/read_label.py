"""Reads a label of kollect.exe that xdotool sees as pixels only: in the memory of its process."""

from __future__ import annotations

import contextlib
import re
import time

from tests.exe.wine import Stick

_ONE = rb"(?:[0-9]\x00){1,2}"
_ASKED = re.compile(
    _ONE
    + (re.escape("、".encode("utf-16-le")) + _ONE) * 3
    + re.escape(" 文字目".encode("utf-16-le"))
)
_LONGEST = 64 << 20
"""Octets of one piece of memory; what is larger is no heap of Python's."""

Places = tuple[int, ...]


def places_said(stick: Stick) -> set[Places]:
    """All that the program has ever asked for: 「3、9、14、22 文字目」."""
    found: set[Places] = set()
    for process in stick.processes():
        with contextlib.suppress(OSError), open(f"/proc/{process.pid}/mem", "rb", 0) as memory:
            for first, size in _written_pieces(process.pid):
                with contextlib.suppress(OSError):
                    memory.seek(first)
                    for one in _ASKED.findall(memory.read(size)):
                        text = one.decode("utf-16-le").removesuffix(" 文字目")
                        found.add(tuple(map(int, text.split("、"))))
    return found


def places_asked(stick: Stick, before: set[Places], seconds: float = 30) -> Places:
    """Those that were not there `before` the dialog was opened."""
    ends = time.monotonic() + seconds
    while not (new := places_said(stick) - before):
        assert time.monotonic() < ends, "nothing is asked for"
        time.sleep(0.2)
    (asked,) = new
    return asked


def _written_pieces(pid: int) -> list[tuple[int, int]]:
    pieces = []
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            place, rights, *_ = line.split()
            first, last = (int(end, 16) for end in place.split("-"))
            if rights.startswith("rw") and last - first <= _LONGEST:
                pieces.append((first, last - first))
    return pieces
