"""The day's work: once a day, and again where it could not be done."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.collector.maintenance import FORGET_AFTER
from kollect.collector.maintenance import upkeep as daily_work
from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.lived_clock import LivedClock
from kollect.ledger.states import MailState
from kollect.storage.backup import backups
from kollect.storage.data_folder import DataFolder
from tests.helpers.ledger_samples import BOX, NOW, numbered, sighting

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


def upkeep(folder: DataFolder, ledger: Ledger, now: datetime) -> bool:
    """The program is started at this moment, and works for a second."""
    clock = LivedClock(ledger, lambda: now, running=lambda: 0.0, run=now.isoformat())
    return daily_work(folder, ledger, clock)


def run_through(folder: DataFolder, ledger: Ledger, start: datetime, span: timedelta) -> datetime:
    """The program runs for so long, a poll an hour. Returns the moment after it."""
    clock = LivedClock(
        ledger, lambda: start + passed, running=lambda: passed.total_seconds(), run=f"{start}"
    )
    passed = timedelta()
    while passed < span:
        daily_work(folder, ledger, clock)
        passed += timedelta(hours=1)
    daily_work(folder, ledger, clock)
    return start + passed


def old_copy(folder: DataFolder) -> Path:
    file = folder.kept_dir / "20261001-x.eml"
    file.write_bytes(b"raw")
    moment = (NOW - 40 * DAY).timestamp()
    os.utime(file, (moment, moment))
    return file


def test_the_days_work_is_done_once_a_day(folder: DataFolder, ledger: Ledger):
    numbered(ledger, "a@x.jp")
    gone = ledger.record(BOX, sighting("u1"), MailState.KEPT, NOW - FORGET_AFTER - DAY)
    ledger.move([gone], MailState.GONE, NOW - FORGET_AFTER - DAY)
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
    gone = ledger.record(BOX, sighting("u1"), MailState.KEPT, NOW)
    ledger.move([gone], MailState.GONE, NOW)


def young_copy(folder: DataFolder) -> Path:
    copy = old_copy(folder)
    os.utime(copy, (NOW.timestamp(), NOW.timestamp()))
    return copy


@pytest.mark.parametrize("days", [31, 45, 59, 365, 3650])
def test_a_clock_ahead_for_a_day_takes_nothing(folder: DataFolder, ledger: Ledger, days: int):
    copy = young_copy(folder)
    gone_lately(ledger)
    now = run_through(folder, ledger, NOW, 2 * DAY)
    copies = set(backups(folder.backup_dir))
    run_through(folder, ledger, now + days * DAY, timedelta(hours=20))
    assert copy.exists()
    assert ledger.known_mails(BOX, ["u1"])
    assert copies <= set(backups(folder.backup_dir))
    numbered(ledger, "b@x.jp")  # today's copy knows more than those of the future
    now = run_through(folder, ledger, now, 9 * DAY)  # and the clock is put right
    assert copy.exists()
    assert ledger.known_mails(BOX, ["u1"])
    names = [path.name for path in backups(folder.backup_dir)]
    assert len(names) == 7
    assert max(names) <= f"kollect-{now:%Y%m%d}.db", "those of the future gave way"
    run_through(folder, ledger, now, 25 * DAY)
    assert not copy.exists()


@pytest.mark.parametrize("days", [31, 400])
def test_a_clock_behind_and_then_right_takes_nothing(folder: DataFolder, ledger: Ledger, days: int):
    behind = NOW - days * DAY
    upkeep(folder, ledger, NOW - days * DAY - DAY)
    copy = young_copy(folder)
    os.utime(copy, (behind.timestamp(), behind.timestamp()))
    run_through(folder, ledger, behind, timedelta(hours=9))
    now = run_through(folder, ledger, NOW, 3 * DAY)
    assert copy.exists(), "it was written yesterday"
    run_through(folder, ledger, now, 30 * DAY)
    assert not copy.exists()


def test_a_shop_that_was_closed_loses_nothing_by_it(folder: DataFolder, ledger: Ledger):
    copy = young_copy(folder)
    now = run_through(folder, ledger, NOW, DAY)
    now = run_through(folder, ledger, now + 40 * DAY, 2 * DAY)
    assert copy.exists()
    run_through(folder, ledger, now, 28 * DAY)
    assert not copy.exists()


def test_a_copy_of_the_future_counts_as_written_now(folder: DataFolder, ledger: Ledger):
    copy = young_copy(folder)
    ahead = (NOW + 365 * DAY).timestamp()
    os.utime(copy, (ahead, ahead))
    now = run_through(folder, ledger, NOW, 29 * DAY)
    assert copy.exists()
    run_through(folder, ledger, now, 3 * DAY)
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
