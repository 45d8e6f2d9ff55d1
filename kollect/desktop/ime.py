"""The input method (IME) of Windows: off for numbers, hiragana for names, katakana for フリガナ.

Elsewhere, and where Windows has no Japanese IME, nothing happens. Knows nothing of Tk.
"""

from __future__ import annotations

import contextlib
import sys
from enum import Enum

_NATIVE, _KATAKANA, _FULL_WIDTH = 0x1, 0x2, 0x8
_KIND_OF_LETTERS = _NATIVE | _KATAKANA | _FULL_WIDTH
"""The other bits (typing by romaji or by kana keys) are the user's own."""


class InputMode(Enum):
    """What is going to be typed."""

    PLAIN = "plain"
    """Letters and digits in half width: the IME is off."""
    HIRAGANA = "hiragana"
    """To be turned into kanji."""
    KATAKANA = "katakana"


_MODES = {
    InputMode.HIRAGANA: _NATIVE | _FULL_WIDTH,
    InputMode.KATAKANA: _NATIVE | _KATAKANA | _FULL_WIDTH,
}


def set_input_mode(letters: InputMode) -> None:
    """Switch the IME of the window with the focus. In the thread of that window."""
    if sys.platform == "win32":
        # an IME that does not answer must not stop anybody from typing
        with contextlib.suppress(OSError, AttributeError):
            _switch(letters)


if sys.platform == "win32":

    def _switch(letters: InputMode) -> None:
        import ctypes
        from ctypes import wintypes

        user, imm = ctypes.WinDLL("user32"), ctypes.WinDLL("imm32")
        user.GetFocus.restype = wintypes.HWND
        imm.ImmGetContext.argtypes = (wintypes.HWND,)
        imm.ImmGetContext.restype = ctypes.c_void_p
        imm.ImmReleaseContext.argtypes = (wintypes.HWND, ctypes.c_void_p)
        imm.ImmSetOpenStatus.argtypes = (ctypes.c_void_p, wintypes.BOOL)
        word = ctypes.POINTER(wintypes.DWORD)
        imm.ImmGetConversionStatus.argtypes = (ctypes.c_void_p, word, word)
        imm.ImmSetConversionStatus.argtypes = (ctypes.c_void_p, wintypes.DWORD, wintypes.DWORD)
        # the focus of Windows is on Tk's toplevel, whichever of its fields has that of Tk
        window = user.GetFocus()
        context = imm.ImmGetContext(window) if window else None
        if not context:
            return
        try:
            imm.ImmSetOpenStatus(context, letters is not InputMode.PLAIN)
            if letters is InputMode.PLAIN:
                return
            mode, sentence = wintypes.DWORD(), wintypes.DWORD()
            if imm.ImmGetConversionStatus(context, ctypes.byref(mode), ctypes.byref(sentence)):
                wanted = mode.value & ~_KIND_OF_LETTERS | _MODES[letters]
                imm.ImmSetConversionStatus(context, wanted, sentence.value)
        finally:
            imm.ImmReleaseContext(window, context)
