"""How each file of a data folder changes its key, so that a crash leaves it as before or as after.

One database `X` on its way (kollect.db, each copy in backup/, the kept mails):

    there is                      what a crash has left, and what is done
    X                             before or after: its key tells which
    X, X.converting               half-written: removed, begun again
    X, X.converted                compared and synced, not yet in its place: removed, begun again
    X.former, X.converted         (no X) between two renames: X.converted becomes X
    X, X.former                   X is the new one: X.former is overwritten and removed

What is no database (kept mails, a damaged kollect.db that was set aside, a copy that cannot be
read) goes as a whole into kept/sealed.db; when it is on disk there, it too becomes X.former, and is
overwritten and removed. On the way back it is written and synced before it leaves sealed.db. The
log is masked file by file, and stays masked.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from kollect.desktop import files
from kollect.errors import StorageTrouble
from kollect.protection.derived_keys import keys_of, unwrapped
from kollect.protection.protected_files import (
    beside,
    databases,
    is_damaged,
    left_over,
    logs,
    sealed_path,
    size_of,
    to_seal,
)
from kollect.protection.recovery_code import RecoveryCode
from kollect.storage import (
    backup,
    database_glance,
    database_keys,
    event_log,
    protection_mark,
    temporary_files,
)
from kollect.storage.data_folder import DataFolder
from kollect.storage.database import former_of, trouble
from kollect.storage.database_driver import corrupt, sqlite3
from kollect.storage.masked import masked
from kollect.storage.protection_mark import Mark, Protection
from kollect.storage.reencrypt import (
    WritingStopped,
    looks_encrypted,
    present_key,
    write_with_key,
)
from kollect.storage.sealed_files import SealedFiles
from kollect.storage_errors import storage_trouble

log = logging.getLogger(__name__)

Progress = Callable[[int, int], bool]
"""Told how many octets of how many are done; answers whether to go on."""

SALT = 16
WRAPPED = SALT + 32 + 16
"""Octets of a wrapped key in the mark: its salt, itself, its seal."""
"""Octets, before the wrapped key of before in a mark."""


class ConversionStopped(Exception):
    """`progress` has said so; the folder is as it was before."""


def go_on(done: int, total: int) -> bool:
    """The progress that nobody looks at."""
    return True


def unstoppable(progress: Progress) -> Progress:
    """Told of as much, whatever it answers."""
    return lambda done, total: progress(done, total) or True


@dataclass(frozen=True, slots=True)
class _Change:
    """Where one run leads, and with which keys."""

    folder: DataFolder
    target: bytes | None
    """None: plain."""
    keys: tuple[bytes | None, ...]
    """Those that files may have now."""
    tally: _Tally


class _Tally:
    """How many octets of how many are done."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress = max(1, total), progress
        self._done = 0

    def watch(self, octets: int) -> bool:
        """So many of the present file are written."""
        return self._progress(min(self._done + octets, self._total), self._total)

    def done(self, octets: int) -> None:
        self._done += octets
        if not self.watch(0):
            raise ConversionStopped


def run(folder: DataFolder, mark: Mark, code: RecoveryCode, progress: Progress) -> None:
    """Lead the folder to where its mark points, from wherever it is.

    Raises StorageTrouble, and ConversionStopped where `progress` says so.
    """
    key = keys_of(code).database
    former = _former_key(mark, code)
    keys = (key, former, None) if former else (key, None)
    target = None if mark.state is Protection.TURNING_OFF else key
    database_keys.unlock(folder.path, *(one for one in keys if one is not None))
    parts = [*databases(folder), *to_seal(folder)]
    if target is None:
        parts.append(sealed_path(folder))  # once more: its files are written out first
    total = sum(map(size_of, parts))
    change = _Change(folder, target, keys, _Tally(total, progress))
    with explained(folder):
        if target is None:
            _unseal(change)
        changed = [_convert(database, change) for database in databases(folder)]
        if target is not None:
            _seal(change)
            _mask_log(folder)
        temporary_files.clear(folder)
        for file in left_over(folder):
            files.erase(file)
        if changed[-1:] == [False]:
            return  # kollect.db is damaged, which others tell; the next start goes on with this
        if target is None:
            files.remove(sealed_path(folder))
            protection_mark.remove(folder.path)
            database_keys.lock(folder.path)
        else:
            protection_mark.write(folder.path, replace(mark, state=Protection.ON, former=""))
            database_keys.unlock(folder.path, key)


