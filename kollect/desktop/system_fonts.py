"""Which of the installed fonts shows Japanese best. Knows the names, not the sizes."""

from __future__ import annotations

import sys
from collections.abc import Collection

_WINDOWS = ("Yu Gothic UI", "Meiryo UI", "Meiryo", "MS UI Gothic")
_WINDOWS_FIXED = ("BIZ UDGothic", "MS Gothic")
_OTHERS = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "IPAexGothic",
    "IPAPGothic",
    "IPAGothic",
    "TakaoPGothic",
    "VL PGothic",
)
_OTHERS_FIXED = ("Noto Sans Mono CJK JP", "IPAGothic", "TakaoGothic", "VL Gothic")


def text_family(installed: Collection[str]) -> str | None:
    """The family for labels and texts; None: none that we know, let Tk choose."""
    return _first(_WINDOWS if sys.platform == "win32" else _OTHERS, installed)


def fixed_family(installed: Collection[str]) -> str | None:
    """A family in which one kanji is as wide as two letters; None: let Tk choose."""
    return _first(_WINDOWS_FIXED if sys.platform == "win32" else _OTHERS_FIXED, installed)


def _first(wanted: tuple[str, ...], installed: Collection[str]) -> str | None:
    return next((name for name in wanted if name in installed), None)
