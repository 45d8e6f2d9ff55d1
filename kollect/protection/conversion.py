"""A data folder changed from plain to protected, from one code to another, and back.

Each file is changed by itself, so that at every instant all of them open: some as before, some as
after, each with its key. The mark (`storage.protection_mark`) says which way the folder goes, and
is written first; what was broken off is gone on with at the next start (`unlock`).

    mark          the folder holds                    after a crash
    (none)        plain files                         nothing has happened
    turning-on    plain and encrypted files           the next start encrypts the rest
    on            encrypted files                     –
    renewing      files of the old and the new code   the next start encrypts the rest anew
    turning-off   plain and encrypted files           the next start makes the rest plain

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

Only while nothing else in this process has a database of the folder open.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from kollect.desktop import files
from kollect.errors import DataCodeTrouble, StorageTrouble
from kollect.protection.derived_keys import DerivedKeys, keys_of, unwrapped, wrapped
from kollect.protection.protected_files import (
    beside,
    databases,
    is_damaged,
    is_encrypted,
    is_plain,
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

_SPARE = 4 << 20
"""Octets that must stay free beside the largest file."""
_SALT = 16


class ConversionStopped(Exception):
    """`progress` has said so; the folder is as it was before."""


def go_on(done: int, total: int) -> bool:
    """The progress that nobody looks at."""
    return True


def turn_on(folder: DataFolder, code: RecoveryCode, progress: Progress = go_on) -> None:
    """Encrypt everything. The code must be in safe hands before: this is the way without return.

    Raises StorageTrouble, ConversionStopped.
    """
    ledger = ledger_of(folder)
    with _explained(folder):
        _make_sure_of_space(folder)
        mark = Mark(Protection.TURNING_ON, ledger, keys_of(code).fingerprint)
        protection_mark.write(folder.path, mark)  # from here on the next start goes on with it
    try:
        _run(folder, mark, code, progress)
    except ConversionStopped:
        mark = replace(mark, state=Protection.TURNING_OFF)
        with _explained(folder):
            protection_mark.write(folder.path, mark)
        _run(folder, mark, code, go_on)
        raise


def ledger_of(folder: DataFolder) -> str:
    """By what the folder is known to this PC's keyring. Raises StorageTrouble where there is no
    kollect.db that could be protected.
    """
    ledger = database_glance.identity(folder.database)
    if ledger is None:
        raise StorageTrouble(
            "受付の記録がありません",
            happened=f"「{folder.database}」がないか、読めません。",
            cure="コレクトを起動し直して、もう一度お試しください。",
        )
    return ledger


def renew(
    folder: DataFolder, former: RecoveryCode, code: RecoveryCode, progress: Progress = go_on
) -> None:
    """Encrypt everything anew with another code; after that the former one opens nothing.

    Raises StorageTrouble, and DataCodeTrouble where the former code is not this folder's.
    """
    mark = unlock(folder, former)
    salt = secrets.token_bytes(_SALT)
    old_key = wrapped(keys_of(former).database, code, salt)
    mark = Mark(Protection.RENEWING, mark.ledger, keys_of(code).fingerprint, (salt + old_key).hex())
    with _explained(folder):
        _make_sure_of_space(folder)
        protection_mark.write(folder.path, mark)
    _run(folder, mark, code, progress)


def turn_off(folder: DataFolder, code: RecoveryCode, progress: Progress = go_on) -> None:
    """Make everything plain again; the log stays masked.

    Raises StorageTrouble, and DataCodeTrouble where the code is not this folder's.
    """
    mark = replace(unlock(folder, code), state=Protection.TURNING_OFF, former="")
    with _explained(folder):
        _make_sure_of_space(folder)
        protection_mark.write(folder.path, mark)
    _run(folder, mark, code, progress)


def needs_code(folder: DataFolder) -> bool:
    """Whether the folder is protected, or a change of that was broken off.

    Before anything of the folder is open in this process. Raises StorageTrouble.
    """
    if not protection_mark.is_marked(folder.database):
        # the mark is lost; plain copies tell that there never was one, and the file is damaged
        return looks_encrypted(folder.database) and not any(
            map(is_plain, backup.backups(folder.backup_dir))
        )
    if protection_mark.read(folder.path) is None and not any(map(is_encrypted, databases(folder))):
        with _explained(folder):  # a damaged mark, and nothing that it would be about
            protection_mark.remove(folder.path)
        return False
    return True


def unlock(folder: DataFolder, code: RecoveryCode) -> Mark:
    """Let this process open the databases of the folder; a change that was broken off is gone on
    with first. Returns the mark as it is then; for one that was damaged or lost, a new one.

    Raises DataCodeTrouble where the code is another one's, StorageTrouble.
    """
    keys = keys_of(code)
    mark = protection_mark.read(folder.path)
    if mark is None or mark.fingerprint != keys.fingerprint:
        # the code itself is the proof, whatever the mark says: that may be lost, or another shop's
        _make_sure_that_it_opens(folder, keys, mark)
        with _explained(folder):
            mark = _made_again(folder, keys)
    if mark.state is Protection.ON and is_plain(folder.database):
        # a copy from before was put in its place by hand: it is the only way it can come about
        mark = replace(mark, state=Protection.TURNING_ON)
    if mark.state is not Protection.ON:
        _run(folder, mark, code, go_on)
    else:
        database_keys.unlock(folder.path, keys.database)
    return protection_mark.read(folder.path) or mark


# ---- the change itself ----


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


def _run(folder: DataFolder, mark: Mark, code: RecoveryCode, progress: Progress) -> None:
    key = keys_of(code).database
    former = _former_key(mark, code)
    keys = (key, former, None) if former else (key, None)
    target = None if mark.state is Protection.TURNING_OFF else key
    database_keys.unlock(folder.path, *(one for one in keys if one is not None))
    total = sum(map(size_of, (*databases(folder), *to_seal(folder))))
    change = _Change(folder, target, keys, _Tally(total, progress))
    with _explained(folder):
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
        is_copy = database.parent == change.folder.backup_dir
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
    except (StorageTrouble, OSError):
        if not is_damaged(sealed_path(change.folder), change.keys):
            raise
        aside = beside(sealed_path(change.folder), "damaged")  # what it holds is lost
        files.replace(sealed_path(change.folder), aside)
        log.warning("保存したメールの入った %s が壊れていて、戻せませんでした。", aside.name)


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


# ---- codes and keys ----


def _former_key(mark: Mark, code: RecoveryCode) -> bytes | None:
    if not mark.former:
        return None
    octets = bytes.fromhex(mark.former)
    return unwrapped(octets[_SALT:], code, octets[:_SALT])


def _make_sure_that_it_opens(folder: DataFolder, keys: DerivedKeys, mark: Mark | None) -> None:
    encrypted = [database for database in databases(folder) if is_encrypted(database)]
    for database in reversed(encrypted):
        with suppress(sqlite3.Error):
            present_key(database, (keys.database,))
            return
    if encrypted or mark is not None:
        raise DataCodeTrouble(
            "このデータの復元コードではありません",
            happened="入力された復元コードは正しく書かれていますが、別のお店のものか、"
            "作り直す前のものです。データは壊れていません。",
            cure="このフォルダのために印刷した、いちばん新しい復元シートを確かめてください。",
        )


def _made_again(folder: DataFolder, keys: DerivedKeys) -> Mark:
    """A mark in the place of one that is damaged or lost. What is plain still gets encrypted."""
    database_keys.unlock(folder.path, keys.database)
    ledger = database_glance.identity(folder.database) or "0" * 16
    mark = Mark(Protection.TURNING_ON, ledger, keys.fingerprint)
    protection_mark.write(folder.path, mark)
    return mark


# ---- what goes wrong ----


def _make_sure_of_space(folder: DataFolder) -> None:
    needed = max(
        map(
            size_of,
            (*databases(folder), *to_seal(folder)),
        ),
        default=0,
    )
    needed += _SPARE
    free = shutil.disk_usage(folder.path).free
    if free < needed:
        raise StorageTrouble(
            "ディスクの空きが足りません",
            happened=f"この作業には、あと {_megabytes(needed - free)} MB の空きが必要です。"
            "まだ何も変えていません。",
            cure="要らないファイルを消して、空きを増やしてください。",
            detail=f"{free} < {needed}",
        )


def _megabytes(octets: int) -> str:
    return f"{-(-octets // 1_000_000):,}"


@contextmanager
def _explained(folder: DataFolder) -> Iterator[None]:
    """What SQLite or the disk refuses within the block is a StorageTrouble."""
    try:
        yield
    except sqlite3.Error as error:
        raise trouble(error, folder.database) from error
    except OSError as error:
        raise storage_trouble(error, folder.path) from error
