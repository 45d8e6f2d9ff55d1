"""The ledger when the disk fails it: full, read-only, cut off in the middle; and two at once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.small_disk import Disk

TOP = Path(__file__).parents[2]


def numbers(path: Path) -> list[int]:
    reader = Receipts(path)
    try:
        return [receipt.number for receipt in reader.all()]
    finally:
        reader.close()


def mails(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return db.execute("SELECT count(*) FROM mail").fetchone()[0]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "stick"
    folder.mkdir()
    made = Disk(folder)
    yield made
    made.unmount()


@pytest.mark.real
def test_a_full_disk_is_told_and_nothing_is_half_written(disk: Disk):
    path = disk.path / "kollect.db"
    ledger = Ledger(path)
    given = [numbered(ledger, f"{n}@docomo.ne.jp")[1] for n in range(20)]
    troubles: list[StorageTrouble] = []
    with disk.full():
        for n in range(20, 200):
            try:
                given.append(numbered(ledger, f"{n}@docomo.ne.jp")[1])
            except StorageTrouble as trouble:
                troubles.append(trouble)
        known = ledger.known("0@docomo.ne.jp", NOW)
    assert troubles, "the disk was not full"
    assert known == (given[0], 1, 1), "what is there can still be read"
    if disk.mounted:
        assert {trouble.title for trouble in troubles} == {"ディスクの空きがありません"}
        assert all("空きを増やして" in trouble.cure for trouble in troubles)
    assert numbered(ledger, "with-room-again@docomo.ne.jp")[1] == given[-1] + 1
    ledger.close()
    assert numbers(path) == list(range(1001, 1001 + len(given) + 1))
    assert mails(path) == len(given) + 1


@pytest.mark.real
def test_a_new_ledger_on_a_full_disk_leaves_nothing_half_made(disk: Disk):
    path = disk.path / "kollect.db"
    with disk.full(), pytest.raises(StorageTrouble):
        Ledger(path)
    ledger = Ledger(path)
    assert numbered(ledger, "a@docomo.ne.jp")[1] == 1001
    ledger.close()


@pytest.mark.real
def test_a_ledger_opened_on_a_full_disk_goes_on_when_there_is_room(disk: Disk):
    path = disk.path / "kollect.db"
    ledger = Ledger(path)
    numbered(ledger, "a@docomo.ne.jp")
    ledger.close()
    with disk.full(), pytest.raises(StorageTrouble) as told:
        numbered(Ledger(path), "b@docomo.ne.jp")
    if disk.mounted:
        assert told.value.title == "ディスクの空きがありません"
    ledger = Ledger(path)
    assert numbered(ledger, "b@docomo.ne.jp")[1] == 1002
    ledger.close()


@pytest.mark.real
def test_a_read_only_stick_is_told_and_works_again_when_it_is_not(disk: Disk):
    path = disk.path / "kollect.db"
    ledger = Ledger(path)
    numbered(ledger, "a@docomo.ne.jp")
    ledger.close()
    with disk.read_only(), pytest.raises(StorageTrouble) as told:
        Ledger(path)
    if disk.mounted:
        assert told.value.title == "書き込みが禁止されています"
    ledger = Ledger(path)
    assert numbered(ledger, "b@docomo.ne.jp")[1] == 1002
    ledger.close()


def test_a_file_that_may_grow_no_more_is_a_full_disk(tmp_path: Path):
    ledger = Ledger(tmp_path / "kollect.db")
    numbered(ledger, "a@docomo.ne.jp")
    pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
    ledger._db.execute(f"PRAGMA max_page_count = {pages}")
    given = [1001]
    with pytest.raises(StorageTrouble) as told:
        for n in range(1000):
            given.append(numbered(ledger, f"{n}@docomo.ne.jp")[1])
    assert told.value.title == "ディスクの空きがありません"
    ledger._db.execute("PRAGMA max_page_count = 1000000")
    given.append(numbered(ledger, "b@docomo.ne.jp")[1])
    assert given == list(range(1001, 1001 + len(given)))
    ledger.close()
    assert mails(tmp_path / "kollect.db") == len(given)


# --- the power is cut

COMMITS = """
import sys
from pathlib import Path
from kollect.ledger.ledger import Ledger
from tests.helpers.ledger_samples import numbered

