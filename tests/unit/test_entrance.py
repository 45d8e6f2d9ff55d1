"""What stands in the way into the data folder, found out without a window."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from kollect.app import preflight
from kollect.app.preflight import Damaged, Lost, Obstacle, Refused, come_inside, enter
from kollect.desktop.lock import FolderLock
from kollect.errors import AlreadyRunning
from kollect.ledger.ledger import Ledger
from kollect.storage import event_log
from kollect.storage.backup import make_backup
from kollect.storage.data_folder import DataFolder
from tests.helpers.ledger_samples import numbered


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "店")


@pytest.fixture
def lock(folder: DataFolder) -> Iterator[FolderLock]:
    lock = FolderLock(folder.path)
    yield lock
    lock.release()


def come_in(folder: DataFolder, lock: FolderLock) -> Obstacle | None:
    return enter(folder, lock) or come_inside(folder)


def give_number(folder: DataFolder) -> None:
    folder.prepare()
    with closing(Ledger(folder.database)) as ledger:
        numbered(ledger, "a@docomo.ne.jp")


def test_a_first_start_comes_in(folder: DataFolder, lock: FolderLock):
    assert come_in(folder, lock) is None
    assert not folder.database.exists(), "nothing is made before it is needed"


def test_sound_data_come_in(folder: DataFolder, lock: FolderLock):
    give_number(folder)
    assert come_in(folder, lock) is None


def test_a_holder_that_does_not_answer_is_told_of(folder: DataFolder, lock: FolderLock):
    """It has just been started, or hangs: the second start cannot bring its window up."""
    folder.prepare()
    with FolderLock(folder.path):
        found = enter(folder, lock)
    assert isinstance(found, Refused) and found.code == 2
    assert isinstance(found.trouble, AlreadyRunning)


def test_a_holder_that_answers_needs_no_words(folder: DataFolder, lock: FolderLock):
    folder.prepare()
    with FolderLock(folder.path) as first:
        first.listen(lambda: None)
        assert enter(folder, lock) == Refused(0)


def test_a_folder_that_cannot_be_made_is_told_of(tmp_path: Path):
    (tmp_path / "file").write_text("")
    folder = DataFolder(tmp_path / "file" / "data")
    found = enter(folder, FolderLock(folder.path))
    assert isinstance(found, Refused) and found.code == 5 and found.trouble is not None


def test_a_database_that_is_gone_is_missed(folder: DataFolder, lock: FolderLock):
    give_number(folder)
    with event_log.install(folder):
        logging.getLogger("kollect").info("受付番号 1001 を発行しました: a@docomo.ne.jp")
    folder.database.unlink()
    assert come_in(folder, lock) == Lost(1002)


def test_a_damaged_one_with_a_copy_may_go_back(folder: DataFolder, lock: FolderLock):
    give_number(folder)
    make_backup(folder.database, folder.backup_dir, date(2026, 11, 24))
    folder.database.write_bytes(b"not a database" * 500)
    found = come_in(folder, lock)
    assert isinstance(found, Damaged) and found.found
    assert found.cost.backup.parent == folder.backup_dir


def test_a_damaged_one_without_a_copy_is_told_of(folder: DataFolder, lock: FolderLock):
    give_number(folder)
    folder.database.write_bytes(b"not a database" * 500)
    shutil.rmtree(folder.backup_dir, ignore_errors=True)
    found = come_in(folder, lock)
    assert isinstance(found, Refused) and found.code == 5
    assert found.trouble is not None and "壊れています" in found.trouble.title


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_look_that_was_ended_stands_in_the_log(folder: DataFolder, goes_on: bool):
    folder.prepare()
    Ledger(folder.database).close()
    assert preflight.look_inside(folder, lambda part: goes_on) is None
    lines = [
        line for month in event_log.months(folder) for line in event_log.read_month(folder, month)
    ]
    assert len(lines) == (0 if goes_on else 1)
    assert all(preflight.SKIPPED in line for line in lines)
