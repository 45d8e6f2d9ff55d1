"""kept/: whole copies or none, under a name of their own, for 30 days."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kollect.desktop import files
from kollect.errors import DataCodeTrouble, StorageTrouble
from kollect.ledger.kept_folder import KeptFolder
from kollect.storage import database_keys, protection_mark
from kollect.storage.protection_mark import Mark, Protection
from tests.helpers.ledger_samples import BOX, NOW

RAW = b"From: a@docomo.ne.jp\r\nSubject: \x82\xa0\r\n\r\nbody\0\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def kept(folder: Path) -> KeptFolder:
    return KeptFolder(folder)


def content(kept: KeptFolder, name: str) -> bytes:
    with kept.copy(name).open("rb") as raw:
        return raw.read()


def aged(file: Path, days: float) -> Path:
    """A file last changed so many days before NOW."""
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(RAW)
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(file, (moment, moment))
    return file


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_copy_is_there_when_the_block_has_ended_and_not_before(kept: KeptFolder, folder: Path):
    with kept.writing("a.eml") as sink:
        sink.write(RAW)
        sink.write(RAW)
        sink.flush()
        assert not kept.copy("a.eml").exists()
    assert content(kept, "a.eml") == RAW + RAW
    assert names(folder) == ["a.eml"]
    assert kept.head("a.eml", 10) == RAW[:10]


def test_what_was_written_can_be_taken_back(kept: KeptFolder):
    with kept.writing("a.eml") as sink:
        sink.write(bytes(300_000))
        sink.seek(0)
        sink.truncate()
        sink.write(b"headers only")
    assert content(kept, "a.eml") == b"headers only"


class LineLost(Exception):
    pass


@pytest.mark.parametrize("fault", [LineLost(), OSError(errno.ECONNRESET, "reset"), SystemExit()])
def test_a_fault_of_the_block_leaves_no_copy_and_stays_what_it_is(
    kept: KeptFolder, folder: Path, fault: BaseException
):
    with kept.writing("old.eml") as sink:
        sink.write(RAW)
    for name in ("new.eml", "old.eml"):
        with pytest.raises(type(fault)) as raised, kept.writing(name) as sink:
            sink.write(b"half")
            raise fault
        assert raised.value is fault
    assert names(folder) == ["old.eml"]
    assert content(kept, "old.eml") == RAW


def test_a_half_written_copy_of_a_crash_is_written_over(kept: KeptFolder, folder: Path):
    aged(folder / "a.eml.part", 0)
    with kept.writing("a.eml") as sink:
        sink.write(b"whole")
    assert names(folder) == ["a.eml"]
    assert content(kept, "a.eml") == b"whole"


@pytest.fixture
def no_room() -> Iterator[None]:
    """No file may grow beyond 100 KiB: for whoever writes, the disk is full there."""
    resource = pytest.importorskip("resource", reason="Windows limits no files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100 * 1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [200, 5000])
@pytest.mark.usefixtures("no_room")
def test_a_full_disk_is_the_disks_fault_also_to_who_writes(
    kept: KeptFolder, folder: Path, size: int
):
    """An inbox that takes every OSError for a lost line must not take this one for it."""
    told: list[Exception] = []
    with pytest.raises(StorageTrouble) as raised, kept.writing("a.eml") as sink:
        for _ in range(1000):
            try:
                sink.write(bytes(size))
            except OSError as error:
                told.append(error)
    assert told == []
    assert raised.value.title == "ディスクの空きがありません"
    assert names(folder) == []


@pytest.mark.usefixtures("no_room")
def test_a_disk_found_full_at_the_end_leaves_no_copy(
    kept: KeptFolder, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(new: Path, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "replace", full)
    with pytest.raises(StorageTrouble), kept.writing("a.eml") as sink:
        sink.write(RAW)
    assert names(folder) == []


def test_a_folder_that_is_gone_is_not_rebuilt(tmp_path: Path):
    kept = KeptFolder(tmp_path / "pulled out" / "kept")
    with pytest.raises(StorageTrouble) as told, kept.writing("a.eml"):
        pass
    assert told.value.title == "データの入ったフォルダが見つかりません"
    with pytest.raises(StorageTrouble):
        kept.head("a.eml", 1)
    assert kept.clear_old(NOW) == 0


def test_each_mail_has_a_name_of_its_own_that_stays():
    name = KeptFolder.name_for(BOX, "u1", NOW)
    assert name == KeptFolder.name_for(BOX, "u1", NOW.astimezone(UTC))
    assert name.endswith(".eml")
    others = {
        KeptFolder.name_for(BOX, "u2", NOW),
        KeptFolder.name_for("other@x.jp", "u1", NOW),
        KeptFolder.name_for(BOX, "u1", NOW + timedelta(seconds=10)),  # the id used again
    }
    assert len(others - {name}) == 3


def test_a_name_is_good_on_every_system():
    name = KeptFolder.name_for("a/b\\c:*?@x.jp", "../../x\0\n", datetime(2026, 1, 2, tzinfo=UTC))
    assert set(name) <= set("0123456789abcdef-.eml")


def test_copies_go_after_thirty_days(kept: KeptFolder, folder: Path):
    aged(folder / "old.eml", 30.1)
    aged(folder / "young.eml", 29.9)
    aged(folder / "crashed.eml.part", 1.1)
    aged(folder / "being-written.eml.part", 0.1)
    aged(folder / "somebody's notes.txt", 400)
    assert kept.clear_old(NOW) == 1
    assert names(folder) == ["being-written.eml.part", "somebody's notes.txt", "young.eml"]


def test_a_copy_that_cannot_be_removed_stops_nothing(kept: KeptFolder, folder: Path):
    """On Windows: a mail that somebody has open."""
    stubborn = folder / "a.eml"
    stubborn.mkdir(parents=True)
    (stubborn / "x").touch()
    moment = (NOW - timedelta(days=40)).timestamp()
    os.utime(stubborn, (moment, moment))
    aged(folder / "b.eml", 40)
    assert kept.clear_old(NOW) == 1
    assert names(folder) == ["a.eml"]


# --- in a protected folder


@pytest.fixture
def protected(kept: KeptFolder, tmp_path: Path) -> Iterator[KeptFolder]:
    database_keys.unlock(tmp_path, bytes(32))
    protection_mark.write(tmp_path, Mark(Protection.ON, "ab" * 8, "cd" * 16))
    yield kept
    database_keys.lock(tmp_path)


def test_protected_a_copy_is_no_file(protected: KeptFolder, folder: Path):
    with protected.writing("a.eml") as sink:
        sink.write(RAW)
        assert sink.tell() == len(RAW)
    with pytest.raises(RuntimeError), protected.writing("broken.eml") as sink:
        sink.write(RAW)
        raise RuntimeError
    assert names(folder) == ["sealed.db"]
    assert RAW not in (folder / "sealed.db").read_bytes()
    assert content(protected, "a.eml") == RAW
    assert protected.head("a.eml", 7) == RAW[:7]
    assert protected.copy("a.eml").exists()
    assert not protected.copy("broken.eml").exists()


def test_protected_a_copy_from_before_is_found_too(protected: KeptFolder, folder: Path):
    aged(folder / "before.eml", 1)
    assert protected.copy("before.eml").exists()
    assert content(protected, "before.eml") == RAW


def test_protected_what_is_gone_is_trouble(protected: KeptFolder):
    with pytest.raises(StorageTrouble):
        protected.head("a.eml", 7)
    with pytest.raises(OSError):
        protected.copy("a.eml").open("rb")


def test_protected_copies_go_after_thirty_days(protected: KeptFolder):
    for name, days in (("old.eml", 30.1), ("young.eml", 29.9), ("ahead.eml", -3.0)):
        with protected.writing(name) as sink:
            sink.write(RAW)
        protected.copy(name).sealed.set_time(f"kept/{name}", NOW - timedelta(days=days))
    assert protected.clear_old(NOW) == 1
    left = protected.copy("x").sealed.files()
    assert [(one.name, one.written_at) for one in left] == [
        ("kept/ahead.eml", NOW),
        ("kept/young.eml", NOW - timedelta(days=29.9)),
    ]


def test_protected_without_its_code_nothing_is_kept(protected: KeptFolder, tmp_path: Path):
    with protected.writing("a.eml") as sink:
        sink.write(RAW)
    database_keys.lock(tmp_path)
    with pytest.raises(DataCodeTrouble), protected.writing("b.eml"):
        pass
    with pytest.raises(DataCodeTrouble):
        protected.head("a.eml", 7)
