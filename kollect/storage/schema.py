"""The tables of kollect.db and the way from each version to the next.

Times are UTC, ISO 8601 with seconds and `Z`, so that they sort as text. The version is SQLite's
`user_version`; a file of a newer program is refused, never guessed at.
"""

from __future__ import annotations

import secrets

from kollect.errors import StorageTrouble
from kollect.storage.database_driver import sqlite3

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
CREATE INDEX mail_there ON mail (mailbox) WHERE step <> 'gone';
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

_VERSION_2 = """
CREATE TABLE member (
    number        INTEGER PRIMARY KEY REFERENCES receipt (number),
    name          TEXT NOT NULL,
    kana          TEXT NOT NULL,
    birthday      TEXT,
    sex           TEXT NOT NULL,
    phone         TEXT NOT NULL,
    postcode      TEXT NOT NULL,
    home          TEXT NOT NULL,
    note          TEXT NOT NULL,
    consent       INTEGER NOT NULL,
    consent_on    TEXT,
    consent_how   TEXT NOT NULL,
    state         TEXT NOT NULL DEFAULT 'active',
    registered_at TEXT NOT NULL,
    withdrawn_at  TEXT,
    stopped_at    TEXT,
    undeliverable TEXT NOT NULL DEFAULT '',
    search        TEXT NOT NULL
);
-- a search reads one of these from end to end, and nothing else
CREATE INDEX member_in_order ON member (number, state, search);
CREATE INDEX member_in_kana_order ON member (kana, number, state, search);

CREATE TABLE member_group (
    label  TEXT NOT NULL,
    number INTEGER NOT NULL REFERENCES member (number),
    place  INTEGER NOT NULL,
    PRIMARY KEY (label, number)
) WITHOUT ROWID;
CREATE INDEX member_groups ON member_group (number, place);

CREATE TABLE member_change (
    id      INTEGER PRIMARY KEY,
    number  INTEGER NOT NULL REFERENCES member (number),
    at      TEXT NOT NULL,
    source  TEXT NOT NULL,
    field   TEXT NOT NULL,
    former  TEXT NOT NULL,
    present TEXT NOT NULL
);
CREATE INDEX member_changes ON member_change (number, id);

-- the record that the law on commercial mail asks for: rows are added, never changed
CREATE TABLE consent (
    id          INTEGER PRIMARY KEY,
    number      INTEGER NOT NULL REFERENCES member (number),
    address     TEXT NOT NULL,
    given       INTEGER NOT NULL,
    given_on    TEXT NOT NULL,
    how         TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    template    INTEGER NOT NULL REFERENCES template (id)
);
CREATE INDEX consent_by_number ON consent (number, id);

CREATE TABLE mailing (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    footer     TEXT NOT NULL DEFAULT '',
    chosen     TEXT NOT NULL DEFAULT '',
    per_minute INTEGER NOT NULL,
    per_hour   INTEGER NOT NULL,
    state      TEXT NOT NULL,
    made_at    TEXT NOT NULL,
    started_at TEXT,
    ended_at   TEXT
);

CREATE TABLE parcel (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    mailing   INTEGER NOT NULL REFERENCES mailing (id),
    number    INTEGER NOT NULL REFERENCES member (number),
    address   TEXT NOT NULL,
    letter_id TEXT NOT NULL,
    step      TEXT NOT NULL,
    step_at   TEXT NOT NULL,
    first_at  TEXT,
    tried_at  TEXT,
    unknowns  INTEGER NOT NULL DEFAULT 0,
    answer    TEXT NOT NULL DEFAULT '',
    UNIQUE (mailing, number)
);
CREATE INDEX parcel_unfinished ON parcel (mailing, id)
    WHERE step IN ('waiting', 'sending', 'unknown', 'deferred');
CREATE INDEX parcel_by_step ON parcel (mailing, step);
CREATE INDEX parcel_by_letter ON parcel (letter_id);
CREATE INDEX parcel_by_try ON parcel (tried_at) WHERE tried_at IS NOT NULL;
CREATE INDEX parcel_by_number ON parcel (number, id);
"""

_VERSION_3 = """
-- moments in lived seconds (see `clock`): the first 4xx to a letter, the first of the same refusals
ALTER TABLE mail ADD COLUMN tried INTEGER;
ALTER TABLE mail ADD COLUMN later_since INTEGER;
ALTER TABLE mail ADD COLUMN refused_since INTEGER;
ALTER TABLE mail ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE parcel ADD COLUMN later_since INTEGER;
ALTER TABLE parcel ADD COLUMN refused_since INTEGER;
ALTER TABLE parcel ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
"""

