"""Gives memory back that the program has freed: for months nobody looks at its window.

glibc keeps what was freed at hand for the next request (1 MB and more after screens and polls);
the heap of Windows returns it by itself.
"""

from __future__ import annotations

import contextlib
import sys


def give_back() -> None:
    """Return what is free to the system, where it does not go there by itself."""
    if sys.platform == "win32":
        return
    import ctypes

    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
