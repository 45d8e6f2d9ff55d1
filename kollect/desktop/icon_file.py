"""Where the program's own picture lies. Knows nothing of Tk."""

from __future__ import annotations

import sys
from pathlib import Path

_ASSETS = Path(__file__).parents[2] / "assets"


def icon_file() -> Path | None:
    """A file with the icon, of the kind that windows of this system take; None: there is none."""
    file = _ASSETS / ("icon.ico" if sys.platform == "win32" else "icon.png")
    return file if file.exists() else None
