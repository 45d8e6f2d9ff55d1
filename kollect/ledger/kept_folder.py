"""kept/: raw copies of the mails that were not answered, a file each, for 30 days.

A copy is there whole under its name or not at all: it is written beside, synced, then renamed. In a
protected folder they are pieces in an encrypted database (`storage.sealed_files`); what has been
kept before and what after is found by the same name.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from kollect.desktop import files
from kollect.errors import StorageTrouble
from kollect.storage import sealed_files
from kollect.storage.protection_mark import is_marked
from kollect.storage.sealed_files import SealedFiles
from kollect.storage_errors import storage_trouble

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

log = logging.getLogger(__name__)

_COPY, _PART = ".eml", ".part"
_KEEP_FOR = {_COPY: timedelta(days=30), _PART: timedelta(days=1)}
_AHEAD = timedelta(days=1)


class KeptFolder:
    """Raises `errors.StorageTrouble` where the folder cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sealed = SealedFiles(folder / sealed_files.NAME)

    def copy(self, name: str) -> KeptCopy:
        return KeptCopy(self._folder / name, self._sealed)

    @property
    def _is_protected(self) -> bool:
        return is_marked(self._folder / sealed_files.NAME)

    @staticmethod
    def name_for(mailbox: str, uid: str, seen_at: datetime) -> str:
        """The same for the same mail: a copy begun before a crash is written over, not doubled.

        The moment belongs to it, because a server may use an id again for another mail.
        """
        whose = f"{mailbox}\n{uid}\n{seen_at.astimezone(UTC).isoformat()}"
        digest = hashlib.sha256(whose.encode()).hexdigest()[:16]
        return f"{seen_at.astimezone():%Y%m%d}-{digest}{_COPY}"

    def head(self, name: str, most: int) -> bytes:
        """The first `most` octets of a copy."""
        with _translated(self._folder / name), self.copy(name).open("rb") as raw:
            return raw.read(most)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A sink whose content is in the file `name` once the block has ended without an error.

        What the disk refuses is a StorageTrouble at once, in the block; the block's own errors
        pass through as they are.
        """
        target = self._folder / name
        if self._is_protected:
            with self._writing_sealed(target) as sealed:
                yield sealed
            return
        part = target.with_name(name + _PART)
        with _translated(target):
            self._folder.mkdir(exist_ok=True)  # without parents: a pulled-out stick is not rebuilt
            sink = io.BufferedWriter(_PlainSpoken(part, "wb"))
        try:
            yield sink
            with _translated(target):
                sink.flush()
                os.fsync(sink.fileno())
                sink.close()
                files.replace(part, target)
                files.sync_folder(self._folder)
        finally:
            with suppress(OSError, StorageTrouble):
                sink.close()
            with suppress(OSError):
                files.remove(part)

    @contextmanager
    def _writing_sealed(self, target: Path) -> Iterator[BinaryIO]:
        with _translated(target):
            self._folder.mkdir(exist_ok=True)  # without parents, as above
        with self._sealed.writing(name_of(target), datetime.now(UTC)) as sink:
            yield sink

    def clear_old(self, now: datetime, age: Callable[[datetime], timedelta] | None = None) -> int:
        """Remove copies older than 30 days and what a crash left half-written; returns how many
        copies. `age` says how long ago a date was, where the clock has jumped.

        A copy that was written while the clock was ahead counts as written now.
        """
        removed = 0
        for file in self._files():
            try:
                keep_for = _KEEP_FOR.get(file.suffix)
                written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                if keep_for is None:
                    continue  # not ours
                if written > now + _AHEAD:
                    os.utime(file, (now.timestamp(), now.timestamp()))
                elif (age(written) if age else now - written) > keep_for:
                    files.remove(file)
                    removed += file.suffix == _COPY
            except (OSError, OverflowError, ValueError) as error:
                # somebody is looking at it: no reason to stop collecting, tomorrow is another day
                log.info("%s を削除できません。明日また試します（%s）", file.name, error)
        return removed + self._clear_old_sealed(now, age)

    def _clear_old_sealed(self, now: datetime, age: Callable[[datetime], timedelta] | None) -> int:
        removed = 0
        for one in self._sealed.files():
            if Path(one.name).suffix != _COPY:
                continue
            if one.written_at > now + _AHEAD:
                self._sealed.set_time(one.name, now)
            elif (age(one.written_at) if age else now - one.written_at) > _KEEP_FOR[_COPY]:
                self._sealed.remove(one.name)
                removed += 1
        return removed

    def _files(self) -> list[Path]:
        with _translated(self._folder):
            return list(self._folder.iterdir()) if self._folder.is_dir() else []


@dataclass(frozen=True, slots=True)
class KeptCopy:
    """A raw mail: a file, or pieces in the encrypted database of a protected folder."""

    path: Path
    """Where it lies, or would lie if it were a file."""
    sealed: SealedFiles

    @property
    def name(self) -> str:
        return self.path.name

    def exists(self) -> bool:
        return self.path.exists() or self.sealed.holds(name_of(self.path))

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Raises OSError, and so does reading."""
        try:
            return self.path.open(mode)
        except FileNotFoundError:
            return self.sealed.opened(name_of(self.path))


def name_of(file: Path) -> str:
    """What a file of kept/ is called among the sealed ones."""
    return f"kept/{file.name}"


class _PlainSpoken(io.FileIO):
    """A file that says in plain words what the disk refused, whoever is writing into it."""

    def write(self, data: ReadableBuffer, /) -> int:
        with _translated(Path(self.name)):
            return super().write(data)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_trouble(error, path) from error
