"""The highest number ever given, in a small file beside kollect.db.

Somebody may copy an older kollect.db over the present one, by the Explorer or a backup program; the
numbers given since would then be given a second time. This file does not go back with it. It is
written after each batch of numbers is in the database and before any of them is sent.
"""

from __future__ import annotations

import hashlib
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kollect.desktop import files

_LARGEST_FILE = 4096
_FORM = re.compile(r"^number = ([0-9]{1,12})\nledger = (\S{1,64})\ncheck = ([0-9a-f]{16})$", re.M)
_OPENING = "# これまでに発行した、いちばん大きい受付番号です。消したり直したりしないでください。\n"
_lock = threading.Lock()
"""Collector and screens write numbers in the same program."""


@dataclass(frozen=True, slots=True)
class Highest:
    number: int
    ledger: str
    """The `install_id` of the database that gave it."""


def file_for(database: Path) -> Path:
    return database.with_name(f"{database.name}.number")


def read(database: Path) -> Highest | None:
    """What the file says; None where it is missing, cannot be read, or is damaged."""
    try:
        with file_for(database).open("rb") as file:
            text = file.read(_LARGEST_FILE).decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return None
    found = _FORM.search(text)
    if found is None:
        return None
    highest = Highest(int(found[1]), found[2])
    return highest if found[3] == _check(highest) else None


def keep(database: Path, highest: Highest) -> None:
    """Write it down, unless a higher one of the same database stands there. Raises OSError."""
    with _lock:
        there = read(database)
        if there and there.ledger == highest.ledger and there.number >= highest.number:
            return
        text = (
            f"{_OPENING}number = {highest.number}\nledger = {highest.ledger}\n"
            f"check = {_check(highest)}\n"
        )
        files.replace_whole(file_for(database), text.encode())


def forget(database: Path) -> None:
    """Remove a file that tells of another shop's numbers."""
    with suppress(OSError):
        file_for(database).unlink()


def _check(highest: Highest) -> str:
    """Tells a damaged file; it is no seal."""
    return hashlib.sha256(f"{highest.number} {highest.ledger}".encode()).hexdigest()[:16]
