"""Whether Windows shows high contrast (設定 ▸ アクセシビリティ ▸ コントラスト テーマ)."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_SPI_GETHIGHCONTRAST = 0x0042
_HCF_HIGHCONTRASTON = 0x00000001


class HighContrast(ctypes.Structure):
    """HIGHCONTRASTW of winuser.h."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("scheme", ctypes.c_void_p),  # Windows' own memory: not read, not freed
    )


Ask = Callable[[int, int, HighContrast], bool]
"""SystemParametersInfoW: action, size, what is filled in. False where Windows knows it not."""


def is_on(ask: Ask | None = None) -> bool:
    """Whether the user has chosen it. False where there is no Windows, or it gives no answer."""
    if ask is None:
        if sys.platform != "win32":
            return False
        ask = _ask_windows
    told = HighContrast(size=ctypes.sizeof(HighContrast))
    try:
        answered = ask(_SPI_GETHIGHCONTRAST, told.size, told)
    except (OSError, AttributeError):
        return False
    return answered and bool(told.flags & _HCF_HIGHCONTRASTON)


def _ask_windows(action: int, size: int, told: HighContrast) -> bool:
    if sys.platform != "win32":
        return False
    return bool(ctypes.windll.user32.SystemParametersInfoW(action, size, ctypes.byref(told), 0))
