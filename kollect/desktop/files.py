"""Writing to a disk so that a power cut leaves the old or the new.

Knows nothing of what the files hold. What fails is an OSError here; `folder.storage_trouble` says
it in plain words.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path


def replace_whole(path: Path, content: bytes) -> None:
    """Give `path` this content so that after a power cut it holds the old or the new, both whole.

    Raises OSError, and then the old content stands.
    """
    new = path.with_name(path.name + ".new")
    try:
        with open(new, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` outlive a power cut, where the system has a way to ask for it."""
    if sys.platform == "win32":  # folders cannot be opened there, and NTFS keeps a journal of names
        return
    with contextlib.suppress(OSError):  # some file systems refuse; then nothing more can be done
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_writable(folder: Path) -> bool:
    """Whether a file can really be written in `folder`.

    Tried out, since rights and the switch of a stick show nowhere else; not with `tempfile`, which
    on Windows tries ten thousand names where the folder is closed to us.
    """
    try:
        try_writing(folder)
    except OSError:
        return False
    return True


def try_writing(folder: Path) -> None:
    """Write a file in `folder` and remove it. Raises OSError where that fails."""
    trial = folder / f".kollect-{os.getpid()}.tmp"
    try:
        trial.write_bytes(b"kollect")
    finally:
        with contextlib.suppress(OSError):
            trial.unlink()


def replace(new: Path, path: Path) -> None:
    """`os.replace`, patient with what holds a file for a moment. Raises OSError."""
    # virus scanners do so with a fresh file (ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION)
    for pause in (0.05, 0.1, 0.2, 0.4):
        try:
            os.replace(new, path)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in (5, 32):
                raise
            time.sleep(pause)
    os.replace(new, path)