_VERSION_4 = """
-- アドレスの変更: the member that this number, given to the member's new address, now stands for
ALTER TABLE receipt ADD COLUMN stands_for INTEGER REFERENCES receipt (number);
CREATE INDEX receipt_that_stands_for ON receipt (stands_for) WHERE stands_for IS NOT NULL;

CREATE TABLE former_address (
    id          INTEGER PRIMARY KEY,
    number      INTEGER NOT NULL REFERENCES member (number),
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    replied_at  TEXT,
    left_at     TEXT NOT NULL,
    new_number  INTEGER NOT NULL REFERENCES receipt (number)
);
CREATE INDEX former_address_by_key ON former_address (address_key);
CREATE INDEX former_address_by_number ON former_address (number, id);
"""

_VERSION_5 = """
-- 文例: the shop's own texts
CREATE TABLE mailing_text (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    subject  TEXT NOT NULL,
    body     TEXT NOT NULL,
    saved_at TEXT NOT NULL
);

-- what is sent by itself: 誕生日メール so many days before, ステップメール so many days after 登録
CREATE TABLE standing_mailing (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    days       INTEGER NOT NULL,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    active     INTEGER NOT NULL,
    since      TEXT NOT NULL,
    settled_to TEXT NOT NULL,
    removed_at TEXT
);

-- each occasion of each member once: the day of the birthday or of the step; no mailing: why not
CREATE TABLE occasion (
    standing INTEGER NOT NULL REFERENCES standing_mailing (id),
    number   INTEGER NOT NULL REFERENCES member (number),
    day      TEXT NOT NULL,
    at       TEXT NOT NULL,
    mailing  INTEGER REFERENCES mailing (id),
    reason   TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (standing, number, day)
) WITHOUT ROWID;
CREATE INDEX occasion_not_sent ON occasion (standing, at) WHERE mailing IS NULL;
CREATE INDEX member_by_registration ON member (registered_at);

-- 予約配信: not before due_at; night: also from 21:00 to 8:00
ALTER TABLE mailing ADD COLUMN due_at TEXT;
ALTER TABLE mailing ADD COLUMN night INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailing ADD COLUMN standing INTEGER REFERENCES standing_mailing (id);
CREATE INDEX mailing_by_state ON mailing (state);
CREATE INDEX mailing_by_standing ON mailing (standing) WHERE standing IS NOT NULL;

-- posters with an address of their own: touroku+tag@…, and who came by which
CREATE TABLE poster (
    id         INTEGER PRIMARY KEY,
    tag        TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    made_at    TEXT NOT NULL,
    proven_at  TEXT,
    proven_for TEXT NOT NULL
);
ALTER TABLE receipt ADD COLUMN poster TEXT NOT NULL DEFAULT '';
CREATE INDEX receipt_by_poster ON receipt (poster) WHERE poster <> '';

-- days on which a letter of メール発信 to this address came back: 不達 from the second on
CREATE TABLE returned_letter (
    address_key TEXT NOT NULL,
    day         TEXT NOT NULL,
    answer      TEXT NOT NULL,
    PRIMARY KEY (address_key, day)
) WITHOUT ROWID;

-- the last 配信停止 that came by a mail from this address; ended_by: whose new consent ended it
CREATE TABLE no_by_mail (
    address_key TEXT PRIMARY KEY,
    at          TEXT NOT NULL,
    ended_by    INTEGER REFERENCES member (number)
) WITHOUT ROWID;

-- 統合: the member in whom this one, whose state is 'merged', lives on; and what there was before
ALTER TABLE member ADD COLUMN merged_into INTEGER REFERENCES member (number);
CREATE TABLE merger (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    number  INTEGER NOT NULL REFERENCES member (number),
    merged  INTEGER NOT NULL UNIQUE REFERENCES member (number),
    at      TEXT NOT NULL,
    former  TEXT NOT NULL
);
CREATE INDEX merger_by_number ON merger (number, id);
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5)
"""MIGRATIONS[n] leads from version n to n + 1."""


TYPES = (b"TEXT", b"INTEGER")
"""Of all columns, as the files hold them."""


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


def version_to_leave(db: sqlite3.Connection) -> int:
    """The version of a file that `migrate` would change; 0 where there is nothing to lose."""
    version = _version(db)
    return version if version < len(MIGRATIONS) else 0


def _version(db: sqlite3.Connection) -> int:
    row: tuple[int] = db.execute("PRAGMA user_version").fetchone()
    return row[0]


def _give_identity(db: sqlite3.Connection) -> None:
    """What tells this installation's mails and copies from every other one's."""
    db.executemany(
        "INSERT INTO meta (key, value) VALUES (?, ?)",
        [("install_id", secrets.token_hex(8)), ("secret", secrets.token_hex(32))],
    )
