"""The keys of the databases that this process may open, by data folder; in memory only.

Who has the code calls `unlock` once; every connection to a database of that folder or of its
backup/ then finds its key here. While the protection is being changed there are two: files of
before and of after lie beside each other, and all of them open.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

_keys: dict[str, tuple[bytes, ...]] = {}
_lock = threading.Lock()


def unlock(folder: Path, *keys: bytes) -> None:
    """The databases of this folder are encrypted with one of these keys, new ones with the first;
    those that are still plain open as well.
    """
    with _lock:
        _keys[_name(folder)] = keys


def lock(folder: Path) -> None:
    """Forget the keys: its databases are plain, or do not open."""
    with _lock:
        _keys.pop(_name(folder), None)


def keys_for(database: Path) -> tuple[bytes, ...]:
    """The keys to be tried, the present one first; none where the folder is not protected, or
    nobody has told its code.
    """
    if not _keys:
        return ()
    with _lock:
        return _keys.get(_name(folder_of(database)), ())


def folder_of(database: Path) -> Path:
    """The data folder that a database belongs to: kollect.db, its copies and what is beside."""
    beside = database.absolute().parent
    # by both names: somebody may call the data folder itself "backup"
    is_within = beside.name in ("backup", "kept") and not database.name.startswith("kollect.db")
    return beside.parent if is_within else beside


def _name(folder: Path) -> str:
    return os.path.normcase(os.path.realpath(folder))