ledger = Ledger(Path(sys.argv[1]))
for n in range(10**6):
    number = numbered(ledger, f"{sys.argv[2]}.{n}@docomo.ne.jp")[1]
    print(number, flush=True)
"""


@pytest.mark.real
def test_what_was_committed_outlives_a_kill_at_any_moment(tmp_path: Path):
    path = tmp_path / "kollect.db"
    committed: list[int] = []
    for run in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", COMMITS, str(path), str(run)],
            stdout=subprocess.PIPE,
            cwd=TOP,
            env={**os.environ, "PYTHONPATH": str(TOP)},
        )
        first = writer.stdout.readline()
        time.sleep(random.uniform(0.02, 0.15))
        writer.kill()
        rest = writer.stdout.read().splitlines()
        writer.wait()
        writer.stdout.close()
        committed += [int(number) for number in (first, *rest)]
    found = numbers(path)
    assert found == list(range(1001, 1001 + len(found))), "one twice or skipped"
    assert set(committed) <= set(found)
    assert mails(path) == len(found), "a number without its mail"
    assert len(found) - len(committed) <= 4, "at most one commit a kill was not printed yet"


def test_every_commit_is_synced(tmp_path: Path):
    ledger = Ledger(tmp_path / "kollect.db")
    assert ledger._db.execute("PRAGMA synchronous").fetchone()[0] == 2, "FULL"
    assert ledger._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    ledger.close()


# --- two at once


def together(*jobs: Callable[[], None]) -> None:
    """Run each in a thread of its own; raise what any of them raised."""
    failed: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_collector_and_screens_work_on_one_file(tmp_path: Path):
    path = tmp_path / "kollect.db"
    Ledger(path).close()
    done = threading.Event()

    def collector() -> None:
        try:
            for poll in range(15):
                ledger = Ledger(path)
                with ledger.transaction():
                    for n in range(30):
                        numbered(ledger, f"{poll}.{n}@docomo.ne.jp")
                ledger.close()
        finally:
            done.set()

    def screen() -> None:
        while not done.is_set():
            ledger = Ledger(path)
            ledger.set_metadata("screen", str(time.monotonic()))
            ledger.known("0.0@docomo.ne.jp", NOW)
            ledger.close()

    def list_of_results() -> None:
        reader = Receipts(path)
        while not done.is_set():
            found = [receipt.number for receipt in reader.all()]
            assert found == list(range(1001, 1001 + len(found)))
            assert len(found) % 30 == 0, "half a transaction was seen"
        reader.close()

    together(collector, screen, screen, list_of_results)
    assert numbers(path) == list(range(1001, 1451))


def test_two_that_give_numbers_never_give_the_same(tmp_path: Path):
    path = tmp_path / "kollect.db"
    Ledger(path).close()
    given: list[int] = []

    def giver(name: str) -> None:
        ledger = Ledger(path)
        for n in range(50):
            given.append(numbered(ledger, f"{name}.{n}@docomo.ne.jp")[1])
        ledger.close()

    together(lambda: giver("a"), lambda: giver("b"), lambda: giver("c"))
    assert sorted(given) == list(range(1001, 1151))


def test_a_new_file_may_be_opened_by_several_at_once(tmp_path: Path):
    """SQLite does not wait for the lock of the switch to its write-ahead log; we do."""
    for n in range(10):
        start = threading.Barrier(4)
        ids: set[str] = set()

        def opening(path: Path = tmp_path / f"{n}.db", start: threading.Barrier = start) -> None:
            start.wait()
            ledger = Ledger(path)
            ids.add(ledger.install_id)  # noqa: B023
            ledger.close()

        together(*(opening,) * 4)
        assert len(ids) == 1
