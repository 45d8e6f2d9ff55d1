"""Sharp letters on screens with a high resolution. Knows nothing of Tk."""

from __future__ import annotations

import contextlib
import sys

_SYSTEM_AWARE = 1
"""Windows gives us real pixels, measured for the main screen. Tk 8.6 follows no later change."""


def enable_dpi_awareness() -> None:
    """Ask Windows for real pixels. Must run before Tk starts; elsewhere there is nothing to do."""
    if sys.platform != "win32":
        return
    import ctypes

    # Windows 7 has no shcore; a manifest or an earlier call that decided already is no harm either
    with contextlib.suppress(OSError, AttributeError):
        ctypes.windll.shcore.SetProcessDpiAwareness(_SYSTEM_AWARE)
    # without an id of its own the taskbar shows the window under Python's icon
    with contextlib.suppress(OSError, AttributeError):
        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID("Kollect.Kollect")
