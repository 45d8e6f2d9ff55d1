"""Open a file with the program that the system has registered for its kind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from kollect.desktop import files
from kollect.errors import StorageTrouble


def open_file(path: Path) -> None:
    """Show the file to the user, and return at once.

    Raises StorageTrouble where the system has no program for it.
    """
    try:
        if sys.platform == "win32":
            os.startfile(path)
            return
        opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
        if opener is None:
            raise FileNotFoundError("xdg-open")
        subprocess.Popen(
            [opener, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            umask=files.public_mask(),
        )
    except OSError as error:
        raise StorageTrouble(
            "開くプログラムがありません",
            happened=f"「{path.name}」を開くプログラムが見つかりませんでした。",
            cure=f"ファイルは「{path.parent}」にあります。お使いのプログラムから開いてください。",
            detail=str(error),
        ) from error
