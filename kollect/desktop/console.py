"""Where a command's words go. On Windows kollect.exe is a program with a window, and such a one is
started without a console: it has to ask for its caller's.

    kollect.exe results              into the console that it was typed in
    kollect.exe results | more       into the pipe, as UTF-8
    kollect.exe  (a double click)    nowhere, and no console opens

Knows nothing of what is said.
"""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TextIO


def connect() -> None:
    """Give `sys.stdout` and `sys.stderr` somewhere to go; no letter makes them fail."""
    if sys.platform == "win32":
        console = _CallersConsole()
        sys.stdout = _piped(sys.stdout) or console
        sys.stderr = _piped(sys.stderr) or console
        return
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _piped(stream: TextIO | None) -> TextIO | None:
    """The stream that Python has opened, if it leads anywhere."""
    if stream is None:
        return None
    if isinstance(stream, io.TextIOWrapper):
        # a console takes every letter by itself; into pipes and files Python would write code page
        # 932, which has no ✓, and which other programs do not expect
        stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    return stream


class _CallersConsole(io.TextIOBase):
    """The console of the program that started us, asked for only when there is something to say.

    A program that shares a console ends when that is closed: the window must not.
    """

    def __init__(self) -> None:
        self._asked = False
        self._stream: TextIO | None = None

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not self._asked:
            self._asked = True
            self._stream = _open_console()
        if self._stream is not None:
            with contextlib.suppress(OSError):  # the console has been closed
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.flush()


def _open_console() -> TextIO | None:
    if not _attach():
        return None
    with contextlib.suppress(OSError):
        # by this name Python writes in Unicode, whatever the console's code page
        return open("CONOUT$", "w", encoding="utf-8", errors="replace", buffering=1)
    return None


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes
    from pathlib import PureWindowsPath

    _SNAPSHOT_OF_PROCESSES = 2
    _INVALID = ctypes.c_void_p(-1).value

    class _Process(ctypes.Structure):
        """PROCESSENTRY32W."""

        _fields_ = (
            ("size", wintypes.DWORD),
            ("usage", wintypes.DWORD),
            ("pid", wintypes.DWORD),
            ("heap", ctypes.c_void_p),
            ("module", wintypes.DWORD),
            ("threads", wintypes.DWORD),
            ("parent", wintypes.DWORD),
            ("priority", wintypes.LONG),
            ("flags", wintypes.DWORD),
            ("name", wintypes.WCHAR * 260),
        )

    def _kernel32() -> ctypes.WinDLL:
        return ctypes.WinDLL("kernel32")  # other packages declare things in the common one

    def _attach() -> bool:
        """Share the console of our caller, if it has one."""
        return bool(_kernel32().AttachConsole(_caller()))

    def _caller() -> int:
        """The process that started us: the .exe is two, of which the first only unpacks it."""
        processes = _processes()
        pid: int = _kernel32().GetCurrentProcessId()
        own = PureWindowsPath(sys.executable).name.lower()
        while (process := processes.pop(pid, None)) and process.name.lower() == own:
            pid = process.parent
        return pid

    def _processes() -> dict[int, _Process]:
        kernel = _kernel32()
        kernel.CreateToolhelp32Snapshot.restype = wintypes.HANDLE
        snapshot = wintypes.HANDLE(kernel.CreateToolhelp32Snapshot(_SNAPSHOT_OF_PROCESSES, 0))
        if snapshot.value == _INVALID:
            return {}
        found = {}
        process = _Process(size=ctypes.sizeof(_Process))
        more = kernel.Process32FirstW(snapshot, ctypes.byref(process))
        while more:
            found[process.pid] = process
            process = _Process(size=ctypes.sizeof(_Process))
            more = kernel.Process32NextW(snapshot, ctypes.byref(process))
        kernel.CloseHandle(snapshot)
        return found

else:

    def _attach() -> bool:
        return False
