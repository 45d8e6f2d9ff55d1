"""From version to version: everything kept, whole or not at all, and never backwards."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from kollect.errors import StorageTrouble
from kollect.register import schema
from kollect.register.ledger import Ledger
from kollect.register.receipt import ReceiptState, Step
from kollect.register.receipts import Receipts
from tests.unit.bookkeeping import BOX, DOMAIN, NOW, numbered, text

NEXT = """
-- one more thing to know of a receipt
ALTER TABLE receipt ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';
CREATE TABLE crayon (
    colour TEXT PRIMARY KEY
);
INSERT INTO crayon VALUES ('blue');
"""
BROKEN = f"{NEXT}INSERT INTO no_such_table VALUES (1);\n"


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA user_version").fetchone()[0]


def everything(path: Path) -> dict[str, list[tuple]]:
    """All rows of all tables."""
    with closing(sqlite3.connect(path)) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {name: sorted(db.execute(f"SELECT * FROM {name}")) for (name,) in tables.fetchall()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kollect.db"


@pytest.fixture
def lived(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the first version in which something has happened."""
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        ledger = Ledger(path)
        rows = [numbered(ledger, f"{who}@docomo.ne.jp", uid=who)[0] for who in "abc"]
        ledger.move(rows[:1], Step.SENDING, NOW)
        ledger.move(rows[:1], Step.SENT, NOW, "250 ok")
        ledger.receipt_state(1001, ReceiptState.REPLIED, NOW)
        ledger.send_again(1001, NOW, text(ledger), DOMAIN)
        ledger.strike(BOX, "x", NOW)
        ledger.note("paused", "yes")
        ledger.close()
    assert version(path) == 1
    return path


def add(monkeypatch: pytest.MonkeyPatch, script: str) -> int:
    """A version after the present one; returns its number."""
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, script))
    return len(schema.MIGRATIONS)


def test_a_new_file_has_the_present_version(path: Path):
    Ledger(path).close()
    assert version(path) == len(schema.MIGRATIONS)
    assert everything(path)["mail"] == []


def test_opening_again_changes_nothing(path: Path):
    Ledger(path).close()
    before = everything(path)
    Ledger(path).close()
    assert everything(path) == before


def test_an_old_file_is_brought_along_with_all_it_holds(
    lived: Path, monkeypatch: pytest.MonkeyPatch
):
    before = everything(lived)
    last = add(monkeypatch, NEXT)
    ledger = Ledger(lived)
    assert version(lived) == last
    after = everything(lived)
    assert after["crayon"] == [("blue",)]
    assert after["receipt"] == [(*row, "blue") for row in before["receipt"]]
    assert {name: after[name] for name in before if name != "receipt"} == {
        name: rows for name, rows in before.items() if name != "receipt"
    }
    assert numbered(ledger, "d@docomo.ne.jp")[1] == 1004
    assert ledger.known("a@docomo.ne.jp", NOW) == (1001, 1, 1)
    ledger.close()


def test_a_step_that_fails_leaves_the_file_as_it_was(lived: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        good = add(patch, NEXT)
        bad = add(
            patch, BROKEN.replace("crayon", "chalk").replace("colour TEXT NOT", "hue TEXT NOT")
        )
        with pytest.raises(StorageTrouble):
            Ledger(lived)
        assert version(lived) == good == bad - 1, "the step before it counts"
        assert "chalk" not in everything(lived)
        assert len(everything(lived)["receipt"]) == 3
    add(monkeypatch, NEXT)
    add(monkeypatch, "CREATE TABLE chalk (colour TEXT);\n")
    ledger = Ledger(lived)
    assert numbered(ledger, "d@docomo.ne.jp")[1] == 1004
    ledger.close()


class Died(BaseException):
    pass


class Cut:
    """A connection whose power goes before the statement number `at`."""

    def __init__(self, db: sqlite3.Connection, at: int) -> None:
        self._db = db
        self._left = at

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, statement: str) -> sqlite3.Cursor:
        if not self._left:
            raise Died
        self._left -= 1
        return self._db.execute(statement)


def test_a_step_cut_off_at_any_statement_is_done_again_whole(
    lived: Path, monkeypatch: pytest.MonkeyPatch
):
    """The next start finds the old or the new file, never one in between."""
    before = everything(lived)
    last = add(monkeypatch, NEXT)
    for at in range(100):
        with closing(sqlite3.connect(lived, isolation_level=None)) as db:
            try:
                schema.migrate(Cut(db, at))  # type: ignore[arg-type]
                break
            except Died:
                pass
        assert version(lived) < last
        found = everything(lived)
        assert {name: found[name] for name in before} == before
    assert at > 10, "the cuts fell nowhere"
    assert version(lived) == last
    assert len(everything(lived)["receipt"]) == 3


def test_a_newer_file_is_refused_and_not_touched(path: Path):
    Ledger(path).close()
    newer = len(schema.MIGRATIONS) + 1
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute(f"PRAGMA user_version = {newer}")
    octets = path.read_bytes()
    for opening in (Ledger, Receipts):
        with pytest.raises(StorageTrouble) as told:
            opening(path)
        assert "新しい版" in told.value.happened
        assert "手を付けていません" in told.value.cure
    assert path.read_bytes() == octets


def test_two_programs_bring_a_file_along_only_once(lived: Path, monkeypatch: pytest.MonkeyPatch):
    last = add(monkeypatch, NEXT)
    start = threading.Barrier(4)
    failed: list[BaseException] = []

    def opening() -> None:
        start.wait()
        try:
            Ledger(lived).close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=opening) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert version(lived) == last
    assert everything(lived)["crayon"] == [("blue",)]
