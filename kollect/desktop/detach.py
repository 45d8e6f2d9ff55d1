"""The rest of kollect.exe, on the PC it was started on: the stick with the .exe may be pulled out.

A program made by PyInstaller reads each module from its .exe when it is first asked for, and where
that is gone it ends, without a word: the window, or the thread that collects. What it unpacks, into
a folder of its own for each start, is removed when it ends, but not after a power cut or a crash:
the next start does that. Knows nothing of what the modules are.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import struct
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from kollect.desktop import files
from kollect.threads import safe_thread

log = logging.getLogger(__name__)

_NAME = "kollect.pyz"
_OF_ONE_START = "_MEI*"
_IN_USE = "kollect.used"
"""In the folder of a start, locked for as long as it lasts."""
_BEING_MADE = 24 * 3600.0
"""Seconds; without such a file in it, a folder may be one that is just being unpacked."""
_HOME = "program"
"""Where kollect.spec has the folders of all starts. Anywhere else they are not only ours."""

_held: list[BinaryIO] = []
_WHERE_IT_ENDS = struct.Struct("!8xi")
"""The head of PyInstaller's archive: behind its modules stands a table, which is known already."""


def detach_from_exe() -> None:
    """From now on read modules from a copy beside what is unpacked at each start anyway, and clear
    up after starts that have not ended in order.
    """
    folder = getattr(sys, "_MEIPASS", "")
    if not folder:  # started from source
        return
    if Path(folder).parent.name == _HOME:
        hold(Path(folder))
        safe_thread.thread(lambda: clear_up(Path(folder)), name="clear-up").start()
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


def hold(own: Path) -> None:
    """Say, for as long as this process lives, that this folder is in use."""
    with contextlib.suppress(OSError):  # no room: then it is left alone for a day
        file = open(own / _IN_USE, "wb")  # noqa: SIM115 (open as long as the process lives)
        files.lock(file.fileno())
        _held.append(file)


def clear_up(own: Path) -> None:
    """Remove the folders beside `own` that nobody uses any more."""
    for other in own.parent.glob(_OF_ONE_START):
        if other != own and _is_left_over(other):
            shutil.rmtree(other, ignore_errors=True)


def _is_left_over(folder: Path) -> bool:
    try:
        with open(folder / _IN_USE, "rb+") as file:
            files.lock(file.fileno())
        return True
    except FileNotFoundError:
        with contextlib.suppress(OSError):
            return time.time() - folder.stat().st_mtime > _BEING_MADE
    except OSError:  # it is in use
        pass
    return False
