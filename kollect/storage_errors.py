"""Why the data folder cannot be read or written just now, in plain words.

It is often on a USB stick, which fills up, has a switch for read-only, and is pulled out.
"""

from __future__ import annotations

import errno
from enum import Enum
from pathlib import Path

from kollect.errors import StorageTrouble


def storage_trouble(error: OSError, path: Path) -> StorageTrouble:
    """Say in plain words why `path` could not be read or written."""
    return trouble_by(cause_of(error), error, path)


def cause_of(error: OSError) -> Cause:
    """Why the disk said no, by what the system says of it; Windows' own word comes first."""
    cause = _BY_WINERROR.get(getattr(error, "winerror", None) or 0)
    return cause or _BY_ERRNO.get(error.errno or 0, Cause.OTHER)


def trouble_by(cause: Cause, error: Exception, path: Path) -> StorageTrouble:
    """The words for a cause that is known; `error` is kept for 詳細."""
    title, happened, cure = cause.value
    return StorageTrouble(
        title,
        happened=f"「{path}」{happened}",
        cure=cure,
        detail=f"{type(error).__name__}: {error}",
    )


class Cause(Enum):
    """Why the disk refused: title, what happened (the path goes before it), what to do."""

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
    OCCUPIED = (
        "フォルダを作れません",
        "という名前のファイルがあるので、フォルダを作れませんでした。",
        "そのファイルを別の場所へ移すか、データフォルダに別の場所を指定してください。",
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
    2: Cause.MISSING,  # ERROR_FILE_NOT_FOUND
    3: Cause.MISSING,  # ERROR_PATH_NOT_FOUND
    15: Cause.MISSING,  # ERROR_INVALID_DRIVE
    19: Cause.READ_ONLY,  # ERROR_WRITE_PROTECT
    21: Cause.MISSING,  # ERROR_NOT_READY
    32: Cause.IN_USE,  # ERROR_SHARING_VIOLATION
    33: Cause.IN_USE,  # ERROR_LOCK_VIOLATION
    39: Cause.FULL,  # ERROR_HANDLE_DISK_FULL
    53: Cause.MISSING,  # ERROR_BAD_NETPATH
    112: Cause.FULL,  # ERROR_DISK_FULL
    433: Cause.MISSING,  # ERROR_NO_SUCH_DEVICE
    1006: Cause.MISSING,  # ERROR_FILE_INVALID: the volume was changed under an open file
    1117: Cause.FAULTY,  # ERROR_IO_DEVICE
    1167: Cause.MISSING,  # ERROR_DEVICE_NOT_CONNECTED
}
_BY_ERRNO = {
    errno.ENOSPC: Cause.FULL,
    errno.EDQUOT: Cause.FULL,
    errno.EFBIG: Cause.FULL,
    errno.EROFS: Cause.READ_ONLY,
    errno.EACCES: Cause.FORBIDDEN,
    errno.EPERM: Cause.FORBIDDEN,
    errno.ENOENT: Cause.MISSING,
    errno.ENOTDIR: Cause.MISSING,
    errno.ENODEV: Cause.MISSING,
    errno.ENXIO: Cause.MISSING,
    errno.EEXIST: Cause.OCCUPIED,
    errno.EBUSY: Cause.IN_USE,
    errno.EIO: Cause.FAULTY,
    errno.ENAMETOOLONG: Cause.NAME,
    errno.EINVAL: Cause.NAME,
}
