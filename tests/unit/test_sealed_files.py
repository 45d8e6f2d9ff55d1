"""Files within an encrypted database: as whole as files of the disk, and read by nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.storage import database_keys
from kollect.storage.sealed_files import PIECE, SealedFiles

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
KEY = bytes(range(32))


@pytest.fixture
def sealed(tmp_path: Path):
    (tmp_path / "kept").mkdir()
    database_keys.unlock(tmp_path, KEY)
    yield SealedFiles(tmp_path / "kept" / "sealed.db")
    database_keys.lock(tmp_path)


def put(sealed: SealedFiles, name: str, octets: bytes, at: datetime = NOW) -> None:
    with sealed.writing(name, at) as sink:
        sink.write(octets)


def content(sealed: SealedFiles, name: str) -> bytes:
    with sealed.opened(name) as raw:
        return raw.read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 5_000_000])
def test_what_is_written_is_read_again(sealed: SealedFiles, size: int):
    octets = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    put(sealed, "kept/a.eml", octets)
    assert content(sealed, "kept/a.eml") == octets
    (one,) = sealed.files()
    assert (one.name, one.written_at, one.size) == ("kept/a.eml", NOW, size)


@settings(deadline=None)  # it writes to the disk
@given(parts=st.lists(st.integers(0, 3 * PIECE // 2), max_size=6))
def test_parts_of_any_length(tmp_path_factory: pytest.TempPathFactory, parts: list[int]):
    folder = tmp_path_factory.mktemp("parts")
    sealed = SealedFiles(folder / "sealed.db")
    whole = b""
    with sealed.writing("a", NOW) as sink:
        for number, size in enumerate(parts):
            part = bytes([number + 1]) * size
            assert sink.tell() == len(whole)
            sink.write(part)
            whole += part
    assert content(sealed, "a") == whole


def test_a_sink_can_begin_again(sealed: SealedFiles):
    with sealed.writing("a", NOW) as sink:
        sink.write(b"x" * 200_000)
        sink.seek(0)
        sink.truncate()
        sink.write(b"short")
    assert content(sealed, "a") == b"short"
    assert sealed.files()[0].size == 5


def test_a_file_that_was_broken_off_is_not_there_and_the_old_one_stays(sealed: SealedFiles):
    put(sealed, "a", b"old")
    with pytest.raises(RuntimeError), sealed.writing("a", NOW) as sink:
        sink.write(b"new" * 100_000)
        raise RuntimeError
    assert content(sealed, "a") == b"old"
    put(sealed, "a", b"new")
    assert content(sealed, "a") == b"new"
    assert len(sealed.files()) == 1


def test_head_only(sealed: SealedFiles):
    put(sealed, "a", b"0123456789" * 100_000)
    with sealed.opened("a") as raw:
        assert raw.read(15) == b"012345678901234"


def test_removed_and_dated(sealed: SealedFiles):
    put(sealed, "a", b"1")
    put(sealed, "b", b"2")
    sealed.set_time("b", NOW - timedelta(days=3))
    sealed.remove("a")
    (left,) = sealed.files()
    assert (left.name, left.written_at) == ("b", NOW - timedelta(days=3))
    assert sealed.holds("b") and not sealed.holds("a")
    with pytest.raises(FileNotFoundError):
        content(sealed, "a")


def test_nothing_is_made_by_asking(tmp_path: Path):
    sealed = SealedFiles(tmp_path / "sealed.db")
    assert sealed.files() == [] and not sealed.holds("a")
    with pytest.raises(FileNotFoundError):
        sealed.opened("a")
    assert list(tmp_path.iterdir()) == []


def test_on_disk_it_is_read_by_nobody(sealed: SealedFiles, tmp_path: Path):
    put(sealed, "kept/keiko.eml", b"From: keiko@docomo.ne.jp\r\n" * 1000)
    for file in (tmp_path / "kept").iterdir():
        assert b"keiko" not in file.read_bytes()


def test_a_damaged_file_is_trouble_with_the_disk(sealed: SealedFiles, tmp_path: Path):
    put(sealed, "a", b"x" * 500_000)
    file = tmp_path / "kept" / "sealed.db"
    harmed = bytearray(file.read_bytes())
    harmed[200_000] ^= 1
    file.write_bytes(harmed)
    with pytest.raises(OSError, match="壊れています"):
        content(sealed, "a")
