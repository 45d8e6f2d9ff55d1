"""The file beside kollect.db that is there while the data are protected: `kollect.db.protected`.

It holds no key. By the fingerprint of the code in it a wrong code is told from a damaged database;
it also says how far a change of the protection has come. Where the file is damaged or gone, the
code itself still opens everything, and the file is written again.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kollect.desktop import files
from kollect.storage.database_keys import folder_of

NAME = "kollect.db.protected"
_LARGEST_FILE = 4096
_OPENING = (
    "# このフォルダのデータは保護（暗号化）されています。開くには、復元シートのコードが必要です。\n"
    "# このファイルに鍵は入っていません。消したり直したりしないでください。\n"
)
_FORM = re.compile(
    r"^state = ([a-z-]{2,20})\nledger = ([0-9a-f]{8,64})\nfingerprint = ([0-9a-f]{32})\n"
    r"former = ([0-9a-f]{0,200})\ncheck = ([0-9a-f]{16})$",
    re.M,
)


class Protection(StrEnum):
    """How far the protection has come; the moves are in `protection.conversion`."""

    TURNING_ON = "turning-on"
    ON = "on"
    RENEWING = "renewing"
    TURNING_OFF = "turning-off"


@dataclass(frozen=True, slots=True)
class Mark:
    state: Protection
    ledger: str
    """The `install_id` of kollect.db, which cannot be read without the code."""
    fingerprint: str
    """Of the code that is in force, or that is about to be."""
    former: str = ""
    """While a new code is made: the key of before, wrapped by the new one, and behind it the
    fingerprint of the code of before, which older marks do not have. Hexadecimal."""


def mark_for(database: Path) -> Path:
    """Where the mark of the folder of this database is, or would be."""
    return folder_of(database) / NAME


def is_marked(database: Path) -> bool:
    """Whether the folder of this database is protected, or on its way to or from it."""
    return os.path.exists(mark_for(database))


def read(folder: Path) -> Mark | None:
    """What the file says; None where it is missing, cannot be read, or is damaged."""
    try:
        with (folder / NAME).open("rb") as file:
            text = file.read(_LARGEST_FILE).decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return None
    found = _FORM.search(text)
    if found is None or found[1] not in [*Protection]:
        return None
    mark = Mark(Protection(found[1]), found[2], found[3], found[4])
    return mark if found[5] == _check(mark) else None


def write(folder: Path, mark: Mark) -> None:
    """On disk, whole, when this returns. Raises OSError, and then the old one stands."""
    files.replace_whole(folder / NAME, (_OPENING + _values(mark) + _check_line(mark)).encode())


def written_at(folder: Path) -> float | None:
    """When the file was written, in seconds since 1970; None where there is none."""
    with suppress(OSError):
        return (folder / NAME).stat().st_mtime
    return None


def set_time(folder: Path, written_at: float | None) -> None:
    """The file says again what it said then; None: there was none. Only for show: what the disk
    refuses is let go.
    """
    with suppress(OSError):
        if written_at is not None:
            os.utime(folder / NAME, (written_at, written_at))


def remove(folder: Path) -> None:
    """Raises OSError."""
    files.remove(folder / NAME)
    files.sync_folder(folder)


def _values(mark: Mark) -> str:
    return (
        f"state = {mark.state}\nledger = {mark.ledger}\nfingerprint = {mark.fingerprint}\n"
        f"former = {mark.former}\n"
    )


def _check_line(mark: Mark) -> str:
    return f"check = {_check(mark)}\n"


def _check(mark: Mark) -> str:
    """Tells a damaged file; it is no seal."""
    return hashlib.sha256(_values(mark).encode()).hexdigest()[:16]
