"""Keeps small what the program takes of memory: for months nobody looks at its window.

glibc gives every thread a heap of its own, and keeps at hand what was freed (together 2 MB after
screens and polls); the heap of Windows needs no such help.
"""

from __future__ import annotations

import contextlib
import sys

_MOST_HEAPS = -8
"""M_ARENA_MAX of malloc.h."""


def share_heap() -> None:
    """From now on new threads share the heap of the others; they are not that many."""
    if sys.platform != "win32":
        import ctypes

        with contextlib.suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).mallopt(_MOST_HEAPS, 1)


def give_back() -> None:
    """Return what is free to the system, where it does not go there by itself."""
    if sys.platform != "win32":
        import ctypes

        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)
