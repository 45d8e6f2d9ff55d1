"""The one library that opens kollect.db: SQLCipher, which is SQLite that can also encrypt.

Nobody else imports one, tests neither: two SQLite libraries in one process drop each other's locks
on Linux (sqlite.org/howtocorrupt.html, 2.2.1). A file without a key is plain SQLite to it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from kollect.errors import DataCodeTrouble
from kollect.storage import database_keys, protection_mark

if TYPE_CHECKING:  # the same interface, and this one has types
    import sqlite3 as sqlite3
else:
    from sqlcipher3 import dbapi2 as sqlite3

WAIT_FOR_OTHERS = 30.0
"""Seconds. So long one connection waits for another one's commit; a slow USB stick takes some."""

_FORMAT = 4
"""Of SQLCipher: AES-256, HMAC-SHA512, pages of 4096 octets; whatever later versions begin with."""
_CACHE = "PRAGMA cache_size = -2000"
"""KiB of pages in memory, as SQLite has it by itself; this library would take four times that."""


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open a file that is there (`rw`, `ro`), or make it (`rwc`), with the key of its folder.

    Where the folder is protected but its code is not known, a plain file opens all the same; for an
    encrypted one DataCodeTrouble is raised. Raises sqlite3.Error, and for a file that is damaged
    too.
    """
    db, _ = connect_with_key(path, mode)
    return db


def connect_with_key(path: Path, mode: str) -> tuple[sqlite3.Connection, bytes | None]:
    """As `connect`; and the key that was the right one, None for a plain file. A copy of it has to
    have the same one, as SQLite copies no plain file into an encrypted one.
    """
    keys = database_keys.keys_for(path)
    if not keys and not protection_mark.is_marked(path):
        return open_with(None, path, mode), None
    refusal: sqlite3.Error | None = None
    for key in (*keys, None):  # with the key first: with it a new file is made
        try:
            return open_with(key, path, mode), key
        except sqlite3.Error as error:
            if result_code(error) != sqlite3.SQLITE_NOTADB:
                raise
            refusal = refusal or error
    assert refusal is not None
    if keys:  # they were the right ones when the folder was unlocked
        raise refusal
    raise DataCodeTrouble(
        "復元コードが必要です",
        happened="このフォルダのデータは保護（暗号化）されています。"
        "このパソコンは、その復元コードをまだ覚えていません。データは壊れていません。",
        cure="復元シートに印刷されている復元コードを入力してください。",
        detail=str(path),
    )


def open_with(key: bytes | None, path: Path, mode: str) -> sqlite3.Connection:
    """Open a file with this key; None: as a plain one. Raises sqlite3.Error, with SQLITE_NOTADB
    where it has another key, none, or its first page is damaged.
    """
    db = sqlite3.connect(uri_of(path, mode), uri=True, isolation_level=None,
                         timeout=WAIT_FOR_OTHERS)  # fmt: skip
    try:
        db.execute("PRAGMA cipher_log_level = NONE")  # on stderr, in English
        if key is not None:
            db.execute(f"PRAGMA key = {quoted(key)}")
            db.execute(f"PRAGMA cipher_compatibility = {_FORMAT}")
        db.execute(_CACHE)  # reads the tables' description, and so tells whether the key is right
    except UnicodeDecodeError as error:
        db.close()
        raise corrupt(repr(error.object)) from error
    except BaseException:
        db.close()
        raise
    return db


def quoted(key: bytes | None) -> str:
    """The key as PRAGMA and ATTACH take it: raw, so that nothing is derived from it again."""
    return f"\"x'{key.hex()}'\"" if key is not None else "''"


def uri_of(path: Path, mode: str) -> str:
    place = quote(os.fsencode(path.absolute().as_posix()), safe="/:")
    # an empty authority before a network path too: Path.as_uri makes its server the authority,
    # which SQLite refuses
    return f"file://{'' if place.startswith('/') else '/'}{place}?mode={mode}"


def in_memory() -> sqlite3.Connection:
    """A database that is gone when it is closed."""
    return sqlite3.connect(":memory:", isolation_level=None)


def corrupt(found: str) -> sqlite3.DatabaseError:
    """What SQLite raises when it meets damage by itself."""
    error = sqlite3.DatabaseError(found)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def result_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where the error is Python's own."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code > sqlite3.SQLITE_ERROR:
        return code
    return next((one for words, one in _CODES.items() if str(error).startswith(words)), code)


_CODES = {
    "database or disk is full": sqlite3.SQLITE_FULL,
    "disk I/O error": sqlite3.SQLITE_IOERR,
    "database disk image is malformed": sqlite3.SQLITE_CORRUPT,
    "file is not a database": sqlite3.SQLITE_NOTADB,
    "database is locked": sqlite3.SQLITE_BUSY,
    "attempt to write a readonly database": sqlite3.SQLITE_READONLY,
}
"""Of what fails within a backup or an export this library hands on the words alone."""
