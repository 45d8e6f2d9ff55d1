"""Where the pictures lie that the program shows, drawn by assets/make_icon.py. Knows no Tk."""

from __future__ import annotations

import sys
from pathlib import Path

_ASSETS = Path(__file__).parents[2] / "assets"


def picture(name: str) -> Path:
    """The .png of this name, which tests and a broken copy of the program may lack."""
    return _ASSETS / f"{name}.png"


def icon_file(name: str = "icon") -> Path:
    """The file of the kind that windows and trays of this system take."""
    return _ASSETS / f"{name}.ico" if sys.platform == "win32" else picture(name)
