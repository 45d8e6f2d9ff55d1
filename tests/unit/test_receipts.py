"""収集結果 as the ledger has it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.records import Receipt
from kollect.ledger.states import ReceiptState
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import NOW, numbered

HOUR = timedelta(hours=1)


@pytest.fixture
def receipts(ledger: Ledger, path: Path):
    reader = Receipts(path)
    yield reader
    reader.close()


def test_a_receipt_comes_as_it_was_written(ledger: Ledger, receipts: Receipts):
    numbered(ledger, '"Taro..x"@Docomo.ne.jp')
    ledger.receipt_state(1001, ReceiptState.REPLIED, NOW + HOUR)
    ledger.count_again(1001)
    numbered(ledger, "b@x.jp", now=NOW + HOUR)
    ledger.receipt_state(1002, ReceiptState.UNDELIVERABLE, NOW, "550 宛先不明")
    assert list(receipts.all()) == [
        Receipt(
            number=1001,
            address='"Taro..x"@Docomo.ne.jp',
            received_at=NOW,
            replied_at=NOW + HOUR,
            state=ReceiptState.REPLIED,
            reason="",
            times=2,
            member=False,
        ),
        Receipt(
            number=1002,
            address="b@x.jp",
            received_at=NOW + HOUR,
            replied_at=None,
            state=ReceiptState.UNDELIVERABLE,
            reason="550 宛先不明",
            times=1,
            member=False,
        ),
    ]
    assert all(r.received_at.tzinfo is not None for r in receipts.all())


def test_receipts_are_found_by_number_and_by_address(ledger: Ledger, receipts: Receipts):
    numbered(ledger, "Taro@x.jp")
    numbered(ledger, "b@x.jp")
    numbered(ledger, "taro@x.jp", again=True)
    assert receipts.some([1002])[1002].address == "b@x.jp"
    assert not receipts.some([1004])
    assert [r.number for r in receipts.of_address("taro@x.jp")] == [1003, 1001]
    assert receipts.of_address("nobody@x.jp") == []


def test_receipts_are_counted(ledger: Ledger, receipts: Receipts):
    assert receipts.counts(NOW) == (0, 0)
    for hours in range(5):
        numbered(ledger, f"{hours}@x.jp", now=NOW - hours * HOUR)
    assert receipts.counts(NOW - 2 * HOUR) == (3, 5)


def test_the_reader_sees_what_was_committed_since(ledger: Ledger, receipts: Receipts):
    with ledger.transaction():
        numbered(ledger, "a@x.jp")
        assert list(receipts.all()) == [], "not committed yet"
    assert [r.number for r in receipts.all()] == [1001]


def test_a_list_half_read_stops_nobody_from_writing(ledger: Ledger, receipts: Receipts):
    for n in range(3):
        numbered(ledger, f"{n}@x.jp")
    reading = receipts.all()
    first = next(reading)
    numbered(ledger, "new@x.jp")
    assert [first.number, *(r.number for r in reading)] == [1001, 1002, 1003]


def test_the_reader_cannot_write(receipts: Receipts):
    with pytest.raises(sqlite3.OperationalError):
        receipts._db.execute("DELETE FROM receipt")


def test_a_missing_file_is_told_and_not_made(tmp_path: Path):
    with pytest.raises(StorageTrouble) as told:
        Receipts(tmp_path / "kollect.db")
    assert "見つかりません" in told.value.title
    assert list(tmp_path.iterdir()) == []


def test_a_broken_file_is_told(ledger: Ledger, path: Path):
    with ledger.transaction():
        for n in range(2000):
            numbered(ledger, f"{n}@x.jp")
    ledger.close()
    octets = bytearray(path.read_bytes())
    octets[20_000 : len(octets) - 20_000] = b"\xff" * (len(octets) - 40_000)
    path.write_bytes(octets)
    with pytest.raises(StorageTrouble) as told:
        list(Receipts(path).all())
    assert "壊れて" in told.value.title
