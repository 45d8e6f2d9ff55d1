"""What was accepted is held until it is written: the tries, the pauses, the end of patience."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.errors import StorageTrouble
from kollect.ledger.commit_retry import (
    PATIENCE_AT_THE_END,
    PATIENCE_OF_A_COMMAND,
    UntilWritten,
)
from kollect.ledger.ledger import Ledger
from kollect.ledger.lived_clock import LivedClock
from kollect.ledger.metadata import Metadata
from kollect.storage import database_driver
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import NOW


class Disk:
    """Fails until a played moment; plays the clock as well."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.now = 0.0
        self.written = 0
        self.told: list[tuple[StorageTrouble, timedelta]] = []
        self.stop_at = float("inf")
        self.reopened = 0

    def reopen(self) -> None:
        self.reopened += 1

    def commit(self) -> None:
        if self.now < self.until:
            raise StorageTrouble("いっぱい", happened="だめでした。", cure="空けてください。")
        self.written += 1

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def run(self, patience: float | None, is_written: Callable[[], bool] = lambda: False) -> None:
        until_written = UntilWritten(
            stopping=lambda: self.now >= self.stop_at,
            tell=lambda trouble, pause: self.told.append((trouble, pause)),
            patience=patience,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        until_written(self, self.commit, is_written, letters=7)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [5, 45, 300, 86400])
def test_it_is_tried_for_as_long_as_the_program_lives(seconds: int):
    disk = Disk(seconds)
    disk.run(None)
    assert disk.written == 1
    assert seconds <= disk.now <= seconds + 15.5
    assert disk.reopened == len(disk.told)


def test_what_goes_well_at_once_is_told_to_nobody():
    disk = Disk(0)
    disk.run(None)
    assert (disk.written, disk.told, disk.now) == (1, [], 0)


def test_a_command_has_patience_for_ten_minutes():
    disk = Disk(PATIENCE_OF_A_COMMAND - 20)
    disk.run(PATIENCE_OF_A_COMMAND)
    assert disk.written == 1
    disk = Disk(float("inf"))
    with pytest.raises(StorageTrouble) as told:
        disk.run(PATIENCE_OF_A_COMMAND)
    assert 600 <= disk.now <= 616
    assert "7 通" in told.value.happened
    assert "空けてください。" in told.value.cure


@pytest.mark.parametrize("patience", [None, PATIENCE_OF_A_COMMAND, 30])
def test_asked_to_end_it_tries_a_bounded_time_and_says_so(patience: float | None):
    disk = Disk(float("inf"))
    disk.stop_at = 10
    with pytest.raises(StorageTrouble):
        disk.run(patience)
    most = 10 + PATIENCE_AT_THE_END if patience != 30 else 30
    assert most <= disk.now <= most + 16
    assert "終了する前に" in disk.told[-1][0].happened
    assert "終了する前に" not in disk.told[0][0].happened


def test_a_disk_that_is_well_before_the_end_is_written_to():
    disk = Disk(60)
    disk.stop_at = 10
    disk.run(None)
    assert disk.written == 1


def test_a_commit_that_failed_and_is_on_the_disk_all_the_same_is_not_done_again():
    disk = Disk(3)
    disk.run(None, is_written=lambda: True)
    assert (disk.written, disk.reopened) == (0, 1)


# --- the connection


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "kollect.db")) as opened:
        yield opened


def test_those_beside_go_on_with_the_new_connection(ledger: Ledger):
    beside = Metadata.beside(ledger)
    clock = LivedClock(ledger, lambda: NOW)
    old = ledger._db
    ledger.reopen()
    assert ledger._db is not old
    with ledger.transaction():
        beside.set_metadata("a", "b")
        clock.tick()
    with closing(Ledger(ledger._path)) as other:
        assert other.get_metadata("a") == "b"
    assert ledger._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert ledger._db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_another_file_in_its_place_is_not_written_to(ledger: Ledger, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    Ledger(other / "kollect.db").close()
    for file in tmp_path.glob("kollect.db*"):
        file.unlink()
    with pytest.raises(StorageTrouble, match="データの入ったフォルダが見つかりません"):
        ledger.reopen()
    assert not (tmp_path / "kollect.db").exists(), "no new one is made"
    (other / "kollect.db").rename(tmp_path / "kollect.db")
    with pytest.raises(StorageTrouble, match="入れ替わっています"):
        ledger.reopen()
    (tmp_path / "kollect.db").write_bytes(b"")
    with pytest.raises(StorageTrouble):
        ledger.reopen()


def test_within_a_transaction_that_could_not_be_undone_nothing_is_thought_written(ledger: Ledger):
    """A failing disk may refuse the ROLLBACK as well."""
    ledger._db.execute("BEGIN IMMEDIATE")
    with ledger.transaction():
        ledger.set_metadata("a", "b")
    with closing(sqlite3.connect(ledger._path)) as other:
        assert other.execute("SELECT value FROM meta WHERE key = 'a'").fetchone() == ("b",)


def test_held_by_another_program_it_is_told_and_then_goes_on(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database_driver, "WAIT_FOR_OTHERS", 0.05)
    ledger.reopen()
    other = sqlite3.connect(ledger._path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    told: list[StorageTrouble] = []

    def tell(trouble: StorageTrouble, pause: timedelta) -> None:
        told.append(trouble)
        if len(told) == 3:
            threading.Thread(target=other.execute, args=("COMMIT",)).start()

    written = UntilWritten(
        stopping=lambda: False, tell=tell, patience=None, sleep=lambda seconds: None
    )
    written(ledger, lambda: _note(ledger), lambda: ledger.get_metadata("a") == "b", letters=1)
    assert ledger.get_metadata("a") == "b"
    assert len(told) >= 3
    assert all("ほかのプログラムが使っています" in trouble.title for trouble in told)
    other.close()


def _note(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.set_metadata("a", "b")
