"""Files for other programs, written where somebody wants them: a table, a poster.

What fails there is no fault of the data folder, and is explained by itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from kollect.desktop import files
from kollect.errors import StorageTrouble
from kollect.storage_errors import Cause, cause_of

READABLE = (
    "取り出したファイルは保護（暗号化）されません。だれでも読めますので、なくさないように、"
    "しまってください。"
)
"""Of every file with customers in it that leaves a protected folder; told by who writes it."""

_WHY = {
    Cause.FULL: "ディスク（USBメモリ）がいっぱいです。",
    Cause.READ_ONLY: "書き込みが禁止されている場所です。",
    Cause.FORBIDDEN: "書き込みが許可されていない場所か、"
    "ほかのプログラム（Excelなど）が開いているファイルです。",
    Cause.MISSING: "その場所（フォルダ）がありません。USBメモリが抜けていませんか。",
    Cause.FAULTY: "USBメモリが抜けかけているか、故障しているようです。",
    Cause.IN_USE: "ほかのプログラム（Excelなど）が、そのファイルを開いています。",
    Cause.NAME: "名前が長すぎるか、使えない文字が入っています。",
    Cause.OCCUPIED: "同じ名前のフォルダがあります。",
}
_UNKNOWN = "ディスクやUSBメモリの状態を確かめてください。"
_FREE = "開いているプログラムがあれば閉じるか、"


def write(path: Path, octets: bytes, *, source: Path | None = None) -> None:
    """Put the file there, in the place of an older one, but never of the `source` that it was made
    from. Raises StorageTrouble."""
    if source is not None and _is_same(path, source):
        raise StorageTrouble(
            "もとのファイルには書き出せません",
            happened=f"「{path}」は、いま読み込んでいるファイルです。上から書くと、"
            "もとの内容がなくなります。",
            cure="別の名前か場所を選んで、もう一度お試しください。何も変えていません。",
        )
    try:
        files.write_for_others(path, octets)
    except OSError as error:
        raise cannot_write(path, cause_of(error), error) from error


def cannot_write(path: Path, cause: Cause, error: Exception) -> StorageTrouble:
    """What to say where a file could not be put there."""
    if os.path.isdir(path):
        cause = Cause.OCCUPIED
    held = cause in (Cause.FORBIDDEN, Cause.IN_USE)
    return StorageTrouble(
        "ファイルを書き出せません",
        happened=f"「{path}」に書き出せませんでした。{_WHY.get(cause, _UNKNOWN)}",
        cure=f"{_FREE if held else ''}別の場所か名前を選んで、もう一度お試しください。"
        "受付や会員の記録には影響ありません。",
        detail=f"{type(error).__name__}: {error}",
    )


def _is_same(one: Path, other: Path) -> bool:
    """Also by another way of writing its name."""
    try:
        return os.path.samefile(one, other)
    except OSError:  # the one is not there yet
        return False