def _convert(database: Path, change: _Change) -> bool:
    """Returns whether it is as it should be; a damaged one stays what it is."""
    size = size_of(database)
    converting = beside(database, "converting")
    _tidy(database)
    try:
        present = present_key(database, change.keys)
        if present != change.target:
            write_with_key(database, present, converting, change.target, change.tally.watch)
            _take_its_place(database, converting)
    except WritingStopped as stopped:
        files.erase(converting)
        raise ConversionStopped from stopped
    except sqlite3.Error as error:
        if not backup.is_damage(error):
            raise
        files.erase(converting)
        is_copy = database not in (change.folder.database, sealed_path(change.folder))
        if is_copy and change.target is not None and not looks_encrypted(database):
            _seal_one(database, change)
        return False
    change.tally.done(size)
    return True


def _take_its_place(database: Path, converting: Path) -> None:
    converted, former = beside(database, "converted"), former_of(database)
    files.replace(converting, converted)
    files.sync_folder(database.parent)
    files.replace(database, former)
    files.replace(converted, database)  # before it there is no `database`: see the table above
    files.sync_folder(database.parent)
    files.erase(former)


def _tidy(database: Path) -> None:
    """Whatever a crash has left of this database's change, led to its end or taken back."""
    converted, former = beside(database, "converted"), former_of(database)
    if former.exists():
        if not database.exists():
            files.replace(converted if converted.exists() else former, database)
            files.sync_folder(database.parent)
        elif database_glance.identity(former) not in (None, database_glance.identity(database)):
            # none: it is overwritten in part already
            raise corrupt(f"{database.name} is not what {former.name} was")
        files.erase(former)
    for left in (beside(database, "converting"), converted):
        files.erase(left)
        files.remove(left.with_name(left.name + "-journal"))


def _seal(change: _Change) -> None:
    for file in to_seal(change.folder):
        size = size_of(file)
        _seal_one(file, change)
        change.tally.done(size)


def _seal_one(file: Path, change: _Change) -> None:
    """By the name of the former it is known after a crash that the file is being overwritten."""
    sealed, former = SealedFiles(sealed_path(change.folder)), former_of(file)
    name = file.relative_to(change.folder.path).as_posix()
    if former.exists() and not file.exists() and not sealed.holds(name):
        files.replace(former, file)
    if file.exists():
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        with file.open("rb") as source, sealed.writing(name, written) as sink:
            shutil.copyfileobj(source, sink)
        files.replace(file, former)
        files.sync_folder(file.parent)
    files.erase(former)


def _unseal(change: _Change) -> None:
    sealed = SealedFiles(sealed_path(change.folder))
    left = size_of(sealed_path(change.folder))
    try:
        for one in sealed.files():
            target = change.folder.path / one.name
            part = beside(target, "converting")
            with sealed.opened(one.name) as source, part.open("wb") as sink:
                shutil.copyfileobj(source, sink)
                sink.flush()
                os.fsync(sink.fileno())
            os.utime(part, (one.written_at.timestamp(),) * 2)
            files.replace(part, target)
            files.sync_folder(target.parent)
            sealed.remove(one.name)
            left -= one.size
            change.tally.done(one.size)
    except (StorageTrouble, OSError):
        if not is_damaged(sealed_path(change.folder), change.keys):
            raise
        aside = beside(sealed_path(change.folder), "damaged")  # what it holds is lost
        files.replace(sealed_path(change.folder), aside)
        log.warning("保存したメールの入った %s が壊れていて、戻せませんでした。", aside.name)
    change.tally.done(max(left, 0))


def _mask_log(folder: DataFolder) -> None:
    event_log.let_go()
    for file in logs(folder):
        new, former = beside(file, "converting"), former_of(file)
        if former.exists() and not file.exists():
            files.replace(new if new.exists() else former, file)
        files.erase(former)
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        without = "".join(map(masked, text.splitlines(keepends=True)))
        if without != text:
            _write_synced(new, without.encode("utf-8", "surrogateescape"))
            files.replace(file, former)
            files.replace(new, file)
            files.sync_folder(file.parent)
            files.erase(former)
        files.erase(new)


def _write_synced(file: Path, octets: bytes) -> None:
    with file.open("wb") as sink:
        sink.write(octets)
        sink.flush()
        os.fsync(sink.fileno())


def _former_key(mark: Mark, code: RecoveryCode) -> bytes | None:
    if not mark.former:
        return None
    octets = bytes.fromhex(mark.former)
    return unwrapped(octets[SALT:WRAPPED], code, octets[:SALT])


@contextmanager
def explained(folder: DataFolder) -> Iterator[None]:
    """What SQLite or the disk refuses within the block is a StorageTrouble."""
    try:
        yield
    except sqlite3.Error as error:
        raise trouble(error, folder.database) from error
    except OSError as error:
        raise storage_trouble(error, folder.path) from error
