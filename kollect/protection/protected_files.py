"""Which files of a data folder tell who a customer is, and what each looks like from outside.

A new kind of file belongs here, else it stays as it is in a protected folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from kollect.storage import sealed_files
from kollect.storage.backup import is_damage
from kollect.storage.data_folder import DataFolder
from kollect.storage.database import former_of
from kollect.storage.database_driver import open_with, sqlite3
from kollect.storage.reencrypt import looks_encrypted, present_key

_DATABASE = re.compile(r"kollect\.db(\.restoring|\.before-[0-9-]+)?|kollect-\w+\.db")
_LEFT_OVER = re.compile(r"kollect\.db\.(restoring\.)?part|kollect-\w+\.(part|db\.[0-9-]+\.part)")
_SET_ASIDE = re.compile(r"kollect\.db\.damaged-[0-9-]+(-wal|-shm|-journal)?")
_KEPT = re.compile(r"[^/]+\.eml")
_LOG = re.compile(r"[^/]+\.(txt|log)")


def databases(folder: DataFolder) -> list[Path]:
    """kollect.db last: whatever goes wrong before leaves it as it was."""
    found = [
        *named(folder.backup_dir, _DATABASE),
        *named(folder.path, _DATABASE),
    ]
    sealed = sealed_path(folder)
    if sealed.exists() or former_of(sealed).exists():
        found.insert(0, sealed)
    return sorted(found, key=lambda path: path == folder.database)


def named(folder: Path, form: re.Pattern[str]) -> Iterator[Path]:
    """The files of this form, those too that a crash has left under the name of the former."""
    names = {name.removesuffix(".former") for name in os.listdir(folder)} if folder.exists() else ()
    return (folder / name for name in sorted(names) if form.fullmatch(name))


def logs(folder: DataFolder) -> list[Path]:
    return [*named(folder.log_dir, _LOG)]


def to_seal(folder: DataFolder) -> list[Path]:
    return [*named(folder.kept_dir, _KEPT), *named(folder.path, _SET_ASIDE)]


def left_over(folder: DataFolder) -> list[Path]:
    """What a crash has left half-written, here or of other work."""
    parts = (file for file in folder.kept_dir.glob("*.part"))
    return [
        *named(folder.path, _LEFT_OVER),
        *named(folder.backup_dir, _LEFT_OVER),
        *parts,
        *(folder.kept_dir.glob("*.converting")),
    ]


def sealed_path(folder: DataFolder) -> Path:
    return folder.kept_dir / sealed_files.NAME


def beside(file: Path, ending: str) -> Path:
    return file.with_name(f"{file.name}.{ending}")


def size_of(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


def is_encrypted(database: Path) -> bool:
    return not is_plain(database) and looks_encrypted(database)


def is_plain(database: Path) -> bool:
    with suppress(OSError, sqlite3.Error):
        return os.path.exists(database) and present_key(database, (None,)) is None
    return False


def is_damaged(database: Path, keys: Iterable[bytes | None]) -> bool:
    """Whether it can be read with none of these keys, or not to its end."""
    try:
        key = present_key(database, keys)
        with closing(open_with(key, database, "ro")) as db:
            return bool(db.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok")
    except sqlite3.Error as error:
        return is_damage(error)
