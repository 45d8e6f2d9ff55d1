"""The day's work: once a day, and again where it could not be done."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.collector.upkeep import FORGET_AFTER, JUMP, SURE_AFTER, upkeep
from kollect.errors import StorageTrouble
from kollect.folder import DataFolder
from kollect.register.backup import backups
from kollect.register.ledger import Ledger
from kollect.register.receipt import Step
from tests.unit.bookkeeping import BOX, NOW, numbered, sighting

DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.prepare()
    return made


@pytest.fixture
def ledger(folder: DataFolder):
    opened = Ledger(folder.database)
    yield opened
    opened.close()


def old_copy(folder: DataFolder) -> Path:
    file = folder.kept_dir / "20261001-x.eml"
    file.write_bytes(b"raw")
    moment = (NOW - 40 * DAY).timestamp()
    os.utime(file, (moment, moment))
    return file


def test_the_days_work_is_done_once_a_day(folder: DataFolder, ledger: Ledger):
    numbered(ledger, "a@x.jp")
    gone = ledger.record(BOX, sighting("u1"), Step.KEPT, NOW - FORGET_AFTER - DAY)
    ledger.move([gone], Step.GONE, NOW - FORGET_AFTER - DAY)
    copy = old_copy(folder)
    assert upkeep(folder, ledger, NOW)
    assert not copy.exists()
    assert ledger.known_mails(BOX, ["u1"]) == {}
    assert [path.name for path in backups(folder.backup_dir)] == ["kollect-20261123.db"]
    assert not upkeep(folder, ledger, NOW + timedelta(hours=13))
    assert upkeep(folder, ledger, NOW + DAY)
    assert len(backups(folder.backup_dir)) == 2


def test_the_day_is_the_shops_day(folder: DataFolder, ledger: Ledger):
    """Half past eight in the morning in Japan is still yesterday in Greenwich."""
    upkeep(folder, ledger, NOW - timedelta(minutes=90))
    assert [path.name for path in backups(folder.backup_dir)] == ["kollect-20261123.db"]


def gone_lately(ledger: Ledger) -> None:
    gone = ledger.record(BOX, sighting("u1"), Step.KEPT, NOW)
    ledger.move([gone], Step.GONE, NOW)


def young_copy(folder: DataFolder) -> Path:
    copy = old_copy(folder)
    os.utime(copy, (NOW.timestamp(), NOW.timestamp()))
    return copy


@pytest.mark.parametrize("days", [1, 7, SURE_AFTER.days - 1])
def test_a_clock_ten_years_ahead_takes_nothing_however_often_it_is_polled(
    folder: DataFolder, ledger: Ledger, days: int, caplog: pytest.LogCaptureFixture
):
    copy = young_copy(folder)
    gone_lately(ledger)
    upkeep(folder, ledger, NOW)
    ahead = NOW + 3650 * DAY
    for day in range(days):
        assert upkeep(folder, ledger, ahead + day * DAY)
    assert copy.exists()
    assert ledger.known_mails(BOX, ["u1"])
    [told] = caplog.messages
    assert f"{ahead:%Y-%m-%d}" in told
    for day in (1, 2, 29):  # and the clock is put right
        assert upkeep(folder, ledger, NOW + day * DAY)
    assert copy.exists()
    for day in range(30, 35 + SURE_AFTER.days):
        upkeep(folder, ledger, NOW + day * DAY)
    assert not copy.exists()


def test_after_a_shop_was_closed_copies_stay_a_little_longer(folder: DataFolder, ledger: Ledger):
    copy = young_copy(folder)
    upkeep(folder, ledger, NOW)
    opened = NOW + JUMP + DAY
    upkeep(folder, ledger, opened)
    upkeep(folder, ledger, opened + DAY)
    assert copy.exists()
    upkeep(folder, ledger, opened + SURE_AFTER)
    assert not copy.exists()


def test_what_could_not_be_done_is_tried_again_and_room_is_made_first(
    folder: DataFolder, ledger: Ledger
):
    copy = old_copy(folder)
    folder.backup_dir.rmdir()
    folder.backup_dir.write_bytes(b"a file in its place")
    with pytest.raises(StorageTrouble):
        upkeep(folder, ledger, NOW)
    assert not copy.exists()
    folder.backup_dir.unlink()
    assert upkeep(folder, ledger, NOW)
    assert len(backups(folder.backup_dir)) == 1
