"""Why a file could not be written where somebody wanted it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from kollect.errors import StorageTrouble
from kollect.storage import export


def test_the_file_is_there_in_the_place_of_the_old_one(tmp_path: Path):
    path = tmp_path / "a.csv"
    export.write(path, b"old and longer")
    export.write(path, b"new")
    assert path.read_bytes() == b"new"


def test_never_over_the_file_that_it_was_made_from(tmp_path: Path):
    source = tmp_path / "list.csv"
    source.write_bytes(b"all of it")
    with pytest.raises(StorageTrouble, match="もとのファイル"):
        export.write(tmp_path / "." / "list.csv", b"a part", source=source)
    assert source.read_bytes() == b"all of it"
    export.write(tmp_path / "part.csv", b"a part", source=source)


@pytest.mark.parametrize(
    ("place", "why"), [("gone/a.csv", "フォルダ）がありません"), (".", "同じ名前のフォルダ")]
)
def test_it_is_said_why(tmp_path: Path, place: str, why: str):
    with pytest.raises(StorageTrouble) as told:
        export.write(tmp_path / place, b"")
    assert why in told.value.happened
    assert str(tmp_path / place) in told.value.happened
    assert "USBメモリが抜かれた" not in told.value.happened


@pytest.mark.parametrize(
    ("number", "why", "cure"),
    [
        (errno.ENOSPC, "いっぱい", "別の場所"),
        (errno.EROFS, "禁止", "別の場所"),
        (errno.EACCES, "Excel", "閉じるか"),
        (errno.EBUSY, "Excel", "閉じるか"),
        (errno.ENAMETOOLONG, "長すぎる", "名前"),
        (errno.ELOOP, "状態を確かめて", "別の場所"),
    ],
)
def test_the_systems_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, why: str, cure: str
):
    def refuse(path: Path, octets: bytes) -> int:
        raise OSError(number, "words of the system")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StorageTrouble) as told:
        export.write(tmp_path / "a.csv", b"")
    assert why in told.value.happened
    assert cure in told.value.cure
    assert "words of the system" in told.value.detail
