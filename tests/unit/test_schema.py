"""From version to version: everything kept, whole or not at all, and never backwards."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from kollect.delivery.retry_policy import Patience
from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import TO_SEND, MailState, ReceiptState
from kollect.mailing import mailing_states as recipients
from kollect.mailing.mailing_states import MailingState
from kollect.mailing.outbox import Outbox
from kollect.members.address_change import AddressChanges
from kollect.storage import database_keys, integrity, schema
from kollect.storage.database import Database, copy_before
from kollect.storage.database_driver import connect, sqlite3
from kollect.storage.schema import MIGRATIONS
from tests.helpers.ledger_samples import BOX, NOW, numbered
from tests.helpers.old_files import make_old_file

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
def lived(path: Path) -> Path:
    """A file of the first version in which something has happened."""
    make_old_file(path, 1)
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
    assert after["receipt"] == [(*row, None, "", "blue") for row in before["receipt"]]
    added = (None, None, None, 0)
    assert after["mail"] == [(*row, *added) for row in before["mail"]]
    same = before.keys() - {"receipt", "mail"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
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
        for name, rows in before.items():  # columns are only added
            assert [now[: len(then)] for now, then in zip(found[name], rows, strict=True)] == rows
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


# --- from the version before tries were remembered


@pytest.fixture
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the program before wrote it: mails, receipts and letters of mailings in every state."""
    path = tmp_path / "kollect.db"
    moment = "2026-11-01T09:00:00Z"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        with monkeypatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
            schema.migrate(db)
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
        db.execute("INSERT INTO template VALUES (1, 'acknowledgement', '★1★', '★1★', ?)", (moment,))
        for number, state in enumerate(("pending", "replied", "unknown", "undeliverable"), 1001):
            db.execute(
                "INSERT INTO receipt VALUES (?, ?, ?, ?, NULL, ?, '', 1, 1, 0)",
                (number, f"a{number}@b.jp", f"a{number}@b.jp", moment, state),
            )
            db.execute(
                "INSERT INTO member (number, name, kana, sex, phone, postcode, home, note, consent,"
                " consent_how, registered_at, search) VALUES (?, '', '', '', '', '', '', '', 1,"
                " '', ?, '')",
                (number, moment),
            )
        for place, step in enumerate(MailState):
            db.execute(
                "INSERT INTO mail (mailbox, uid, fingerprint, kind, reason, address, address_key,"
                " subject, message_id, thread, number, template, letter_id, step, step_at, seen_at,"
                " answer) VALUES (?, ?, '', 'new', '', 'a@b.jp', 'a@b.jp', '', '', '', 1001, 1,"
                " '<x@y>', ?, ?, ?, '450 later')",
                (BOX, f"u{place}", step, moment, moment),
            )
        for identity, state in enumerate(MailingState, 1):
            db.execute(
                "INSERT INTO mailing VALUES (?, 's', 'b', '', '', 60, 1000, ?, ?, ?, NULL)",
                (identity, state, moment, moment),
            )
            for number, step in zip(
                range(1001, 1005), [*recipients.RecipientState][identity - 1 :], strict=False
            ):
                db.execute(
                    "INSERT INTO parcel (mailing, number, address, letter_id, step, step_at,"
                    " first_at, tried_at, answer) VALUES (?, ?, 'a@b.jp', '<x@y>', ?, ?, ?, ?, '')",
                    (identity, number, step, moment, moment, moment),
                )
    return path


def test_a_file_of_the_version_before_works_on_and_a_copy_of_it_is_kept(second: Path):
    before = everything(second)
    ledger = Ledger(second)
    assert version(second) == len(schema.MIGRATIONS)
    owed = ledger.owed(0, 100)
    assert {entry.step for entry in owed} == set(TO_SEND)
    assert {entry.patience for entry in owed} == {Patience(answer="450 later")}
    ledger.close()
    with closing(Outbox(second)) as outbox:
        sending = next(m for m in outbox.mailings() if m.state is MailingState.SENDING)
        assert outbox.take(sending.id, 0, 10, NOW)
    with closing(Receipts(second)) as reader:
        assert {receipt.state for receipt in reader.all()} == set(ReceiptState) - {
            ReceiptState.REFUSED,
            ReceiptState.BROUGHT,
        }
    copy = copy_before(second, 2)
    assert version(copy) == 2
    assert everything(copy) == before
    assert [file.name for file in copy.parent.iterdir()] == [copy.name]


def test_the_first_copy_of_a_version_stays(second: Path):
    copy = copy_before(second, 2)
    copy.parent.mkdir()
    copy.write_bytes(b"kept")
    Ledger(second).close()
    assert version(second) == len(schema.MIGRATIONS)
    assert copy.read_bytes() == b"kept"


def test_without_a_copy_nothing_is_changed(second: Path):
    before = everything(second)
    (second.parent / "backup").write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageTrouble):
        Ledger(second)
    assert version(second) == 2
    assert everything(second) == before


def test_members_and_a_mailing_of_the_version_before_work_on(path: Path):
    make_old_file(path, 3)
    before = everything(path)
    with closing(AddressChanges(path)) as members:
        assert [m.name for m in members.members(members.numbers())] == ["山田　太郎", "佐藤　花子"]
        members.change_address(1001, 1003, NOW, "会員一覧")
        assert members.is_stopped(1002)
    with closing(Outbox(path)) as outbox:
        (taken,) = outbox.take(outbox.mailings()[0].id, 0, 10, NOW)
        assert taken.address == "c@docomo.ne.jp"
    assert everything(copy_before(path, 3)) == before


def test_an_address_change_and_a_draft_of_the_version_before_work_on(path: Path):
    make_old_file(path, 4)
    before = everything(path)
    with closing(AddressChanges(path)) as members:
        assert members.address_of(1001) == "c@docomo.ne.jp"
        assert members.stands_for(1003) == 1001
    with closing(Outbox(path)) as outbox:
        assert [m.state for m in outbox.mailings()] == [MailingState.DRAFT, MailingState.SENDING]
    with closing(sqlite3.connect(path)) as db:
        assert integrity.wrong(db) is None
    assert everything(copy_before(path, 4)) == before


def test_a_new_file_needs_no_copy(path: Path):
    Ledger(path).close()
    assert not (path.parent / "backup").exists()


def test_a_protected_file_of_an_older_version_is_migrated_and_kept_encrypted(tmp_path: Path):
    path = tmp_path / "kollect.db"
    database_keys.unlock(tmp_path, bytes(range(32)))
    try:
        with closing(connect(path, "rwc")) as db:
            db.executescript(MIGRATIONS[0])
            db.execute("INSERT INTO meta VALUES ('install_id', 'abcdef0123456789')")
            db.execute("PRAGMA user_version = 1")
        Database(path).close()
        kept = copy_before(path, 1)
        with closing(connect(path, "ro")) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        with closing(connect(kept, "ro")) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert not any(file.read_bytes().startswith(b"SQLite") for file in (path, kept))
    finally:
        database_keys.lock(tmp_path)
