"""The one library that opens kollect.db: SQLCipher, which is SQLite that can also encrypt.

Nobody else imports one, tests neither: two SQLite libraries in one process drop each other's locks
on Linux (sqlite.org/howtocorrupt.html, 2.2.1). A file without a key is plain SQLite to it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:  # the same interface, and this one has types
    import sqlite3 as sqlite3
else:
    from sqlcipher3 import dbapi2 as sqlite3

WAIT_FOR_OTHERS = 30.0
"""Seconds. So long one connection waits for another one's commit; a slow USB stick takes some."""

_CACHE = "PRAGMA cache_size = -2000"
"""KiB of pages in memory, as SQLite has it by itself; this library would take four times that."""


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open a file that is there (`rw`, `ro`), or make it (`rwc`). Raises sqlite3.Error."""
    place = quote(os.fsencode(path.absolute().as_posix()), safe="/:")
    # an empty authority before a network path too: Path.as_uri makes its server the authority,
    # which SQLite refuses
    uri = f"file://{'' if place.startswith('/') else '/'}{place}?mode={mode}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=WAIT_FOR_OTHERS)
    try:
        db.execute(_CACHE)  # reads the tables' description
    except UnicodeDecodeError as error:
        db.close()
        raise corrupt(repr(error.object)) from error
    except BaseException:
        db.close()
        raise
    return db


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
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
