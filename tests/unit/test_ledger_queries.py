"""No query of the collector reads through a table: each has an index, and SQLite uses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kollect.delivery.retry_policy import Patience
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import MailState
from kollect.storage import database_driver
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import BOX, DOMAIN, NOW, numbered, text

DAY = timedelta(days=1)
LOOKED_AT = ("SELECT", "UPDATE", "DELETE")
SMALL = (
    "SCAN template",
    "SCAN strike",
    "SCAN CONSTANT ROW",
    "SCAN mail USING INDEX mail_unfinished",
)
"""A handful of rows, whatever the number of receipts."""


class Plans:
    """The query plans of everything that is executed, as SQLite makes them for the real values."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, list[str]]] = []

    def note(self, db: sqlite3.Connection, sql: str, values: Any) -> None:
        if sql.startswith(LOOKED_AT):
            plan = sqlite3.Cursor(db).execute(f"EXPLAIN QUERY PLAN {sql}", values)
            # whether an index is said to be COVERING depends on the version of SQLite
            self.seen.append((sql, [row[3].replace("COVERING ", "") for row in plan]))

    def connect(self, *values: Any, **named: Any) -> sqlite3.Connection:
        plans = self

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
                plans.note(self.connection, sql, values)
                return super().execute(sql, values)

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
                return self.cursor().execute(sql, values)

            def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
                values = list(values)
                for one in values:
                    plans.note(self, sql, one)
                return super().executemany(sql, values)

            def cursor(self) -> sqlite3.Cursor:
                return super().cursor(Cursor)

        return sqlite3.connect(*values, **named, factory=Connection)

    def reading_through(self) -> list[tuple[str, str]]:
        return [
            (sql, line)
            for sql, plan in self.seen
            for line in plan
            if (line.startswith("SCAN") and not line.startswith(SMALL)) or "TEMP B-TREE" in line
        ]


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Plans:
    made = Plans()

    class Sqlite:
        connect = staticmethod(made.connect)

        def __getattr__(self, name: str) -> Any:
            return getattr(sqlite3, name)

    monkeypatch.setattr(database_driver, "sqlite3", Sqlite())
    return made


def answered(ledger: Ledger) -> None:
    ledger.move([1], MailState.SENDING, NOW)
    ledger.answered([(1, "", Patience())], MailState.SENT, NOW, 0)


HOT: dict[str, Callable[[Ledger], object]] = {
    "known_mails": lambda ledger: ledger.known_mails(BOX, [f"u{n}" for n in range(250)]),
    "still_there": lambda ledger: list(ledger.still_there(BOX)),
    "known": lambda ledger: ledger.known("a@x.jp", NOW),
    "known, nobody": lambda ledger: ledger.known("nobody@x.jp", NOW),
    "answered_lately": lambda ledger: ledger.answered_lately("a@x.jp", NOW),
    "numbered_within": lambda ledger: ledger.numbered_within(DAY, NOW),
    "bounced, by letter": lambda ledger: ledger.bounced("<1@shop.example>", "", "550", NOW),
    "bounced, by recipient": lambda ledger: ledger.bounced("", "a@x.jp", "550", NOW - DAY),
    "owed": lambda ledger: ledger.owed(0, 100),
    "line": lambda ledger: ledger.line(NOW),
    "entries": lambda ledger: ledger.entries([1, 2, 3]),
    "is_forward": lambda ledger: ledger.is_forward("<1@shop.example>"),
    "owed_count": lambda ledger: ledger.owed_count("box"),
    "give_number": lambda ledger: numbered(ledger, "new@x.jp"),
    "count_again": lambda ledger: ledger.count_again(1001),
    "receipt_state": lambda ledger: ledger.receipt_state(1001, "replied", NOW),
    "replied": lambda ledger: ledger.replied([1001], NOW),
    "move": lambda ledger: ledger.move([1], MailState.SENDING, NOW),
    "answered": lambda ledger: answered(ledger),
    "mark_deleted": lambda ledger: ledger.mark_deleted(BOX, ["u1", "u2"], NOW),
    "change_uid": lambda ledger: ledger.change_uid(1, "other"),
    "mark_kept": lambda ledger: ledger.mark_kept(1, "x.eml", whole=True),
    "resend": lambda ledger: ledger.resend(1001, NOW, text(ledger), DOMAIN),
    "record_failure": lambda ledger: ledger.record_failure(BOX, "u1", NOW),
    "failures": lambda ledger: ledger.failures(BOX),
}


@pytest.mark.parametrize("name", HOT)
def test_the_collectors_queries_use_an_index(tmp_path: Path, plans: Plans, name: str):
    ledger = Ledger(tmp_path / "kollect.db")
    numbered(ledger, "a@x.jp")
    plans.seen.clear()
    HOT[name](ledger)
    ledger.close()
    assert plans.seen, "nothing was looked at"
    assert plans.reading_through() == []


def test_what_is_forgotten_is_found_by_its_index(tmp_path: Path, plans: Plans):
    ledger = Ledger(tmp_path / "kollect.db")
    plans.seen.clear()
    ledger.forget_gone(NOW)
    ledger.close()
    assert [plan for sql, plan in plans.seen if "FROM mail" in sql] == [
        ["SEARCH mail USING INDEX mail_gone (step_at<?)"],
        ["SEARCH mail USING INDEX mail_there (mailbox=?)"],
    ]


def test_the_readers_queries_use_an_index(tmp_path: Path, plans: Plans):
    Ledger(tmp_path / "kollect.db").close()
    reader = Receipts(tmp_path / "kollect.db")
    plans.seen.clear()
    reader.some([1001])
    reader.of_address("a@x.jp")
    reader.close()
    assert len(plans.seen) == 2
    assert plans.reading_through() == []
