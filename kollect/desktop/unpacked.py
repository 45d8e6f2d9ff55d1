"""The rest of kollect.exe, on the PC it was started on: the stick with the .exe may be pulled out.

A program made by PyInstaller reads each module from its .exe when it is first asked for, and where
that is gone it ends, without a word: the window, or the thread that collects. Knows nothing of what
the modules are.
"""

from __future__ import annotations

import logging
import struct
import sys
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

_NAME = "kollect.pyz"
_WHERE_IT_ENDS = struct.Struct("!8xi")
"""The head of PyInstaller's archive: behind its modules stands a table, which is known already."""


def stay() -> None:
    """From now on read modules from a copy beside what is unpacked at each start anyway."""
    folder = getattr(sys, "_MEIPASS", "")
    if not folder:  # started from source
        return
    archive: Any = sys.modules["pyimod02_importers"].pyz_archive
    copy = Path(folder) / _NAME
    try:
        with open(archive._filename, "rb") as program:
            program.seek(archive._start_offset)
            [length] = _WHERE_IT_ENDS.unpack(program.read(_WHERE_IT_ENDS.size))
            program.seek(archive._start_offset)
            copy.write_bytes(program.read(length))
    except OSError as error:  # no room: then as PyInstaller does it
        log.warning("プログラムの写しを作れませんでした: %s", error)
        return
    archive._filename, archive._start_offset = str(copy), 0
