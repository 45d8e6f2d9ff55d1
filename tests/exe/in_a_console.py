"""Run by the Python of Windows: starts a program from a new console, prints what then stands there.

The program inherits no streams, only the chance to ask for the console.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from ctypes import wintypes

COLUMNS, ROWS = 120, 200
READ_WRITE, SHARED, EXISTING = 0xC0000000, 3, 3


class _Place(ctypes.Structure):
    """COORD."""

    _fields_ = (("column", ctypes.c_short), ("row", ctypes.c_short))


def main(*command: str) -> None:
    kernel32 = ctypes.WinDLL("kernel32")
    kernel32.CreateFileW.restype = wintypes.HANDLE
    kernel32.FreeConsole()
    kernel32.AllocConsole()
    screen = wintypes.HANDLE(
        kernel32.CreateFileW("CONOUT$", READ_WRITE, SHARED, None, EXISTING, 0, None)
    )
    kernel32.SetConsoleScreenBufferSize(screen, _Place(COLUMNS, ROWS))
    code = subprocess.Popen(command, close_fds=True).wait(60)
    print(f"exit code {code}")
    for row in range(ROWS):
        line = ctypes.create_unicode_buffer(COLUMNS + 1)
        count = wintypes.DWORD()
        kernel32.ReadConsoleOutputCharacterW(
            screen, line, COLUMNS, _Place(0, row), ctypes.byref(count)
        )
        if text := line.value.rstrip():
            print(text)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main(*sys.argv[1:])
