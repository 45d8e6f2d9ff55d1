"""Writing to a disk so that a power cut leaves the old or the new; saying in plain words why not.

The disk is often a USB stick: it fills up, its switch is set to read-only, it is pulled out. Knows
nothing of what the files hold.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import sys
import time
from enum import Enum
from pathlib import Path

from kollect.errors import StorageTrouble


class _Cause(Enum):
    """Why a disk said no: title, what happened (the path goes before it), what to do."""

    FULL = (
        "ディスクの空きがありません",
        "に書き込めませんでした。ディスク（USBメモリ）がいっぱいです。",
        "要らないファイルを消して、空きを増やしてください。",
    )
    READ_ONLY = (
        "書き込みが禁止されています",
        "に書き込めませんでした。USBメモリやフォルダが書き込み禁止になっています。",
        "USBメモリに書き込み禁止スイッチがあれば解除してください。"
        "なければ、コレクトのフォルダを、書き込みのできる場所へ移してください。",
    )
    FORBIDDEN = (
        "読み書きが許可されていません",
        "の読み書きを、Windowsまたはほかのプログラムに断られました。",
        "このファイルを開いているプログラムがあれば閉じてください。直らないときは、"
        "コレクトのフォルダを、書き込みのできる場所（「ドキュメント」など）へ移してください。",
    )
    MISSING = (
        "データの入ったフォルダが見つかりません",
        "がありません。USBメモリが抜かれたか、フォルダが移されたか消されたようです。",
        "USBメモリを差し直すか、フォルダを元の場所に戻してください。",
    )
    IN_USE = (
        "ほかのプログラムが使っています",
        "は、ほかのプログラムが使っている途中なので、読み書きできませんでした。",
        "このファイルを開いているプログラムを閉じて、もう一度お試しください。",
    )
    FAULTY = (
        "ディスクが正しく動いていません",
        "を読み書きできませんでした。USBメモリが抜けかけているか、故障しているようです。",
        "USBメモリを差し直してください。くり返すときは、コレクトのフォルダを丸ごと、"
        "別のUSBメモリかパソコンの中に写して、そちらを使ってください。",
    )
    NAME = (
        "フォルダの名前が使えません",
        "という場所は、名前が長すぎるか、使えない文字が入っています。",
        "コレクトのフォルダを、短い名前の場所へ移してください。",
    )
    BROKEN = (
        "受付の記録が壊れています",
        "の中身が壊れていて、読めません。",
        "コレクトを終了して、起動し直してください。控え（backup フォルダ）から元に戻せます。",
    )
    OTHER = (
        "ファイルを読み書きできません",
        "を読み書きできませんでした。",
        "USBメモリやディスクの状態を確かめて、もう一度お試しください。",
    )


_BY_WINERROR = {
    2: _Cause.MISSING,  # ERROR_FILE_NOT_FOUND
    3: _Cause.MISSING,  # ERROR_PATH_NOT_FOUND
    15: _Cause.MISSING,  # ERROR_INVALID_DRIVE
    19: _Cause.READ_ONLY,  # ERROR_WRITE_PROTECT
    21: _Cause.MISSING,  # ERROR_NOT_READY
    32: _Cause.IN_USE,  # ERROR_SHARING_VIOLATION
    33: _Cause.IN_USE,  # ERROR_LOCK_VIOLATION
    39: _Cause.FULL,  # ERROR_HANDLE_DISK_FULL
    53: _Cause.MISSING,  # ERROR_BAD_NETPATH
    112: _Cause.FULL,  # ERROR_DISK_FULL
    433: _Cause.MISSING,  # ERROR_NO_SUCH_DEVICE
    1006: _Cause.MISSING,  # ERROR_FILE_INVALID: the volume was changed under an open file
    1117: _Cause.FAULTY,  # ERROR_IO_DEVICE
    1167: _Cause.MISSING,  # ERROR_DEVICE_NOT_CONNECTED
}
_BY_ERRNO = {
    errno.ENOSPC: _Cause.FULL,
    errno.EDQUOT: _Cause.FULL,
    errno.EFBIG: _Cause.FULL,
    errno.EROFS: _Cause.READ_ONLY,
    errno.EACCES: _Cause.FORBIDDEN,
    errno.EPERM: _Cause.FORBIDDEN,
    errno.ENOENT: _Cause.MISSING,
    errno.ENOTDIR: _Cause.MISSING,
    errno.ENODEV: _Cause.MISSING,
    errno.ENXIO: _Cause.MISSING,
    errno.EBUSY: _Cause.IN_USE,
    errno.EIO: _Cause.FAULTY,
    errno.ENAMETOOLONG: _Cause.NAME,
    errno.EINVAL: _Cause.NAME,
}
_BY_SQLITE = {
    sqlite3.SQLITE_FULL: _Cause.FULL,
    sqlite3.SQLITE_READONLY: _Cause.READ_ONLY,
    sqlite3.SQLITE_PERM: _Cause.FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: _Cause.FORBIDDEN,
    sqlite3.SQLITE_BUSY: _Cause.IN_USE,
    sqlite3.SQLITE_LOCKED: _Cause.IN_USE,
    sqlite3.SQLITE_IOERR: _Cause.FAULTY,
    sqlite3.SQLITE_CORRUPT: _Cause.BROKEN,
    sqlite3.SQLITE_NOTADB: _Cause.BROKEN,
}


def storage_trouble(error: OSError, path: Path) -> StorageTrouble:
    """Say in plain words why `path` could not be read or written."""
    cause = _BY_WINERROR.get(getattr(error, "winerror", None) or 0)
    if cause is None:
        cause = _BY_ERRNO.get(error.errno or 0, _Cause.OTHER)
    return _trouble(cause, error, path)


def database_trouble(error: sqlite3.Error, path: Path) -> StorageTrouble:
    """Say in plain words why the database at `path` could not be read or written."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    cause = _BY_SQLITE.get(code & 0xFF, _Cause.OTHER)  # the low octet is the primary result code
    # to SQLite a pulled-out stick is a failing disk or a file that cannot be opened
    if cause is not _Cause.BROKEN and not os.path.exists(path):
        cause = _Cause.MISSING
    return _trouble(cause, error, path)


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
        _replace(new, path)
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


def _replace(new: Path, path: Path) -> None:
    # virus scanners hold a fresh file for a moment (ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION)
    for pause in (0.05, 0.1, 0.2, 0.4):
        try:
            os.replace(new, path)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in (5, 32):
                raise
            time.sleep(pause)
    os.replace(new, path)


def _trouble(cause: _Cause, error: Exception, path: Path) -> StorageTrouble:
    title, happened, cure = cause.value
    return StorageTrouble(
        title,
        happened=f"「{path}」{happened}",
        cure=cure,
        detail=f"{type(error).__name__}: {error}",
    )
