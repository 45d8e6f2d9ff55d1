"""Why SQLite could not read or write a database, in plain words."""

from __future__ import annotations

import os
from pathlib import Path

from kollect.errors import StorageTrouble
from kollect.storage.database_driver import result_code, sqlite3
from kollect.storage_errors import Cause, trouble_by

_UNREADABLE = ("Could not decode to UTF-8", "no such column", "no such table")
"""Words of the driver where a bit has fallen over, in a text or in a table's own description."""
_BY_SQLITE = {
    sqlite3.SQLITE_FULL: Cause.FULL,
    sqlite3.SQLITE_READONLY: Cause.READ_ONLY,
    sqlite3.SQLITE_PERM: Cause.FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: Cause.FORBIDDEN,
    sqlite3.SQLITE_BUSY: Cause.IN_USE,
    sqlite3.SQLITE_LOCKED: Cause.IN_USE,
    sqlite3.SQLITE_IOERR: Cause.FAULTY,
    sqlite3.SQLITE_CORRUPT: Cause.BROKEN,
    sqlite3.SQLITE_NOTADB: Cause.BROKEN,
}


def database_trouble(error: sqlite3.Error, path: Path) -> StorageTrouble:
    """Say in plain words why the database at `path` could not be read or written."""
    return trouble_by(cause_in_database(error, path), error, path)


def cause_in_database(error: sqlite3.Error, path: Path) -> Cause:
    """Why SQLite could not read or write the file at `path`."""
    cause = _BY_SQLITE.get(result_code(error), Cause.OTHER)
    if str(error).startswith(_UNREADABLE):
        cause = Cause.BROKEN
    # to SQLite a pulled-out stick is a failing disk or a file that cannot be opened
    if cause is not Cause.BROKEN and not os.path.exists(path):
        cause = Cause.MISSING
    return cause
