"""How the kanji were typed that the input method of Windows has just put in.

Windows tells it with the message by which the text comes, and only while that is handled. So the
messages of the window pass through here, for as long as a field wants to know. Whatever goes wrong,
they go on to Tk, and nothing is known. Elsewhere nothing ever is. Knows nothing of Tk.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from itertools import pairwise

log = logging.getLogger(__name__)

Clause = tuple[str, str]
"""A piece of text as it was put in, and its reading."""


class ReadingCapture:
    """Collects the readings of one window, between `start` and `stop`. In that window's thread."""

    def __init__(self) -> None:
        self._window = 0
        self._clauses: list[Clause] = []

    def start(self) -> None:
        """Listen to the window with the focus."""
        self.stop()
        self._clauses.clear()
        if sys.platform == "win32":
            try:
                self._window = _listen(self._clauses)
            except (OSError, AttributeError, ValueError) as error:
                log.debug("the readings of the input method cannot be had: %r", error)

    def stop(self) -> None:
        window, self._window = self._window, 0
        if sys.platform == "win32" and window:
            _leave(window)

    def take(self) -> list[Clause]:
        """What has been put in since the last time, in the order in which it came."""
        taken = self._clauses[:]
        self._clauses.clear()
        return taken


def clauses(
    text: str, text_ends: Sequence[int], reading: str, reading_ends: Sequence[int]
) -> list[Clause]:
    """The text clause by clause, each with its reading; as one where the two do not match.

    `…_ends` are the places in the text where clauses end, as Windows tells them: 0 comes first.
    """
    if not (text and reading):
        return []
    whole = len(text_ends) == len(reading_ends) >= 2
    if not whole or (text_ends[-1], reading_ends[-1]) != (len(text), len(reading)):
        return [(text, reading)]
    return list(zip(_cut(text, text_ends), _cut(reading, reading_ends), strict=True))


def _cut(text: str, ends: Sequence[int]) -> list[str]:
    return [text[begin:end] for begin, end in pairwise(ends)]


if sys.platform == "win32":
    import ctypes
    import functools
    from ctypes import wintypes
    from typing import Any

    _COMPOSITION, _WINDOW_ENDS = 0x010F, 0x0082  # WM_IME_COMPOSITION, WM_NCDESTROY
    _READING, _READING_CLAUSES, _TEXT, _TEXT_CLAUSES = 0x0200, 0x0400, 0x0800, 0x1000
    _LONGEST = 4096
    """Octets of a text or of its clauses; what is longer is no name."""
    _OURS = 0x4B4F4C  # tells our procedure from those of others
    _PROCEDURE = ctypes.WINFUNCTYPE(
        *(ctypes.c_ssize_t, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM),
        *(ctypes.c_size_t, ctypes.c_size_t),
    )
    _listeners: dict[int, list[Clause]] = {}
    """Where the clauses of each window go."""

    @functools.cache
    def _libraries() -> tuple[Any, Any, Any]:
        user, imm = ctypes.WinDLL("user32"), ctypes.WinDLL("imm32")
        shell = ctypes.WinDLL("comctl32")
        user.GetFocus.restype = wintypes.HWND
        imm.ImmGetContext.argtypes = (wintypes.HWND,)
        imm.ImmGetContext.restype = ctypes.c_void_p
        imm.ImmReleaseContext.argtypes = (wintypes.HWND, ctypes.c_void_p)
        imm.ImmGetCompositionStringW.restype = wintypes.LONG
        imm.ImmGetCompositionStringW.argtypes = (
            *(ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD),
        )
        whose = (wintypes.HWND, _PROCEDURE, ctypes.c_size_t)
        shell.SetWindowSubclass.argtypes = (*whose, ctypes.c_size_t)
        shell.RemoveWindowSubclass.argtypes = whose
        shell.DefSubclassProc.restype = ctypes.c_ssize_t
        shell.DefSubclassProc.argtypes = (
            *(wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM),
        )
        return user, imm, shell

    def _listen(into: list[Clause]) -> int:
        """Returns the window; 0 where there is none. Raises OSError, AttributeError."""
        user, _, shell = _libraries()
        window = user.GetFocus() or 0
        if window and not shell.SetWindowSubclass(window, _procedure, _OURS, 0):
            return 0
        if window:
            _listeners[window] = into
        return window

    def _leave(window: int) -> None:
        _listeners.pop(window, None)
        _libraries()[2].RemoveWindowSubclass(window, _procedure, _OURS)

    def _note(window: int, what: int) -> None:
        into = _listeners.get(window)
        if into is None or not what & _TEXT:
            return
        _, imm, _ = _libraries()
        context = imm.ImmGetContext(window)
        if not context:
            return
        try:
            text = _part(imm, context, _TEXT).decode("utf-16-le", "replace")
            reading = _part(imm, context, _READING).decode("utf-16-le", "replace")
            ends = (_places(_part(imm, context, of)) for of in (_TEXT_CLAUSES, _READING_CLAUSES))
            into += clauses(text, next(ends), reading, next(ends))
        finally:
            imm.ImmReleaseContext(window, context)

    def _part(imm: Any, context: int, which: int) -> bytes:
        size = imm.ImmGetCompositionStringW(context, which, None, 0)
        if not 0 < size <= _LONGEST:  # negative: an error, or an input method that has it not
            return b""
        buffer = ctypes.create_string_buffer(size)
        size = min(size, imm.ImmGetCompositionStringW(context, which, buffer, size))
        return buffer.raw[: max(0, size)]

    def _places(octets: bytes) -> list[int]:
        return [
            int.from_bytes(octets[at : at + 4], "little")
            for at in range(0, len(octets) // 4 * 4, 4)
        ]

    @_PROCEDURE
    def _procedure(
        window: int, message: int, wparam: int, lparam: int, identity: int, reference: int
    ) -> int:
        try:
            if message == _COMPOSITION:
                _note(window, lparam)
            elif message == _WINDOW_ENDS:
                _leave(window)
        except BaseException as error:
            # nothing may be raised into Windows, and the text has to reach its field
            log.debug("the reading of an input is lost: %r", error)
        return int(_libraries()[2].DefSubclassProc(window, message, wparam, lparam))
