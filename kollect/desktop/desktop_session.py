"""The desktop this program is on: several users may be logged in to one PC, each with a desktop."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Desktop:
    user: str
    session: str
    """Windows' number of the session, or the display; "" where there is none."""


def desktop() -> Desktop:
    """The one whose user would see a window of ours."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        user = ""
    return Desktop(user, _session())


if sys.platform == "win32":
    import ctypes

    def _session() -> str:
        number = ctypes.c_ulong()
        asked = ctypes.windll.kernel32.ProcessIdToSessionId(os.getpid(), ctypes.byref(number))
        return str(number.value) if asked else ""

else:

    def _session() -> str:
        if wayland := os.environ.get("WAYLAND_DISPLAY"):
            return wayland
        host, colon, numbers = os.environ.get("DISPLAY", "").rpartition(":")
        return host + colon + numbers.partition(".")[0]  # :0.0 is a part of :0
