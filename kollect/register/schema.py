"""The tables of kollect.db and the way from each version to the next.

Times are UTC, ISO 8601 with seconds and `Z`, so that they sort as text. The version is SQLite's
`user_version`; a file of a newer program is refused, never guessed at.
"""

from __future__ import annotations

import secrets
import sqlite3

from kollect.errors import StorageTrouble

_VERSION_1 = """
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE template (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    body    TEXT NOT NULL,
    since   TEXT NOT NULL
);

CREATE TABLE receipt (
    number      INTEGER PRIMARY KEY,
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL,
    received_at TEXT NOT NULL,
    replied_at  TEXT,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL DEFAULT '',
    times       INTEGER NOT NULL DEFAULT 1,
    template    INTEGER NOT NULL REFERENCES template (id),
    renumbered  INTEGER NOT NULL DEFAULT 0
);
-- an address has one number, unless the shop chose 新しい受付番号を発行する
CREATE UNIQUE INDEX receipt_one_number ON receipt (address_key) WHERE renumbered = 0;
CREATE INDEX receipt_by_address ON receipt (address_key, number);
CREATE INDEX receipt_by_time ON receipt (received_at);

CREATE TABLE mail (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox     TEXT NOT NULL,
    uid         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    kind        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL,
    subject     TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    thread      TEXT NOT NULL,
    number      INTEGER REFERENCES receipt (number),
    template    INTEGER REFERENCES template (id),
    letter_id   TEXT NOT NULL,
    kept        TEXT NOT NULL DEFAULT '',
    whole       INTEGER NOT NULL DEFAULT 0,
    step        TEXT NOT NULL,
    step_at     TEXT NOT NULL,
    seen_at     TEXT NOT NULL,
    unknowns    INTEGER NOT NULL DEFAULT 0,
    answer      TEXT NOT NULL DEFAULT '',
    UNIQUE (mailbox, uid)
);
CREATE INDEX mail_by_address ON mail (address_key, seen_at);
CREATE INDEX mail_by_letter ON mail (letter_id) WHERE letter_id <> '';
CREATE INDEX mail_there ON mail (mailbox, fingerprint) WHERE step <> 'gone';
CREATE INDEX mail_unfinished ON mail (id)
    WHERE step IN ('owed', 'sending', 'unknown', 'deferred');
CREATE INDEX mail_gone ON mail (step_at) WHERE step = 'gone';

CREATE TABLE strike (
    mailbox TEXT NOT NULL,
    uid     TEXT NOT NULL,
    count   INTEGER NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1,)
"""MIGRATIONS[n] leads from version n to n + 1."""


def refuse_newer(db: sqlite3.Connection) -> None:
    """Raises StorageTrouble for a file that a newer program has written; touches nothing."""
    version = _version(db)
    if version > len(MIGRATIONS):
        raise StorageTrouble(
            "データが新しい版のコレクトのものです",
            happened="kollect.db は、このプログラムより新しい版のコレクトで作られています。",
            cure="新しい版の kollect.exe を使ってください。データには手を付けていません。",
            detail=f"user_version {version}, known {len(MIGRATIONS)}",
        )


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file to the present version, each step in one transaction.

    Raises StorageTrouble as `refuse_newer` does.
    """
    refuse_newer(db)
    version = _version(db)
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            # a second program may have migrated while this one waited for the lock
            if _version(db) < number:
                for statement in script.split(";\n"):
                    db.execute(statement)
                if number == 1:
                    _give_identity(db)
                db.execute(f"PRAGMA user_version = {number}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # after some errors SQLite has rolled back by itself
                db.execute("ROLLBACK")
            raise


def _version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]


def _give_identity(db: sqlite3.Connection) -> None:
    """What tells this installation's mails and copies from every other one's."""
    db.executemany(
        "INSERT INTO meta (key, value) VALUES (?, ?)",
        [("install_id", secrets.token_hex(8)), ("secret", secrets.token_hex(32))],
    )
