"""kept/: raw copies of the mails that were not answered, a file each, for 30 days.

A copy is there whole under its name or not at all: it is written beside, synced, then renamed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from kollect.folder import storage_trouble

KEEP_FOR = timedelta(days=30)
_PART = ".part"


class KeptFolder:
    """Raises `errors.StorageTrouble` where the folder cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name

    @staticmethod
    def name_for(mailbox: str, uid: str, seen_at: datetime) -> str:
        """The same for the same mail, so that a copy begun before a crash is written over, not doubled."""
        digest = hashlib.sha256(f"{mailbox}\n{uid}".encode()).hexdigest()[:16]
        return f"{seen_at:%Y%m%d}-{digest}.eml"

    def head(self, name: str, most: int) -> bytes:
        """The first `most` octets of a copy."""
        try:
            with self.path(name).open("rb") as raw:
                return raw.read(most)
        except OSError as error:
            raise storage_trouble(error, self.path(name)) from error

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A sink whose content is in the file `name` once the block has ended without an error."""
        target = self.path(name)
        part = target.with_name(name + _PART)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as sink:
                yield sink
                sink.flush()
                os.fsync(sink.fileno())
            part.replace(target)
            _sync_folder(self._folder)
        except OSError as error:
            raise storage_trouble(error, target) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def clear_old(self, now: datetime) -> int:
        """Remove copies older than 30 days and what a crash left half-written; returns how many copies."""
        removed = 0
        try:
            files = list(self._folder.glob("*.eml")) if self._folder.is_dir() else []
            for file in files:
                if now.timestamp() - file.stat().st_mtime > KEEP_FOR.total_seconds():
                    file.unlink(missing_ok=True)
                    removed += 1
        except OSError as error:
            raise storage_trouble(error, self._folder) from error
        return removed


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut; Windows does so by itself and cannot open a folder."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
