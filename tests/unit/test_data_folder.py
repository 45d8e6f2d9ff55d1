"""Where the data folder is, and that a disk's troubles come out in plain words."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kollect.desktop import files
from kollect.errors import StorageTrouble
from kollect.storage.data_folder import DataFolder, resolve
from kollect.storage.database_driver import sqlite3
from kollect.storage.database_errors import database_trouble
from kollect.storage_errors import storage_trouble

CLOSED = Path("/proc/self")
"""A folder in which nobody, not even root, can make a file."""


class TestResolve:
    def test_from_source(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        assert resolve().path == tmp_path / "data"

    def test_given(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        assert resolve("店 の/データ").path == tmp_path / "店 の" / "データ"
        assert resolve(str(tmp_path), program=tmp_path / "x" / "kollect.exe").path == tmp_path

    def test_beside_the_program(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        program = tmp_path / "kollect.exe"
        assert resolve(program=program, environ={"LOCALAPPDATA": "/x"}).path == tmp_path
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        monkeypatch.setattr(sys, "executable", str(program))
        assert resolve().path == tmp_path
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.skipif(not CLOSED.exists(), reason="needs /proc")
    def test_elsewhere_where_the_program_s_folder_is_closed(self, tmp_path: Path):
        environ = {"LOCALAPPDATA": str(tmp_path)}
        found = resolve(program=CLOSED / "kollect.exe", environ=environ)
        assert found.path == tmp_path / "Kollect"

    def test_data_on_a_read_only_stick_are_not_left_behind(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        (tmp_path / "kollect.db").touch()
        monkeypatch.setattr(files, "is_writable", lambda folder: False)
        found = resolve(program=tmp_path / "kollect.exe", environ={"LOCALAPPDATA": "/x"})
        assert found.path == tmp_path


class TestPrepare:
    def test_makes_what_is_missing(self, tmp_path: Path):
        folder = DataFolder(tmp_path / "新しい" / "data")
        folder.prepare()
        folder.prepare()
        assert sorted(folder.path.iterdir()) == [folder.backup_dir, folder.kept_dir, folder.log_dir]
        assert folder.ini == folder.path / "kollect.ini"
        assert folder.database == folder.path / "kollect.db"

    def test_a_file_in_the_way(self, tmp_path: Path):
        (tmp_path / "log").touch()
        with pytest.raises(StorageTrouble) as caught:
            DataFolder(tmp_path).prepare()
        assert "という名前のファイルがある" in caught.value.happened
        assert str(tmp_path / "log") in caught.value.happened

    @pytest.mark.skipif(not CLOSED.exists(), reason="needs /proc")
    def test_a_closed_folder(self):
        with pytest.raises(StorageTrouble) as caught:
            DataFolder(CLOSED).prepare()
        assert caught.value.detail

    def test_has_data(self, tmp_path: Path):
        assert not DataFolder(tmp_path).has_data
        (tmp_path / "kollect.ini").touch()
        assert DataFolder(tmp_path).has_data


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "いっぱい"),
        (errno.EROFS, "書き込み禁止"),
        (errno.EACCES, "断られました"),
        (errno.ENOENT, "抜かれた"),
        (errno.ENODEV, "抜かれた"),
        (errno.EIO, "故障"),
        (errno.ENAMETOOLONG, "長すぎる"),
        (errno.ELOOP, "読み書きできません"),
    ],
)
def test_the_system_s_reasons(number: int, word: str):
    path = Path("/stick/kollect.ini")
    trouble = storage_trouble(OSError(number, "words of the system"), path)
    assert word in trouble.happened
    assert str(path) in trouble.happened
    assert trouble.title and trouble.cure
    assert "words of the system" in trouble.detail


@pytest.mark.parametrize(
    ("winerror", "word"),
    [(112, "いっぱい"), (19, "書き込み禁止"), (21, "抜かれた"), (32, "ほかのプログラム")],
)
def test_the_reasons_of_windows_come_first(winerror: int, word: str):
    error = PermissionError(errno.EACCES, "words of the system")
    if sys.platform != "win32":  # there the attribute is part of the class
        error.winerror = winerror
    else:
        error = OSError(None, "words of the system", None, winerror)
    assert word in storage_trouble(error, Path("E:/kollect.db")).happened


def full(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA max_page_count = 2")
    database.execute("CREATE TABLE t (x)")
    database.execute("INSERT INTO t VALUES (zeroblob(100000))")


def read_only(path: Path) -> None:
    sqlite3.connect(path).execute("CREATE TABLE t (x)")
    sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("INSERT INTO t VALUES (1)")


def no_database(path: Path) -> None:
    path.write_bytes(b"\0garbage" * 1000)
    sqlite3.connect(path).execute("SELECT * FROM sqlite_master")


def torn(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE t (x)")
    database.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 100)
    database.commit()
    database.close()
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)
    sqlite3.connect(path).execute("SELECT count(x) FROM t").fetchone()


def locked(path: Path) -> None:
    first = sqlite3.connect(path)
    first.execute("CREATE TABLE t (x)")
    first.execute("BEGIN EXCLUSIVE")
    sqlite3.connect(path, timeout=0).execute("INSERT INTO t VALUES (1)")


def folder_gone(path: Path) -> None:
    sqlite3.connect(path.parent / "gone" / "kollect.db")


@pytest.mark.parametrize(
    ("cause", "word"),
    [
        (full, "いっぱい"),
        (read_only, "書き込み禁止"),
        (no_database, "壊れて"),
        (torn, "壊れて"),
        (locked, "ほかのプログラム"),
        (folder_gone, "抜かれた"),
    ],
)
def test_the_database_s_reasons(tmp_path: Path, cause: Callable[[Path], None], word: str):
    path = tmp_path / "kollect.db"
    with pytest.raises(sqlite3.Error) as caught:
        cause(path)
    trouble = database_trouble(caught.value, path)
    assert word in trouble.happened
    assert str(path) in trouble.happened
    assert trouble.detail


class TestReplaceWhole:
    def test_replaces(self, tmp_path: Path):
        path = tmp_path / "a"
        files.replace_whole(path, b"1")
        files.replace_whole(path, b"2")
        assert path.read_bytes() == b"2"
        assert list(tmp_path.iterdir()) == [path]

    def test_leaves_nothing_behind_where_it_fails(self, tmp_path: Path):
        path = tmp_path / "a"
        path.mkdir()
        with pytest.raises(OSError):
            files.replace_whole(path, b"1")
        assert list(tmp_path.iterdir()) == [path]

    def test_writable(self, tmp_path: Path):
        assert files.is_writable(tmp_path)
        assert not files.is_writable(tmp_path / "gone")
        assert list(tmp_path.iterdir()) == []
